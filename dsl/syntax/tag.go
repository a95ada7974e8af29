package syntax

// Tag gives the person a tag, or takes it away.
//
//	Tag = ( "tag" | "untag" ) String .
type Tag struct {
	asStep
	Verb string  `parser:"@( 'tag' | 'untag' )"`
	Tag  *String `parser:"@@"`
}

// TagRule is the declaration of a tag that people have exactly while a
// condition holds.
//
//	TagRule = "tag" String "while" Expr .
type TagRule struct {
	asDecl
	Tag   *String `parser:"'tag' @@"`
	While *Expr   `parser:"'while' @@"`
}
