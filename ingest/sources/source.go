package sources

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Source is who may send events.
type Source struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind,omitempty"`   // one of Kinds
	Rate   float64   `json:"rate,omitempty"`   // events a second that each process takes; 0: as many as come
	Burst  int       `json:"burst,omitempty"`  // events at once; 0: twice the rate, at least 20
	Events []string  `json:"events,omitempty"` // what it may send (Live.Allows); none: everything
	Off    bool      `json:"off,omitempty"`    // what it sends is answered 404
	Made   time.Time `json:"made,omitzero"`
	Keys   []Key     `json:"keys,omitempty"`

	// Configured says that it comes from the configuration, where alone it is
	// changed.
	Configured bool `json:"-"`
}

// Key is a write key, as far as it is kept.
type Key struct {
	Hash  string    `json:"hash"`           // SHA-256 in hex
	Tail  string    `json:"tail,omitempty"` // its last four characters, to tell keys apart
	Made  time.Time `json:"made,omitzero"`
	Until time.Time `json:"until,omitzero"` // zero: for good
}

// Kinds are what a source can be.
var Kinds = []string{"web", "app", "server", "crm", "mail", "social", "till", "partner", "other"}

// Error is a mistake of whoever changes a source.
type Error struct {
	Code    string // "bad-source", "source-exists", "unknown-source", "configured-source"
	Field   string
	Message string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// The bounds of a source.
const (
	maxName   = 64 // bytes
	maxEvents = 500
	maxRate   = 1e6
)

// Valid says what is wrong with a source, as an *Error.
func (s *Source) Valid() error {
	wrong := func(field, format string, args ...any) error {
		return &Error{Code: "bad-source", Field: field, Message: fmt.Sprintf(format, args...)}
	}
	word := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.'
	}
	switch {
	case s.Name == "" || len(s.Name) > maxName || !utf8.ValidString(s.Name) || strings.ContainsFunc(s.Name, word):
		return wrong("name", "a source's name has letters, digits, _, - and ., at most %d bytes", maxName)
	case s.Kind != "" && !slices.Contains(Kinds, s.Kind):
		return wrong("kind", "is none of %s", strings.Join(Kinds, ", "))
	case !(s.Rate >= 0 && s.Rate <= maxRate):
		return wrong("rate", "give events a second, from 0 (as many as come) to %g", maxRate)
	case s.Burst < 0 || s.Burst > maxRate:
		return wrong("burst", "give a number of events, from 0 to %g", maxRate)
	case len(s.Events) > maxEvents:
		return wrong("events", "there are at most %d", maxEvents)
	case slices.Contains(s.Events, ""):
		return wrong("events", "one of them is empty")
	}
	return nil
}

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// newKey makes a key that nobody can guess.
func newKey(now time.Time) (string, Key) {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process before
	text := "jw_" + hex.EncodeToString(b[:])
	return text, Key{Hash: hashOf(text), Tail: text[len(text)-4:], Made: now.UTC().Truncate(time.Second)}
}
