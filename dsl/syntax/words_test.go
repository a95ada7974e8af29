package syntax

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// What can stand at the `|`, among all words of the language.
func TestWords(t *testing.T) {
	in := func(steps string) string { return "journey j {\n  enter on e\n  " + steps }
	inTest := func(line string) string { return "test \"t\" {\n  " + line }
	for _, c := range []struct{ text, want string }{
		{"|", "event import journey message segment tag test trait webhook workspace"},
		{"trait a: text\n|", "event import journey message segment tag test trait webhook workspace"},
		{"workspace { |", "cap consent control country currency identify late never quiet suppress timezone topics"},
		{"trait a: |", "any boolean country currency date duration email integer language list of number phone text time timezone url"},
		{"trait a: text |", "format identifier one of"},
		{"event e { a: number |", "format one of optional"},
		{"message m via email { |", "html image in json method subject text title to topic transactional url valid"},
		{"message m via email { text |", "file"},
		{"message m |", "via"},
		{"import i from csv |", "as live"},
		{in("wait until 22:00 to 06:00 on |"), "friday monday saturday sunday thursday tuesday wednesday weekdays weekends"},
		{inTest("expect goal purchase without |"), "value"},
		{"journey j { |", "again call clear control emit enter exit goal if let once only priority repeat send set split start tag transactional untag wait"},
		{in("|"), "again call clear control emit enter exit goal if let once only priority repeat send set split start tag transactional untag wait"},
		{in("tag \"x\"\n  |"), "call clear emit exit if let repeat send set split start tag untag wait"},
		{in("if true {\n  |"), "call clear emit exit if let repeat send set split start tag untag wait"},
		{in("if true { tag \"x\" }\n  |"), "call clear else emit exit if let repeat send set split start tag untag wait"},
		{in("if true { tag \"x\" } |"), "else"},
		{in("enter |"), "daily monthly on when yearly"},
		{in("enter on |"), "change of friday monday request saturday sunday thursday tuesday wednesday weekdays weekends"},
		{in("enter on change of |"), "profile"},
		{in("enter on e |"), "each where"},
		{in("enter when profile.x |"), "and contains endsWith in including is missing is set matches or startsWith where"},
		{in("again |"), "after"},
		{in("again after |"), "exit not"},
		{in("again after 3 |"), "and contains day days endsWith hour hours in is missing is set matches minute minutes or per second seconds startsWith week weeks"},
		{in("goal g |"), "on"},
		{in("goal g on e |"), "where within"},
		{in("exit |"), "on when"},
		{in("exit on |"), "change of goal"},
		{in("only |"), "while"},
		{in("wait |"), "not until up"},
		{in("wait until |"), "friday hour monday no not saturday sunday thursday tomorrow tuesday wednesday weekdays weekends"},
		{in("wait until 09:00 |"), "on to"},
		{in("wait up to 1 day |"), "and contains endsWith for in is missing is set matches or startsWith until"},
		{in("wait up to 1 day for { |"), "change of when"},
		{in("send |"), ""},
		{in("send m |"), "otherwise with"},
		{in("if event_in |"), "and contains endsWith in in last is missing is set matches or startsWith"},
		{in("if count(e |"), "and contains endsWith in in last is missing is set matches or startsWith"},
		{in("if count(e in last |"), ""},
		{in("if |"), "not"},
		{in("if x == |"), "not"},
		{in("if x and |"), "not"},
		{in("repeat up to 3 |"), "times"},
		{in("let a = \"|"), ""},
		{in("let a = 1 # |"), ""},
		{inTest("|"), "assume at expect given start"},
		{inTest("expect |"), "end enter exit fail goal no not send skip"},
		{inTest("expect no |"), "goal send"},
		{inTest("expect send m |"), "at to with"},
		{inTest("at 30m |"), "event request set"},
		{inTest("at 30 |"), "day days hour hours minute minutes second seconds week weeks"},
		{inTest("assume |"), "call control segment split"},
		{inTest("assume segment s |"), "is false is true"},
	} {
		got := strings.Join(Words(strings.TrimSuffix(c.text, "|"), len(c.text)-1), " ")
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// At every place of a whole file there is an answer, and quickly; where a word
// of the language stands, it is among the answers.
func TestWordsEverywhere(t *testing.T) {
	source, err := os.ReadFile("testdata/shop.journey")
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	start, n := time.Now(), 0
	for i, tok := range scan(text).tokens {
		if i%3 > 0 {
			continue
		}
		words := Words(text, tok.Pos.Offset)
		n++
		if tok.Type == tokName && languageWords[tok.Value] && !isProperty(text, tok) && tok.Value != "webhook" && !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, tok.Value) }) {
			line := text[strings.LastIndex(text[:tok.Pos.Offset], "\n")+1 : tok.Pos.Offset]
			t.Errorf("%s| %s is not among %v", line, tok.Value, words)
		}
	}
	t.Logf("%v an answer", time.Since(start)/time.Duration(n))
}

// Whatever stands before the cursor, there is an answer.
func FuzzWords(f *testing.F) {
	f.Add("journey j {\n  enter on e\n  wait until ")
	f.Add("test \"t\" { expect ")
	f.Add("journey j { split s { 50% a { if x == (")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		Words(text, len(text))
		Words(text, len(text)/2)
	})
}

// No character of a source is taken for the mark.
func TestNoMarkInSources(t *testing.T) {
	for _, text := range []string{" \n\x00", "\x01", "journey j {\n\x00\n}", "segment s = \x00"} {
		_, ds := parse(text)
		if len(ds) == 0 {
			t.Errorf("%q is right", text)
		}
		for _, d := range ds {
			if d.Code == "" || d.Message == "" {
				t.Errorf("%q: got %+v", text, d)
			}
		}
	}
}
