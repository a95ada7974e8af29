package pack

import "hash/maphash"

// index finds strings by their number and numbers by their string. It is
// much of what Encode does, and twice as fast as a map: strings are hashed
// once for all indexes, and nothing is ever taken out.
type index struct {
	list  []string
	slots []uint32 // number plus 1 of the string whose hash leads here, or the next free one; 0: free
}

// seed differs from process to process, so that nobody can choose strings
// that collide.
var seed = maphash.MakeSeed()

func hash(s string) uint64 { return maphash.String(seed, s) }

// find answers the number of a string whose hash is h.
func (x *index) find(h uint64, s string) (uint32, bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(x.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		n := x.slots[i]
		if n == 0 {
			return 0, false
		}
		if x.list[n-1] == s {
			return n - 1, true
		}
	}
}

// add gives the next number to a string that is not there.
func (x *index) add(h uint64, s string) {
	if 4*(len(x.list)+1) > 3*len(x.slots) {
		x.grow()
	}
	x.list = append(x.list, s)
	x.put(h, uint32(len(x.list)))
}

func (x *index) put(h uint64, n uint32) {
	mask := uint64(len(x.slots) - 1)
	i := h & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = n
}

func (x *index) grow() {
	x.slots = make([]uint32, max(64, 2*len(x.slots)))
	for i, s := range x.list {
		x.put(hash(s), uint32(i+1))
	}
}

// wake makes an index of which only the list was there.
func (x *index) wake() {
	for len(x.list) > 0 && 4*len(x.list) > 3*len(x.slots) {
		x.grow()
	}
}

// reset takes everything out.
func (x *index) reset() {
	clear(x.list)
	clear(x.slots)
	x.list = x.list[:0]
}
