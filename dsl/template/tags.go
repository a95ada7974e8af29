package template

import (
	"errors"
	"io"
	"strconv"
	"sync"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
)

// config is the library's configuration. It never changes once made: the state
// of a render, and its kind, are in env.
var config = sync.OnceValue(newConfig)

func newConfig() render.Config {
	c := render.NewConfig()
	c.TemplateStore = nil // no files
	for name, def := range filterDefs {
		c.AddFilter(name, libraryFilter(def))
	}
	c.AddFilter("range", libraryFilter(filterDef{run: rangeFilter}))
	c.AddTag("begin", beginTag)
	c.AddTag("text", textTag)
	c.AddTag("write", writeTag)
	c.AddTag("assign", assignTag)
	c.AddTag("cycle", cycleTag)
	c.AddTag("count", countTag)
	c.AddTag("break", jumpTag(breakJump))
	c.AddTag("continue", jumpTag(continueJump))
	c.AddBlock("capture").Compiler(captureTag)
	c.AddBlock("if").Clause("elsif").Clause("else").Compiler(ifTag(true))
	c.AddBlock("unless").Clause("elsif").Clause("else").Compiler(ifTag(false))
	c.AddBlock("case").Clause("when").Clause("else").Compiler(caseTag)
	c.AddBlock("for").Clause("else").Compiler(forTag)
	return c
}

// compile has the library read lowered source.
func compile(c render.Config, source string) (root render.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, errors.New(shortly(r))
		}
	}()
	n, e := c.Compile(source, parser.SourceLoc{})
	if e != nil {
		return nil, errors.New(shortly(e))
	}
	return n, nil
}

type tagRenderer = func(io.Writer, render.Context) error

// beginTag stands at the start of every template and shows env the bindings.
func beginTag(string) (tagRenderer, error) {
	return func(_ io.Writer, ctx render.Context) error {
		envOf(ctx).vars = ctx.Bindings()
		return nil
	}, nil
}

func textTag(args string) (tagRenderer, error) {
	i, err := strconv.Atoi(args)
	return func(w io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		return e.text(w, e.t.low.texts[i])
	}, err
}

// text writes a piece of the template's own text.
func (e *env) text(w io.Writer, text string) error {
	if err := e.spend(workText + workBytes(len(text))); err != nil {
		return err
	}
	_, err := io.WriteString(w, text)
	return err
}

// writeTag reads: place, value.
func writeTag(args string) (tagRenderer, error) {
	exprs, err := parseList(args)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, ctx render.Context) error {
		return writeValue(w, ctx, exprs[0], exprs[1])
	}, nil
}

// writeValue evaluates a place and a value and writes the value.
func writeValue(w io.Writer, ctx render.Context, at, value expressions.Expression) error {
	p, err := ctx.Evaluate(at)
	if err != nil {
		return err
	}
	v, err := ctx.Evaluate(value)
	if err != nil {
		return err
	}
	return envOf(ctx).output(w, p.(place).spot, v)
}

func assignTag(args string) (tagRenderer, error) {
	s, err := expressions.ParseStatement(expressions.AssignStatementSelector, args)
	if err != nil {
		return nil, err
	}
	return func(_ io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		if err := e.spend(workTag); err != nil {
			return err
		}
		v, err := ctx.Evaluate(s.ValueFn)
		if err != nil {
			return err
		}
		ctx.Set(s.Assignment.Variable, val{e, v})
		return nil
	}, nil
}

func captureTag(n render.BlockNode) (tagRenderer, error) {
	name := n.Args
	return func(_ io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		if err := e.spend(workTag); err != nil {
			return err
		}
		w := &limitWriter{env: e}
		if err := ctx.RenderChildren(w); err != nil {
			return err
		}
		ctx.Set(name, val{e, e.finish(w.buf.String())})
		return nil
	}, nil
}

// finish is text that is already as it must stand in the kind's text.
func (e *env) finish(text string) any {
	if e.t.kind.escaper() != nil {
		return finished{text}
	}
	return text
}

// cycleTag reads: group, place, value, place, value …
func cycleTag(args string) (tagRenderer, error) {
	exprs, err := parseList(args)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		if err := e.spend(workTag); err != nil {
			return err
		}
		group, err := ctx.Evaluate(exprs[0])
		if err != nil {
			return err
		}
		if e.turns == nil {
			e.turns = map[string]int{}
		}
		name, pairs := toText(group), exprs[1:]
		turn := e.turns[name] % (len(pairs) / 2)
		e.turns[name] = turn + 1
		return writeValue(w, ctx, pairs[2*turn], pairs[2*turn+1])
	}, nil
}

// countTag reads: name, step. It counts on from 0, or down from -1.
func countTag(args string) (tagRenderer, error) {
	exprs, err := parseList(args)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		if err := e.spend(workTag); err != nil {
			return err
		}
		name, err := ctx.Evaluate(exprs[0])
		if err != nil {
			return err
		}
		step, err := ctx.Evaluate(exprs[1])
		if err != nil {
			return err
		}
		if e.counts == nil {
			e.counts = map[string]int{}
		}
		key, by := toText(name), int(step.(float64))
		n := e.counts[key]
		e.counts[key] = n + by
		_, err = io.WriteString(w, strconv.Itoa(n+min(by, 0)))
		return err
	}, nil
}

// parseList reads expressions with commas between them.
func parseList(args string) ([]expressions.Expression, error) {
	s, err := expressions.ParseStatement(expressions.WhenStatementSelector, args)
	if err != nil {
		return nil, err
	}
	return s.Exprs, nil
}

// ifTag compiles if, and with a polarity of false unless.
func ifTag(polarity bool) render.BlockCompiler {
	return func(n render.BlockNode) (func(io.Writer, render.Context) error, error) {
		first, err := expressions.Parse(n.Args)
		if err != nil {
			return nil, err
		}
		conds := []expressions.Expression{first}
		for _, c := range n.Clauses {
			cond := expressions.Constant(true)
			if c.Name == "elsif" {
				if cond, err = expressions.Parse(c.Args); err != nil {
					return nil, err
				}
			}
			conds = append(conds, cond)
		}
		return func(w io.Writer, ctx render.Context) error {
			e := envOf(ctx)
			for i, cond := range conds {
				if err := e.spend(workTag); err != nil {
					return err
				}
				v, err := ctx.Evaluate(cond)
				if err != nil {
					return err
				}
				switch holds := truthy(v); {
				case i == 0 && holds == polarity:
					return ctx.RenderChildren(w)
				case i > 0 && holds:
					return ctx.RenderBlock(w, n.Clauses[i-1])
				}
			}
			return nil
		}, nil
	}
}

func caseTag(n render.BlockNode) (tagRenderer, error) {
	subject, err := expressions.Parse(n.Args)
	if err != nil {
		return nil, err
	}
	whens := make([][]expressions.Expression, len(n.Clauses)) // nil for else
	for i, c := range n.Clauses {
		if c.Name == "when" {
			if whens[i], err = parseList(c.Args); err != nil {
				return nil, err
			}
		}
	}
	return func(w io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		v, err := ctx.Evaluate(subject)
		if err != nil {
			return err
		}
		for i, exprs := range whens {
			matches := exprs == nil
			for _, x := range exprs {
				if err := e.spend(workTag); err != nil {
					return err
				}
				y, err := ctx.Evaluate(x)
				if err != nil {
					return err
				}
				// equal panics when the budget is spent; Evaluate's recovery
				// is behind us, so judge inside one.
				if matches, err = e.guardedEqual(v, y); err != nil {
					return err
				}
				if matches {
					break
				}
			}
			if matches {
				return ctx.RenderBlock(w, n.Clauses[i])
			}
		}
		return nil
	}, nil
}

// guardedEqual is equal outside an expression.
func (e *env) guardedEqual(a, b any) (same bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if err = e.err; err == nil {
				panic(r)
			}
		}
	}()
	return e.equal(a, b, 0), nil
}
