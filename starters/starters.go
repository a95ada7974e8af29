// Package starters has the workspaces that `journey init` begins with: five
// journeys that shops start with, each with its tests, in English and in
// 繁體中文. They are embedded in the command.
//
// en and zh hold a folder for each, of the same files. Each must be right
// without a warning, be in the one style, and have tests that take every
// branch; the tests of this package see to that.
package starters

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed en zh
var files embed.FS

// Langs are the languages that there are.
func Langs() []string { return []string{"en", "zh"} }

// Starter is a workspace to begin with.
type Starter struct {
	Name string
	Says string            // what it does, in a sentence
	Text map[string]string // the files, by their names
}

// Names are the names of the starters, the simplest first.
func Names() []string {
	return []string{"welcome", "abandoned_cart", "birthday", "win_back", "high_value"}
}

// Of is a starter in a language; false if there is none.
func Of(name, lang string) (*Starter, bool) {
	if !slices.Contains(Names(), name) || !slices.Contains(Langs(), lang) {
		return nil, false
	}
	dir := path.Join(lang, name)
	list, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, false
	}
	s := &Starter{Name: name, Text: map[string]string{}}
	for _, f := range list {
		text, err := fs.ReadFile(files, path.Join(dir, f.Name()))
		if err != nil {
			return nil, false
		}
		s.Text[f.Name()] = string(text)
	}
	s.Says = says(s.Text["README.md"])
	return s, true
}

// says is the first paragraph below the title.
func says(readme string) string {
	for _, line := range strings.Split(readme, "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}
