// Package docs holds the pages that programs show: the language reference,
// from which editors explain a keyword.
package docs

import _ "embed"

//go:embed language.md
var language string

// Language is the language reference, Markdown.
func Language() string { return language }
