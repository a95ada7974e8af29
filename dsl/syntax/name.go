package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
	"golang.org/x/text/unicode/norm"
)

// Name is a name as written: letters of any script, digits and `_`.
type Name struct {
	node
	Text string
}

var _ participle.Parseable = (*Name)(nil)

// Parse reads a name.
func (n *Name) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if t.Type != tokName {
		return participle.NextMatch
	}
	lex.Next()
	n.Text = canonical(t.Value)
	n.setSpan(t.Pos.Offset, end(t))
	return nil
}

// canonical is a name in the form in which names compare: é is the same
// whether it was typed as one character or as two.
func canonical(name string) string { return norm.NFC.String(name) }
