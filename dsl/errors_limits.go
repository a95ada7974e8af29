package dsl

import (
	"strings"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Settings that keep messages back.

func errControlShare(p *syntax.Percent) diag.Diagnostic {
	return mistake(ControlShare, p.Span(), "", "a control group is a part of the people: 100%% is everybody")
}

func errWebhookSetting(name *syntax.Name) diag.Diagnostic {
	return mistake(BadSetting, name.Span(), "", "a webhook tells a system, not a person: this holds for %s", strings.Join(personalChannels, ", "))
}

func errNoChannel(name *syntax.Name, known []string) diag.Diagnostic {
	return mistake(UnknownChannel, name.Span(), diag.Suggest(name.Text, known), "unknown channel `%s`: there are %s", name.Text, strings.Join(known, ", "))
}

func errEmptyQuiet(at diag.Span) diag.Diagnostic {
	return mistake(EmptyWindow, at, "", "these hours end where they begin: all day long would keep everything back for ever")
}

func errAlwaysQuiet(at diag.Span, channel string) diag.Diagnostic {
	return mistake(AlwaysQuiet, at, "", "with this, it is always quiet for `%s`, and nothing would ever be sent", channel)
}

func errCapCount(n *syntax.Number) diag.Diagnostic {
	return mistake(BadSetting, n.Span(), "", "a cap lets through a whole number of messages, at least 1: to send none, write `suppress`")
}

func errCapPer(d *syntax.Duration) diag.Diagnostic {
	return mistake(BadSetting, d.Span(), "", "a cap counts over more than nothing and at most 366 days")
}

func errUnknownTopic(name *syntax.Name, topics []string) diag.Diagnostic {
	return mistake(UnknownTopic, name.Span(), diag.Suggest(name.Text, topics), "unknown topic `%s`: the workspace lists them, as in `topics %s \"…\"`", name.Text, name.Text)
}

// Heads of journeys.

func errNoList(name *syntax.Name, t *value.Type) diag.Diagnostic {
	var lists []string
	for _, f := range t.Fields {
		if f.Type.Kind == value.List {
			lists = append(lists, f.Name)
		}
	}
	return mistake(cond.UnknownProperty, name.Span(), diag.Suggest(name.Text, lists), "unknown property of the event `%s`: `each` takes a list of it", name.Text)
}

func errNotList(name *syntax.Name, t *value.Type) diag.Diagnostic {
	return mistake(cond.WrongType, name.Span(), "", "`each` takes a list, and `event.%s` is %s", name.Text, article(t.Kind.String()))
}

func errItemTaken(name *syntax.Name, own *value.Field) diag.Diagnostic {
	return mistake(ReservedName, name.Span(), "", "with `each`, `item` is the element of the list, and the event has a property of that name: call it otherwise, as in `its_item %q: …`", own.Wire)
}

func errWholeDays(d *syntax.Duration) diag.Diagnostic {
	return mistake(WholeDays, d.Span(), "", "this is counted in calendar days: write whole days, like `2 days`")
}

func errNoDate(name *syntax.Name, t *value.Type) diag.Diagnostic {
	return mistake(cond.WrongType, name.Span(), "", "a date or time is wanted here, and `profile.%s` is %s", name.Text, article(t.Kind.String()))
}

func errDayTwice(at diag.Span) diag.Diagnostic {
	return mistake(DayTwice, at, "", "this day is listed already")
}

func errDaysTwice(at diag.Span) diag.Diagnostic {
	return mistake(diag.RepeatedClause, at, "", "the days are given before the time already")
}

func errDaysOfMonth(at diag.Span) diag.Diagnostic {
	return mistake(diag.RepeatedClause, at, "", "these are days of the month already: ask for days of the week in `where`, as in `local(entry.at).weekday == \"monday\"`")
}

func errPriority(n *syntax.Number) diag.Diagnostic {
	return mistake(BadPriority, n.Span(), "", "a priority is a whole number; higher ones come first, and 0 is the usual one")
}

func warnNewest(at diag.Span, event string) diag.Diagnostic {
	return warning(OnlyNewest, at, "of `%s` only the newest 1,000 are read here: write `%s in last 90 days`, or keep what you need as a computed trait", event, event)
}

func warnBeyond(at diag.Span) diag.Diagnostic {
	return warning(OnlyNewest, at, "there are never more than 1,000: of past events the newest 1,000 of a kind are read")
}
