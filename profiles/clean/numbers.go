package clean

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"journey/dsl/value"
)

var (
	errNumber     = errors.New("is not a number")
	errSeparators = errors.New(`is not a number that can be read in one way only (declare how it is written: format "1,234.5" or format "1.234,5")`)
)

// number reads a number. Signs between thousands, and of currencies, are read
// where a format declares them and in imports.
func number(raw any, t *value.Type, o Options) (any, error) {
	var f float64
	switch v := raw.(type) {
	case float64:
		f = v
	case int:
		f = float64(v)
	case int64:
		f = float64(v)
	case string:
		var err error
		if f, err = numberText(v, t.Format, o); err != nil {
			return nil, err
		}
	default:
		return nil, errNumber
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNumber
	}
	if t.Kind == value.Integer && f != math.Trunc(f) {
		return nil, errors.New("is not a whole number")
	}
	return f + 0, nil // -0 is 0
}

func numberText(s, format string, o Options) (float64, error) {
	s = fold(strings.TrimSpace(s))
	if format == "" && !o.Import {
		return decimal(s)
	}
	s, negative := bare(s)
	if s == "" || s[0] == '-' || s[0] == '+' {
		return 0, errNumber
	}
	f, err := grouped(s, format, o)
	if negative {
		f = -f
	}
	return f, err
}

func grouped(s, format string, o Options) (float64, error) {
	if format != "" {
		if f, ok := value.NumberBy(format, s); ok {
			return f, nil
		}
		return 0, errors.New("is not a number written as " + format)
	}
	points, commas := strings.Count(s, "."), strings.Count(s, ",")
	switch {
	case commas == 0 && points == 0:
		for _, sign := range []string{" ", "\u00a0", "\u202f", "'", "’"} {
			if strings.Contains(s, sign) {
				if f, ok := value.NumberBy("1"+sign+"234.5", s); ok {
					return f, nil
				}
			}
		}
		return decimal(s)
	case commas == 1 && points == 0 && lone(s, ','):
		if pointCountries[o.Country] {
			return decimal(strings.Replace(s, ",", "", 1))
		}
		return 0, errSeparators
	case points == 1 && commas == 0:
		if lone(s, '.') && o.Country != "" && !pointCountries[o.Country] {
			return 0, errSeparators
		}
		if f, err := decimal(s); err == nil {
			return f, nil
		}
		return firstOf(s, "1 234.5", "1'234.5", "1’234.5")
	}
	if pointCountries[o.Country] {
		return firstOf(s, "1,234.5")
	}
	return firstOf(s, "1,234.5", "1.234,5", "1 234,5", "1\u00a0234,5", "1\u202f234,5", "1'234,5")
}

func firstOf(s string, formats ...string) (float64, error) {
	for _, format := range formats {
		if f, ok := value.NumberBy(format, s); ok {
			return f, nil
		}
	}
	return 0, errSeparators
}

// lone says whether the one separator of a number may divide its thousands as
// well as its fraction: 1,234.
func lone(s string, sign byte) bool {
	i := strings.IndexByte(s, sign)
	return i > 0 && i <= 3 && s[0] != '0' && len(s)-i == 4
}

// decimal reads a number as JSON and programs write it.
func decimal(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "xXpP_nN") {
		return 0, errNumber
	}
	return f, nil
}

// moneySigns are what stands before or behind an amount of money.
var moneySigns = []string{"NT$", "US$", "HK$", "$", "€", "£", "¥", "￥", "元", "圓", "円"}

// bare takes an amount's currency and sign away: NT$1,234, 1,234元, (1,234)
// as bookkeepers write what is less than nothing, 1,234-.
func bare(s string) (rest string, negative bool) {
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		negative, s = true, s[1:len(s)-1]
	}
	for range 2 { // -NT$5 and NT$-5
		if !negative {
			if r, ok := cutAny(s, "-", "−"); ok {
				negative, s = true, strings.TrimSpace(r)
			} else if r, ok := strings.CutSuffix(s, "-"); ok {
				negative, s = true, strings.TrimSpace(r)
			} else if r, ok := strings.CutPrefix(s, "+"); ok {
				s = strings.TrimSpace(r)
			}
		}
		for _, m := range moneySigns {
			s = strings.TrimSpace(strings.TrimPrefix(s, m))
			s = strings.TrimSpace(strings.TrimSuffix(s, m))
		}
	}
	return s, negative
}

// pointCountries write the fraction behind a point and divide thousands by a
// comma (CLDR). Elsewhere a lone separator with three digits behind it is not
// guessed.
var pointCountries = func() map[string]bool {
	m := map[string]bool{}
	for _, c := range strings.Fields("AU BD CN EG GB GH HK IE IL IN JP KE KR LK MO MX MY NG NP NZ PH PK SG TH TW US ZM ZW") {
		m[c] = true
	}
	return m
}()
