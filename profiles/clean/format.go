package clean

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"journey/dsl/value"
)

// clockText reads the time of day that stands behind a date, as exports write
// it: 15:04, 15:04:05.123, 3:04 PM, 下午 03:04:05; with nothing there it is
// midnight.
func clockText(s string) (value.Duration, bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "T"), ","))
	if s == "" {
		return 0, true
	}
	half := 0 // 1: before noon, 2: after
	lower := strings.ToLower(s)
	for i, words := range [][]string{{"am", "a.m.", "上午"}, {"pm", "p.m.", "下午"}} {
		for _, w := range words {
			if strings.HasPrefix(lower, w) {
				half, lower = i+1, strings.TrimSpace(lower[len(w):])
			} else if strings.HasSuffix(lower, w) {
				half, lower = i+1, strings.TrimSpace(lower[:len(lower)-len(w)])
			}
		}
	}
	for _, form := range []string{"15:04:05.999999999", "15:04"} {
		t, err := time.Parse(form, padded(lower))
		if err != nil {
			continue
		}
		h := t.Hour()
		switch {
		case half != 0 && (h < 1 || h > 12):
			return 0, false
		case half != 0:
			h = h%12 + 12*(half-1)
		}
		return value.Duration(h)*value.Hour + value.Duration(t.Minute())*value.Minute +
			value.Duration(t.Second())*value.Second + value.Duration(t.Nanosecond()/1e6), true
	}
	return 0, false
}

// padded gives an hour of one digit its second.
func padded(s string) string {
	if len(s) > 1 && s[1] == ':' {
		return "0" + s
	}
	return s
}

// written are dates that can be read in one way only, beside those of ISO
// 8601: with 年, with 民國, or with the month's name.
func written(s string) (value.Date, string, bool) {
	if rest, ok := cutAny(s, "中華民國", "民國"); ok {
		return value.DateBy("yyy年m月d日", strings.TrimSpace(rest))
	}
	if strings.Contains(s, "年") {
		return value.DateBy("yyyy年m月d日", s)
	}
	return namedMonth(s)
}

// plainForms are dates as ISO 8601 has them, but for zeros and signs.
var plainForms = []string{"yyyy-m-d", "yyyy/m/d", "yyyy.m.d"}

func cutAny(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return s, false
}

// namedMonth reads 2 March 2026, 2-Mar-2026 and March 2, 2026.
func namedMonth(s string) (value.Date, string, bool) {
	words := make([]string, 0, 3)
	rest := s
	for len(words) < 3 {
		rest = strings.TrimLeft(rest, " ,.-/")
		n := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(rest)
		}
		if n == 0 {
			return 0, "", false
		}
		words, rest = append(words, rest[:n]), rest[n:]
	}
	month, at := 0, 0
	for i, w := range words[:2] {
		if m := monthNamed(w); m != 0 {
			month, at = m, i
		}
	}
	day, err := strconv.Atoi(words[1-at])
	if month == 0 || err != nil || len(words[2]) != 4 {
		return 0, "", false
	}
	year, err := strconv.Atoi(words[2])
	if err != nil {
		return 0, "", false
	}
	d, ok := value.CivilDate(year, month, day)
	return d, rest, ok
}

// monthNamed is the number of an English month, whole or by three letters.
func monthNamed(s string) int {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(s, m.String()) || strings.EqualFold(s, m.String()[:3]) {
			return int(m)
		}
	}
	return 0
}

// dated reads a date in one of the forms of exports, and returns the time of
// day behind it.
func dated(s, format string) (value.Date, value.Duration, bool) {
	try := func(d value.Date, rest string, ok bool) (value.Date, value.Duration, bool) {
		if !ok {
			return 0, 0, false
		}
		clock, ok := clockText(rest)
		return d, clock, ok
	}
	if format != "" {
		if d, clock, ok := try(value.DateBy(format, s)); ok {
			return d, clock, true
		}
	}
	for _, form := range plainForms {
		if d, clock, ok := try(value.DateBy(form, s)); ok {
			return d, clock, true
		}
	}
	return try(written(s))
}

// ambiguous says whether a text looks like a date of which nobody can say
// what is the day and what the month, or of which era the year is.
func ambiguous(s string) bool {
	digits, marks := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '/' || c == '-' || c == '.':
			marks++
		case c == ' ' && i > 5:
			return digits >= 3 && marks == 2
		default:
			return false
		}
	}
	return digits >= 3 && digits <= 8 && marks == 2
}
