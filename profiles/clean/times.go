package clean

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"journey/dsl/value"
)

var (
	errDate      = errors.New("is not a date (write 2026-03-02)")
	errAmbiguous = errors.New(`is a date that can be read in several ways (declare how it is written: format "dd/mm/yyyy", "mm/dd/yyyy" or "yyy/mm/dd")`)

	errTime = errors.New("is not a time (write 2026-03-02T09:00:00+08:00)")
)

// zoned are the forms of a time with an offset, local those without: local to
// the workspace.
var (
	zoned = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "20060102T150405Z07:00", "2006-01-02T15:04:05.999999999Z0700"}
	local = []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04"}
)

// instant reads a time: RFC 3339, without offset local to the workspace, a
// date (its midnight), seconds or milliseconds since 1970, an HTTP date.
func instant(raw any, format string, o Options) (any, error) {
	switch v := raw.(type) {
	case value.Time:
		return v, nil
	case value.Date:
		return v.Midnight(zone(o)), nil
	case float64:
		return epoch(v)
	case string:
		return instantText(fold(strings.TrimSpace(v)), format, o)
	}
	return nil, errTime
}

func instantText(s, format string, o Options) (any, error) {
	if format != "" {
		if d, clock, ok := dated(s, format); ok {
			return moment(d, clock, o), nil
		}
	}
	for _, form := range zoned {
		if t, err := time.Parse(form, s); err == nil {
			return bounded(t)
		}
	}
	for _, form := range local {
		if t, err := time.Parse(form, s); err == nil {
			clock := value.Duration(t.Hour())*value.Hour + value.Duration(t.Minute())*value.Minute +
				value.Duration(t.Second())*value.Second + value.Duration(t.Nanosecond()/1e6)
			return moment(value.DateOf(t.Date()), clock, o), nil
		}
	}
	if t, err := headerTime(s); err == nil {
		return bounded(t)
	}
	if d, err := dateText(s); err == nil {
		return d.Midnight(zone(o)), nil
	}
	if d, clock, ok := dated(s, format); ok {
		return moment(d, clock, o), nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && len(s) >= 9 && s[0] >= '0' && s[0] <= '9' {
		return epoch(f)
	}
	return nil, undated(s, format, errTime)
}

// moment is a time of day in the workspace's zone.
func moment(d value.Date, clock value.Duration, o Options) value.Time {
	minutes := clock / value.Minute
	return d.At(value.Clock(minutes), zone(o)).Add(clock - minutes*value.Minute)
}

// epoch reads a number as seconds since 1970, and from 10^11 on as
// milliseconds: that is the year 5138 in the one and 1973 in the other.
func epoch(f float64) (any, error) {
	if math.IsNaN(f) || math.Abs(f) > 253402300799999 { // the year 9999
		return nil, errTime
	}
	if math.Abs(f) < 1e11 {
		f *= 1000
	}
	return value.Time(math.Round(f)), nil
}

func bounded(t time.Time) (any, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, errTime
	}
	return value.TimeOf(t), nil
}

func zone(o Options) *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// date reads a calendar day: 2026-03-02, 20260302, an ISO week or ordinal
// date, the day of a time with or without offset, as it is written there.
func date(raw any, format string, o Options) (any, error) {
	switch v := raw.(type) {
	case value.Date:
		return v, nil
	case value.Time:
		return v.Date(zone(o)), nil
	case float64:
		t, err := epoch(v)
		if err != nil {
			return nil, errDate
		}
		return t.(value.Time).Date(zone(o)), nil
	case string:
		return dateOrFault(fold(strings.TrimSpace(v)), format)
	}
	return nil, errDate
}

func dateOrFault(s, format string) (any, error) {
	if format != "" {
		if d, _, ok := dated(s, format); ok {
			return d, nil
		}
	}
	if d, err := dateText(s); err == nil {
		return d, nil
	}
	if d, _, ok := dated(s, format); ok {
		return d, nil
	}
	return nil, undated(s, format, errDate)
}

// undated says why a text is no date.
func undated(s, format string, plain error) error {
	switch {
	case format != "":
		return errors.New("is not a date written as " + format)
	case ambiguous(s):
		return errAmbiguous
	}
	return plain
}

var (
	isoWeek    = regexp.MustCompile(`^(\d{4})-?W(\d{2})-?([1-7])$`)
	isoOrdinal = regexp.MustCompile(`^(\d{4})-?(\d{3})$`)
)

func dateText(s string) (value.Date, error) {
	for _, form := range []string{time.DateOnly, "2006/01/02", "2006.01.02", "20060102", "2006-1-2", "2006/1/2"} {
		if t, err := time.Parse(form, s); err == nil {
			return value.DateOf(t.Date()), nil
		}
	}
	if m := isoWeek.FindStringSubmatch(s); m != nil {
		return weekDate(atoi(m[1]), atoi(m[2]), atoi(m[3]))
	}
	if m := isoOrdinal.FindStringSubmatch(s); m != nil {
		y, n := atoi(m[1]), atoi(m[2])
		d := value.DateOf(y, time.January, n)
		if year, _, _ := d.Civil(); n > 0 && year == y {
			return d, nil
		}
		return 0, errDate
	}
	for _, forms := range [][]string{zoned, local} {
		for _, form := range forms {
			if t, err := time.Parse(form, s); err == nil {
				return value.DateOf(t.Date()), nil
			}
		}
	}
	if t, err := headerTime(s); err == nil {
		return value.DateOf(t.Date()), nil
	}
	return 0, errDate
}

// weekDate is a day of an ISO 8601 week: week 1 holds the year's first
// Thursday.
func weekDate(year, week, day int) (value.Date, error) {
	fourth := value.DateOf(year, time.January, 4)
	monday := fourth - value.Date((int(fourth.Weekday())+6)%7)
	d := monday + value.Date((week-1)*7+day-1)
	y, m, dd := d.Civil()
	if gotYear, gotWeek := time.Date(y, m, dd, 0, 0, 0, 0, time.UTC).ISOWeek(); gotYear != year || gotWeek != week {
		return 0, errDate
	}
	return d, nil
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

var durationPart = regexp.MustCompile(`^(\d+)(ms|[smhdw])`)

// duration reads the language's short form: 3d, 1h30m.
func duration(raw any) (any, error) {
	err := errors.New("is not a duration (write 3d or 1h30m)")
	switch v := raw.(type) {
	case value.Duration:
		return v, nil
	case string:
		s, sum := fold(strings.TrimSpace(v)), value.Duration(0)
		if s == "" {
			return nil, err
		}
		units := map[string]value.Duration{"ms": 1, "s": value.Second, "m": value.Minute, "h": value.Hour, "d": value.Day, "w": value.Week}
		for s != "" {
			m := durationPart.FindStringSubmatch(s)
			if m == nil || len(m[1]) > 9 {
				return nil, err
			}
			sum += value.Duration(atoi(m[1])) * units[m[2]]
			s = s[len(m[0]):]
		}
		return sum, nil
	}
	return nil, err
}

// headerTime reads a time as HTTP headers have it: RFC 9110, 5.6.7, with its
// two old forms.
func headerTime(s string) (time.Time, error) {
	t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", s)
	if err != nil {
		if t, err = time.Parse(time.RFC850, s); err != nil {
			t, err = time.Parse(time.ANSIC, s)
		}
	}
	return t, err
}
