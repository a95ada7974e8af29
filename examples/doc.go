// Package examples holds complete workspaces: they are documentation and test
// data. Its tests play each of them, with its own events, in virtual time.
package examples
