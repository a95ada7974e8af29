package syntax

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// The rule above each node type is the one that participle has read from its
// tags.
func TestDocumentedGrammar(t *testing.T) {
	documented := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?m)^\t([A-Z]\w*) +=\s+(.*) \.$`)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, comment := range file.Comments {
			for _, m := range rule.FindAllStringSubmatch(comment.Text(), -1) {
				documented[m[1]] = m[2]
			}
		}
	}
	for _, line := range strings.Split(Grammar(), "\n") {
		name, body, _ := strings.Cut(line, " = ")
		if name == "Grammar" {
			continue
		}
		if got, want := flat(documented[name]), flat(strings.TrimSuffix(body, " .")); got != want {
			t.Errorf("%s\ndocumented %s\nis         %s", name, got, want)
		}
	}
}

// flat is a rule without what does not change its meaning: lookahead, and
// parentheses that one writes differently.
func flat(rule string) string {
	rule = strings.NewReplacer(`(?= "{")`, "", `(?! "at" | "expect" | "assume" | "given" | "start")`, "").Replace(rule)
	return strings.Join(strings.Fields(strings.NewReplacer("(", " ", ")", " ", "?", " ? ", "*", " * ").Replace(rule)), " ")
}

// Parse can be used by many at once, from the very first use on.
func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, ds := parse(realistic); len(ds) > 0 {
				t.Error(describe(ds[0]))
			}
		})
	}
	wg.Wait()
}

func TestSpans(t *testing.T) {
	f, _ := parse(realistic)
	j := f.Decls[0].(*Journey)
	text := func(n Node) string { return n.Span().Text() }
	for _, c := range []struct{ got, want string }{
		{text(&j.Name), "abandoned_cart"},
		{text(j.Title), `"Abandoned cart"`},
		{text(j), strings.TrimSpace(realistic)},
		{j.Word().Text(), "journey"},
		{text(j.Body.Head[0]), "enter on cart_updated where len(event.items) > 0"},
		{text(j.Body.Head[0].(*EnterEvent).Where), "len(event.items) > 0"},
		{text(j.Body.Head[3].(*Goal).Within), "7 days"},
		{j.Body.Head[3].Word().Text(), "goal"},
		{text(j.Body.Steps[1]), "send cart_reminder otherwise { send cart_sms }"},
		{text(j.Body.Steps[1].(*Send).Otherwise), "{ send cart_sms }"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// A statement that cannot be read to its end stays in the tree, marked.
func TestBroken(t *testing.T) {
	f, ds := parse("message m { subject \"a\" }\njourney j {\n  goal g on x\n  send m,\n  @here send m\n}\n")
	if len(ds) != 3 || len(f.Decls) != 2 {
		t.Fatal(ds)
	}
	m, j := f.Decls[0].(*Message), f.Decls[1].(*Journey)
	g := j.Body.Head[0].(*Goal)
	switch {
	case !m.Broken() || m.Name.Text != "m":
		t.Error("the message is lost")
	case !g.Broken() || g.Name.Text != "g" || g.Within != nil:
		t.Error("the goal is lost")
	case len(j.Body.Steps) != 2 || !j.Body.Steps[0].Broken() || j.Body.Steps[1].Broken():
		t.Error("the steps are lost")
	case j.Broken():
		t.Error("what stands inside of a journey does not break it")
	case j.Body.Steps[1].Label().Text != "here" || j.Body.Steps[1].Label().Span().Text() != "here":
		t.Error("the label is lost")
	}
}

func TestComments(t *testing.T) {
	text := "# one\r\ntrait a: text # two\nsegment s \"# no\" = true#three"
	f, _ := parse(text)
	var got []string
	for _, c := range f.Comments {
		got = append(got, text[c.Start:c.End])
	}
	if strings.Join(got, "|") != "# one|# two|#three" {
		t.Errorf("got %q", got)
	}
}
