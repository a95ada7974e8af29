package clean

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"journey/dsl/value"
	"journey/profiles"
)

var taipei = Options{Zone: mustZone("Asia/Taipei"), Country: "TW"}

func mustZone(name string) *time.Location {
	z, ok := value.Zone(name)
	if !ok {
		panic(name)
	}
	return z
}

func at(s string) value.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return value.TimeOf(t)
}

func day(y int, m time.Month, d int) value.Date { return value.DateOf(y, m, d) }

func TestValue(t *testing.T) {
	type row struct {
		kind value.Kind
		raw  any
		want any // nil: refused
	}
	for _, c := range []row{
		{value.Email, "  Ann@Example.COM ", "ann@example.com"},
		{value.Email, "ａｎｎ＠example.com", "ann@example.com"},
		{value.Email, "ann@bücher.example", "ann@xn--bcher-kva.example"},
		{value.Email, "ann.b+tag@example.com", "ann.b+tag@example.com"},
		{value.Email, "ann@localhost", nil},
		{value.Email, "ann", nil},
		{value.Email, "a@b@c.example", nil},
		{value.Email, "ann@example.com\r\nBcc: x@y.example", nil},
		{value.Phone, "0912-345-678", "+886912345678"},
		{value.Phone, "０９１２３４５６７８", "+886912345678"},
		{value.Phone, "+1 650 253 0000", "+16502530000"},
		{value.Phone, "12", nil},
		{value.Number, " 1.5 ", 1.5},
		{value.Number, "１２", 12.0},
		{value.Number, "-0", 0.0},
		{value.Number, "1,000", nil}, // separators are for imports, which declare them
		{value.Number, "NaN", nil},
		{value.Number, "0x10", nil},
		{value.Number, "1e999", nil},
		{value.Number, true, nil},
		{value.Integer, 3.0, 3.0},
		{value.Integer, 3.5, nil},
		{value.Boolean, "TRUE", true},
		{value.Boolean, 0.0, false},
		{value.Boolean, 2.0, nil},
		{value.DateKind, "2026-03-02", day(2026, 3, 2)},
		{value.DateKind, "2026/3/2", day(2026, 3, 2)},
		{value.DateKind, "2026-03-02T23:00:00-08:00", day(2026, 3, 2)},
		{value.DateKind, "2026-W10-1", day(2026, 3, 2)},
		{value.DateKind, "2026-061", day(2026, 3, 2)},
		{value.DateKind, "2026-W54-1", nil},
		{value.DateKind, "2026-02-30", nil},
		{value.DateKind, "02/03/2026", nil}, // never guessed
		{value.TimeKind, "2026-03-02T09:00:00+08:00", at("2026-03-02T01:00:00Z")},
		{value.TimeKind, "2026-03-02 09:00", at("2026-03-02T01:00:00Z")},
		{value.TimeKind, "2026-03-02", at("2026-03-01T16:00:00Z")},
		{value.TimeKind, 1772413200.0, at("2026-03-02T01:00:00Z")},
		{value.TimeKind, 1772413200123.0, at("2026-03-02T01:00:00.123Z")},
		{value.TimeKind, "1772413200", at("2026-03-02T01:00:00Z")},
		{value.TimeKind, "Mon, 02 Mar 2026 01:00:00 GMT", at("2026-03-02T01:00:00Z")},
		{value.TimeKind, "tomorrow", nil},
		{value.DurationKind, "1h30m", 90 * value.Minute},
		{value.DurationKind, "3d", 3 * value.Day},
		{value.DurationKind, "3", nil},
		{value.URL, "https://example.com/a?b=c", "https://example.com/a?b=c"},
		{value.URL, "javascript:alert(1)", nil},
		{value.Country, "tw", "TW"},
		{value.Country, "Taiwan", nil},
		{value.Language, "zh-hant-tw", "zh-Hant-TW"},
		{value.Currency, "twd", "TWD"},
		{value.Currency, "XYZW", nil},
		{value.Timezone, "Asia/Taipei", "Asia/Taipei"},
		{value.Timezone, "Local", nil},
		{value.Timezone, "Asia/Nowhere", nil},
		{value.Text, 12.0, "12"},
		{value.Text, "e\u0301", "é"},
		{value.Text, []any{}, nil},
		{value.Text, strings.Repeat("x", maxText+1), nil},
	} {
		t.Run(fmt.Sprintf("%s %v", c.kind, c.raw), func(t *testing.T) {
			got, err := Value(c.raw, &value.Type{Kind: c.kind}, taipei)
			if c.want == nil {
				if err == nil {
					t.Fatalf("read as %v, want a refusal", got)
				}
				if s, ok := c.raw.(string); ok && len(s) > 3 && strings.Contains(err.Error(), s) {
					t.Fatalf("the fault repeats the value: %v", err)
				}
				return
			}
			if err != nil || got != c.want || got == 0.0 && math.Signbit(got.(float64)) {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestObject(t *testing.T) {
	typ := &value.Type{Kind: value.Object, Fields: []value.Field{
		{Name: "total", Type: &value.Type{Kind: value.Number}},
		{Name: "city", Wire: "address.city", Type: &value.Type{Kind: value.Text}},
		{Name: "tier", Type: &value.Type{Kind: value.Text, OneOf: []string{"gold"}}, Optional: true},
		{Name: "items", Type: &value.Type{Kind: value.List, Elem: &value.Type{Kind: value.Object, Fields: []value.Field{
			{Name: "sku", Type: &value.Type{Kind: value.Text}}}}}},
	}}
	got, faults := Object(map[string]any{
		"total": "120", "address": map[string]any{"city": "台北"}, "tier": "lead", "other": 1.0,
		"items": []any{map[string]any{"sku": 7.0}},
	}, typ, taipei)
	want := map[string]any{
		"total": 120.0, "city": "台北", "address": map[string]any{"city": "台北"}, "other": 1.0,
		"items": []any{map[string]any{"sku": "7"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]profiles.Fault{{Field: "tier", Reason: "is none of the values that are declared"}}, faults); d != "" {
		t.Error(d)
	}
}

func TestIdentifies(t *testing.T) {
	for _, s := range []string{"", "  ", "0000", "-", "0-0", "-1", "NULL", "'undefined'", `"anonymous"`, "[object Object]", strings.Repeat("a", 600), "an\uFFFD"} {
		if Identifies(s) {
			t.Errorf("%q identifies somebody", s)
		}
	}
	for _, s := range []string{"ann", "1", "00001", "ann@example.com", "+886912345678"} {
		if !Identifies(s) {
			t.Errorf("%q identifies nobody", s)
		}
	}
}

// Cleaning is stable: what was read is read as itself again.
func TestCleanTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := value.Kind(rapid.IntRange(int(value.Any), int(value.Timezone)).Draw(t, "kind"))
		raw := rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.Float64(), func(f float64) any { return f }),
			rapid.Map(rapid.SampledFrom([]string{"0912345678", "ann@Example.com", "2026-03-02", "tw", "twd", "en", "1h", "true", "7"}), func(s string) any { return s }),
		).Draw(t, "raw")
		typ := &value.Type{Kind: kind}
		once, err := Value(raw, typ, taipei)
		if err != nil {
			return
		}
		twice, err := Value(once, typ, taipei)
		if err != nil || !value.Equal(once, twice) {
			t.Fatalf("%v read as %v, then as %v, %v", raw, once, twice, err)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"ann@example.com", "0912345678", "2026-W10-1", "1h30m", "Mon, 02 Mar 2026 01:00:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for k := value.Any; k <= value.Timezone; k++ {
			_, _ = Value(s, &value.Type{Kind: k}, taipei) // must not panic
		}
		Identifies(s)
	})
}
