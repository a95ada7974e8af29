package dsl

import (
	"strings"
	"time"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/template"
	"journey/dsl/value"
)

// Program is a compiled workspace. It is immutable and safe to share; equal
// sources have equal hashes.
type Program struct {
	Hash     string // of the sources, hex
	Settings Settings
	Traits   []*Trait // in the order of declaration, built-in ones first
	Events   []*Event
	Segments []*Segment // those that other segments read stand before them
	TagRules []*TagRule // in the order of declaration
	Messages []*Message
	Calls    []*Call
	Journeys []*Journey
	Tests    []*Test
	Imports  []*Import

	// Derived are the computed traits, the segments and the rules of tags in an
	// order in which each stands after those it reads.
	Derived []Derived

	traits     map[string]*Trait // by name
	traitWires map[string]*Trait
	events     map[string]*Event
	eventWires map[string]*Event
	segments   map[string]*Segment
	tagRules   map[string]*TagRule // by tag
	messages   map[string]*Message
	calls      map[string]*Call
	journeys   map[string]*Journey

	lookBack []cond.EventRead // events that waits, exits and goals look back for
	tested   bool             // what the tests read is read, too
}

// ForTests is the program as tests run on it: what their claims read of past
// events is kept, too, which nobody does for people.
func (p *Program) ForTests() *Program {
	c := *p
	c.tested = true
	return &c
}

// Derived is a computed trait, a segment or the rule of a tag: just one of
// them is set.
type Derived struct {
	Trait   *Trait
	Segment *Segment
	Tag     *TagRule
}

// Expr is the expression that is asked.
func (d Derived) Expr() *cond.Expr {
	switch {
	case d.Trait != nil:
		return d.Trait.Computed
	case d.Segment != nil:
		return d.Segment.When
	}
	return d.Tag.While
}

// Settings are the workspace's.
type Settings struct {
	Zone           *time.Location // fallback zone of people, and of times in data without an offset
	Country        string         // default region of phone numbers, ISO 3166 alpha-2
	Currency       string         // ISO 4217
	ConsentAssumed bool           // a missing consent counts as yes
	Identify       []string       // identifier traits, strongest first
	Never          []string       // values that identify nobody, beside those that never do
	LateAfter      value.Duration // an event older than this on arrival is history
	Quiet          []Quiet        // quiet hours, in the order of declaration
	Caps           []Cap
	Control        float64 // per cent of people in the global control group
	Topics         []Topic
	Suppress       []Suppress
}

// Quiet are the hours in which a channel's messages are held: from From to
// To in the person's zone; From > To crosses midnight.
type Quiet struct {
	From, To value.Clock
	Days     Weekdays // of its beginning; 0: every day
	Channels []string // empty: all
}

// Cap bounds how many messages somebody gets.
type Cap struct {
	Channel  string // "": over all channels
	Count    int
	Per      value.Duration // a rolling window; 0: Calendar
	Calendar bool           // per calendar day in the person's zone
	Span     diag.Span
}

// Topic is something people can leave without leaving the channel.
type Topic struct {
	Name, Title string
	Span        diag.Span
}

// Suppress is a rule by which somebody gets no marketing over a channel.
type Suppress struct {
	Channel string // "": all
	When    *cond.Expr
}

// Trait is a declared or built-in trait.
type Trait struct {
	Name       string
	Wire       string // name on the wire; a dot reaches into an object
	Type       *value.Type
	Identifier bool
	Limit      int        // of an identifier: values per person
	Computed   *cond.Expr // nil for an ordinary trait
	Span       diag.Span  // of the name; no file for a built-in one
}

// Event is a declared or built-in kind of event.
type Event struct {
	Name string
	Wire string
	Type *value.Type // an object
	Span diag.Span
}

// Segment is a named condition on people.
type Segment struct {
	Name, Title string
	When        *cond.Expr
	Span        diag.Span
}

// TagRule is a tag that people have exactly while a condition holds. It is the
// rule's alone: neither data nor a journey gives or takes it.
type TagRule struct {
	Tag   string
	While *cond.Expr
	Span  diag.Span // of the tag
}

// Message is something to send.
type Message struct {
	Name          string
	Channel       string             // "email", "webhook", …
	Subject       *template.Template // of an e-mail; of a push message its title. nil where there is none, like the others
	Text, HTML    *template.Template
	Link          *template.Template // what a push message opens
	Image         *template.Template // the address of a line message's picture
	To            *cond.Expr         // nil: the channel's address trait
	URL, Method   string             // webhook
	JSON          []Named            // webhook body, in the order of the source
	Transactional bool
	Topic         string     // "": none
	ValidFor      *cond.Expr // nil: 24 hours
	Resend        bool       // in doubt resend
	Span          diag.Span
}

// Call is a declared webhook, which a `call` step asks for an answer. Its JSON
// sees what the step's `with` gives (cond.Env.With); one that is not written
// consists of just that.
type Call struct {
	Name        string
	URL, Method string
	JSON        []Named
	Returns     *value.Type // what the steps that call it declare, all in all: an object; nil: anything
	Span        diag.Span
}

// Named is an expression with a name: a `with` value, a field of a JSON body.
type Named struct {
	Name string
	Expr *cond.Expr
}

// Journey is a compiled journey. Its steps lie flat in Code; a step names the
// next one by its index, and End is the end.
type Journey struct {
	Name, Title   string
	Entries       []*Entry
	Reentry       Reentry
	While         *cond.Expr // only while; nil: always
	Exits         []*Exit
	Goals         []*Goal
	Transactional bool
	Priority      int
	Control       float64 // per cent of people in the journey's own control group
	Code          []Step
	Start         int // index of the first step, or End
	Arms          int // how many blocks of wait arms there are: slots for their events
	Span          diag.Span
}

// End is the index after the last step.
const End = -1

// EntryKind says how a journey is entered.
type EntryKind uint8

// The kinds of entry.
const (
	OnEvent EntryKind = iota // also a change of a trait: see ChangeOf
	OnRequest
	OnWhen
	OnDate  // once, by a date or time of the person
	OnYear  // yearly, by a date of the person
	OnClock // daily, on weekdays, on days of the month
	OnDay   // on one calendar date
)

// ChangeOf is the name of the event that a change of a trait is: `enter on
// change of profile.tier` enters on ChangeOf("tier"). It has the properties
// from and to.
func ChangeOf(trait string) string { return "change of profile." + trait }

// ChangedTrait is the trait of such an event; false for any other event.
func ChangedTrait(event string) (trait string, ok bool) {
	return strings.CutPrefix(event, ChangeOf(""))
}

// Entry is one `enter` clause.
type Entry struct {
	ID        string // stable within the journey: its place among the clauses
	Kind      EntryKind
	Event     string      // OnEvent
	When      *cond.Expr  // OnWhen
	Where     *cond.Expr  // nil: always
	Params    *value.Type // OnRequest: an object; nil: anything
	Including bool        // including existing
	Each      string      // OnEvent: a list of the event; one entry for each element, which is its property item; "": none
	Calendar  Calendar    // OnDate, OnYear, OnClock, OnDay
	Span      diag.Span
}

// Calendar says when an entry by date or clock is due, in the person's zone.
type Calendar struct {
	Trait     string         // OnDate, OnYear: the date or time
	Offset    value.Duration // OnDate without HasAt: before (negative) or after its moment
	Days      int            // OnYear, and OnDate with HasAt: calendar days before (negative) or after it
	At        value.Clock
	HasAt     bool       // OnDate: at At of a day; set for a date and whole days, which mean its midnight
	Weekdays  Weekdays   // OnClock; 0 with no Monthdays: every day
	Monthdays []int      // OnClock: days of the month; 31 is the last
	Date      value.Date // OnDay
}

// Falls says whether an entry by clock falls on a day: on its weekdays, or its
// days of the month, where a day that the month lacks is its last.
func (c *Calendar) Falls(day value.Date) bool {
	if len(c.Monthdays) == 0 {
		return c.Weekdays.Has(day.Weekday())
	}
	year, month, d := day.Civil()
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	for _, want := range c.Monthdays {
		if min(want, last) == d {
			return true
		}
	}
	return false
}

// ReentryKind says when somebody may enter again.
type ReentryKind uint8

// The kinds of re-entry.
const (
	Once ReentryKind = iota
	AfterExit
	AfterTime
)

// Reentry is a journey's rule of re-entry.
type Reentry struct {
	Kind  ReentryKind
	After *cond.Expr // AfterTime: since the last entry
	Per   *cond.Expr // nil: one key for all
}

// Exit is an `exit on` or `exit when` clause; just one of Event, When and
// Goal is set.
type Exit struct {
	Event  string
	When   *cond.Expr
	Goal   string
	Where  *cond.Expr
	Reason string // what a run that leaves by it records
	Span   diag.Span
}

// Goal is a conversion that is counted.
type Goal struct {
	Name   string
	Event  string
	Where  *cond.Expr
	Within *cond.Expr
	Value  *cond.Expr // nil: none
	Span   diag.Span
}

// Trait finds a trait by its name.
func (p *Program) Trait(name string) (*Trait, bool) { t, ok := p.traits[name]; return t, ok }

// TraitByWire finds a trait by its name on the wire.
func (p *Program) TraitByWire(wire string) (*Trait, bool) { t, ok := p.traitWires[wire]; return t, ok }

// Event finds an event by its name.
func (p *Program) Event(name string) (*Event, bool) { e, ok := p.events[name]; return e, ok }

// EventByWire finds an event by its name on the wire.
func (p *Program) EventByWire(wire string) (*Event, bool) { e, ok := p.eventWires[wire]; return e, ok }

// Segment finds a segment by its name.
func (p *Program) Segment(name string) (*Segment, bool) { s, ok := p.segments[name]; return s, ok }

// TagRule finds the rule that gives a tag.
func (p *Program) TagRule(tag string) (*TagRule, bool) { r, ok := p.tagRules[tag]; return r, ok }

// Message finds a message by its name.
func (p *Program) Message(name string) (*Message, bool) { m, ok := p.messages[name]; return m, ok }

// Call finds a declared webhook by its name.
func (p *Program) Call(name string) (*Call, bool) { c, ok := p.calls[name]; return c, ok }

// Journey finds a journey by its name.
func (p *Program) Journey(name string) (*Journey, bool) { j, ok := p.journeys[name]; return j, ok }
