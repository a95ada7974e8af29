package value

import (
	"fmt"
	"time"
)

// Time is an instant in milliseconds since 1970-01-01 UTC, the resolution of
// the language.
type Time int64

// Duration is a length of time in milliseconds. A day is 24 hours, a week 7
// of them.
type Duration int64

// Date is a calendar day, counted in days since 1970-01-01. It has no zone;
// where a moment is needed it is local midnight in the person's zone.
type Date int32

// Clock is a local time of day in minutes since midnight; 24*60 is the next
// midnight.
type Clock int32

// The lengths of time that the language has words for.
const (
	Millisecond Duration = 1
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
	Day                  = 24 * Hour
	Week                 = 7 * Day
)

// TimeOf is t as an instant; what is below a millisecond is cut.
func TimeOf(t time.Time) Time { return Time(t.UnixMilli()) }

// In is the instant in a zone.
func (t Time) In(zone *time.Location) time.Time { return time.UnixMilli(int64(t)).In(zone) }

// Add is the instant d later.
func (t Time) Add(d Duration) Time { return t + Time(d) }

// Sub is the time from u to t.
func (t Time) Sub(u Time) Duration { return Duration(t - u) }

// Date is the local calendar day of the instant.
func (t Time) Date(zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return DateOf(y, m, d)
}

// Clock is the local time of day of the instant, whole minutes.
func (t Time) Clock(zone *time.Location) Clock {
	l := t.In(zone)
	return Clock(l.Hour()*60 + l.Minute())
}

// String is the instant in UTC, RFC 3339 with milliseconds where there are any.
func (t Time) String() string {
	return time.UnixMilli(int64(t)).UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// Std is the duration as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Millisecond }

// String is the duration in the language's short form: "1h30m", "3d", "0s".
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	s := ""
	if d < 0 {
		s, d = "-", -d
	}
	for _, u := range [...]struct {
		d Duration
		s string
	}{{Week, "w"}, {Day, "d"}, {Hour, "h"}, {Minute, "m"}, {Second, "s"}} {
		if u.d == Week && d%Week != 0 {
			continue // 10 days read better than 1w3d
		}
		if n := d / u.d; n > 0 {
			s += fmt.Sprintf("%d%s", n, u.s)
			d -= n * u.d
		}
	}
	if d > 0 {
		s += fmt.Sprintf("%dms", d)
	}
	return s
}

// DateOf is the day of a civil date; out-of-range parts are normalised as
// time.Date does.
func DateOf(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86400))
}

// Civil is the date's year, month and day.
func (d Date) Civil() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}

// Weekday is the date's day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// String is the date as 2006-01-02.
func (d Date) String() string {
	y, m, day := d.Civil()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}

// String is the time of day as 15:04.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// At is the instant of a local time of day on a date. A local time that a
// clock change skips takes the offset before the gap (02:30 becomes 03:30);
// one that exists twice is the first (RFC 5545, 3.3.5).
func (d Date) At(c Clock, zone *time.Location) Time {
	y, m, day := d.Civil()
	wall := time.Date(y, m, day, 0, int(c), 0, 0, time.UTC).Unix()
	// The offsets in force a day to either side enclose every change: the
	// earlier one names the first of two and the one before a gap.
	_, before := time.Unix(wall-86400, 0).In(zone).Zone()
	at := wall - int64(before)
	if _, o := time.Unix(at, 0).In(zone).Zone(); o == before {
		return Time(at * 1000)
	}
	_, after := time.Unix(wall+86400, 0).In(zone).Zone()
	late := wall - int64(after)
	if _, o := time.Unix(late, 0).In(zone).Zone(); o == after {
		return Time(late * 1000)
	}
	return Time(at * 1000) // in the gap: the offset before it
}

// Midnight is the first instant of the date in the zone.
func (d Date) Midnight(zone *time.Location) Time { return d.At(0, zone) }

// Instant is v as an instant: a Time as it is, a Date as local midnight.
func Instant(v any, zone *time.Location) (Time, bool) {
	switch v := v.(type) {
	case Time:
		return v, true
	case Date:
		return v.Midnight(zone), true
	}
	return 0, false
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Local is a date and a time of day without an offset: an instant only once
// a zone is known.
type Local struct {
	Date  Date
	Clock Clock
}

// In is the instant in a zone, by the rules of Date.At.
func (l Local) In(zone *time.Location) Time { return l.Date.At(l.Clock, zone) }

// String is the local time as 2006-01-02 15:04.
func (l Local) String() string { return l.Date.String() + " " + l.Clock.String() }
