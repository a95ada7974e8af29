package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// startRow is how long the server takes from its start to being ready, with
// many people in its folder: it is killed and started again and again.
func (b *bench) startRow() ([]row, error) {
	dir, err := b.workspace("shop", shopSource)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(b.dir, "start")
	j, err := b.startJourneyd(dir, "--data", data)
	if err != nil {
		return nil, err
	}
	defer func() { j.end() }()
	if err := b.populate(j.api); err != nil {
		return nil, err
	}
	var s sample
	for range b.rounds {
		j.kill()
		next, err := b.startJourneyd(dir, "--data", data)
		if err != nil {
			return nil, err
		}
		j = next
		s = append(s, j.ready.Seconds())
	}
	return []row{atMost(fmt.Sprintf("ready after kill -9 and start with %d people in --data", b.stored), "–", s, 10, " s", "",
		"each with 7 traits; from the start of the process to a 200 of /readyz")}, nil
}

// populate lets people come who have traits.
func (b *bench) populate(api string) error {
	g, err := newGenerator()
	if err != nil {
		return err
	}
	defer g.end()
	begun := time.Now()
	_, err = g.do(order{Addr: api, Prefix: "p", People: b.stored, Begin: true, Batch: 100, Conns: 8, Events: b.stored})
	b.logf("  %d people came in %.1f s", b.stored, time.Since(begun).Seconds())
	return err
}
