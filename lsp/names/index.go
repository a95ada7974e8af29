package names

import (
	"cmp"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Use is a place where a name stands.
type Use struct {
	Span   diag.Span // of the name alone
	Symbol *Symbol
	// Wire says that the text is the name on the wire, which a renaming leaves
	// as it is.
	Wire bool
}

// Index is what Build found. It is read-only and safe to share.
type Index struct {
	// Symbols are all declarations, in the order of the sources; what is built
	// in is not among them.
	Symbols []*Symbol
	// Point is what can stand at the mark; nil without a mark, or where no name
	// can.
	Point *Point

	tables   map[Kind]map[string]*Symbol
	byFile   map[string][]Use
	bySymbol map[*Symbol][]Use
}

// Options are what Build depends on beside the trees.
type Options struct {
	// Sources are all texts of the workspace by their names; templates are taken
	// from here.
	Sources map[string]string
	// Cache has the templates; nil: they are read anew.
	Cache *dsl.Cache
	// Mark is a name that stands where something is to be completed; "": none.
	Mark string
}

// Build finds the names of a workspace.
func Build(trees []*syntax.File, o Options) *Index {
	b := &builder{
		mark: o.Mark, sources: o.Sources, cache: o.Cache, index: &Index{byFile: map[string][]Use{}, bySymbol: map[*Symbol][]Use{}},
		tables: map[Kind]map[string]*Symbol{}, senders: map[*Symbol][]*sender{}, given: map[*Symbol]map[string]*Symbol{},
		wires: map[string]*Symbol{}, bodies: map[string]*diag.File{}, seen: map[Use]bool{},
		written: map[*Symbol]map[string]bool{},
	}
	for _, k := range []Kind{Trait, Event, Segment, Message, Webhook, Journey, Topic, Split} {
		b.tables[k] = map[string]*Symbol{}
	}
	b.builtIn()
	for _, tree := range trees {
		b.declare(tree)
	}
	for _, tree := range trees {
		for _, d := range tree.Decls {
			b.decl(d)
		}
	}
	for _, m := range b.messages {
		b.body(m)
	}
	if b.finish != nil {
		b.finish()
	}
	b.index.tables = b.tables
	for _, uses := range b.index.byFile {
		slices.SortStableFunc(uses, func(a, b Use) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	}
	return b.index
}

// At are the names that stand at an offset of a file, the end of a name
// included. There may be several: `entry.total` of a journey with two events.
func (x *Index) At(file string, offset int) []Use {
	var found []Use
	for _, u := range x.byFile[file] {
		if u.Span.Start <= offset && offset <= u.Span.End {
			found = append(found, u)
		}
	}
	return found
}

// Named is what has a name of a kind, built in or declared; nil for nothing.
// It knows no names that belong to something else (properties, goals, …).
func (x *Index) Named(k Kind, name string) *Symbol { return x.tables[k][name] }

// In are the names of a file, by place.
func (x *Index) In(file string) []Use { return x.byFile[file] }

// Uses are all places of a symbol, its declaration included, by file and
// place.
func (x *Index) Uses(s *Symbol) []Use {
	uses := slices.Clone(x.bySymbol[s])
	slices.SortFunc(uses, func(a, b Use) int {
		return cmp.Or(strings.Compare(a.Span.File.Name, b.Span.File.Name), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return uses
}

// builder is the work of Build.
type builder struct {
	index   *Index
	mark    string
	sources map[string]string
	cache   *dsl.Cache

	tables   map[Kind]map[string]*Symbol // by name
	wires    map[string]*Symbol          // events by their names on the wire
	messages []*Symbol
	senders  map[*Symbol][]*sender          // of a message
	given    map[*Symbol]map[string]*Symbol // what `with` gives, by message or webhook
	bodies   map[string]*diag.File          // templates in files
	seen     map[Use]bool
	written  map[*Symbol]map[string]bool // the names that a message's templates read of `with`
	finish   func()                      // completes the point when everything is known; nil: nothing to do
}

// builtIn takes what is there without a declaration.
func (b *builder) builtIn() {
	p, _ := dsl.Load(nil)
	if p == nil {
		return
	}
	for _, t := range p.Traits {
		s := &Symbol{Kind: Trait, Name: t.Name, Doc: builtInDocs[t.Name]}
		s.Type = ofValue(t.Type, s)
		b.tables[Trait][t.Name] = s
	}
	b.tables[Trait]["id"] = &Symbol{Kind: Trait, Name: "id", Type: plain("text"), Doc: builtInDocs["id"]}
	for _, e := range p.Events {
		s := &Symbol{Kind: Event, Name: e.Name, Doc: builtInDocs[e.Name]}
		s.Type = ofValue(e.Type, s)
		b.tables[Event][e.Name] = s
	}
}

// builtInDocs say what the built-in traits and events are.
var builtInDocs = map[string]string{
	"id":                 "The profile's own id.",
	"user_id":            "Who somebody is in your own systems; one a person.",
	"anonymous_id":       "A device or browser before anybody said who he is.",
	"timezone":           "The person's time zone; without it the workspace's counts.",
	"language":           "The person's language.",
	"tags":               "The list of tags that rules, `tag` and `untag` change.",
	"consent":            "Whether marketing may be sent, by channel.",
	"topics":             "The topics that somebody has joined (true) or left (false).",
	"suppressed":         "The channels over which nothing reaches the person; it follows bounces and complaints.",
	"page_viewed":        "A page was seen (page calls).",
	"screen_viewed":      "A screen was seen (screen calls).",
	"message_sent":       "A message was accepted by its provider.",
	"message_delivered":  "The provider reports that a message has arrived.",
	"message_opened":     "A message was opened.",
	"message_clicked":    "A link in a message was clicked.",
	"message_bounced":    "A message could not be delivered.",
	"message_complained": "Somebody marked a message as spam.",
	"unsubscribed":       "Somebody left a channel or topic.",
}

// use notes that a symbol stands somewhere.
func (b *builder) use(s *Symbol, at diag.Span) { b.note(Use{Span: at, Symbol: s}) }

func (b *builder) note(u Use) {
	if u.Symbol == nil || u.Span.File == nil || u.Span.End <= u.Span.Start || b.seen[u] {
		return
	}
	b.seen[u] = true
	b.index.byFile[u.Span.File.Name] = append(b.index.byFile[u.Span.File.Name], u)
	b.index.bySymbol[u.Symbol] = append(b.index.bySymbol[u.Symbol], u)
}

// declared notes a declaration.
func (b *builder) declared(s *Symbol) {
	b.index.Symbols = append(b.index.Symbols, s)
	b.use(s, s.Span)
}

// refer notes the use of a name, or keeps what can stand there if it is the
// mark.
func (b *builder) refer(n *syntax.Name, k Kind) *Symbol {
	if n == nil || n.Text == "" {
		return nil
	}
	if n.Text == b.mark {
		b.point(n.Span(), b.all(k))
		return nil
	}
	s := b.tables[k][n.Text]
	b.use(s, n.Span())
	return s
}

// field notes the use of a property, and answers its type.
func (b *builder) field(t *Type, name string, at diag.Span) *Type {
	if name == b.mark && b.mark != "" {
		if t != nil {
			b.point(at, t.Fields)
		} else {
			b.point(at, nil)
		}
		return nil
	}
	found := t.fields(name)
	for _, f := range found {
		b.use(f, at)
	}
	if len(found) == 0 {
		return nil
	}
	return found[0].Type
}
