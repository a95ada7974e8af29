package syntax

import (
	"math"
	"strconv"
	"strings"
	"time"

	"journey/dsl/value"
)

// These read the texts of literals. They answer false for what looks right
// and is not (25:00, 2026-02-30), with a value that is safe to go on with.

// maxDuration keeps every sum of a time and a duration far from overflow.
const maxDuration = 1000 * 365 * value.Day

var shortUnits = map[byte]value.Duration{'s': value.Second, 'm': value.Minute, 'h': value.Hour, 'd': value.Day, 'w': value.Week}

var longUnits = map[string]value.Duration{
	"second": value.Second, "seconds": value.Second, "minute": value.Minute, "minutes": value.Minute,
	"hour": value.Hour, "hours": value.Hour, "day": value.Day, "days": value.Day, "week": value.Week, "weeks": value.Week,
}

var unitWords = []string{"seconds", "minutes", "hours", "days", "weeks", "second", "minute", "hour", "day", "week"}

func readNumber(text string) float64 {
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsInf(f, 0) {
		return math.MaxFloat64
	}
	return f
}

// times is n units, cut to the millisecond.
func times(n float64, unit value.Duration) (value.Duration, bool) {
	f := n * float64(unit)
	if !(f <= float64(maxDuration)) {
		return maxDuration, false
	}
	return value.Duration(math.Round(f)), true
}

// isShortDuration says whether a text has the form of 90s, 1h30m, 0.5h.
func isShortDuration(text string) bool {
	for len(text) > 0 {
		i := 0
		for i < len(text) && (isDigit(text[i]) || text[i] == '_' || text[i] == '.') {
			i++
		}
		if i == 0 || i == len(text) || shortUnits[text[i]] == 0 {
			return false
		}
		text = text[i+1:]
	}
	return true
}

func shortDuration(text string) (sum value.Duration, ok bool) {
	for len(text) > 0 {
		i := strings.IndexAny(text, "smhdw")
		d, ok := times(readNumber(text[:i]), shortUnits[text[i]])
		if sum += d; !ok || sum > maxDuration {
			return maxDuration, false
		}
		text = text[i+1:]
	}
	return sum, true
}

func parseClock(text string) (value.Clock, bool) {
	h, m, _ := strings.Cut(text, ":")
	hour, _ := strconv.Atoi(h)
	minute, _ := strconv.Atoi(m)
	c := value.Clock(hour*60 + minute)
	if minute > 59 || c > 24*60 {
		return 0, false
	}
	return c, true
}

func parseDate(text string) (value.Date, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, false
	}
	return value.DateOf(t.Date()), true
}

// parseOffset reads +08:00.
func parseOffset(text string) (minutes int, ok bool) {
	h, _ := strconv.Atoi(text[1:3])
	m, _ := strconv.Atoi(text[4:6])
	minutes = h*60 + m
	if m > 59 || minutes > 14*60 {
		return 0, false
	}
	if text[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

// dateTime reads a date-time: a value.Local, with an offset a value.Time.
func dateTime(text string) any {
	date, _ := parseDate(text[:10])
	rest := strings.TrimLeft(text[10:], " T")
	n := clockLength(rest)
	clock, _ := parseClock(rest[:n])
	offset := 0
	switch zone := rest[n:]; zone {
	case "":
		return value.Local{Date: date, Clock: clock}
	case "Z":
	default:
		offset, _ = parseOffset(zone)
	}
	return date.At(clock, time.UTC).Add(-value.Duration(offset) * value.Minute)
}
