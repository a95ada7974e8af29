package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// row is a line of the table.
type row struct {
	what, beside string
	bar          string
	ok           bool
	value        string // median and spread, or the one figure there is
	figures      string // what the ratio was made of
}

// sample is one figure, measured several times.
type sample []float64

func (s sample) sorted() sample {
	c := slices.Clone(s)
	slices.Sort(c)
	return c
}

// median is the middle one; 0 for none.
func (s sample) median() float64 {
	if len(s) == 0 {
		return 0
	}
	c := s.sorted()
	return (c[(len(c)-1)/2] + c[len(c)/2]) / 2
}

// spread is the median with the smallest and the largest.
func (s sample) spread() string {
	c := s.sorted()
	switch len(c) {
	case 0:
		return "–"
	case 1:
		return short(c[0])
	}
	return fmt.Sprintf("%s (%s–%s)", short(s.median()), short(c[0]), short(c[len(c)-1]))
}

// short is a figure with as many digits as mean something.
func short(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// ratios divides figure by figure.
func ratios(a, b sample) sample {
	r := make(sample, min(len(a), len(b)))
	for i := range r {
		r[i] = a[i] / b[i]
	}
	return r
}

// atLeast and atMost make a row of a sample with a bar.
func atLeast(what, beside string, s sample, bar float64, more, figures string) row {
	return row{what, beside, "≥ " + short(bar) + more, s.median() >= bar, s.spread(), figures}
}

func atMost(what, beside string, s sample, bar float64, unit, more, figures string) row {
	return row{what, beside, "≤ " + short(bar) + unit + more, s.median() <= bar, s.spread() + unit, figures}
}

// write prints the table as Markdown.
func write(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| what | beside | bar | measured | | figures |\n|---|---|---|---|---|---|")
	for _, r := range rows {
		mark := "met"
		if !r.ok {
			mark = "**missed**"
		}
		fmt.Fprintln(w, "| "+strings.Join([]string{r.what, r.beside, r.bar, r.value, mark, r.figures}, " | ")+" |")
	}
}
