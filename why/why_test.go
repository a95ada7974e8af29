package why_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/simulator"
	"journey/why"
)

var update = flag.Bool("update", false, "rewrite the expected explanations")

// TestExplain tells each case of testdata: a workspace, the calls of a
// person, and questions "JOURNEY at TIME" with the explanations that must come
// of them, one file each.
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { explainCase(t, file) })
	}
}

func explainCase(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sources, calls := map[string]string{}, ""
	for _, f := range ar.Files {
		switch {
		case f.Name == "calls.jsonl":
			calls = string(f.Data)
		case strings.HasSuffix(f.Name, ".journey"):
			sources[f.Name] = string(f.Data)
		}
	}
	plan := load(t, sources)
	for i, f := range ar.Files {
		journey, at, asked := strings.Cut(f.Name, " at ")
		if !asked {
			continue
		}
		s := play(t, plan, calls, at)
		e := why.Explain(s.World, s.Person, journey, s.Now)
		if e == nil {
			t.Fatalf("there is no journey %q", journey)
		}
		if *update {
			ar.Files[i].Data = []byte(e.Rendered)
			continue
		}
		if d := cmp.Diff(strings.Split(string(f.Data), "\n"), strings.Split(e.Rendered, "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, d)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, sources map[string]string) *orchestrator.Plan {
	t.Helper()
	program, diags := dsl.Load(sources)
	if program == nil {
		for _, d := range diags {
			t.Error(diag.Plain(d))
		}
		t.FailNow()
	}
	return orchestrator.NewPlan(program)
}

// play lets the calls happen, up to a local time.
func play(t *testing.T, plan *orchestrator.Plan, calls, at string) *simulator.Simulation {
	t.Helper()
	reader := intake.New(plan)
	start := instant(t, "2026-03-02 09:00", reader.Options())
	inputs, _, err := simulator.ReadCalls(strings.NewReader(calls), reader, start)
	if err != nil {
		t.Fatal(err)
	}
	s := simulator.New(&orchestrator.World{Live: plan, Paused: func(j string) bool { return strings.HasSuffix(j, "_paused") }}, "p1", start)
	s.Run(inputs, instant(t, at, reader.Options()))
	return s
}

func instant(t *testing.T, text string, o clean.Options) value.Time {
	t.Helper()
	v, err := clean.Value(text, &value.Type{Kind: value.TimeKind}, o)
	if err != nil {
		t.Fatal(text, err)
	}
	return v.(value.Time)
}

// TestBeyondWhatIsKept: of a window it says how many events are known by the
// hour only.
func TestBeyondWhatIsKept(t *testing.T) {
	plan := load(t, map[string]string{"w.journey": `
trait email: email identifier
event seen
message m via email { subject "m" text "m" }
journey busy {
  enter when count(seen in last 30 days) > 2_000
  once
  send m
}`})
	s := simulator.New(&orchestrator.World{Live: plan}, "p1", 1_800_000_000_000)
	var inputs []simulator.Input
	for i := range value.Time(1100) {
		at := s.Now + i*60_000
		in := orchestrator.Input{Kind: orchestrator.EventInput, Event: &cond.Event{Name: "seen", At: at}, At: at}
		inputs = append(inputs, simulator.Input{At: at, Input: in})
	}
	s.Run(inputs, s.Now.Add(value.Day))
	e := why.Explain(s.World, s.Person, "busy", s.Now)
	if want := "1000 seen known and 100 older ones by the hour, the newest of"; !strings.Contains(e.Rendered, want) {
		t.Errorf("it does not say %q:\n%s", want, e.Rendered)
	}
}

// TestNothingHappens: an explanation changes nothing of a person, and says of
// an entry just what the machine then does.
func TestNothingHappens(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/reasons.txtar")
	if err != nil {
		t.Fatal(err)
	}
	sources, calls := map[string]string{}, ""
	for _, f := range ar.Files {
		if strings.HasSuffix(f.Name, ".journey") {
			sources[f.Name] = string(f.Data)
		} else if f.Name == "calls.jsonl" {
			calls = string(f.Data)
		}
	}
	plan := load(t, sources)
	rapid.Check(t, func(r *rapid.T) {
		hours := rapid.IntRange(0, 24*30).Draw(r, "hours")
		s := play(t, plan, calls, value.Time(instant(t, "2026-03-02 09:00", intake.New(plan).Options())).Add(value.Duration(hours)*value.Hour).String())
		before := mustJSON(s.Person)
		for _, j := range plan.Journeys {
			e := why.Explain(s.World, s.Person, j.Name, s.Now)
			for i, entry := range j.Entries {
				if entry.Kind != dsl.OnRequest || entry.Where != nil {
					continue
				}
				refused := e.Entries[i].Reason
				copied := &profiles.Person{}
				if err := json.Unmarshal([]byte(before), copied); err != nil {
					r.Fatal(err)
				}
				got := s.World.Apply(copied, []orchestrator.Input{{Kind: orchestrator.RequestInput, Journey: j.Name, At: s.Now}}, s.Now).Answers[0]
				if got.Refused != refused {
					r.Fatalf("%s: says %q, the machine %q", j.Name, refused, got.Refused)
				}
			}
		}
		if after := mustJSON(s.Person); after != before {
			r.Fatalf("the person has changed:\n%s\n%s", before, after)
		}
	})
}

// TestEverywhere asks about every journey at every instant of every test of
// the conformance suite and the examples: nothing of the person changes, what
// is said to skip a message is what skips it, and a run is told to be where it
// is.
func TestEverywhere(t *testing.T) {
	dirs, skips := 0, 0
	for _, root := range []string{"../conformance", "../examples"} {
		list, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			sources, err := dsl.ReadDir(os.DirFS(filepath.Join(root, d.Name())))
			if !d.IsDir() || err != nil {
				continue
			}
			if program, _ := dsl.Load(sources); program != nil {
				dirs++
				plan := orchestrator.NewPlan(program.ForTests())
				for _, test := range program.Tests {
					if _, err := simulator.Play(plan, test, func(s *simulator.Script) error { skips += askAll(t, plan, s); return nil }); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if dirs < 20 || skips < 50 {
		t.Errorf("only %d workspaces, with %d sends skipped", dirs, skips)
	}
}

// askAll plays a script and asks at every instant at which anything is due; it
// answers how many skipped sends it has looked at.
func askAll(t *testing.T, plan *orchestrator.Plan, s *simulator.Script) (skips int) {
	var world *orchestrator.World
	var person *profiles.Person
	assume, observe := s.Assume, s.Observe
	s.Assume = func(w *orchestrator.World, live bool) { assume(w, live); world = w }
	s.Known = func(p *profiles.Person) { person = p }
	s.Observe = orchestrator.ObserverFunc(func(tr orchestrator.Trace) {
		observe.Observe(tr)
		if tr.Kind == orchestrator.TraceOutcome && strings.HasPrefix(tr.Detail, "skipped: ") && tr.Detail != "skipped: late" {
			skips += checkSkip(t, world, person, tr)
		}
	})
	sim := s.Live(plan)
	inputs := make([]simulator.Input, len(s.Calls))
	for i, c := range s.Calls {
		inputs[i] = simulator.Input{At: c.At, Input: c.Input}
	}
	ask := func() {
		before := mustJSON(sim.Person)
		for _, j := range plan.Journeys {
			e := why.Explain(sim.World, sim.Person, j.Name, sim.Now)
			live := 0
			for _, r := range sim.Person.Runs {
				if r.Journey == j.Name {
					live++
				}
			}
			for i, r := range e.Runs {
				if i < live && (r.State == "left" || r.State == "" || r.Doing == "") || i >= live && r.State != "left" {
					t.Errorf("%s: %d live runs, and %+v", j.Name, live, r)
				}
			}
			if len(e.Entries) != len(j.Entries) || e.Rendered == "" {
				t.Errorf("%s: %+v", j.Name, e)
			}
		}
		if after := mustJSON(sim.Person); after != before {
			t.Fatalf("the person has changed:\n%s\n%s", before, after)
		}
	}
	for range 25 {
		at := sim.World.NextDue(sim.Person)
		if len(inputs) > 0 && (at == 0 || inputs[0].At <= at) {
			at = inputs[0].At
		}
		if at == 0 || at > s.Until {
			break
		}
		n := 0
		for n < len(inputs) && inputs[n].At <= at {
			n++
		}
		sim.Run(inputs[:n], at)
		inputs = inputs[n:]
		ask()
	}
	return skips
}

// checkSkip asks what would skip a message that was just skipped; 0 if it
// cannot tell.
func checkSkip(t *testing.T, w *orchestrator.World, p *profiles.Person, tr orchestrator.Trace) int {
	r, ok := p.Run(tr.Run)
	if !ok {
		return 0
	}
	probe := w.Probe(p, tr.At)
	send, ok := probe.Step(r).(*dsl.Send)
	if !ok {
		return 0 // it has gone on, or is a call
	}
	if reason, _ := probe.Skips(probe.Journey(r), r, send); "skipped: "+reason != tr.Detail {
		t.Errorf("%s %s: %s, and the probe says %q", tr.Journey, tr.Name, tr.Detail, reason)
	}
	return 1
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// What a paused run says does not contradict itself: it goes on when its
// journey does, however long ago its wait was over.
func TestPausedRunsGoOnWhenResumed(t *testing.T) {
	plan := load(t, map[string]string{"w.journey": `
journey w {
  enter on ping
  once
  wait 1 day
  tag "done"
}
event ping {}
`})
	s := play(t, plan, `{"userId": "ann", "event": "ping", "at": "0m"}`, "2026-03-02 10:00")
	s.World.Paused = func(string) bool { return true }
	e := why.Explain(s.World, s.Person, "w", s.Now+value.Time(48*time.Hour/time.Millisecond))
	if !strings.Contains(e.Rendered, "it goes on as soon as the journey is resumed") || strings.Contains(e.Rendered, "the machine") {
		t.Error(e.Rendered)
	}
}
