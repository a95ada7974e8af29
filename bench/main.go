package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// connections is how many keep-alive connections post.
const connections = 32

// bench is one measurement.
type bench struct {
	dir      string // temporary
	journeyd string
	rounds   int
	slice    time.Duration // of a side's turn
	people   int           // whose events are posted
	before   int           // events that each of them has already
	stored   int           // whose bytes are counted, and with whom journeyd starts
	rows     int           // of a file that is imported
	runs     int           // of a side in a round
	toOne    int           // events to one person
	sides    string        // of the event rows, that take part
	profiles string        // folder for processor profiles of the measured servers

	servers *shopServers // once they are needed
}

// rowsOf are the rows in their order.
var rowsOf = []struct {
	name string
	rows func(*bench) ([]row, error)
}{
	{"events", (*bench).eventRows},
	{"runs", (*bench).runsRow},
	{"history", (*bench).historyRow},
	{"condition", (*bench).conditionRow},
	{"bytes", (*bench).bytesRow},
	{"person", (*bench).personRow},
	{"start", (*bench).startRow},
	{"import", (*bench).importRow},
	{"simulated", (*bench).simulatedRow},
	{"forecast", (*bench).forecastRow},
	{"check", (*bench).checkRow},
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "role" {
		if err := play(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench "+os.Args[2]+":", err)
			os.Exit(1)
		}
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// play is what a child does.
func play(name string, args []string) error {
	switch name {
	case "load":
		return loadRole()
	case "journey":
		return journeyRole(args)
	case "echo":
		return echoRole(args)
	case "handwritten":
		return handwrittenRole(args)
	}
	return fmt.Errorf("there is no role %q", name)
}

func run() error {
	b := &bench{}
	quick := flag.Bool("quick", false, "every row, briefly")
	only := flag.String("only", "", "rows to measure, separated by commas: events, runs, history, condition, bytes, person, start, import, simulated, forecast, check")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds; a figure is their median")
	flag.DurationVar(&b.slice, "slice", 700*time.Millisecond, "length of a turn; each side has four in a round")
	flag.IntVar(&b.people, "people", 10_000, "people whose events are posted")
	flag.IntVar(&b.before, "before", 20, "events that each of them has before the first round")
	flag.IntVar(&b.stored, "stored", 100_000, "people whose bytes are counted, and with whom the server starts")
	flag.IntVar(&b.rows, "rows", 1_000_000, "rows of the file that is imported")
	flag.IntVar(&b.runs, "runs", 300, "runs of each side in a round")
	flag.IntVar(&b.toOne, "to-one", 100_000, "events to one person")
	flag.StringVar(&b.journeyd, "journeyd", filepath.Join("bin", "journeyd"), "the server, as make build leaves it")
	flag.StringVar(&b.sides, "sides", "", "sides of the event rows that take part, separated by commas: bare, hot, empty, cold, batch")
	flag.StringVar(&b.profiles, "cpuprofile", "", "folder for processor profiles (hot.prof, cold.prof) of the servers of the event rows")
	flag.Parse()
	if *quick {
		b.rounds, b.slice, b.people, b.stored, b.runs, b.toOne, b.rows = 3, 150*time.Millisecond, 1000, 10_000, 60, 10_000, 20_000
	}
	if _, err := os.Stat(b.journeyd); err != nil {
		return fmt.Errorf("there is no %s: run make build first", b.journeyd)
	}
	var err error
	if b.dir, err = os.MkdirTemp("", "journey-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	defer func() {
		if b.servers != nil {
			b.servers.stop()
		}
	}()
	return b.table(strings.Split(*only, ","))
}

// table measures the rows and prints them.
func (b *bench) table(only []string) error {
	begun := time.Now()
	var rows []row
	for _, r := range rowsOf {
		if only[0] != "" && !slices.Contains(only, r.name) {
			continue
		}
		at := time.Now()
		more, err := r.rows(b)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		b.logf("%s took %.0f s", r.name, time.Since(at).Seconds())
		rows = append(rows, more...)
	}
	fmt.Printf("\n%s. Medians of %d rounds, with the smallest and the largest; %.0f s in all.\n\n", machine(), b.rounds, time.Since(begun).Seconds())
	write(os.Stdout, rows)
	return nil
}

// shop is the servers of the event rows, started once.
func (b *bench) shop() (*shopServers, error) {
	if b.servers != nil {
		return b.servers, nil
	}
	s, err := b.startShop()
	if err == nil {
		b.servers = s
	}
	return s, err
}

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
