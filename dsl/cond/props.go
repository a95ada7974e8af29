package cond

import (
	"iter"
	"slices"
	"sort"
	"strings"

	"journey/dsl/value"
)

// Props are the properties of an event: names in order, each with its value.
// They never change; events that have the same names may share them. A map
// for each event would take some 300 bytes, and a person has dozens of events.
// The zero Props are none.
type Props struct {
	names  []string
	values []any
}

// PropsOf are the properties of a map.
func PropsOf(m map[string]any) Props {
	if len(m) == 0 {
		return Props{}
	}
	p := Props{names: make([]string, 0, len(m)), values: make([]any, len(m))}
	for name := range m {
		p.names = append(p.names, name)
	}
	slices.Sort(p.names)
	for i, name := range p.names {
		p.values[i] = m[name]
	}
	return p
}

// MakeProps are properties by their names, sorted and each once, and values
// in the same order. Neither may be changed afterwards.
func MakeProps(names []string, values []any) Props { return Props{names, values} }

// Len is how many there are.
func (p Props) Len() int { return len(p.names) }

// Names are the names, sorted. They must not be changed.
func (p Props) Names() []string { return p.names }

// Values are the values in the order of the names. They must not be changed.
func (p Props) Values() []any { return p.values }

// few is how many names are looked through from the first to the last, which
// is quicker than halving.
const few = 12

// find is the place of a name, or -1.
func (p Props) find(name string) int {
	if len(p.names) > few {
		if i := sort.SearchStrings(p.names, name); i < len(p.names) && p.names[i] == name {
			return i
		}
		return -1
	}
	for i := range p.names {
		if p.names[i] == name {
			return i
		}
	}
	return -1
}

// Get is a property's value; nil if it is missing.
func (p Props) Get(name string) any {
	if i := p.find(name); i >= 0 {
		return p.values[i]
	}
	return nil
}

// Path is the value at a path of names joined by dots, as value.Path is.
func (p Props) Path(path string) any {
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return p.Get(path)
	}
	if i := p.find(path); i >= 0 { // a name that itself holds the dot
		return p.values[i]
	}
	inner, ok := p.Get(first).(map[string]any)
	if !ok {
		return nil
	}
	return value.Path(inner, rest)
}

// All are names and values in order.
func (p Props) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, name := range p.names {
			if !yield(name, p.values[i]) {
				return
			}
		}
	}
}

// Map is a new map of them.
func (p Props) Map() map[string]any {
	m := make(map[string]any, len(p.names)+2)
	for i, name := range p.names {
		m[name] = p.values[i]
	}
	return m
}

// With are these and one more, or with another value for one.
func (p Props) With(name string, v any) Props {
	if i := p.find(name); i >= 0 {
		c := Props{p.names, slices.Clone(p.values)}
		c.values[i] = v
		return c
	}
	i, _ := slices.BinarySearch(p.names, name)
	return Props{
		slices.Insert(slices.Clip(p.names), i, name),
		slices.Insert(slices.Clip(p.values), i, v),
	}
}

// Only are those of them that have one of some names, sorted and each once,
// which the result may share.
func (p Props) Only(names []string) Props {
	var at [64]int8
	n := 0
	for i, j := 0, 0; i < len(p.names) && j < len(names); {
		switch c := strings.Compare(p.names[i], names[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			if n == len(at) || i > 127 {
				return p.only(names)
			}
			at[n] = int8(i)
			n, i, j = n+1, i+1, j+1
		}
	}
	switch n {
	case 0:
		return Props{}
	case len(p.names):
		return p
	}
	c := Props{values: make([]any, n)}
	if n == len(names) {
		c.names = names
	} else {
		c.names = make([]string, n)
	}
	for k := range n {
		c.values[k] = p.values[at[k]]
		if n != len(names) {
			c.names[k] = p.names[at[k]]
		}
	}
	return c
}

// only is Only for events of very many properties.
func (p Props) only(names []string) Props {
	m := map[string]any{}
	for _, name := range names {
		if i := p.find(name); i >= 0 {
			m[name] = p.values[i]
		}
	}
	return PropsOf(m)
}

// Equal says whether the names are the same and the values equal.
func (p Props) Equal(q Props) bool {
	if !slices.Equal(p.names, q.names) {
		return false
	}
	for i := range p.values {
		if !value.Equal(p.values[i], q.values[i]) {
			return false
		}
	}
	return true
}
