package template

import (
	"slices"
	"strings"
)

// refusedTags are tags of other Liquids, and why they are not here.
var refusedTags = map[string]string{
	"include":           "a template includes nothing: put the text here, or pass it in with the message",
	"render":            "a template includes nothing: put the text here, or pass it in with the message",
	"layout":            "a template has no layout: put the text here",
	"section":           "a template has no sections: put the text here",
	"block":             "a template has no layout: put the text here",
	"tablerow":          "tablerow is not known here: write the rows with {% for %}",
	"liquid":            "the liquid tag is not known here: write each tag in its own {% %}",
	"echo":              "echo is not known here: write {{ … }}",
	"ifchanged":         "ifchanged is not known here: compare with {% if %}",
	"connected_content": "a template reads nothing from outside: call a webhook in the journey and pass its answer in",
}

var tagNames = []string{"assign", "break", "capture", "case", "comment", "continue", "cycle", "decrement", "else",
	"elsif", "endcapture", "endcase", "endfor", "endif", "endunless", "for", "if", "increment", "raw", "unless", "when"}

// tag adds one tag to the tree.
func (p *treeParser) tag(t token) {
	switch t.name {
	case "if", "unless":
		n := &ifNode{unless: t.name == "unless", branches: make([]branch, 1)}
		p.read(t, func(e *exprParser) { n.branches[0].cond = p.asked(e) })
		p.open(t, n, &n.branches[0].body)
	case "case":
		n := &caseNode{}
		p.read(t, func(e *exprParser) { n.subject = p.asked(e) })
		p.open(t, n, new([]node)) // what stands before the first when is dropped
	case "for":
		n := p.forTag(t)
		p.open(t, n, &n.body)
	case "capture":
		n := &captureNode{}
		p.read(t, func(e *exprParser) { n.name = e.name("the name of the captured text") })
		p.open(t, n, &n.body)
	case "elsif", "else", "when":
		p.clause(t)
	case "endif", "endunless", "endcase", "endfor", "endcapture":
		p.close(t)
	case "endraw", "endcomment":
		p.report(t.start, t.end, "%s closes nothing", t.name)
	default:
		p.single(t)
	}
}

// single adds a tag that is no block.
func (p *treeParser) single(t token) {
	switch t.name {
	case "assign":
		n := &assignNode{}
		if p.read(t, func(e *exprParser) {
			n.name = e.name("the name to assign to")
			e.expect("=", "after the name")
			n.e = p.written(e)
		}) {
			p.add(n)
		}
	case "cycle":
		p.cycle(t)
	case "increment", "decrement":
		n := &countNode{at: at{t.start, t.end}, step: 1}
		if t.name == "decrement" {
			n.step = -1
		}
		if p.read(t, func(e *exprParser) { n.name = e.name("the name of the counter") }) {
			p.add(n)
		}
	case "break", "continue":
		p.read(t, func(*exprParser) {})
		for _, b := range slices.Backward(p.stack) {
			if b.tag.name == "for" {
				b.breaks = b.breaks || t.name == "break"
				p.add(jumpNode{stop: t.name == "break"})
				return
			}
		}
		p.report(t.start, t.end, "%s stands inside {%% for %%} only", t.name)
	default:
		if why, ok := refusedTags[t.name]; ok {
			p.report(t.start, t.end, "%s", why)
			return
		}
		p.report(t.start, t.end, "unknown tag %q%s", t.name, didYouMean(t.name, tagNames))
	}
}

// open opens a block whose nodes go to into.
func (p *treeParser) open(t token, n node, into *[]node) {
	if len(p.stack) >= maxBlocks {
		p.report(t.start, t.end, "blocks are nested too deeply here")
	}
	p.add(n)
	p.stack = append(p.stack, &block{tag: t, into: into, node: n})
}

// clause goes on to the next part of the open block.
func (p *treeParser) clause(t token) {
	var b *block
	if len(p.stack) > 0 {
		b = p.stack[len(p.stack)-1]
	}
	if b == nil || !takes(b.node, t.name) {
		if b == nil {
			p.report(t.start, t.end, "%s belongs to no open block", t.name)
		} else {
			p.report(t.start, t.end, "%s does not belong to %s", t.name, b.tag.name)
		}
		return
	}
	if b.orElse {
		p.report(t.start, t.end, "%s comes after the else of this %s", t.name, b.tag.name)
	}
	b.orElse = b.orElse || t.name == "else"
	switch n := b.node.(type) {
	case *ifNode:
		var c expr
		p.read(t, func(e *exprParser) {
			if t.name == "elsif" {
				c = p.asked(e)
			}
		})
		n.branches = append(n.branches, branch{cond: c})
		b.into = &n.branches[len(n.branches)-1].body
	case *caseNode:
		w := when{}
		p.read(t, func(e *exprParser) {
			if t.name == "when" {
				w.values = p.whenValues(e)
			}
		})
		n.whens = append(n.whens, w)
		b.into = &n.whens[len(n.whens)-1].body
	case *forNode:
		p.read(t, func(*exprParser) {})
		n.hasElse, b.into = true, &n.orElse
	}
}

// takes says whether a clause belongs to a block.
func takes(n node, clause string) bool {
	switch n.(type) {
	case *ifNode:
		return clause == "else" || clause == "elsif"
	case *caseNode:
		return clause == "else" || clause == "when"
	case *forNode:
		return clause == "else"
	}
	return false
}

func (p *treeParser) whenValues(e *exprParser) []expr {
	var values []expr
	for {
		values = append(values, e.value())
		if !e.isWord("or") && !e.is(",") {
			return values
		}
		e.next()
	}
}

// close closes the innermost block, or the one the tag names if there is one.
func (p *treeParser) close(t token) {
	name := strings.TrimPrefix(t.name, "end")
	p.read(t, func(*exprParser) {})
	for i := len(p.stack) - 1; i >= 0; i-- {
		b := p.stack[i]
		if b.tag.name != name {
			continue
		}
		for _, open := range p.stack[i+1:] {
			p.report(open.tag.start, open.tag.end, "this %s is not closed: {%% end%s %%} is missing", open.tag.name, open.tag.name)
		}
		p.stack = p.stack[:i]
		p.bounded(b)
		return
	}
	if len(p.stack) > 0 {
		p.report(t.start, t.end, "%s closes nothing: the open block is %s", t.name, p.stack[len(p.stack)-1].tag.name)
		return
	}
	p.report(t.start, t.end, "%s closes nothing", t.name)
}

// forTag reads: name in Chain [reversed] [limit: Value] [offset: Value].
func (p *treeParser) forTag(t token) *forNode {
	n := &forNode{at: at{t.start, t.end}}
	p.read(t, func(e *exprParser) {
		n.name = e.name("the name of the loop's variable")
		if n.name == "forloop" {
			e.fail(at{t.start, t.end}, "a loop's variable cannot be named forloop")
		}
		if !e.isWord("in") {
			e.failHere("expected in, not " + e.here())
		}
		e.next()
		n.list, _ = e.chain()
		p.checkFilters(n.list)
		for e.tok.kind == 'a' || e.is(",") {
			word := e.tok
			e.next()
			switch word.text {
			case ",":
			case "reversed":
				n.reversed = true
			case "limit", "offset":
				e.expect(":", "after "+word.text)
				v := e.value()
				p.checkFilters(v)
				if word.text == "limit" {
					n.limit = v
				} else {
					n.offset = v
				}
			default:
				e.fail(word.at, "a loop takes reversed, limit: N and offset: N, not "+word.text)
			}
		}
	})
	return n
}

// bounded reports a loop that can never be rendered, as it counts too far.
func (p *treeParser) bounded(b *block) {
	n, ok := b.node.(*forNode)
	if !ok || n.limit != nil || b.breaks {
		return
	}
	r, ok := n.list.(*rangeExpr)
	if !ok {
		return
	}
	from, ok1 := r.lo.(*literal)
	to, ok2 := r.hi.(*literal)
	if !ok1 || !ok2 {
		return
	}
	lo, ok1 := from.v.(float64)
	hi, ok2 := to.v.(float64)
	if ok1 && ok2 && hi-lo >= DefaultMaxSteps {
		start, end := r.span()
		p.report(start, end, "this loop goes round more than %d times, which is the most that a message may: it would never be sent", DefaultMaxSteps)
	}
}

// cycle reads: [group:] Value { "," Value }. Cycles without a name and with
// the same values take turns together.
func (p *treeParser) cycle(t token) {
	n := &cycleNode{at: at{t.start, t.end}}
	if p.read(t, func(e *exprParser) {
		start := e.tok.start
		n.values = append(n.values, e.value())
		if e.accept(":") {
			l, ok := n.values[0].(*literal)
			if !ok {
				_, end := n.values[0].span()
				e.fail(at{start, end}, "a cycle's name is a text in quotes")
			}
			n.group, start = "name "+toText(l.v), e.tok.start
			n.values[0] = e.value()
		}
		for e.accept(",") {
			n.values = append(n.values, e.value())
		}
		if n.group == "" {
			n.group = "list " + p.src[start:t.to]
		}
		for _, v := range n.values {
			p.checkFilters(v)
		}
	}) {
		p.add(n)
	}
}
