package ingest

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// parse reads a whole document.
func parse(src string) (any, *flaw) {
	p := borrow(src)
	defer give(p)
	p.space()
	v, ok := p.value()
	if !ok || !p.end() {
		return nil, p.flaw
	}
	return v, nil
}

// valid says whether discard takes a document.
func valid(src string) bool {
	p := borrow(src)
	defer give(p)
	p.space()
	return p.discard() && p.end()
}

// skippable says whether skip takes a document.
func skippable(src string) bool {
	p := borrow(src)
	defer give(p)
	p.space()
	return p.skip() && p.end()
}

var documents = []string{
	`null`, `true`, `false`, `0`, `-0`, `-1`, `12`, `123456789012345`, `1234567890123456`, `-12345678901234567890`,
	`1.5`, `0.1`, `1e3`, `1E+3`, `1e-400`, `2.2250738585072014e-308`, `1.7976931348623157e308`, `0.30000000000000004`,
	`""`, `"a"`, `"安"`, `"\"\\\/\b\f\n\r\t"`, `"\u5b89"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`, `"a\u0000b"`,
	`[]`, `[ ]`, `[1]`, `[1,"a",null,[true]]`, `{}`, `{ }`, `{"a":1}`, `{"a":{"b":[1,{"c":null}]},"d":"e"}`,
	" \t\r\n{ \"a\" : [ 1 , 2 ] } \n", `{"":1}`, `{"a\u0062":1}`,
	`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`,
}

func TestValues(t *testing.T) {
	for _, src := range documents {
		t.Run(src, func(t *testing.T) {
			var want any
			if err := json.Unmarshal([]byte(src), &want); err != nil {
				t.Fatal(err)
			}
			got, flaw := parse(src)
			if flaw != nil {
				t.Fatal(flaw.message)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
			if n, ok := got.(float64); ok && math.Signbit(n) != math.Signbit(want.(float64)) {
				t.Error("another sign")
			}
			if !valid(src) || !skippable(src) {
				t.Errorf("valid %v, skippable %v", valid(src), skippable(src))
			}
		})
	}
}

var broken = []string{
	``, ` `, `nul`, `nulls`, `tru`, `+1`, `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `0x1`, `NaN`, `Infinity`,
	`"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", "\"\x00\"", `'a'`,
	`[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{1:1}`, `{"a" 1}`, `{"a":1 "b":2}`,
	`[}`, `{]`, `1 2`, `{} x`, "\ufeff{}", `// c`, `[1]]`,
}

func TestBroken(t *testing.T) {
	for _, src := range broken {
		t.Run(src, func(t *testing.T) {
			if json.Valid([]byte(src)) {
				t.Fatal("encoding/json takes it")
			}
			_, flaw := parse(src)
			if flaw == nil || !flaw.fatal {
				t.Errorf("flaw %+v", flaw)
			}
			if valid(src) || skippable(src) {
				t.Errorf("valid %v, skippable %v", valid(src), skippable(src))
			}
		})
	}
}

func object(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return "{" + b.String()[1:] + "}"
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("k", maxKey+1)
	for _, c := range []struct{ name, src, code, field string }{
		{"depth", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), "too-deep", ""},
		{"depth 10000", strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), "too-deep", ""},
		{"depth 10000, not closed", strings.Repeat(`[`, 10000), "too-deep", ""},
		{"keys", object(maxKeys + 1), "too-many-keys", ""},
		{"long key", `{"a":{"` + long + `":1}}`, "key-too-long", "a." + long[1:] + "…"},
		{"twice", `{"a":{"b":1,"c":2,"b":3}}`, "duplicate-key", "a.b"},
		{"twice, spelt differently", `{"a\u0062":1,"ab":2}`, "duplicate-key", "ab"},
		{"twice among many", object(40)[:len(object(40))-1] + `,"k7":1}`, "duplicate-key", "k7"},
		{"utf-8", "{\"a\":\"\xff\"}", "invalid-utf8", "a"},
		{"utf-8, key", "{\"\xe5\xae\":1}", "invalid-utf8", ""},
		{"utf-8, surrogate", "[\"\xed\xa0\x80\"]", "invalid-utf8", "0"},
		{"number", `{"a":[1,1e400]}`, "number-too-large", "a.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, flaw := parse(c.src)
			if flaw == nil || flaw.fatal || flaw.code != c.code {
				t.Fatalf("flaw %+v", flaw)
			}
			if !strings.HasPrefix(flaw.field, strings.TrimSuffix(c.field, "…")) && c.name != "depth 10000" {
				t.Errorf("field %q, want %q", flaw.field, c.field)
			}
			if len(flaw.field) > 512 || !utf8.ValidString(flaw.field) {
				t.Errorf("field %q", flaw.field)
			}
			if valid(c.src) {
				t.Error("discard takes it")
			}
			if want := json.Valid([]byte(c.src)); c.name != "depth 10000" && skippable(c.src) != want {
				t.Errorf("skippable %v, want %v", !want, want)
			}
		})
	}
	for _, src := range []string{
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), object(maxKeys), `{"` + long[1:] + `":1}`,
	} {
		if _, flaw := parse(src); flaw != nil {
			t.Errorf("within the bounds: %+v", flaw)
		}
		if !valid(src) {
			t.Error("within the bounds: discard does not take it")
		}
	}
	if !skippable(strings.Repeat(`{"a":[`, 100000) + strings.Repeat("]}", 100000)) {
		t.Error("skip does not take what is very deep")
	}
}

// TestTextsAreCopied: of a large document, texts must not keep it in memory.
func TestTextsAreCopied(t *testing.T) {
	p := borrow(`["` + strings.Repeat("x", aliasBelow) + `"]`)
	defer give(p)
	if !p.clone {
		t.Error("texts of a large document are parts of it")
	}
}

// within says whether a document that encoding/json takes keeps our bounds.
func within(v any, depth int) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if !within(e, depth+1) {
				return false
			}
		}
		return depth < maxDepth
	case map[string]any:
		for k, e := range v {
			if len(k) > maxKey || !within(e, depth+1) {
				return false
			}
		}
		return depth < maxDepth && len(v) <= maxKeys
	}
	return true
}

// FuzzParse compares with encoding/json: what we take, it takes, and reads
// the same; what it takes and we do not, breaks one of our bounds.
func FuzzParse(f *testing.F) {
	for _, list := range [][]string{documents, broken} {
		for _, src := range list {
			f.Add(src)
		}
	}
	f.Add(`{"a":1,"a":2}`)
	f.Add("{\"a\":\"\xff\"}")
	f.Add(strings.Repeat(`{"a":[`, 40))
	f.Fuzz(func(t *testing.T, src string) {
		var want any
		err := json.Unmarshal([]byte(src), &want)
		got, flaw := parse(src)
		syntax := json.Valid([]byte(src))
		if ok := skippable(src); ok != syntax && !strings.Contains(fmt.Sprint(err), "max depth") {
			t.Errorf("skippable %v, valid JSON %v", ok, syntax)
		}
		if (flaw == nil) != valid(src) {
			t.Errorf("value %+v, discard %v", flaw, valid(src))
		}
		if flaw == nil {
			if err != nil {
				t.Fatalf("taken, and encoding/json: %v", err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got %#v, want %#v", got, want)
			}
			if !within(got, 0) || !utf8.ValidString(src) {
				t.Fatal("taken beyond the bounds")
			}
			return
		}
		if err == nil && flaw.fatal {
			t.Fatalf("said to be broken, and is not: %s", flaw.message)
		}
		if err == nil && flaw.code != "duplicate-key" && within(want, 0) && utf8.ValidString(src) && flaw.code != "key-too-long" {
			t.Fatalf("refused within the bounds: %+v", flaw)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	src := sampleTrack
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			if _, flaw := parse(src); flaw != nil {
				b.Fatal(flaw)
			}
		}
	})
	b.Run("event", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			var e event
			if flaw := parseEvent(src, &e, segment); flaw != nil {
				b.Fatal(flaw)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		body := []byte(src)
		for b.Loop() {
			var v map[string]any
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sampleTrack is an event of 300 bytes.
const sampleTrack = `{"messageId":"0b8fc4a2-3d54-4a4b-8a3e-1f6c7f0c2f11","type":"track","userId":"user-1234","event":"Order Completed",` +
	`"timestamp":"2026-03-02T09:00:00.000Z","sentAt":"2026-03-02T09:00:01.000Z","properties":{"order_id":"o-77123","total":1280.5,` +
	`"currency":"TWD","coupon":null,"items":[{"sku":"tea-1","quantity":2}]}}`
