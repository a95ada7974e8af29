package template

import (
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
)

// errStopped is returned through the library where the reason is in env.err
// or env.jump.
var errStopped = errors.New("stopped")

// configFor is the library's configuration for a kind. It never changes once
// made; all state of a render is in env.
func configFor(kind Kind) render.Config { return configs[kind]() }

var configs = func() (c [URL + 1]func() render.Config) {
	for kind := range c {
		c[kind] = sync.OnceValue(func() render.Config { return newConfig(Kind(kind)) })
	}
	return c
}()

func newConfig(kind Kind) render.Config {
	c := render.NewConfig()
	c.TemplateStore = nil // no files
	if esc := kind.escaper(); esc != nil {
		c.SetAutoEscapeReplacer(esc)
	}
	for name, def := range filterDefs {
		c.AddFilter(name, libraryFilter(def))
	}
	c.AddFilter("range", libraryFilter(filterDef{run: rangeFilter}))
	c.AddFilter("write", writeFilter)
	c.AddTag("begin", beginTag)
	c.AddTag("text", textTag)
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
		text := e.t.low.texts[i]
		if err := e.spend(workText + workBytes(len(text))); err != nil {
			return err
		}
		_, err := io.WriteString(w, text)
		return err
	}, err
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

// cycleTag reads: group, value, value …
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
		name, values := toText(group), exprs[1:]
		turn := e.turns[name] % len(values)
		e.turns[name] = turn + 1
		v, err := ctx.Evaluate(values[turn])
		if err != nil {
			return err
		}
		// The value went through write: it is text, escaped or still to be.
		_, err = io.WriteString(w, e.escaped(v))
		return err
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

// jumpTag leaves everything up to the innermost loop, which looks at env.jump.
func jumpTag(j jump) render.TagCompiler {
	return func(string) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error {
			envOf(ctx).jump = j
			return errStopped
		}, nil
	}
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
					return asError(ctx.RenderChildren(w))
				case i > 0 && holds:
					return ctx.RenderBlock(w, n.Clauses[i-1])
				}
			}
			return nil
		}, nil
	}
}

// asError keeps a nil Error nil.
func asError(err render.Error) error {
	if err == nil {
		return nil
	}
	return err
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

// loopState is forloop.
type loopState struct {
	i, n   int
	parent any // the forloop around it
}

func (l *loopState) field(name string) any {
	switch name {
	case "index":
		return float64(l.i + 1)
	case "index0":
		return float64(l.i)
	case "rindex":
		return float64(l.n - l.i)
	case "rindex0":
		return float64(l.n - l.i - 1)
	case "length":
		return float64(l.n)
	case "first":
		return l.i == 0
	case "last":
		return l.i == l.n-1
	case "parentloop":
		return l.parent
	}
	return nil
}

const loopName = "forloop"

func forTag(n render.BlockNode) (tagRenderer, error) {
	s, err := expressions.ParseStatement(expressions.LoopStatementSelector, n.Args)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, ctx render.Context) error {
		e := envOf(ctx)
		if err := e.spend(workTag); err != nil {
			return err
		}
		v, err := ctx.Evaluate(s.Expr)
		if err != nil {
			return err
		}
		size, get := e.rounds(v)
		offset, err := bound(ctx, s.Loop.Offset, 0)
		if err != nil {
			return err
		}
		limit, err := bound(ctx, s.Loop.Limit, size)
		if err != nil {
			return err
		}
		offset = min(offset, size)
		size = min(limit, size-offset)
		if size == 0 {
			if len(n.Clauses) > 0 {
				return ctx.RenderBlock(w, n.Clauses[0])
			}
			return nil
		}
		return e.loop(w, ctx, s.Loop.Variable, size, func(i int) any {
			if s.Loop.Reversed {
				i = size - 1 - i
			}
			return get(offset + i)
		})
	}, nil
}

// bound evaluates a limit or offset, which cannot be below 0.
func bound(ctx render.Context, x expressions.Expression, unset int) (int, error) {
	if x == nil {
		return unset, nil
	}
	v, err := ctx.Evaluate(x)
	if err != nil {
		return 0, err
	}
	f, ok := v.(float64)
	if !ok || math.IsNaN(f) {
		return 0, envOf(ctx).fail(&Error{Message: "a loop's limit or offset is not a number"})
	}
	return int(min(max(f, 0), math.MaxInt32)), nil
}

// rounds is how many rounds a loop over v has, and what each is about. An
// object gives pairs of name and value, in the order of the names; a text is
// one round.
func (e *env) rounds(v any) (int, func(int) any) {
	switch v := e.open(v).(type) {
	case []any:
		return len(v), func(i int) any { return v[i] }
	case ints:
		return v.size(), func(i int) any { return float64(v.lo + i) }
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		return len(names), func(i int) any { return []any{names[i], v[names[i]]} }
	case string:
		if v != "" {
			return 1, func(int) any { return v }
		}
	}
	return 0, nil
}

// loop renders the children of a for once for each round.
func (e *env) loop(w io.Writer, ctx render.Context, name string, size int, get func(int) any) error {
	vars := ctx.Bindings()
	oldValue, hadValue := vars[name]
	oldLoop := vars[loopName]
	defer func() {
		delete(vars, name)
		if hadValue {
			vars[name] = oldValue
		}
		vars[loopName] = oldLoop
	}()
	state := &loopState{n: size}
	if outer, ok := oldLoop.(val); ok {
		state.parent = outer.v
	}
	vars[loopName] = val{e, state}
	for i := range size {
		if err := e.round(); err != nil {
			return err
		}
		state.i = i
		vars[name] = val{e, get(i)}
		err := ctx.RenderChildren(w)
		if err == nil {
			continue
		}
		j := e.jump
		if e.jump = noJump; j == noJump {
			return err
		}
		if j == breakJump {
			return nil
		}
	}
	return nil
}

// lookup is what a path of the template stands for now.
func (e *env) lookup(p *pathExpr) any {
	v, ok := e.vars[p.root].(val)
	if !ok {
		return nil
	}
	x := v.v
	for _, s := range p.steps {
		var key any = s.name
		switch i := s.index.(type) {
		case nil:
		case *literal:
			key = i.v
		case *pathExpr:
			key = e.lookup(i)
		}
		x = index(x, key)
	}
	return x
}
