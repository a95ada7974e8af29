package cond

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// mustParse reads an expression; the tree is that of dsl/syntax.
func mustParse(t testing.TB, text string) (*diag.File, ast.Node) {
	p := &miniParser{text: text}
	p.next()
	n := p.ternary()
	if p.tok != "" {
		panic(fmt.Sprintf("%s: unexpected %q at %d", text, p.tok, p.from))
	}
	return &diag.File{Name: "test.journey", Text: text}, n
}

var tokens = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|\d\d:\d\d|\d+(?:\.\d+)? ?(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?)\b|[0-9][0-9_]*(?:\.\d+)?|"(?:[^"\\]|\\.)*"|\$?[\pL_][\pL\d_]*|==|!=|<=|>=|\?\?|[-+*/%<>()\[\]{},.?:])`)

type miniParser struct {
	text     string
	pos      int
	tok      string
	from, to int
}

func (p *miniParser) next() {
	for p.pos < len(p.text) && strings.ContainsRune(" \n\t", rune(p.text[p.pos])) {
		p.pos++
	}
	p.tok = tokens.FindString(p.text[p.pos:])
	if p.tok == "" && p.pos < len(p.text) {
		panic("bad token in " + p.text + " at " + p.text[p.pos:])
	}
	p.from, p.to = p.pos, p.pos+len(p.tok)
	p.pos = p.to
}

func at[N ast.Node](n N, from, to int) N {
	n.SetLocation(file.Location{From: from, To: to})
	return n
}

func (p *miniParser) expect(tok string) {
	if p.tok != tok {
		panic(fmt.Sprintf("%s: want %s, have %s at %d", p.text, tok, p.tok, p.from))
	}
	p.next()
}

func (p *miniParser) ternary() ast.Node {
	c := p.level(0)
	if p.tok != "?" {
		return c
	}
	from, to := p.from, p.to
	p.next()
	a := p.ternary()
	p.expect(":")
	return at(&ast.ConditionalNode{Ternary: true, Cond: c, Exp1: a, Exp2: p.ternary()}, from, to)
}

var levels = [][]string{{"or"}, {"and"}, {"??"}, {"==", "!=", "<", "<=", ">", ">=", "in", "not", "contains", "startsWith", "endsWith", "matches", "is"}, {"+", "-"}, {"*", "/", "%"}}

func (p *miniParser) level(i int) ast.Node {
	if i == len(levels) {
		return p.unary()
	}
	l := p.level(i + 1)
	for {
		found := false
		for _, op := range levels[i] {
			if p.tok == op {
				found = true
				break
			}
		}
		if !found {
			return l
		}
		op, from, to := p.tok, p.from, p.to
		p.next()
		switch {
		case op == "is":
			name := "$" + p.tok
			p.next()
			l = at(&ast.CallNode{Callee: at(&ast.IdentifierNode{Value: name}, from, p.to), Arguments: []ast.Node{l}}, from, to)
		case op == "in" && p.tok == "last":
			p.next()
			d := p.unary()
			l = at(&ast.CallNode{Callee: at(&ast.IdentifierNode{Value: "$last"}, from, to), Arguments: []ast.Node{l, d}}, from, to)
		case op == "not":
			p.expect("in")
			l = at(&ast.UnaryNode{Operator: "not", Node: at(&ast.BinaryNode{Operator: "in", Left: l, Right: p.level(i + 1)}, from, to)}, from, to)
		default:
			l = at(&ast.BinaryNode{Operator: op, Left: l, Right: p.level(i + 1)}, from, to)
		}
	}
}

func (p *miniParser) unary() ast.Node {
	if p.tok == "not" || p.tok == "-" {
		op, from, to := p.tok, p.from, p.to
		p.next()
		return at(&ast.UnaryNode{Operator: op, Node: p.unary()}, from, to)
	}
	n := p.primary()
	for {
		switch p.tok {
		case ".":
			p.next()
			n = at(&ast.MemberNode{Node: n, Property: at(&ast.StringNode{Value: p.tok}, p.from, p.to)}, p.from, p.to)
			p.next()
		case "[":
			from, to := p.from, p.to
			p.next()
			n = at(&ast.MemberNode{Node: n, Property: p.ternary()}, from, to)
			p.expect("]")
		default:
			return n
		}
	}
}

var predicates = map[string]bool{"all": true, "none": true, "any": true, "one": true, "filter": true, "map": true, "count": true,
	"find": true, "reduce": true, "sum": true, "sortBy": true, "most": true}

func (p *miniParser) primary() ast.Node {
	tok, from, to := p.tok, p.from, p.to
	p.next()
	switch {
	case tok == "(":
		n := p.ternary()
		p.expect(")")
		return n
	case tok == "[":
		n := &ast.ArrayNode{}
		for p.tok != "]" {
			n.Nodes = append(n.Nodes, p.ternary())
			if p.tok == "," {
				p.next()
			}
		}
		to = p.to
		p.next()
		return at(n, from, to)
	case tok == "{":
		n := &ast.MapNode{}
		for p.tok != "}" {
			key := at(&ast.StringNode{Value: strings.Trim(p.tok, `"`)}, p.from, p.to)
			p.next()
			p.expect(":")
			n.Pairs = append(n.Pairs, at(&ast.PairNode{Key: key, Value: p.ternary()}, from, to))
			if p.tok == "," {
				p.next()
			}
		}
		to = p.to
		p.next()
		return at(n, from, to)
	case tok == ".":
		n := at(&ast.MemberNode{Node: at(&ast.PointerNode{}, from, from), Property: at(&ast.StringNode{Value: p.tok}, p.from, p.to)}, p.from, p.to)
		p.next()
		return n
	case tok[0] == '"':
		s, err := strconv.Unquote(tok)
		if err != nil {
			panic(err)
		}
		return at(&ast.StringNode{Value: s}, from, to)
	case tok == "true" || tok == "false":
		return at(&ast.BoolNode{Value: tok == "true"}, from, to)
	case tok == "it":
		return at(&ast.PointerNode{}, from, to)
	case tok[0] >= '0' && tok[0] <= '9':
		return at(number0(tok), from, to)
	}
	id := at(&ast.IdentifierNode{Value: tok}, from, to)
	if p.tok != "(" {
		return id
	}
	p.next()
	call := at(&ast.CallNode{Callee: id}, from, to)
	for p.tok != ")" {
		a := p.ternary()
		if len(call.Arguments) == 1 && (predicates[tok] || functions[tok].body && speaksOfElement(a)) {
			from, to := extent(a)
			a = at(&ast.PredicateNode{Node: a}, from, to)
		}
		call.Arguments = append(call.Arguments, a)
		if p.tok == "," {
			p.next()
		}
	}
	p.next()
	return call
}

func number0(tok string) ast.Node {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02", "15:04"} {
		if t, err := time.Parse(layout, tok); err == nil {
			c := value.Clock(t.Hour()*60 + t.Minute())
			switch layout {
			case "2006-01-02":
				return &ast.ConstantNode{Value: value.DateOf(t.Date())}
			case "15:04":
				return &ast.ConstantNode{Value: c}
			}
			return &ast.ConstantNode{Value: value.Local{Date: value.DateOf(t.Date()), Clock: c}}
		}
	}
	i := strings.IndexFunc(tok, func(r rune) bool { return r >= 'a' && r <= 'z' || r == ' ' })
	if i < 0 {
		f, err := strconv.ParseFloat(strings.ReplaceAll(tok, "_", ""), 64)
		if err != nil {
			panic(err)
		}
		return &ast.FloatNode{Value: f}
	}
	f, _ := strconv.ParseFloat(tok[:i], 64)
	unit := map[string]value.Duration{"millisecond": 1, "second": value.Second, "minute": value.Minute, "hour": value.Hour,
		"day": value.Day, "week": value.Week}[strings.TrimSuffix(strings.TrimSpace(tok[i:]), "s")]
	return &ast.ConstantNode{Value: value.Duration(f * float64(unit))}
}
