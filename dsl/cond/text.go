package cond

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// maxText is the greatest length of a text that an expression makes, in
// bytes; a longer one is missing.
const maxText = 1 << 20

// maxList is the most elements of a list that an expression makes.
const maxList = 10_000

// textTest compiles contains, startsWith and endsWith.
func (k *compiler) textTest(n *ast.BinaryNode) *code {
	l, r := k.still(n.Left), k.still(n.Right)
	if l.bad || r.bad {
		return bad(n)
	}
	if !k.judgeBinary(n.Operator, l, r) {
		return k.errTextOperands(n, l, r)
	}
	test := map[string]func(s, t string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	}[n.Operator]
	f, g := l.asText(), r.asText()
	return condCode(n, func(e *Env) bool {
		s, ok := f(e)
		t, ok2 := g(e)
		return ok && ok2 && test(s, t)
	})
}

// matches compiles `TEXT matches "PATTERN"`.
func (k *compiler) matches(n *ast.BinaryNode) *code {
	l, r := k.still(n.Left), k.still(n.Right)
	if l.bad || r.bad {
		return bad(n)
	}
	pattern, ok := r.konst.(string)
	if ok {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return k.errPattern(n.Right, err)
		}
		if k.judgeBinary("matches", l, r) {
			f := l.asText()
			return condCode(n, func(e *Env) bool {
				s, ok := f(e)
				return ok && re.MatchString(s)
			})
		}
	}
	if !k.judgeBinary("matches", l, r) {
		return k.errTextOperands(n, l, r)
	}
	return k.errPatternConstant(n.Right)
}

// length compiles len(X): the elements of a list, the characters of a text.
func (k *compiler) length(n ast.Node, a *code) *code {
	switch {
	case a.typ.Kind == value.List:
		l := a.asList()
		return numCode(n, typInteger, func(e *Env) (float64, bool) { return float64(l(e).len()), true })
	case a.typ.Kind.IsText():
		s := a.asText()
		return numCode(n, typInteger, func(e *Env) (float64, bool) {
			s, ok := s(e)
			return float64(utf8.RuneCountInString(s)), ok
		})
	}
	f := a.asVal()
	return numCode(n, typInteger, func(e *Env) (float64, bool) {
		switch v := f(e).(type) {
		case string:
			return float64(utf8.RuneCountInString(v)), true
		case []any, []*Event:
			return float64(listOf(v).len()), true
		}
		return 0, false
	})
}

func textFunction(n ast.Node, name string, args []*code) *code {
	var f [3]func(*Env) (string, bool)
	for i, a := range args {
		f[i] = a.asText()
	}
	one := func(calc func(string) string) *code {
		return textCode(n, func(e *Env) (string, bool) {
			s, ok := f[0](e)
			if !ok {
				return "", false
			}
			s = calc(s)
			return s, len(s) <= maxText
		})
	}
	switch {
	case name == "lower":
		return one(strings.ToLower)
	case name == "upper":
		return one(strings.ToUpper)
	case name == "trim" && len(args) == 1:
		return one(strings.TrimSpace)
	case name == "trim":
		return textCode(n, func(e *Env) (string, bool) {
			s, ok := f[0](e)
			cut, ok2 := f[1](e)
			return strings.Trim(s, cut), ok && ok2
		})
	}
	return textCode(n, func(e *Env) (string, bool) { // replace
		s, ok := f[0](e)
		old, ok2 := f[1](e)
		by, ok3 := f[2](e)
		if !ok || !ok2 || !ok3 || len(s)+(len(by)-len(old))*strings.Count(s, old) > maxText {
			return "", false
		}
		return strings.ReplaceAll(s, old, by), true
	})
}

func splitText(n ast.Node, a, b *code) *code {
	f, g := a.asText(), b.asText()
	return &code{typ: listOfType(typText), node: n, val: func(e *Env) any {
		s, ok := f(e)
		sep, ok2 := g(e)
		if !ok || !ok2 {
			return nil
		}
		parts := strings.SplitN(s, sep, maxList)
		l := make([]any, len(parts))
		for i, p := range parts {
			l[i] = p
		}
		return l
	}}
}

func joinText(n ast.Node, args []*code) *code {
	l := args[0].asList()
	sep := func(*Env) (string, bool) { return "", true }
	if len(args) == 2 {
		sep = args[1].asText()
	}
	set := args[0].asSet()
	return textCode(n, func(e *Env) (string, bool) {
		glue, ok := sep(e)
		if !ok || !set(e) {
			return "", false
		}
		var b strings.Builder
		some := false
		for _, v := range l(e).values {
			s, ok := v.(string)
			if !ok {
				continue
			}
			if b.Len()+len(glue)+len(s) > maxText {
				return "", false
			}
			if some {
				b.WriteString(glue)
			}
			some = true
			b.WriteString(s)
		}
		return b.String(), true
	})
}
