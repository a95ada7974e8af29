package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"journey/dsl"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// claimFor is how long a claim is believed to be worked on, in real time,
// unless the draft says otherwise.
const claimFor = 45 * time.Second

// Draft is a send, judged and rendered, before or after its claim.
type Draft struct {
	Run     string
	Seq     int64                 // of the order it carries out
	Ready   bool                  // Message is to be delivered; false: Order says what is next
	Message orchestrator.Rendered // with Ready
	Order   orchestrator.Order    // without Ready
	// Timeout is how long the provider may take before the claim is taken for
	// dead; 0: 45 s. The caller may set it before Claim.
	Timeout time.Duration
	Owner   string // of the claim, once it is made
}

// Draft judges and renders the send a run stands at. Nothing is written when
// there is something to deliver; otherwise the draft is not Ready and its
// Order says what is next: to wait for a wake, while its journey is paused or
// its channel stopped. ErrNotYet: an earlier send of the person comes first,
// or another worker has it.
func (e *Engine) Draft(ctx context.Context, run string, seen int64) (Draft, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range maxTries {
		d, decided, err := e.preview(ctx, run, seen)
		if errors.Is(err, ErrNoRelease) {
			order, err := e.Advance(ctx, run, seen)
			return Draft{Run: run, Order: order}, err
		}
		if err != nil || d.Ready {
			return d, err
		}
		if !decided {
			continue
		}
		d, again, err := e.decide(ctx, run, seen)
		if err != nil || !again {
			return d, err
		}
	}
	return Draft{}, ErrNotYet
}

// preview claims a send on a copy of the person that is thrown away. decided:
// there is something to be written instead.
func (e *Engine) preview(ctx context.Context, run string, seen int64) (d Draft, decided bool, err error) {
	live := e.living.Load()
	if live == nil {
		return d, false, ErrNoRelease
	}
	id := store.RunProfile(run)
	if id == "" {
		return d, false, fmt.Errorf("%q is no run's id", run)
	}
	l, err := e.load(ctx, id)
	if err != nil {
		return d, false, err
	}
	if store.Nowhere(l.ID) || store.Nowhere(l.Moving) {
		return d, true, nil
	}
	if l.Moving != "" {
		_, err := e.finishMerge(ctx, l.ID)
		if nowhere(err) {
			return d, true, nil
		}
		return d, false, err
	}
	if l.Release != live.number || l.Switches != live.switches.Version {
		return d, false, e.agree(ctx, l.Release)
	}
	if l.Person == nil {
		return d, true, nil
	}
	if err := e.needPlans(ctx, l.Person); err != nil {
		return d, false, err
	}
	r, lives := l.Person.Run(run)
	s := orchestrator.Pending(l.Person, run)
	if !lives || r.Seq > seen || r.State != profiles.Sending || s == nil || s.State != profiles.Planned {
		return d, true, nil
	}
	if live.world.Stands(l.Person, r) {
		return d, true, nil
	}
	now, err := e.Now(ctx)
	if err != nil {
		return d, false, err
	}
	c := live.world.Claim(l.Person, run, max(now, l.Person.Last), "preview", 0)
	switch c.Verdict {
	case orchestrator.Claimed:
		return Draft{Run: run, Seq: c.Order.Seq, Ready: true, Message: c.Message}, false, nil
	case orchestrator.NotYet:
		return d, false, ErrNotYet
	}
	return d, true, nil
}

// decide writes what a run's send came to without its provider: skipped, not
// rendered, left behind by a dead worker. again: there is something to
// deliver after all.
func (e *Engine) decide(ctx context.Context, run string, seen int64) (d Draft, again bool, err error) {
	var lost bool
	real, err := e.realNow(ctx)
	if err != nil {
		return d, false, err
	}
	err = e.onRun(ctx, run, func(v *visit) error {
		d, again, lost = Draft{Run: run}, false, false
		r, lives := v.p.Run(run)
		s := orchestrator.Pending(v.p, run)
		if !lives || r.Seq > seen || r.State != profiles.Sending || v.world.Stands(v.p, r) {
			d.Order, lost = v.advance(run, seen)
			return nil
		}
		if s != nil && s.State == profiles.Attempting {
			out, ok := e.leftOver(v, r, s, real)
			if !ok {
				v.doubtful = true
				return ErrNotYet
			}
			d.Order = v.goOn(run, &out)
			again = out.State == profiles.Planned
			return nil
		}
		c := v.claim(run, v.moment(), "preview", 0, nil)
		if c.Verdict == orchestrator.Claimed { // it can be delivered by now
			v.goOn(run, &orchestrator.Outcome{State: profiles.Planned})
		}
		if c.Verdict == orchestrator.NotYet {
			return ErrNotYet
		}
		d.Order, again = c.Order, c.Verdict == orchestrator.Claimed
		return nil
	})
	if nowhere(err) {
		return Draft{Run: run, Order: endRun}, false, nil
	}
	if err != nil {
		return Draft{}, false, err
	}
	e.countLost(run, lost)
	return d, again, nil
}

// leftOver is what is to become of an attempt whose worker has not settled
// it: false while it may still be at work.
func (e *Engine) leftOver(v *visit, r *profiles.Run, s *profiles.Send, real time.Time) (orchestrator.Outcome, bool) {
	switch {
	case e.claims.unheard(s.Owner):
		// A claim of this process whose answer never came: nothing was handed
		// to the provider.
		return orchestrator.Outcome{State: profiles.Planned}, true
	case real.UnixMilli() <= s.Deadline:
		return orchestrator.Outcome{}, false
	case v.resends(r):
		return orchestrator.Outcome{State: profiles.Planned}, true
	}
	return orchestrator.Outcome{State: profiles.Uncertain}, true
}

// resends says whether the message of a run's send is repeated in doubt.
func (v *visit) resends(r *profiles.Run) bool {
	plan := v.live.plan
	if own := v.e.plans.get(r.Release); own != nil {
		plan = own
	}
	j, ok := plan.Journey(r.Journey)
	if !ok || r.Step < 0 || r.Step >= len(j.Code) {
		return false
	}
	send, ok := j.Code[r.Step].(*dsl.Send)
	return ok && send.Message.Resend
}

// Claim commits that a drafted send is being attempted, after judging all of
// it again: only a Ready answer may be delivered, and only once. Not Ready:
// Order says what is next. ErrChanged: the message is another one now.
func (e *Engine) Claim(ctx context.Context, d Draft) (Draft, error) {
	timeout := d.Timeout
	if timeout <= 0 {
		timeout = claimFor
	}
	real, err := e.realNow(ctx)
	if err != nil {
		return Draft{}, err
	}
	deadline := real.Add(timeout).UnixMilli()
	token := e.claims.token(e.owner)
	out := Draft{Run: d.Run, Timeout: d.Timeout}
	var lost bool
	err = e.onRun(ctx, d.Run, func(v *visit) error {
		out.Seq, out.Ready, out.Owner, out.Message, lost = d.Seq, false, "", orchestrator.Rendered{}, false
		r, lives := v.p.Run(d.Run)
		s := orchestrator.Pending(v.p, d.Run)
		if !lives || r.Seq > d.Seq || r.State != profiles.Sending || s == nil || v.world.Stands(v.p, r) {
			out.Order, lost = v.answer(d.Run)
			return nil
		}
		if s.State != profiles.Planned {
			v.doubtful = true
			return ErrNotYet
		}
		same := func(m *orchestrator.Rendered) bool { return sameMessage(m, &d.Message) }
		c := v.claim(d.Run, v.moment(), token, deadline, same)
		switch {
		case c.Verdict == orchestrator.NotYet:
			return ErrNotYet
		case c.Verdict == orchestrator.Decided:
			out.Order = c.Order
			return nil
		case !same(&c.Message):
			return ErrChanged
		}
		out.Ready, out.Owner, out.Message, out.Seq = true, token, c.Message, c.Order.Seq
		return nil
	})
	if nowhere(err) {
		return Draft{Run: d.Run, Order: endRun}, nil
	}
	if err != nil {
		if errors.Is(err, ErrUnavailable) {
			e.claims.doubt(token)
		}
		return Draft{}, err
	}
	e.countLost(d.Run, lost)
	return out, nil
}

// sameMessage says whether what was prepared is what is to be sent.
func sameMessage(a, b *orchestrator.Rendered) bool {
	x, y := *a, *b
	x.JSON, y.JSON = nil, nil
	return bytes.Equal(a.JSON, b.JSON) && equalRendered(&x, &y)
}

func equalRendered(a, b *orchestrator.Rendered) bool {
	return a.Key == b.Key && a.Journey == b.Journey && a.Message == b.Message && a.Channel == b.Channel && a.To == b.To &&
		a.Subject == b.Subject && a.Text == b.Text && a.HTML == b.HTML && a.URL == b.URL && a.Image == b.Image && a.Method == b.Method &&
		a.Resend == b.Resend && a.Call == b.Call
}

// Settle writes what a send came to and answers the run's next order: after
// its delivery, or with a draft that was never claimed because the provider
// refused it for good. The outcome Planned gives a claim back of which it is
// certain that nothing went out. A send that somebody else has settled since
// stays as it is. ErrNotYet: in doubt it is to be sent again, after a while.
func (e *Engine) Settle(ctx context.Context, d Draft, outcome orchestrator.Outcome) (order orchestrator.Order, err error) {
	again := outcome.State == profiles.Uncertain && d.Message.Resend
	if again {
		outcome = orchestrator.Outcome{State: profiles.Planned}
	}
	var written, lost bool
	err = e.onRun(ctx, d.Run, func(v *visit) error {
		lost = false
		s := sendOf(v.p, d.Message.Key)
		ours := s != nil && (s.State == profiles.Attempting && s.Owner == d.Owner || s.State == profiles.Planned && d.Owner == "")
		if written = ours; !ours {
			order, lost = v.answer(d.Run)
			return nil
		}
		o := outcome
		order = v.goOn(d.Run, &o)
		return nil
	})
	if nowhere(err) {
		return endRun, nil
	}
	if err == nil && again && written && order.Kind == orchestrator.Deliver {
		err = ErrNotYet
	}
	if err != nil {
		return orchestrator.Order{}, err
	}
	e.countLost(d.Run, lost)
	return order, nil
}

// sendOf finds a send in the ledger by its key.
func sendOf(p *profiles.Person, key string) *profiles.Send {
	for i := len(p.Ledger) - 1; i >= 0; i-- {
		if s := p.Ledger[i]; s.Key() == key {
			return s
		}
	}
	return nil
}

// claims makes tokens for claims, and remembers those whose commit was never
// heard of: it is certain that they were not delivered.
type claims struct {
	n       atomic.Int64
	mu      sync.Mutex
	doubted map[string]bool
	order   []string
}

const maxDoubted = 10_000

// token names a claim: the process and a number.
func (c *claims) token(owner string) string {
	return owner + "." + strconv.FormatInt(c.n.Add(1), 36)
}

func (c *claims) doubt(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doubted == nil {
		c.doubted = map[string]bool{}
	}
	c.doubted[token] = true
	c.order = append(c.order, token)
	if len(c.order) > maxDoubted {
		delete(c.doubted, c.order[0])
		c.order = c.order[1:]
	}
}

func (c *claims) unheard(token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubted[token]
}
