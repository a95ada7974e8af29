package store

import (
	"errors"
	"fmt"

	"journey/profiles"
)

// The reasons for which Redis' answer is no.
var (
	// ErrConflict: the person was changed by somebody else since it was
	// loaded. Load and apply again.
	ErrConflict = errors.New("the person was changed meanwhile")
	// ErrSwitches: a journey was paused or resumed, or a channel stopped or
	// started, since the switches were read. Read them and judge again.
	ErrSwitches = errors.New("the switches were changed meanwhile")
	// ErrFenced: somebody else has the partition's lease now.
	ErrFenced = errors.New("the lease of the partition was taken over by another process")
	// ErrLogFull: the event log cannot be moved to its files as fast as it
	// grows, or not at all. Nothing was written.
	ErrLogFull = errors.New("too much waits in the event log to be moved to its files")
	// ErrUnavailable: Redis cannot be reached, does not answer in time or
	// refuses to write. It wraps its cause. After a commit it means that
	// nothing is known about whether the commit happened.
	ErrUnavailable = errors.New("redis is unavailable")
	// ErrUnknown: there is no such release, source or person.
	ErrUnknown = errors.New("unknown")
)

// ReleaseError refuses a commit that was judged with another release than
// the live one: begin again with that.
type ReleaseError struct {
	Live int64 // the number of the live release
}

func (e *ReleaseError) Error() string {
	return fmt.Sprintf("the live release is %d now", e.Live)
}

// MovedError says that the person is another one now.
type MovedError struct {
	To       string // the id of the winner of the merge
	Finished bool   // false: the merge is still under way; whoever meets it finishes it first
}

func (e *MovedError) Error() string {
	if e.Finished {
		return "the person was merged into another"
	}
	return "the person is being merged into another"
}

// DuplicateError refuses a commit because of marks that were seen before.
type DuplicateError struct {
	Seen []profiles.Mark // those of Commit.Check that were seen, with the payload hash of the first sight
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%d of the messages were seen before", len(e.Seen))
}
