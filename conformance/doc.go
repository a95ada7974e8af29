// Package conformance holds what the language means as small workspaces with
// tests of their own, one topic each. A driver conforms if all of them pass.
package conformance
