package workflows

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/devserver/embedredis"
	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/simulator"
)

var (
	conformAll = flag.Bool("conform.all", false, "play the conformance tests to their very end, 400 days after their start")
	conformRun = flag.String("conform.run", "", "play only the conformance tests whose workspace and title match")
)

// players is how many tests are played at once, each on a Redis of its own.
const players = 4

// tries is how often a test is played before what differs counts: one claim in
// many thousands comes late, or a moment before the input of the very instant,
// since the test environment's workflows run in goroutines that the driver
// cannot hold. A mistake differs each time.
const tries = 5

// shortly is the share of tests that -short plays.
const shortly = 10

// calmAfter is how long a test is played on after the last thing that happens
// in it.
const calmAfter = 3 * value.Day

// Every test of the conformance folder and of the examples is played twice, in
// virtual time by the simulator, and by engine, Redis, relay, workflows and
// activities with skipped time: what happens is the same, to the millisecond.
func TestConformance(t *testing.T) {
	if raced {
		t.Skip("the SDK's test environment reads its list of running workflows without a lock")
	}
	redises := make(chan *embedredis.Redis, players)
	for range players {
		r, err := embedredis.Start(context.Background(), embedredis.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Stop() })
		redises <- r
	}
	only, err := regexp.Compile(*conformRun)
	if err != nil {
		t.Fatal(err)
	}
	began, met, n := time.Now(), 0, 0
	var all sync.WaitGroup
	for _, dir := range workspaces(t) {
		files, err := dsl.ReadDir(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		program, diags := dsl.Load(files)
		if program == nil {
			t.Errorf("%s is wrong: %v", dir, diags)
			continue
		}
		plan := simulator.PlanOf(program)
		for _, test := range program.Tests {
			name := filepath.Base(dir) + ": " + test.Title
			if !only.MatchString(name) {
				continue
			}
			if met++; testing.Short() && met%shortly != 0 {
				continue
			}
			n++
			r := <-redises
			all.Go(func() {
				defer func() { redises <- r }()
				d := ""
				for try := range tries {
					if d = conforms(plan, test, files, r); d == "" {
						return
					}
					t.Logf("%s, the %d. time (- by the simulator, + by engine and workflows):\n%s", name, try+1, d)
				}
				t.Errorf("%s (- by the simulator, + by engine and workflows):\n%s", name, d)
			})
		}
	}
	all.Wait()
	t.Logf("%d tests in %s", n, time.Since(began).Round(time.Millisecond))
}

// workspaces are the folders with tests for every driver.
func workspaces(t *testing.T) (dirs []string) {
	t.Helper()
	for _, root := range []string{"conformance", "examples"} {
		files, err := filepath.Glob(filepath.Join("..", root, "*", "*.journey"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no workspaces in %s: %v", root, err)
		}
		for _, f := range files {
			if dir := filepath.Dir(f); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// conforms plays a test both ways and answers the differences; "": none.
func conforms(plan *orchestrator.Plan, test *dsl.Test, files map[string]string, r *embedredis.Redis) string {
	changed := false // a claim may be another than that of calls at one instant
	ready := func(s *simulator.Script) {
		s.Anonymous("somebody")
		changed = s.Apart()
	}
	want, trial, err := told(plan, test, func(s *simulator.Script) error {
		ready(s)
		return simulator.Virtual(plan)(s)
	})
	if err == nil && !changed {
		err = claims(trial)
	}
	if err != nil {
		return "by the simulator: " + err.Error()
	}
	got, trial, err := told(plan, test, func(s *simulator.Script) error {
		ready(s)
		if !*conformAll {
			s.Until = min(s.Until, lastOf(s, want).Add(calmAfter))
			want = slices.DeleteFunc(want, func(t orchestrator.Trace) bool { return t.At > s.Until })
		}
		return skip(files, r)(s)
	})
	if err == nil && !changed {
		err = claims(trial)
	}
	if d := differ(want, got); d != "" || err != nil {
		return fmt.Sprint(d, errors.Join(err))
	}
	return ""
}

// claims is the first of a test's claims that is not true.
func claims(trial *simulator.Trial) error {
	for _, f := range trial.Failures {
		return errors.New("the test fails: " + f.Message)
	}
	return nil
}

// lastOf is the instant of the last thing that happens in a script: segments
// may come and go with each day for ever.
func lastOf(s *simulator.Script, happened []orchestrator.Trace) value.Time {
	last := s.Start
	for _, h := range happened {
		if h.Kind != orchestrator.TraceSegment {
			last = max(last, h.At)
		}
	}
	for _, c := range s.Calls {
		last = max(last, c.At)
	}
	for _, a := range s.Asks {
		last = max(last, a.At)
	}
	return last
}

// told is what observers hear of a test, and what is delivered.
func told(plan *orchestrator.Plan, test *dsl.Test, drive simulator.Driver) ([]orchestrator.Trace, *simulator.Trial, error) {
	var list []orchestrator.Trace
	trial, err := simulator.Play(plan, test, drive, orchestrator.ObserverFunc(func(t orchestrator.Trace) { list = append(list, t) }))
	return list, trial, err
}

// differ compares what happened, in its order; the difference is shown with
// what comes before it.
func differ(want, got []orchestrator.Trace) string {
	for i := range max(len(want), len(got)) {
		w, g := "nothing", "nothing"
		if i < len(want) {
			w = line(want[i])
		}
		if i < len(got) {
			g = line(got[i])
		}
		if w == g {
			continue
		}
		var b strings.Builder
		for _, t := range want[max(0, i-10):i] {
			fmt.Fprintf(&b, "  %s\n", line(t))
		}
		fmt.Fprintf(&b, "- %s\n+ %s\n", w, g)
		return b.String()
	}
	return ""
}

func line(t orchestrator.Trace) string {
	run := t.Run[strings.LastIndexByte(t.Run, '.')+1:]
	s := fmt.Sprintf("%s %-8s %s#%s %s %s %s", t.At, t.Kind, t.Journey, run, t.Step, t.Name, t.Detail)
	if t.Until != 0 {
		s += " until " + t.Until.String()
	}
	if t.Value != nil {
		s += fmt.Sprintf(" value %v", t.Value)
	}
	return s
}
