package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"journey/dsl"
	"journey/simulator"
)

// The table of a failure: how wide its left side is, and how many rows it has
// at most.
const (
	expectedCells = 58
	failureRows   = 60
)

// tellFailure shows what a test expects beside what happened. What belongs
// together stands in one row; "!" marks the claims that are not true.
func (s *suite) tellFailure(w io.Writer, t *simulator.Trial) {
	fmt.Fprintf(w, "FAIL %q\n", t.Test.Title)
	for _, f := range t.Failures {
		fmt.Fprintf(w, "  %s: %s\n", s.place(f.Span), f.Message)
	}
	rows := append([][2]string{{"expected", "happened"}}, sideBySide(t)...)
	for i, row := range rows {
		if i == failureRows {
			fmt.Fprintf(w, "    … and %s more\n", count(len(rows)-i, "row"))
			break
		}
		left := runewidth.FillRight(runewidth.Truncate(row[0], expectedCells, "…"), expectedCells)
		fmt.Fprintln(w, strings.TrimRight("    "+left+" │ "+row[1], " "))
	}
}

// sideBySide puts claims and happenings into rows: the longest common order
// of the two is what belongs together.
func sideBySide(t *simulator.Trial) [][2]string {
	left, right := expectedLines(t), t.Lines()
	claim := func(i int) string { return claimKey(&t.Test.Expect[i]) }
	same := func(i, k int) bool { return slices.Contains(happeningKeys(&t.Happened[k]), claim(i)) }
	common := make([][]int, len(left)+1) // the length of the longest common order of the rests
	for i := range common {
		common[i] = make([]int, len(right)+1)
	}
	for i := len(left) - 1; i >= 0; i-- {
		for k := len(right) - 1; k >= 0; k-- {
			common[i][k] = max(common[i+1][k], common[i][k+1])
			if same(i, k) {
				common[i][k] = max(common[i][k], 1+common[i+1][k+1])
			}
		}
	}
	var rows [][2]string
	for i, k := 0, 0; i < len(left) || k < len(right); {
		switch {
		case i < len(left) && k < len(right) && same(i, k) && common[i][k] == 1+common[i+1][k+1]:
			rows = append(rows, [2]string{left[i], right[k]})
			i, k = i+1, k+1
		case k == len(right) || i < len(left) && common[i+1][k] >= common[i][k+1]:
			rows = append(rows, [2]string{left[i], ""})
			i++
		default:
			rows = append(rows, [2]string{"", right[k]})
			k++
		}
	}
	return rows
}

// expectedLines are the claims of a test with their lines.
func expectedLines(t *simulator.Trial) []string {
	var lines []string
	for i := range t.Test.Expect {
		e := &t.Test.Expect[i]
		mark := " "
		for _, f := range t.Failures {
			if f.Span == e.Span {
				mark = "!"
			}
		}
		lines = append(lines, fmt.Sprintf("%s %4d %s", mark, e.Span.Position().Line, oneLine(e.Span.Text())))
	}
	return lines
}

// claimKey and happeningKeys are equal where a claim may be about a
// happening.
func claimKey(e *dsl.Expectation) string {
	return fmt.Sprint(e.Kind, " ", e.Message, e.Journey, e.Goal)
}

func happeningKeys(h *simulator.Happening) []string {
	return []string{
		fmt.Sprint(h.Kind, " ", h.Message), fmt.Sprint(h.Kind, " ", h.Journey), fmt.Sprint(h.Kind, " ", h.Goal),
		fmt.Sprint(h.Kind, " "), // a claim about any journey
	}
}

// tellJSON writes a test as one object; of one that fails, both timelines.
func (s *suite) tellJSON(w io.Writer, t *simulator.Trial, took time.Duration) {
	type failure struct {
		Place   string `json:"place"`
		Message string `json:"message"`
	}
	out := struct {
		Workspace string    `json:"workspace"`
		Test      string    `json:"test"`
		Place     string    `json:"place"`
		Passed    bool      `json:"passed"`
		Seconds   float64   `json:"seconds"`
		Failures  []failure `json:"failures,omitempty"`
		Expected  []string  `json:"expected,omitempty"`
		Happened  []string  `json:"happened,omitempty"`
	}{Workspace: s.dir, Test: t.Test.Title, Place: s.place(t.Test.Span), Passed: len(t.Failures) == 0, Seconds: took.Seconds()}
	for _, f := range t.Failures {
		out.Failures = append(out.Failures, failure{s.place(f.Span), f.Message})
	}
	if !out.Passed {
		for i := range t.Test.Expect {
			out.Expected = append(out.Expected, oneLine(t.Test.Expect[i].Span.Text()))
		}
		for _, line := range t.Lines() {
			out.Happened = append(out.Happened, oneLine(line))
		}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// coverageJSON writes the coverage of a workspace as one object.
func (s *suite) coverageJSON(w io.Writer, branches []simulator.Branch, taken int, percent float64) {
	type missing struct {
		Place   string `json:"place"`
		Journey string `json:"journey"`
		Way     string `json:"way"`
		Missing string `json:"missing"`
	}
	list := []missing{}
	for _, b := range branches {
		if !b.Taken {
			list = append(list, missing{s.place(b.Span), b.Journey, wayOf(b), b.Missing})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"workspace": s.dir, "branches": len(branches), "taken": taken, "percent": percent, "missing": list})
}

// wayOf is a branch as a report names it: its step and its way.
func wayOf(b simulator.Branch) string { return strings.TrimSpace(b.Step + " " + b.Way) }
