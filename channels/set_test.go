package channels

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fake is a provider that counts.
type fake struct {
	refuse   bool
	prepared atomic.Int64 // and not ended
	most     atomic.Int64
	closed   atomic.Bool
}

func (f *fake) Prepare(context.Context, Message) (Delivery, error) {
	if f.refuse {
		return nil, permanent("no", "no")
	}
	n := f.prepared.Add(1)
	for {
		most := f.most.Load()
		if n <= most || f.most.CompareAndSwap(most, n) {
			return fakeDelivery{f}, nil
		}
	}
}

func (f *fake) Close() error { f.closed.Store(true); return errors.New("closing") }

type fakeDelivery struct{ f *fake }

func (d fakeDelivery) Deliver(context.Context) Result {
	d.f.prepared.Add(-1)
	return Result{Outcome: Sent}
}
func (d fakeDelivery) Abandon() { d.f.prepared.Add(-1) }

func TestSet(t *testing.T) {
	f := &fake{}
	s := Set{"email": Limit(f, 1), "sms": nil}
	if p, ok := s.For("email"); !ok || p == nil {
		t.Error("no email")
	}
	for _, channel := range []string{"sms", "push"} {
		if _, ok := s.For(channel); ok {
			t.Errorf("%s is there", channel)
		}
	}
	if err := s.Close(); err == nil || !f.closed.Load() {
		t.Errorf("close: %v", err)
	}
}

func TestLimit(t *testing.T) {
	f := &fake{}
	p := Limit(f, 2)
	a, err := p.Prepare(t.Context(), mailTo("r/1/1"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Prepare(t.Context(), mailTo("r/2/1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Prepare(ctx, mailTo("r/3/1"))
	wantError(t, err, false, "channel busy")
	a.Deliver(t.Context())
	a.Abandon() // does not give a second place back
	c, err := p.Prepare(t.Context(), mailTo("r/4/1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Prepare(ctx, mailTo("r/5/1"))
	wantError(t, err, false, "channel busy")
	b.Abandon()
	c.Abandon()

	refusing := Limit(&fake{refuse: true}, 1)
	for range 3 {
		_, err := refusing.Prepare(t.Context(), mailTo("r/1/1"))
		wantError(t, err, true, "no")
	}
}

func TestLimitUnderLoad(t *testing.T) {
	f := &fake{}
	p := Limit(f, 3)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			d, err := p.Prepare(t.Context(), mailTo("r/1/1"))
			if err != nil {
				t.Error(err)
				return
			}
			if i%2 == 0 {
				d.Abandon()
			} else {
				d.Deliver(t.Context())
			}
		})
	}
	all.Wait()
	if f.most.Load() > 3 || f.prepared.Load() != 0 {
		t.Errorf("%d at once, %d left", f.most.Load(), f.prepared.Load())
	}
}
