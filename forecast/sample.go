package forecast

import (
	"context"
	"fmt"
	"math"
)

// A sample takes groups, not people: those whom identifiers connect belong
// together. So the sources are read twice, the first time only to find out
// who belongs together. Whether a group is drawn follows from its
// identifiers, so a sample of the same log is the same, and one of another
// workspace too.

// Sample says what a result was estimated from.
type Sample struct {
	Share  float64 `json:"share"`  // that was asked for
	Groups int     `json:"groups"` // people who are connected by identifiers are one
	Drawn  int     `json:"drawn"`
}

// draw finds the groups of the log, and draws some.
func (f *run) draw(ctx context.Context) error {
	err := f.read(ctx, func(b *batch) {
		for i := range b.calls {
			c := &b.calls[i]
			if b.people || f.o.To == 0 || c.arrived <= f.o.To {
				f.groups.join(c.keys, func(int32, int32) {})
			}
		}
	})
	if err != nil {
		return err
	}
	g := f.groups
	g.drawn = make([]bool, len(g.parent))
	for i := range g.parent {
		if g.root(int32(i)) == int32(i) && unit(g.least[i]) < f.o.Sample {
			g.drawn[i] = true
			f.units++
		}
	}
	if f.units == 0 {
		return fmt.Errorf("a sample of %g %% draws none of %d people: take a larger one", 100*f.o.Sample, g.live)
	}
	f.wrong, f.bytes = problems{}, 0
	return nil
}

// unit spreads keys over 0 to 1.
func unit(key uint64) float64 {
	key ^= key >> 33
	key *= 0xff51afd7ed558ccd
	key ^= key >> 33
	key *= 0xc4ceb9fe1a85ec53
	key ^= key >> 33
	return float64(key>>11) / (1 << 53)
}

// squares notes what a group has, for the error of a sample.
func (c *counts) squares(unit tally) {
	for _, x := range unit {
		for int(x.figure) >= len(c.square) {
			c.square = append(c.square, 0)
		}
		c.square[x.figure] += float64(x.n) * float64(x.n)
	}
}

// scale makes estimates of what was counted in a sample of n out of all
// groups; the zero value takes it as it is.
type scale struct{ share, all, n float64 }

func (f *run) scale() scale {
	if !f.o.sampled() {
		return scale{}
	}
	return scale{f.o.Sample, float64(f.groups.live), float64(f.units)}
}

func (s scale) sample() *Sample {
	if s.all == 0 {
		return nil
	}
	return &Sample{s.share, int(s.all), int(s.n)}
}

// count estimates a number of which the groups drawn have sum, and squares in
// the sum of their squares: a simple random sample without replacement, its
// error that of a normal distribution at 95 %.
func (s scale) count(sum, squares float64) Count {
	if s.n == 0 {
		return Count{N: int64(sum)}
	}
	c := Count{N: int64(math.Round(sum * s.all / s.n))}
	if s.n > 1 {
		variance := max(0, squares-sum*sum/s.n) / (s.n - 1)
		c.Error = int64(math.Ceil(1.96 * s.all * math.Sqrt((1-s.n/s.all)/s.n*variance)))
	}
	return c
}

func (s scale) value(v float64) float64 {
	if s.n == 0 {
		return v
	}
	return v * s.all / s.n
}
