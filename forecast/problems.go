package forecast

import (
	"cmp"
	"slices"
	"strconv"
)

// maxProblems is how many kinds of problem are told apart.
const maxProblems = 200

// place is a line of a source.
type place struct {
	source string
	line   int
}

func (p place) String() string { return p.source + ":" + strconv.Itoa(p.line) }

// Problem is something about the log that could not be used.
type Problem struct {
	Field  string `json:"field,omitempty"` // of the call; "" for the whole of it
	Reason string `json:"reason"`          // of the first
	Place  string `json:"first"`           // of the first: file:line
	N      int    `json:"n"`
}

// problems are those met so far, by field.
type problems struct {
	list   []Problem
	unused int // lines that were not used at all
	others int // beyond maxProblems
}

// add notes a problem. One field's are one, but a whole call's, where the
// reason tells them apart.
func (p *problems) add(field, reason string, at place) {
	if !p.again(field, reason, 1) {
		p.list = append(p.list, Problem{field, reason, at.String(), 1})
	}
}

// again counts a problem that has been met, or that is one too many to be
// told apart; false: it is new.
func (p *problems) again(field, reason string, n int) bool {
	for i := range p.list {
		if o := &p.list[i]; o.Field == field && (field != "" || o.Reason == reason) {
			o.N += n
			return true
		}
	}
	if len(p.list) >= maxProblems {
		p.others += n
		return true
	}
	return false
}

// merge adds those of a later part of the log.
func (p *problems) merge(o *problems) {
	for _, more := range o.list {
		if !p.again(more.Field, more.Reason, more.N) {
			p.list = append(p.list, more)
		}
	}
	p.unused += o.unused
	p.others += o.others
}

// sorted are the problems, the most frequent first.
func (p *problems) sorted() []Problem {
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b Problem) int { return cmp.Compare(b.N, a.N) })
	return list
}
