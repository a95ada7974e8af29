package cond

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// Names are resolved here, by an allow-list: a name that is not found below
// means nothing, whatever expr might make of it.

// identifier compiles a name that stands by itself.
func (k *compiler) identifier(n *ast.IdentifierNode) *code {
	if k.scope.Row && n.Value != hole {
		return k.ofRow(n)
	}
	switch n.Value {
	case "now":
		k.now = true
		return lineCode(n, typTime, n, func(e *Env) (line, bool) { return line{int64(e.Now), 1}, true })
	case "event":
		if k.scope.Event == nil {
			return k.errNoEvent(n)
		}
		return k.occurred(n, k.scope.Event, func(e *Env) *Event { return e.Event })
	case "entry":
		if !k.scope.HasEntry {
			return k.errNotHere(n, "there is no run here, so there is no entry either")
		}
		t := k.scope.Entry
		if k.scope.EntryAny || t == nil {
			t = typAny
		}
		return k.occurred(n, t, func(e *Env) *Event { return e.Entry })
	case "profile":
		return k.errNeedsName(n, "a trait", "profile.email")
	case "segment":
		return k.errNeedsName(n, "a name", "segment.NAME")
	case "journey":
		return k.errNeedsName(n, "a name", "journey.NAME")
	case "run":
		return k.errNeedsName(n, "a name", "run.NAME")
	case hole:
		k.holed = true // nothing more to say
		return bad(n)
	}
	if t, ok := k.scope.With[n.Value]; ok {
		return k.given(n, t)
	}
	if _, ok := k.scope.Events[n.Value]; ok {
		return k.past(n, n.Value)
	}
	return k.errUnknownName(n)
}

// given is what a `with` gives.
func (k *compiler) given(n *ast.IdentifierNode, t *value.Type) *code {
	if t == nil {
		t = typAny
	}
	name := n.Value
	return read(n, t, func(e *Env) any { return e.With[name] })
}

// typRow is a row of a file: a text under the name of each column.
var typRow = &value.Type{Kind: value.Object, Elem: typText}

// ofRow compiles a name in an import, where `row` is all there is.
func (k *compiler) ofRow(n *ast.IdentifierNode) *code {
	switch n.Value {
	case "row":
		return read(n, typRow, func(e *Env) any {
			if e.Row == nil {
				return nil
			}
			return e.Row
		})
	case "now":
		return k.errNoClock(n)
	}
	if diag.Suggest(n.Value, []string{"row"}) != "" {
		return k.errUnknownName(n)
	}
	return k.errOnlyRow(n)
}

// hole is the name that the parser puts where an operand is missing; it has
// reported that.
const hole = "$hole"

// bad is what stands for something that was reported: it fits everywhere.
func bad(n ast.Node) *code {
	return &code{typ: typAny, node: n, bad: true, val: func(*Env) any { return nil }}
}

// occurred is the event at hand or the entry, as a whole.
func (k *compiler) occurred(n ast.Node, t *value.Type, get func(*Env) *Event) *code {
	return &code{typ: withAt(t), node: n, val: func(e *Env) any {
		if ev := get(e); ev != nil {
			return ev
		}
		return nil
	}}
}

// withAt is an event's type together with the property at.
func withAt(t *value.Type) *value.Type {
	if t.Kind != value.Object {
		return t
	}
	if _, ok := t.Field("at"); ok {
		return t
	}
	return &value.Type{Kind: value.Object, Elem: t.Elem,
		Fields: append(slices.Clip(t.Fields), value.Field{Name: "at", Type: typTime})}
}

// pointer compiles `it`.
func (k *compiler) pointer(n *ast.PointerNode) *code {
	if n.Name != "" {
		return k.refuseNode(n)
	}
	if len(k.frames) == 0 {
		return k.errNoElement(n)
	}
	f := k.frames[len(k.frames)-1]
	if f.elem == nil {
		return bad(n)
	}
	return k.element(n, f.elem, f.from)
}

// element is the element at hand of a predicate or aggregate.
func (k *compiler) element(n ast.Node, t *value.Type, from []*source) *code {
	c := read(n, t, func(e *Env) any { return e.it })
	c.from = from
	return c
}

// member compiles `X.NAME`, `X["NAME"]` and `LIST[INDEX]`.
func (k *compiler) member(n *ast.MemberNode) *code {
	if n.Optional || n.Method {
		return k.refuseNode(n)
	}
	name, named := n.Property.(*ast.StringNode)
	if id, ok := n.Node.(*ast.IdentifierNode); ok && !k.scope.Row {
		switch id.Value {
		case "profile", "segment", "journey", "run":
			if !named {
				return k.errDynamic(n.Property)
			}
			return k.namespace(n, id, name)
		case "entry":
			if named && k.scope.HasEntry {
				return k.entry(n, name)
			}
		case "event":
			if named && k.scope.Event != nil {
				return k.property(n, name, withAt(k.scope.Event), "event", func(e *Env) *Event { return e.Event })
			}
		}
	}
	if call, ok := n.Node.(*ast.CallNode); ok && named && callee(call) == "local" {
		return k.local(n, call, name)
	}
	base := k.visit(n.Node)
	if base.bad {
		if !named {
			k.visit(n.Property)
		}
		return bad(n)
	}
	if !named {
		return k.index(n, base)
	}
	return k.field(n, base, name)
}

// namespace compiles profile.X, segment.X, journey.X and run.X.
func (k *compiler) namespace(n *ast.MemberNode, space *ast.IdentifierNode, name *ast.StringNode) *code {
	id := name.Value
	switch space.Value {
	case "profile":
		if id == "id" {
			return textCode(n, func(e *Env) (string, bool) { return e.Person.ID(), true })
		}
		t, ok := k.scope.Traits[id]
		if !ok {
			return k.errUnknown(name, "unknown-trait", "trait", "profile.", append(keys(k.scope.Traits), "id"))
		}
		k.traits[id] = true
		return read(n, t, func(e *Env) any { return e.Person.Trait(id) })
	case "segment":
		if !k.scope.Segments[id] {
			return k.errUnknown(name, "unknown-segment", "segment", "segment.", keys(k.scope.Segments))
		}
		k.segments[id] = true
		return condCode(n, func(e *Env) bool { return e.Person.InSegment(id) })
	case "journey":
		if k.scope.NoJourney {
			return k.errNotHere(space, "segments and computed traits cannot ask for `journey.%s`: journeys depend on them", id)
		}
		if !k.scope.Journeys[id] {
			return k.errUnknown(name, "unknown-journey", "journey", "journey.", keys(k.scope.Journeys))
		}
		k.journeys[id] = true
		return condCode(n, func(e *Env) bool { return e.Person.InJourney(id) })
	}
	if !k.scope.HasRun {
		return k.errNotHere(space, "there is no run here, so nothing is kept in `run`")
	}
	t, ok := k.scope.Run[id]
	if !ok {
		return k.errUnknown(name, "unknown-name", "value of the run", "run.", keys(k.scope.Run))
	}
	if t == nil {
		t = typAny
	}
	return read(n, t, func(e *Env) any { return e.Run[id] })
}

// entry compiles entry.X.
func (k *compiler) entry(n *ast.MemberNode, name *ast.StringNode) *code {
	get := func(e *Env) *Event { return e.Entry }
	switch {
	case name.Value == "event":
		return textCode(n, func(e *Env) (string, bool) {
			if e.Entry == nil || e.Entry.Name == "" {
				return "", false
			}
			return e.Entry.Name, true
		})
	case k.scope.EntryAny && name.Value != "at":
		return read(n, typAny, func(e *Env) any {
			if e.Entry == nil {
				return nil
			}
			return e.Entry.Props.Get(name.Value)
		})
	}
	t := k.scope.Entry
	if t == nil {
		t = &value.Type{Kind: value.Object}
	}
	t = withAt(t)
	if _, ok := fieldType(t, name.Value); !ok {
		return k.errUnknown(name, "unknown-property", "property of the entry", "entry.", append(fieldNames(t), "event"))
	}
	return k.property(n, name, t, "entry", get)
}

// property compiles event.X and entry.X.
func (k *compiler) property(n *ast.MemberNode, name *ast.StringNode, t *value.Type, what string, get func(*Env) *Event) *code {
	if types, ok := k.scope.Mixed[name.Value]; ok && (what == "entry" || k.scope.OneOf) {
		return k.errMixed(name, what, types)
	}
	ft, ok := fieldType(t, name.Value)
	if !ok {
		return k.errUnknown(name, "unknown-property", "property of the "+what, what+".", fieldNames(t))
	}
	id := name.Value
	if id == "at" {
		return lineCode(n, typTime, nil, func(e *Env) (line, bool) {
			return atOf(get(e))
		})
	}
	return read(n, ft, func(e *Env) any {
		if ev := get(e); ev != nil {
			return ev.Props.Get(id)
		}
		return nil
	})
}

// field compiles X.NAME of an object.
func (k *compiler) field(n *ast.MemberNode, base *code, name *ast.StringNode) *code {
	id := name.Value
	_, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		return &ast.MemberNode{Node: leaf[0], Property: &ast.StringNode{Value: id}}
	}, k.typeFor(base.typ))
	if wrong {
		if base.typ.Kind != value.Object {
			return k.errNoFields(n, base, name)
		}
		what := "property"
		if len(base.from) > 0 {
			what = "property of " + base.from[0].event
		}
		return k.errUnknown(name, "unknown-property", what, "", fieldNames(base.typ))
	}
	t, ok := fieldType(base.typ, id)
	if !ok {
		t = typAny
	}
	get := base.asVal()
	if id == "at" && t.Kind == value.TimeKind {
		return lineCode(n, t, nil, func(e *Env) (line, bool) { return atOf(get(e)) })
	}
	for _, s := range base.from {
		if id != "at" {
			s.props[id] = true
		}
	}
	return read(n, t, func(e *Env) any { return memberOf(get(e), id) })
}

// index compiles LIST[INDEX]; a negative index counts from the end.
func (k *compiler) index(n *ast.MemberNode, base *code) *code {
	if base.typ.Kind == value.Object || isAny(base.typ) {
		return k.errDynamic(n.Property)
	}
	i := k.still(n.Property)
	_, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		return &ast.MemberNode{Node: leaf[0], Property: leaf[1]}
	}, k.typeFor(base.typ), k.whole2int(i.typ))
	if wrong {
		if base.typ.Kind != value.List {
			return k.errNoElements(n, base)
		}
		return k.errArgument(i, "an index wants a number")
	}
	return k.pick(n, base, i.asNum())
}

// pick is one element of a list.
func (k *compiler) pick(n ast.Node, base *code, index func(*Env) (float64, bool)) *code {
	l := base.asList()
	c := read(n, elemOf(base.typ), func(e *Env) any {
		f, ok := index(e)
		if !ok || f != float64(int(f)) {
			return nil
		}
		l, i := l(e), int(f)
		if i < 0 {
			i += l.len()
		}
		if i < 0 || i >= l.len() {
			return nil
		}
		return l.at(i)
	})
	c.from = base.from
	return c
}

// whole2int is how expr sees a number where it insists on an integer, which
// the language has no type of its own for.
func (k *compiler) whole2int(t *value.Type) types.Type {
	if isNumber(t) {
		return types.Int
	}
	return k.typeFor(t)
}

// memberOf is a property of an object or event.
func memberOf(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[name]
	case *Event:
		if v == nil {
			return nil
		}
		if name == "at" {
			return v.At
		}
		return v.Props.Get(name)
	}
	return nil
}

// atOf is an event's time, without a box.
func atOf(v any) (line, bool) {
	switch v := v.(type) {
	case *Event:
		if v != nil {
			return line{at: int64(v.At)}, inRange(int64(v.At))
		}
	case map[string]any:
		if t, ok := v["at"].(value.Time); ok && inRange(int64(t)) {
			return line{at: int64(t)}, true
		}
	}
	return line{}, false
}

// fieldType is the type of an object's property. An object type with an Elem
// has any others, too, all of that type.
func fieldType(t *value.Type, name string) (*value.Type, bool) {
	if f, ok := t.Field(name); ok {
		return f.Type, true
	}
	return t.Elem, t.Elem != nil
}

func fieldNames(t *value.Type) []string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	return names
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
