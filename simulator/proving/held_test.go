package proving_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
	"journey/simulator"
)

// heldTogether has sends that quiet hours hold, and a wait, that all open at
// nine, for a place or two that the caps leave.
const heldTogether = `
workspace {
  timezone "Asia/Taipei"
  consent  assumed
  cap      email 1 per 1 day
  cap      all 2 per 1 day
  quiet    21:00 to 09:00 for email, sms
}
trait email: email identifier
trait phone: phone
event ping
message a via email { subject "a" text "a" }
message b via email { subject "b" text "b" }
message c via email { subject "c" text "c" }
message d via email { subject "d" text "d" }
message s via sms { text "s" }
message u via sms { text "u" }
message bell via webhook { url "https://example.com/bell" }
journey low { enter on ping again after exit priority -1 send a }
journey middle { enter on ping again after exit send b otherwise { send s } }
journey second { enter on ping again after exit send u send c }
journey rings { enter on ping again after exit priority 3 send bell send d }
journey waits { enter on ping again after exit priority 2 wait until 09:00 send c otherwise { send u } }
`

var heldMessages = []string{"a", "b", "c", "d", "s", "u", "bell"}

// TestHeldTogether has sends open at one instant, and workers of two processes
// make them on one Redis, in any order, in time or long after it, with
// providers that refuse some. Each message goes out, or is skipped, as the
// simulator says.
func TestHeldTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Redis")
	}
	const n = 200
	site := newHeldSite(t)
	for i := range n {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		refused := map[string]bool{}
		for _, m := range heldMessages {
			refused[m] = r.IntN(4) == 0
		}
		late := []value.Duration{0, 1, 2000, 90_000, 10 * value.Minute, value.Hour}[r.IntN(6)]
		night := site.night(i)
		want := site.simulated(night, refused)
		got, err := site.raced(r, fmt.Sprint("user-", i), night, late, refused)
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		if want != got {
			t.Fatalf("case %d, %d ms late, refused %v: by the simulator\n%sby two processes\n%s", i, late, refused, want, got)
		}
	}
}

// TestHeldAndNeverMade has the first of several sends stand in line for a
// worker that is dead: the others wait for it for a minute, however late the
// line is, and then take its place.
func TestHeldAndNeverMade(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Redis")
	}
	site := newHeldSite(t)
	for i, late := range []value.Duration{0, 10 * value.Minute} {
		night := site.night(i)
		crowd, err := site.night22(fmt.Sprint("user-", i), night, rand.New(rand.NewPCG(1, 1)), nil)
		if err != nil {
			t.Fatal(err)
		}
		nine := (night + 11*value.Time(value.Hour)).Add(late)
		site.clock.Set(nine)
		low := crowd["low"]
		if err := low.step(); err != nil || low.order.Kind != orchestrator.Deliver {
			t.Fatalf("at nine low hears %+v, %v", low.order, err)
		}
		for _, after := range []value.Duration{0, 30 * value.Second, 59 * value.Second} {
			site.clock.Set(nine.Add(after))
			if _, err := low.engine.Draft(low.ctx, low.run, low.order.Seq); !errors.Is(err, engine.ErrNotYet) {
				t.Errorf("opened %d ms late, and %d ms after that the draft of low hears %v", late, after, err)
			}
		}
		site.clock.Set(nine.Add(61 * value.Second))
		if d, err := low.engine.Draft(low.ctx, low.run, low.order.Seq); err != nil || !d.Ready {
			t.Errorf("nobody came for a minute, and the draft of low is %+v, %v", d, err)
		}
	}
}

// heldSite is two processes on one Redis, with one clock.
type heldSite struct {
	plan    *orchestrator.Plan
	engines [2]*engine.Engine
	stores  [2]*store.Store
	clock   *engine.Clock
}

func newHeldSite(t *testing.T) *heldSite {
	t.Helper()
	program, diags := dsl.Load(map[string]string{"w.journey": heldTogether})
	if program == nil {
		t.Fatal(diags)
	}
	r := startRedis(t)
	s := &heldSite{plan: orchestrator.NewPlan(program)}
	s.clock = engine.ManualClock(s.night(0) - 1)
	ctx := context.Background()
	for i := range s.engines {
		var err error
		if s.stores[i], err = store.Open(ctx, store.Options{URL: r.URL(), Conns: 2, Timeout: 30 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if s.engines[i], err = engine.New(ctx, engine.Options{Store: s.stores[i], Clock: s.clock, Owner: fmt.Sprint("process-", i)}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = s.engines[i].Close()
			_ = s.stores[i].Close()
		})
	}
	if rel, _, err := s.engines[0].Deploy(ctx, map[string]string{"w.journey": heldTogether}, false, "test"); err != nil || rel.Number == 0 {
		t.Fatalf("the program is not published: %v", err)
	}
	if _, err := s.engines[1].Journeys(ctx); err != nil { // it learns of the release
		t.Fatal(err)
	}
	return s
}

// night is ten in the evening of a day in Taipei.
func (s *heldSite) night(i int) value.Time {
	return value.Time(1_772_460_000_000) + value.Time(i)*3*value.Time(value.Day)
}

var heldTraits = map[string]any{"email": "ann@example.com", "phone": "+886912345678"}

// simulated is what the simulator says.
func (s *heldSite) simulated(night value.Time, refused map[string]bool) string {
	sim := simulator.New(&orchestrator.World{Live: s.plan}, "somebody", night-1)
	sim.Deliver = func(m orchestrator.Rendered) orchestrator.Outcome { return heldOutcome(m.Message, refused) }
	sim.Run([]simulator.Input{{At: night, Input: orchestrator.Input{
		Kind: orchestrator.EventInput, Event: &cond.Event{Name: "ping", At: night}, At: night, Traits: heldTraits,
	}}}, night+value.Time(value.Day))
	return heldFates(sim.Person)
}

func heldOutcome(message string, refused map[string]bool) orchestrator.Outcome {
	if refused[message] {
		return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	}
	return orchestrator.Outcome{State: profiles.Sent}
}

// heldFates are what became of each message, by journey.
func heldFates(p *profiles.Person) string {
	var b strings.Builder
	for _, j := range []string{"rings", "waits", "low", "middle", "second"} {
		fmt.Fprintf(&b, "  %s:", j)
		for _, s := range p.Ledger {
			if s.Journey == j {
				fmt.Fprintf(&b, " %s %s %s;", s.Message, s.State, s.Reason)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// raced is what becomes of somebody whose runs have a worker each, of either
// process, all at work at once.
func (s *heldSite) raced(r *rand.Rand, user string, night value.Time, late value.Duration, refused map[string]bool) (string, error) {
	crowd, err := s.night22(user, night, r, refused)
	if err != nil {
		return "", err
	}
	s.clock.Set((night + 11*value.Time(value.Hour)).Add(late))
	if err := s.work(r, crowd, func(w *heldWorker) bool { return w.order.Kind == orchestrator.EndRun }); err != nil {
		return "", err
	}
	found, _, err := s.stores[0].Load(context.Background(), crowd["low"].person)
	if err != nil {
		return "", err
	}
	return heldFates(found[0].Person), nil
}

// night22 has somebody enter all journeys, and his sends held.
func (s *heldSite) night22(user string, night value.Time, r *rand.Rand, refused map[string]bool) (map[string]*heldWorker, error) {
	s.clock.Set(night)
	ctx := context.Background()
	traits := map[string]any{"email": user + "@example.com", "phone": heldTraits["phone"]}
	res, err := s.engines[0].Submit(ctx, []engine.Call{{
		Kind: engine.CallTrack, Source: "test", MessageID: user, UserID: user, Event: "ping", Traits: traits, Time: real(night), Received: real(night),
	}})
	if err != nil || res[0].Err != nil {
		return nil, errors.Join(err, res[0].Err)
	}
	found, _, err := s.stores[0].Load(ctx, res[0].Profile)
	if err != nil {
		return nil, err
	}
	crowd := map[string]*heldWorker{}
	for _, run := range found[0].Person.Runs {
		crowd[run.Journey] = &heldWorker{ctx: ctx, engine: s.engines[r.IntN(2)], person: res[0].Profile, run: run.ID, refused: refused}
	}
	return crowd, s.work(r, crowd, func(w *heldWorker) bool { return w.order.Kind == orchestrator.WaitUntil })
}

// work lets workers do what there is to do, a step of any of them at a time,
// until all are done.
func (s *heldSite) work(r *rand.Rand, crowd map[string]*heldWorker, done func(*heldWorker) bool) error {
	names := []string{"rings", "waits", "low", "middle", "second"}
	for range 3000 {
		var busy []*heldWorker
		for _, name := range names {
			if w := crowd[name]; w != nil && !done(w) {
				busy = append(busy, w)
			}
		}
		if len(busy) == 0 {
			return nil
		}
		w := busy[r.IntN(len(busy))]
		if err := w.step(); err != nil {
			return fmt.Errorf("%s: %w", w.run, err)
		}
		now, err := w.engine.Now(w.ctx)
		if err != nil {
			return err
		}
		s.clock.Set(now + value.Time(r.IntN(10)))
	}
	return errors.New("the workers do not come to an end")
}

// heldWorker is a run's workflow and worker.
type heldWorker struct {
	ctx         context.Context
	engine      *engine.Engine
	person, run string
	order       orchestrator.Order
	draft       engine.Draft
	claimed     bool
	refused     map[string]bool
}

// step is the next call of the engine.
func (w *heldWorker) step() (err error) {
	switch {
	case w.claimed:
		w.order, err = w.engine.Settle(w.ctx, w.draft, heldOutcome(w.draft.Message.Message, w.refused))
		w.claimed, w.draft = false, engine.Draft{}
	case w.draft.Ready:
		var d engine.Draft
		d, err = w.engine.Claim(w.ctx, w.draft)
		w.draft = d
		if err == nil && !d.Ready {
			w.order = d.Order
		}
		w.claimed = err == nil && d.Ready
	case w.order.Kind == orchestrator.Deliver:
		w.draft, err = w.engine.Draft(w.ctx, w.run, w.order.Seq)
		if err == nil && !w.draft.Ready {
			w.order = w.draft.Order
		}
	default:
		w.order, err = w.engine.Advance(w.ctx, w.run, w.order.Seq)
	}
	if errors.Is(err, engine.ErrNotYet) || errors.Is(err, engine.ErrChanged) {
		return nil // another time
	}
	return err
}
