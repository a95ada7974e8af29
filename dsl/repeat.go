package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/syntax"
)

// Bounds on loops. One that never waits turns at one instant, so it is kept
// short; and loops inside loops must come to an end within anybody's lifetime.
const (
	maxTimes  = 1000   // of one repeat
	maxAtOnce = 10     // of one that never waits
	maxRounds = 10_000 // of repeats inside each other, all in all
)

// repeat compiles a loop.
func (w *journeyWork) repeat(s *syntax.Repeat, at spot, path string) (ends bool) {
	loop := &Repeat{Times: int(s.Times.Value), Body: join}
	i := w.lay(loop, s, at, path)
	scope := w.scope(at.event)
	for _, x := range []*syntax.Expr{s.Every, s.While} {
		at.reads.note(x)
	}
	loop.Every = w.expr(s.Every, &scope, cond.Duration)
	loop.While = w.expr(s.While, &scope, cond.Condition)
	w.times(s, loop.Times, at.rounds)
	at.rounds = max(at.rounds, 1) * max(loop.Times, 1)
	loop.Body, ends = w.block(s.Body, at.in(loop.ID, "repeat", i))
	return ends && s.While == nil
}

func (w *journeyWork) times(s *syntax.Repeat, times, around int) {
	if s.Broken() {
		return
	}
	switch {
	case float64(times) != s.Times.Value || times < 1 || times > maxTimes:
		w.report(errTimes(&s.Times))
	case times > maxAtOnce && s.Every == nil && s.Body != nil && !waits(s.Body.Steps) && !w.misread(s.Body.Span()):
		w.report(errNoWait(s.Word()))
	case max(around, 1)*times > maxRounds:
		w.report(errTooManyRounds(&s.Times, around*times))
	}
}

// waits says whether one of the steps waits, or one in their blocks.
func waits(steps []syntax.Step) bool {
	for _, s := range steps {
		switch s := s.(type) {
		case *syntax.Wait, *syntax.WaitClock, *syntax.WaitHour, *syntax.WaitWindow, *syntax.WaitMoment, *syntax.WaitQuiet, *syntax.WaitFor:
			return true
		case *syntax.Repeat:
			if s.Every != nil && s.Times.Value > 1 {
				return true
			}
		}
		for _, b := range blocks(s) {
			if b != nil && waits(b.Steps) {
				return true
			}
		}
	}
	return false
}
