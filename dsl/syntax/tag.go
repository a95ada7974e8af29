package syntax

// Tag gives the person a tag, or takes it away.
//
//	Tag = ( "tag" | "untag" ) String .
type Tag struct {
	asStep
	Verb string  `parser:"@( 'tag' | 'untag' )"`
	Tag  *String `parser:"@@"`
}
