package engine

import "sync/atomic"

// Stats counts what the engine did since it started.
type Stats struct {
	commits, conflicts, loads, hits, merges, lost, unavailable, duplicates, dropped, suppressed, rebased, wakes, panics, logFull atomic.Int64
}

// Counts is a reading of the engine's counters.
type Counts struct {
	Commits     int64 // of people
	Conflicts   int64 // commits refused because somebody else was first
	Loads       int64 // people loaded
	Hits        int64 // people found in memory
	Merges      int64 // finished here
	Lost        int64 // runs that were asked for and are unknown: an alarm
	Unavailable int64 // calls of the store that failed
	Duplicates  int64 // calls whose message id had been seen
	Dropped     int64 // identifiers not used, because two people are not one
	Suppressed  int64 // calls about people whose data are not to be stored
	Rebased     int64 // people the sweep fitted to a new release
	Wakes       int64 // wakes that the sweeper emitted
	LogFull     int64 // commits refused because too much waits in the event log
	Panics      int64 // inputs that broke the machine: a bug
}

// Counts reads the counters.
func (e *Engine) Counts() Counts {
	s := &e.stats
	return Counts{
		Commits: s.commits.Load(), Conflicts: s.conflicts.Load(), Loads: s.loads.Load(), Hits: s.hits.Load(),
		Merges: s.merges.Load(), Lost: s.lost.Load(), Unavailable: s.unavailable.Load(),
		Duplicates: s.duplicates.Load(), Dropped: s.dropped.Load(), Suppressed: s.suppressed.Load(), Rebased: s.rebased.Load(),
		Wakes: s.wakes.Load(), Panics: s.panics.Load(), LogFull: s.logFull.Load(),
	}
}
