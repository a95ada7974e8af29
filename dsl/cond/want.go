package cond

import (
	"slices"

	"journey/dsl/value"
)

// Want is what an expression is to be.
type Want struct {
	kind wantKind
	typ  *value.Type
}

type wantKind uint8

const (
	wantAnything wantKind = iota
	wantCondition
	wantDuration
	wantMoment
	wantKey
	wantValue
	wantComputed
)

// What an expression can be wanted for.
var (
	Anything  = Want{kind: wantAnything}
	Condition = Want{kind: wantCondition} // a boolean
	Duration  = Want{kind: wantDuration}
	Moment    = Want{kind: wantMoment} // a date or time
	Key       = Want{kind: wantKey}    // a scalar that can name a run
)

// Computed wants the value of a computed trait: like ValueOf, but it follows
// data and time, so the moment of every change must be known.
func Computed(t *value.Type) Want { return Want{kind: wantComputed, typ: t} }

// ValueOf wants a value that can be stored in a trait or property of a type;
// it is asked for once.
func ValueOf(t *value.Type) Want { return Want{kind: wantValue, typ: t} }

// want holds the whole expression against what it is for.
func (k *compiler) want(c *code, want Want) *code {
	if k.holdsEvents(c.typ) {
		k.whole(c)
	}
	if c.bad {
		return c
	}
	wrong := func(wanted string) *code {
		k.errWanted(c, wanted)
		return c
	}
	switch want.kind {
	case wantCondition:
		if c.typ.Kind != value.Boolean && !isAny(c.typ) {
			return wrong("a condition")
		}
	case wantDuration:
		if c.typ.Kind != value.DurationKind && !isAny(c.typ) {
			return wrong("a duration")
		}
	case wantMoment:
		if !isMoment(c.typ) && !isAny(c.typ) {
			return wrong("a date or time")
		}
	case wantKey:
		if c.typ.Kind == value.List || c.typ.Kind == value.Object {
			return wrong("text, a number or another single value")
		}
		if isAny(c.typ) {
			val := c.asVal()
			return read(c.node, typAny, func(e *Env) any {
				switch v := val(e).(type) {
				case []any, map[string]any, *Event, []*Event:
					return nil
				default:
					return v
				}
			})
		}
	case wantComputed, wantValue:
		if want.kind == wantComputed {
			k.stand(c)
		}
		return k.convert(c, want.typ)
	}
	return c
}

// convert makes a value of a declared type out of the expression, if it can
// be one: a date becomes local midnight where a time is declared.
func (k *compiler) convert(c *code, to *value.Type) *code {
	if to == nil || isAny(to) {
		return c
	}
	if !assignable(c.typ, to) {
		k.errWanted(c, "`"+to.String()+"`")
		return c
	}
	if s, ok := c.konst.(string); ok && to.OneOf != nil && !slices.Contains(to.OneOf, s) {
		k.errOneOf(c.node, s, to)
		return c
	}
	if to.Kind == value.TimeKind {
		if c.typ.Kind == value.DateKind {
			k.zone = true
		}
		return lineCode(c.node, to, c.moves, c.asInstant())
	}
	val := c.asVal()
	return &code{typ: to, node: c.node, moves: c.moves, konst: c.konst, val: func(e *Env) any { return fitAll(to, external(val(e))) }}
}

// assignable says whether a value of one type may be stored where another is
// declared; whether it then fits is seen when it is there.
func assignable(from, to *value.Type) bool {
	switch {
	case isAny(from) || isAny(to):
		return true
	case to.Kind.IsText():
		return from.Kind.IsText()
	case to.Kind == value.Number:
		return isNumber(from)
	case to.Kind == value.TimeKind:
		return isMoment(from)
	case to.Kind == value.List:
		return from.Kind == value.List && assignable(elemOf(from), elemOf(to))
	case to.Kind == value.Object:
		if from.Kind != value.Object {
			return false
		}
		for _, f := range from.Fields {
			if t, ok := fieldType(to, f.Name); len(to.Fields) > 0 && ok && !assignable(f.Type, t) {
				return false
			}
		}
		return true
	}
	return from.Kind == to.Kind
}
