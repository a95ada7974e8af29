package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/simulator"
)

// testFlags are the flags of `journey test`.
type testFlags struct {
	run, junit, lcov string
	cover, json      bool
	watch            bool
	coverMin         float64
}

func newTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test DIR …",
		Short: "Run the tests of a workspace, in virtual time",
		Long: `Test runs the test blocks of each DIR on the machine that runs in production,
in virtual time; DIR/... stands for all workspaces below DIR. It exits with 0 if
all of them pass, with 1 if one fails, with 3 if a workspace is wrong.

A test that fails shows what it expects beside what happened, and the line.

--cover counts the branches of the program that the tests take: arms,
otherwise, outcomes of waits, clauses of entry and exit. It counts edges of the
compiled program, not lines, so that formatting changes nothing, and says of
each that no test takes what would take it.`,
		Example: `  journey test examples/shop
  journey test examples/shop --run cart --cover
  journey test examples/shop --watch
  journey test examples/... --cover-min 100 --junit report.xml --lcov lcov.info`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("say which folder, as in `%s`", cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runTests(cmd, args, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.run, "run", "", "run only tests whose title matches this regular expression")
	fl.BoolVar(&f.cover, "cover", false, "list the branches that no test takes")
	fl.Float64Var(&f.coverMin, "cover-min", 0, "fail below this percentage of branches")
	fl.StringVar(&f.junit, "junit", "", "write a JUnit report to this file")
	fl.StringVar(&f.lcov, "lcov", "", "write the branches to this file, for editors")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a line")
	fl.BoolVar(&f.watch, "watch", false, "run again whenever a file is saved")
	return cmd
}

// suite is the tests of one workspace, run.
type suite struct {
	dir      string
	program  *dsl.Program
	trials   []*simulator.Trial
	took     []time.Duration
	coverage *simulator.Coverage
}

func runTests(cmd *cobra.Command, dirs []string, f testFlags) error {
	match, err := regexp.Compile(f.run)
	if err != nil {
		return usage("--run is no regular expression: %w", err)
	}
	if f.coverMin < 0 || f.coverMin > 100 {
		return usage("--cover-min is a percentage, from 0 to 100")
	}
	dirs, err = spread(dirs)
	if err != nil {
		return err
	}
	if f.watch {
		return watchTests(cmd, dirs, f, match)
	}
	return testOnce(cmd, dirs, f, match)
}

func testOnce(cmd *cobra.Command, dirs []string, f testFlags, match *regexp.Regexp) error {
	var suites []*suite
	for _, dir := range dirs {
		program, err := loadWorkspace(cmd, dir)
		if err != nil {
			return err
		}
		suites = append(suites, runSuite(cmd.Context(), dir, program, match))
	}
	out := cmd.OutOrStdout()
	failed := 0
	for _, s := range suites {
		failed += s.tell(out, f)
	}
	if f.junit != "" {
		if err := writeFile(f.junit, func(w io.Writer) error { return writeJUnit(w, suites) }); err != nil {
			return &exit{exitFailed, err}
		}
	}
	if f.lcov != "" {
		if err := writeFile(f.lcov, func(w io.Writer) error { return writeLCOV(w, suites) }); err != nil {
			return &exit{exitFailed, err}
		}
	}
	low := tellCoverage(out, suites, f)
	if failed > 0 || low {
		return &exit{code: exitFailed}
	}
	return nil
}

// runSuite runs the tests side by side, on all cores.
func runSuite(ctx context.Context, dir string, p *dsl.Program, match *regexp.Regexp) *suite {
	s := &suite{dir: dir, program: p, coverage: simulator.NewCoverage()}
	var tests []*dsl.Test
	for _, t := range p.Tests {
		if match.MatchString(t.Title) {
			tests = append(tests, t)
		}
	}
	s.trials, s.took = make([]*simulator.Trial, len(tests)), make([]time.Duration, len(tests))
	plan := simulator.PlanOf(p)
	covers := make([]*simulator.Coverage, len(tests))
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i, t := range tests {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			began := time.Now()
			covers[i] = simulator.NewCoverage()
			s.trials[i] = simulator.Run(plan, t, covers[i])
			s.took[i] = time.Since(began)
		})
	}
	all.Wait()
	for _, c := range covers {
		s.coverage.Merge(c)
	}
	return s
}

// tell writes what failed and how many there were; it answers how many failed.
func (s *suite) tell(w io.Writer, f testFlags) (failed int) {
	for i, t := range s.trials {
		if f.json {
			s.tellJSON(w, t, s.took[i])
		}
		if len(t.Failures) == 0 {
			continue
		}
		failed++
		if !f.json {
			s.tellFailure(w, t)
		}
	}
	if f.json {
		return failed
	}
	switch {
	case len(s.trials) == 0 && f.run != "":
		fmt.Fprintf(w, "%s: no test matches --run %q\n", s.dir, f.run)
	case len(s.trials) == 0:
		fmt.Fprintf(w, "%s: no tests\n", s.dir)
	case failed == 0:
		fmt.Fprintf(w, "ok: %s, %s\n", s.dir, count(len(s.trials), "test"))
	default:
		fmt.Fprintf(w, "failed: %s, %d of %s\n", s.dir, failed, count(len(s.trials), "test"))
	}
	return failed
}

// place is a span's file and line, as it leads there from the current folder.
func (s *suite) place(span diag.Span) string {
	d := placed(s.dir, []diag.Diagnostic{{Span: span}})[0]
	pos := d.Span.Position()
	return fmt.Sprintf("%s:%d:%d", d.Span.File.Name, pos.Line, pos.Column)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// tellCoverage writes the branches that no test takes, and says whether they
// are too many.
func tellCoverage(w io.Writer, suites []*suite, f testFlags) (low bool) {
	if !f.cover && f.coverMin == 0 {
		return false
	}
	for _, s := range suites {
		branches := s.coverage.Branches(s.program)
		taken := 0
		for _, b := range branches {
			if b.Taken {
				taken++
			}
		}
		percent := 100.0
		if len(branches) > 0 {
			percent = 100 * float64(taken) / float64(len(branches))
		}
		below := percent < f.coverMin
		low = low || below
		if f.json {
			s.coverageJSON(w, branches, taken, percent)
			continue
		}
		fmt.Fprintf(w, "coverage: %s, %d of %s (%.0f %%)\n", s.dir, taken, branchesText(len(branches)), percent)
		if f.cover || below {
			for _, b := range branches {
				if !b.Taken {
					fmt.Fprintf(w, "  %s: %s %s: %s\n", s.place(b.Span), b.Journey, wayOf(b), b.Missing)
				}
			}
		}
		if below {
			fmt.Fprintf(w, "  that is below the %.0f %% asked for\n", f.coverMin)
		}
	}
	return low
}

func branchesText(n int) string {
	if n == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", n)
}

// watchEvery is how often the files are looked at.
const watchEvery = 300 * time.Millisecond

// watchTests runs the tests whenever the workspace looks another way.
func watchTests(cmd *cobra.Command, dirs []string, f testFlags, match *regexp.Regexp) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := ""
	for {
		now := ""
		for _, dir := range dirs {
			now += stamp(dir)
		}
		if now != last {
			if last != "" && !f.json {
				fmt.Fprintf(cmd.OutOrStdout(), "\n%s, a file has changed:\n", time.Now().Format("15:04:05"))
			}
			last = now
			_ = testOnce(cmd, dirs, f, match) // what failed has been told
		}
		select {
		case <-tick.C:
		case <-cmd.Context().Done():
			return nil
		}
	}
}
