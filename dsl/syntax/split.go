package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Split divides people by chance that stays with them.
//
//	Split = "split" Name Branches .
type Split struct {
	asStep
	Name     Name     `parser:"'split' @@"`
	Branches Branches `parser:"@@"`
}

// Branches are the branches of a split.
//
//	Branches = "{" ( Branch newline )* "}" .
type Branches struct {
	node
	Items []*Branch

	faults
}

// Branch is one branch of a split.
//
//	Branch = Percent Name Block .
type Branch struct {
	statement
	Share Percent `parser:"@@"`
	Name  Name    `parser:"@@"`
	Steps *Block  `parser:"@@"`
}

var _ participle.Parseable = (*Branches)(nil)

// Parse reads branches.
func (b *Branches) Parse(lex *lexer.PeekingLexer) error {
	lang().branches.parseBody(lex, &b.node, &b.faults, func(s Statement) {
		b.Items = append(b.Items, s.(*Branch))
	})
	return nil
}
