package ingest

import (
	"maps"
	"slices"
	"strings"

	"journey/engine"
	"journey/profiles"
)

// maxLost is how many places of one call are named that have lost half a
// character; a client that cuts texts cuts all of them.
const maxLost = 8

// halved says what became of a text with half a character.
const halved = "holds half a character (a lone surrogate), and is stored with U+FFFD in its place: send it whole"

// lostOf names the texts of a call that have lost half a character.
func lostOf(call *engine.Call) []profiles.Fault {
	l := &losses{}
	l.value("event", call.Event)
	l.value("properties", call.Properties)
	l.value("traits", call.Traits)
	return l.faults
}

// losses collects what has lost a character. It goes no deeper than the parser
// went.
type losses struct{ faults []profiles.Fault }

func (l *losses) value(field string, v any) {
	switch v := v.(type) {
	case string:
		l.text(field, v)
	case []any:
		for _, x := range v {
			if before := len(l.faults); before < maxLost {
				if l.value(field, x); len(l.faults) > before {
					return // a list is named once
				}
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := field + "." + key
			l.text(inner, key)
			l.value(inner, v[key])
		}
	}
}

func (l *losses) text(field, s string) {
	n := len(l.faults)
	if n < maxLost && strings.Contains(s, "\uFFFD") && (n == 0 || l.faults[n-1].Field != field) {
		l.faults = append(l.faults, profiles.Fault{Field: field, Reason: halved})
	}
}
