package cond

import (
	"testing"

	"journey/dsl/value"
)

// What is no longer kept counts by the hour: until all of its hour has left
// the window. Ann is asked at 09:00 in Taipei, which is 01:00 UTC.
func TestHoursCount(t *testing.T) {
	e := ann(t) // orders of 250.5 and of nothing in the last 90 days
	this := HourOf(e.Now)
	e.Person.(*person).hours = map[string][]Hour{
		"order_completed": {{Hour: this - 25, N: 100}, {Hour: this - 24, N: 10}, {Hour: this - 3, N: 1}},
		"order_completed.total": {
			{Hour: this - 25, N: 50, Sum: 5000, Min: 1, Max: 900},
			{Hour: this - 24, N: 10, Sum: 60, Min: 2, Max: 20},
			{Hour: this - 3, N: 1, Sum: 3, Min: 3, Max: 3}},
	}
	for _, c := range []struct {
		expr string
		want any
		look string
	}{
		{`count(order_completed in last 2 hours)`, 0.0, ""},
		{`count(order_completed in last 3 hours)`, 1.0, "2026-03-02 10:00:00.000"},
		{`count(order_completed in last 179 minutes)`, 1.0, "2026-03-02 09:59:00.000"},
		{`count(order_completed in last 120 minutes)`, 0.0, ""},
		{`count(order_completed in last 1 day)`, 11.0, "2026-03-02 10:00:00.000"},
		{`count("Order Completed" in last 24 hours)`, 11.0, "2026-03-02 10:00:00.000"},
		{`len(order_completed in last 86_401 seconds)`, 111.0, "2026-03-02 09:00:01.000"},
		{`count(order_completed in last 90 days)`, 113.0, "2026-05-02 09:00:00.001"},
		{`sum(order_completed in last 1 day, .total)`, 63.0, "2026-03-02 10:00:00.000"},
		{`sum(order_completed in last 90 days, .total)`, 5313.5, "2026-05-02 09:00:00.001"},
		{`mean(order_completed in last 1 day, .total)`, 63.0 / 11, "2026-03-02 10:00:00.000"},
		{`min(order_completed in last 1 day, .total)`, 2.0, "2026-03-02 10:00:00.000"},
		{`max(order_completed in last 1 day, .total)`, 20.0, "2026-03-02 10:00:00.000"},
		{`max(order_completed in last 90 days, .total)`, 900.0, "2026-05-02 09:00:00.001"},
		{`min(order_completed in last 1 hour, .total)`, nil, ""},
		{`count(order_completed in last 1 day, .total > 0)`, 0.0, ""}, // one by one: only what is kept
		{`median(order_completed in last 90 days, .total)`, 250.5, "2026-05-02 09:00:00.001"},
	} {
		t.Run(c.expr, func(t *testing.T) {
			e.Look = 0
			if got := compile(t, c.expr, Anything).Value(e); !value.Equal(got, c.want) {
				t.Errorf("is %v, want %v", got, c.want)
			}
			look := ""
			if e.Look != 0 {
				look = e.Look.In(taipei).Format("2006-01-02 15:04:05.000")
			}
			if look != c.look {
				t.Errorf("looks again at %q, want %q", look, c.look)
			}
		})
	}
}

// An hour counts at the last millisecond of its last event's window, and not
// at the next one.
func TestAnHourLeavesAsAWhole(t *testing.T) {
	e := ann(t)
	h := HourOf(e.Now) - 30
	e.Person.(*person).hours = map[string][]Hour{"cart_updated": {{Hour: h, N: 7}}}
	x := compile(t, `count(cart_updated in last 90 minutes) == 7`, Condition)
	last := value.Time((h+1)*int64(value.Hour) - 1).Add(90 * value.Minute)
	for at, want := range map[value.Time]bool{last - 1: true, last: true, last + 1: false} {
		e.Now, e.Look = at, 0
		if got := x.Bool(e); got != want || want != (e.Look == last+1) {
			t.Errorf("%d ms after the last: %v, looks at %s", at-last, got, e.Look)
		}
	}
}

func TestHoursBefore1970(t *testing.T) {
	for at, want := range map[value.Time]int64{0: 0, -1: -1, 3_599_999: 0, 3_600_000: 1, -3_600_000: -1, -3_600_001: -2} {
		if got := HourOf(at); got != want {
			t.Errorf("%d ms: hour %d, want %d", at, got, want)
		}
	}
}
