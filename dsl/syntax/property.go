package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Property is a property of an event, object or request.
//
//	Property = Name String? ":" Type "optional"? .
type Property struct {
	statement
	Name     Name    `parser:"@@"`
	Wire     *String `parser:"@@?"` // its name on the wire, where that differs
	Type     *Type   `parser:"':' @@"`
	Optional bool    `parser:"@'optional'?"`
}

// Properties are properties in braces, separated by commas or line ends.
//
//	Properties = "{" ( Property ( "," | newline ) )* "}" .
type Properties struct {
	node
	Items []*Property

	faults
}

var _ participle.Parseable = (*Properties)(nil)

// Parse reads properties.
func (p *Properties) Parse(lex *lexer.PeekingLexer) error {
	lang().properties.parseBody(lex, &p.node, &p.faults, func(s Statement) {
		p.Items = append(p.Items, s.(*Property))
	})
	return nil
}
