package main

import (
	"encoding/json"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/orchestrator"
)

// The workspaces that are measured with are what the table says of them.
func TestWorkspaces(t *testing.T) {
	for name, source := range map[string]string{"shop": shopSource, "ping": pingSource, "five": fiveSource, "two": twoSource} {
		p, diags := dsl.Load(map[string]string{name + ".journey": source})
		if p == nil {
			diag.Text(t.Output(), diags, false)
			t.Fatalf("%s is wrong", name)
		}
		if name == "shop" && (len(p.Segments) != 20 || len(p.Journeys) != 10) {
			t.Errorf("%d segments and %d journeys", len(p.Segments), len(p.Journeys))
		}
	}
}

// Simulation and test environment do what is compared: two sends, a day apart.
func TestTwo(t *testing.T) {
	program, _ := dsl.Load(map[string]string{"two.journey": twoSource})
	if err := simulateTwo(orchestrator.NewPlan(program)); err != nil {
		t.Error(err)
	}
	if err := testTwo(); err != nil {
		t.Error(err)
	}
}

// Events have some 300 bytes, and no two have one id.
func TestEvents(t *testing.T) {
	seen := map[string]bool{}
	sum := 0
	const n = 20_000
	for _, prefix := range []string{"h", "c"} {
		s := stream{prefix: prefix, people: 1000, step: 1}
		for range n / 2 {
			b := s.body(nil)
			sum += len(b)
			var e struct{ MessageID, UserID, Event string }
			if err := json.Unmarshal(b, &e); err != nil || e.UserID == "" || e.Event == "" {
				t.Fatalf("%v: %s", err, b)
			}
			if len(e.MessageID) != 36 || seen[e.MessageID] {
				t.Fatalf("message id %q", e.MessageID)
			}
			seen[e.MessageID] = true
		}
	}
	if mean := sum / n; mean < 280 || mean > 320 {
		t.Errorf("events have %d bytes on average", mean)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		s    sample
		want string
	}{
		{nil, "–"},
		{sample{2}, "2.00"},
		{sample{3, 1, 2}, "2.00 (1.00–3.00)"},
		{sample{40, 10, 20, 30}, "25.0 (10.0–40.0)"},
	} {
		if got := c.s.spread(); got != c.want {
			t.Errorf("%v: %q, want %q", c.s, got, c.want)
		}
	}
}

// BenchmarkSimulate is one run of simulatedRow.
func BenchmarkSimulate(b *testing.B) {
	program, _ := dsl.Load(map[string]string{"two.journey": twoSource})
	plan := orchestrator.NewPlan(program)
	b.ReportAllocs()
	for b.Loop() {
		if err := simulateTwo(plan); err != nil {
			b.Fatal(err)
		}
	}
}
