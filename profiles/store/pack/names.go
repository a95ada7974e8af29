package pack

import "slices"

// Names are strings with a number for ever, shared by all people: the names
// that programs use. It is immutable; the zero value has none.
type Names struct{ x index }

// With is n and more names after its own. Those that it has are passed over.
func (n *Names) With(names []string) *Names {
	m := &Names{index{list: slices.Clone(n.x.list), slots: slices.Clone(n.x.slots)}}
	for _, s := range names {
		h := hash(s)
		if _, had := m.x.find(h, s); !had {
			m.x.add(h, s)
		}
	}
	return m
}

// Len is how many names there are.
func (n *Names) Len() int { return len(n.x.list) }

// Begins says whether the names begin a list, in the same order.
func (n *Names) Begins(list []string) bool {
	return n.Len() <= len(list) && slices.Equal(n.x.list, list[:n.Len()])
}

// After are the names behind those of a list that begins the names; none if it
// does not, or has all of them.
func (n *Names) After(list []string) []string {
	if len(list) >= n.Len() || !slices.Equal(n.x.list[:len(list)], list) {
		return nil
	}
	return n.x.list[len(list):]
}

// Last is the newest name; "" if there is none.
func (n *Names) Last() string {
	if n.Len() == 0 {
		return ""
	}
	return n.x.list[n.Len()-1]
}

// Has says whether the name has a number.
func (n *Names) Has(name string) bool {
	_, ok := n.x.find(hash(name), name)
	return ok
}
