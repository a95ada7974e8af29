package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one thing that an administrator did. It names profiles by their
// ids, and holds nothing else of anybody.
type Entry struct {
	Number int64     `json:"n"` // from 1
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Action string    `json:"action"` // "deploy", "erase"
	Target string    `json:"target,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Before string    `json:"before"` // hash of the entry before; "" for the first
	Hash   string    `json:"hash"`   // what Sum says
}

// Sum is the entry's hash: SHA-256, in hex, of the entry as JSON with an empty
// hash.
func (a Entry) Sum() (string, error) {
	a.Hash = ""
	data, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Error says where the chain is broken.
type Error struct {
	Number int64
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("the audit log is broken at entry %d: %s", e.Number, e.Reason)
}

// Check checks entries in their order, the first being the one that follows
// before; nil: it is the first of all. It answers the last one that is right.
// The error is an *Error.
func Check(before *Entry, entries []Entry) (*Entry, error) {
	for i := range entries {
		a := &entries[i]
		want, last := int64(1), ""
		if before != nil {
			want, last = before.Number+1, before.Hash
		}
		is, err := a.Sum()
		switch {
		case err != nil:
			return before, err
		case a.Number != want:
			return before, &Error{want, fmt.Sprintf("entry %d stands there", a.Number)}
		case a.Before != last:
			return before, &Error{a.Number, "it does not follow the entry before it"}
		case a.Hash != is:
			return before, &Error{a.Number, "it is not as it was written"}
		}
		before = a
	}
	return before, nil
}
