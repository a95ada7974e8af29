// Package codes explains what diagnostics say: a page for each code, with an
// example that is wrong in just this way, one that is right, and the reason.
//
// The pages stand in pages, a Markdown file a code, and are compiled by the
// tests: the wrong example has that code and no other, the right one has
// none. `journey explain` prints them, and docs/diagnostics.md holds them all.
// To add a code: declare it (package dsl, dsl/cond or dsl/diag), give it a
// number in diag/numbers.go, write its page, and run
//
//	go test ./dsl/codes -update
package codes

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"

	"journey/dsl/diag"
)

//go:embed pages/*.md
var pages embed.FS

// Page explains a code.
type Page struct {
	Code   diag.Code
	Number string // "J102"
	Title  string // what is wrong, in a few words
	Text   string // what that means, and what to do; Markdown

	// The examples are files by their names; programs without a name are
	// a.journey. They are nil where there is nothing to show.
	Wrong, Right []File

	Why string // Markdown
}

// File is a file of an example.
type File struct{ Name, Text string }

// Of is the page of a code.
func Of(code diag.Code) (Page, error) {
	text, err := pages.ReadFile("pages/" + string(code) + ".md")
	if err != nil || code.Number() == "" {
		return Page{}, fmt.Errorf("there is no page about %q", code)
	}
	p, err := parse(string(text))
	if err != nil {
		return Page{}, fmt.Errorf("page %s: %w", code, err)
	}
	p.Code, p.Number = code, code.Number()
	return p, nil
}

// All are all pages, in the order of their numbers.
func All() ([]Page, error) {
	var all []Page
	for _, code := range diag.Codes() {
		p, err := Of(code)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Page) int { return cmp.Compare(a.Number, b.Number) })
	return all, nil
}

// Find is the code that somebody means by its name or its number: "J102",
// "102", "unknown-trait", "Unknown_Trait". It is "" if there is none; near is
// then a name that is nearly right, or "".
func Find(what string) (code diag.Code, near string) {
	name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(what)), "_", "-")
	var names []string
	for _, c := range diag.Codes() {
		if name == string(c) || strings.TrimPrefix(name, "j") == c.Number()[1:] {
			return c, ""
		}
		names = append(names, string(c))
	}
	slices.Sort(names)
	return "", diag.Suggest(name, names)
}

// parse reads a page: its title, its text, and the sections Wrong, Right and
// Why.
func parse(text string) (Page, error) {
	var p Page
	first, rest, _ := strings.Cut(text, "\n")
	title, ok := strings.CutPrefix(first, "# ")
	if !ok {
		return p, fmt.Errorf("it does not begin with `# ` and a title")
	}
	p.Title = title
	parts := strings.Split("\n"+rest, "\n## ")
	p.Text = strings.TrimSpace(parts[0])
	for _, part := range parts[1:] {
		name, body, _ := strings.Cut(part, "\n")
		switch name {
		case "Wrong":
			p.Wrong = files(body)
		case "Right":
			p.Right = files(body)
		case "Why":
			p.Why = strings.TrimSpace(body)
		default:
			return p, fmt.Errorf("it has a section %q", name)
		}
	}
	if p.Text == "" || p.Why == "" {
		return p, fmt.Errorf("it lacks its text or the section Why")
	}
	return p, nil
}

// files are the blocks of code of a section: ```journey, ```html m.html.
func files(body string) []File {
	var fs []File
	for i, part := range strings.Split("\n"+body, "\n```") {
		if i%2 == 0 {
			continue
		}
		info, text, _ := strings.Cut(part, "\n")
		_, name, _ := strings.Cut(info, " ")
		if name == "" {
			name = "a.journey"
		}
		fs = append(fs, File{name, text + "\n"})
	}
	return fs
}
