package syntax

// Block is steps in braces.
//
//	Block = "{" ( Step newline )* "}" .
type Block struct {
	node
	Steps []Step

	problems []problem
}
