package pack

import "slices"

// Names are strings with a number for ever, shared by all people: the names
// that programs use. It is immutable; the zero value has none.
type Names struct {
	list  []string
	index map[string]uint32
}

// With is n and more names after its own. Those that it has are passed over.
func (n *Names) With(names []string) *Names {
	m := &Names{list: slices.Clone(n.list), index: make(map[string]uint32, len(n.list)+len(names))}
	for i, s := range m.list {
		m.index[s] = uint32(i)
	}
	for _, s := range names {
		if _, had := m.index[s]; !had {
			m.index[s] = uint32(len(m.list))
			m.list = append(m.list, s)
		}
	}
	return m
}

// Len is how many names there are.
func (n *Names) Len() int { return len(n.list) }

// Has says whether the name has a number.
func (n *Names) Has(name string) bool {
	_, ok := n.index[name]
	return ok
}
