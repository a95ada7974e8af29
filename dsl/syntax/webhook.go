package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Webhook declares a system that steps can call.
//
//	Webhook = "webhook" Name WebhookClauses .
type Webhook struct {
	asDecl
	Name    Name           `parser:"'webhook' @@"`
	Clauses WebhookClauses `parser:"@@"`
}

// WebhookClauses are the clauses of a webhook: URL, Method and JSON.
//
//	WebhookClauses = "{" ( MessageClause newline )* "}" .
type WebhookClauses struct {
	node
	Items []MessageClause

	faults
}

var _ participle.Parseable = (*WebhookClauses)(nil)

// Parse reads the clauses of a webhook.
func (w *WebhookClauses) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().webhook.parseBody(lex, &w.node, &w.faults, func(st Statement) {
		c := st.(MessageClause)
		w.Items = append(w.Items, c)
		seen.check(st, messageWord(c), &w.faults)
	})
	return nil
}

// Ask calls a webhook and may keep its answer.
//
//	Ask = "call" Name ( "with" Pairs )? ( "as" Name ( "returns" Properties )? )? ( "otherwise" Block )? .
type Ask struct {
	asStep
	Webhook   Name        `parser:"'call' @@"`
	With      *Pairs      `parser:"( 'with' @@ )?"`
	As        *Name       `parser:"( 'as' @@"`
	Returns   *Properties `parser:"( 'returns' @@ )? )?"` // nil: undeclared
	Otherwise *Block      `parser:"( 'otherwise' @@ )?"`
}
