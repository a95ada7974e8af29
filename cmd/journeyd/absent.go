package main

import (
	"context"
	"net/http"
	"sync/atomic"

	"journey/dsl/diag"
	"journey/engine"
	"journey/ingest"
	"journey/orchestrator"
	"journey/profiles"
	"journey/why"
)

// door is what the listener serves: another handler may be put behind it at
// any time.
type door struct{ behind atomic.Pointer[http.Handler] }

func (d *door) open(h http.Handler) { d.behind.Store(&h) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.behind.Load()).ServeHTTP(w, r) }

// absent stands for the engine until Redis has answered: nothing can be
// stored, nothing is known, and a repeat is welcome.
type absent struct{}

func (absent) Live() *orchestrator.Plan { return nil }

func (absent) Ready(context.Context) engine.Health {
	return engine.Health{Error: "has not answered since the start: it is waited for"}
}

func (absent) Submit(context.Context, []engine.Call) ([]engine.CallResult, error) {
	return nil, engine.ErrUnavailable
}

func (absent) Profile(context.Context, string) (*profiles.View, error) {
	return nil, engine.ErrUnavailable
}

func (absent) Why(context.Context, string, string) (*why.Explanation, error) {
	return nil, engine.ErrUnavailable
}

func (absent) Deploy(context.Context, map[string]string, bool, string) (engine.Release, []diag.Diagnostic, error) {
	return engine.Release{}, nil, engine.ErrUnavailable
}

func (absent) Releases(context.Context) ([]engine.Release, error) { return nil, engine.ErrUnavailable }

func (absent) Rollback(context.Context, int) (engine.Release, error) {
	return engine.Release{}, engine.ErrUnavailable
}

var (
	_ ingest.Engine = absent{}
	_ leaver        = absent{}
)
