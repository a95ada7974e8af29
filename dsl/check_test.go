package dsl

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

var update = flag.Bool("update", false, "write what was found into the test files")

// TestCheck loads each workspace of testdata/check and compares what is wrong
// with it to the file `want` beside its sources.
func TestCheck(t *testing.T) {
	files, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources, want := map[string]string{}, -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				sources[f.Name] = string(f.Data)
			}
			program, diags := Load(sources)
			got := describe(ownWords(sources, diags))
			if (program == nil) != diag.HasErrors(diags) {
				t.Errorf("program is %v with these diagnostics:\n%s", program, got)
			}
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want < 0 {
				t.Fatalf("no file `want`; found:\n%s", got)
			}
			if d := cmp.Diff(string(archive.Files[want].Data), got); d != "" {
				t.Errorf("diagnostics (-want +got):\n%s", d)
			}
		})
	}
}

// ownWords leaves out the sentences of the parser, which has tests of its own.
func ownWords(sources map[string]string, diags []diag.Diagnostic) []diag.Diagnostic {
	theirs := map[string]bool{}
	for name, text := range sources {
		if strings.HasSuffix(name, Extension) {
			_, parsed := syntax.Parse(&diag.File{Name: name, Text: text})
			for _, d := range parsed {
				theirs[d.Message] = true
			}
		}
	}
	diags = slices.Clone(diags)
	for i := range diags {
		if theirs[diags[i].Message] {
			diags[i].Message = "…"
		}
	}
	return diags
}

// describe is diagnostics in short: place, the words there, code, sentence.
func describe(diags []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		kind := "error"
		if d.Severity == diag.Warning {
			kind = "warning"
		}
		fmt.Fprintf(&b, "%s %s %s: %s", place(d.Span), kind, d.Code, d.Message)
		if d.Suggest != "" {
			fmt.Fprintf(&b, " → %s", d.Suggest)
		}
		b.WriteString("\n")
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s %s\n", place(r.Span), r.Message)
		}
	}
	return b.String()
}

func place(s diag.Span) string {
	if s.File == nil {
		return "(nowhere)"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d `%s`", s.File.Name, p.Line, p.Column, s.Text())
}
