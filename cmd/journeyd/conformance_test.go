package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/simulator"
)

// conforming are tests of the conformance folder that go through the whole of
// `journeyd dev`, on a clock that runs fast: those that do not turn on a
// second, nor have inputs that come before all is done that the one before
// them began. Each list has a server of its own, with the journeys that its
// tests name, live all the time; each test is played on the next of its days.
var conforming = []struct {
	workspace string
	titles    []string
}{
	{"consent", []string{
		"given", "missing", "refused", "of each channel by itself", "receipts need none", "falls through from channel to channel",
		"the address is asked before consent", "consent is asked before the topic", "the topic is asked before suppression",
		"receipts need an address", "another address", "another address that is missing", "an address that cannot be read is none",
	}},
	{"ordering", []string{
		"stored first: the entry sees the event and what it changes", "the event that began the run does not end it",
		"inputs of one instant in their order", "runs of one instant: by priority, then by entry",
		"runs of one instant and priority: the earlier entry", "each run goes on until it waits, whatever it sends on its way",
	}},
	{"priority", []string{
		"the highest takes the place", "unsaid it is 0, which is more than -1", "held over the night, at its end by priority",
		"held over the night, at its end by entry", "one that sends something else before takes the place, too",
	}},
	{"topics", []string{
		"in a topic unless left", "left: the others and receipts go on", "left: a transactional journey goes on",
	}},
	{"channels", []string{
		"e-mail: to profile.email, HTML or text alone will do", "sms: to profile.phone", "push: to profile.push_token, with what it opens",
		"push: a missing value in what it opens", "line: text and picture", "no address of the channel",
		"to another address, of a trait or of what is given with it", "to another address that is missing",
		"webhooks tell a system; what is given with it stands in its json",
	}},
	{"rendering", []string{
		"a missing value without a default: never sent", "an empty text is not missing", "loops",
		"templates from files, in Chinese", "the page on which one leaves", "json for a system: typed values, missing ones are null",
	}},
	{"quiet_hours", []string{
		"held until nine, and the next wait counts from there", "one after the other holds through both", "by day, for another channel",
		"a channel that is not named is not held", "receipts are not held, nor what goes to a system",
		"consent taken back during the hold", "the topic left during the hold", "suppressed during the hold",
		"the address lost during the hold", "another address during the hold",
		"a cap that is used up when the hold ends: the first takes the place", "the zone ends the hold", "the hours are the person's",
	}},
	{"caps", []string{"the messages of one run, one after the other"}},
}

const (
	// fast is how fast their clock runs: an hour takes two seconds.
	fast = 1800
	// calm is how long nothing must have happened for a test to be over.
	calm = value.Hour
)

// What the simulator says of them is what becomes of the same people in
// production: the runs, the messages and the refusals, in their order, each
// with its outcome.
func TestConformanceAtSpeed(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup // they wait more than they work
	began, n := time.Now(), 0
	for _, list := range conforming {
		n += len(list.titles)
		all.Go(func() { playAtSpeed(t, list.workspace, list.titles) })
	}
	all.Wait()
	t.Logf("%d tests in %s", n, time.Since(began).Round(time.Second))
}

// playAtSpeed plays tests of a workspace on a server of their own.
func playAtSpeed(t *testing.T, workspace string, titles []string) {
	dir, program := theirOwn(t, filepath.Join("..", "..", "conformance", workspace), titles)
	f := &fastForward{t: t, p: startDev(t, dir, "--speed", fmt.Sprint(fast)), plan: simulator.PlanOf(program)}
	f.setClock()
	var all sync.WaitGroup
	for i, test := range program.Tests {
		all.Go(func() { f.play(test, i) })
	}
	all.Wait()
}

// theirOwn is a copy of a workspace with some of its tests and the journeys
// that these name, whose webhooks go to a server that is there.
func theirOwn(t *testing.T, dir string, titles []string) (string, *dsl.Program) {
	t.Helper()
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	sources, err := dsl.ReadDir(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if sources, err = cut(sources, titles); err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	to := t.TempDir()
	for name, text := range sources {
		sources[name] = webhook.ReplaceAllString(text, `url "`+hooks.URL+`/`)
		path := filepath.Join(to, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(sources[name]), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		t.Fatal(diags)
	}
	if len(program.Tests) != len(titles) {
		t.Fatalf("%s: of %d tests there are %d", dir, len(titles), len(program.Tests))
	}
	return to, program
}

// cut leaves of a workspace those tests that are named, and their journeys.
func cut(sources map[string]string, titles []string) (map[string]string, error) {
	program, _ := dsl.Load(sources)
	if program == nil {
		return nil, errors.New("the workspace is wrong")
	}
	journeys := map[string]bool{}
	for _, title := range titles {
		i := slices.IndexFunc(program.Tests, func(test *dsl.Test) bool { return test.Title == title })
		if i < 0 || len(program.Tests[i].Journeys) == 0 {
			return nil, fmt.Errorf("there is no test %q that names journeys", title)
		}
		for _, name := range program.Tests[i].Journeys {
			journeys[name] = true
		}
	}
	to := maps.Clone(sources)
	for name, text := range sources {
		if filepath.Ext(name) != ".journey" {
			continue
		}
		tree, _ := syntax.Parse(&diag.File{Name: name, Text: text})
		for _, d := range slices.Backward(tree.Decls) {
			keep := true
			switch d := d.(type) {
			case *syntax.Journey:
				keep = journeys[d.Name.Text]
			case *syntax.Test:
				keep = d.Title != nil && slices.Contains(titles, d.Title.Value)
			}
			if !keep {
				text = text[:d.Span().Start] + text[d.Span().End:]
			}
		}
		to[name] = text
	}
	return to, nil
}

// webhook is how the address of a webhook begins.
var webhook = regexp.MustCompile(`url\s+"https://[^/"]*/`)

// fastForward plays tests on a journeyd whose clock runs fast.
type fastForward struct {
	t    *testing.T
	p    *process
	plan *orchestrator.Plan
	// at is a real time, and virtual what the server's clock showed then.
	at      time.Time
	virtual value.Time
}

// setClock finds out what the server's clock shows.
func (f *fastForward) setClock() {
	before := time.Now()
	f.p.insist("/v1/track", track("probe", "probe", nil, nil))
	f.at = before.Add(time.Since(before) / 2)
	now, err := time.Parse(time.RFC3339, f.p.mustProfile("user_id:probe").Events[0].At)
	if err != nil {
		f.t.Fatal(err)
	}
	f.virtual = value.TimeOf(now)
}

func (f *fastForward) now() value.Time {
	return f.virtual + value.Time(time.Since(f.at).Milliseconds()*fast)
}

// until waits for an instant of the server's clock.
func (f *fastForward) until(at value.Time) {
	nap(context.Background(), time.Duration(at-f.now())*time.Millisecond/fast)
}

// play plays a test on the server, and then, with the instants at which its
// inputs came there, by the simulator.
func (f *fastForward) play(test *dsl.Test, n int) {
	id := fmt.Sprintf("somebody-%d", n)
	test = unlike(test, f.plan, n)
	var last value.Time // of what happens in it
	var got, want *profiles.View
	_, _ = simulator.Play(f.plan, test, func(s *simulator.Script) error {
		f.prepare(s, id)
		return simulator.Virtual(f.plan)(s)
	}, orchestrator.ObserverFunc(func(t orchestrator.Trace) {
		if t.Kind != orchestrator.TraceSegment {
			last = max(last, t.At)
		}
	}))
	_, err := simulator.Play(f.plan, test, func(s *simulator.Script) error {
		f.prepare(s, id)
		first := s.Calls[0].At
		late := max(0, f.now()-first+value.Time(value.Hour)/2)
		late += value.Time(value.Day) - 1
		late -= late % value.Time(value.Day)
		for i := range s.Calls {
			s.Calls[i].Delay(late)
			f.post(&s.Calls[i])
		}
		got = f.p.mustProfile("anonymous_id:" + id)
		s.Person, s.Start, s.Until = got.ID, s.Calls[0].At-1, (last + late).Add(calm)
		s.End = func(p *profiles.Person) { want = profiles.NewView(p, profiles.ViewOptions{}) }
		return simulator.Virtual(f.plan)(s)
	})
	if err != nil {
		f.t.Error(err)
		return
	}
	eventually(f.t, 4*time.Minute, fmt.Sprintf("%q comes to what the simulator says:\n%s", test.Title, became(want)), func() error {
		v, err := f.p.profile("anonymous_id:" + id)
		if err == nil && became(v).String() != became(want).String() {
			err = fmt.Errorf("it is\n%s%s", became(v), f.p.errs)
		}
		return err
	})
}

// prepare makes of a script one that a server can play: all journeys are live
// all the time, and chance is the server's.
func (f *fastForward) prepare(s *simulator.Script, id string) {
	s.Anonymous(id)
	s.Apart()
	s.Calls = append(s.Before, s.Calls...)
	s.Before = nil
	s.Start = s.Calls[0].At - 1
	s.Assume = func(w *orchestrator.World, _ bool) {
		w.Unsubscribe = func(string, string) string { return "https://example.com/unsubscribe" }
	}
}

// post posts a call at its instant, and notes when it came.
func (f *fastForward) post(c *simulator.Call) {
	body := map[string]any{"anonymousId": c.Wire.AnonymousID}
	path := "/v1/track"
	switch c.Wire.Kind {
	case intake.Identify:
		path, body["traits"] = "/v1/identify", c.Wire.Traits
	case intake.Request:
		path, body["properties"] = "/v1/journeys/"+c.Wire.Journey+"/start", c.Wire.Properties
	default:
		body["event"], body["properties"] = c.Wire.Event, c.Wire.Properties
	}
	f.until(c.At)
	before := f.now()
	f.p.insist(path, body)
	c.Delay(max(0, before+(f.now()-before)/2-c.At))
}

// unlike is a test with identifiers that are nobody else's, and without what
// it assumes and claims.
func unlike(test *dsl.Test, plan *orchestrator.Plan, n int) *dsl.Test {
	own := func(data map[string]any) map[string]any {
		data = maps.Clone(data)
		for wire, v := range data {
			text, is := v.(string)
			t, known := plan.TraitByWire(wire)
			switch {
			case !is || !known || !t.Identifier || text == "":
			case strings.HasPrefix(text, "09"):
				data[wire] = fmt.Sprintf("%s%03d", text[:len(text)-3], n)
			default:
				data[wire] = fmt.Sprintf("t%d.%s", n, text)
			}
		}
		return data
	}
	c := *test
	c.Given, c.Inputs = own(test.Given), slices.Clone(test.Inputs)
	for i := range c.Inputs {
		if c.Inputs[i].Kind == dsl.TestSet {
			c.Inputs[i].Data = own(c.Inputs[i].Data)
		}
	}
	c.Assume, c.Expect, c.Journeys = dsl.Assumptions{}, nil, nil
	return &c
}

// fate is what became of somebody, by journey: what happened there, in its
// order. Over journeys the order is chance where machines are late.
type fate map[string][]string

func became(v *profiles.View) fate {
	f := fate{}
	add := func(journey, format string, args ...any) {
		f[journey] = append(f[journey], strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
	for _, m := range slices.Backward(v.Messages) {
		add(m.Journey, "%s by %s %s %s", m.Message, m.Channel, m.Outcome, m.Reason)
	}
	for _, r := range slices.Backward(v.Runs) {
		add(r.Journey, "run %s %s", r.State, r.Reason)
	}
	for _, r := range slices.Backward(v.Refused) {
		add(r.Journey, "refused: %s", r.Reason)
	}
	return f
}

func (f fate) String() string {
	var b strings.Builder
	for _, journey := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&b, "  %s: %s\n", journey, strings.Join(f[journey], "; "))
	}
	return b.String()
}
