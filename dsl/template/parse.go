package template

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxBlocks is how deeply blocks may stand inside each other.
const maxBlocks = 50

// maxProblems is where a parse gives up: what follows so many mistakes helps
// nobody.
const maxProblems = 20

// treeParser builds the tree. It goes on after a mistake: the tag that has it
// keeps its place in the structure, so one mistake is reported once.
type treeParser struct {
	src      string
	kind     Kind
	problems []Problem
	root     []node
	stack    []*block
}

// block is an open block.
type block struct {
	tag    token
	into   *[]node // where nodes go now
	orElse bool    // an else was seen
	breaks bool    // of a for: a break was seen
	node   node
}

func parseTemplate(src string, kind Kind) ([]node, []Problem) {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRuneInString(src[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, []Problem{{i, i + 1, "the template is not valid UTF-8 here"}}
		}
		i += n
	}
	p := &treeParser{src: src, kind: kind}
	tokens, problems := scan(src)
	for _, t := range tokens {
		if len(p.problems) >= maxProblems {
			return p.root, append(p.problems, problems...)
		}
		p.token(t)
	}
	for _, b := range p.stack {
		if len(problems) == 0 { // else its end may be in what was not read
			p.report(b.tag.start, b.tag.end, "this %s is not closed: {%% end%s %%} is missing", b.tag.name, b.tag.name)
		}
	}
	return p.root, append(p.problems, problems...)
}

func (p *treeParser) report(start, end int, format string, args ...any) {
	p.problems = append(p.problems, Problem{start, end, fmt.Sprintf(format, args...)})
}

func (p *treeParser) add(n node) {
	into := &p.root
	if len(p.stack) > 0 {
		into = p.stack[len(p.stack)-1].into
	}
	*into = append(*into, n)
}

func (p *treeParser) token(t token) {
	switch t.kind {
	case textToken:
		p.add(textNode{t.text})
	case outputToken:
		p.output(t)
	default:
		p.tag(t)
	}
}

// read parses the arguments of a tag and reports its mistake, if any.
func (p *treeParser) read(t token, read func(e *exprParser)) bool {
	problem := parseArgs(p.src, t.from, t.to, read)
	if problem != nil {
		if problem.End == problem.Start { // at the end of the tag: show its close
			problem.Start, problem.End = t.end-2, t.end
		}
		p.problems = append(p.problems, *problem)
	}
	return problem == nil
}

// written reads an expression whose value is written or kept, which is no
// comparison.
func (p *treeParser) written(e *exprParser) expr {
	x := e.cond()
	p.noComparison(x)
	p.checkFilters(x)
	return x
}

// asked reads a condition.
func (p *treeParser) asked(e *exprParser) expr {
	x := e.cond()
	p.checkFilters(x)
	return x
}

func (p *treeParser) noComparison(x expr) {
	switch x := x.(type) {
	case *chain:
		p.noComparison(x.in)
	case *compare:
		p.report(x.start, x.end, "a comparison stands in {%% if %%}: it cannot be written or assigned")
	case *logic:
		p.report(x.start, x.end, "%s stands in {%% if %%}: it cannot be written or assigned", x.op)
	}
}

func (p *treeParser) output(t token) {
	if strings.TrimSpace(p.src[t.from:t.to]) == "" {
		p.report(t.start, t.end, "this writes nothing: put a name between the braces")
		return
	}
	n := &outputNode{at: at{t.start, t.end}}
	if p.read(t, func(e *exprParser) { n.e = p.written(e) }) {
		p.add(n)
	}
}

// checkFilters looks at every filter of an expression.
func (p *treeParser) checkFilters(x expr) {
	walkExpr(x, func(x expr) {
		if c, ok := x.(*chain); ok {
			for i := range c.calls {
				p.checkFilter(c, &c.calls[i])
			}
		}
	})
}

// walkExpr calls visit for an expression and all those in it, outer first.
func walkExpr(x expr, visit func(expr)) {
	if x == nil {
		return
	}
	visit(x)
	switch x := x.(type) {
	case *pathExpr:
		for _, s := range x.steps {
			walkExpr(s.index, visit)
		}
	case *rangeExpr:
		walkExpr(x.lo, visit)
		walkExpr(x.hi, visit)
	case *chain:
		walkExpr(x.in, visit)
		for _, c := range x.calls {
			for _, a := range c.args {
				walkExpr(a, visit)
			}
		}
	case *compare:
		walkExpr(x.a, visit)
		walkExpr(x.b, visit)
	case *logic:
		walkExpr(x.a, visit)
		walkExpr(x.b, visit)
	}
}

func (p *treeParser) checkFilter(c *chain, f *call) {
	def, ok := filterDefs[f.name]
	if !ok {
		if why, ok := refusedFilters[f.name]; ok {
			p.report(f.start, f.end, "%s", why)
			return
		}
		p.report(f.start, f.end, "unknown filter %q%s", f.name, didYouMean(f.name, filterNames()))
		return
	}
	if n := len(f.args); n < def.min || n > def.max {
		p.report(f.start, f.end, "%s takes %s, not %d", f.name, argCount(def.min, def.max), n)
		return
	}
	if f.name == "date" {
		if l, ok := c.in.(*literal); ok && f == &c.calls[0] {
			if s, ok := l.v.(string); ok && (strings.EqualFold(strings.TrimSpace(s), "now") || strings.EqualFold(strings.TrimSpace(s), "today")) {
				p.report(l.start, l.end, "a template has no clock, so the same data always gives the same text: write a time of the data, such as entry.at")
			}
		}
		if l, ok := f.args[0].(*literal); ok {
			if s, ok := l.v.(string); !ok {
				p.report(l.start, l.end, "date takes a format such as \"%%Y-%%m-%%d\"")
			} else if err := checkFormat(s); err != nil {
				p.report(l.start, l.end, "%v", err)
			}
		}
	}
}

func argCount(lo, hi int) string {
	switch {
	case hi == 0:
		return "no argument"
	case lo == hi && lo == 1:
		return "one argument"
	case lo == hi:
		return fmt.Sprintf("%d arguments", lo)
	case lo == 0 && hi == 1:
		return "at most one argument"
	}
	return fmt.Sprintf("%d to %d arguments", lo, hi)
}
