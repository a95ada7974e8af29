package proving_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"journey/devserver/embedredis"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
	"journey/simulator/proving"
)

var engineCases = flag.Int("proving.engine", 1000, "how many random cases go through the engine on a real Redis")

// TestEngine has the engine do what the simulator does: the same calls as
// they come over the wire, with its clock in the test's hand, and workflows
// that are played by the test. Sends, ends, refusals and the whole person in
// the end must be the same; in every third case also while one commit in five
// happens and its answer is lost.
func TestEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Redis")
	}
	redises := make(chan *redisOf, workers())
	for range cap(redises) {
		redises <- startRedis(t)
	}
	generate := func(i uint64) *proving.Case { return proving.Generate(*seed, i).Apart() }
	everyOf(t, *engineCases, generate, func(c *proving.Case, plan *orchestrator.Plan) string {
		r := <-redises
		defer func() { redises <- r }()
		return r.compare(c, plan)
	})
}

// redisOf is a Redis for one case at a time.
type redisOf struct {
	*embedredis.Redis
}

func startRedis(t *testing.T) *redisOf {
	t.Helper()
	r, err := embedredis.Start(context.Background(), embedredis.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop() })
	return &redisOf{r}
}

func (r *redisOf) flush(ctx context.Context) error {
	conn, err := r.Dial(ctx)
	if err != nil {
		return err
	}
	_, err = conn.Do("FLUSHALL")
	return errors.Join(err, conn.Close())
}

// compare plays a case both ways.
func (r *redisOf) compare(c *proving.Case, plan *orchestrator.Plan) string {
	m := proving.NewMachine(plan, c.Script)
	want := m.PlayAs(c.Script, identifiersOf)
	if want.Endless {
		return ""
	}
	l, err := r.live(c)
	if err != nil {
		return err.Error()
	}
	defer l.close()
	if err := l.play(); err != nil {
		return err.Error() + "\n" + proving.Diff(want, l.rec)
	}
	got, err := l.finish()
	if err != nil {
		return err.Error()
	}
	if d := proving.Diff(want, l.rec); d != "" {
		return d
	}
	if d := samePerson(m.Person, got); d != "" {
		return "another person (-simulator +engine):\n" + d
	}
	return ""
}

// identifiersOf are those of a call for the one person there is.
func identifiersOf(in *proving.Input) []profiles.Identifier {
	ids := []profiles.Identifier{{Trait: "user_id", Value: userID}}
	traits := in.Traits
	if in.Kind == proving.InputSet {
		traits = in.Props
	}
	if mail, ok := traits["email"].(string); ok {
		ids = append(ids, profiles.Identifier{Trait: "email", Value: mail})
	}
	return ids
}

const userID = "ann"

// samePerson compares everything but what only one of the drivers has:
// message ids and their marks, sources, sequences and wakes, and when the
// person was last called on.
func samePerson(a, b *profiles.Person) string {
	return cmp.Diff(a, b,
		cmpopts.IgnoreFields(profiles.Person{}, "Created", "Last", "Marks", "Spilled"),
		cmpopts.IgnoreFields(profiles.Run{}, "Seq", "Wake"),
		cmpopts.IgnoreFields(profiles.Send{}, "Owner", "Deadline"),
		cmpopts.IgnoreFields(profiles.Identifier{}, "Since", "Source"),
		cmpopts.IgnoreFields(profiles.Trait{}, "Source"),
		cmpopts.IgnoreFields(cond.Event{}, "ID"),
		cmpopts.EquateEmpty(),
	)
}

// live is a case in production: an engine, and the workflows of the runs.
type live struct {
	c      *proving.Case
	r      *rand.Rand
	ctx    context.Context
	store  *store.Store
	engine *engine.Engine
	clock  *engine.Clock
	lease  engine.Lease
	rec    *proving.Record
	now    value.Time
	flows  map[string]*workflow
}

// workflow is what Temporal knows of a run.
type workflow struct {
	run  string
	next orchestrator.Order
	wake int64 // the newest signal
}

func (r *redisOf) live(c *proving.Case) (*live, error) {
	l := &live{c: c, r: chance(c), ctx: context.Background(), rec: &proving.Record{}, flows: map[string]*workflow{}}
	if err := r.flush(l.ctx); err != nil {
		return nil, err
	}
	var err error
	if l.store, err = store.Open(l.ctx, store.Options{URL: r.URL(), Conns: 2, Timeout: 30 * time.Second}); err != nil {
		return nil, err
	}
	l.clock = engine.ManualClock(c.Script.Start - 1)
	var fault func(string) error
	if l.r.IntN(3) == 0 {
		fault = loseAnswers()
	}
	cache := int64(0)
	if l.r.IntN(2) == 0 {
		cache = -1 // nobody is kept in memory: each call unpacks the person anew
	}
	l.engine, err = engine.New(l.ctx, engine.Options{
		Store: l.store, Clock: l.clock, Owner: "proving", CacheBytes: cache, Fault: fault,
		RandomID: func() string { return proving.PersonID },
		Observe: func(_ string, traces []orchestrator.Trace) {
			for _, t := range traces {
				l.rec.Observe(t)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	rel, _, err := l.engine.Deploy(l.ctx, map[string]string{"w.journey": c.Program.Text()}, false, "proving")
	if err == nil && rel.Number == 0 {
		err = errors.New("the program is not published")
	}
	if err == nil {
		err = l.again()
	}
	return l, err
}

// loseAnswers loses the answer of every fifth commit: whoever made it is told
// that the store is away, and has to do it again.
func loseAnswers() func(string) error {
	n := 0
	return func(point string) error {
		if point != "commit: its answer" {
			return nil
		}
		if n++; n%5 == 0 {
			return fmt.Errorf("%w (the answer is lost)", engine.ErrUnavailable)
		}
		return nil
	}
}

// patiently does something again while the store seems to be away.
func patiently[T any](do func() (T, error)) (v T, err error) {
	for range 50 {
		if v, err = do(); !errors.Is(err, engine.ErrUnavailable) {
			break
		}
	}
	return v, err
}

func (l *live) close() {
	_ = l.engine.Close()
	_ = l.store.Close()
}

// again takes the partition's lease, or renews it.
func (l *live) again() error {
	lease, ok, err := l.engine.Lease(l.ctx, store.Partition(proving.PersonID))
	if err == nil && !ok {
		err = errors.New("the lease is another's")
	}
	l.lease = lease
	return err
}

func (l *live) person() (*profiles.Person, error) {
	found, _, err := l.store.Load(l.ctx, proving.PersonID)
	if err != nil {
		return nil, err
	}
	return found[0].Person, found[0].Err
}

// play goes from instant to instant, as the simulator does.
func (l *live) play() error {
	inputs := l.c.Script.Inputs
	for i := 0; ; {
		due, err := l.due()
		if err != nil {
			return err
		}
		if i < len(inputs) && (due == 0 || inputs[i].At <= due) {
			due = inputs[i].At
		}
		if due == 0 || due > l.c.Script.Until {
			return nil
		}
		l.now = due
		l.clock.Set(due)
		if i < len(inputs) && inputs[i].At == due {
			if err := l.submit(i, inputs[i]); err != nil {
				return err
			}
			i++
		}
		if err := l.instant(); err != nil {
			return fmt.Errorf("at %s: %w", due, err)
		}
	}
}

// due is the next instant at which time alone makes something happen: a
// moment, or a workflow's timer.
func (l *live) due() (value.Time, error) {
	p, err := l.person()
	if err != nil || p == nil {
		return 0, err
	}
	at := p.Moment
	for _, f := range l.flows {
		if u := f.next.Until; f.next.Kind == orchestrator.WaitUntil && u != 0 && (at == 0 || u < at) {
			at = u
		}
	}
	return at, nil
}

// submit sends a call, sometimes twice.
func (l *live) submit(i int, in *proving.Input) error {
	call := engine.Call{
		Kind: engine.CallTrack, Source: "test", MessageID: fmt.Sprint("m", i), UserID: userID, Event: in.Name,
		Properties: in.Raw(), Traits: in.RawTraits(), Time: real(in.Of), Received: real(in.At),
	}
	switch in.Kind {
	case proving.InputSet:
		call.Kind, call.Event, call.Traits, call.Properties = engine.CallIdentify, "", in.Raw(), nil
	case proving.InputRequest:
		call.Kind, call.Event, call.Journey = engine.CallRequest, "", in.Name
	}
	calls := []engine.Call{call}
	if l.r.IntN(5) == 0 {
		calls = append(calls, call)
	}
	tries := 0
	results, err := patiently(func() ([]engine.CallResult, error) {
		tries++
		return l.engine.Submit(l.ctx, calls)
	})
	if err != nil {
		return err
	}
	for k, r := range results {
		if r.Err != nil || len(r.Warnings) > 0 || r.Duplicate != (k > 0) && tries == 1 {
			return fmt.Errorf("call %d: %+v", i, r)
		}
	}
	return nil
}

func real(t value.Time) time.Time { return time.UnixMilli(int64(t)) }

// instant does everything that is due now, as relay, workers and the owner of
// the partition do it, in the simulator's order.
func (l *live) instant() error {
	if err := l.tick(); err != nil {
		return err
	}
	for range 10_000 {
		if err := l.relay(); err != nil {
			return err
		}
		stepped, err := l.timers()
		if err != nil {
			return err
		}
		if stepped {
			continue
		}
		p, err := l.person()
		if err != nil || p == nil {
			return err
		}
		run, ok := planned(p)
		if !ok {
			run, ok = l.overtaken()
		}
		if !ok {
			return l.meddle(p)
		}
		if l.flows[run] == nil {
			return fmt.Errorf("run %s stands at a send and has no workflow", run)
		}
		if err := l.step(l.flows[run]); err != nil {
			return err
		}
	}
	return errors.New("it does not come to rest")
}

// tick takes the person's moment, if it is due.
func (l *live) tick() error {
	p, err := l.person()
	if err != nil || p == nil || p.Moment == 0 || p.Moment > l.now {
		return err
	}
	if err := l.again(); err != nil {
		return err
	}
	_, err = patiently(func() (engine.Ticked, error) { return l.engine.Tick(l.ctx, l.lease) })
	return err
}

// relay takes what is in the outbox to the workflows.
func (l *live) relay() error {
	for {
		list, err := l.engine.Outbox(l.ctx, l.lease, 100)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := l.again(); err != nil {
			return err
		}
		for _, re := range list {
			if err := l.react(re); err != nil {
				return err
			}
			if err := l.engine.Ack(l.ctx, l.lease, re.ID); err != nil {
				return err
			}
		}
	}
}

func (l *live) react(re store.Reaction) error {
	f := l.flows[re.Run]
	switch {
	case re.Kind == store.StartRun && f == nil:
		l.flows[re.Run] = &workflow{run: re.Run, next: orchestrator.Order{
			Kind: orchestrator.OrderKind(re.Order.Kind), Seq: re.Order.Seq, Until: re.Order.Until, Channel: re.Order.Channel,
		}}
	case re.Kind == store.WakeRun && f == nil:
		return fmt.Errorf("run %s is woken and was never started", re.Run)
	case re.Kind == store.WakeRun:
		f.wake = max(f.wake, re.Seq)
	}
	return nil
}

// timers lets one workflow go on that waits and whose timer has fired, or that
// was woken; one that stands at a send has its turn later.
func (l *live) timers() (bool, error) {
	for _, run := range l.names() {
		f := l.flows[run]
		fired := f.next.Until != 0 && f.next.Until <= l.now
		switch {
		case f.next.Kind == orchestrator.Ask:
		case f.next.Kind == orchestrator.WaitUntil && (fired || f.wake >= f.next.Seq && f.wake > 0):
			f.wake = 0
		default:
			continue
		}
		return true, l.step(f)
	}
	return false, nil
}

// overtaken is a workflow that is to deliver something while its run is no
// longer at a send: another run's effect has ended it.
func (l *live) overtaken() (string, bool) {
	for _, run := range l.names() {
		if l.flows[run].next.Kind == orchestrator.Deliver {
			return run, true
		}
	}
	return "", false
}

func (l *live) names() []string {
	names := make([]string, 0, len(l.flows))
	for n := range l.flows {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// step carries out a workflow's order.
func (l *live) step(f *workflow) (err error) {
	if f.next.Kind == orchestrator.Deliver {
		f.next, err = l.deliver(f)
	} else {
		f.next, err = l.advance(f.run, f.next.Seq)
	}
	if f.next.Kind == orchestrator.EndRun {
		delete(l.flows, f.run)
	}
	return err
}

func (l *live) advance(run string, seen int64) (orchestrator.Order, error) {
	return patiently(func() (orchestrator.Order, error) { return l.engine.Advance(l.ctx, run, seen) })
}

// deliver is an attempt as the worker makes it.
func (l *live) deliver(f *workflow) (orchestrator.Order, error) {
	claimed, err := patiently(func() (engine.Draft, error) { return l.claim(f) }) // whether a lost one happened, the next draft finds out
	if err != nil || !claimed.Ready {
		return claimed.Order, err
	}
	out := l.rec.Deliver(claimed.Message, l.c.Script, l.now)
	settle := func() (orchestrator.Order, error) { return l.engine.Settle(l.ctx, claimed, out) }
	order, err := patiently(settle)
	if err == nil && l.r.IntN(4) == 0 {
		var again orchestrator.Order
		again, err = patiently(settle)
		if err == nil && again != order {
			err = fmt.Errorf("settled again, the order is %+v, not %+v", again, order)
		}
	}
	return order, err
}

// claim drafts a send and claims it.
func (l *live) claim(f *workflow) (engine.Draft, error) {
	d, err := l.engine.Draft(l.ctx, f.run, f.next.Seq)
	if err != nil || !d.Ready {
		return d, err
	}
	if l.r.IntN(4) == 0 { // a worker that was killed before it claimed
		if d, err = l.engine.Draft(l.ctx, f.run, f.next.Seq); err != nil || !d.Ready {
			return d, fmt.Errorf("drafted again: %+v, %w", d, err)
		}
	}
	claimed, err := l.engine.Claim(l.ctx, d)
	if err != nil || !claimed.Ready {
		return claimed, err
	}
	if l.r.IntN(4) == 0 {
		if c, err := l.engine.Claim(l.ctx, d); !errors.Is(err, engine.ErrNotYet) {
			return c, fmt.Errorf("a second worker claims it too: %+v, %w", c, err)
		}
	}
	return claimed, nil
}

// meddle does what must change nothing: old workflows ask, unknown ones,
// those that have ended.
func (l *live) meddle(p *profiles.Person) error {
	if l.r.IntN(4) > 0 {
		return nil
	}
	for _, run := range l.names() {
		f := l.flows[run]
		for _, seen := range []int64{0, f.next.Seq - 1, f.next.Seq} {
			o, err := l.advance(run, seen)
			if err != nil {
				return err
			}
			if o.Kind != orchestrator.WaitUntil || o.Until <= l.now && o.Until != 0 {
				return fmt.Errorf("run %s is at rest, and its order is %+v", run, o)
			}
		}
	}
	run := proving.PersonID + ".99999"
	if len(p.Ended) > 0 {
		run = p.Ended[l.r.IntN(len(p.Ended))].ID
	}
	o, err := l.advance(run, 1<<40)
	if err == nil && o.Kind != orchestrator.EndRun {
		err = fmt.Errorf("run %s is over, and its order is %+v", run, o)
	}
	return err
}

// finish checks that every workflow knows what its run is to do, and writes
// down what the person is in the end.
func (l *live) finish() (*profiles.Person, error) {
	p, err := l.person()
	if err != nil {
		return nil, err
	}
	if p == nil {
		p = profiles.New(proving.PersonID, l.now)
	}
	var live []string
	for _, r := range p.Runs {
		live = append(live, r.ID)
		f := l.flows[r.ID]
		if f == nil {
			return nil, fmt.Errorf("live run %s has no workflow", r.ID)
		}
		if f.next.Until == 0 && r.Until != 0 || f.next.Until > r.Until {
			return nil, fmt.Errorf("the timer of %s is set to %s, and the run waits until %s", r.ID, f.next.Until, r.Until)
		}
	}
	slices.Sort(live)
	if names := l.names(); !slices.Equal(names, live) {
		return nil, fmt.Errorf("workflows of %s, and live are %s", strings.Join(names, ", "), strings.Join(live, ", "))
	}
	l.rec.Final(p)
	return p, nil
}
