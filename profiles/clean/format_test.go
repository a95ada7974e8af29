package clean

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"journey/dsl/value"
)

func TestDatesOfExports(t *testing.T) {
	second := value.DateOf(2026, time.March, 2)
	for _, c := range []struct {
		format, raw string
		want        any // nil: refused
	}{
		{"", "2026年3月2日", second},
		{"", "民國115年3月2日", second},
		{"", "中華民國 115 年 03 月 02 日", second},
		{"", "2 March 2026", second},
		{"", "2-Mar-2026", second},
		{"", "March 2, 2026", second},
		{"", "Mar 2 2026 3:04 PM", second},
		{"", "２０２６/０３/０２", second},
		{"", "2026/3/2 下午 03:04:05", second},
		{"", "2026.3.2", second},
		{"", "03/02/2026", nil},
		{"", "13/02/2026", nil}, // the next one of the same file may be 12/02
		{"", "115/03/02", nil},
		{"", "31 February 2026", nil},
		{"", "2 Mar 26", nil},
		{"dd/mm/yyyy", "02/03/2026", second},
		{"dd/mm/yyyy", "2/3/2026", second},
		{"dd/mm/yyyy", "2026-03-02", second}, // says itself what it is
		{"dd/mm/yyyy", "03/13/2026", nil},
		{"dd/mm/yyyy", "02.03.2026", nil},
		{"dd.mm.yyyy", "02.03.2026", second},
		{"mm/dd/yyyy", "03/02/2026", second},
		{"m/d/yy", "3/2/26", second},
		{"m/d/yy", "3/2/1926", nil},
		{"yy-mm-dd", "70-01-01", value.DateOf(1970, time.January, 1)},
		{"yyy/mm/dd", "115/03/02", second},
		{"yyy/mm/dd", "99/12/31", value.DateOf(2010, time.December, 31)},
		{"yyy/mm/dd", "2026/03/02", second},
		{"yyy.mm.dd", "115.3.2", second},
		{"yyymmdd", "1150302", second},
		{"ddmmyyyy", "02032026", second},
	} {
		typ := &value.Type{Kind: value.DateKind, Format: c.format}
		got, err := Value(c.raw, typ, taipei)
		if c.want == nil && err == nil || c.want != nil && got != c.want {
			t.Errorf("%q by %q is %v, %v, want %v", c.raw, c.format, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), c.raw) {
			t.Errorf("the fault repeats the value: %v", err)
		}
	}
}

func TestTimesOfExports(t *testing.T) {
	afternoon := at("2026-03-02T07:04:05Z")
	for _, c := range []struct {
		format, raw string
		want        any
	}{
		{"", "2026/3/2 下午 03:04:05", afternoon},
		{"", "2026/03/02 15:04:05", afternoon},
		{"", "2026年3月2日 15:04", at("2026-03-02T07:04:00Z")},
		{"", "2 Mar 2026 12:00 AM", at("2026-03-01T16:00:00Z")},
		{"", "2026/3/2 下午 13:04:05", nil},
		{"", "02/03/2026 15:04", nil},
		{"dd/mm/yyyy", "02/03/2026 15:04:05", afternoon},
		{"mm/dd/yyyy", "3/2/2026 3:04:05 PM", afternoon},
		{"mm/dd/yyyy", "3/2/2026, 3:04:05 p.m.", afternoon},
		{"yyy/mm/dd", "115/03/02 下午 3:04:05", afternoon},
		{"yyy/mm/dd", "115/03/02", at("2026-03-01T16:00:00Z")},
		{"dd/mm/yyyy", "2026-03-02T07:04:05Z", afternoon},
		{"dd/mm/yyyy", "02/03/2026 25:00", nil},
	} {
		got, err := Value(c.raw, &value.Type{Kind: value.TimeKind, Format: c.format}, taipei)
		if c.want == nil && err == nil || c.want != nil && got != c.want {
			t.Errorf("%q by %q is %v, %v, want %v", c.raw, c.format, got, err, c.want)
		}
	}
}

func TestNumbersOfExports(t *testing.T) {
	for _, c := range []struct {
		country, format, raw string
		want                 any
	}{
		{"TW", "", "1,234", 1234.0},
		{"TW", "", "NT$1,234.50", 1234.5},
		{"TW", "", "１，２３４元", 1234.0},
		{"TW", "", "(1,234)", -1234.0},
		{"TW", "", "1,234-", -1234.0},
		{"TW", "", "-NT$ 5", -5.0},
		{"TW", "", "1.234", 1.234},
		{"TW", "", "12,34", nil},
		{"TW", "", "1,234,56", nil},
		{"DE", "", "1,234", nil},
		{"DE", "", "1.234", nil},
		{"DE", "", "1.234,50 €", 1234.5},
		{"DE", "", "1,5", 1.5},
		{"DE", "", "52.12", 52.12},
		{"", "", "1,234", nil},
		{"", "", "1,234,567", 1234567.0},
		{"", "", "1 234 567", 1234567.0},
		{"", "", "1\u00a0234,5", 1234.5},
		{"", "", "1'234.5", 1234.5},
		{"", "", "--5", nil},
		{"", "", "", nil},
		{"", "", "$", nil},
		{"", "1.234,5", "1.234", 1234.0},
		{"", "1.234,5", "1234,56", 1234.56},
		{"", "1.234,5", "1,234.5", nil},
		{"", "1,234", "1,234", 1234.0},
		{"", "1234,5", "0,125", 0.125},
		{"", "1 234,5", "12\u202f345,6", 12345.6},
	} {
		got, err := Value(c.raw, &value.Type{Kind: value.Number, Format: c.format}, Options{Country: c.country, Import: true})
		if c.want == nil && err == nil || c.want != nil && got != c.want {
			t.Errorf("%q in %q by %q is %v, %v, want %v", c.raw, c.country, c.format, got, err, c.want)
		}
	}
}

func TestYesAndNo(t *testing.T) {
	for _, raw := range []string{"是", "Y"} {
		typ := &value.Type{Kind: value.Boolean}
		if v, err := Value(raw, typ, Options{Import: true}); v != true || err != nil {
			t.Errorf("%q is %v, %v in an import", raw, v, err)
		}
		if v, err := Value(raw, typ, Options{}); err == nil {
			t.Errorf("%q is %v in an event", raw, v)
		}
	}
}

// A date that is written by a format is read by it.
func TestDateByItsFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := value.DateOf(1990, time.January, 1) + value.Date(rapid.IntRange(0, 20000).Draw(t, "day"))
		y, m, day := d.Civil()
		sign := rapid.SampledFrom([]string{"/", "-", ".", " "}).Draw(t, "sign")
		parts := rapid.Permutation([]string{"d", "m", "y"}).Draw(t, "order")
		minguo := rapid.Bool().Draw(t, "minguo")
		var format, text []string
		for _, p := range parts {
			switch p {
			case "d":
				format, text = append(format, "dd"), append(text, fmt.Sprintf("%02d", day))
			case "m":
				format, text = append(format, "mm"), append(text, fmt.Sprintf("%d", int(m)))
			case "y":
				if minguo {
					format, text = append(format, "yyy"), append(text, fmt.Sprintf("%d", y-1911))
				} else {
					format, text = append(format, "yyyy"), append(text, fmt.Sprintf("%04d", y))
				}
			}
		}
		typ := &value.Type{Kind: value.DateKind, Format: strings.Join(format, sign)}
		if err := value.CheckFormat(value.DateKind, typ.Format); err != nil {
			t.Fatal(err)
		}
		got, err := Value(strings.Join(text, sign), typ, Options{})
		if err != nil || got != d {
			t.Fatalf("%s by %s is %v, %v, want %v", strings.Join(text, sign), typ.Format, got, err, d)
		}
	})
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		kind   value.Kind
		format string
		ok     bool
	}{
		{value.DateKind, "dd/mm/yyyy", true}, {value.TimeKind, "yyy.m.d", true}, {value.DateKind, "yyyy年m月d日", true},
		{value.DateKind, "", false}, {value.DateKind, "dd/mm", false}, {value.DateKind, "dd/dd/yyyy", false},
		{value.DateKind, "dd/mm/yyyyy", false}, {value.DateKind, "dd/mmm/yyyy", false}, {value.DateKind, "dd/mm/y", false},
		{value.Number, "1,234.5", true}, {value.Number, "1.234", true}, {value.Integer, "1 234", true}, {value.Number, "1234,5", true},
		{value.Number, "", false}, {value.Number, "1,234,5", false}, {value.Number, "#,##0", false},
		{value.Text, "dd/mm/yyyy", false}, {value.Boolean, "1,234", false},
	} {
		if err := value.CheckFormat(c.kind, c.format); (err == nil) != c.ok {
			t.Errorf("format %q of %s: %v", c.format, c.kind, err)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("dd/mm/yyyy", "02/03/2026 3:04 PM")
	f.Add("yyy年m月d日", "115年3月2日")
	f.Add("1.234,5", "NT$1.234,50")
	f.Fuzz(func(t *testing.T, format, s string) {
		for _, k := range []value.Kind{value.DateKind, value.TimeKind, value.Number, value.Integer, value.Boolean} {
			once, err := Value(s, &value.Type{Kind: k, Format: format}, Options{Import: true})
			if err != nil {
				continue
			}
			if twice, err := Value(once, &value.Type{Kind: k, Format: format}, Options{}); err != nil || !value.Equal(once, twice) {
				t.Fatalf("%v read as %v, then as %v, %v", s, once, twice, err)
			}
		}
	})
}
