package orchestrator

import (
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Holds asks a condition on the person as he is, at an instant. Nothing
// happens to him by it.
func (w *World) Holds(p *profiles.Person, c *cond.Expr, at value.Time) bool {
	m := &machine{World: w, p: p, plan: w.Live, now: at, at: at}
	m.view = view{m: m}
	m.env.Person = &m.view
	return c.Bool(m.about())
}
