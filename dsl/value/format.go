package value

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// CheckFormat says what is wrong with the format that a type is declared
// with, in words for whoever wrote it; nil: nothing.
func CheckFormat(kind Kind, format string) error {
	switch kind {
	case DateKind, TimeKind:
		_, err := datePattern(format)
		return err
	case Number, Integer:
		_, err := numberPattern(format)
		return err
	}
	return errors.New("a format is for dates, times and numbers")
}

// datePart is a part of a date pattern: a field, or what stands between two.
type datePart struct {
	field byte // 'd', 'm', 'y'; 0: between
	width int  // letters
	text  string
}

var errDatePattern = errors.New(`a date's format has a day, a month and a year, as in "dd/mm/yyyy", "mm/dd/yyyy" or, in Minguo years, "yyy/mm/dd"`)

// datePattern reads a format like dd/mm/yyyy. Three y are a Minguo year, two
// a year from 1970 to 2069.
func datePattern(format string) ([]datePart, error) {
	var parts []datePart
	seen := map[byte]bool{}
	for i := 0; i < len(format); {
		c := format[i] | 0x20
		if c != 'd' && c != 'm' && c != 'y' {
			r, n := utf8.DecodeRuneInString(format[i:])
			if !separates(r) || len(parts) == 0 && r == ' ' {
				return nil, errDatePattern
			}
			parts = append(parts, datePart{text: format[i : i+n]})
			i += n
			continue
		}
		n := 1
		for i+n < len(format) && format[i+n]|0x20 == c {
			n++
		}
		if seen[c] || c == 'y' && (n < 2 || n > 4) || c != 'y' && n > 2 {
			return nil, errDatePattern
		}
		seen[c] = true
		parts = append(parts, datePart{field: c, width: n})
		i += n
	}
	if len(seen) != 3 {
		return nil, errDatePattern
	}
	return parts, nil
}

// separates says whether a sign can stand between the parts of a date.
func separates(r rune) bool { return strings.ContainsRune("/-., 年月日民國中華", r) }

// DateBy reads a date at the beginning of a text as a format says
// (CheckFormat), and returns what stands behind it.
func DateBy(format, s string) (d Date, rest string, ok bool) {
	parts, err := datePattern(format)
	if err != nil {
		return 0, "", false
	}

	var year, month, day int
	for i, p := range parts {
		if p.field == 0 {
			if p.text == " " {
				s = strings.TrimLeft(s, " ")
				continue
			}
			rest, ok := strings.CutPrefix(strings.TrimLeft(s, " "), p.text)
			if !ok {
				return 0, "", false
			}
			s = rest
			continue
		}
		s = strings.TrimLeft(s, " ")
		least, most := 1, max(2, p.width)
		switch {
		case p.field == 'y' && p.width != 3: // a Minguo year may have two digits
			least = p.width
		case i+1 < len(parts) && parts[i+1].field != 0 || i > 0 && parts[i-1].field != 0:
			least = p.width // nothing divides it from its neighbour
		}
		n := 0
		for n < len(s) && n < most && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n < least {
			return 0, "", false
		}
		v := number(s[:n])
		s = s[n:]
		switch p.field {
		case 'd':
			day = v
		case 'm':
			month = v
		default:
			year = fullYear(v, p.width)
		}
	}
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		return 0, "", false
	}
	d, ok = CivilDate(year, month, day)
	return d, s, ok
}

// minguo is the year before the first of the Republic of China.
const minguo = 1911

func fullYear(y, width int) int {
	switch width {
	case 3:
		return y + minguo
	case 2:
		if y < 70 {
			return y + 2000
		}
		return y + 1900
	}
	return y
}

// CivilDate is a day, if the calendar has it: in the years 1 to 9999.
func CivilDate(year, month, day int) (Date, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	d := DateOf(year, time.Month(month), day)
	_, m, dd := d.Civil()
	return d, int(m) == month && dd == day
}

// separators are the signs of a number: what divides thousands ("" nothing)
// and what divides the fraction.
type separators struct {
	thousand, decimal string
}

var errNumberPattern = errors.New(`a number's format is an example with a thousand, as in "1,234.5", "1.234,5", "1 234,5" or "1234,5"`)

// numberPattern reads a format like "1.234,5": the number 1234.5, or 1234, as
// it would be written.
func numberPattern(format string) (separators, error) {
	var p separators
	rest, ok := strings.CutPrefix(format, "1")
	if !ok {
		return p, errNumberPattern
	}
	i := strings.Index(rest, "234")
	if i < 0 || !separator(rest[:i]) {
		return p, errNumberPattern
	}
	p.thousand, rest = rest[:i], rest[i+3:]
	if rest == "" {
		p.decimal = "."
		if p.thousand == "." {
			p.decimal = ","
		}
		return p, nil
	}
	p.decimal = rest[:1]
	if p.decimal != "." && p.decimal != "," || p.decimal == p.thousand || strings.Trim(rest[1:], "0123456789") != "" || len(rest) < 2 {
		return p, errNumberPattern
	}
	return p, nil
}

func separator(s string) bool {
	switch s {
	case "", ",", ".", " ", "\u00a0", "\u202f", "'", "’":
		return true
	}
	return false
}

// NumberBy reads a number without sign that is written as a format says
// (CheckFormat): in whole groups of three, or in none.
func NumberBy(format, s string) (float64, bool) {
	p, err := numberPattern(format)
	if err != nil {
		return 0, false
	}

	whole, fraction, has := strings.Cut(s, p.decimal)
	if has && (fraction == "" || !digits(fraction)) {
		return 0, false
	}
	if p.thousand != "" {
		if p.thousand == " " {
			whole = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(whole)
		}
		groups := strings.Split(whole, p.thousand)
		for i, g := range groups {
			if !digits(g) || i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 {
				return 0, false
			}
		}
		whole = strings.Join(groups, "")
	}
	if !digits(whole) {
		return 0, false
	}
	if has {
		whole += "." + fraction
	}
	f, err := strconv.ParseFloat(whole, 64)
	return f, err == nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func number(digits string) int { n, _ := strconv.Atoi(digits); return n }
