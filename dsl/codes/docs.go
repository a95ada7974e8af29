package codes

import (
	"fmt"
	"strings"
)

// Markdown is docs/diagnostics.md: all pages, with a table of contents.
func Markdown() (string, error) {
	all, err := All()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`# Diagnostics

What ` + "`journey check`" + ` says, by code. Each code has a name and a number that never change; ` + "`journey explain CODE`" + ` prints its page.
This file is made from the pages in dsl/codes/pages; a test compiles their examples.

| | | |
|---|---|---|
`)
	for _, p := range all {
		fmt.Fprintf(&b, "| %s | [%s](#%s) | %s |\n", p.Number, p.Code, p.Code, p.Title)
	}
	for _, p := range all {
		fmt.Fprintf(&b, "\n<a id=%q></a>\n\n## %s %s: %s\n\n%s\n", p.Code, p.Number, p.Code, lowerFirst(p.Title), p.Text)
		for _, example := range []struct {
			name  string
			files []File
		}{{"Wrong:", p.Wrong}, {"Right:", p.Right}} {
			if example.files != nil {
				fmt.Fprintf(&b, "\n%s\n", example.name)
			}
			for _, f := range example.files {
				fmt.Fprintf(&b, "\n%s```%s\n%s```\n", caption(f), language(f), f.Text)
			}
		}
		fmt.Fprintf(&b, "\n%s\n", p.Why)
	}
	return b.String(), nil
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// caption names a file that has a name of its own.
func caption(f File) string {
	if f.Name == "a.journey" {
		return ""
	}
	return "`" + f.Name + "`:\n\n"
}

func language(f File) string {
	if strings.HasSuffix(f.Name, ".journey") {
		return "journey"
	}
	return "text"
}
