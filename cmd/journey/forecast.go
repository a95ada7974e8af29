package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"journey/dsl/value"
	"journey/forecast"
	"journey/orchestrator"
	"journey/orchestrator/intake"
)

// forecastFlags are the flags of `journey forecast`.
type forecastFlags struct {
	people        []string
	against       string
	from, to      string
	sample        string
	cores, show   int
	json, quietly bool
	changes       bool
}

func newForecast() *cobra.Command {
	f := forecastFlags{}
	cmd := &cobra.Command{
		Use:   "forecast DIR LOG …",
		Short: "Say what a workspace would do with a recorded event log",
		Long: `Forecast takes a recorded log through a workspace, in virtual time, and says
how many people would enter each journey, what they would be sent, how many
would convert, on each day and over each channel, and where they would stand at
the end. Nothing is sent.

A LOG is a file of calls as they are posted to the API, one JSON object a line,
gzip or not ("-" is standard input), in the order in which they arrived. A call
happens at its "timestamp"; with a "receivedAt" it arrives at that.

--against compares with another version of the workspace: what would be
different, and for whom (masked).`,
		Example: `  journey forecast examples/shop log.jsonl.gz
  journey forecast . log-*.jsonl --people people.jsonl --from "2026-03-01 00:00"
  journey forecast . log.jsonl --against ../live
  journey forecast . log.jsonl --sample 10% --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("say which folder and which log, as in `%s`", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runForecast(cmd, args[0], args[1:], &f)
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.people, "people", nil, "file of identify calls: people known before the beginning")
	fl.StringVar(&f.from, "from", "", "local time from which the journeys are live; before it the log makes people what they are")
	fl.StringVar(&f.to, "to", "", "local time of the end (default: the last call of the log)")
	fl.StringVar(&f.against, "against", "", "folder of another version, to compare with: what it says is what was")
	fl.StringVar(&f.sample, "sample", "", "take a share of the people (10%), and say the error")
	fl.IntVar(&f.show, "show", 10, "how many of the people to show for whom something changes")
	fl.BoolVar(&f.changes, "changes", false, "with --against, tell only what changes")
	fl.IntVar(&f.cores, "cores", runtime.NumCPU(), "how many cores to use")
	fl.BoolVar(&f.quietly, "quiet", false, "show no progress")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a line: the forecast, and with --against the other one and the change")
	return cmd
}

func runForecast(cmd *cobra.Command, dir string, logs []string, f *forecastFlags) error {
	share, err := shareOf(f.sample)
	if err != nil {
		return err
	}
	twice := f.against != "" || share < 1 || len(f.people) > 0 && f.from == ""
	var log, people []forecast.Source
	for _, name := range logs {
		if name == "-" && twice {
			return usage("standard input can be read only once: write the log to a file, since it is needed twice")
		}
		log = append(log, logFile(cmd, name))
	}
	for _, name := range f.people {
		people = append(people, logFile(cmd, name))
	}
	// A name that was typed wrong is told before the hour that the first
	// forecast may take.
	for _, name := range slices.Concat(logs, f.people) {
		if _, err := os.Stat(name); name != "-" && errors.Is(err, fs.ErrNotExist) {
			return usage("there is no file %q", name)
		}
	}
	if f.against != "" {
		if _, err := readWorkspace(f.against); err != nil {
			return err
		}
	}
	options := forecast.Options{Log: log, People: people, Cores: f.cores, Sample: share, Each: f.against != ""}
	if f.changes && f.against == "" {
		return usage("--changes: say --against which version")
	}
	// Most of what is allocated lives for one event: looking for it less often
	// takes memory, and saves a tenth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	is, err := foretell(cmd, dir, options, f)
	if err != nil || f.against == "" {
		return err
	}
	was, err := foretell(cmd, f.against, options, f)
	if err != nil {
		return err
	}
	change := forecast.Compare(was, is, f.show)
	out := cmd.OutOrStdout()
	if f.json {
		return json.NewEncoder(out).Encode(map[string]any{"change": change})
	}
	if !f.changes {
		fmt.Fprintln(out)
	}
	return tellChange(out, change, dir, f.against, is.Sample)
}

// foretell makes the forecast of one workspace and tells it.
func foretell(cmd *cobra.Command, dir string, o forecast.Options, f *forecastFlags) (*forecast.Result, error) {
	program, err := loadWorkspace(cmd, dir)
	if err != nil {
		return nil, err
	}
	o.Plan = orchestrator.NewPlan(program)
	clean := intake.New(o.Plan).Options()
	for _, t := range []struct {
		flag, text string
		to         *value.Time
	}{{"--from", f.from, &o.From}, {"--to", f.to, &o.To}} {
		if t.text == "" {
			continue
		}
		if *t.to, err = instantOf(t.text, 0, clean); err != nil {
			return nil, usage("%s %w", t.flag, err)
		}
	}
	p := &progress{w: cmd.ErrOrStderr()}
	if !f.quietly && new(color).of(cmd.ErrOrStderr()) {
		p.begun = time.Now()
		o.Progress = p.show
	}
	res, err := forecast.Run(cmd.Context(), o)
	p.clear()
	switch {
	case cmd.Context().Err() != nil:
		return nil, &exit{exitFailed, context.Canceled}
	case err != nil:
		return nil, &exit{exitFailed, err}
	case res.Events == 0:
		return nil, &exit{exitFailed, fmt.Errorf("the log has no call that can be used%s", firstProblem(res))}
	}
	if f.changes && f.against != "" {
		return res, nil
	}
	if f.json {
		return res, json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"workspace": dir, "forecast": res})
	}
	return res, tellForecast(cmd.OutOrStdout(), dir, res)
}

func firstProblem(r *forecast.Result) string {
	if len(r.Problems) == 0 {
		return ""
	}
	p := r.Problems[0]
	return fmt.Sprintf(": %s: %s", p.Place, strings.TrimSpace(p.Field+" "+p.Reason))
}

// logFile is a file as a source of a forecast.
func logFile(cmd *cobra.Command, name string) forecast.Source {
	return forecast.Source{Name: name, Open: func() (io.ReadCloser, error) {
		if name == "-" {
			return io.NopCloser(cmd.InOrStdin()), nil
		}
		return os.Open(name)
	}}
}

// shareOf reads --sample.
func shareOf(s string) (float64, error) {
	if s == "" {
		return 1, nil
	}
	number, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) {
		return 0, usage("--sample %q is no share: write 10%%", s)
	}
	return v, nil
}

// progress shows on a terminal how far a forecast has come.
type progress struct {
	w     io.Writer
	begun time.Time
	last  time.Time
}

func (p *progress) show(at forecast.Progress) {
	now := time.Now()
	if now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	p.last = now
	what := fmt.Sprintf("%d events, %.0f a second", at.Events, float64(at.Events)/now.Sub(p.begun).Seconds())
	if at.Drawing {
		what = "drawing a sample"
	}
	fmt.Fprintf(p.w, "\r%s, %d MB, %d people\x1b[K", what, at.Bytes>>20, at.Groups)
}

func (p *progress) clear() {
	if !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
