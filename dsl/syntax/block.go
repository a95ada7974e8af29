package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Block is steps in braces.
//
//	Block = "{" ( Step newline )* "}" .
type Block struct {
	node
	Steps []Step

	faults
}

var _ participle.Parseable = (*Block)(nil)

// Parse reads a block.
func (b *Block) Parse(lex *lexer.PeekingLexer) error {
	lang().block.parseBody(lex, &b.node, &b.faults, func(s Statement) {
		switch s := s.(type) {
		case Step:
			b.Steps = append(b.Steps, s)
		case Clause:
			b.fault(clauseInBlock(s.stmt().first, s.stmt().wordEnd, clauseWord(s)))
		}
	})
	return nil
}
