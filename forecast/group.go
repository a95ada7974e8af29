package forecast

import (
	"journey/dsl/value"
)

// shards is how many parts the people are in. It is fixed, so that what is
// summed up in each, and in which order, does not depend on the cores.
const shards = 64

// groups puts calls to those of the people whom their identifiers connect. It
// belongs to one goroutine, which has the calls in their order.
type groups struct {
	of     map[uint64]int32 // of an identifier
	parent []int32          // of a group that has become part of another: which; its own: none
	least  []uint64         // of the identifiers of a group, the one with the least key: what a sample draws by
	drawn  []bool           // nil: all are
	live   int              // groups that are part of no other
}

func newGroups() *groups { return &groups{of: map[uint64]int32{}} }

// root is the group that a group is part of by now.
func (g *groups) root(i int32) int32 {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// join is the group of a call. Others that it connects become part of it:
// moved is called with each.
func (g *groups) join(keys []uint64, moved func(from, to int32)) int32 {
	to := int32(-1)
	for _, k := range keys {
		if i, known := g.of[k]; known {
			if r := g.root(i); to < 0 || r < to {
				to = r
			}
		}
	}
	if to < 0 {
		to = int32(len(g.parent))
		g.parent = append(g.parent, to)
		g.least = append(g.least, ^uint64(0))
		g.live++
	}
	for _, k := range keys {
		i, known := g.of[k]
		if !known {
			g.of[k] = to
			g.least[to] = min(g.least[to], k)
			continue
		}
		if r := g.root(i); r != to {
			g.parent[r] = to
			g.least[to] = min(g.least[to], g.least[r])
			g.live--
			moved(r, to)
		}
	}
	return to
}

const (
	earliest = value.Time(946_684_800_000) // 2000-01-01: an earlier time is a clock that was never set
	leap     = 3660 * value.Day            // how much later than all before it a call can be
)

// op is what a shard is to do next.
type op struct {
	group int32
	call  *call           // to be taken; nil: the group goes elsewhere, or comes
	away  chan<- *members // the group is to be handed over
	from  <-chan *members // what is to be added to the group
}

// router gives calls to those who work on the shards.
type router struct {
	*groups
	o       *Options
	workers []*worker
	pending [][]op     // by worker
	last    value.Time // arrival of the last call that said it
	newest  value.Time // the latest arrival
	events  int
	after   int // calls that arrived after the end
	undated int
	far     int // calls more than ten years later than all before them
}

// route puts the calls of a batch in their queues.
func (r *router) route(b *batch) {
	for i := range b.calls {
		c := &b.calls[i]
		switch {
		case b.people:
			c.arrived = min(max(c.arrived, 1), r.o.From-1) // he was known before
			if c.at == 0 || c.at > c.arrived {
				c.at = c.arrived
			}
		case c.arrived < earliest:
			c.arrived, c.at = r.last, 0
			r.undated++
		case r.newest > 0 && c.arrived > r.newest.Add(leap) && (r.o.To == 0 || c.arrived <= r.o.To):
			r.far++ // one wrong clock would have all people live for centuries
			continue
		default:
			r.last = c.arrived
		}
		if !b.people {
			if r.o.To > 0 && c.arrived > r.o.To {
				r.after++
				continue
			}
			r.events++
			r.newest = max(r.newest, c.arrived)
		}
		r.put(c)
	}
	for w, ops := range r.pending {
		if len(ops) > 0 {
			r.workers[w].queue <- ops
			r.pending[w] = nil
		}
	}
}

func (r *router) put(c *call) {
	g := r.join(c.keys, r.move)
	if r.drawn == nil || r.drawn[g] {
		r.to(g, op{group: g, call: c})
	}
}

// move hands a group over to another's shard: whoever has it comes to the one
// order, whoever gets it waits at the other.
func (r *router) move(from, to int32) {
	if r.drawn != nil {
		return // a sample knows all groups before
	}
	way := make(chan *members, 1)
	r.to(from, op{group: from, away: way})
	r.to(to, op{group: to, from: way})
}

func (r *router) to(group int32, o op) {
	w := int(group%shards) % len(r.workers)
	r.pending[w] = append(r.pending[w], o)
}
