package dsl

import (
	"time"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
)

// Step is a compiled statement of a journey.
//
//sumtype:decl
type Step interface{ Head() *StepHead }

// StepHead is what all steps have.
type StepHead struct {
	ID   string // its label, else its path: "4.otherwise.2"; a second one of the same path has "~2" behind it
	Next int    // where a run goes on; End: nowhere
	Slot int    // the arm whose event is `event` here; -1: there is none
	Span diag.Span
}

// Head is the head itself; it seals Step.
func (h *StepHead) Head() *StepHead { return h }

// Arm is what happens when a wait ends in one of its ways: a block, then the
// wait's Next. A way without a block has Start == Next.
type Arm struct {
	Start int
	Slot  int // where the event that satisfied the arm is kept; -1: none
}

// Wait is `wait D`.
type Wait struct {
	StepHead
	For *cond.Expr
}

// WaitClock is `wait until 09:00`, `wait until monday, friday at 09:00` and
// `wait until tomorrow at 15:00`: the next such local moment, now if it is
// exactly now.
type WaitClock struct {
	StepHead
	Clock    value.Clock
	Days     Weekdays // 0: every day
	Tomorrow bool     // not today; with Days: the first of them from tomorrow on
}

// Weekdays is a set of days of the week: bit time.Weekday.
type Weekdays uint8

// Has says whether the set holds the day; the empty set holds all.
func (w Weekdays) Has(d time.Weekday) bool { return w == 0 || w&(1<<d) != 0 }

// WaitWindow is `wait until 09:00 to 18:00 [on weekdays]`. The day is that of
// the opening; From > To crosses midnight.
type WaitWindow struct {
	StepHead
	From, To value.Clock
	Days     Weekdays // 0: every day
}

// WaitMoment is `wait until EXPR [at 09:00] [{ … }] [otherwise { … }]
// [if past exit]`.
type WaitMoment struct {
	StepHead
	Moment    *cond.Expr // a date or time
	At        value.Clock
	HasAt     bool
	Days      Weekdays // with HasAt: the first of these days that is not before that of Moment; 0: that day
	Then      int      // first step of the block, or Next
	Otherwise int      // first step of otherwise, or Next
	ExitPast  bool
}

// WaitQuiet is `wait until no EVENT [where C] for D`.
type WaitQuiet struct {
	StepHead
	Event string
	Where *cond.Expr
	For   *cond.Expr
}

// WaitFor is `wait up to D for …` and `wait up to D until C`.
type WaitFor struct {
	StepHead
	UpTo      *cond.Expr
	Alts      []Alternative
	Otherwise int // when D has passed: first step of the block, or Next
}

// Alternative is one thing a WaitFor waits for: an event or a condition.
type Alternative struct {
	Event      string // "": When
	When       *cond.Expr
	Where      *cond.Expr
	SinceEntry bool
	Arm        Arm
	Span       diag.Span // of the event's name or the condition
}

// If is `if C { … } else { … }`.
type If struct {
	StepHead
	Cond       *cond.Expr
	Then, Else int
}

// Split is `split NAME { 50% a { … } … }`.
type Split struct {
	StepHead
	Name     string
	Branches []Branch
}

// Branch is one branch of a split.
type Branch struct {
	Name  string
	Share float64 // per cent
	Start int
}

// Set is `set profile.X = EXPR` and, with a nil Value, `clear profile.X`.
// Path reaches into an object: "consent.email".
type Set struct {
	StepHead
	Trait string
	Path  string // below the trait, "" for the trait itself
	Value *cond.Expr
}

// Tag is `tag "x"` and `untag "x"`.
type Tag struct {
	StepHead
	Tag    string
	Remove bool
}

// Let is `let NAME = EXPR`.
type Let struct {
	StepHead
	Name  string
	Value *cond.Expr
}

// Send is `send M [with { … }] [otherwise { … }]`.
type Send struct {
	StepHead
	Message   *Message
	With      []Named
	Otherwise int // when it was not sent: first step of the block, or Next
}

// Leave is the step `exit ["reason"]`.
type Leave struct {
	StepHead
	Reason string
}

// WaitHour is `wait until hour EXPR`: the next such local hour; 8.5 is 08:30,
// missing or outside 0 to 24 at once.
type WaitHour struct {
	StepHead
	Hour *cond.Expr
}

// Repeat is `repeat up to N times [every D] [while C] { … }`. The last step
// of its block leads back to it.
type Repeat struct {
	StepHead
	Times int
	Every *cond.Expr // nil: no wait between rounds
	While *cond.Expr // nil: always; asked before each round, after the wait
	Body  int        // first step of the block, or the Repeat itself
}

// Emit is `emit EVENT { k: EXPR }`.
type Emit struct {
	StepHead
	Event string
	Props []Named
}

// Ask is the step `call NAME [with { … }] [as VAR] [otherwise { … }]`.
type Ask struct {
	StepHead
	Call      *Call
	With      []Named
	As        string // "": the answer is not kept
	Otherwise int
}

// Begin is the step `start JOURNEY [with { … }]`.
type Begin struct {
	StepHead
	Journey string
	With    []Named
}
