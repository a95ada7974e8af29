package template

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/osteele/tuesday"

	"journey/dsl/value"
)

// dateFilter writes a time, a date, a text in ISO 8601 or a number of seconds
// or milliseconds since 1970 by a strftime format, in the render's zone.
func dateFilter(c *filterCall) (any, error) {
	format, ok := c.args[0].(string)
	if !ok {
		return nil, errors.New("its format is not a text")
	}
	if err := checkFormat(format); err != nil {
		return nil, err
	}
	t, ok := readTime(c.in, c.env.zone)
	if !ok {
		return nil, errors.New("the value is not a time")
	}
	if err := c.env.spend(workDate + 40*len(format)); err != nil {
		return nil, err
	}
	return tuesday.Strftime(format, t.In(c.env.zone))
}

// readTime reads what the date filter takes.
func readTime(v any, zone *time.Location) (value.Time, bool) {
	switch v := v.(type) {
	case string:
		return parseTime(v, zone)
	case float64:
		const most = 253402300800 // the year 10000, in seconds
		switch a := math.Abs(v); {
		case a < 1e11:
			return value.Time(v * 1000), true
		case a < most*1000:
			return value.Time(v), true
		}
		return 0, false
	}
	return value.Instant(v, zone)
}

// timeLayouts are the forms of a time in a text; one without an offset is local.
var timeLayouts = [...]string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

func parseTime(s string, zone *time.Location) (value.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < len("2006-01-02") || len(s) > 40 || !digit(s[0]) {
		return 0, false
	}
	if d, err := time.Parse("2006-01-02", s); err == nil {
		y, m, day := d.Date()
		return value.DateOf(y, m, day).Midnight(zone), true
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return value.TimeOf(t), true
		}
	}
	return 0, false
}

const directives = "YyCmBbhdejHkIlMSLNPpzZAauwGgVUWsQntcDxFTXRrv+%"

// checkFormat refuses directives that strftime does not have, and widths that
// make texts grow.
func checkFormat(format string) error {
	if len(format) > 200 {
		return errors.New("the format is too long")
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		start := i
		i++
		if i < len(format) && strings.IndexByte("-_^#0", format[i]) >= 0 {
			i++
		}
		for n := 0; i < len(format) && format[i] == ':' && n < 3; n++ {
			i++
		}
		from := i
		for i < len(format) && digit(format[i]) {
			i++
		}
		if n, _ := strconv.Atoi("0" + format[from:i]); n > 20 || i-from > 4 {
			return errors.New("a width in the format is too large")
		}
		if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
			i++
		}
		if i >= len(format) || strings.IndexByte(directives, format[i]) < 0 {
			return fmt.Errorf("%q is no directive of a date's format; a literal %% is written %%%%", format[start:min(i+1, len(format))])
		}
	}
	return nil
}
