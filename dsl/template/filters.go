package template

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// filterDef is a filter: how many arguments it takes and what it does.
type filterDef struct {
	min, max int
	missing  bool // it is asked about missing values too
	key      bool // its first argument is the name of a field of the elements
	run      func(c *filterCall) (any, error)
}

// filterDefs are the filters there are. All are deterministic. The library's
// own are not used: some cut characters in half, some read the clock, none has
// a bound.
var filterDefs = func() map[string]filterDef {
	defs := map[string]filterDef{
		"default": {min: 1, max: 1, missing: true, run: defaultFilter},
		"date":    {min: 1, max: 1, run: dateFilter},
		"json":    {run: jsonFilter},
	}
	for _, group := range []map[string]filterDef{textFilters, numberFilters, listFilters} {
		maps.Copy(defs, group)
	}
	return defs
}()

// refusedFilters are filters of other Liquids, and why they are not here.
var refusedFilters = map[string]string{
	"raw":     "values are always escaped: what people send must not become markup; put markup into the template itself",
	"safe":    "values are always escaped: what people send must not become markup; put markup into the template itself",
	"sample":  "a template has no chance: the same data always gives the same text",
	"shuffle": "a template has no chance: the same data always gives the same text",
	"now":     "a template has no clock: the same data always gives the same text",
}

var filterNames = sync.OnceValue(func() []string {
	names := make([]string, 0, len(filterDefs))
	for name := range filterDefs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
})

// filterCall is one use of a filter. Missing inputs and arguments never come
// here, save to default.
type filterCall struct {
	env  *env
	in   any
	args []any
}

// libraryFilter is a filter as the library calls it: the first argument is the
// place, the result is a val.
func libraryFilter(def filterDef) func(in any, args ...any) (any, error) {
	return func(in any, args ...any) (any, error) {
		p := args[0].(place)
		out, err := def.call(p.env, p.at, p.what, in, args[1:])
		return val{p.env, out}, err
	}
}

// call sends a value through the filter that stands at a place of the source.
func (def filterDef) call(e *env, at at, name string, in any, args []any) (any, error) {
	if err := e.spend(workFilter); err != nil {
		return nil, err
	}
	c := filterCall{e, in, args}
	if !def.missing {
		c.in = e.open(in)
		for i, a := range c.args {
			c.args[i] = e.open(a)
		}
		if c.in == nil || slices.Contains(c.args, nil) {
			return nil, nil
		}
	}
	out, err := def.run(&c)
	if err != nil {
		return nil, e.fail(&Error{at.start, at.end, name + ": " + err.Error()})
	}
	if s, ok := out.(string); ok {
		err = e.grown(len(s), len(s))
	} else if f, ok := out.(finished); ok {
		err = e.grown(len(f.text), len(f.text))
	}
	return out, err
}

var (
	errNumber = errors.New("the value is not a number")
	errList   = errors.New("the value is not a list")
)

// text is the input as text.
func (c *filterCall) text() (string, error) { return c.asText(c.in, "the value") }

// argText is an argument as text; absent, or else is given instead.
func (c *filterCall) argText(i int, or string) (string, error) {
	if i >= len(c.args) {
		return or, nil
	}
	return c.asText(c.args[i], "its argument")
}

func (c *filterCall) asText(v any, what string) (string, error) {
	text, _, err := c.env.write(v, 0)
	if err != nil {
		return "", fmt.Errorf("%s %w", what, err)
	}
	return text, c.env.spend(workBytes(len(text)))
}

// number is the input as a number.
func (c *filterCall) number() (float64, error) { return toNumber(c.in) }

func (c *filterCall) argNumber(i int, or float64) (float64, error) {
	if i >= len(c.args) {
		return or, nil
	}
	f, err := toNumber(c.args[i])
	if err != nil {
		return 0, errors.New("its argument is not a number")
	}
	return f, nil
}

// argCount is an argument as a whole number of ordinary size.
func (c *filterCall) argCount(i int, or float64) (int, error) {
	f, err := c.argNumber(i, or)
	return int(min(max(f, -math.MaxInt32), math.MaxInt32)), err
}

// toNumber reads a number, also one in a text.
func toNumber(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case string:
		s := strings.TrimSpace(v)
		if strings.Trim(s, "+-.0123456789eE") == "" {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return f, nil
			}
		}
	}
	return 0, errNumber
}

// finite is a result of arithmetic; what is no number is missing.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// list is v spelt out as a list.
func (e *env) list(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, e.spend(len(v) * workItem)
	case ints:
		n := v.size()
		if err := e.listSize(n); err != nil {
			return nil, err
		}
		list := make([]any, n)
		for i := range list {
			list[i] = float64(v.lo + i)
		}
		return list, nil
	}
	return nil, errList
}

// listSize bounds a list that a filter is about to make.
func (e *env) listSize(n int) error {
	if n > e.maxSteps {
		return e.fail(&LimitError{"elements of a list", e.maxSteps})
	}
	return e.spend(n * workItem)
}

func (c *filterCall) list() ([]any, error) { return c.env.list(c.in) }

// defaultFilter gives its argument for what is missing, false or empty.
func defaultFilter(c *filterCall) (any, error) {
	switch v := c.in.(type) {
	case nil:
		return c.args[0], nil
	case bool:
		if !v {
			return c.args[0], nil
		}
	case float64:
		if finite(v) == nil {
			return c.args[0], nil
		}
	case finished:
		if v.text == "" {
			return c.args[0], nil
		}
	default:
		if is("empty", v) {
			return c.args[0], nil
		}
	}
	return c.in, nil
}

// rangeFilter makes (in..argument). It is not among the filters of a template.
func rangeFilter(c *filterCall) (any, error) {
	lo, err := c.number()
	if err != nil {
		return nil, errors.New("its start is not a number")
	}
	hi, err := c.argNumber(0, 0)
	if err != nil {
		return nil, errors.New("its end is not a number")
	}
	const most = 1 << 40
	if !(math.Abs(lo) < most && math.Abs(hi) < most) {
		return nil, errors.New("its ends are too large")
	}
	return ints{int(math.Floor(lo)), int(math.Floor(hi))}, nil
}
