package syntax

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"
)

// languageWords are the words of the language, whose typing errors the parser
// can find. The names of a program are the checker's business.
var languageWords = wordSet(strings.Fields(`
	workspace trait event segment message journey timezone country currency consent identify late
	subject html text transactional url method json enter once again only exit goal
	wait send split set clear tag untag let where within value otherwise including since else identifier optional
	text number date integer list days hours weekdays
	webhook import test quiet control topics suppress title image topic valid doubt resend calendar day per
	yearly daily monthly before each priority repeat times every while emit call start returns until
	given assume expect fails set request`)...)

// Nearly every typing error of one letter in a word of the language is
// answered with the right word, and with nothing else.
func TestTypingErrors(t *testing.T) {
	source, err := os.ReadFile("testdata/shop.journey")
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	random := rand.New(rand.NewPCG(1, 2))
	tried, right := 0, 0
	var wrong []string
	for _, tok := range scan(text).tokens {
		if tok.Type != tokName || !languageWords[tok.Value] || len(tok.Value) < 4 || isProperty(text, tok) {
			continue
		}
		for range 5 {
			word := mistype(random, tok.Value)
			if word == tok.Value {
				continue
			}
			_, ds := parse(text[:tok.Pos.Offset] + word + text[tok.Pos.Offset+len(tok.Value):])
			tried++
			if len(ds) == 1 && ds[0].Suggest == tok.Value && ds[0].Span.Start == tok.Pos.Offset {
				right++
				continue
			}
			report := tok.Value + " as " + word + ":"
			for _, d := range ds {
				report += "\n\t" + describe(d)
			}
			wrong = append(wrong, report)
		}
	}
	t.Logf("%d of %d; not:\n%s", right, tried, strings.Join(wrong, "\n"))
	if tried < 500 || right*100 < tried*95 {
		t.Errorf("%d of %d typing errors got the right word and nothing else", right, tried)
	}
}

// isProperty says whether a word is the name of a property or a member.
func isProperty(text string, tok lexer.Token) bool {
	after := strings.TrimLeft(text[tok.Pos.Offset+len(tok.Value):], " ")
	if strings.HasSuffix(text[:tok.Pos.Offset], "with ") {
		return true // a field of a message
	}
	return strings.HasPrefix(after, ":") || strings.HasPrefix(after, ".") || strings.HasSuffix(text[:tok.Pos.Offset], ".")
}

// mistype is a word with one letter dropped, doubled, replaced or swapped.
func mistype(random *rand.Rand, word string) string {
	i := random.IntN(len(word) - 1)
	switch random.IntN(4) {
	case 0:
		return word[:i] + word[i+1:]
	case 1:
		return word[:i] + word[i:i+1] + word[i:]
	case 2:
		return word[:i] + string(rune('a'+random.IntN(26))) + word[i+1:]
	}
	return word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:]
}
