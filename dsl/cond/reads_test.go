package cond

import (
	"fmt"
	"strings"
	"testing"

	"journey/dsl/value"
)

// show is a Reads on one line.
func show(r *Reads) string {
	var parts []string
	for _, t := range r.Traits {
		parts = append(parts, "profile."+t)
	}
	for _, s := range r.Segments {
		parts = append(parts, "segment."+s)
	}
	for _, j := range r.Journeys {
		parts = append(parts, "journey."+j)
	}
	for _, m := range r.Messages {
		parts = append(parts, "message."+m)
	}
	for _, e := range r.Events {
		s := e.Event + "(" + strings.Join(e.Props, " ") + ")"
		if e.Whole {
			s += "*"
		}
		if e.Window > 0 {
			s += " " + e.Window.String()
		}
		parts = append(parts, s)
	}
	for _, x := range r.Running {
		s := "[" + x.Key() + "]"
		if x.Agg >= First {
			s += "(" + strings.Join(x.Props, " ") + ")"
		}
		if x.Whole {
			s += "*"
		}
		parts = append(parts, s)
	}
	for _, x := range r.Hours {
		parts = append(parts, "<"+x.Key()+" "+x.Window.String()+">")
	}
	if r.Now {
		parts = append(parts, "now")
	}
	return strings.Join(parts, ", ")
}

func TestReads(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`true`, ""},
		{`profile.total_spend >= 10_000 and profile.tier == "gold"`, "profile.tier, profile.total_spend"},
		{`profile.address.city`, "profile.address"},
		{`profile.consent.email and profile.id == "x"`, "profile.consent"},
		{`segment.high_value or not segment.lapsing or journey.welcome`, "segment.high_value, segment.lapsing, journey.welcome"},
		{`event.total + entry.total + run.pick`, ""},
		{`count(order_completed)`, "[count order_completed]"},
		{`sum(order_completed, .total)`, "[sum order_completed.total]"},
		{`max(order_completed, .at)`, "[max order_completed.at]"},
		{`max(order_completed, .placed)`, "order_completed(placed)"}, // only the event's own time is kept running
		{`last(order_completed).at`, "[last order_completed]()"},
		{`last(order_completed).total ?? last(order_completed).order_id`, "[last order_completed](order_id total)"},
		{`last(order_completed)`, "[last order_completed]()*"},
		{`last(order_completed).items[0].sku`, "[last order_completed](items)"},
		{`count(order_completed in last 3 days)`, "order_completed() 3d, <order_completed 3d>, now"},
		{`count(order_completed in last 3 days) > count(order_completed in last 7 days)`, "order_completed() 3d, order_completed() 1w, <order_completed 1w>, now"},
		{`sum(order_completed in last 3 days, .total * 2)`, "order_completed(total) 3d, now"},
		{`sum("Order Completed" in last 3 days, .total) > len(order_completed in last 5 days)`,
			"order_completed(total) 3d, order_completed() 5d, <order_completed 5d>, <order_completed.total 3d>, now"},
		{`mean(order_completed in last 3 days, .total) + min(order_completed in last 2 days, .total)`,
			"order_completed(total) 2d, order_completed(total) 3d, <order_completed.total 3d>, now"},
		{`median(order_completed in last 3 days, .total)`, "order_completed(total) 3d, now"},
		{`max(order_completed in last 3 days, .at)`, "order_completed() 3d, now"},
		{`count(order_completed in last 3 days, .gift)`, "order_completed(gift) 3d, now"},
		{`count(order_completed, .total > 3)`, "order_completed(total)"},
		{`any(order_completed, any(.items, .sku == "A"))`, "order_completed(items)"},
		{`last(filter(cart_updated, .cart_id == entry.cart_id)).total`, "cart_updated(cart_id total)"},
		{`last(filter(cart_updated, .cart_id == entry.cart_id))`, "cart_updated(cart_id)*"},
		{`first(sortBy(reverse(take(order_completed, 3)), .total)).order_id`, "order_completed(order_id total)"},
		{`find(order_completed, .gift).order_id`, "order_completed(gift order_id)"},
		{`map(order_completed, it)`, "order_completed()*"},
		{`map(order_completed, .order_id)`, "order_completed(order_id)"},
		{`(profile.vip ? first(order_completed) : order_completed[1]).total`, "profile.vip, order_completed(total), [first order_completed](total)"},
		{`unique(order_completed)`, "order_completed()*"},
		{`event == last(order_completed)`, "[last order_completed]()*"},
		{`last(order_completed).at <= ago(60 days)`, "[last order_completed](), now"},
		{`profile.last_seen < now`, "profile.last_seen, now"},
		{`profile.birthday < now`, "profile.birthday, profile.timezone, now"},
		{`profile.birthday == 2000-01-01`, "profile.birthday"},
		{`local(event.at).hour == 3`, "profile.timezone"},
		{`local(now).hour == 3`, "profile.timezone, now"},
		{`age(profile.birthday) > 3`, "profile.birthday, profile.timezone, now"},
		{`sent(text_reminder) and not opened(reminder) and not clicked(reminder)`, "message.reminder, message.text_reminder"},
	} {
		t.Run(c.expr, func(t *testing.T) {
			if got := show(compile(t, c.expr, Anything).Reads()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestLooks: ann is asked on Monday 2026-03-02 at 09:00 in Taipei. Her orders
// are of 2025-12-01 10:00, 2026-02-01 09:00 and 2026-02-28 09:00; last_seen is
// 2026-03-01 09:00, entry.starts 2026-03-05 12:00, birthday 1990-03-03.
func TestLooks(t *testing.T) {
	for _, c := range []struct {
		expr string
		now  bool
		look string // local, with milliseconds; "" for never
	}{
		{`true`, true, ""},
		{`profile.total_spend > 3`, true, ""},
		// the 60th day to the second
		{`count(order_completed) > 0 and last(order_completed).at <= ago(60 days)`, false, "2026-04-29 09:00:00.000"},
		{`last(order_completed).at < ago(60 days)`, false, "2026-04-29 09:00:00.001"},
		{`last(order_completed).at > ago(60 days)`, true, "2026-04-29 09:00:00.000"},
		{`last(order_completed).at >= ago(60 days)`, true, "2026-04-29 09:00:00.001"},
		{`last(order_completed).at == ago(60 days)`, false, "2026-04-29 09:00:00.000"},
		{`last(order_completed).at == ago(2 days)`, true, "2026-03-02 09:00:00.001"},
		{`last(order_completed).at <= ago(1 day)`, true, ""},
		{`last(order_completed).at + 60 days <= now`, false, "2026-04-29 09:00:00.000"},
		{`now - last(order_completed).at >= 60 days`, false, "2026-04-29 09:00:00.000"},
		{`entry.starts - now < 1 day`, false, "2026-03-04 12:00:00.001"},
		{`entry.starts <= from_now(1 day)`, false, "2026-03-04 12:00:00.000"},
		{`-(now - entry.starts) < 1 day`, false, "2026-03-04 12:00:00.001"},
		{`now >= 2026-03-05`, false, "2026-03-05 00:00:00.000"},
		{`now > 2026-03-05 10:00`, false, "2026-03-05 10:00:00.001"},
		{`now == now`, true, ""},
		{`ago(1 day) < now`, true, ""},
		// windows: at exactly D still in
		{`count(order_completed in last 2 days) > 0`, true, "2026-03-02 09:00:00.001"},
		{`count(order_completed in last 29 days) == 2`, true, "2026-03-02 09:00:00.001"},
		{`count(order_completed in last 91 days) == 2`, false, "2026-03-02 10:00:00.001"},
		{`count(order_completed in last 1 day) == 0`, true, ""},
		{`count(order_completed in last 90 days) == 2`, true, "2026-05-02 09:00:00.001"},
		// jumps of local time
		{`local(now).hour == 9`, true, "2026-03-02 10:00:00.000"},
		{`local(now).minute == 0`, true, "2026-03-02 09:01:00.000"},
		{`local(now).weekday == "monday"`, true, "2026-03-03 00:00:00.000"},
		{`local(now).date == 2026-03-02`, true, "2026-03-03 00:00:00.000"},
		{`local(ago(90 minutes)).hour == 7`, true, "2026-03-02 09:30:00.000"},
		{`local(profile.last_seen).hour == 9`, true, ""},
		{`age(profile.birthday) == 35`, true, "2026-03-03 00:00:00.000"},
		{`age(1990-03-02) == 36`, true, "2026-03-03 00:00:00.000"}, // the day itself may come twice
		{`age(1990-03-01) == 36`, true, "2027-03-01 00:00:00.000"},
		// the earliest of several; what was not looked at does not count
		{`now > 2026-04-01 or now > 2026-05-01`, false, "2026-04-01 00:00:00.001"},
		{`now > 2026-01-01 or now > 2026-05-01`, true, ""},
		{`now > 2026-05-01 and now > 2026-04-01`, false, "2026-05-01 00:00:00.001"},
		{`now > profile.gone_time`, false, ""},
	} {
		t.Run(c.expr, func(t *testing.T) {
			x, e := compile(t, c.expr, Condition), ann(t)
			got, look := x.Bool(e), ""
			if e.Look != 0 {
				look = e.Look.In(taipei).Format("2006-01-02 15:04:05.000")
			}
			if got != c.now || look != c.look {
				t.Errorf("got %v until %q, want %v until %q", got, look, c.now, c.look)
			}
			if c.look != "" && !x.Reads().Now {
				t.Error("does not say that it reads now")
			}
		})
	}
}

// TestWindowsAreShared: events that lie together are not copied.
func TestWindowsAreShared(t *testing.T) {
	e := ann(t)
	evs := e.Person.Events("order_completed")
	got := within(e, evs, 90*value.Day)
	if len(got) != 2 || &got[0] != &evs[1] {
		t.Errorf("got %v", got)
	}
	late := []*Event{evs[2], evs[0], evs[1]} // arrived out of order
	if got := within(e, late, 90*value.Day); fmt.Sprint(got[0].ID, got[1].ID) != "o3 o2" && len(got) != 2 {
		t.Errorf("got %v", got)
	}
	if late[1] != evs[0] {
		t.Error("the person's own list was written to")
	}
}

func TestSource(t *testing.T) {
	for text, want := range map[string]string{
		`(profile.vip) and (segment.high_value)`: `(profile.vip) and (segment.high_value)`,
		`count(order_completed)`:                 `count(order_completed)`,
		`any(profile.tags, (it == ")"))`:         `any(profile.tags, (it == ")"))`,
		`profile.tags[(0)]`:                      `profile.tags[(0)]`,
		`profile.name is set`:                    `profile.name is set`,
		`last(order_completed).items`:            `last(order_completed).items`,
	} {
		if got := compile(t, text, Anything).Source(); got != want && got != "("+want+")" {
			t.Errorf("%s: got %s", text, got)
		}
	}
}
