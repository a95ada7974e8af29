package engine

import (
	"errors"
	"fmt"
)

// What callers have to tell apart.
var (
	// ErrUnavailable: the store is away, frozen or overloaded. Nothing is
	// known to be stored; a repeat is harmless.
	ErrUnavailable = errors.New("the store of people cannot be reached at the moment: try again")

	// ErrNotYet: a send of this run cannot be claimed yet, because an earlier
	// send of the person comes first or another worker has it. Try again
	// shortly.
	ErrNotYet = errors.New("the send cannot be claimed yet: try again shortly")

	// ErrChanged: the message would now be another one than the draft. Draft
	// again.
	ErrChanged = errors.New("the message has changed since it was drafted: draft it again")

	// ErrNoProfile: nobody is known by that reference.
	ErrNoProfile = errors.New("no such profile")

	// ErrLeaseLost: another process has the partition now.
	ErrLeaseLost = errors.New("the lease of the partition is lost")

	// ErrClosed: the engine has been closed.
	ErrClosed = errors.New("the engine is closed")

	// ErrNoRelease: no program has been published yet.
	ErrNoRelease = errors.New("no release is live: deploy a workspace first")
)

// CallError says why one call cannot be used. It is the caller's mistake: a
// repeat would fail again.
type CallError struct {
	Code    string // "no-identifier", "unknown-journey", …; codes never change
	Field   string // the field of the call it is about, "" for the whole
	Message string // one sentence for people
}

// Error is the sentence, with the field where there is one.
func (e *CallError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Message)
}

var _ error = (*CallError)(nil)
