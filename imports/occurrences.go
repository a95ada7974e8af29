package imports

// occurrences counts how often a content has come before in a file, in a fixed
// amount of memory as long as few rows are the same: a Bloom filter says what
// has certainly not come, and only what has is counted by itself.
//
// When the filter is wrong, a row counts as a second one of its content. That
// is harmless for as long as the file stays the same, and with a million rows
// it happens once in 10^12 rows (with ten million once in 10^5).
type occurrences struct {
	bits []uint64
	more map[uint64]uint64
}

const (
	filterBits   = 1 << 28 // 32 MB
	filterHashes = 8
)

// next is how often a content, given by two hashes, has come before.
func (o *occurrences) next(a, b uint64) uint64 {
	if o.bits == nil {
		o.bits, o.more = make([]uint64, filterBits/64), map[uint64]uint64{}
	}
	seen := true
	b |= 1
	for i := range uint64(filterHashes) {
		bit := (a + i*b) % filterBits
		if o.bits[bit/64]&(1<<(bit%64)) == 0 {
			seen = false
			o.bits[bit/64] |= 1 << (bit % 64)
		}
	}
	if !seen {
		return 0
	}
	o.more[a]++
	return o.more[a]
}
