package forecast

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestBytesPerPerson states what a person takes: one who has done little, and
// who waits in a journey.
func TestBytesPerPerson(t *testing.T) {
	const people = 20_000
	var log bytes.Buffer
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for i := range people {
		at := start.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		fmt.Fprintf(&log, `{"type":"identify","userId":"u%d","timestamp":"%s","traits":{"email":"u%d@example.com","name":"林怡君","consent":{"email":true}}}`+"\n", i, at, i)
		fmt.Fprintf(&log, `{"type":"track","userId":"u%d","event":"Signed Up","timestamp":"%s"}`+"\n", i, at)
	}
	text := bytes.Clone(log.Bytes())
	log = bytes.Buffer{}
	p := plan(t, shopText)
	before := heapNow()
	o := &Options{Plan: p, Log: []Source{bytesSource(text)}, Cores: 1}
	f := &run{o: o, figures: newFigures(), groups: newGroups()}
	f.hire()
	if err := f.read(context.Background(), f.router.route); err != nil {
		t.Fatal(err)
	}
	f.dismiss()
	each := (heapNow() - before) / people
	t.Logf("%d bytes per person", each)
	if each > 5000 || f.groups.live != people {
		t.Errorf("%d bytes for each of %d people", each, f.groups.live)
	}
	runtime.KeepAlive(f)
}

func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
