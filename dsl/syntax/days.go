package syntax

import "time"

// Days are days of the week.
//
//	Days = Weekday ( "," Weekday )* .
//	Weekday = "monday" | … | "sunday" | "weekdays" | "weekends" .
type Days struct {
	node
	Days []time.Weekday // as written; `weekdays` and `weekends` are spelled out

	problems []problem
}
