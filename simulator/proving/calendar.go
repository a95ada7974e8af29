package proving

import (
	"time"

	"journey/dsl/value"
)

// The oracle's own calendar. It asks the zone database only which time the
// clocks show at an instant, and finds the way back by trying.

const (
	msDay  = 24 * 60 * 60 * 1000
	secDay = 24 * 60 * 60
)

// zoneNamed is a zone by its name; nil for one that does not exist.
func zoneNamed(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if z, ok := zoneCache[name]; ok {
		return z
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return z
}

// zoneCache are the zones that programs and scripts name.
var zoneCache = func() map[string]*time.Location {
	m := map[string]*time.Location{}
	for _, name := range zones {
		if z, err := time.LoadLocation(name); err == nil {
			m[name] = z
		}
	}
	return m
}()

// showing is the local time at an instant.
func showing(t value.Time, zone *time.Location) time.Time { return time.UnixMilli(int64(t)).In(zone) }

// dayOf is the local calendar day at an instant.
func dayOf(t value.Time, zone *time.Location) value.Date {
	y, m, d := showing(t, zone).Date()
	return day(y, m, d)
}

func day(y int, m time.Month, d int) value.Date {
	return value.Date(floor(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix(), secDay))
}

func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func weekday(d value.Date) string {
	return []string{"thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"}[((int(d)%7)+7)%7]
}

// onDays says whether a day is one of those named; none named are all.
func onDays(days []string, d value.Date) bool {
	name := weekday(d)
	weekend := name == "saturday" || name == "sunday"
	for _, n := range days {
		if n == name || n == "weekends" && weekend || n == "weekdays" && !weekend {
			return true
		}
	}
	return len(days) == 0
}

// firstOn is the first of some days from a day on.
func firstOn(days []string, d value.Date) value.Date {
	for !onDays(days, d) {
		d++
	}
	return d
}

type calendarKey struct {
	day     value.Date
	minutes int
	zone    *time.Location
}

// calendar finds instants, and remembers what it found.
type calendar map[calendarKey]value.Time

// at is the instant at which the clocks of a zone show a time of day on a
// day: the first of two; where they never show it, as far behind the last
// instant before the gap as the clocks would have it.
func (c calendar) at(d value.Date, minutes int, zone *time.Location) value.Time {
	key := calendarKey{d, minutes, zone}
	if t, ok := c[key]; ok {
		return t
	}
	wall := int64(d)*secDay + int64(minutes)*60
	first := int64(0)
	found := false
	for probe := wall - 36*3600; probe <= wall+36*3600; probe += 3 * 3600 {
		_, off := time.Unix(probe, 0).In(zone).Zone()
		u := wall - int64(off)
		if _, there := time.Unix(u, 0).In(zone).Zone(); there == off && (!found || u < first) {
			first, found = u, true
		}
	}
	if !found {
		_, before := time.Unix(wall-36*3600, 0).In(zone).Zone()
		first = wall - int64(before)
	}
	c[key] = value.Time(first * 1000)
	return c[key]
}

func (c calendar) midnight(d value.Date, zone *time.Location) value.Time { return c.at(d, 0, zone) }

// nextClock is the next instant from t on at which a clock shows the time, on
// one of the days.
func (c calendar) nextClock(t value.Time, minutes int, days []string, zone *time.Location) value.Time {
	for d := dayOf(t, zone) - 1; ; d++ {
		if at := c.at(d, minutes, zone); at >= t && onDays(days, d) {
			return at
		}
	}
}

// nextOpen is t itself inside of a window, else the next opening.
func (c calendar) nextOpen(t value.Time, from, to int, days []string, zone *time.Location) value.Time {
	today := dayOf(t, zone)
	for d := today - 2; d <= today+1; d++ {
		end := d
		if to <= from {
			end = d + 1
		}
		if onDays(days, d) && c.at(d, from, zone) <= t && t < c.at(end, to, zone) {
			return t
		}
	}
	return c.nextClock(t, from, days, zone)
}

// years are the full years from a day to an instant; false before it.
func years(born value.Date, t value.Time, zone *time.Location) (int, bool) {
	today := dayOf(t, zone)
	if today < born {
		return 0, false
	}
	n := 0
	for anniversary(born, n+1) <= today {
		n++
	}
	return n, true
}

// anniversary is the n-th one of a day; 29 February is kept on the 28th in
// other years.
func anniversary(born value.Date, n int) value.Date {
	y, m, d := time.Unix(int64(born)*secDay, 0).UTC().Date()
	if m == time.February && d == 29 && time.Date(y+n, m, d, 0, 0, 0, 0, time.UTC).Day() != 29 {
		d = 28
	}
	return day(y+n, m, d)
}
