package examples

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/simulator"
)

// word is a use of a name or a word of the language, at an offset of a file.
type word struct {
	file, text string
	at         int
}

var (
	tokens = regexp.MustCompile(`(?s)"""[^"]*(?:"{1,2}[^"]+)*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[\p{L}_][\p{L}\p{N}_]*|\n|[^\s\p{L}_]`)
	letter = regexp.MustCompile(`^[\p{L}_]`)
)

// uses are the words of a workspace whose typing error must be found: names
// that are declared elsewhere, and words that begin a line. Declarations and
// data are left out: another name there is no mistake.
func uses(sources map[string]string, p *dsl.Program) []word {
	names := map[string]bool{}
	for _, t := range p.Traits {
		names[t.Name] = true
	}
	for _, s := range p.Segments {
		names[s.Name] = true
	}
	for _, m := range p.Messages {
		names[m.Name] = true
	}
	for _, e := range p.Events {
		names[e.Name] = true
	}
	for _, j := range p.Journeys {
		names[j.Name] = true
	}
	declares := []string{"trait", "event", "segment", "message", "journey", "webhook", "let", "goal", "split", "topics", "property"}
	var list []word
	for _, file := range slices.Sorted(mapKeys(sources)) {
		if !strings.HasSuffix(file, dsl.Extension) {
			continue // templates have tests of their own
		}
		text := sources[file]
		before, begins := "", true
		for _, at := range tokens.FindAllStringIndex(text, -1) {
			tok := text[at[0]:at[1]]
			after := strings.TrimLeft(text[at[1]:], " ")
			switch {
			case tok == "\n":
				begins = true
				continue
			case letter.MatchString(tok) && utf8.RuneCountInString(tok) >= 4 && !strings.HasPrefix(after, ":") &&
				(names[tok] && !slices.Contains(declares, before) && before != "." || names[tok] && before == "." && strings.HasSuffix(text[:at[0]], "profile.") ||
					begins && !names[tok]):
				list = append(list, word{file, tok, at[0]})
			}
			before, begins = tok, false
		}
	}
	return list
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// Nearly every typing error of one letter, swap or case in a name or a word
// of the examples is answered with what was meant, where it stands.
func TestTypingErrors(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	tried, right := 0, 0
	var wrong []string
	for _, dir := range workspaces(t) {
		sources, err := dsl.ReadDir(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := dsl.Load(sources)
		list := uses(sources, p)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		var cache dsl.Cache
		for _, w := range list[:min(len(list), 80)] {
			bad := mistype(random, w.text)
			if bad == w.text {
				continue
			}
			text := sources[w.file]
			sources[w.file] = text[:w.at] + bad + text[w.at+len(w.text):]
			_, diags, _ := cache.Load(sources)
			sources[w.file] = text
			tried++
			if slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
				return d.Severity == diag.Error && (d.Suggest == w.text || d.Suggest == "profile."+w.text) && d.Span.Start == w.at && d.Span.File.Name == w.file
			}) {
				right++
			} else {
				report := dir + "/" + w.file + ": " + w.text + " as " + bad
				for _, d := range diags[:min(len(diags), 2)] {
					report += "\n\t" + diag.Plain(d)
				}
				wrong = append(wrong, report)
			}
		}
	}
	t.Logf("%d of %d; not:\n%s", right, tried, strings.Join(wrong, "\n"))
	if tried < 200 || right*100 < tried*95 {
		t.Errorf("%d of %d typing errors got the right word", right, tried)
	}
}

// mistype is a word with one letter dropped, doubled, replaced or in the other
// case, or with two swapped.
func mistype(random *rand.Rand, s string) string {
	r := []rune(s)
	i := random.IntN(len(r) - 1)
	switch random.IntN(5) {
	case 0:
		return string(r[:i]) + string(r[i+1:])
	case 1:
		return string(r[:i+1]) + string(r[i:])
	case 2:
		return string(r[:i]) + string(rune('a'+random.IntN(26))) + string(r[i+1:])
	case 3:
		return strings.ToUpper(string(r[:1])) + string(r[1:])
	}
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

// Coverage counts branches, not lines: comments, empty lines and another
// layout change nothing.
func TestCoverageKeepsWithLayout(t *testing.T) {
	for _, dir := range workspaces(t) {
		sources, err := dsl.ReadDir(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		loose := map[string]string{}
		for name, text := range sources {
			loose[name] = text
			if strings.HasSuffix(name, dsl.Extension) && !strings.Contains(text, `"""`) {
				loose[name] = "# A comment.\n\n" + strings.ReplaceAll(strings.ReplaceAll(text, "\n", "   # said aside\n\n"), "  ", "\t ")
			}
		}
		styled := map[string]string{}
		for name, text := range loose {
			styled[name] = text
			if strings.HasSuffix(name, dsl.Extension) {
				out, diags := format.Source(&diag.File{Name: name, Text: text})
				if len(diags) > 0 {
					t.Fatalf("%s/%s: %s", dir, name, diags[0].Message)
				}
				styled[name] = string(out)
			}
		}
		want := taken(t, dir, sources)
		if len(want) == 0 {
			t.Errorf("%s: no branch", dir)
		}
		for what, other := range map[string]map[string]string{"loose": loose, "formatted": styled} {
			if got := taken(t, dir, other); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, not %q", dir, what, got, want)
			}
		}
	}
}

// taken are the branches that every second test of a workspace takes, so that
// some are missing.
func taken(t *testing.T, dir string, sources map[string]string) []string {
	t.Helper()
	p, diags := dsl.Load(sources)
	if p == nil {
		t.Fatalf("%s: %s", dir, diag.Plain(diags[0]))
	}
	plan, cover := simulator.PlanOf(p), simulator.NewCoverage()
	for i, test := range p.Tests {
		if i%2 == 0 {
			simulator.Run(plan, test, cover)
		}
	}
	var list []string
	for _, b := range cover.Branches(p) {
		state := " missing"
		if b.Taken {
			state = " taken"
		}
		list = append(list, b.Journey+" "+b.Step+" "+b.Way+state)
	}
	return list
}
