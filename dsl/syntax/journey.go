package syntax

// Journey is who goes in, what happens to him, and when it ends.
//
//	Journey = "journey" Name String? "{" Clause* Step* "}" .
type Journey struct {
	decl
	Name  Name    `parser:"'journey' @@"`
	Title *String `parser:"@@?"`
	Body  Body    `parser:"@@"`
}

// Body is what stands between the braces of a journey. A clause after the
// first step has been reported and is in the Head all the same.
type Body struct {
	node
	Head  []Clause
	Steps []Step

	problems []problem
}
