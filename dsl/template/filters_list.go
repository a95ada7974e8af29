package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"journey/dsl/value"
)

var listFilters = map[string]filterDef{
	"compact":      {max: 1, key: true, run: compactFilter},
	"concat":       {min: 1, max: 1, run: concatFilter},
	"first":        {run: endFilter("first")},
	"last":         {run: endFilter("last")},
	"join":         {max: 1, run: joinFilter},
	"map":          {min: 1, max: 1, key: true, run: mapFilter},
	"reverse":      {run: reverseFilter},
	"size":         {run: sizeFilter},
	"slice":        {min: 1, max: 2, run: sliceFilter},
	"sort":         {max: 1, key: true, run: sortFilter(nil)},
	"sort_natural": {max: 1, key: true, run: sortFilter(natural)},
	"sum":          {max: 1, key: true, run: sumFilter},
	"uniq":         {max: 1, key: true, run: uniqFilter},
	"where":        {min: 1, max: 2, key: true, run: whereFilter},
}

// keyed is how a filter looks at an element: the field its first argument
// names, or the element itself.
func (c *filterCall) keyed() func(any) any {
	if len(c.args) == 0 {
		return func(v any) any { return v }
	}
	key := c.args[0]
	return func(v any) any { return index(v, key) }
}

// sieve keeps the elements that are wanted.
func (c *filterCall) sieve(want func(field any) bool) (any, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	get, kept := c.keyed(), []any{}
	for _, v := range list {
		if want(get(v)) {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

func compactFilter(c *filterCall) (any, error) {
	return c.sieve(func(v any) bool { return v != nil })
}

func whereFilter(c *filterCall) (any, error) {
	if len(c.args) < 2 {
		return c.sieve(truthy)
	}
	return c.sieve(func(v any) bool { return c.env.equal(v, c.args[1], 0) })
}

func uniqFilter(c *filterCall) (any, error) {
	seen := map[string]bool{}
	return c.sieve(func(v any) bool {
		key, err := c.env.json(v)
		fresh := err == nil && !seen[key]
		seen[key] = true
		return fresh
	})
}

func mapFilter(c *filterCall) (any, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	get, out := c.keyed(), make([]any, len(list))
	for i, v := range list {
		out[i] = get(v)
	}
	return out, nil
}

func sumFilter(c *filterCall) (any, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	get, sum := c.keyed(), 0.0
	for _, v := range list {
		if v = get(v); v == nil {
			continue
		}
		f, err := toNumber(v)
		if err != nil {
			return nil, errors.New("an element is not a number")
		}
		sum += f
	}
	return finite(sum), nil
}

// natural is what sort_natural sorts by: text without regard to case.
func natural(e *env, v any) any {
	text := e.plain(v)
	e.mustSpend(workBytes(4 * len(text)))
	return strings.ToLower(text)
}

// sortFilter sorts by each element, or its field, or what of makes of that.
// What has no order stays in place, what is missing goes last.
func sortFilter(of func(*env, any) any) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		list, err := c.list()
		if err != nil {
			return nil, err
		}
		type item struct{ v, by any }
		get, items := c.keyed(), make([]item, len(list))
		for i, v := range list {
			items[i] = item{v: v}
			if items[i].by = get(v); items[i].by != nil && of != nil {
				items[i].by = of(c.env, items[i].by)
			}
		}
		slices.SortStableFunc(items, func(a, b item) int {
			c.env.mustSpend(workItem)
			switch {
			case a.by == nil && b.by == nil:
				return 0
			case a.by == nil:
				return 1
			case b.by == nil, c.env.less(a.by, b.by):
				return -1
			case c.env.less(b.by, a.by):
				return 1
			}
			return 0
		})
		out := make([]any, len(items))
		for i := range items {
			out[i] = items[i].v
		}
		return out, nil
	}
}

func concatFilter(c *filterCall) (any, error) {
	a, err := c.list()
	if err != nil {
		return nil, err
	}
	b, err := c.env.list(c.args[0])
	if err != nil {
		return nil, errors.New("its argument is not a list")
	}
	if err := c.env.listSize(len(a) + len(b)); err != nil {
		return nil, err
	}
	return slices.Concat(a, b), nil
}

func reverseFilter(c *filterCall) (any, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	out := slices.Clone(list)
	slices.Reverse(out)
	return out, nil
}

func endFilter(which string) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		switch c.in.(type) {
		case []any, ints:
			return index(c.in, which), nil
		}
		return nil, errList
	}
}

// joinFilter joins with a space unless told otherwise.
func joinFilter(c *filterCall) (any, error) {
	sep, err := c.argText(0, " ")
	if err != nil {
		return nil, err
	}
	switch c.in.(type) {
	case []any, ints:
		return c.env.writeElements(c.in, sep)
	}
	return nil, errList
}

func (e *env) writeElements(list any, sep string) (any, error) {
	text, err := e.writeList(list, sep, 0)
	if errors.Is(err, errObject) {
		return nil, errors.New("an element " + errObject.Error())
	}
	return text, err
}

func sizeFilter(c *filterCall) (any, error) {
	switch v := c.in.(type) {
	case []any, ints:
		return index(v, "size"), nil
	case map[string]any:
		return float64(len(v)), nil
	}
	s, err := c.text()
	return float64(utf8.RuneCountInString(s)), err
}

// sliceFilter cuts characters of a text or elements of a list: start, below 0
// from the end, and how many (1).
func sliceFilter(c *filterCall) (any, error) {
	start, err := c.argCount(0, 0)
	if err != nil {
		return nil, err
	}
	n, err := c.argCount(1, 1)
	if err != nil {
		return nil, err
	}
	cut := func(size int) (from, to int) {
		from = start
		if from < 0 {
			from += size
		}
		from = min(max(from, 0), size)
		return from, min(from+max(n, 0), size)
	}
	switch v := c.in.(type) {
	case []any:
		from, to := cut(len(v))
		return v[from:to:to], c.env.spend((to - from) * workItem)
	case ints:
		from, to := cut(v.size())
		return ints{v.lo + from, v.lo + to - 1}, nil
	}
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	runes := []rune(s)
	from, to := cut(len(runes))
	return string(runes[from:to]), nil
}

func jsonFilter(c *filterCall) (any, error) { return c.env.json(c.in) }

// json is a value as JSON: times as RFC 3339 in UTC, fields in the order of
// their names.
func (e *env) json(v any) (string, error) {
	plain, err := e.jsonValue(v, 0)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(e.t.kind != HTML) // there it is escaped anyway
	if err := enc.Encode(plain); err != nil {
		return "", errKind
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// jsonValue turns a value into what encoding/json knows, and bounds its size.
func (e *env) jsonValue(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	if err := e.spend(2 * workItem); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case float64:
		return finite(v), nil
	case string:
		return v, e.spend(workBytes(4 * len(v)))
	case value.Time:
		return v.String(), nil
	case value.Date:
		return v.String(), nil
	case value.Duration:
		return v.String(), nil
	case []any, ints:
		list, err := e.list(v)
		if err != nil {
			return nil, err
		}
		out := make([]any, len(list))
		for i, x := range list {
			if out[i], err = e.jsonValue(x, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			x, err := e.jsonValue(x, depth+1)
			if err != nil {
				return nil, err
			}
			out[k] = x
		}
		return out, nil
	}
	return nil, errKind
}
