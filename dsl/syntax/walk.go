package syntax

import (
	"reflect"
	"strings"
	"sync"

	"journey/dsl/diag"
)

// collector walks a tree once after parsing: it gives every node its file and
// gathers the problems that nodes have recorded.
type collector struct {
	file     *diag.File
	problems []problem
}

// collect visits a value; around is the innermost statement.
func (c *collector) collect(v reflect.Value, around Statement) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.collect(v.Elem(), around)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.collect(v.Index(i), around)
		}
	case reflect.Struct:
		around = c.visit(v.Addr().Interface(), around)
		for _, i := range fieldsOf(v.Type()) {
			c.collect(v.Field(i), around)
		}
	}
}

func (c *collector) visit(n any, around Statement) Statement {
	if n, ok := n.(interface{ base() *node }); ok {
		n.base().file = c.file
	}
	if s, ok := n.(Statement); ok {
		around = s
		if l := s.stmt().label; l != nil {
			l.file = c.file
		}
	}
	if f, ok := n.(interface{ found() []problem }); ok {
		for _, p := range f.found() {
			if p.anchored && around != nil {
				p.start, p.end = anchor(around)
			}
			c.problems = append(c.problems, p)
		}
	}
	return around
}

// anchor is where it says that something is missing: at the word that begins
// the statement, in a declaration at its name.
func anchor(s Statement) (start, end int) {
	if n := declName(s); n != nil {
		return n.start, n.end
	}
	return s.stmt().first, s.stmt().wordEnd
}

// declName is the name of a declaration, if it has one.
func declName(s Statement) *Name {
	var n *Name
	switch d := s.(type) {
	case *Trait:
		n = &d.Name
	case *Event:
		n = &d.Name
	case *Segment:
		n = &d.Name
	case *Message:
		n = &d.Name
	case *Webhook:
		n = &d.Name
	case *Journey:
		n = &d.Name
	case *Import:
		n = &d.Name
	}
	if n == nil || n.Text == "" {
		return nil
	}
	return n
}

// fieldsOf are the fields of a node type that hold nodes. It is asked for
// every node of every file, so the answers are kept.
func fieldsOf(t reflect.Type) []int {
	if f, ok := nodeFields.Load(t); ok {
		return f.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && holdsNodes(f.Type) {
			fields = append(fields, i)
		}
	}
	nodeFields.Store(t, fields)
	return fields
}

var nodeFields sync.Map // reflect.Type → []int; a fact about the types

func holdsNodes(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return (t.Kind() == reflect.Struct || t.Kind() == reflect.Interface) && strings.HasSuffix(t.PkgPath(), "dsl/syntax")
}
