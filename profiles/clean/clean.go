package clean

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"journey/dsl/value"
	"journey/profiles"
)

// Options are what reading depends on besides the type.
type Options struct {
	Zone    *time.Location // of times without an offset; nil: UTC
	Country string         // of phone numbers without a country code, and of how numbers are written in imports; "": none
	// Import says that the value stands in a file that is imported: numbers
	// may have signs between thousands and of a currency, and yes and no may be
	// written as people do.
	Import bool
}

// The bounds of a value.
const (
	maxDepth = 32
	maxText  = 32 << 10 // bytes
)

// Value reads a value as a type. nil stays nil: it clears. An error says in a
// few words why it cannot be read, without the value.
func Value(raw any, t *value.Type, o Options) (any, error) {
	if raw == nil {
		return nil, nil
	}
	if t == nil {
		return plain(raw, 0)
	}
	v, err := read(raw, t, o)
	if err != nil || len(t.OneOf) == 0 || v == nil {
		return v, err
	}
	if s, ok := v.(string); !ok || !slices.Contains(t.OneOf, s) {
		return nil, errors.New("is none of the values that are declared")
	}
	return v, nil
}

func read(raw any, t *value.Type, o Options) (any, error) {
	switch t.Kind {
	case value.Any:
		return plain(raw, 0)
	case value.List:
		return list(raw, t, o)
	case value.Object:
		obj, ok := raw.(map[string]any)
		if !ok {
			return nil, errors.New("is not an object")
		}
		v, faults := Object(obj, t, o)
		if len(faults) > 0 {
			return nil, fmt.Errorf("field %s %s", faults[0].Field, faults[0].Reason)
		}
		return v, nil
	case value.Number, value.Integer:
		return number(raw, t, o)
	case value.Boolean:
		return boolean(raw, o)
	case value.DateKind:
		return date(raw, t.Format, o)
	case value.TimeKind:
		return instant(raw, t.Format, o)
	case value.DurationKind:
		return duration(raw)
	}
	s, err := text(raw)
	if err != nil {
		return nil, err
	}
	return special(s, t.Kind, o)
}

// Object reads an object: declared fields from their names on the wire into
// their names, what is not declared as it is. A field that cannot be read is
// left out and reported.
func Object(raw map[string]any, t *value.Type, o Options) (map[string]any, []profiles.Fault) {
	out := make(map[string]any, len(raw))
	var faults []profiles.Fault
	used := map[string]bool{}
	for i := range t.Fields {
		f := &t.Fields[i]
		wire := f.Wire
		if wire == "" {
			wire = f.Name
		}
		v := value.Path(raw, wire)
		used[wire] = true
		if v == nil {
			continue
		}
		c, err := Value(v, f.Type, o)
		if err != nil {
			faults = append(faults, profiles.Fault{Field: f.Name, Reason: err.Error()})
			continue
		}
		if c != nil {
			out[f.Name] = c
		}
	}
	for name, v := range raw {
		if used[name] || v == nil {
			continue
		}
		if _, declared := t.Field(name); declared {
			continue // the name of a field that comes under another one
		}
		c, err := plain(v, 0)
		if err != nil {
			faults = append(faults, profiles.Fault{Field: name, Reason: err.Error()})
			continue
		}
		out[name] = c
	}
	slices.SortFunc(faults, func(a, b profiles.Fault) int { return strings.Compare(a.Field, b.Field) })
	return out, faults
}

var anyNumber = &value.Type{Kind: value.Number}

// plain takes a JSON value as it is, within bounds.
func plain(raw any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	switch v := raw.(type) {
	case nil, bool:
		return v, nil
	case string:
		return text(v)
	case float64:
		return number(v, anyNumber, Options{})
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case value.Time, value.Date, value.Duration:
		return v, nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			c, err := plain(v[i], depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = c
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, w := range v {
			c, err := plain(w, depth+1)
			if err != nil {
				return nil, err
			}
			out[k] = c
		}
		return out, nil
	}
	return nil, errors.New("is of a kind that cannot be stored")
}

func list(raw any, t *value.Type, o Options) (any, error) {
	l, ok := raw.([]any)
	if !ok {
		return nil, errors.New("is not a list")
	}
	out := make([]any, 0, len(l))
	for i, e := range l {
		c, err := Value(e, t.Elem, o)
		if err != nil {
			return nil, fmt.Errorf("element %d %w", i+1, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func text(raw any) (string, error) {
	var s string
	switch v := raw.(type) {
	case string:
		s = v
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		s = strconv.Itoa(v)
	case bool:
		s = strconv.FormatBool(v)
	default:
		return "", errors.New("is not a text")
	}
	if len(s) > maxText {
		return "", errors.New("is too long")
	}
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	return s, nil
}

func boolean(raw any, o Options) (any, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case float64:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case string:
		switch s := strings.ToLower(strings.TrimSpace(fold(v))); s {
		case "true", "1", "yes":
			return true, nil
		case "false", "0", "no":
			return false, nil
		case "y", "t", "是", "有":
			if o.Import {
				return true, nil
			}
		case "n", "f", "否", "無":
			if o.Import {
				return false, nil
			}
		}
	}
	return nil, errors.New("is not true or false")
}

// fold makes full-width letters, digits and signs narrow ones.
func fold(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < 0x80
	}
	if ascii {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　':
			return ' '
		}
		return r
	}, s)
}
