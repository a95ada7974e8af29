package format

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

var (
	files = flag.Int("format.files", 1000, "how many random files are formatted")
	from  = flag.Uint64("format.from", 0, "the first seed of the random files")
)

// TestRandom formats random files, with comments between any two tokens: what
// is formatted stays as it is when it is formatted again, means what the source
// means, and has its comments.
func TestRandom(t *testing.T) {
	g := newGenerator(t)
	clean, comments, stayed := 0, 0, 0
	for seed := *from; clean < *files; seed++ {
		if seed-*from > uint64(*files)*20 {
			t.Fatalf("only %d of %d files can be read", clean, seed-*from)
		}
		text := g.source(seed)
		if _, ds := syntax.Parse(&diag.File{Text: text}); len(ds) > 0 {
			continue
		}
		text = g.disturb(text, g.IntN(12))
		clean++
		if fault(text) != "" {
			text = shrink(text)
			t.Fatalf("seed %d, shrunk: %s", seed, fault(text))
		}
		tree, _ := syntax.Parse(&diag.File{Text: text})
		comments += len(tree.Comments)
		if out, _ := Source(tree.Source); layout(tree, false) != string(out) {
			stayed++
		}
	}
	t.Logf("%d files with %d comments; in %d all parentheses stayed", clean, comments, stayed)
	if stayed > clean/20 {
		t.Errorf("parentheses are left out where they matter: in %d of %d files", stayed, clean)
	}
}

// fault says what is wrong with the formatting of a text that can be read.
func fault(text string) string {
	tree, ds := syntax.Parse(&diag.File{Text: text})
	if len(ds) > 0 {
		return ""
	}
	o := newOutline(tree, scan(text, tree.Comments))
	for i, t := range o.toks {
		if t.text == "{" && o.bodies[i] == nil {
			return fmt.Sprintf("%s\nwhat stands in the braces at %d is not known", text, t.start)
		}
	}
	out, ds := Source(tree.Source)
	if len(ds) > 0 {
		return fmt.Sprintf("%s\n%s\nbecomes\n%s", ds[0].Message, text, layout(tree, true))
	}
	formatted := &diag.File{Text: string(out)}
	again, ds := syntax.Parse(formatted)
	switch {
	case len(ds) > 0:
		return fmt.Sprintf("%s\nbecomes\n%s\n%s", text, out, diag.Plain(ds[0]))
	case !sameTree(tree, again):
		return fmt.Sprintf("%s\nbecomes another program\n%s", text, out)
	case !sameComments(tree, again):
		return fmt.Sprintf("%s\nloses comments\n%s", text, out)
	}
	if twice, _ := Source(formatted); string(twice) != string(out) {
		return fmt.Sprintf("%s\nbecomes\n%s\nand then\n%s", text, out, twice)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if !strings.Contains(text, `"""`) && strings.TrimRight(line, " \t\r") != line {
			return fmt.Sprintf("%s\nbecomes a line with blanks at its end: %q", text, line)
		}
	}
	return ""
}

// shrink takes tokens and comments away from a text as long as its fault stays.
func shrink(text string) string {
	for size := 64; size > 0; size /= 2 {
		for again := true; again; {
			again = false
			tree, _ := syntax.Parse(&diag.File{Text: text})
			toks := scan(text, tree.Comments)
			for from := 0; from+size < len(toks); from++ {
				for _, less := range []string{text[:toks[from].start] + text[toks[from+size].start:], text[:toks[from].end] + text[toks[from+size].start:]} {
					if len(less) < len(text) && fault(less) != "" {
						text, again = less, true
						break
					}
				}
				if again {
					break
				}
			}
		}
	}
	return text
}

var update = flag.Bool("update", false, "write what is printed into the golden files")

// TestGolden formats what stands in testdata, once and again.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(err, names)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(archive.Files[0].Data)
			out, ds := Source(&diag.File{Name: "in", Text: text})
			for _, d := range ds {
				t.Error(diag.Plain(d))
			}
			if f := fault(text); f != "" {
				t.Error(f)
			}
			if *update {
				archive.Files[1].Data = out
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(archive.Files[1].Data); string(out) != want {
				t.Errorf("got\n%s\nwant\n%s", out, want)
			}
		})
	}
}

// TestExamples: the examples are formatted.
func TestExamples(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../../examples", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".journey" {
			return err
		}
		found++
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if out, ds := Source(&diag.File{Name: name, Text: string(text)}); len(ds) > 0 || string(out) != string(text) {
			t.Errorf("%s is not formatted: run `journey fmt examples`", name)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Error(err, found)
	}
}

// TestErrors: a source that cannot be read stays as it is.
func TestErrors(t *testing.T) {
	text := "trait   a: text\njourney j {\n  wiat 1 day\n}\n"
	out, ds := Source(&diag.File{Name: "a", Text: text})
	if string(out) != text || len(ds) != 1 || ds[0].Code != diag.UnknownWord {
		t.Errorf("got %q, %v", out, ds)
	}
}

// TestForeign: line ends of other systems, a byte order mark and blanks of
// other keyboards are gone.
func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"\n \n":                            "",
		"# only a comment":                 "# only a comment\n",
		"\ufefftrait a: text\r\n":          "trait a: text\n",
		"trait\u3000a\u00a0:text # x \r\n": "trait a: text  # x\n",
		"trait a: text; # no":              "trait a: text; # no",
	} {
		if out, _ := Source(&diag.File{Name: "a", Text: text}); string(out) != want {
			t.Errorf("%q becomes %q, want %q", text, out, want)
		}
	}
}

func FuzzSource(f *testing.F) {
	g := newGenerator(f)
	for seed := range uint64(50) {
		f.Add(g.source(seed))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if f := fault(text); f != "" {
			t.Error(f)
		}
	})
}

func BenchmarkSource(b *testing.B) {
	text, err := os.ReadFile("../syntax/testdata/shop.journey")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Source(&diag.File{Text: string(text)})
	}
}

// TestFound are what random files have found, shrunk.
func TestFound(t *testing.T) {
	for _, text := range []string{
		"message a via b { to (({\n\n})) }\n",
		"journey a { enter on request where [any()\n,] }\n",
		"segment a = (({\n,\n}))\n",
		"message a via é4 { valid for any(\"\"\"\n\"\"\"is set,max({price:2026-12-25 9:00},runa[0].b)?2026-12-25T09:00+08:00:((9:30)))?\n len:len }\n",
	} {
		if f := fault(text); f != "" {
			t.Error(f)
		}
	}
}
