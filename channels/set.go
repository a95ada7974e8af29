package channels

import (
	"context"
	"errors"
	"io"
	"sync"
)

// Set is the providers of a server, by channel.
type Set map[string]Provider

// For is the provider of a channel.
func (s Set) For(channel string) (Provider, bool) {
	p, ok := s[channel]
	return p, ok && p != nil
}

// Close closes those providers that hold something.
func (s Set) Close() error {
	var errs []error
	for _, p := range s {
		if c, ok := p.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Limit is a bulkhead: at most n of p's deliveries are prepared and not yet
// ended at any moment. A further Prepare waits for its turn until ctx ends, and
// then fails with the temporary error "channel busy". So a provider that hangs
// holds n callers and no more. n below 1 counts as 1. Closing the bulkhead closes p.
func Limit(p Provider, n int) Provider {
	return &limited{provider: p, slots: make(chan struct{}, max(n, 1))}
}

type limited struct {
	provider Provider
	slots    chan struct{}
}

func (l *limited) Prepare(ctx context.Context, m Message) (Delivery, error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, temporary("channel busy", "all %d deliveries of %s are taken: %v", cap(l.slots), m.Channel, ctx.Err())
	}
	d, err := l.provider.Prepare(ctx, m)
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slot{Delivery: d, leave: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close closes the provider behind the bulkhead.
func (l *limited) Close() error {
	if c, ok := l.provider.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// slot is a delivery with its place in the bulkhead.
type slot struct {
	Delivery
	leave func()
}

func (s *slot) Deliver(ctx context.Context) Result {
	defer s.leave()
	return s.Delivery.Deliver(ctx)
}

func (s *slot) Abandon() {
	defer s.leave()
	s.Delivery.Abandon()
}

var (
	_ Provider  = (*limited)(nil)
	_ io.Closer = (*limited)(nil)
	_ Delivery  = (*slot)(nil)
)
