package simulator

import (
	"fmt"
	"io"
	"strings"

	"journey/dsl/value"
	"journey/orchestrator"
)

// Timeline writes what happens to a person, a line each, with the time since
// the start.
type Timeline struct {
	W     io.Writer
	Start value.Time
}

var _ orchestrator.Observer = (*Timeline)(nil)

// Observe writes one line; what did not concern anybody is left out.
func (l *Timeline) Observe(t orchestrator.Trace) {
	if t.Kind == orchestrator.TraceIgnored {
		return
	}
	parts := []string{t.At.Sub(l.Start).String(), string(t.Kind)}
	for _, p := range []string{t.Journey, t.Step, t.Name, t.Detail} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if t.Until != 0 {
		parts = append(parts, "until "+t.Until.Sub(l.Start).String())
	}
	if t.Value != nil {
		parts = append(parts, fmt.Sprint(t.Value))
	}
	fmt.Fprintln(l.W, strings.Join(parts, " "))
}
