package simulator_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/simulator"
)

var update = flag.Bool("update", false, "rewrite the expected timelines")

// TestTimelines runs every case of testdata: a workspace, a script of inputs,
// and the timeline that must come of it.
func TestTimelines(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	var script, want string
	wantAt := -1
	for i, f := range ar.Files {
		switch f.Name {
		case "script":
			script = string(f.Data)
		case "want":
			want, wantAt = string(f.Data), i
		default:
			sources[f.Name] = string(f.Data)
		}
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		t.Fatal(problems(diags))
	}
	got := play(t, program, script)
	if *update && wantAt >= 0 {
		ar.Files[wantAt].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("timeline (-want +got):\n%s", d)
	}
}

func problems(diags []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		if d.Severity == diag.Error {
			fmt.Fprintf(&b, "%s at %q: %s\n", d.Span.File.Name, d.Span.File.Text[d.Span.Start:], d.Message)
		}
	}
	return b.String()
}

// line is `OFFSET VERB REST`.
var line = regexp.MustCompile(`^(\S+)\s+(\S+)\s*(.*)$`)

// play runs a script: `start DATE TIME`, `zone NAME`, `fails MESSAGE`, and
// `OFFSET event NAME {…} [of OFFSET]`, `OFFSET set {…}`, `OFFSET request
// JOURNEY {…}`, `OFFSET pause JOURNEY`, `OFFSET resume JOURNEY`, `OFFSET end`.
func play(t *testing.T, program *dsl.Program, script string) string {
	t.Helper()
	var out bytes.Buffer
	start := value.DateOf(2026, 3, 2).At(9*60, program.Settings.Zone)
	until := start.Add(60 * value.Day)
	fails := map[string]bool{}
	var inputs []simulator.Input
	var switches []turn
	for n, l := range strings.Split(script, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		m := line.FindStringSubmatch(l)
		switch {
		case m[1] == "start":
			at, err := time.ParseInLocation("2006-01-02 15:04", m[2]+" "+m[3], program.Settings.Zone)
			if err != nil {
				t.Fatal(err)
			}
			start = value.TimeOf(at)
			until = start.Add(60 * value.Day)
		case m[1] == "fails":
			fails[m[2]] = true
		case m[2] == "pause" || m[2] == "resume":
			switches = append(switches, turn{start.Add(offset(t, m[1])), m[3], m[2] == "pause"})
		case m[2] == "end":
			until = start.Add(offset(t, m[1]))
		default:
			inputs = append(inputs, input(t, program, start, n, m))
		}
	}
	world := &orchestrator.World{
		Live:        orchestrator.NewPlan(program),
		Unsubscribe: func(string, string) string { return "https://example.com/u" },
		Observe:     &simulator.Timeline{W: &out, Start: start},
	}
	sim := simulator.New(world, "p1", start)
	sim.Deliver = func(r orchestrator.Rendered) orchestrator.Outcome {
		body := r.Subject + "|" + r.Text
		if r.Channel == "webhook" {
			body = string(r.JSON)
		} else if r.URL != "" || r.Image != "" {
			body += "|" + r.URL + r.Image
		}
		if fails[r.Message] {
			return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
		}
		fmt.Fprintf(&out, "  %s to %s: %s\n", r.Message, r.To, strings.TrimSpace(strings.ReplaceAll(body, "\n", "⏎")))
		return orchestrator.Outcome{State: profiles.Sent}
	}
	paused := map[string]bool{}
	world.Paused = func(journey string) bool { return paused[journey] }
	for _, s := range switches {
		n := slices.IndexFunc(inputs, func(in simulator.Input) bool { return in.At >= s.at })
		if n < 0 {
			n = len(inputs)
		}
		sim.Run(inputs[:n], s.at-1)
		inputs = inputs[n:]
		paused[s.journey] = s.off
		sim.Step(nil, s.at)
	}
	sim.Run(inputs, until)
	for _, s := range program.Segments {
		if _, in := sim.Person.Segments[s.Name]; in {
			fmt.Fprintf(&out, "in segment %s\n", s.Name)
		}
	}
	return out.String()
}

// turn is a journey's being paused or resumed, before the inputs of its
// instant.
type turn struct {
	at      value.Time
	journey string
	off     bool
}

func offset(t *testing.T, s string) value.Duration {
	t.Helper()
	sign := value.Duration(1)
	if strings.HasPrefix(s, "-") {
		sign, s = -1, s[1:]
	}
	d, err := clean.Value(s, &value.Type{Kind: value.DurationKind}, clean.Options{})
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return sign * d.(value.Duration)
}

func input(t *testing.T, p *dsl.Program, start value.Time, n int, m []string) simulator.Input {
	t.Helper()
	at := start.Add(offset(t, m[1]))
	in := simulator.Input{At: at}
	in.Input.At = at
	rest := m[3]
	opts := clean.Options{Zone: p.Settings.Zone, Country: p.Settings.Country}
	if m[2] != "set" {
		in.ID = fmt.Sprint("m", n)
	}
	name := ""
	if m[2] != "set" {
		name, rest, _ = strings.Cut(rest, " ")
	}
	body, of, late := strings.Cut(" "+rest, " of ")
	if late {
		in.Input.At = start.Add(offset(t, strings.TrimSpace(of)))
	}
	raw := map[string]any{}
	if body = strings.TrimSpace(body); body != "" {
		if err := json.Unmarshal([]byte(body), &raw); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
	}
	switch m[2] {
	case "event":
		in.Kind = orchestrator.EventInput
		ev, ok := p.Event(name)
		if !ok {
			t.Fatalf("line %d: no event %s", n+1, name)
		}
		props, faults := clean.Object(raw, ev.Type, opts)
		if len(faults) > 0 {
			t.Fatalf("line %d: %v", n+1, faults)
		}
		in.Event = &cond.Event{ID: in.ID, Name: name, At: in.Input.At, Props: cond.PropsOf(props)}
	case "request":
		in.Kind, in.Journey, in.Params = orchestrator.RequestInput, name, raw
	case "set":
		in.Kind, in.Traits = orchestrator.IdentifyInput, map[string]any{}
		for k, v := range raw {
			tr, ok := p.Trait(k)
			if !ok {
				t.Fatalf("line %d: no trait %s", n+1, k)
			}
			c, err := clean.Value(v, tr.Type, opts)
			if err != nil {
				t.Fatalf("line %d: %s %v", n+1, k, err)
			}
			in.Traits[k] = c
		}
	default:
		t.Fatalf("line %d: what is %q?", n+1, m[2])
	}
	return in
}
