package syntax

// Message is something to send.
//
//	Message = "message" Name "via" Name "{" MessageClause* "}" .
type Message struct {
	decl
	Name    Name           `parser:"'message' @@"`
	Channel Name           `parser:"'via' @@"`
	Clauses MessageClauses `parser:"@@"`
}

// MessageClauses are the clauses of a message.
type MessageClauses struct {
	node
	Items []MessageClause

	problems []problem
}

// Content is the subject or a body of a message, as text or as a file beside
// the one that names it.
//
//	Content = ( "subject" | "text" | "html" ) "file"? String .
type Content struct {
	messageClause
	Part string  `parser:"@( 'subject' | 'text' | 'html' )"`
	File bool    `parser:"@'file'?"` // Text is the name of a file
	Text *String `parser:"@@"`
}

// To is another address than the person's own.
//
//	To = "to" Expr .
type To struct {
	messageClause
	Address *Expr `parser:"'to' @@"`
}

// Exempt is the clause `transactional` of a message.
//
//	Exempt = "transactional" .
type Exempt struct {
	messageClause
	Transactional bool `parser:"@'transactional'"`
}

// URL is where a webhook message goes.
//
//	URL = "url" String .
type URL struct {
	messageClause
	Text *String `parser:"'url' @@"`
}

// Method is the HTTP method of a webhook message.
//
//	Method = "method" Name .
type Method struct {
	messageClause
	Name Name `parser:"'method' @@"`
}

// JSON is the body of a webhook message.
//
//	JSON = "json" Pairs .
type JSON struct {
	messageClause
	Pairs Pairs `parser:"'json' @@"`
}
