// Package vscode tests, without node, the files of the extension that tell of
// the language.
package vscode

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/lsp/names"
)

func read(t *testing.T, name string, into any) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

// Every word of the language, and every function, is in the grammar for
// colours.
func TestGrammarHasEveryWord(t *testing.T) {
	var grammar map[string]any
	text := read(t, "syntaxes/journey.tmLanguage.json", &grammar)
	known := map[string]bool{}
	for _, w := range regexp.MustCompile(`[A-Za-z_]+\??`).FindAllString(text, -1) {
		known[strings.TrimSuffix(w, "?")] = true
		if strings.HasSuffix(w, "s?") {
			known[strings.TrimSuffix(w, "s?")] = true // days?
		}
	}
	for _, m := range regexp.MustCompile(`"([a-z]+)"`).FindAllStringSubmatch(syntax.Grammar(), -1) {
		if !known[m[1]] {
			t.Errorf("the grammar has no %q", m[1])
		}
	}
	for _, f := range names.Functions {
		if !known[f.Name] {
			t.Errorf("the grammar has no function %q", f.Name)
		}
	}
}

// Every snippet, filled in as it is proposed, is a part of the language.
func TestSnippets(t *testing.T) {
	var snippets map[string]struct{ Body []string }
	read(t, "snippets/journey.json", &snippets)
	if len(snippets) < 8 {
		t.Errorf("only %d snippets", len(snippets))
	}
	choice := regexp.MustCompile(`\$\{\d+\|([^,|]*)[^}]*\}`)
	field := regexp.MustCompile(`\$\{\d+:([^}]*)\}|\$0`)
	declaration := regexp.MustCompile(`^(workspace|trait|event|segment|message|journey|test) `)
	for name, s := range snippets {
		text := choice.ReplaceAllString(strings.Join(s.Body, "\n"), "$1")
		text = field.ReplaceAllString(text, "$1")
		if !declaration.MatchString(text) {
			text = "journey j {\n  enter on e\n  " + text + "\n}"
		}
		if _, diags := syntax.Parse(&diag.File{Name: name, Text: text + "\n"}); len(diags) > 0 {
			t.Errorf("%s\n%s\n%s", name, text, diag.Plain(diags[0]))
		}
	}
}

// The other files are JSON.
func TestConfiguration(t *testing.T) {
	for _, name := range []string{"package.json", "package-lock.json", "language-configuration.json"} {
		var any map[string]any
		read(t, name, &any)
	}
}
