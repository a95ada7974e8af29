package forecast

import (
	"cmp"
	"maps"
	"slices"
)

// person is what happened to somebody, with what he is shown as.
type person struct {
	who   string
	tally tally
}

// Change is what is different between two forecasts of one log.
type Change struct {
	People      int          `json:"people"` // to whom something else happens
	Of          int          `json:"of"`
	Differences []Difference `json:"differences,omitempty"` // the most people first
	Some        []Changed    `json:"some,omitempty"`        // of those people
}

// Difference is a figure that is not the same.
type Difference struct {
	Journey string `json:"journey"`
	What    string `json:"what"` // entered, sent, skipped, failed, goal, ended
	Name    string `json:"name,omitempty"`
	Detail  string `json:"detail,omitempty"` // a channel or reason
	Was     int64  `json:"was"`
	Is      int64  `json:"is"`
	More    int    `json:"more"` // people to whom it happens more often
	Less    int    `json:"less"` // and less
}

// Changed is somebody to whom something else happens.
type Changed struct {
	Who  string       `json:"who"` // masked
	What []Difference `json:"what"`
}

// Compare says what would be different, and for whom; some of them are shown,
// masked. Both results must have been made with Each.
func Compare(was, is *Result, some int) *Change {
	c := &Change{}
	all := map[figure]*Difference{}
	ids := slices.Sorted(maps.Keys(is.each))
	for id := range was.each {
		if _, both := is.each[id]; !both {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	c.Of = len(ids)
	for _, id := range ids {
		a, b := was.each[id], is.each[id]
		diffs := differences(was.list, a.tally, is.list, b.tally)
		if len(diffs) == 0 {
			continue
		}
		c.People++
		for x, d := range diffs {
			sum := all[x]
			if sum == nil {
				sum = x.difference()
				all[x] = sum
			}
			if d.Is > d.Was {
				sum.More++
			} else {
				sum.Less++
			}
		}
		if len(c.Some) < some {
			c.Some = append(c.Some, Changed{cmp.Or(b.who, a.who), sorted(diffs)})
		}
	}
	totals(all, was, func(d *Difference, n int64) { d.Was += n })
	totals(all, is, func(d *Difference, n int64) { d.Is += n })
	c.Differences = sorted(all)
	return c
}

func (x figure) difference() *Difference {
	return &Difference{Journey: x.journey, What: string(x.what), Name: x.name, Detail: x.detail}
}

// differences are the figures of one person that are not the same. Where he
// stands at the end and what was refused is left out: it follows.
func differences(la []figure, a tally, lb []figure, b tally) map[figure]*Difference {
	d := map[figure]*Difference{}
	at := func(x figure) *Difference {
		if d[x] == nil {
			d[x] = x.difference()
		}
		return d[x]
	}
	for _, n := range a {
		at(la[n.figure]).Was += int64(n.n)
	}
	for _, n := range b {
		at(lb[n.figure]).Is += int64(n.n)
	}
	for x, diff := range d {
		if diff.Was == diff.Is || x.what == inside || x.what == refused {
			delete(d, x)
		}
	}
	return d
}

// totals adds up a figure over all people.
func totals(all map[figure]*Difference, r *Result, add func(*Difference, int64)) {
	for _, p := range r.each {
		for _, n := range p.tally {
			if d := all[r.list[n.figure]]; d != nil {
				add(d, int64(n.n))
			}
		}
	}
}

func sorted(m map[figure]*Difference) []Difference {
	list := make([]Difference, 0, len(m))
	for _, d := range m {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.More+b.Less, a.More+a.Less), cmp.Compare(a.Journey, b.Journey),
			cmp.Compare(a.What, b.What), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Detail, b.Detail))
	})
	return list
}

// people are all people with what happened to them.
func (f *run) people() map[string]person {
	all := map[string]person{}
	for _, w := range f.workers {
		for _, m := range w.groups {
			for _, s := range m.list {
				all[s.p.ID] = person{masked(w.rules.Strongest(s.p)), s.tally}
			}
		}
	}
	return all
}
