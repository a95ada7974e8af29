package format

import (
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/syntax"
)

// outline is what the tree knows about the tokens.
type outline struct {
	toks    []token
	at      map[int]int     // offset in the source → index of the token that begins there
	closing map[int]int     // index of an opening bracket → of its counterpart
	bodies  map[int]*body   // by the index of their `{`
	marks   map[int]mark    // by index
	exprs   map[[2]int]bool // the spans of whole expressions
}

// body is what stands in braces: statements, pairs, properties, branches, …
type body struct {
	items []item
	last  int  // index of the `}`
	data  bool // pairs or properties, which commas divide
	rows  bool // the data of a test
}

// item is a part of a body that has a line to itself when the body is broken.
type item struct {
	first int
	node  any // a syntax.Statement, or the *ast.PairNode of an object
}

// mark says what a token is where its text leaves that open.
type mark uint8

const (
	binary  mark = 1 << iota // an operator between two operands; another minus is a sign
	callee                   // the name of a function: its bracket follows directly
	index                    // a `[` that follows directly what it is an index of
	element                  // a `.` that begins an operand
	ternary                  // the `:` of a ? b : c
)

func newOutline(tree *syntax.File, toks []token) *outline {
	o := &outline{toks: toks, at: map[int]int{}, closing: map[int]int{}, bodies: map[int]*body{}, marks: map[int]mark{}, exprs: map[[2]int]bool{}}
	var open []int
	for i, t := range toks {
		o.at[t.start] = i
		for _, start := range t.instead {
			o.at[start] = i
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			if n := len(open); n > 0 {
				o.closing[open[n-1]] = i
				open = open[:n-1]
			}
		}
	}
	for _, d := range tree.Decls {
		o.node(reflect.ValueOf(d))
	}
	return o
}

// node looks at a piece of the tree and what is in it.
func (o *outline) node(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			o.node(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			o.node(v.Index(i))
		}
	case reflect.Struct:
		if e, ok := v.Addr().Interface().(*syntax.Expr); ok {
			o.expr(e)
			return
		}
		o.body(v)
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && holdsNodes(f.Type) {
				o.node(v.Field(i))
			}
		}
	}
}

var (
	statementType = reflect.TypeFor[syntax.Statement]()
	packagePath   = reflect.TypeFor[syntax.File]().PkgPath()
)

// holdsNodes says whether values of a type are, or hold, pieces of the tree.
func holdsNodes(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return (t.Kind() == reflect.Struct || t.Kind() == reflect.Interface) && t.PkgPath() == packagePath
}

// body notes a node that stands in braces and has statements in it.
func (o *outline) body(v reflect.Value) {
	n, ok := v.Addr().Interface().(syntax.Node)
	if !ok || !isBody(v.Type()) {
		return
	}
	open, ok := o.at[n.Span().Start]
	if !ok || o.toks[open].text != "{" {
		return
	}
	b := &body{last: o.closing[open]}
	for i := range v.NumField() {
		f := v.Field(i)
		if !v.Type().Field(i).IsExported() || f.Kind() != reflect.Slice {
			continue
		}
		for k := range f.Len() {
			if s, ok := f.Index(k).Interface().(syntax.Statement); ok {
				b.items = append(b.items, item{o.at[s.Span().Start], s})
				_, row := s.(*syntax.DataPair)
				b.data, b.rows = b.data || row || isData(s), b.rows || row
			}
		}
	}
	slices.SortFunc(b.items, func(a, b item) int { return a.first - b.first })
	o.bodies[open] = b
}

// isBody says whether a type is one of a body: it holds statements and is none.
func isBody(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(statementType) {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Type.Kind() == reflect.Slice && f.Type.Elem().Implements(statementType) {
			return true
		}
	}
	return false
}

// isData says whether a part of a body is divided from the next by commas.
func isData(s syntax.Statement) bool {
	switch s.(type) {
	case *syntax.Pair, *syntax.Property:
		return true
	}
	return false
}

// expr looks at an expression.
func (o *outline) expr(e *syntax.Expr) {
	span := e.Span()
	o.exprs[[2]int{span.Start, span.End}] = true
	n := e.Node
	ast.Walk(&n, o)
}

// Visit looks at a node of an expression.
func (o *outline) Visit(n *ast.Node) {
	i, ok := o.at[(*n).Location().From]
	if !ok {
		return
	}
	switch n := (*n).(type) {
	case *ast.BinaryNode:
		o.marks[i] |= binary
	case *ast.CallNode:
		if i+1 < len(o.toks) && o.toks[i+1].text == "(" && isCall(n) {
			o.marks[i] |= callee
		}
	case *ast.MemberNode:
		if o.toks[i].text == "[" {
			o.marks[i] |= index
		}
	case *ast.PointerNode:
		if o.toks[i].text == "." {
			o.marks[i] |= element
		}
	case *ast.ConditionalNode:
		o.choice(i)
	case *ast.MapNode:
		b := &body{last: o.closing[i], data: true}
		for _, pair := range n.Pairs {
			b.items = append(b.items, item{o.at[pair.Location().From], pair})
		}
		o.bodies[i] = b
	}
}

// isCall leaves out what the tree writes as calls and the source does not.
func isCall(n *ast.CallNode) bool {
	name, ok := n.Callee.(*ast.IdentifierNode)
	return ok && name.Value != syntax.CallSet && name.Value != syntax.CallMissing && name.Value != syntax.CallLast
}

// choice marks the `:` that belongs to a `?`.
func (o *outline) choice(question int) {
	for i, depth := question+1, 1; i < len(o.toks); i++ {
		switch o.toks[i].text {
		case "(", "[", "{":
			i = o.closing[i]
		case "?":
			depth++
		case ":":
			if depth--; depth == 0 {
				o.marks[i] |= ternary
				return
			}
		}
	}
}

// withoutParentheses are the tokens without the parentheses that change
// nothing: those around a whole expression, an argument or other parentheses.
// Those that group operators stay, also where the language does not need
// them: readers do.
func (o *outline) withoutParentheses() []token {
	drop := map[int]bool{}
	for open, last := range o.closing {
		if o.toks[open].text == "(" && !o.calls(open) && o.alone(open, last) && o.plain(open, last) {
			drop[open], drop[last] = true, true
		}
	}
	if len(drop) == 0 {
		return o.toks
	}
	var toks []token
	var before token // what stands before parentheses that go
	for i, t := range o.toks {
		if drop[i] {
			if t.text == "(" {
				before.instead = append(before.instead, t.start)
			}
			before.newline, before.blank = before.newline || t.newline, before.blank || t.blank
			before.comments = append(before.comments, t.comments...)
			continue
		}
		t.newline, t.blank = t.newline || before.newline, t.blank || before.blank
		t.comments = append(slices.Clip(before.comments), t.comments...)
		t.instead = before.instead
		before = token{}
		toks = append(toks, t)
	}
	return toks
}

func (o *outline) calls(open int) bool { return open > 0 && o.marks[open-1]&callee != 0 }

// alone says whether parentheses stand around a whole expression, an argument
// or an element.
func (o *outline) alone(open, last int) bool {
	if o.exprs[[2]int{o.toks[open].start, o.toks[last].end}] {
		return !o.guards(open)
	}
	before, after := o.toks[max(open-1, 0)].text, o.toks[last+1].text
	return (before == "(" || before == "[" || before == ",") && (after == ")" || after == "]" || after == ",")
}

// guards says whether a parenthesis keeps what stands in it from being read as
// words of the language: wait until (no), expect (not …).
func (o *outline) guards(open int) bool {
	switch o.toks[max(open-1, 0)].text {
	case "wait", "until", "expect":
		next := o.toks[open+2].text
		return wordLength(o.toks[open+1].text) > 0 && next != "." && next != "("
	}
	return false
}

// plain says whether what stands in parentheses can do without them: it stands
// on one line, holds something, and is no object, which has braces.
func (o *outline) plain(open, last int) bool {
	empty := 0 // the end of an empty body, in which line ends do not stay
	for i := open + 1; i <= last; i++ {
		t := o.toks[i]
		if t.newline && i > empty || len(t.comments) > 0 {
			return false
		}
		if b := o.bodies[i]; b != nil && len(b.items) == 0 {
			empty = b.last
		}
	}
	return last > open+1 && o.toks[open+1].text != "{"
}
