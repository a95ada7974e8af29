package value

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestAtOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone, date string
		clock      Clock
		want       string // local, with offset
	}{
		{"America/New_York", "2026-03-08", 2*60 + 30, "2026-03-08T03:30:00-04:00"},
		{"America/New_York", "2026-11-01", 1*60 + 30, "2026-11-01T01:30:00-04:00"},
		{"America/New_York", "2026-11-01", 9 * 60, "2026-11-01T09:00:00-05:00"},
		{"Europe/Berlin", "2026-03-29", 2*60 + 30, "2026-03-29T03:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25", 2*60 + 30, "2026-10-25T02:30:00+02:00"},
		{"Australia/Sydney", "2026-04-05", 2*60 + 30, "2026-04-05T02:30:00+11:00"},
		{"Australia/Lord_Howe", "2026-10-04", 2*60 + 15, "2026-10-04T02:45:00+11:00"},
		{"Australia/Lord_Howe", "2026-04-05", 1*60 + 45, "2026-04-05T01:45:00+11:00"},
		{"Asia/Beirut", "2026-03-29", 0, "2026-03-29T01:00:00+03:00"},
		{"Asia/Taipei", "2026-03-02", 9 * 60, "2026-03-02T09:00:00+08:00"},
		{"Asia/Taipei", "2026-03-02", 24 * 60, "2026-03-03T00:00:00+08:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse("2006-01-02", c.date)
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := day.Date()
		got := DateOf(y, m, d).At(c.clock, zone).In(zone).Format(time.RFC3339)
		if got != c.want {
			t.Errorf("%s %s %s: got %s, want %s", c.zone, c.date, c.clock, got, c.want)
		}
	}
}

func TestDateCounts(t *testing.T) {
	for _, s := range []string{"1969-12-31", "1970-01-01", "2000-02-29", "2026-11-24", "1900-03-01"} {
		day, _ := time.Parse("2006-01-02", s)
		d := DateOf(day.Date())
		if d.String() != s || d.Weekday() != day.Weekday() {
			t.Errorf("%s: got %s on %s, want %s", s, d, d.Weekday(), day.Weekday())
		}
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[Duration]string{
		0: "0s", Second: "1s", 90 * Minute: "1h30m", 3 * Day: "3d", 2 * Week: "2w", 10 * Day: "10d",
		-Hour: "-1h", 1500: "1s500ms",
	} {
		if d.String() != want {
			t.Errorf("%d: got %s, want %s", int64(d), d, want)
		}
	}
}

func TestPath(t *testing.T) {
	m := map[string]any{"a": map[string]any{"b": 1.0, "c.d": 2.0}, "x.y": 3.0}
	for path, want := range map[string]any{"a.b": 1.0, "a.c.d": 2.0, "x.y": 3.0, "a.q.r": nil, "q": nil} {
		if got := Path(m, path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
