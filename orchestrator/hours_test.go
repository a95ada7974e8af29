package orchestrator_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// paid happens to somebody at an instant, and arrives now.
func (s *somebody) paid(at value.Time, total any) {
	e := &cond.Event{ID: fmt.Sprint(s.ID, s.now), Name: "paid", At: at, Props: cond.PropsOf(map[string]any{"total": total})}
	s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: s.now}}, s.now)
}

// past is all that ever happened, in the order of arrival.
type past struct {
	at    []value.Time
	total []float64 // below 0: none
}

// windows are what the tests ask about.
var windows = []struct {
	name string
	d    value.Duration
}{{"90 minutes", 90 * value.Minute}, {"2 days", 2 * value.Day}, {"30 days", 30 * value.Day}}

func paying() string {
	source := "event paid { total: number }\n"
	for i, w := range windows {
		source += fmt.Sprintf("trait n%d: number = count(paid in last %s)\ntrait sum%d: number = sum(paid in last %s, .total)\n"+
			"trait mean%d: number = mean(paid in last %s, .total)\ntrait least%d: number = min(paid in last %s, .total)\n"+
			"trait most%d: number = max(paid in last %s, .total)\n", i, w.name, i, w.name, i, w.name, i, w.name, i, w.name)
	}
	return source
}

// check holds somebody's traits against a computation over all that ever
// happened: exact for the newest thousand, by the hour for the others, and in
// any case between what is exact and what a window longer by an hour gives.
func (a *past) check(t *testing.T, s *somebody) {
	t.Helper()
	for i, w := range windows {
		n, exact, wider, numbers := 0, 0, 0, 0
		sum, least, most := 0.0, 0.0, 0.0
		since := s.now.Add(-w.d)
		for j, at := range a.at {
			if at >= since {
				exact++
			}
			if at >= since.Add(-value.Hour) {
				wider++
			}
			if in := at >= since; j < len(a.at)-1000 && cond.HourOf(at) < cond.HourOf(since) || j >= len(a.at)-1000 && !in {
				continue
			}
			n++
			if x := a.total[j]; x >= 0 {
				if numbers == 0 || x < least {
					least = x
				}
				if numbers == 0 || x > most {
					most = x
				}
				sum += x
				numbers++
			}
		}
		if n < exact || n > wider {
			t.Fatalf("in last %s there were %d to %d, and by the hour %d", w.name, exact, wider, n)
		}
		want := map[string]any{"n": float64(n), "sum": sum, "mean": nil, "least": nil, "most": nil}
		if numbers > 0 {
			want["mean"], want["least"], want["most"] = sum/float64(numbers), least, most
		}
		for name, x := range want {
			if got := s.Value(fmt.Sprint(name, i)); !value.Equal(got, x) {
				t.Fatalf("%s in last %s of %d is %v, want %v (%d are exact)", name, w.name, len(a.at), got, x, exact)
			}
		}
	}
}

func (a *past) add(at value.Time, total float64) {
	a.at, a.total = append(a.at, at), append(a.total, total)
}

// live goes on with a random life: bursts, pauses, late events, time alone.
func (a *past) live(t *testing.T, s *somebody, r *rand.Rand, events int) {
	for i := range events {
		switch r.IntN(40) {
		case 0:
			s.wait(value.Duration(r.Int64N(int64(20 * value.Hour))))
		case 1:
			s.now += value.Time(value.Hour) - s.now%value.Time(value.Hour) - value.Time(r.IntN(2)) // around a full hour
		default:
			s.wait(value.Duration(1 + r.Int64N(int64(4*value.Minute))))
		}
		at := s.now
		if r.IntN(10) == 0 {
			at = s.now.Add(-value.Duration(r.Int64N(int64(35 * value.Day)))) // late
		}
		total := float64(r.IntN(1000)) / 4
		if r.IntN(8) == 0 {
			total = -1
			s.paid(at, nil)
		} else {
			s.paid(at, total)
		}
		a.add(at, total)
		if i%97 == 0 || i == events-1 {
			a.check(t, s)
			s.wait(value.Duration(r.Int64N(int64(3 * value.Hour))))
			s.w.Settle(s.Person, s.now+1)
			a.check(t, s)
		}
	}
}

// What a window counts, sums and compares stays right beyond the thousand
// events that are kept, to the hour.
func TestWindowsCountBeyondWhatIsKept(t *testing.T) {
	w := world(t, paying())
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			a, s := &past{}, newcomer(w, "a")
			a.live(t, s, rand.New(rand.NewPCG(seed, 1)), 1800)
			if len(s.Kept("paid")) < 900 || len(s.Hours["paid"]) == 0 {
				t.Fatalf("%d are kept, %d hours", len(s.Kept("paid")), len(s.Hours["paid"]))
			}
			// time alone takes everything out, hours too
			for s.Moment != 0 {
				s.now = s.Moment
				s.w.Settle(s.Person, s.now+1)
				a.check(t, s)
			}
			if s.Value("n2") != 0.0 || s.Hours != nil {
				t.Errorf("in the end %v, %d keys by the hour", s.Value("n2"), len(s.Hours))
			}
		})
	}
}

// A merge adds what both have by the hour; an event that both keep counts
// once; what no longer fits into the list of both goes to its hour.
func TestAMergeAddsHours(t *testing.T) {
	w := world(t, paying())
	both := &past{}
	a, b := newcomer(w, "a"), newcomer(w, "b")
	for i := range 1300 {
		at := a.now.Add(value.Duration(i) * 30 * value.Minute)
		for who, s := range []*somebody{a, b} {
			s.now = at + value.Time(who)
			s.paid(s.now, float64(i))
			both.add(s.now, float64(i))
		}
		a.now = at.Add(-value.Duration(i) * 30 * value.Minute)
	}
	a.now = b.now
	// one message of both: of the newest, it stands in both lists
	for _, s := range []*somebody{a, b} {
		e := &cond.Event{ID: "shared", Name: "paid", At: s.now, Props: cond.PropsOf(map[string]any{"total": 7.0})}
		s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: s.now}}, s.now)
	}
	both.add(a.now, 7)
	w.Merge(a.Person, b.Person, 1, profiles.Cause{}, a.now+1)
	a.now++
	both.check(t, a)
	if n := len(a.Kept("paid")); n != 1000 {
		t.Errorf("%d are kept", n)
	}
	for _, at := range []value.Duration{value.Hour, 5 * value.Day, 31 * value.Day} {
		a.wait(at)
		w.Settle(a.Person, a.now+1)
		both.check(t, a)
	}
}

// What a release does not read stays for the one that does; what a release
// asks first counts from then on, and what it asks over less time is dropped.
func TestHoursOutliveARelease(t *testing.T) {
	w := world(t, paying())
	all, other := w.Live, world(t, "event paid { total: number }\n").Live
	a, s := &past{}, newcomer(w, "a")
	pay := func(n int) {
		for i := range n {
			s.wait(value.Minute)
			s.paid(s.now, float64(i))
			a.add(s.now, float64(i))
		}
	}
	release := func(p *orchestrator.Plan) {
		w.Live = p
		s.wait(value.Minute)
		w.Rebase(s.Person, s.now)
	}
	pay(1500)
	release(other)
	release(all)
	a.check(t, s)
	pay(300)
	a.check(t, s)

	release(world(t, `
event paid { total: number, tax: number }
trait n: number = count(paid in last 200 days)
trait tax: number = sum(paid in last 200 days, .tax)
`).Live)
	pay(1)
	s.wait(31 * value.Day)
	pay(1)
	if got := s.Value("n"); got != 1802.0 {
		t.Errorf("in 200 days %v", got)
	}
	for range 1200 {
		s.wait(value.Minute)
		e := &cond.Event{Name: "paid", At: s.now, Props: cond.PropsOf(map[string]any{"tax": 2.0})}
		w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: s.now}}, s.now)
	}
	if n, tax := s.Value("n"), s.Value("tax"); n != 3002.0 || tax != 2400.0 {
		t.Errorf("in 200 days %v with taxes of %v", n, tax)
	}

	release(world(t, "event paid { total: number }\ntrait n: number = count(paid in last 1 hour)\n").Live)
	if got := s.Value("n"); got != 60.0 || len(s.Hours["paid"]) != 0 {
		t.Errorf("in the last hour %v, and %d hours", got, len(s.Hours["paid"]))
	}
}

// A run that entered under an older release keeps what that one asks.
func TestHoursOfAnOlderRun(t *testing.T) {
	long := world(t, `
event began
event paid { total: number }
event asked
journey j {
  enter on began
  once
  wait up to 30 days for asked
  let n = count(paid in last 30 days)
  wait count(paid in last 1 hour) * 1 day
}`)
	w := world(t, `
event began
event paid { total: number }
trait n: number = count(paid in last 1 hour)`)
	old, live := long.Live, w.Live
	w.Live, w.Release = old, func(hash string) *orchestrator.Plan {
		return map[string]*orchestrator.Plan{old.Hash: old, live.Hash: live}[hash]
	}
	s := newcomer(w, "a")
	s.happens("began", nil)
	w.Live = live
	for range 1500 {
		s.wait(value.Minute)
		s.paid(s.now, 1.0)
	}
	s.happens("asked", nil)
	if n := s.Runs[0].Vars["n"]; n != 1500.0 || s.Value("n") != 60.0 {
		t.Errorf("the run counts %v, the release %v", n, s.Value("n"))
	}
	// The wait may be computed anew from when it was reached.
	s.wait(40 * value.Day)
	s.paid(s.now, 1.0)
	if len(s.Runs) != 1 || s.HourlyCount("paid") != 501 {
		t.Errorf("%d runs, %d by the hour", len(s.Runs), s.HourlyCount("paid"))
	}
	s.wait(30 * value.Day)
	s.paid(s.now, 1.0)
	if len(s.Runs) != 0 || s.Hours != nil {
		t.Errorf("%d runs, %d by the hour", len(s.Runs), s.HourlyCount("paid"))
	}
}

// The hours of somebody are bounded, whatever the window.
func TestHoursAreBounded(t *testing.T) {
	p := &profiles.Person{}
	r := &cond.HourRead{Event: "paid"}
	const n = profiles.MaxHours + 500
	for i := range n {
		p.AddHour(r, &cond.Event{At: value.Time(i) * value.Time(value.Hour)})
	}
	list := p.HoursOf(r)
	if len(list) != profiles.MaxHours || list[0].Hour != 500 || p.HourlyCount("paid") != profiles.MaxHours {
		t.Errorf("%d hours from %d on", len(list), list[0].Hour)
	}
}
