package profiles

import (
	"journey/dsl/cond"
	"journey/dsl/value"
)

// Person is somebody as the machine and the store know him: the profile with
// everything that is going on around it. It is a plain value without locks;
// whoever loaded it owns it.
type Person struct {
	ID      string
	Created value.Time
	Last    value.Time // his last instant: the next one is later
	Release string     // hash of the program that Segments, Whens, Running and Events were computed for

	Identifiers []Identifier           // in the order in which they came
	Traits      map[string]Trait       // by name; built-in ones too
	Events      map[string]*Kept       // past events that a condition reads, by kind
	Recent      []*cond.Event          // the newest 20 of any kind, whole, oldest first
	Running     map[string]*Aggregate  // by cond.Running.Key
	Hours       map[string][]cond.Hour // by cond.HourRead.Key: what is left of events that are no longer kept, oldest first
	Segments    map[string]value.Time  // those he is in, since when; by RuledTag the tags that rules give
	Whens       map[string]bool        // did an `enter when` hold when last looked? by "journey/entry"
	Splits      map[string]string      // branch by split name
	Controls    map[string]bool        // is he in a control group? by journey, "" for the workspace's
	Calendar    map[string]value.Date  // by "journey/entry": the day of the last entry by date or clock that was dealt with
	Runs        []*Run                 // live ones, in the order of entry
	Ended       []*Run                 // in the order of their end; some only as long as a goal is open
	Entries     map[string][]EntryMark // by journey: the newest entry of each key
	Entered     int                    // how many runs there ever were: the n of a run's id
	Ledger      []*Send                // in the order of planning
	Refused     []Refusal              // the newest 20 entries that were not made
	Moment      value.Time             // when time alone next changes him; 0: never

	Unlinked []Unlinked // the newest identifiers that were not taken, at most 20
	Merges   []Merge    // how others became this person, oldest first; they outlive further merges

	Marks    []Mark // message ids seen lately, oldest first
	Spilled  int    // how many marks were moved out of Marks, in all
	Absorbed []Absorbed
}

// Identifier is a value that identifies a person.
type Identifier struct {
	Trait  string // "user_id", "email", …
	Value  string // cleaned
	Since  value.Time
	Source string // who brought it; "" if that is not known
}

// Trait is a stored value with the time of the event that brought it: of two
// values the newer by that time stays.
type Trait struct {
	Value  any
	At     value.Time
	Source string // who brought it: a source, or "journey NAME"; "" if that is not known
}

// Kept are the kept events of one kind in the order of arrival. Event number
// n (from 0, of all ever kept) is List[n-Dropped]; so an event keeps its
// number and the store can lay them out in pages that never change.
type Kept struct {
	List    []*cond.Event
	Dropped int
}

// Aggregate is a running value over all events of a kind.
type Aggregate struct {
	Number float64     // count, sum, min or max
	N      int         // how many events went into it
	Event  *cond.Event // first or last, with the properties that are read
}

// EntryMark remembers an entry for the re-entry rule.
type EntryMark struct {
	Key string
	At  value.Time
}

// RunState says what a live run is doing.
type RunState uint8

// The states of a run.
const (
	Waiting RunState = iota // at a wait
	Sending                 // at a send or call: its ledger entry is planned or attempting
	Ended
	Holding // at a send that quiet hours hold
	Paused  // before a step that it has not taken, since its journey is paused; Until is its clock
)

// Run is one person in one journey.
type Run struct {
	ID      string // "<profile id>.<n>", fixed at entry
	Journey string
	Release string // hash of the program it entered under
	Key     string // of `per`, as text
	Entered value.Time
	Entry   *cond.Event // what began it: Name is entry.event, "" for none

	State RunState
	Step  int        // index into the journey's code
	Pass  int        // the how-manyeth time it is there, from 1
	Clock value.Time // the run's clock: when its present step was due
	Until value.Time // a wait's end; 0: time alone does not end it
	Back  value.Time // where the look-back of the next wait begins after the clock jumped; 0: at Clock
	Base  value.Time // WaitQuiet: the newest event that began it afresh, else Clock
	Seq   int64      // sequence: raised by every change of its order
	Wake  value.Time // instant of the wake that is outstanding; 0: none
	Depth int        // of the chain of entries that led here

	Vars   map[string]any
	Rounds map[int]int      // of the repeats it is in, by step: how many were begun
	Passes map[int]int      // of the sends inside repeats, by step
	Sends  map[string]uint8 // by message: SentBit, OpenedBit, ClickedBit
	Arms   []*cond.Event    // by slot
	Goals  map[string]Goal  // counted
	Sent   value.Time       // when it last sent something; 0: never

	// Of an ended run:
	EndedAt value.Time
	Reason  string
}

// What a run knows of a message it sends.
const (
	SentBit uint8 = 1 << iota
	OpenedBit
	ClickedBit
)

// Goal is a conversion that a run counted.
type Goal struct {
	At       value.Time
	Credited bool
	Value    float64
}

// SendState is where a send is in its life.
type SendState uint8

// The life of a send: planned → attempting → sent | failed | skipped |
// uncertain.
const (
	Planned SendState = iota
	Attempting
	Sent
	Failed
	Skipped
	Uncertain
)

var sendStates = [...]string{"planned", "attempting", "sent", "failed", "skipped", "uncertain"}

// String is the state's word.
func (s SendState) String() string { return sendStates[s] }

// Final says whether the state is an outcome.
func (s SendState) Final() bool { return s >= Sent }

// Send is an entry of the ledger.
type Send struct {
	Run      string
	Step     string // step id
	Pass     int
	Journey  string
	Message  string
	Channel  string
	State    SendState
	Reason   string     // of skipped and failed: "consent", "render", …
	At       value.Time // instant of the present state
	Due      value.Time // the run's clock when it was planned
	Exempt   bool       // does not count for caps
	Owner    string     // Attempting: who
	Deadline int64      // Attempting: real time in ms after which the owner is taken for dead
}

// Key identifies the send to the provider: run, step and pass.
func (s *Send) Key() string { return SendKey(s.Run, s.Step, s.Pass) }

// Refusal is an entry that was not made.
type Refusal struct {
	Journey string
	Reason  string // "again", "filter", "no key", …
	At      value.Time
}

// Mark remembers a message id for a day, so that a repeat is recognised.
type Mark struct {
	ID      uint64 // hash of write key and message id
	Payload uint32 // hash of the content: a different one is a collision
	At      value.Time
}

// The rules by which an identifier of a call is not taken.
const (
	RuleBlocked = "blocked" // a value that identifies nobody
	RuleLong    = "long"    // longer than an identifier can be
	RuleUser    = "user"    // it would make one person of two users
	RuleLimit   = "limit"   // the person would have more of them than one can have
	RuleMerges  = "merges"  // too many people have gone into him already
	RuleAlias   = "alias"   // the previousId of an alias is the user_id of somebody
)

// Unlinked is an identifier of a call that was not taken: it identifies nobody
// in the call, and the person does not get it.
type Unlinked struct {
	Trait, Value string // of somebody else's the value is masked: it goes when he is erased
	Owner        string // id of the profile it led to; "" for nobody's
	Rule         string
	Event        string // message id of the newest such call, as it was sent; "" if it had none
	Source       string // who sent it
	At           value.Time
	Times        int // how many such calls there were
}

// Cause says why two people became one.
type Cause struct {
	Event  string `json:"event,omitempty"`  // message id of the call, as it was sent
	Source string `json:"source,omitempty"` // who sent it
	Rule   string `json:"rule,omitempty"`   // the identifiers that stood together in it, by trait: "user_id + anonymous_id"
}

// Merge is a record of another person's going into this one. Records are only
// ever added: with them and the events a merge can be undone.
type Merge struct {
	At                  value.Time
	Winner, Loser       string // profile ids before; the winner's may be of somebody who has gone into this one later
	Cause               Cause
	WinnerHad, LoserHad []Identifier // before the merge
}

// Absorbed says that another person was merged into this one.
type Absorbed struct {
	ID      string
	Version uint64
	At      value.Time
}
