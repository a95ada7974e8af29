package orchestrator

import "journey/dsl/value"

// Observer is told what happens, as it happens. Traces, timelines, coverage
// and counters are observers; the machine does not know which.
type Observer interface{ Observe(Trace) }

// ObserverFunc is a function as an Observer.
type ObserverFunc func(Trace)

// Observe calls f.
func (f ObserverFunc) Observe(t Trace) { f(t) }

// TraceKind says what happened.
type TraceKind string

// What can happen.
const (
	TraceEntered TraceKind = "entered"
	TraceRefused TraceKind = "refused" // Detail: why
	TraceIgnored TraceKind = "ignored" // an entry whose `where` does not hold; Detail: the clause
	TraceWaiting TraceKind = "waiting" // Until: until when
	TraceTook    TraceKind = "took"    // Detail: the way: "then", "else", "otherwise", a branch, "event order_completed"
	TracePlanned TraceKind = "planned" // Detail: the message
	TraceOutcome TraceKind = "outcome" // Detail: "sent", "skipped: consent", …; Name: the message; Value: of "failed: render", what could not be written
	TraceChanged TraceKind = "changed" // Name: a trait that a run set, Detail "tag" or "untag" for tags
	TraceGoal    TraceKind = "goal"    // Name: the goal
	TraceEnded   TraceKind = "ended"   // Detail: the reason
	TraceSegment TraceKind = "segment" // Name: the segment, Detail: "in" or "out"
	TraceTag     TraceKind = "tag"     // Name: a tag that a rule gives, Detail: "in" or "out"
	TraceHeld    TraceKind = "held"    // Name: the message, Until: the end of the quiet hours
	TraceJump    TraceKind = "jump"    // the run's clock jumped
)

// Trace is one thing that happened to a person.
type Trace struct {
	Kind    TraceKind
	At      value.Time
	Journey string
	Run     string
	Step    string
	Name    string
	Detail  string
	Until   value.Time
	Value   any
	Clause  int // of an entry or an exit: its place among the journey's, from 1; 0: none
}
