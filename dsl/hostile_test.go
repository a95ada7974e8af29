package dsl_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
)

// hostile are workspaces that nobody meant to write: each is one piece again
// and again, in one file of ten megabytes, in files of ten megabytes together,
// or in as many and as large files as there may be.
func hostile() map[string]map[string]string {
	const file, files = 512<<10 - 64, 6 // as much as a workspace may have
	fill := func(head, piece string) map[string]string {
		sources := map[string]string{}
		for i := range files {
			text := strings.ReplaceAll(head+strings.Repeat(piece, (file-len(head))/len(piece)), "NNN", fmt.Sprint(i+100))
			sources[fmt.Sprintf("f%02d.journey", i)] = text
		}
		return sources
	}
	return map[string]map[string]string{
		"one file of a line":      {"a.journey": strings.Repeat("send x ", 10<<20/7)},
		"one file of NULs":        {"a.journey": strings.Repeat("\x00", 10<<20)},
		"files of ten megabytes":  {"a.journey": strings.Repeat("tag x\n", file/6), "b.journey": strings.Repeat("#", 10<<20-file)},
		"a long line":             fill("", "trait a: text "),
		"long lines of words":     fill("segment NNN = ", "and profile.x "),
		"NULs":                    fill("", "\x00"),
		"not UTF-8":               fill("", "\xff\xfe\x80"),
		"full-width punctuation":  fill("journey jNNN ｛\n", "enter on x：“y”，\n"),
		"low quotes":              fill("", "‚"),
		"lines of low quotes":     fill("", "‚\n"),
		"texts over lines":        fill("", "trait a \"\nb: text\n"),
		"wide operators":          fill("segment sNNN = ", "＝＝！"),
		"typographic quotes":      fill("", "“trait” a： ‘text’\n"),
		"blocks in blocks":        fill("journey jNNN {\nenter on x\n", "if profile.a {\n"),
		"parentheses":             fill("segment sNNN = ", "(("),
		"predicates":              fill("segment sNNN = ", "any(x, "),
		"a deep list":             fill("trait tNNN: ", "list of "),
		"the same trait":          fill("", "trait a: text\n"),
		"unknown names":           fill("event e { a: text }\njourney jNNN {\nenter on e\nonce\n", "send nothing\n"),
		"names that are near":     fill("trait emailNNN: text\n", "segment x = profile.emial == \"a\"\n"),
		"segments of segments":    fill("", "segment a = segment.b and segment.a\n"),
		"steps":                   fill("event e { a: text }\njourney jNNN {\nenter on e\nonce\n", "wait 1 day\n"),
		"quotes":                  fill("", `"`),
		"texts that never end":    fill("", "\"\"\"\nx"),
		"templates":               fill("message mNNN via email {\nsubject \"", "{{ profile.x | default: 'a' }}"),
		"templates without end":   fill("message mNNN via email {\ntext \"\"\"\n", "{% for a in b %}"),
		"tests":                   fill("", "test \"x\" { at 1h event e { a: 1 } expect no send }\n"),
		"workspaces":              fill("", "workspace { cap email 3 per 7 days }\n"),
		"combining characters":    fill("trait a", "e\u0301"),
		"emoji":                   fill("segment x = ", "😀"),
		"comments":                fill("", "#\n"),
		"carriage returns":        fill("", "\r"),
		"words of the language":   fill("", "journey enter exit goal wait send\n"),
		"a realistic file, again": fill("", realisticFile(nil)),
	}
}

// realisticFile is a source of the shop.
func realisticFile(t *testing.T) string {
	text, err := os.ReadFile("../examples/shop/abandoned_cart.journey")
	if err != nil && t != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ten megabytes of anything are checked, told and formatted in about two
// seconds each, whatever they are.
func TestTenMegabytes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for name, sources := range hostile() {
		t.Run(name, func(t *testing.T) {
			var diags []diag.Diagnostic
			within(t, "check", func() { _, diags = dsl.Load(sources) })
			if len(diags) > 5000 {
				t.Errorf("%d diagnostics: nobody reads so many", len(diags))
			}
			within(t, "tell", func() {
				for _, f := range []func(io.Writer, []diag.Diagnostic) error{
					func(w io.Writer, d []diag.Diagnostic) error { return diag.Text(w, d, true) }, diag.JSON, diag.GitHub,
				} {
					if err := f(io.Discard, diags); err != nil {
						t.Error(err)
					}
				}
			})
			if slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code == diag.Internal }) {
				t.Error("it is called a fault of ours")
			}
			name := slices.Min(slices.Collect(maps.Keys(sources)))
			within(t, "format a file", func() { _, _ = format.Source(&diag.File{Name: name, Text: sources[name]}) })
		})
	}
}

// within tells how much processor time f takes, the collector's on all cores
// included, and fails when it is so much that something must be superlinear:
// two seconds are the aim, of a machine that does nothing else.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	var from, to syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &from)
	f()
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &to)
	took := time.Duration(to.Utime.Nano() + to.Stime.Nano() - from.Utime.Nano() - from.Stime.Nano())
	t.Logf("%s: %v", what, took)
	if took > 10*time.Second {
		t.Errorf("%s takes %v", what, took)
	}
}
