package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Journey is who goes in, what happens to him, and when it ends.
//
//	Journey = "journey" Name String? Body .
type Journey struct {
	asDecl
	Name  Name    `parser:"'journey' @@"`
	Title *String `parser:"@@?"`
	Body  Body    `parser:"@@"`
}

// Body is what stands between the braces of a journey. A clause after the
// first step has been reported and is in the Head all the same.
//
//	Body = "{" ( Clause newline )* ( Step newline )* "}" .
type Body struct {
	node
	Head  []Clause
	Steps []Step

	faults
}

var _ participle.Parseable = (*Body)(nil)

// Parse reads the body of a journey.
func (b *Body) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().journey.parseBody(lex, &b.node, &b.faults, func(st Statement) {
		switch st := st.(type) {
		case Step:
			b.Steps = append(b.Steps, st)
		case Clause:
			b.Head = append(b.Head, st)
			if l := st.stmt().label; l != nil {
				b.fault(labelledClause(l))
			}
			if len(b.Steps) > 0 {
				b.fault(clauseAfterStep(st.stmt().first, st.stmt().wordEnd, clauseWord(st)))
			}
			switch st.(type) {
			case *Once, *AgainAfter, *AgainAfterExit:
				seen.check(st, "once or again", &b.faults)
			case *OnlyWhile, *Transactional, *Control, *Priority:
				seen.check(st, clauseWord(st), &b.faults)
			}
		}
	})
	return nil
}

// clauseWord is how messages call a clause.
func clauseWord(c Clause) string {
	switch c.(type) {
	case *EnterEvent, *EnterWhen, *EnterRequest, *EnterYearly, *EnterDate, *EnterClock, *EnterDay:
		return "enter"
	case *Once:
		return "once"
	case *AgainAfter, *AgainAfterExit:
		return "again"
	case *OnlyWhile:
		return "only while"
	case *ExitEvent, *ExitGoal:
		return "exit on"
	case *ExitWhen:
		return "exit when"
	case *Goal:
		return "goal"
	case *Control:
		return "control"
	case *Priority:
		return "priority"
	}
	return "transactional"
}
