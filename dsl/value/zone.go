package value

import (
	"sync"
	"time"
	_ "time/tzdata" // zones are the same on every machine
)

var zones sync.Map // name → *time.Location: loading one reads a file's worth of data

// Zone is the time zone with an IANA name. "" and "Local" are unknown: a
// program never means the machine's own zone.
func Zone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), true
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, false // not remembered: arriving data must not fill the memory
	}
	zones.Store(name, loc)
	return loc, true
}
