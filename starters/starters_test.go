package starters

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/simulator"
)

// TestStarters: each starter is right without a warning, in the one style,
// with tests that pass and take every branch, and events that begin it.
func TestStarters(t *testing.T) {
	for _, lang := range Langs() {
		for _, name := range Names() {
			t.Run(lang+"/"+name, func(t *testing.T) {
				s, ok := Of(name, lang)
				if !ok || s.Says == "" {
					t.Fatal("there is none")
				}
				try(t, s)
			})
		}
	}
	for _, wrong := range [][2]string{{"welcome", "de"}, {"nothing", "en"}, {"..", "en"}} {
		if _, ok := Of(wrong[0], wrong[1]); ok {
			t.Errorf("there is %v", wrong)
		}
	}
}

func try(t *testing.T, s *Starter) {
	sources := map[string]string{}
	for name, text := range s.Text {
		if strings.HasSuffix(name, dsl.Extension) {
			sources[name] = text
			if styled, diags := format.Source(&diag.File{Name: name, Text: text}); len(diags) > 0 || string(styled) != text {
				t.Errorf("%s is not in the one style", name)
			}
		}
	}
	program, diags := dsl.Load(sources)
	for _, d := range diags {
		t.Error(diag.Plain(d))
	}
	if program == nil {
		t.FailNow()
	}
	plan, cover := orchestrator.NewPlan(program.ForTests()), simulator.NewCoverage()
	for _, test := range program.Tests {
		for _, f := range simulator.Run(plan, test, cover).Failures {
			t.Errorf("%q: %s", test.Title, f.Message)
		}
	}
	for _, b := range cover.Branches(program) {
		if !b.Taken {
			t.Errorf("%s %s %s: %s", b.Journey, b.Step, b.Way, b.Missing)
		}
	}
	begins(t, plan, s)
}

// begins plays the starter's events: somebody enters and gets a message.
func begins(t *testing.T, plan *orchestrator.Plan, s *Starter) {
	reader := intake.New(plan)
	inputs, faults, err := simulator.ReadCalls(strings.NewReader(s.Text["events.jsonl"]), reader, 1_772_442_000_000)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	sim := simulator.New(&orchestrator.World{Live: plan, Unsubscribe: func(string, string) string { return "https://example.com/u" }}, "p1", 1_772_442_000_000)
	sim.Run(inputs, sim.Now+100*24*3600*1000)
	if len(sim.Sends) == 0 {
		t.Error("its events bring nothing about")
	}
}

// TestLanguagesAlike: the same files, journeys, steps and tests in each.
func TestLanguagesAlike(t *testing.T) {
	for _, name := range Names() {
		en, _ := Of(name, "en")
		zh, _ := Of(name, "zh")
		if a, b := slices.Sorted(maps.Keys(en.Text)), slices.Sorted(maps.Keys(zh.Text)); !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v", name, a, b)
		}
		for file, text := range en.Text {
			if a, b := strings.Count(text, "\n"), strings.Count(zh.Text[file], "\n"); strings.HasSuffix(file, dsl.Extension) && (b < a || b > a+2) {
				t.Errorf("%s/%s: %d lines and %d", name, file, a, b)
			}
		}
	}
}
