package cond

import (
	"slices"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

const twoComparisons = `profile.total_spend >= 10000 and profile.tier == "gold"`

// BenchmarkCondition measures the condition of two comparisons and an `and`
// beside expr's own machine on nested maps, machine reused. The ratio is ours
// to expr's, the median of interleaved rounds.
func BenchmarkCondition(b *testing.B) {
	x := compile(b, twoComparisons, Condition)
	e := ann(b)
	env := map[string]any{"profile": map[string]any{"total_spend": 12000.0, "tier": "gold"}}
	program, err := expr.Compile(twoComparisons, expr.Env(env), expr.AsBool())
	if err != nil {
		b.Fatal(err)
	}
	machine := vm.VM{}
	theirs := func(n int) time.Duration {
		start := time.Now()
		for range n {
			out, err := machine.Run(program, env)
			if err != nil || out != true {
				b.Fatal(out, err)
			}
		}
		return time.Since(start)
	}
	ours := func(n int) time.Duration {
		start := time.Now()
		for range n {
			if !x.Bool(e) {
				b.Fatal("false")
			}
		}
		return time.Since(start)
	}
	var ratios []float64
	for range 15 {
		t := theirs(20_000)
		ratios = append(ratios, float64(ours(20_000))/float64(t))
	}
	slices.Sort(ratios)
	if n := testing.AllocsPerRun(1000, func() { x.Bool(e) }); n != 0 {
		b.Errorf("%v allocations", n)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		x.Bool(e)
	}
	b.ReportMetric(ratios[len(ratios)/2], "ratio-to-expr")
}

// BenchmarkEvaluate measures what else conditions are made of.
func BenchmarkEvaluate(b *testing.B) {
	for _, text := range []string{
		`count(order_completed) > 0 and last(order_completed).at <= ago(60 days)`,
		`count(order_completed in last 365 days) >= 3`,
		`any(order_completed, any(.items, .sku == "C"))`,
		`"news" in profile.tags`,
		`local(now).hour >= 9`,
		`last(filter(order_completed, .total > 100)).order_id == "o2"`,
	} {
		b.Run(text, func(b *testing.B) {
			x := compile(b, text, Condition)
			e := ann(b)
			b.ReportAllocs()
			for range b.N {
				e.Look = 0
				x.Bool(e)
			}
		})
	}
}

// BenchmarkCompile measures checking and compiling.
func BenchmarkCompile(b *testing.B) {
	file, node := mustParse(b, twoComparisons)
	scope := world()
	b.ReportAllocs()
	for range b.N {
		if x, _ := Compile(file, node, scope, Condition); x == nil {
			b.Fatal("refused")
		}
	}
}
