// Package infer writes a first workspace from data: the traits and events that
// a log of calls shows (as Segment's clients send them), or the columns of a
// CSV file, with types as far as every value supports them.
//
// What it writes is a beginning for people to go on from, and the checker
// accepts it: names that the language cannot have are changed and keep their
// name on the wire, and a line that the checker refuses all the same becomes
// a comment.
package infer
