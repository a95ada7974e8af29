package syntax

// ExitEvent ends a run by an event.
//
//	ExitEvent = "exit" "on" EventRef ( "where" Expr )? .
type ExitEvent struct {
	asClause
	Event EventRef `parser:"'exit' 'on' @@"`
	Where *Expr    `parser:"( 'where' @@ )?"`
}

// ExitWhen ends a run by a condition.
//
//	ExitWhen = "exit" "when" Expr .
type ExitWhen struct {
	asClause
	When *Expr `parser:"'exit' 'when' @@"`
}

// ExitGoal ends a run by a goal of its journey.
//
//	ExitGoal = "exit" "on" "goal" Name .
type ExitGoal struct {
	asClause
	Goal Name `parser:"'exit' 'on' 'goal' @@"`
}

// Exit is the step that ends a run.
//
//	Exit = "exit" String? .
type Exit struct {
	asStep
	Exit   bool    `parser:"@'exit'"`
	Reason *String `parser:"@@?"`
}
