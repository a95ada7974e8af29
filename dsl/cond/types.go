package cond

import (
	"slices"

	"journey/dsl/value"
)

// Types that expressions have by themselves.
var (
	typAny      = &value.Type{}
	typText     = &value.Type{Kind: value.Text}
	typNumber   = &value.Type{Kind: value.Number}
	typInteger  = &value.Type{Kind: value.Integer}
	typBoolean  = &value.Type{Kind: value.Boolean}
	typDate     = &value.Type{Kind: value.DateKind}
	typTime     = &value.Type{Kind: value.TimeKind}
	typDuration = &value.Type{Kind: value.DurationKind}
	typWeekday  = &value.Type{Kind: value.Text, OneOf: []string{
		"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}}
)

func listOfType(elem *value.Type) *value.Type { return &value.Type{Kind: value.List, Elem: elem} }

// elemOf is the type of a list's elements.
func elemOf(t *value.Type) *value.Type {
	if t.Kind == value.List && t.Elem != nil {
		return t.Elem
	}
	return typAny
}

func isAny(t *value.Type) bool    { return t.Kind == value.Any }
func isNumber(t *value.Type) bool { return t.Kind == value.Number || t.Kind == value.Integer }
func isMoment(t *value.Type) bool { return t.Kind == value.TimeKind || t.Kind == value.DateKind }

// common is the type that holds the values of both.
func common(a, b *value.Type) *value.Type {
	switch {
	case a == b:
		return a
	case a.Kind == value.List && b.Kind == value.List:
		return listOfType(common(elemOf(a), elemOf(b)))
	case a.Kind == value.Object || b.Kind == value.Object:
		return typAny
	case a.Kind == b.Kind && slices.Equal(a.OneOf, b.OneOf):
		return a
	case a.Kind.IsText() && b.Kind.IsText():
		return typText
	case isNumber(a) && isNumber(b):
		return typNumber
	case isMoment(a) && isMoment(b):
		return typTime
	}
	return typAny
}

// comparable says whether values of the two types can be compared at all.
func related(a, b *value.Type) bool {
	switch {
	case isAny(a) || isAny(b):
		return true
	case a.Kind == value.List && b.Kind == value.List:
		return related(elemOf(a), elemOf(b))
	case a.Kind.IsText():
		return b.Kind.IsText()
	case isNumber(a):
		return isNumber(b)
	case isMoment(a):
		return isMoment(b)
	}
	return a.Kind == b.Kind
}

// describe is the type in words that follow "is".
func (k *compiler) describe(t *value.Type) string {
	switch t.Kind {
	case value.Any:
		return "of unknown type"
	case value.Text, value.Email, value.Phone, value.URL, value.Country, value.Language, value.Currency, value.Timezone:
		return "text"
	case value.Integer, value.Number:
		return "a number"
	case value.List:
		if e := elemOf(t); !isAny(e) {
			if k.isEvent(e) {
				return "a list of events"
			}
			return "a list of " + plural(e)
		}
		return "a list"
	case value.Object:
		if k.isEvent(t) {
			return "an event"
		}
		return "an object"
	}
	return "a " + t.Kind.String()
}

func (k *compiler) isEvent(t *value.Type) bool {
	for _, e := range k.events {
		if e == t {
			return true
		}
	}
	return false
}

func plural(t *value.Type) string {
	switch t.Kind {
	case value.Any:
		return "values"
	case value.List:
		return "lists"
	case value.Object:
		return "objects"
	case value.Integer, value.Number:
		return "numbers"
	}
	if t.Kind.IsText() {
		return "text"
	}
	return t.Kind.String() + "s"
}
