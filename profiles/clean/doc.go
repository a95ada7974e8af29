// Package clean reads values as they arrive into values of declared types.
//
// What cannot be read as its type is not stored: the caller keeps the old
// value and reports the fault. A fault says what was expected, never what
// came: that may be personal.
package clean
