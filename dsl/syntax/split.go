package syntax

// Split divides people by chance that stays with them.
//
//	Split = "split" Name "{" ( Branch newline )* "}" .
type Split struct {
	step
	Name     Name     `parser:"'split' @@"`
	Branches Branches `parser:"@@"`
}

// Branches are the branches of a split.
type Branches struct {
	node
	Items []*Branch

	problems []problem
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
