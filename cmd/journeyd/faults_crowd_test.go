package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/channels"
	"journey/channels/mailbox"
	"journey/profiles"
	"journey/workflows"
)

// The people who go through a journey while harm is done to the servers, and
// the oracle: what must have become of each of them, told from what the
// servers acknowledged to the test, what reached the mail server, and when.

// flow is their journey: event → mail → wait → split → mail, with an exit.
const flow = `
journey flow {
  enter on ping
  once
  exit on stop
  @one send first
  wait 4 seconds
  split half {
    50% a { @two send second }
    50% b { @three send third }
  }
}
message first via email { subject "first" text "1" }
message second via email { subject "second" text "2" }
message third via email { subject "third" text "3" }
`

// stepOf is the step that sends a message of the flow.
var stepOf = map[string]string{"first": "one", "second": "two", "third": "three"}

// sink is a mail server outside of what is killed.
type sink struct {
	box *mailbox.Box
	url string

	mu    sync.Mutex
	on    func(mailbox.Attempt) mailbox.Fault // what it does; nil: its duty
	rcpt  map[string]time.Time                // by address: when RCPT was last answered
	taken []taken
}

// taken is a mail that was handed over: its send had certainly been claimed.
type taken struct {
	to       string
	rcpt, at time.Time // when its RCPT was answered, when DATA came
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{rcpt: map[string]time.Time{}}
	var err error
	if s.box, err = mailbox.Open(""); err != nil {
		t.Fatal(err)
	}
	s.box.SetFaults(s.attempt)
	addr, err := s.box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "smtp://" + addr
	t.Cleanup(func() { _ = s.box.Close() })
	return s
}

// attempt writes the conversation down.
func (s *sink) attempt(a mailbox.Attempt) mailbox.Fault {
	s.mu.Lock()
	on := s.on
	to := a.To[len(a.To)-1]
	if a.Stage == mailbox.AtData {
		s.taken = append(s.taken, taken{to: to, rcpt: s.rcpt[to], at: time.Now()})
	}
	s.mu.Unlock()
	var f mailbox.Fault
	if on != nil {
		f = on(a)
	}
	if a.Stage == mailbox.AtRcpt {
		s.mu.Lock()
		s.rcpt[to] = time.Now()
		s.mu.Unlock()
	}
	return f
}

func (s *sink) behave(on func(mailbox.Attempt) mailbox.Fault) {
	s.mu.Lock()
	s.on = on
	s.mu.Unlock()
}

// takenOf counts the mails handed over for an address.
func (s *sink) takenOf(to string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.taken {
		if t.to == to {
			n++
		}
	}
	return n
}

// slowly makes a mail server whose answers take their time, so that faults
// find mails under way.
func slowly(upTo time.Duration) func(mailbox.Attempt) mailbox.Fault {
	return func(a mailbox.Attempt) mailbox.Fault {
		if a.Stage == mailbox.AtRcpt {
			return mailbox.Fault{}
		}
		return mailbox.Fault{Delay: rand.N(upTo)}
	}
}

// race says when somebody leaves.
type race int

const (
	stays      race = iota
	leaves          // at a random moment
	leavesAt1       // while the first mail is being prepared: before its claim
	leavesAt2       // the second
	racesCount = 8  // one of eight leaves at each of these moments, and two at random
)

// walker is somebody on his way.
type walker struct {
	id   string
	race race

	mu      sync.Mutex
	acked   map[string]time.Time // by event: when its acknowledgement had come
	stopped chan struct{}        // closed when the exit is acknowledged
	once    sync.Once
}

func (w *walker) email() string { return w.id + "@example.com" }

func (w *walker) ack(event string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked[event]
}

// crowd is the people of a test.
type crowd struct {
	*scene
	server func() *process // one that should run now
	sink   *sink           // nil: the server's own mailbox
	people []*walker
	trails []string      // of the processes that were watched
	times  int           // how often each call is posted at the same time; 0: once
	slow   time.Duration // how long the mail server may take for an answer; 0: 300 ms

	work   sync.WaitGroup
	mu     sync.Mutex
	errs   []error
	failed int // calls that were not acknowledged at once
}

// newCrowd makes n people. Their mails go to the sink.
func (s *scene) newCrowd(n int, server func() *process, to *sink) *crowd {
	c := &crowd{scene: s, server: server, sink: to}
	for i := range n {
		w := &walker{id: fmt.Sprintf("w%03d", i), acked: map[string]time.Time{}, stopped: make(chan struct{})}
		switch i % racesCount {
		case 1, 5:
			w.race = leaves
		case 3:
			w.race = leavesAt1
		case 7:
			w.race = leavesAt2
		}
		if to == nil && w.race != stays {
			w.race = leaves
		}
		c.people = append(c.people, w)
	}
	s.rand.Shuffle(n, func(i, j int) { c.people[i], c.people[j] = c.people[j], c.people[i] })
	return c
}

// trail is a new file for a process to write down the points it passes.
func (c *crowd) trail() (env string) {
	c.trails = append(c.trails, fmt.Sprintf("%s/trail-%d", c.TempDir(), len(c.trails)))
	return envTrail + "=" + c.lastTrail()
}

func (c *crowd) lastTrail() string { return c.trails[len(c.trails)-1] }

// walk lets everybody set out within a time, and returns at once.
func (c *crowd) walk(ctx context.Context, over time.Duration) {
	if c.sink != nil {
		on := slowly(cmp.Or(c.slow, 300*time.Millisecond))
		c.sink.behave(func(a mailbox.Attempt) mailbox.Fault {
			c.leaveAtRcpt(ctx, a)
			return on(a)
		})
	}
	for _, w := range c.people {
		start, rest := c.between(0, over), c.between(0, 6*time.Second)
		c.work.Go(func() {
			if !nap(ctx, start) || !c.post(ctx, w, "ping", reachable(w.email())) {
				return
			}
			if w.race == leaves && nap(ctx, rest) {
				c.leave(ctx, w)
			}
		})
	}
}

// leaveAtRcpt posts somebody's exit while the server stands between Prepare
// and Claim, and lets it go on when the exit is acknowledged.
func (c *crowd) leaveAtRcpt(ctx context.Context, a mailbox.Attempt) {
	if a.Stage != mailbox.AtRcpt {
		return
	}
	to := a.To[len(a.To)-1]
	i := slices.IndexFunc(c.people, func(w *walker) bool { return w.email() == to })
	if i < 0 {
		return
	}
	w := c.people[i]
	if w.race == leavesAt1 || w.race == leavesAt2 && c.sink.takenOf(to) > 0 {
		c.work.Go(func() { c.leave(ctx, w) })
		select {
		case <-w.stopped:
		case <-time.After(5 * time.Second): // the server has gone: a race like any other
		}
	}
}

func (c *crowd) leave(ctx context.Context, w *walker) {
	w.once.Do(func() {
		if !c.post(ctx, w, "stop", nil) {
			return
		}
		close(w.stopped)
		// It holds at once, whatever is away.
		if v, err := c.server().profile("user_id:" + w.id); err == nil && len(v.Runs) > 0 && v.Runs[0].State != "ended" {
			c.wrong("%s has left, and the run goes on: %+v", w.id, v.Runs)
		}
	})
}

// post posts an event, with one message id, until it is acknowledged.
func (c *crowd) post(ctx context.Context, w *walker, event string, traits map[string]any) bool {
	call := track(w.id, event, nil, traits)
	call["messageId"] = w.id + "-" + event
	answers := make(chan error, max(c.times, 1))
	for range cap(answers) {
		go func() { answers <- c.untilAcked(ctx, call) }()
	}
	for i := range cap(answers) {
		if err := <-answers; err != nil {
			c.wrong("%s of %s: %w", event, w.id, err)
			return false
		}
		if i == 0 {
			w.mu.Lock()
			w.acked[event] = time.Now()
			w.mu.Unlock()
		}
	}
	return true
}

// wrong notes a failure from any goroutine.
func (c *crowd) wrong(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *crowd) untilAcked(ctx context.Context, call map[string]any) error {
	for {
		code, text, err := c.server().try("/v1/track", call)
		switch {
		case err == nil && code == 200:
			return nil
		case err == nil && code/100 == 4:
			return fmt.Errorf("%d %s", code, text)
		}
		c.mu.Lock()
		c.failed++
		c.mu.Unlock()
		if !nap(ctx, 50*time.Millisecond+rand.N(100*time.Millisecond)) {
			return fmt.Errorf("never acknowledged: %d %s %w", code, text, err)
		}
	}
}

// nap paces the load.
func nap(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// arrive waits until everybody has posted what he has to post, and is through.
func (c *crowd) arrive(within time.Duration) map[string]*profiles.View {
	c.Helper()
	c.work.Wait()
	for _, err := range c.errs {
		c.Error(err)
	}
	views := map[string]*profiles.View{}
	at := 0
	eventually(c.T, within, "everybody is through", func() error {
		for ; at < len(c.people); at++ {
			w := c.people[at]
			v, err := c.server().profile("user_id:" + w.id)
			if err != nil {
				return fmt.Errorf("%s: %w", w.id, err)
			}
			if why := underWay(v); why != "" {
				return fmt.Errorf("%s of %d people: %s %s: runs %+v, messages %+v", w.id, len(c.people)-at, v.ID, why, v.Runs, v.Messages)
			}
			views[w.id] = v
		}
		return nil
	})
	c.drained()
	return views
}

// drained waits until nothing is left to be taken to Temporal, and sees to it
// that no run was lost on the way and no input broke the machine.
func (c *crowd) drained() {
	c.Helper()
	eventually(c.T, time.Minute, "the outbox is empty", func() error {
		n, err := c.server().metric("journey_outbox_reactions")
		if err == nil && n > 0 {
			err = fmt.Errorf("%.0f reactions", n)
		}
		return err
	})
	for _, what := range []string{"lost", "panics"} {
		n, err := c.server().metric(fmt.Sprintf("journey_engine_total{what=%q}", what))
		if err != nil || n > 0 {
			c.Errorf("%s: %.0f, %v", what, n, err)
		}
	}
}

// underWay says what of a profile is not at its end.
func underWay(v *profiles.View) string {
	for _, r := range v.Runs {
		if r.State != "ended" {
			return "has a run"
		}
	}
	for _, m := range v.Messages {
		if m.Outcome == "planned" || m.Outcome == "attempting" {
			return "has a send " + m.Outcome
		}
	}
	return ""
}

// tally is what the oracle counted.
type tally struct {
	people, expected, sent, uncertain, mails, left int
	doubts                                         []string
}

func (t tally) String() string {
	s := fmt.Sprintf("%d people, %d exits: expected %d sends = %d sent + %d uncertain; %d mails",
		t.people, t.left, t.expected, t.sent, t.uncertain, t.mails)
	if len(t.doubts) > 0 {
		s += "; uncertain: " + strings.Join(t.doubts, ", ")
	}
	return s
}

// judge compares what became of everybody with what must have. doubtful says
// whether a send may be uncertain, by its key.
func (c *crowd) judge(views map[string]*profiles.View, mails []mailbox.Mail, doubtful func(key string) bool) tally {
	c.Helper()
	t := tally{people: len(c.people), mails: len(mails)}
	byKey := map[string][]mailbox.Mail{}
	for _, m := range mails {
		byKey[m.Header(channels.KeyHeader)] = append(byKey[m.Header(channels.KeyHeader)], m)
	}
	for key, list := range byKey {
		if len(list) > 1 {
			c.Errorf("%s came %d times: %s", key, len(list), list[0].Subject)
		}
	}
	for _, w := range c.people {
		c.judgeOne(&t, w, views[w.id], byKey, doubtful)
	}
	for key, list := range byKey {
		c.Errorf("a mail that nobody should have: %s %q to %s", key, list[0].Subject, list[0].To)
	}
	if t.expected != t.sent+t.uncertain {
		c.Errorf("expected %d sends, have %d sent + %d uncertain", t.expected, t.sent, t.uncertain)
	}
	sort.Strings(t.doubts)
	c.Logf("seed %d, %6.2f s: %s; %d calls were repeated", c.seed, time.Since(c.began).Seconds(), t, c.failed)
	return t
}

// judgeOne judges one person, and takes his mails out of byKey.
func (c *crowd) judgeOne(t *tally, w *walker, v *profiles.View, byKey map[string][]mailbox.Mail, doubtful func(string) bool) {
	events := map[string]int{}
	for _, e := range v.Events {
		events[e.Event]++
	}
	for _, event := range []string{"ping", "stop"} {
		if acked := !w.ack(event).IsZero(); acked != (events[event] == 1) || events[event] > 1 {
			c.Errorf("%s: %s is stored %d times; acknowledged: %v", w.id, event, events[event], acked)
		}
	}
	if len(v.Runs) != 1 {
		c.Errorf("%s: %d runs", w.id, len(v.Runs))
		return
	}
	run, left := v.Runs[0], !w.ack("stop").IsZero()
	if run.Reason != "end" && (run.Reason != "stop" || !left) {
		c.Errorf("%s: the run has ended for the reason %q", w.id, run.Reason)
	}
	if left {
		t.left++
	}
	had := map[string]bool{}
	for _, m := range v.Messages {
		key := profiles.SendKey(run.Run, stepOf[m.Message], 1)
		if had[m.Message] {
			c.Errorf("%s: %s is in the ledger twice", w.id, m.Message)
		}
		had[m.Message] = true
		n := len(byKey[key])
		if n > 0 && (byKey[key][0].Subject != m.Message || byKey[key][0].To[0] != w.email()) {
			c.Errorf("%s: the mail %s is %q to %s", w.id, key, byKey[key][0].Subject, byKey[key][0].To)
		}
		delete(byKey, key)
		switch {
		case m.Outcome == "sent":
			t.sent++
			if n == 0 {
				c.Errorf("%s: %s is sent, and no mail came", w.id, key)
			}
		case m.Outcome == "uncertain":
			t.uncertain++
			t.doubts = append(t.doubts, fmt.Sprintf("%s (%d mails)", key, n))
			if !doubtful(key) {
				c.Errorf("%s: %s is uncertain, but was not in flight at a fault", w.id, key)
			}
		default:
			c.Errorf("%s: %s is %s %s", w.id, key, m.Outcome, m.Reason)
		}
	}
	c.judgeExit(t, w, run, had)
}

// judgeExit counts the sends that must be there, and sees to it that nothing
// was claimed after an exit had been acknowledged.
func (c *crowd) judgeExit(t *tally, w *walker, run profiles.RunView, had map[string]bool) {
	complete := had["first"] && had["second"] != had["third"] && len(had) == 2
	if run.Reason == "end" {
		t.expected += 2
		if !complete {
			c.Errorf("%s: the run is through, with %v", w.id, had)
		}
	} else {
		t.expected += len(had) // how far he came is a matter of chance
	}
	if c.sink == nil {
		return
	}
	c.sink.mu.Lock()
	defer c.sink.mu.Unlock()
	stop := w.ack("stop")
	for _, m := range c.sink.taken {
		// RCPT comes before the claim: whoever's RCPT was answered after the
		// exit's acknowledgement was certainly claimed after it.
		if m.to == w.email() && !stop.IsZero() && m.rcpt.After(stop) {
			c.Errorf("%s: a mail was claimed after %s, and the exit was acknowledged %s before", w.id, m.rcpt, m.rcpt.Sub(stop))
		}
	}
}

// flight are sends that were begun and not settled, by their keys, with the
// last point they passed.
type flight map[string]workflows.Point

func (f flight) has(key string) bool { return f[key] != "" }

func (f flight) String() string {
	claimed := 0
	for _, p := range f {
		if p != workflows.AtPrepared {
			claimed++
		}
	}
	return fmt.Sprintf("%d sends claimed, %d about to be", claimed, len(f)-claimed)
}

// inFlight are the sends that the watched processes had begun and not settled
// when they ended: at most these may be uncertain. Some of those that were
// about to be claimed were given up instead, which leaves no trail.
func (c *crowd) inFlight() flight {
	open := flight{}
	for _, path := range c.trails {
		for key, p := range flightOf(path) {
			open[key] = p
		}
	}
	return open
}

func flightOf(trail string) flight {
	last := flight{}
	file, err := os.Open(trail)
	if err != nil {
		return last // it has passed no point
	}
	defer file.Close()
	for sc := bufio.NewScanner(file); sc.Scan(); {
		point, what, _ := strings.Cut(sc.Text(), " ")
		switch p := workflows.Point(point); p {
		case workflows.AtPrepared, workflows.AtClaimed, workflows.AtDelivered:
			last[what] = p
		case workflows.AtSettled:
			delete(last, what)
		}
	}
	return last
}

// awaitFlight waits until the process with the trail is handing a mail over,
// for a while: a fault finds it in the middle then.
func awaitFlight(ctx context.Context, trail string) {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		for _, p := range flightOf(trail) {
			if p == workflows.AtClaimed {
				return
			}
		}
		if !nap(ctx, 3*time.Millisecond) {
			return
		}
	}
}

func never(string) bool { return false }
