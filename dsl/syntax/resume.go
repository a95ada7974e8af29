package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// resume reads the block of a statement whose beginning is wrong, if it opens
// in the same line: what stands in it has mistakes of its own.
func resume(lex *lexer.PeekingLexer, st Statement) {
	body := missingBody(st)
	if body == nil {
		return
	}
	start := lex.MakeCheckpoint()
	for t := lex.Peek(); !is(t, "{"); t = lex.Peek() {
		if endsLine(t) || startsDecl(lex) {
			lex.LoadCheckpoint(start)
			return
		}
		lex.Next()
	}
	_ = body.Parse(lex) // what is wrong with it, it keeps
}

// missingBody is the block of a statement that was not read; nil if it was, or
// there is none.
func missingBody(st Statement) participle.Parseable {
	unread := func(n node) bool { return n.end <= n.start }
	switch st := st.(type) {
	case *Journey:
		if unread(st.Body.node) {
			return &st.Body
		}
	case *Message:
		if unread(st.Clauses.node) {
			return &st.Clauses
		}
	case *Webhook:
		if unread(st.Clauses.node) {
			return &st.Clauses
		}
	case *Test:
		if unread(st.Clauses.node) {
			return &st.Clauses
		}
	case *Import:
		if unread(st.Clauses.node) {
			return &st.Clauses
		}
	case *Split:
		if unread(st.Branches.node) {
			return &st.Branches
		}
	case *Repeat:
		if st.Body == nil {
			st.Body = new(Block)
		}
		if unread(st.Body.node) {
			return st.Body
		}
	case *Branch:
		if st.Steps == nil {
			st.Steps = new(Block)
		}
		if unread(st.Steps.node) {
			return st.Steps
		}
	}
	return nil
}
