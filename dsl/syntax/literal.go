package syntax

import "journey/dsl/value"

// Clock is a time of day: 09:00. 24:00 is the end of the day.
type Clock struct {
	node
	Value value.Clock
}

// Duration is a length of time where only a literal can stand: 24 hours, 1h30m.
//
//	Duration = short | number Unit .
//	Unit     = "second" | "seconds" | "minute" | … | "weeks" .
type Duration struct {
	node
	Value value.Duration
}

// Number is a number where only a literal can stand.
type Number struct {
	node
	Value float64
}

// Percent is a share: 50% has the Value 50.
type Percent struct {
	node
	Value float64
}
