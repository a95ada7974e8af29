package template

import (
	"errors"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/render"
)

// errStopped is what break and continue return through the library; env.jump
// says which it was.
var errStopped = errors.New("stopped")

// jumpTag leaves everything up to the innermost loop, which looks at env.jump.
func jumpTag(j jump) render.TagCompiler {
	return func(string) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error {
			envOf(ctx).jump = j
			return errStopped
		}, nil
	}
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
		size, get, err := e.rounds(v)
		if err != nil {
			return err
		}
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
func (e *env) rounds(v any) (int, func(int) any, error) {
	if f, ok := v.(finished); ok {
		if err := e.spend(workBytes(4 * len(f.text))); err != nil {
			return 0, nil, err
		}
		v = e.open(f)
	}
	switch v := v.(type) {
	case []any:
		return len(v), func(i int) any { return v[i] }, nil
	case ints:
		return v.size(), func(i int) any { return float64(v.lo + i) }, nil
	case map[string]any:
		if err := e.spend(4 * workItem * len(v)); err != nil {
			return 0, nil, err
		}
		names := slices.Sorted(maps.Keys(v))
		return len(names), func(i int) any { return []any{names[i], v[names[i]]} }, nil
	case string:
		if v != "" {
			return 1, func(int) any { return v }, nil
		}
	}
	return 0, nil, nil
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
