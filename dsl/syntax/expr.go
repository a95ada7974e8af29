package syntax

import "github.com/expr-lang/expr/ast"

// Expr is a condition or a value, as a tree of expr-lang's.
//
// Locations are byte offsets in the whole file. That of a binary node is its
// operator, that of a member its property, that of a call its name; Extent
// gives the whole. What expr has no nodes for is written as
//
//	3 days, 90s          ConstantNode{value.Duration}
//	2026-12-25           ConstantNode{value.Date}
//	2026-12-25 09:00     ConstantNode{value.Local}, with an offset value.Time
//	09:00                ConstantNode{value.Clock}
//	10, 0.5              FloatNode; there are no IntegerNodes
//	X is set             CallNode{IdentifierNode{"$set"}, [X]}
//	X is missing         CallNode{IdentifierNode{"$missing"}, [X]}
//	EVENT in last D      CallNode{IdentifierNode{"$last"}, [IdentifierNode or StringNode, ConstantNode]}
//	any(LIST, P)         CallNode{IdentifierNode{"any"}, [LIST, PredicateNode{P}]}
//	it                   PointerNode
//	.price               MemberNode{PointerNode, StringNode}
//	a < b < c            BinaryNode{"and", a < b, b < c}
//
// All calls are CallNodes; the operators are always "and", "or" and "not".
// Which arguments are predicates: the second one of all any none one filter
// map count find findLast sum sortBy most unique always, that of mean median
// min max if it speaks of the element (`max(items, .price)`).
type Expr struct {
	node
	Node ast.Node // never nil
	// Broken says that an error in the expression has been reported. Node is
	// then what could be made of it, with identifiers named Hole in the gaps.
	Broken bool

	faults
}

// Hole is the identifier that stands where an operand is missing in a Broken
// expression.
const Hole = "$hole"

// Names that the encoding of Expr gives to what expr has no words for.
const (
	CallSet     = "$set"
	CallMissing = "$missing"
	CallLast    = "$last"
)
