package dsl

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// load compiles one file that must be right.
func load(t *testing.T, text string) *Program {
	t.Helper()
	p, diags := Load(map[string]string{"a.journey": text})
	if p == nil {
		t.Fatalf("it is wrong:\n%s", describe(diags))
	}
	return p
}

func TestDefaults(t *testing.T) {
	p, diags := Load(nil)
	if p == nil || len(diags) > 0 {
		t.Fatalf("an empty workspace is wrong:\n%s", describe(diags))
	}
	s := p.Settings
	if s.Zone.String() != "UTC" || s.Country != "" || s.Currency != "" || s.ConsentAssumed || s.LateAfter != value.Day {
		t.Errorf("settings are %+v", s)
	}
	if got := strings.Join(s.Identify, " "); got != "user_id anonymous_id" {
		t.Errorf("identify is %s", got)
	}
	for _, name := range []string{"user_id", "anonymous_id", "timezone", "language", "tags", "consent", "topics", "suppressed"} {
		if trait, ok := p.TraitByWire(name); !ok || trait.Name != name {
			t.Errorf("no trait %s", name)
		}
	}
	for _, name := range []string{"page_viewed", "screen_viewed", "message_sent", "message_delivered", "message_opened",
		"message_clicked", "message_bounced", "message_complained", "unsubscribed"} {
		if event, ok := p.EventByWire(name); !ok || event.Name != name {
			t.Errorf("no event %s", name)
		}
	}
	if id, _ := p.Trait("user_id"); !id.Identifier || id.Limit != 1 {
		t.Errorf("user_id is %+v", id)
	}
}

func TestSettings(t *testing.T) {
	p := load(t, `
workspace {
  timezone "Asia/Taipei"
  country TW
  currency TWD
  consent assumed
  identify phone, user_id
  late after 2 days
}
trait email: email identifier up to 3
trait phone: phone identifier
trait card: text identifier
`)
	s := p.Settings
	if s.Zone.String() != "Asia/Taipei" || s.Country != "TW" || s.Currency != "TWD" || !s.ConsentAssumed || s.LateAfter != 2*value.Day {
		t.Errorf("settings are %+v", s)
	}
	if got := strings.Join(s.Identify, " "); got != "phone user_id anonymous_id email card" {
		t.Errorf("identify is %s", got)
	}
	if e, _ := p.Trait("email"); e.Limit != 3 {
		t.Errorf("email up to %d", e.Limit)
	}
	if e, _ := p.Trait("card"); e.Limit != 5 {
		t.Errorf("card up to %d", e.Limit)
	}
}

// TestHash: the hash is that of the files in use, and of nothing else.
func TestHash(t *testing.T) {
	sources := map[string]string{
		"a.journey":   "trait email: email identifier\nmessage m via email { subject \"s\" text file \"m.txt\" }\n",
		"m.txt":       "hello",
		"b/c.journey": "event e\njourney j { enter on e once send m }\n",
		"README.md":   "not in use",
	}
	hash := func(change func(map[string]string)) string {
		t.Helper()
		s := maps.Clone(sources)
		change(s)
		p, diags := Load(s)
		if p == nil {
			t.Fatalf("it is wrong:\n%s", describe(diags))
		}
		return p.Hash
	}
	base := hash(func(map[string]string) {})
	if len(base) != 64 {
		t.Errorf("the hash is %q", base)
	}
	if got := hash(func(s map[string]string) { s["README.md"] = "other"; s["z.txt"] = "" }); got != base {
		t.Error("a file that is not in use changes the hash")
	}
	for name, change := range map[string]func(map[string]string){
		"a template": func(s map[string]string) { s["m.txt"] = "hallo" },
		"a source":   func(s map[string]string) { s["a.journey"] += "# a comment\n" },
		"a name":     func(s map[string]string) { s["b/d.journey"] = s["b/c.journey"]; delete(s, "b/c.journey") },
		"a new file": func(s map[string]string) { s["e.journey"] = "" },
		"what is where": func(s map[string]string) {
			s["a.journey"], s["b/c.journey"] = s["b/c.journey"], strings.Replace(s["a.journey"], "m.txt", "../m.txt", 1)
		},
	} {
		if hash(change) == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
}

func TestReadDir(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	fsys := fstest.MapFS{
		"shop/a.journey": file(`message m via email { subject file "../texts/s.txt" text file "missing.txt" html file "dir" }
message n via email { subject "x" text file "../../outside.txt" html file "a.html" }`),
		"texts/s.txt":              file("s"),
		"texts/unused.txt":         file("u"),
		"shop/a.html":              file("h"),
		"shop/dir/x.txt":           file("x"),
		".git/b.journey":           file("trait x: text"),
		"node_modules/c.journey":   file("trait x: text"),
		"b.journey/not_a_file.txt": file("folders may be called so"),
		"d.journey":                file("this is wrong {"),
	}
	got, err := ReadDir(fsys)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(slices.Sorted(maps.Keys(got)), " ")
	if names != "d.journey shop/a.html shop/a.journey texts/s.txt" {
		t.Errorf("read %s", names)
	}

	fsys["big.journey"] = &fstest.MapFile{Data: bytes.Repeat([]byte("#"), MaxFileBytes+1)}
	if _, err := ReadDir(fsys); err == nil || !strings.Contains(err.Error(), "big.journey") {
		t.Errorf("a file that is too large: %v", err)
	}
}

// TestReads: what a program keeps is what its conditions, waits, exits, goals
// and templates read.
func TestReads(t *testing.T) {
	p := load(t, `
trait email: email identifier
trait spent: number = sum(order, .total)
event order { id: text, total: number, items: list of any, note: text }
event viewed { sku: text, price: number }
event seen { sku: text }
event other { x: text }
segment a = count(viewed in last 30 days) > 3 and last(order).id == "x"
segment b = any(viewed in last 60 days, .sku == "x")
segment c = mean(viewed in last 7 days, .price) > 5 and count(viewed in last 7 days) > 1 and sum(viewed in last 5 days, .price) > 3
message m via email { subject "{{ event.price }}" text "x" }
journey j {
  enter on other where event.x == "a"
  once
  exit on seen where event.sku == "x"
  wait up to 3 days for viewed since entry { send m }
}
test "t" { expect any(other, .x == "y") at 1h }
`)
	var got []string
	for _, r := range p.Keeps() {
		got = append(got, r.Event+" "+strings.Join(r.Props, ",")+" "+r.Window.String())
	}
	want := []string{"seen sku 1d", "viewed price,sku 0s"}
	if !slices.Equal(got, want) {
		t.Errorf("keeps\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = nil
	for _, r := range p.Runnings() {
		got = append(got, r.Key()+" "+strings.Join(r.Props, ","))
	}
	if want := []string{"last order id", "sum order.total "}; !slices.Equal(got, want) {
		t.Errorf("running values %q, want %q", got, want)
	}
	got = nil
	for _, r := range p.Hours() {
		got = append(got, r.Key()+" "+r.Window.String())
	}
	if want := []string{"viewed 30d", "viewed.price 1w"}; !slices.Equal(got, want) {
		t.Errorf("by the hour %q, want %q", got, want)
	}
	n := 0
	p.Exprs(func(*cond.Expr) { n++ })
	if n != 7 {
		t.Errorf("%d expressions, want 6", n)
	}
	keeps := func(p *Program) bool {
		return slices.ContainsFunc(p.Keeps(), func(r cond.EventRead) bool { return r.Event == "other" })
	}
	if keeps(p) || !keeps(p.ForTests()) {
		t.Error("what tests read is kept for them alone")
	}
}

// TestShop: the example is right, without a warning.
func TestShop(t *testing.T) {
	sources, err := ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	p, diags := Load(sources)
	if p == nil || len(diags) > 0 {
		t.Fatalf("the shop is wrong:\n%s", describe(diags))
	}
}

func BenchmarkLoad(b *testing.B) {
	sources, err := ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, text := range sources {
		n += len(text)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		if p, _ := Load(sources); p == nil {
			b.Fatal("the shop is wrong")
		}
	}
}

// TestRepetition: what is written again and again is answered in time, with
// no more mistakes than anybody would read.
func TestRepetition(t *testing.T) {
	for _, line := range []string{"quiet 09:00 to 10:00\n", "cap all 3 per 1d\n", "topics a\n", "suppress sms when segment.x\n"} {
		text := "workspace {\n" + strings.Repeat(line, 20_000) + "}\n"
		_, diags := Load(map[string]string{"a.journey": text})
		if len(diags) > 2*maxMistakes {
			t.Errorf("%q: %d mistakes", line, len(diags))
		}
	}
	body := "event e { a: text }\nwebhook w { url \"https://a.example\" }\njourney j {\nenter on e\nonce\n"
	for _, line := range []string{"repeat up to 30 times { tag \"x\" }\n", "emit e { b: 1 }\n", "call w with { b: 1 } as x\n", "start j\n"} {
		_, diags := Load(map[string]string{"a.journey": body + strings.Repeat(line, 10_000) + "}\n"})
		if len(diags) > 2*maxMistakes {
			t.Errorf("%q: %d mistakes", line, len(diags))
		}
	}
}
