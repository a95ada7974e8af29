package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles/clean"
	"journey/simulator"
)

// shop is the example workspace and the simulation of a person in it.
type shop struct {
	t       *testing.T
	program *dsl.Program
	start   value.Time
	inputs  []simulator.Input
}

func newShop(t *testing.T) *shop {
	sources, err := dsl.ReadDir(os.DirFS("shop"))
	if err != nil {
		t.Fatal(err)
	}
	program, diags := dsl.Load(sources)
	if len(diags) > 0 {
		t.Fatalf("%s: %s", diags[0].Span.File.Name, diags[0].Message)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, program.Settings.Zone)
	return &shop{t: t, program: program, start: value.TimeOf(at)}
}

// call is what the files in events hold.
type call struct {
	UserID     string         `json:"userId"`
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties"`
	Traits     map[string]any `json:"traits"`
	Context    struct {
		Traits map[string]any `json:"traits"`
	} `json:"context"`
}

// post puts a file of events into the simulation, some time after its start.
func (s *shop) post(after value.Duration, name string) {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join("shop", "events", name))
	if err != nil {
		s.t.Fatal(err)
	}
	var c call
	if err := json.Unmarshal(raw, &c); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	at := s.start.Add(after)
	in := simulator.Input{At: at}
	in.Kind, in.ID, in.Traits = orchestrator.IdentifyInput, fmt.Sprint(name, len(s.inputs)), map[string]any{}
	in.Input.At = at
	opts := clean.Options{Zone: s.program.Settings.Zone, Country: s.program.Settings.Country}
	for _, traits := range []map[string]any{c.Traits, c.Context.Traits} {
		for wire, raw := range traits {
			trait, ok := s.program.TraitByWire(wire)
			if !ok {
				s.t.Fatalf("%s: no trait %q", name, wire)
			}
			if in.Traits[trait.Name], err = clean.Value(raw, trait.Type, opts); err != nil {
				s.t.Fatalf("%s: %s: %v", name, wire, err)
			}
		}
	}
	if c.Event != "" {
		event, ok := s.program.EventByWire(c.Event)
		if !ok {
			s.t.Fatalf("%s: no event %q", name, c.Event)
		}
		props, faults := clean.Object(c.Properties, event.Type, opts)
		if len(faults) > 0 {
			s.t.Fatalf("%s: %v", name, faults)
		}
		in.Kind = orchestrator.EventInput
		in.Event = &cond.Event{ID: in.ID, Name: event.Name, At: at, Props: cond.PropsOf(props)}
	}
	s.inputs = append(s.inputs, in)
}

// sent is what a journey sends within 30 days: when, what, and the subject.
func (s *shop) sent(journey string) []string {
	world := &orchestrator.World{
		Live:        orchestrator.NewPlan(s.program),
		Unsubscribe: func(string, string) string { return "https://example.com/u" },
	}
	sim := simulator.New(world, "p1", s.start)
	sim.Run(s.inputs, s.start.Add(30*value.Day))
	var list []string
	for _, m := range sim.Sends {
		if m.Journey != journey {
			continue
		}
		if m.To != "mei@example.com" || !strings.Contains(m.Text, "https://example.com/u") {
			s.t.Errorf("%s goes to %q:\n%s", m.Message, m.To, m.Text)
		}
		list = append(list, fmt.Sprintf("%s %s %s", m.At.Sub(s.start), m.Message, m.Subject))
	}
	return list
}

// TestWelcome: one call brings a mail at once, and the same call again
// nothing; a second mail follows unless an order came.
func TestWelcome(t *testing.T) {
	s := newShop(t)
	s.post(0, "signed_up.json")
	s.post(value.Hour, "signed_up.json")
	got := s.sent("welcome")
	if len(got) != 2 || got[0] != "0s welcome_mail 陳小美，歡迎來到小茶舖" {
		t.Fatalf("sent %q", got)
	}
	// Three days after nine o'clock, and then from ten on.
	if !strings.HasPrefix(got[1], "3d1h tea_story ") && !strings.HasPrefix(got[1], "3d1h first_order_offer ") {
		t.Errorf("then %q", got[1])
	}

	s.post(value.Day, "order_completed.json")
	if got := s.sent("welcome"); len(got) != 1 {
		t.Errorf("in spite of an order, sent %q", got)
	}
}

// TestAbandonedCart: a reminder after an hour of quiet, an offer a day later,
// and silence once the cart is ordered.
func TestAbandonedCart(t *testing.T) {
	s := newShop(t)
	s.post(0, "identify.json")
	s.post(0, "cart_updated.json")
	s.post(20*value.Minute, "cart_updated.json")
	got := s.sent("abandoned_cart")
	if len(got) != 2 || got[0] != "1h20m cart_reminder 陳小美，您的購物車還在等您" || !strings.HasPrefix(got[1], "1d1h20m cart_") {
		t.Fatalf("sent %q", got)
	}

	s.post(2*value.Hour, "order_completed.json")
	if again := s.sent("abandoned_cart"); !slices.Equal(again, got[:1]) {
		t.Errorf("with an order, sent %q", again)
	}
}
