//go:build race

package workflows

// raced: the race detector is on.
const raced = true
