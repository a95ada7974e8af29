//go:build !unix

package devserver

import "os"

// lock does nothing where there is no flock: two processes on one folder are
// then the user's affair.
func lock(*os.File) error { return nil }
