package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Two figures are measured where what they measure is tested; their rows run
// these tests and read what they print.

// goTest runs tests or benchmarks of a package and answers what they print.
func goTest(pkg string, args ...string) (string, error) {
	cmd := exec.Command("go", append([]string{"test", pkg}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test %s: %w\n%s", pkg, err, out)
	}
	return string(out), nil
}

// numbers are the figures that an expression with one group finds.
func numbers(text, expr string) sample {
	var s sample
	for _, m := range regexp.MustCompile(expr).FindAllStringSubmatch(text, -1) {
		if f, err := strconv.ParseFloat(m[1], 64); err == nil {
			s = append(s, f)
		}
	}
	return s
}

// conditionRow is a condition beside expr's own machine: BenchmarkCondition
// of dsl/cond.
func (b *bench) conditionRow() ([]row, error) {
	out, err := goTest("./dsl/cond", "-run", "^$", "-bench", "^BenchmarkCondition$", "-benchtime", "100000x", "-count", fmt.Sprint(b.rounds))
	if err != nil {
		return nil, err
	}
	s, allocs, ns := numbers(out, `([\d.]+) ratio-to-expr`), numbers(out, `(\d+) allocs/op`), numbers(out, `([\d.]+) ns/op`)
	if len(s) == 0 || len(allocs) == 0 {
		return nil, fmt.Errorf("BenchmarkCondition prints no ratio:\n%s", out)
	}
	r := atMost("condition of two comparisons and an `and`", "expr on nested maps, its machine reused", s, 0.7, "", ", 0 allocations",
		fmt.Sprintf("%.0f ns, %.0f allocations", ns.median(), allocs.median()))
	r.ok = r.ok && allocs.median() == 0
	return []row{r}, nil
}

// bytesRow is what a person takes in Redis: TestBytesPerPerson of
// profiles/store.
func (b *bench) bytesRow() ([]row, error) {
	out, err := goTest("./profiles/store", "-run", "^TestBytesPerPerson$", "-count", "1", "-v", "-args", "-people", fmt.Sprint(b.stored))
	if err != nil {
		return nil, err
	}
	each, packed := numbers(out, `(\d+) bytes per person`), numbers(out, `of which (\d+) are the packed person`)
	if len(each) == 0 || len(packed) == 0 {
		return nil, fmt.Errorf("TestBytesPerPerson prints no bytes:\n%s", out)
	}
	var parts []string
	for _, m := range regexp.MustCompile(`: (\w+) +(\d+) bytes`).FindAllStringSubmatch(out, -1) {
		parts = append(parts, m[1]+" "+m[2])
	}
	return []row{atMost(fmt.Sprintf("bytes per person in Redis, %d people", b.stored), "–", each, 3500, "", " (stretch 2500)",
		fmt.Sprintf("packed %.0f; keys with theirs: %s", packed.median(), strings.Join(parts, ", ")))}, nil
}
