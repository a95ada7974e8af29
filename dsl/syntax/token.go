package syntax

import (
	"io"

	"github.com/alecthomas/participle/v2/lexer"
)

// The types of token. A token's Value is its text in the file. Where it was
// read as something else (`，` as `,`, `wiat` as `wait`), the Value is what
// should have been written and the Pos.Filename, which nothing else needs,
// what was.
const (
	tokName lexer.TokenType = lexer.EOF - 1 - iota
	tokNumber
	tokPercent  // 50%
	tokDuration // 1h30m
	tokClock    // 09:00
	tokDate     // 2026-12-25
	tokDateTime // 2026-12-25 09:00+08:00
	tokString   // with its quotes; an unclosed one has been reported
	tokOp       // operators and brackets
	tokNewline  // the end of a line that has tokens on it
	tokUnknown  // has been reported
	tokMark     // no text: where Words asks
	tokTried    // no text: behind a word that Words tries
)

var symbols = map[string]lexer.TokenType{
	"EOF": lexer.EOF, "Name": tokName, "Number": tokNumber, "Percent": tokPercent,
	"Duration": tokDuration, "Clock": tokClock, "Date": tokDate, "DateTime": tokDateTime,
	"String": tokString, "Op": tokOp, "Newline": tokNewline, "Unknown": tokUnknown,
}

// definition is the scanner as participle knows lexers.
type definition struct{}

var (
	_ lexer.Definition       = definition{}
	_ lexer.StringDefinition = definition{}
)

// Symbols names the types of token.
func (definition) Symbols() map[string]lexer.TokenType { return symbols }

// Lex reads everything and scans it.
func (d definition) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return d.LexString(name, string(text))
}

// LexString scans a text. What the scanner has to say about it is lost here;
// Parse calls scan itself.
func (definition) LexString(_, text string) (lexer.Lexer, error) {
	tokens := scan(text).tokens
	return &tokens, nil
}

// tokenList is scanned text as a lexer; Next takes from its beginning.
type tokenList []lexer.Token

// Next is the next token. The last one, EOF, is never taken away.
func (l *tokenList) Next() (lexer.Token, error) {
	t := (*l)[0]
	if len(*l) > 1 {
		*l = (*l)[1:]
	}
	return t, nil
}

// end is the offset after a token.
func end(t *lexer.Token) int {
	if t.Pos.Filename != "" {
		return t.Pos.Offset + len(t.Pos.Filename)
	}
	return t.Pos.Offset + len(t.Value)
}

// readAs puts what should have been written in the place of a token.
func readAs(t *lexer.Token, meant string) {
	if t.Pos.Filename == "" {
		t.Pos.Filename = t.Value
	}
	t.Value = meant
}
