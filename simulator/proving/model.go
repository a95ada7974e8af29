package proving

import "journey/dsl/value"

// The model is what the generator makes, the oracle reads and the shrinker
// makes smaller. Of package value it uses the plain types of times, no
// function.

// Case is a program and what happens to one person.
type Case struct {
	Program *Program
	Script  *Script
}

// Program is a workspace. The declarations of traits and events are always
// the same (print.go); every event has the same properties.
type Program struct {
	Zone           string // "": unsaid
	ConsentAssumed bool
	Quiet          []*Quiet
	Caps           []*Cap
	Control        int // per cent
	Suppress       []*Suppress
	Computed       []*Computed
	Segments       []*Segment
	Messages       []*Message
	Journeys       []*Journey
}

// Quiet are quiet hours, in minutes since midnight; for all channels, or for
// e-mail; on all days, or on those on which they begin.
type Quiet struct {
	From, To int
	Days     []string
	Email    bool
}

// Cap is a cap over e-mail or all channels: in a window, or a calendar day.
type Cap struct {
	Email    bool
	Count    int
	Per      value.Duration
	Calendar bool
}

// Suppress is a suppression rule over e-mail or all channels.
type Suppress struct {
	Email bool
	When  *Expr
}

// Computed is a computed trait.
type Computed struct {
	Name string
	Type string
	Expr *Expr
}

// Segment is a segment.
type Segment struct {
	Name string
	When *Expr
}

// Message is something to send, over email or webhook.
type Message struct {
	Name          string
	Via           string
	Subject, Text []Part
	To            *Expr // nil: the address trait
	JSON          []Pair
	Transactional bool
	Topic         bool           // it is about the topic `offers`
	ValidFor      value.Duration // 0: unsaid
}

// Part is a piece of a template: a text, or a value with what stands for it
// when it is missing.
type Part struct {
	Text    string
	Value   *Expr // a trait, a property or a value of run or with
	Default string
}

// Pair is a value with its name.
type Pair struct {
	Name string
	Expr *Expr
}

// Journey is a journey. The kinds of entry and of re-entry are the words of
// the language.
type Journey struct {
	Name          string
	Entries       []*Entry
	Again         string // "": unsaid, "once", "after exit", "after": After since the last entry
	After         *Expr
	Per           *Expr
	While         *Expr
	Exits         []*Exit
	Goals         []*Goal
	Transactional bool
	Priority      int
	Control       int // per cent
	Steps         []*Step
}

// Entry is an `enter` clause.
type Entry struct {
	Kind      string
	Event     string // EnterEvent
	Each      bool   // of its items
	When      *Expr  // EnterWhen
	Where     *Expr
	Including bool

	Trait  string         // EnterYearly, EnterDate
	Apart  value.Duration // from its day or instant; EnterDate: never 0
	Before bool           // Apart before it, not after it
	HasAt  bool           // at Clock of the day; of all kinds but EnterDate and EnterYearly always
	Clock  int            // minutes since midnight
	Days   []string       // EnterWeekday
	Months []int          // EnterMonthly: days; 0 is the last
	Date   value.Date     // EnterDay
}

// The kinds of entry.
const (
	EnterEvent   = "event"
	EnterWhen    = "when"
	EnterRequest = "request"
	EnterYearly  = "yearly"
	EnterDate    = "date"
	EnterDaily   = "daily"
	EnterWeekday = "weekday"
	EnterMonthly = "monthly"
	EnterDay     = "day"
)

// dated says whether the entry is one by date or clock.
func (e *Entry) dated() bool {
	return e.Kind != EnterEvent && e.Kind != EnterWhen && e.Kind != EnterRequest
}

// Exit is an `exit` clause: on an event, on a goal, or when.
type Exit struct {
	Event string
	Where *Expr
	When  *Expr
	Goal  string
}

// Goal is a `goal` clause.
type Goal struct {
	Name, Event   string
	Where         *Expr
	Within, Value *Expr
}

// Step is a step; which fields mean something depends on its kind.
type Step struct {
	Kind string

	For *Expr // wait, quiet, for: the length

	Clock, To int      // clock, window, moment: minutes since midnight
	Days      []string // clock, window, moment with HasAt: names of days, "weekdays", "weekends"
	Tomorrow  bool     // clock

	Moment   *Expr // moment
	HasAt    bool  // moment: at Clock
	PastExit bool  // moment

	Event string // quiet, emit
	Where *Expr  // quiet
	Alts  []*Alt // for
	Until bool   // for: written `until C`, with one alternative

	Cond *Expr // if

	Split    string // split
	Branches []*Branch

	Trait, Path string // set, clear
	Value       *Expr  // set, let

	Name string // let, send, tag, untag, start; exit: its reason
	With []Pair // send, emit, start

	Times int // repeat; For between rounds (nil: no wait), Cond while, Then what is repeated

	Then, Else []*Step // if; Then of moment, Else (otherwise) of moment, for, send; nil: no block
}

// The kinds of step.
const (
	StepWait   = "wait"
	StepClock  = "clock"
	StepWindow = "window"
	StepMoment = "moment"
	StepQuiet  = "quiet"
	StepFor    = "for"
	StepIf     = "if"
	StepSplit  = "split"
	StepSet    = "set"
	StepClear  = "clear"
	StepTag    = "tag"
	StepUntag  = "untag"
	StepLet    = "let"
	StepSend   = "send"
	StepExit   = "exit"
	StepHour   = "hour" // Value
	StepRepeat = "repeat"
	StepEmit   = "emit"
	StepStart  = "start"
)

// Alt is what a wait waits for: an event or a condition.
type Alt struct {
	Event string
	Where *Expr
	Since bool
	When  *Expr
	Body  []*Step // nil: none
}

// Branch is a branch of a split.
type Branch struct {
	Name  string
	Share int
	Body  []*Step
}

// Expr is an expression.
type Expr struct {
	Op   string
	Args []*Expr
	Name string // of a trait, event, property, …
	Val  any    // of a literal: string, float64, bool, value.Duration, value.Date
	Last value.Duration
}

// Operations other than the language's own operators.
const (
	OpLit     = "lit"
	OpTrait   = "trait"
	OpConsent = "consent"
	OpSegment = "segment"
	OpJourney = "journey"
	OpEvent   = "event" // event.NAME; item.n and item.sku of the element of an EnterEvent with Each
	OpEntry   = "entry" // entry.NAME, likewise
	OpRun     = "run"
	OpSent    = "sent"      // message NAME
	OpWith    = "withvalue" // in messages: a value of `with`
	OpNow     = "now"
	OpAgo     = "ago"
	OpFromNow = "from_now"
	OpSet     = "is set"
	OpMissing = "is missing"
	OpNot     = "not"
	OpEvents  = "events" // the list of past events NAME, in last Last
	OpFilter  = "filter"
	OpAny     = "any"
	OpTagged  = "tagged" // any(profile.tags, it == NAME)
	OpCount   = "count"
	OpSum     = "sum" // of property NAME
	OpMin     = "min"
	OpMax     = "max"
	OpFirst   = "first" // property NAME of the first of a list
	OpNewest  = "last"  // property NAME of the last of a list
	OpIt      = "it"    // property NAME of the element
	OpAge     = "age"
	OpLocal   = "local" // part NAME of a time in the person's zone
)

// Script is what happens to the person.
type Script struct {
	Start  value.Time
	Inputs []*Input
	Until  value.Time
	Fails  []string // messages that their provider refuses
	Doubts []string // messages of which it is not known whether they went out
}

// Input is one thing that happens. Inputs stand in the order of their
// instants.
type Input struct {
	At    value.Time
	Kind  string // "event", "set", "request"
	Name  string // of the event or journey
	Of    value.Time
	Props map[string]any // properties, of a set traits; consent.email and the like are keys; items is a list of objects

	Traits map[string]any // that came along with an event
}

// The kinds of input.
const (
	InputEvent   = "event"
	InputSet     = "set"
	InputRequest = "request"
)
