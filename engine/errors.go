package engine

import (
	"errors"

	"journey/orchestrator/intake"
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

	// ErrWorkspace: a workspace has errors. The diagnostics that come with it
	// say which; nothing was published.
	ErrWorkspace = errors.New("the workspace has errors: nothing was published")

	// ErrNoRelease: no program has been published yet.
	ErrNoRelease = errors.New("no release is live: deploy a workspace first")
)

// CallError says why one call cannot be used. It is the caller's mistake: a
// repeat would fail again.
type CallError = intake.Error
