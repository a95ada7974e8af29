package syntax

// Name is a name as written: letters of any script, digits and `_`.
type Name struct {
	node
	Text string
}
