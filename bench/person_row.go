package main

import (
	"fmt"
)

// personRow is what an event costs somebody with very many of them: the last
// of 100,000 beside the 100th. There is one such person for each round; all
// get their events in batches, and the last hundred one by one, by turns with
// a person who is at his hundredth.
func (b *bench) personRow() ([]row, error) {
	s, err := b.shop()
	if err != nil {
		return nil, err
	}
	const window = 100
	var old, young sample
	for round := range b.rounds {
		o := order{Addr: s.hotAt, Prefix: fmt.Sprintf("x%d", round), People: 1, Conns: 4, Batch: 100, Events: b.toOne - window}
		if _, err := s.gen.do(o); err != nil {
			return nil, err
		}
		y := order{Addr: s.hotAt, Prefix: fmt.Sprintf("y%d", round), People: 1, Conns: 1, Events: 50}
		if _, err := s.gen.do(y); err != nil {
			return nil, err
		}
		o.Conns, o.Batch = 1, 0
		o.Events, y.Events = window/10, window/10
		var os, ys sample
		for range 10 {
			r, err := s.gen.do(o)
			if err != nil {
				return nil, err
			}
			os = append(os, r.P50)
			if r, err = s.gen.do(y); err != nil {
				return nil, err
			}
			ys = append(ys, r.P50)
		}
		old, young = append(old, os.median()), append(young, ys.median())
	}
	return []row{atMost(fmt.Sprintf("%d events to one person: the last", b.toOne), "the 100th", ratios(old, young), 2, " ×", "",
		fmt.Sprintf("%.2f and %.2f ms from POST to answer", old.median(), young.median()))}, nil
}
