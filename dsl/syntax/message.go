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

// Content is the subject, the title, a body or the picture of a message, as
// text or as a file beside the one that names it.
//
//	Content = ( "subject" | "text" | "html" | "title" | "image" ) "file"? String .
type Content struct {
	asMessageClause
	Part string  `parser:"@( 'subject' | 'text' | 'html' | 'title' | 'image' )"`
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

// TopicOf is the topic of a message.
//
//	TopicOf = "topic" Name .
type TopicOf struct {
	asMessageClause
	Name Name `parser:"'topic' @@"`
}

// ValidFor says how late a message may still be sent.
//
//	ValidFor = "valid" "for" Expr .
type ValidFor struct {
	asMessageClause
	For *Expr `parser:"'valid' 'for' @@"`
}

// Resend says that a send is repeated when it may or may not have gone out.
//
//	Resend = "in" "doubt" "resend" .
type Resend struct {
	asMessageClause
	Resend bool `parser:"'in' 'doubt' @'resend'"`
}

// URL is where a webhook goes, and what a push message opens.
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
		c := st.(MessageClause)
		m.Items = append(m.Items, c)
		seen.check(st, messageWord(c), &m.faults)
	})
	return nil
}

// messageWord is how messages call a clause.
func messageWord(c MessageClause) string {
	switch c := c.(type) {
	case *Content:
		return c.Part
	case *To:
		return "to"
	case *Exempt:
		return "transactional"
	case *TopicOf:
		return "topic"
	case *ValidFor:
		return "valid for"
	case *Resend:
		return "in doubt resend"
	case *URL:
		return "url"
	case *Method:
		return "method"
	}
	return "json"
}
