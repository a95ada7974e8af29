package forecast

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
)

const shopText = `
workspace {
  timezone "Asia/Taipei"
  identify user_id, email, anonymous_id
}
trait email: email identifier up to 2
trait name: text
trait phone: phone
trait orders: number = count(order_completed)
event cart_updated "Cart Updated" { cart_id: text, total: number }
event order_completed "Order Completed" { cart_id: text, total: number }
event signed_up "Signed Up"
message hello via email { subject "Hello {{ profile.name | default: 'you' }}" text "Welcome." }
message cart_reminder via email { subject "Your cart" text "{{ entry.total }}" }
message cart_text via sms { text "Your cart" }
journey welcome {
  enter on signed_up
  once
  wait 1 day
  send hello
  wait 3 days
  send hello
}
journey cart {
  enter on cart_updated where event.total > 10
  again after 1 day per event.cart_id
  exit on order_completed where event.cart_id == entry.cart_id
  goal purchase on order_completed where event.cart_id == entry.cart_id within 7 days value event.total
  wait until no cart_updated where event.cart_id == entry.cart_id for 1 hour
  send cart_reminder otherwise { send cart_text }
  split offer {
    50% a { wait 2 days }
    50% b {
      wait 4 days
      send cart_reminder
    }
  }
}
`

func plan(t testing.TB, text string) *orchestrator.Plan {
	return loadPlan(t, map[string]string{"shop.journey": text})
}

func forecastOf(t testing.TB, o Options, log string) *Result {
	t.Helper()
	o.Log = []Source{bytesSource([]byte(log))}
	res, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func at(t testing.TB, s string) value.Time {
	t.Helper()
	u, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return value.TimeOf(u)
}

func (r *Result) journey(t testing.TB, name string) *Journey {
	t.Helper()
	for i := range r.Journeys {
		if r.Journeys[i].Name == name {
			return &r.Journeys[i]
		}
	}
	t.Fatalf("there is no journey %s", name)
	return nil
}

func shown(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is counted: entries, sends by channel, goals and their value, days, and
// where people stand at the end.
func TestCounts(t *testing.T) {
	log := `
{"type":"identify","userId":"ann","timestamp":"2026-03-02T01:00:00Z","traits":{"email":"ann@example.com","consent":{"email":true}}}
{"type":"track","userId":"ann","event":"Signed Up","timestamp":"2026-03-02T01:00:00Z"}
{"type":"track","userId":"ann","event":"Cart Updated","properties":{"cart_id":"c1","total":100},"timestamp":"2026-03-02T02:00:00Z"}
{"type":"track","userId":"bob","event":"Signed Up","timestamp":"2026-03-02T02:30:00Z"}
{"type":"track","userId":"ann","event":"Order Completed","properties":{"cart_id":"c1","total":120.5},"timestamp":"2026-03-02T08:00:00Z"}
{"type":"track","userId":"eve","event":"Cart Updated","properties":{"cart_id":"c2","total":5},"timestamp":"2026-03-04T02:00:00Z"}
`
	res := forecastOf(t, Options{Plan: plan(t, shopText)}, log)
	if res.Events != 6 || res.People.N != 3 || res.Unused != 0 {
		t.Fatalf("%s", shown(t, res))
	}
	welcome, cart := res.journey(t, "welcome"), res.journey(t, "cart")
	if welcome.Entered.N != 2 || welcome.Sends[0].Sent.N != 1 || welcome.Sends[0].Skipped[0] != (Named{"no address", Count{N: 1}}) {
		t.Errorf("welcome: %s", shown(t, welcome))
	}
	if len(welcome.Inside) != 1 || welcome.Inside[0] != (Place{"3", "shop.journey:21", "waiting", Count{N: 2}}) {
		t.Errorf("at the end: %s", shown(t, welcome.Inside))
	}
	if cart.Entered.N != 1 || cart.Sends[0].Sent.N != 1 || cart.Goals[0] != (Goal{"purchase", Count{N: 1}, 120.5}) || cart.Ended[0].Name != "order_completed" {
		t.Errorf("cart: %s", shown(t, cart))
	}
	if got := shown(t, res.Days); got != shown(t, []Day{
		{"2026-03-02", 3, map[string]int64{"email": 1}, 1},
		{"2026-03-03", 0, map[string]int64{"email": 1}, 0},
	}) {
		t.Errorf("days: %s", got)
	}
}

// People are found by the rules of intake: an anonymous visitor becomes the
// user he logs in as, and two users of one device stay two.
func TestIdentity(t *testing.T) {
	log := `
{"type":"track","anonymousId":"d1","event":"Cart Updated","properties":{"cart_id":"c1","total":100},"timestamp":"2026-03-02T02:00:00Z"}
{"type":"identify","userId":"ann","traits":{"email":"ann@example.com","consent":{"email":true}},"timestamp":"2026-03-02T02:05:00Z"}
{"type":"identify","userId":"ann","anonymousId":"d1","timestamp":"2026-03-02T02:10:00Z"}
{"type":"identify","userId":"bob","anonymousId":"d1","timestamp":"2026-03-02T02:20:00Z"}
{"type":"alias","userId":"bob","previousId":"d2","timestamp":"2026-03-02T02:30:00Z"}
{"type":"track","anonymousId":"d2","event":"Cart Updated","properties":{"cart_id":"c2","total":100},"timestamp":"2026-03-02T02:40:00Z"}
{"type":"alias","userId":"bob","previousId":"ann","timestamp":"2026-03-02T02:50:00Z"}
{"type":"track","userId":"eve","event":"Signed Up","timestamp":"2026-03-03T02:40:00Z"}
`
	res := forecastOf(t, Options{Plan: plan(t, shopText)}, log)
	cart := res.journey(t, "cart")
	if res.People.N != 3 || res.Merged != 1 || res.Dropped != 1 || res.Unused != 1 {
		t.Errorf("%s", shown(t, res))
	}
	if cart.Entered.N != 2 || cart.Sends[0].Sent.N != 1 {
		t.Errorf("the anonymous cart is not ann's: %s", shown(t, cart))
	}
}

// Before the beginning nothing is live; what people are by then is known.
func TestFrom(t *testing.T) {
	people := `{"userId":"ann","traits":{"email":"ann@example.com","name":"Ann","consent":{"email":true}}}
{"userId":"old","traits":{"email":"old@example.com"}}`
	log := `
{"type":"track","userId":"ann","event":"Cart Updated","properties":{"cart_id":"c1","total":100},"timestamp":"2026-03-02T02:00:00Z"}
{"type":"track","userId":"ann","event":"Signed Up","timestamp":"2026-03-05T02:00:00Z"}
{"type":"track","userId":"ann","event":"Cart Updated","properties":{"cart_id":"c9","total":100},"timestamp":"2026-03-08T02:00:00Z"}
`
	o := Options{Plan: plan(t, shopText), From: at(t, "2026-03-05T00:00:00Z"), To: at(t, "2026-03-07T00:00:00Z"), People: []Source{bytesSource([]byte(people))}}
	res := forecastOf(t, o, log)
	if res.After != 1 || res.Events != 2 || res.People.N != 2 {
		t.Errorf("%s", shown(t, res))
	}
	if res.journey(t, "cart").Entered.N != 0 || res.journey(t, "welcome").Sends[0].Sent.N != 1 {
		t.Errorf("%s", shown(t, res.Journeys))
	}
	// Without a beginning it is the first call of the log.
	o.From, o.To = 0, 0
	if res = forecastOf(t, o, log); res.From != at(t, "2026-03-02T02:00:00Z") || res.journey(t, "cart").Entered.N != 2 {
		t.Errorf("%s", shown(t, res))
	}
	o.People = []Source{bytesSource([]byte(people))}
	o.Log = []Source{bytesSource([]byte(`{"userId":"x","event":"Signed Up"}`))}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "timestamp") {
		t.Errorf("a log without a time: %v", err)
	}
}

// What cannot be used is counted, and said where.
func TestProblems(t *testing.T) {
	log := `{"type":"track","userId":"ann","event":"Signed Up","timestamp":"2026-03-02T02:00:00Z"}
not a call
{"type":"track","event":"Signed Up"}
{"type":"wave","userId":"ann"}
{"type":"track","userId":"ann","event":"Unknown"}
{"type":"track","userId":"ann","event":"Unknown"}
{"type":"track","userId":"ann","event":"Cart Updated","properties":{"cart_id":"c","total":"many"},"timestamp":"2026-03-02T02:00:00Z"}
` + `{"userId":"` + strings.Repeat("x", 2<<20) + `"}` + "\n" + `{"type":"track","userId":"ann","event":"Signed Up","timestamp":"2026-03-01T02:00:00Z","messageId":"m"}
{"type":"track","userId":"ann","event":"Signed Up","timestamp":"2026-03-02T02:00:00Z","messageId":"m"}`
	res := forecastOf(t, Options{Plan: plan(t, shopText)}, log)
	if res.Unused != 4 || res.Events != 6 || res.Undated != 2 || res.Behind != 4 || res.Repeats != 1 {
		t.Errorf("%s", shown(t, res))
	}
	got := map[string]string{}
	for _, p := range res.Problems {
		got[fmt.Sprint(p.Place, " ", p.N, " ", p.Field)] = p.Reason
	}
	for _, want := range []string{"log.jsonl:2 2 ", "log.jsonl:3 1 ", "log.jsonl:5 2 event", "log.jsonl:7 1 properties.total", "log.jsonl:8 1 "} {
		if got[want] == "" {
			t.Errorf("%q is not among %v", want, got)
		}
	}
}

// One wrong clock does not make everybody live for centuries, and one that was
// never set is no time.
func TestWrongClocks(t *testing.T) {
	log := `{"userId":"ann","event":"Signed Up","timestamp":"2026-03-02T02:00:00Z"}
{"userId":"bob","event":"Signed Up","timestamp":"2226-03-02T02:00:00Z"}
{"userId":"eve","event":"Signed Up","timestamp":0}
{"userId":"eve","event":"Signed Up","timestamp":"1970-01-01T00:00:00Z"}`
	res := forecastOf(t, Options{Plan: plan(t, shopText)}, log)
	if res.Events != 3 || res.Far != 1 || res.Unused != 1 || res.Undated != 2 || res.To != at(t, "2026-03-02T02:00:00Z") {
		t.Errorf("%s", shown(t, res))
	}
}

// wildLog is a log with everything that makes identity hard: people with
// several devices, devices with several people, aliases, calls out of order,
// repeats.
func wildLog(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		now = now.Add(time.Duration(r.IntN(600)) * time.Second)
		ts := now
		if r.IntN(10) == 0 {
			ts = ts.Add(-time.Duration(r.IntN(100)) * time.Hour)
		}
		c := map[string]any{"timestamp": ts.Format(time.RFC3339), "messageId": fmt.Sprint("m", i)}
		user, device := r.IntN(n/12+1), r.IntN(n/10+1)
		if r.IntN(2) == 0 {
			c["userId"] = fmt.Sprint("u", user)
		} else {
			c["anonymousId"] = fmt.Sprint("d", device)
		}
		if r.IntN(8) == 0 {
			c["userId"], c["anonymousId"] = fmt.Sprint("u", user), fmt.Sprint("d", device)
		}
		switch r.IntN(12) {
		case 0:
			c["type"], c["traits"] = "identify", map[string]any{"email": fmt.Sprintf("m%d@example.com", user), "consent": map[string]any{"email": r.IntN(4) > 0}}
		case 1:
			c["type"], c["previousId"], c["userId"] = "alias", fmt.Sprint("d", device), fmt.Sprint("u", user)
		case 2:
			c["type"], c["event"] = "track", "Signed Up"
		case 3, 4:
			c["type"], c["event"], c["properties"] = "track", "Order Completed", map[string]any{"cart_id": fmt.Sprint("c", r.IntN(5)), "total": float64(r.IntN(10000)) / 7}
		default:
			c["type"], c["event"], c["properties"] = "track", "Cart Updated", map[string]any{"cart_id": fmt.Sprint("c", r.IntN(5)), "total": r.IntN(100)}
		}
		line, _ := json.Marshal(c)
		for range 1 + r.IntN(20)/19 {
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// The result is the same, to the last digit, whatever the number of cores.
func TestCoresDoNotMatter(t *testing.T) {
	p := plan(t, shopText)
	for seed := range uint64(4) {
		log := wildLog(seed, 3000)
		var first string
		for _, cores := range []int{1, 2, 3, 16, 100} {
			res := forecastOf(t, Options{Plan: p, Cores: cores, Each: true}, log)
			got := shown(t, res) + shown(t, Compare(forecastOf(t, Options{Plan: p, Each: true}, log), res, 5))
			if first == "" {
				first = got
				if res.Merged == 0 || res.Dropped == 0 || res.Behind == 0 || res.Repeats == 0 || res.journey(t, "cart").Goals[0].Value == 0 {
					t.Fatalf("the log proves little: %d merged, %d dropped, %d behind, %d repeated, %s", res.Merged, res.Dropped, res.Behind, res.Repeats, shown(t, res.journey(t, "cart").Goals))
				}
				continue
			}
			if got != first {
				t.Fatalf("seed %d: %d cores differ from one", seed, cores)
			}
		}
	}
}

// It does not matter either whether a log comes in one file, in several, or
// packed.
func TestFiles(t *testing.T) {
	p := plan(t, shopText)
	log := wildLog(7, 2000)
	whole := forecastOf(t, Options{Plan: p}, log)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(log[:len(log)/2]))
	_ = z.Close()
	cut := strings.LastIndex(log[:len(log)/2], "\n") + 1
	packed.Reset()
	z.Reset(&packed)
	_, _ = z.Write([]byte(log[:cut]))
	_ = z.Close()
	res, err := Run(context.Background(), Options{Plan: p, Log: []Source{bytesSource(packed.Bytes()), bytesSource([]byte(log[cut:]))}})
	if err != nil || shown(t, res) != shown(t, whole) {
		t.Errorf("%v %s", err, shown(t, res))
	}
	if _, err := Run(context.Background(), Options{Plan: p, Log: []Source{bytesSource(packed.Bytes()[:packed.Len()/2])}}); err == nil {
		t.Error("half a packed file is taken for one")
	}
}

// calmLog is a log of people each with a device of his own.
func calmLog(seed uint64, people int) string {
	r := rand.New(rand.NewPCG(seed, 2))
	var b strings.Builder
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for range people * 10 {
		now = now.Add(time.Duration(r.IntN(300)) * time.Second)
		who := r.IntN(people)
		id := fmt.Sprintf(`"userId":"u%d"`, who)
		if r.IntN(2) == 0 {
			id = fmt.Sprintf(`"anonymousId":"d%d"`, who)
		}
		event := `"event":"Signed Up"`
		switch r.IntN(10) {
		case 0:
			id, event = fmt.Sprintf(`"userId":"u%d","anonymousId":"d%d"`, who, who), fmt.Sprintf(`"traits":{"email":"m%d@example.com","consent":{"email":true}}`, who)
		case 1, 2, 3, 4:
			event = fmt.Sprintf(`"event":"Cart Updated","properties":{"cart_id":"c%d","total":%d}`, r.IntN(4), r.IntN(100))
		}
		fmt.Fprintf(&b, `{%s,%s,"timestamp":"%s"}`+"\n", id, event, now.Format(time.RFC3339))
	}
	return b.String()
}

// A sample says what it is worth: nineteen in twenty true numbers lie within
// the error that is said.
func TestSample(t *testing.T) {
	p := plan(t, shopText)
	within, all := 0, 0
	for seed := range uint64(12) {
		log := calmLog(seed, 400)
		exact := forecastOf(t, Options{Plan: p}, log)
		res := forecastOf(t, Options{Plan: p, Sample: 0.3, Cores: 2}, log)
		if res.Sample == nil || res.Sample.Drawn == 0 || res.Sample.Drawn == res.Sample.Groups {
			t.Fatalf("%s", shown(t, res.Sample))
		}
		check := func(truth, estimate Count) {
			all++
			if d := truth.N - estimate.N; max(d, -d) <= estimate.Error {
				within++
			}
		}
		check(exact.People, res.People)
		for i := range exact.Journeys {
			check(exact.Journeys[i].Entered, res.Journeys[i].Entered)
			for k := range min(len(exact.Journeys[i].Sends), len(res.Journeys[i].Sends)) {
				check(exact.Journeys[i].Sends[k].Sent, res.Journeys[i].Sends[k].Sent)
			}
		}
	}
	t.Logf("%d of %d lie within", within, all)
	if within*100 < all*90 {
		t.Errorf("only %d of %d lie within", within, all)
	}
	log := wildLog(1, 3000)
	if shown(t, forecastOf(t, Options{Plan: p, Sample: 1}, log)) != shown(t, forecastOf(t, Options{Plan: p}, log)) {
		t.Error("all of it is a sample")
	}
}

// Two versions are compared person by person.
func TestCompare(t *testing.T) {
	log := wildLog(3, 3000)
	was := forecastOf(t, Options{Plan: plan(t, shopText), Each: true}, log)
	is := forecastOf(t, Options{Plan: plan(t, strings.Replace(shopText, "event.total > 10", "event.total > 50", 1)), Each: true}, log)
	c := Compare(was, is, 3)
	if c.Of != int(was.People.N) || c.People == 0 || c.People > c.Of || len(c.Some) != 3 {
		t.Fatalf("%s", shown(t, c))
	}
	for _, d := range c.Differences {
		if d.Journey != "cart" {
			t.Errorf("%s is not changed", d.Journey)
		}
		if d.What == "entered" && (d.Was != was.journey(t, "cart").Entered.N || d.Is != is.journey(t, "cart").Entered.N || d.Less == 0) {
			t.Errorf("%s", shown(t, d))
		}
	}
	for _, s := range c.Some {
		if !strings.Contains(s.Who, "•") {
			t.Errorf("%s is not masked", s.Who)
		}
	}
	if c := Compare(was, was, 3); c.People != 0 || len(c.Differences) != 0 {
		t.Errorf("the same is different: %s", shown(t, c))
	}
}

// In memory are people, not events: ten times the events of the same people
// take no more than they do anyway.
func TestMemoryIsFlatInEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	p := plan(t, `
trait email: email identifier
trait spent: number = sum(order_completed, .total)
event order_completed "Order Completed" { total: number }
event cart_updated "Cart Updated" { cart_id: text }
message hello via email { subject "Hello" text "{{ entry.cart_id }}" }
journey cart {
  enter on cart_updated
  again after 1 day
  wait 1 hour
  send hello
  wait 30 days
}
`)
	const people = 300
	heap := func(events int) uint64 {
		log := bytes.Clone(shopLog(events, people)) // just as long as it is
		most := uint64(0)
		o := Options{Plan: p, Log: []Source{bytesSource(log)}, Cores: 2}
		n := 0
		o.Progress = func(Progress) {
			if n++; n%50 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		if _, err := Run(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		return most - uint64(len(log))
	}
	few, many := heap(60_000), heap(300_000)
	t.Logf("%d and %d KB for %d people", few>>10, many>>10, people)
	if many > few*3/2 {
		t.Errorf("%d KB with few events, %d KB with five times as many", few>>10, many>>10)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Plan: plan(t, shopText), Log: []Source{bytesSource([]byte(wildLog(1, 20_000)))}, Progress: func(Progress) { cancel() }}
	if _, err := Run(ctx, o); err != context.Canceled {
		t.Errorf("it goes on: %v", err)
	}
}
