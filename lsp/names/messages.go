package names

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/template"
)

// body resolves what a message writes, as seen by everything that sends it.
func (b *builder) body(m *Symbol) {
	d := m.Node.(*syntax.Message)
	for _, item := range d.Clauses.Items {
		switch item := item.(type) {
		case *syntax.Content:
			b.content(m, item)
		case *syntax.URL:
			b.text(m, item.Text, template.Header)
		case *syntax.To:
			b.sent(m, item.Address)
		case *syntax.ValidFor:
			b.sent(m, item.For)
		case *syntax.TopicOf:
			b.refer(&item.Name, Topic)
		case *syntax.Method:
			b.channel(&item.Name, methods)
		case *syntax.JSON:
			for _, p := range item.Pairs.Items {
				b.sent(m, p.Value)
			}
		}
	}
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// sent resolves an expression of a message in the scope of each sender.
func (b *builder) sent(m *Symbol, x *syntax.Expr) {
	for _, s := range b.scopes(m) {
		b.expr(x, s)
	}
}

// scopes are those of a message's senders; one of its own if nothing sends it.
func (b *builder) scopes(m *Symbol) []*scope {
	var all []*scope
	for _, s := range b.senders[m] {
		all = append(all, s.scope)
	}
	if all == nil {
		all = []*scope{{}}
	}
	return all
}

func (b *builder) webhook(d *syntax.Webhook) {
	s := b.tables[Webhook][d.Name.Text]
	for _, item := range d.Clauses.Items {
		switch item := item.(type) {
		case *syntax.Method:
			b.channel(&item.Name, methods)
		case *syntax.JSON:
			for _, p := range item.Pairs.Items {
				b.expr(p.Value, &scope{with: b.given[s]})
			}
		}
	}
}

// content resolves a part of a message.
func (b *builder) content(m *Symbol, c *syntax.Content) {
	kind := template.Header
	switch c.Part {
	case "text":
		kind = template.Text
	case "html":
		kind = template.HTML
	}
	if !c.File {
		b.text(m, c.Text, kind)
		return
	}
	if c.Text == nil {
		return
	}
	if b.mark != "" && strings.Contains(c.Text.Value, b.mark) {
		b.files(c.Text)
		return
	}
	name := path.Join(path.Dir(c.Span().File.Name), c.Text.Value)
	source, ok := b.sources[name]
	if !ok {
		return
	}
	f := b.bodies[name]
	if f == nil {
		f = &diag.File{Name: name, Text: source}
		b.bodies[name] = f
	}
	b.template(m, source, kind, func(from, to int) diag.Span { return diag.Span{File: f, Start: from, End: to} })
}

// files keeps the files that a message can name.
func (b *builder) files(s *syntax.String) {
	dir := path.Dir(s.Span().File.Name)
	var words []Word
	for name := range b.sources {
		below := dir == "." || strings.HasPrefix(name, dir+"/")
		if !below || strings.HasSuffix(name, dsl.Extension) {
			continue
		}
		if dir != "." {
			name = strings.TrimPrefix(name, dir+"/")
		}
		words = append(words, Word{Text: name, Detail: "file"})
	}
	slices.SortFunc(words, func(a, b Word) int { return strings.Compare(a.Text, b.Text) })
	if b.index.Point == nil {
		b.index.Point = &Point{Span: s.Span(), Quoted: true, Words: words}
	}
}

// text resolves a template in quotes.
func (b *builder) text(m *Symbol, s *syntax.String, kind template.Kind) {
	if s != nil {
		b.template(m, s.Value, kind, s.Part)
	}
}

// template resolves the names of a template. place is where a stretch of its
// source stands.
func (b *builder) template(m *Symbol, source string, kind template.Kind, place func(from, to int) diag.Span) {
	if b.mark != "" {
		if at := strings.Index(source, b.mark); at >= 0 {
			b.inTemplate(m, source[:at], place(at, at+len(b.mark)))
			return
		}
	}
	if !strings.Contains(source, "{{") && !strings.Contains(source, "{%") {
		return
	}
	t, _ := b.cache.Template(source, kind)
	for _, ref := range t.Names() {
		spans := pathSpans(ref.Path, source[ref.Start:ref.End], place(ref.Start, ref.End))
		for _, s := range b.scopes(m) {
			b.path(ref.Path, spans, s)
		}
		if b.written[m] == nil {
			b.written[m] = map[string]bool{}
		}
		if r := ref.Path[0]; namespaces[r] == 0 && r != "entry" && r != "event" && r != "unsubscribe_url" {
			b.written[m][r] = true
		}
	}
}

// pathSpans are the places of the names of a path that is written as text;
// those that are not written out have none. Names are found from the end: the
// beginning may be a name of the template's own (`item.price`).
func pathSpans(path []string, text string, at diag.Span) []diag.Span {
	spans := make([]diag.Span, len(path))
	if at.End-at.Start != len(text) {
		return spans // an escape lies between
	}
	end := len(text)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == "[]" {
			if end > 0 && text[end-1] == ']' {
				end = max(strings.LastIndexByte(text[:end], '['), 0)
			}
			continue
		}
		if !strings.HasSuffix(text[:end], path[i]) {
			return spans
		}
		start := end - len(path[i])
		if start > 0 && text[start-1] != '.' || start == 0 && i > 0 {
			return spans
		}
		spans[i] = diag.Span{File: at.File, Start: at.Start + start, End: at.Start + end}
		end = max(start-1, 0)
	}
	return spans
}

// path resolves the names of a template's path.
func (b *builder) path(path []string, spans []diag.Span, s *scope) {
	t, from := b.root(path, spans, s)
	for i := from; i < len(path) && t != nil; i++ {
		switch {
		case path[i] == "[]", t.Elem != nil && (path[i] == "first" || path[i] == "last"):
			t = t.Elem
		default:
			t = b.field(t, path[i], spans[i])
		}
	}
}

// root resolves the beginning of a path: how much of it, and to which type.
func (b *builder) root(path []string, spans []diag.Span, s *scope) (*Type, int) {
	switch first := path[0]; {
	case first == "entry":
		return s.entry, 1
	case first == "event":
		return s.event, 1
	case namespaces[first] != 0 && len(path) > 1:
		sym := b.tables[namespaces[first]][path[1]]
		if first == "run" {
			sym = s.run[path[1]]
		}
		if sym == nil {
			return nil, 0
		}
		b.use(sym, spans[1])
		if sym.Kind == Segment || sym.Kind == Journey {
			return nil, 0
		}
		return sym.Type, 2
	default:
		g := s.with[first]
		if g == nil {
			return nil, 0
		}
		b.use(g, spans[0])
		return g.Type, 1
	}
}

var templatePath = regexp.MustCompile(`[\p{L}\p{M}\p{Nd}_.]*$`)

// inTemplate keeps what can stand in a template at the mark, which stands
// behind a text: nothing outside of {{ }} and {% %}.
func (b *builder) inTemplate(m *Symbol, before string, at diag.Span) {
	open := max(strings.LastIndex(before, "{{"), strings.LastIndex(before, "{%"))
	if open < 0 || strings.Contains(before[open:], "}}") || strings.Contains(before[open:], "%}") {
		return
	}
	if b.index.Point != nil {
		return
	}
	parts := strings.Split(templatePath.FindString(before[open+2:]), ".")
	p := &Point{Span: at}
	for _, s := range b.scopes(m) {
		if len(parts) == 1 {
			p.Symbols = append(p.Symbols, sortedSymbols(s.with)...)
			continue
		}
		p.Symbols = append(p.Symbols, b.behind(parts[:len(parts)-1], s)...)
	}
	if len(parts) == 1 {
		p.Words = []Word{{Text: "profile", Detail: "a trait of the person", Dot: true}, {Text: "entry", Detail: "what began the run", Dot: true},
			{Text: "event", Detail: "the event at hand", Dot: true}, {Text: "run", Detail: "a value that was kept", Dot: true},
			{Text: "segment", Detail: "whether the person is in a segment", Dot: true}, {Text: "unsubscribe_url", Detail: "where the receiver leaves the channel"}}
	}
	p.Symbols = unique(p.Symbols)
	b.index.Point = p
}

// behind are the names that can stand behind a path.
func (b *builder) behind(path []string, s *scope) []*Symbol {
	if len(path) == 1 && namespaces[path[0]] != 0 {
		return b.members(namespaces[path[0]], s)
	}
	t, from := b.root(path, make([]diag.Span, len(path)), s)
	for _, name := range path[from:] {
		found := t.fields(name)
		if len(found) == 0 {
			return nil
		}
		t = found[0].Type
	}
	if t == nil {
		return nil
	}
	return t.Fields
}
