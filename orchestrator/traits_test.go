package orchestrator_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// computing has every computed trait there is, over all and over a window.
// Running alone is what is read of `paid`.
const computing = `
trait n:      integer         = count(bought)
trait total:  number          = sum(bought, .total)
trait mean:   number          = mean(bought, .total)
trait least:  number          = min(bought, .total)
trait best:   number          = max(bought, .total)
trait first:  text            = first(bought).sku
trait last:   text            = last(bought).sku
trait usual:  text            = most(bought, .sku)
trait skus:   list of text    = unique(bought, .sku)
trait kinds:  integer         = count(unique(bought, .sku))
trait wn:     integer         = count(bought in last 2 days)
trait wtotal: number          = sum(bought in last 2 days, .total)
trait wmean:  number          = mean(bought in last 2 days, .total)
trait wleast: number          = min(bought in last 2 days, .total)
trait wbest:  number          = max(bought in last 2 days, .total)
trait wfirst: text            = first(bought in last 2 days).sku
trait wlast:  text            = last(bought in last 2 days).sku
trait wusual: text            = most(bought in last 2 days, .sku)
trait wskus:  list of text    = unique(bought in last 2 days, .sku)
trait wkinds: integer         = len(unique(bought in last 2 days, .sku))
trait times:  integer         = count(paid)
trait paid_mean: number       = mean(paid, .total)
event bought { sku: text, total: number optional }
event paid   { total: number }
`

// purchase is an event as the test knows it.
type purchase struct {
	id, sku string
	total   float64 // below 0: missing
	at      value.Time
}

// recomputed are the traits as they follow from all purchases, in the order in
// which they came.
func recomputed(list []purchase) map[string]any {
	t := map[string]any{"n": 0.0, "total": 0.0, "kinds": 0.0}
	counts, latest := map[string]int{}, map[string]int{}
	var skus []any
	n := 0.0
	for i, p := range list {
		if i == 0 {
			t["first"] = p.sku
		}
		t["last"] = p.sku
		t["n"] = t["n"].(float64) + 1
		if counts[p.sku] == 0 {
			skus = append(skus, p.sku)
		}
		counts[p.sku]++
		latest[p.sku] = i
		if p.total < 0 {
			continue
		}
		n++
		t["total"] = t["total"].(float64) + p.total
		t["mean"] = t["total"].(float64) / n
		if v, ok := t["least"].(float64); !ok || p.total < v {
			t["least"] = p.total
		}
		if v, ok := t["best"].(float64); !ok || p.total > v {
			t["best"] = p.total
		}
	}
	for _, sku := range slices.Sorted(maps.Keys(counts)) {
		if old, ok := t["usual"].(string); !ok || counts[sku] > counts[old] || counts[sku] == counts[old] && latest[sku] > latest[old] {
			t["usual"] = sku
		}
	}
	if skus != nil {
		t["skus"] = skus
	}
	t["kinds"] = float64(len(skus))
	return t
}

// Computed traits are what they would be if they were computed from all events
// anew, whoever had them before two people turned out to be one; events that
// both have count once.
func TestComputedTraitsFollowFromTheEvents(t *testing.T) {
	w := world(t, computing)
	rapid.Check(t, func(t *rapid.T) {
		people := []*somebody{newcomer(w, "a"), newcomer(w, "b")}
		now := people[0].now
		var all []purchase // each once
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			now = now.Add(value.Duration(rapid.IntRange(1, 400).Draw(t, "minutes")) * value.Minute)
			who := rapid.IntRange(0, 1).Draw(t, "who")
			p := purchase{fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id"), "-", len(all)), rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "sku"),
				float64(rapid.IntRange(-1, 5).Draw(t, "total")), now}
			both := rapid.IntRange(0, 4).Draw(t, "both") == 0
			for i, s := range people {
				if i == who || both {
					buy(s, p)
				}
			}
			all = append(all, p)
		}
		now = now.Add(value.Minute)
		w.Merge(people[0].Person, people[1].Person, 1, profiles.Cause{}, now)
		now = now.Add(value.Duration(rapid.IntRange(0, 3000).Draw(t, "later")) * value.Minute)
		w.Apply(people[0].Person, nil, now)
		check(t, people[0], "", recomputed(all))
		recent := slices.DeleteFunc(slices.Clone(all), func(p purchase) bool { return now.Sub(p.at) > 2*value.Day })
		check(t, people[0], "w", recomputed(recent))
	})
}

func buy(s *somebody, p purchase) {
	s.now = p.at
	props := map[string]any{"sku": p.sku}
	if p.total >= 0 {
		props["total"] = p.total
	}
	s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, ID: p.id, At: p.at,
		Event: &cond.Event{ID: p.id, Name: "bought", At: p.at, Props: cond.PropsOf(props)}}}, p.at)
}

func check(t *rapid.T, s *somebody, window string, want map[string]any) {
	for name, v := range want {
		if got := s.Value(window + name); !value.Equal(got, v) {
			t.Errorf("%s is %v, recomputed it is %v", window+name, got, v)
		}
	}
}

// Of a kind of which nothing but running values is kept, the newest events say
// what both have stored.
func TestAMergeCountsWhatBothHaveOnce(t *testing.T) {
	w := world(t, computing)
	a, b := newcomer(w, "a"), newcomer(w, "b")
	for i, s := range []*somebody{a, b, a} {
		id := []string{"x", "x", "y"}[i]
		s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, ID: id,
			Event: &cond.Event{ID: id, Name: "paid", Props: cond.PropsOf(map[string]any{"total": float64(3 + 3*i*i)})}}}, s.now)
		s.wait(value.Hour)
	}
	w.Merge(a.Person, b.Person, 1, profiles.Cause{}, max(a.now, b.now))
	if n, mean := a.Value("times"), a.Value("paid_mean"); n != 2.0 || mean != 9.0 {
		t.Errorf("paid %v times, %v on average", n, mean)
	}
}
