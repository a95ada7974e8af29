package dsl

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Import says what the rows of a file are.
type Import struct {
	Name     string
	Format   string     // "csv" or "jsonl"
	Event    string     // what a row is; "": a person
	Live     bool       // the rows act like arriving data; otherwise they are history
	Identify []Named    // whom a row is about, by identifier trait
	Set      []Filled   // what it fills: traits (a key as in "consent.email") or properties of the event
	At       *cond.Expr // when it happened; nil: when it is imported
	AtFormat string     // how that is written, as of a value.Type; "": not said
	Columns  []string   // of the file that its expressions name, in order of appearance
	Span     diag.Span
}

// Filled is a trait or property that an import fills.
type Filled struct {
	Named
	Wire string      // its name on the wire; a dot reaches into an object
	Type *value.Type // how its values are read, with the import's own format; nil: nothing is known of it
}

// formats are the kinds of file that can be imported.
var formats = []string{"csv", "jsonl"}

// imports checks the imports. Their expressions see a row (cond.Env.Row), and
// what they give is cleaned by the type of what it fills: text will do for
// everything.
func (c *checker) imports() {
	names := map[string]diag.Span{}
	for _, d := range c.importDecls {
		if d.Name.Text == "" {
			continue
		}
		if first, there := names[d.Name.Text]; there {
			c.report(errDuplicate("import", &d.Name, first))
			continue
		}
		names[d.Name.Text] = d.Name.Span()
		c.prog.Imports = append(c.prog.Imports, c.importOf(d))
	}
}

func (c *checker) importOf(d *syntax.Import) *Import {
	im := &Import{Name: d.Name.Text, Format: d.Format.Text, Live: d.Live, Span: d.Name.Span()}
	if im.Format != "" && !slices.Contains(formats, im.Format) {
		c.report(errUnknownFormat(&d.Format))
	}
	var event *Event
	if d.Event != nil {
		if d.Event.Change != nil {
			c.report(errEmitChange(d.Event))
		} else {
			event = c.event(d.Event)
		}
		im.Event = nameOf(event)
	}
	w := importWork{checker: c, im: im, decl: d, event: event, filled: map[string]diag.Span{}, identified: map[string]diag.Span{}}
	for _, item := range d.Clauses.Items {
		w.clause(item)
	}
	w.lacks()
	return im
}

// importWork is the work on one import.
type importWork struct {
	*checker
	im         *Import
	decl       *syntax.Import
	event      *Event // nil: people, or an unknown event
	filled     map[string]diag.Span
	identified map[string]diag.Span
	unknown    bool // it names a property that there is not: perhaps one that is missing
}

var rowScope = cond.Scope{Row: true}

func (w *importWork) clause(item syntax.ImportClause) {
	scope := rowScope
	switch item := item.(type) {
	case *syntax.ImportIdentify:
		w.identify(item)
	case *syntax.ImportSet:
		w.set(item)
	case *syntax.ImportAt:
		w.im.At = w.expr(item.Time, &scope, cond.Anything)
		w.columns(item.Time)
		w.im.AtFormat = w.format(item.Format, &value.Type{Kind: value.TimeKind}).Format
		w.fits(item.Time, w.im.At, &value.Type{Kind: value.TimeKind})
	}
}

func (w *importWork) identify(item *syntax.ImportIdentify) {
	scope := rowScope
	x := w.expr(item.Value, &scope, cond.Anything)
	w.columns(item.Value)
	name := item.Trait.Text
	t := w.prog.traits[name]
	switch {
	case name == "":
		return
	case t == nil:
		w.report(errUnknownIdentifier(&item.Trait, w.identifiers()))
	case !t.Identifier:
		w.report(errNoIdentifier(&item.Trait, t))
	}
	if first, there := w.identified[name]; there {
		w.report(errDuplicate("value of", &item.Trait, first))
		return
	}
	w.identified[name] = item.Trait.Span()
	w.im.Identify = append(w.im.Identify, Named{name, x})
}

func (w *importWork) set(item *syntax.ImportSet) {
	scope := rowScope
	x := w.expr(item.Value, &scope, cond.Anything)
	w.columns(item.Value)
	t, wire := w.target(item)
	names := []string{item.Name.Text}
	at := item.Name.Span()
	for i := range item.Path {
		names = append(names, item.Path[i].Text)
		at.End = item.Path[i].Span().End
	}
	name := strings.Join(names, ".")
	if item.Name.Text == "" {
		return
	}
	if first, there := w.filled[name]; there {
		w.report(errFilledTwice(at, name, first))
		return
	}
	w.filled[name] = at
	w.fits(item.Value, x, t)
	w.im.Set = append(w.im.Set, Filled{Named{name, x}, wire, w.format(item.Format, t)})
}

// format is a type with the format that an import says for its file.
func (w *importWork) format(format *syntax.String, t *value.Type) *value.Type {
	if format == nil || t == nil {
		return t
	}
	if err := value.CheckFormat(t.Kind, format.Value); err != nil {
		w.report(errBadFormat(format, err))
		return t
	}
	own := *t
	own.Format = format.Value
	return &own
}

// columns notes the columns that an expression names.
func (w *importWork) columns(x *syntax.Expr) {
	if x == nil || x.Node == nil {
		return
	}
	ast.Walk(&x.Node, columnVisitor{w.im})
}

type columnVisitor struct{ im *Import }

// Visit notes row["NAME"].
func (v columnVisitor) Visit(n *ast.Node) {
	m, ok := (*n).(*ast.MemberNode)
	if !ok {
		return
	}
	id, ok := m.Node.(*ast.IdentifierNode)
	if !ok || id.Value != "row" {
		return
	}
	if name, ok := m.Property.(*ast.StringNode); ok && !slices.Contains(v.im.Columns, name.Value) {
		v.im.Columns = append(v.im.Columns, name.Value)
	}
}

// target resolves what a row fills, and its name on the wire; the type is nil
// where nothing is known.
func (w *importWork) target(item *syntax.ImportSet) (*value.Type, string) {
	name := &item.Name
	if w.decl.Event != nil {
		if w.event == nil {
			return nil, ""
		}
		f, known := w.event.Type.Field(name.Text)
		if !known && name.Text != "" {
			w.unknown = true
			w.report(errNoProperty(name, "`"+w.event.Name+"`", w.event.Type))
			return nil, ""
		}
		if !known {
			return nil, ""
		}
		return w.part(item, f.Type, f.Wire)
	}
	t := w.prog.traits[name.Text]
	switch {
	case name.Text == "":
		return nil, ""
	case t == nil:
		w.report(errUnknownTrait(name, sorted(w.names.traits)))
		return nil, ""
	case t.Computed != nil:
		w.report(errSetComputed(name))
		return nil, ""
	case keyed(t.Name) && len(item.Path) == 0:
		w.report(errImportWhole(name))
		return nil, ""
	}
	return w.part(item, w.names.traits[t.Name], t.Wire)
}

// part is the type of what a path reaches, and its name on the wire.
func (w *importWork) part(item *syntax.ImportSet, t *value.Type, wire string) (*value.Type, string) {
	for i := range item.Path {
		key := &item.Path[i]
		if key.Text == "" {
			return nil, wire
		}
		f, known := t.Field(key.Text)
		switch {
		case known:
			t, wire = f.Type, wire+"."+f.Wire
		case t.Kind == value.Any:
			wire += "." + key.Text
		case t.Elem != nil && t.Kind == value.Object:
			t, wire = t.Elem, wire+"."+key.Text
		default:
			w.unknown = true
			w.report(errNoProperty(key, "`"+item.Name.Text+"`", t))
			return nil, wire
		}
	}
	return t, wire
}

// fits says whether a value can fill something: text always may, it is read
// by the type.
func (w *importWork) fits(written *syntax.Expr, x *cond.Expr, t *value.Type) {
	if x == nil || t == nil || x.Type().Kind.IsText() || x.Type().Kind == value.Any {
		return
	}
	scope := rowScope
	w.expr(written, &scope, cond.ValueOf(t))
}

// lacks reports what an import cannot do without.
func (w *importWork) lacks() {
	if w.misread(w.decl.Span()) {
		return
	}
	name := &w.decl.Name
	if len(w.identified) == 0 {
		w.report(errImportLacks(name, "an `identify`, which says whom a row is about"))
	}
	if w.event == nil {
		return
	}
	if w.im.At == nil && !w.hasAt() {
		w.report(errImportLacks(name, "an `at`, which says when it happened"))
	}
	for _, f := range w.event.Type.Fields {
		if w.unknown {
			break
		}
		if _, there := w.filled[f.Name]; !there && !f.Optional && !w.fillsPart(f.Name) {
			w.report(errPropertyLacks(name.Span(), "`"+w.event.Name+"`", f.Name))
		}
	}
}

func (w *importWork) hasAt() bool {
	return slices.ContainsFunc(w.decl.Clauses.Items, func(item syntax.ImportClause) bool {
		_, ok := item.(*syntax.ImportAt)
		return ok
	})
}

func (w *importWork) fillsPart(name string) bool {
	for filled := range w.filled {
		if strings.HasPrefix(filled, name+".") {
			return true
		}
	}
	return false
}
