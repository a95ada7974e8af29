// Package cond checks and evaluates the conditions and values of a program.
//
// An expression comes as a tree of expr-lang (package syntax parses it) and
// leaves as an Expr: closures that answer about a Person at an instant, and a
// Reads that says what the answer depends on.
//
//	x, diags := cond.Compile(file, node, &scope, cond.Condition)
//	if x.Bool(&env) { … }
//	// env.Look is when time alone can make the answer another
//
// # The way of an expression
//
// The compiler walks the tree once, from the leaves up. At each node it
//
//   - resolves names (names.go, funcs.go), by an allow-list: what is not found
//     among the declarations of the Scope and the functions of the language
//     means nothing, whatever expr would make of it;
//   - has expr's own checker judge the operation on the types found for the
//     operands (judge.go), and words its verdict (errors.go); an operand that
//     was reported fits everywhere, so that all mistakes are found and none is
//     the consequence of another;
//   - notes what is read (reads.go): traits, memberships, past events with
//     the properties asked of them and how far back, running values, what is
//     known by the hour of events that are no longer kept (hours.go);
//   - builds closures for the node's type (code.go and the files of each
//     subject).
//
// # Why closures
//
// The language and its checker are expr's, the evaluation is not, for three
// reasons. It is total: every closure gives a value or "missing", by
// construction, where expr's machine stops at a missing or stale value with
// an error; there is nothing to guard or to recover from. It knows time: a
// closure that compares with now says when its answer will change, which no
// machine for expressions does (moving.go tells how). And it is quick: numbers,
// texts, instants and lists are handed on unboxed, a condition of two
// comparisons takes about a tenth of the time of expr's machine and allocates
// nothing (BenchmarkCondition).
//
// # Missing values
//
// A value that nobody sent is missing, and so is a stored one that does not
// fit its declared type (fit.go), an index out of range, a division by zero
// and whatever is not finite. `==` with it is false, `!=` true, every other
// comparison false, arithmetic with it missing; a missing list is empty, a
// missing condition false; aggregates pass over it.
package cond
