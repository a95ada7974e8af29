package names

import (
	"slices"
	"strings"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Point is what can stand at the mark.
type Point struct {
	Span    diag.Span // of the mark, or of the text in quotes of which it is a part
	Quoted  bool      // all of that text is to be replaced
	Symbols []*Symbol
	Words   []Word
}

// Word is a word of the language that can stand at the mark in the place of a
// name: `profile`, a channel, a type, a function.
type Word struct {
	Text   string
	Detail string // what it is, in a few words
	Call   bool   // a function
	Dot    bool   // a name follows behind a dot
}

// point keeps what can stand at the mark. The first place wins.
func (b *builder) point(at diag.Span, symbols []*Symbol) {
	if b.index.Point != nil {
		return
	}
	b.index.Point = &Point{Span: at, Symbols: unique(symbols)}
}

func unique(symbols []*Symbol) []*Symbol {
	seen := map[string]bool{}
	var all []*Symbol
	for _, s := range symbols {
		if !seen[s.Name] {
			seen[s.Name] = true
			all = append(all, s)
		}
	}
	return all
}

func (b *builder) words(at diag.Span, words ...Word) {
	if b.index.Point == nil {
		b.index.Point = &Point{Span: at, Words: words}
	}
}

// all are the names of a kind.
func (b *builder) all(k Kind) []*Symbol { return sortedSymbols(b.tables[k]) }

// The channels, and those over which people are reached.
var (
	personalChannels = []string{"email", "sms", "push", "line"}
	channelsOf       = append(slices.Clone(personalChannels), "webhook")
)

// channel resolves a word out of a few.
func (b *builder) channel(n *syntax.Name, words []string) {
	if n == nil || n.Text != b.mark || b.mark == "" {
		return
	}
	var all []Word
	for _, w := range words {
		all = append(all, Word{Text: w})
	}
	b.words(n.Span(), all...)
}

// typeWord resolves the word of a type.
func (b *builder) typeWord(n *syntax.Name) {
	if n.Text != b.mark || b.mark == "" {
		return
	}
	var all []Word
	for _, w := range append(slices.Clone(value.KindWords()), "list of") {
		all = append(all, Word{Text: w, Detail: "type"})
	}
	b.words(n.Span(), all...)
}

// pointValue keeps what a value can begin with.
func (b *builder) pointValue(at diag.Span, s *scope) {
	if b.index.Point != nil {
		return
	}
	p := &Point{Span: at}
	b.index.Point = p
	if s.row {
		p.Words = []Word{{Text: "row", Detail: "the row of the file"}}
		return
	}
	p.Symbols = append(sortedSymbols(s.with), b.all(Event)...)
	add := func(there bool, w Word) {
		if there {
			p.Words = append(p.Words, w)
		}
	}
	add(true, Word{Text: "profile", Detail: "a trait of the person", Dot: true})
	add(true, Word{Text: "segment", Detail: "whether the person is in a segment", Dot: true})
	add(true, Word{Text: "journey", Detail: "whether the person is in a journey", Dot: true})
	add(s.event != nil, Word{Text: "event", Detail: "the event at hand", Dot: true})
	add(s.entry != nil, Word{Text: "entry", Detail: "what began the run", Dot: true})
	add(len(s.run) > 0, Word{Text: "run", Detail: "a value that was kept", Dot: true})
	add(s.it != nil, Word{Text: "it", Detail: "the element"})
	if s.it != nil {
		for _, f := range s.it.Fields {
			add(true, Word{Text: "." + f.Name, Detail: typeText(f.Type)})
		}
	}
	for _, w := range []Word{{Text: "now", Detail: "the time of evaluation"}, {Text: "true"}, {Text: "false"}} {
		add(true, w)
	}
	for _, f := range Functions {
		if s.journey == nil && (f.Name == "sent" || f.Name == "opened" || f.Name == "clicked") {
			continue
		}
		add(true, Word{Text: f.Name, Detail: f.Form, Call: true})
	}
}

func typeText(t *Type) string {
	if t == nil {
		return ""
	}
	return t.Text
}

// pointGiven keeps the names that the receiver of a `with` writes.
func (b *builder) pointGiven(at diag.Span, to *Symbol) {
	b.point(at, nil)
	b.finish = func() {
		p := b.index.Point
		if p == nil {
			return
		}
		for name := range b.written[to] {
			p.Words = append(p.Words, Word{Text: name, Detail: "written by " + to.Name})
		}
		slices.SortFunc(p.Words, func(a, b Word) int { return strings.Compare(a.Text, b.Text) })
	}
}

// Function is a function of the expressions.
type Function struct{ Name, Form, Doc string }

// Functions are all functions of the expressions.
var Functions = []Function{
	{"abs", "abs(NUMBER)", "The number without its sign."},
	{"age", "age(DATE)", "Full years since a date; it rises by itself."},
	{"ago", "ago(3 days)", "So long before now."},
	{"all", "all(LIST, CONDITION)", "Whether the condition holds for every element."},
	{"any", "any(LIST, CONDITION)", "Whether the condition holds for some element."},
	{"ceil", "ceil(NUMBER)", "The next whole number above."},
	{"clicked", "clicked(MESSAGE)", "Whether a link in a message that this run sent was clicked."},
	{"count", "count(LIST), count(LIST, CONDITION)", "How many elements there are, or for how many the condition holds."},
	{"filter", "filter(LIST, CONDITION)", "The elements for which the condition holds."},
	{"find", "find(LIST, CONDITION)", "The first element for which the condition holds."},
	{"first", "first(LIST)", "The first element; of events the oldest."},
	{"floor", "floor(NUMBER)", "The next whole number below."},
	{"from_now", "from_now(3 days)", "So long after now."},
	{"join", "join(LIST, TEXT)", "The texts of a list as one text."},
	{"last", "last(LIST)", "The last element; of events the newest."},
	{"len", "len(LIST or TEXT)", "How many elements or characters there are."},
	{"local", "local(TIME)", "A time in the person's zone: .year .month .day .hour .minute .weekday .date."},
	{"lower", "lower(TEXT)", "The text in small letters."},
	{"map", "map(LIST, EXPR)", "The value of the expression for each element."},
	{"max", "max(LIST), max(LIST, EXPR)", "The greatest."},
	{"mean", "mean(LIST), mean(LIST, EXPR)", "The average."},
	{"median", "median(LIST), median(LIST, EXPR)", "The one in the middle."},
	{"min", "min(LIST), min(LIST, EXPR)", "The smallest."},
	{"most", "most(LIST, EXPR)", "The value that the expression has most often; of equals the latest."},
	{"none", "none(LIST, CONDITION)", "Whether the condition holds for no element."},
	{"one", "one(LIST, CONDITION)", "Whether the condition holds for just one element."},
	{"opened", "opened(MESSAGE)", "Whether a message that this run sent was opened or clicked."},
	{"replace", "replace(TEXT, OLD, NEW)", "The text with another text in the place of one."},
	{"reverse", "reverse(LIST)", "The list from its end."},
	{"round", "round(NUMBER)", "The nearest whole number."},
	{"sent", "sent(MESSAGE)", "Whether this run has sent a message."},
	{"sort", "sort(LIST)", "The list in ascending order."},
	{"sortBy", "sortBy(LIST, EXPR)", "The list in the order of the expression."},
	{"split", "split(TEXT, SEPARATOR)", "The parts of a text."},
	{"sum", "sum(LIST), sum(LIST, EXPR)", "The sum."},
	{"take", "take(LIST, N)", "The first N elements."},
	{"trim", "trim(TEXT)", "The text without blanks around it."},
	{"unique", "unique(LIST), unique(LIST, EXPR)", "Each value once."},
	{"upper", "upper(TEXT)", "The text in capital letters."},
}
