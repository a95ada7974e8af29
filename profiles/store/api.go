package store

import (
	"context"
	"errors"
	"time"

	"journey/dsl/value"
	"journey/profiles"
)

var errNotYet = errors.New("not written yet")

// Options are what Open needs to know.
type Options struct {
	// URL is where Redis is: redis://[user:password@]host:port[/db],
	// rediss://… (TLS) or unix:///path/to/socket[?db=n].
	URL string
	// Strict refuses a Redis that may drop keys or keeps nothing on disk.
	Strict bool
	// Conns is how many connections are held at most; 0: 8.
	Conns int
	// Timeout bounds every call, waiting for a connection included; 0: 1.5 s.
	Timeout time.Duration
	// Buckets is the number of hashes the identifier index is spread over,
	// fixed at first start: some 100 identifiers a bucket are best; 0: 16384.
	Buckets int
}

// Store is the people in one Redis. It is safe for concurrent use.
type Store struct{}

// Open connects, checks the server and the layout of what is stored there,
// and writes the layout down at first start.
func Open(ctx context.Context, o Options) (*Store, error) { return nil, errNotYet }

// Close closes the connections. Calls under way fail with ErrUnavailable.
func (s *Store) Close() error { return nil }

// Partitions is the number of partitions.
const Partitions = 256

// Partition is the partition of a profile.
func Partition(id string) int { return 0 }

// RunProfile is the id of the profile that a run was made for: the part of
// the run's id before its number. After a merge it leads to the winner (Load
// follows); "" if it is no run's id.
func RunProfile(run string) string { return "" }

// Time is Redis' time: asked, or carried forward by the monotonic clock for
// at most a second since the last answer.
func (s *Store) Time(ctx context.Context) (time.Time, error) { return time.Time{}, errNotYet }

// Ready says whether Redis can be written to.
func (s *Store) Ready(ctx context.Context) error { return errNotYet }

// Learn makes names known to the store, for all processes and for ever: the
// names of a program (traits, events, properties, journeys, steps, messages,
// channels, segments, splits and branches, release hash, values of `one of`).
// A known name takes one or two bytes in a person instead of its length, and
// costs no memory when a person is loaded. Names that were not learnt work
// too. Only the names of programs should be learnt, never what clients send.
func (s *Store) Learn(ctx context.Context, names []string) error { return errNotYet }

// ---- people ----

// Base is what the store knows about a person as he is stored: his version
// and which parts of him lie where. It belongs to the Person it came with, is
// immutable, and is given back with the next commit; nil is a person who is
// not stored.
type Base struct{}

// Version is the stored person's version; 0 for nil.
func (b *Base) Version() uint64 { return 0 }

// Size is about how many bytes the stored person takes.
func (b *Base) Size() int { return 0 }

// Loaded is a person as Load found him.
type Loaded struct {
	ID       string           // of the person found: the id asked for, or the winner it leads to
	Person   *profiles.Person // owned by the caller; nil: there is none
	Base     *Base            // nil: there is none
	Moving   string           // not "": the person is being merged into this one; finish the merge first
	Release  int64            // number of the live release in his partition; 0: none was published
	Switches int64            // version of the switches in his partition; 0: none were ever set
	Err      error            // what is wrong with this one alone
}

// Load reads people, one for each id in its order, in one flush, and Redis'
// time with them. An id that was merged into another loads the winner; a
// chain of such ids is shortened on the way.
func (s *Store) Load(ctx context.Context, ids ...string) ([]Loaded, time.Time, error) {
	return nil, time.Time{}, errNotYet
}

// Commit is one person to be stored.
type Commit struct {
	Person *profiles.Person
	Base   *Base // as loaded or last committed; nil: he must not be stored yet

	// What the commit was judged with. It is refused if any is different now.
	Release  int64  // number of the live release: *ReleaseError; -1: unchecked
	Switches int64  // version of the switches: ErrSwitches; -1: unchecked
	Lease    *Lease // not nil: the lease it is made under: ErrFenced

	// Due is when the partition's owner must look at the person again (score
	// in the sorted set of moments); 0: never.
	Due value.Time
	// Reactions go to the partition's outbox, in this order.
	Reactions []Reaction

	// Check are the marks of the inputs taken with this commit. They need to
	// be given only if Person.Spilled is above 0: they are looked up among
	// the marks moved out of Person.Marks (*DuplicateError).
	Check []profiles.Mark
	// Spill are marks that SpillMarks took out of Person.Marks.
	Spill []profiles.Mark
	// Rewrite says that kept events of the past were changed in another way
	// than by appending and dropping the oldest. A changed Person.Release or
	// a longer Person.Absorbed says so by itself.
	Rewrite bool
}

// Committed is what became of a Commit.
type Committed struct {
	Base *Base // of the person as he is stored now; nil with an Err
	Err  error // ErrConflict, *ReleaseError, ErrSwitches, *MovedError, *DuplicateError, ErrFenced, ErrUnavailable
}

// Commit stores people, each in one atomic step, all in one flush; the
// answers are in the order of the commits. People must be different ones.
// Commits of different callers share flushes too. A Person is only read, and
// only until Commit returns. With a cancelled context, and with
// ErrUnavailable, a commit may or may not have happened.
func (s *Store) Commit(ctx context.Context, commits ...Commit) []Committed { return nil }

// SpillMarks keeps Person.Marks short: when there are more than 64, it takes
// out the oldest so that 32 stay, counts them in Person.Spilled and returns
// them for Commit.Spill. They are looked up by Commit.Check for at least 24
// hours of real time.
func SpillMarks(p *profiles.Person) []profiles.Mark { return nil }

// ---- identifiers ----

// Pointer is an entry of the identifier index.
type Pointer struct {
	Identifier profiles.Identifier // Trait and Value
	Profile    string              // "" where none is known
}

// Lookup finds the profiles of identifiers, in their order, in one flush; ""
// where there is none. A profile found may have been merged away (Load
// follows) or may not be stored yet (it counts as an empty person).
func (s *Store) Lookup(ctx context.Context, ids []profiles.Identifier) ([]string, error) {
	return nil, errNotYet
}

// Point makes identifiers lead to profiles where they lead nowhere yet, and
// answers, in order, the profile that each leads to now.
func (s *Store) Point(ctx context.Context, entries []Pointer) ([]string, error) {
	return nil, errNotYet
}

// Repoint makes identifiers that lead to one profile lead to another; those
// that lead elsewhere stay as they are.
func (s *Store) Repoint(ctx context.Context, from, to string, ids []profiles.Identifier) error {
	return errNotYet
}

// Unpoint takes identifiers that lead to the profile out of the index.
func (s *Store) Unpoint(ctx context.Context, profile string, ids []profiles.Identifier) error {
	return errNotYet
}

// ---- merges ----
//
// A merge of loser L into winner W takes these steps, each of which may be
// repeated, by anybody: StartMove(L → W); Load L and W, unless W.Absorbed has
// L: merge them and Commit W (with Spilled added up); before that commit,
// CarryMarks(L → W); FinishMove(L → W); Repoint(L → W).

// StartMove marks a person as moving into another and returns his new
// version. From then on commits on him answer *MovedError. A person who is
// moving to the same winner already is left as he is; base nil marks one who
// is not stored. ErrConflict: he is no longer as in base.
func (s *Store) StartMove(ctx context.Context, loser string, base *Base, winner string) (uint64, error) {
	return 0, errNotYet
}

// CarryMarks copies the loser's spilled marks to the winner's.
func (s *Store) CarryMarks(ctx context.Context, loser, winner string) error {
	return errNotYet
}

// FinishMove leaves of a moving person only where he went. The winner must
// have absorbed him.
func (s *Store) FinishMove(ctx context.Context, loser, winner string) error { return errNotYet }

// ---- partitions ----

// Lease is the right to a partition's moments, sweeper, relay and log.
type Lease struct {
	Partition int
	Owner     string
	Token     int64     // fencing token: higher for every new holder
	Until     time.Time // by Redis' clock
}

// Lease takes the lease of a partition for a time, or renews it for its
// holder; false: somebody else has it.
func (s *Store) Lease(ctx context.Context, partition int, owner string, ttl time.Duration) (Lease, bool, error) {
	return Lease{}, false, errNotYet
}

// Leases is Lease for several partitions in one flush; the leases taken or
// renewed come back.
func (s *Store) Leases(ctx context.Context, partitions []int, owner string, ttl time.Duration) ([]Lease, error) {
	return nil, errNotYet
}

// GiveBack gives a lease back before its time. One that was taken over
// already is none of the caller's business and no error.
func (s *Store) GiveBack(ctx context.Context, l Lease) error { return errNotYet }

// ReactionKind says what a reaction asks for.
type ReactionKind uint8

// The kinds of reaction; they mean the same as the machine's.
const (
	StartRun ReactionKind = iota
	WakeRun
)

// Reaction is an entry of an outbox: what a commit leaves to others.
type Reaction struct {
	ID      string // in the stream: given by the commit, unique in the partition, growing
	Kind    ReactionKind
	Run     string
	Journey string
	Release string
	Seq     int64
	Order   Order
	At      value.Time // instant of the commit
}

// Order is the first order that a start carries; it means the same as the
// machine's.
type Order struct {
	Kind    uint8
	Seq     int64
	Until   value.Time
	Channel string
}

// Outbox reads the oldest unacknowledged reactions of a partition after an
// entry's id; "": from the beginning.
func (s *Store) Outbox(ctx context.Context, partition int, after string, max int) ([]Reaction, error) {
	return nil, errNotYet
}

// Ack removes reactions that Temporal has accepted. ErrFenced: the lease is
// somebody else's now, and nothing was removed.
func (s *Store) Ack(ctx context.Context, l Lease, ids ...string) error { return errNotYet }

// Backlog is how much waits in the outboxes.
type Backlog struct {
	Entries int64
	Oldest  value.Time // Reaction.At of the oldest; 0: there is none
}

// Backlog looks at the outboxes of all partitions.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) { return Backlog{}, errNotYet }

// DuePerson is an entry of a partition's sorted set of moments.
type DuePerson struct {
	ID string
	At value.Time
}

// Due reads the people of a partition who are due until an instant, earliest
// first, at most max, and when the next one is due that is not among them (0:
// none). An entry goes away by a commit on its person.
func (s *Store) Due(ctx context.Context, partition int, until value.Time, max int) ([]DuePerson, value.Time, error) {
	return nil, 0, errNotYet
}

// DropDue takes people out of a partition's sorted set who are not stored
// there; those who are stay.
func (s *Store) DropDue(ctx context.Context, ids ...string) error { return errNotYet }

// ---- releases, switches, clock ----

// Release is a publication of a program.
type Release struct {
	Number int64 // from 1, one after the other
	Hash   string
	By     string
	At     time.Time
	Of     int64 // not 0: a rollback to that number
}

// SaveSources keeps the files of a program under its hash, for ever. Hashes
// that are there already are left as they are.
func (s *Store) SaveSources(ctx context.Context, hash string, files map[string]string) error {
	return errNotYet
}

// Sources are the files of a program; ErrUnknown.
func (s *Store) Sources(ctx context.Context, hash string) (map[string]string, error) {
	return nil, errNotYet
}

// Publish makes a program live under the next number, in every partition,
// before it returns. Its sources must be saved. The fields Hash, By, At and Of
// of r are used. If it is interrupted, the next call of Publish, Live or
// Releases in any process completes it.
func (s *Store) Publish(ctx context.Context, r Release) (Release, error) { return Release{}, errNotYet }

// Live is the newest release; ErrUnknown when nothing was ever published.
func (s *Store) Live(ctx context.Context) (Release, error) { return Release{}, errNotYet }

// Release is the release with a number; ErrUnknown.
func (s *Store) Release(ctx context.Context, number int64) (Release, error) {
	return Release{}, errNotYet
}

// Releases are all releases, oldest first.
func (s *Store) Releases(ctx context.Context) ([]Release, error) { return nil, errNotYet }

// Switches are what can be turned off beside the releases.
type Switches struct {
	Version int64    // raised by every change; 0: never changed
	Paused  []string // journeys, sorted
	Stopped []string // channels, sorted
}

// Switches reads the switches.
func (s *Store) Switches(ctx context.Context) (Switches, error) { return Switches{}, errNotYet }

// SetSwitches replaces the switches whose version is given, in every
// partition, before it returns, and answers the new version. ErrConflict:
// they were changed meanwhile.
func (s *Store) SetSwitches(ctx context.Context, w Switches) (Switches, error) {
	return Switches{}, errNotYet
}

// Anchor stores the anchor and the speed of the virtual clock at first start,
// and answers those that are stored.
func (s *Store) Anchor(ctx context.Context, anchor time.Time, speed float64) (time.Time, float64, error) {
	return time.Time{}, 0, errNotYet
}
