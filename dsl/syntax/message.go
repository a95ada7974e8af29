package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Message is something to send.
//
//	Message = "message" Name "via" Name MessageClauses .
type Message struct {
	asDecl
	Name    Name           `parser:"'message' @@"`
	Channel Name           `parser:"'via' @@"`
	Clauses MessageClauses `parser:"@@"`
}

// MessageClauses are the clauses of a message.
//
//	MessageClauses = "{" ( MessageClause newline )* "}" .
type MessageClauses struct {
	node
	Items []MessageClause

	faults
}

// Content is the subject or a body of a message, as text or as a file beside
// the one that names it.
//
//	Content = ( "subject" | "text" | "html" ) "file"? String .
type Content struct {
	asMessageClause
	Part string  `parser:"@( 'subject' | 'text' | 'html' )"`
	File bool    `parser:"@'file'?"` // Text is the name of a file
	Text *String `parser:"@@"`
}

// To is another address than the person's own.
//
//	To = "to" Expr .
type To struct {
	asMessageClause
	Address *Expr `parser:"'to' @@"`
}

// Exempt is the clause `transactional` of a message.
//
//	Exempt = "transactional" .
type Exempt struct {
	asMessageClause
	Transactional bool `parser:"@'transactional'"`
}

// URL is where a webhook message goes.
//
//	URL = "url" String .
type URL struct {
	asMessageClause
	Text *String `parser:"'url' @@"`
}

// Method is the HTTP method of a webhook message.
//
//	Method = "method" Name .
type Method struct {
	asMessageClause
	Name Name `parser:"'method' @@"`
}

// JSON is the body of a webhook message.
//
//	JSON = "json" Pairs .
type JSON struct {
	asMessageClause
	Pairs Pairs `parser:"'json' @@"`
}

var _ participle.Parseable = (*MessageClauses)(nil)

// Parse reads the clauses of a message.
func (m *MessageClauses) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().message.parseBody(lex, &m.node, &m.faults, func(st Statement) {
		m.Items = append(m.Items, st.(MessageClause))
		word := "json"
		switch st := st.(type) {
		case *Content:
			word = st.Part
		case *To:
			word = "to"
		case *Exempt:
			word = "transactional"
		case *URL:
			word = "url"
		case *Method:
			word = "method"
		}
		seen.check(st, word, &m.faults)
	})
	return nil
}
