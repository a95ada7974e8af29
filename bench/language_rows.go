package main

import (
	"fmt"
)

// forecastRow is how fast a recorded log is taken through a workspace of 10
// journeys: BenchmarkRun of package forecast, on two cores.
func (b *bench) forecastRow() ([]row, error) {
	out, err := goTest("./forecast", "-run", "^$", "-bench", "^BenchmarkRun$/2_cores", "-benchtime", "1x", "-count", fmt.Sprint(b.rounds))
	if err != nil {
		return nil, err
	}
	rate, cpu := numbers(out, `([\d.]+) events/s`), numbers(out, `([\d.]+) cpu-µs/event`)
	if len(rate) == 0 || len(cpu) == 0 {
		return nil, fmt.Errorf("BenchmarkRun prints no events/s:\n%s", out)
	}
	return []row{atLeast("forecast of a workspace with 20 segments and 10 journeys, two cores", "–", rate, 30_000, " events/s (stretch 100000)",
		fmt.Sprintf("%.1f µs of processor time an event, reading of JSON included", cpu.median()))}, nil
}

// checkRow is how long a large workspace is checked, cold: BenchmarkCheck of
// package dsl.
func (b *bench) checkRow() ([]row, error) {
	out, err := goTest("./dsl", "-run", "^$", "-bench", "^BenchmarkCheck$", "-benchtime", "1x", "-count", fmt.Sprint(b.rounds))
	if err != nil {
		return nil, err
	}
	seconds := func(expr string) sample {
		s := numbers(out, expr)
		for i := range s {
			s[i] /= 1e9
		}
		return s
	}
	whole, half := seconds(`200_journeys\S*\s+\d+\s+([\d.]+) ns/op`), seconds(`100_journeys\S*\s+\d+\s+([\d.]+) ns/op`)
	if len(whole) == 0 || len(half) == 0 {
		return nil, fmt.Errorf("BenchmarkCheck prints no times:\n%s", out)
	}
	return []row{atMost("check of 200 journeys (400 KB), cold", "–", whole, 1, " s", "",
		fmt.Sprintf("%.2f s for 100 journeys", half.median()))}, nil
}
