package engine

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// heapGrowth is how much, in per cent, may be allocated beyond what is in
	// use before the collector runs. Most of what is in use are people in
	// memory, who stay; marking them anew for every few megabytes of events
	// would be a fifth of the processor time of an event.
	heapGrowth = 300
	// heapShare is the part of the machine's memory above which the collector
	// runs more often rather than let the process grow.
	heapShare = 0.6
)

// TuneHeap fits the garbage collector to a process with an engine: it
// collects less often than Go does by itself, as long as the process takes no
// more than 60 % of the memory that the machine, or the control group it runs
// in, has. GOGC and GOMEMLIMIT in the environment go first. It is for
// commands, before they start an engine.
func TuneHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if have := machineMemory(); have > 0 {
			debug.SetMemoryLimit(int64(float64(have) * heapShare))
		}
	}
}

// usualCache is how many bytes of people an engine keeps in memory if it is not
// told.
func usualCache() int64 {
	have := machineMemory()
	if have == 0 {
		return 256 << 20
	}
	return min(max(have/8, 64<<20), 4<<30)
}

// machineMemory is how many bytes there are for this process and others; 0:
// the system does not tell.
func machineMemory() int64 {
	have := int64(math.MaxInt64)
	for _, file := range [...]string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if data, err := os.ReadFile(file); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil { // else "max"
				have = min(have, n)
			}
		}
	}
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		have = min(have, memTotal(string(data)))
	}
	if have == math.MaxInt64 {
		return 0
	}
	return have
}

// memTotal is the line "MemTotal: 16384 kB" of /proc/meminfo, in bytes.
func memTotal(info string) int64 {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 10, 64)
			if err == nil && kb > 0 {
				return kb << 10
			}
		}
	}
	return math.MaxInt64
}
