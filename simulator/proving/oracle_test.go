package proving_test

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"journey/orchestrator"
	"journey/simulator/proving"
)

var (
	cases = flag.Int("proving.cases", 10_000, "how many random cases are told by the oracle")
	seed  = flag.Uint64("proving.seed", 1, "seed of the random cases")
	plain = flag.Bool("proving.noshrink", false, "show cases that fail as they are")
	from  = flag.Uint64("proving.from", 0, "number of the first case")
)

// TestOracle has random cases told by the oracle and played by the machine.
func TestOracle(t *testing.T) {
	every(t, *cases, func(c *proving.Case, plan *orchestrator.Plan) string { return proving.Judge(c, plan) })
}

// every runs a judgement over random cases, as many at a time as there are
// processors. A case that fails is made small and shown.
func every(t *testing.T, n int, judge func(*proving.Case, *orchestrator.Plan) string) {
	t.Helper()
	everyOf(t, n, func(i uint64) *proving.Case { return proving.Generate(*seed, i) }, judge)
}

// everyOf is every with cases of another kind. With -short, for the race
// detector, a fifth of them is judged.
func everyOf(t *testing.T, n int, generate func(uint64) *proving.Case, judge func(*proving.Case, *orchestrator.Plan) string) {
	t.Helper()
	if testing.Short() {
		n = (n + 4) / 5
	}
	numbers := make(chan uint64)
	var all sync.WaitGroup
	for range workers() {
		all.Go(func() {
			w := &worker{generate: generate, judge: judge}
			for i := range numbers {
				w.run(t, i)
			}
		})
	}
	for i := range uint64(n) {
		if t.Failed() {
			break
		}
		numbers <- *from + i
	}
	close(numbers)
	all.Wait()
}

// worker judges cases one after the other.
type worker struct {
	generate func(uint64) *proving.Case
	judge    func(*proving.Case, *orchestrator.Plan) string
	text     string // of the program compiled last
	plan     *orchestrator.Plan
	err      error
}

func (w *worker) run(t *testing.T, i uint64) {
	c := w.generate(i)
	why, compiles := w.ask(c)
	switch {
	case !compiles:
		t.Errorf("case %d of seed %d: %s\n%s", i, *seed, why, c.Archive())
		return
	case why == "":
		return
	}
	if !*plain {
		c = proving.Shrink(c, func(c *proving.Case) bool {
			why, compiles := w.ask(c)
			return compiles && why != ""
		})
		why, _ = w.ask(c)
	}
	t.Errorf("case %d of seed %d (-proving.seed %d -proving.from %d -proving.cases 1):\n%s\n%s", i, *seed, *seed, i, why, c.Archive())
}

// ask judges a case; a panic is a verdict too.
func (w *worker) ask(c *proving.Case) (why string, compiles bool) {
	if text := c.Program.Text(); text != w.text {
		w.text, w.plan = text, nil
		program, err := c.Program.Load()
		if w.err = err; err == nil {
			w.plan = orchestrator.NewPlan(program)
		}
	}
	if w.err != nil {
		return w.err.Error(), false
	}
	defer func() {
		if r := recover(); r != nil {
			why, compiles = fmt.Sprintf("panic: %v\n%s", r, debug.Stack()), true
		}
	}()
	return w.judge(c, w.plan), true
}

func workers() int { return runtime.GOMAXPROCS(0) }
