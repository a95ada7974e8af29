package syntax

// Control is the share of people in a journey's own control group.
//
//	Control = "control" Percent .
type Control struct {
	asClause
	Share Percent `parser:"'control' @@"`
}

// Priority says who wins when a cap leaves one place.
//
//	Priority = "priority" "-"? Number .
type Priority struct {
	asClause
	Negative bool   `parser:"'priority' @'-'?"`
	Number   Number `parser:"@@"`
}
