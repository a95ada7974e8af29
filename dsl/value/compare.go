package value

// Equal compares by value; lists and objects element by element. Missing
// equals missing here: the language's rule that a comparison with a missing
// value is false belongs to the comparison, not to equality.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// Clone is a deep copy.
func Clone(v any) any {
	switch v := v.(type) {
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = Clone(v[i])
		}
		return c
	case map[string]any:
		return CloneMap(v)
	}
	return v
}

// CloneMap is a deep copy of an object; nil stays nil.
func CloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = Clone(v)
	}
	return c
}

// Path finds a value inside an object by a dotted path.
func Path(m map[string]any, path string) any {
	for {
		for i := 0; i < len(path); i++ {
			if path[i] == '.' {
				if v, ok := m[path]; ok { // a key that itself holds the dot
					return v
				}
				inner, ok := m[path[:i]].(map[string]any)
				if !ok {
					return nil
				}
				m, path = inner, path[i+1:]
				goto next
			}
		}
		return m[path]
	next:
	}
}
