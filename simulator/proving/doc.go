// Package proving holds the machine against something that knows nothing of
// it. Tests use it; nothing else does.
//
// It makes random programs and random inputs for one person, and has them
// played twice: by the machine, and by an oracle, a naive interpreter that was
// written from the language's description alone. What happened must be the
// same, to the millisecond.
//
//	c := proving.Generate(seed)      // a program and a script of inputs
//	want := proving.Foretell(c, ...) // by the oracle
//	got := proving.Play(c)           // by the machine, in virtual time
//
// # Where is what
//
//	model.go      programs and scripts as plain Go values
//	print.go      a program as .journey text
//	script.go     a script as text, a case as a file for simulator/testdata
//	generate*.go  random ones
//	oracle*.go    the independent interpreter
//	eval.go       its expressions; calendar.go its days and clocks
//	facts.go      what happened, in a form that can be compared
//	play.go       the machine in virtual time
//	shrink.go     makes a counter-example small
//
// The oracle shares no code with the machine: no conditions, no compiled
// program, no calendar. It steps through every instant at which anything
// could happen and asks everything again. It takes from the machine only
// which branch of a split the person is in: that is a hash, and no question
// of meaning.
//
// # A failure
//
// A test that fails prints the number of its case, and the case itself, made
// as small as it will go, in the form of a file of simulator/testdata: it is
// put there once it is understood. `-proving.seed` and `-proving.from` run a
// case again.
package proving
