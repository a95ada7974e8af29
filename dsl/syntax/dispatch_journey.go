package syntax

import (
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// headRules are the clauses of a journey's head. `exit` begins clauses and a
// step.
func headRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"enter":         chooseEnter(root),
		"again":         chooseAgain(root),
		"once":          always(newRule[Once](root, "once [per EXPR]")),
		"only":          always(newRule[OnlyWhile](root, "only while C")),
		"exit":          chooseExit(root),
		"goal":          always(newRule[Goal](root, "goal NAME on EVENT [where C] within D [value EXPR]", changeWords...)),
		"control":       always(newRule[Control](root, "control 10%")),
		"transactional": always(newRule[Transactional](root, "transactional")),
		"priority":      always(newRule[Priority](root, "priority N")),
	}
}

// stepRules are the steps but for `exit`.
func stepRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"wait":   chooseWait(root),
		"send":   always(newRule[Send](root, "send MESSAGE [with { NAME: EXPR }] [otherwise { … }]")),
		"if":     always(newRule[If](root, "if C { … } else if C { … } else { … }")),
		"split":  always(newRule[Split](root, "split NAME { 50% a { … } 50% b { … } }")),
		"set":    always(newRule[Set](root, "set profile.TRAIT = EXPR")),
		"clear":  always(newRule[Clear](root, "clear profile.TRAIT")),
		"tag":    always(newRule[Tag](root, `tag "…"`)),
		"untag":  always(newRule[Tag](root, `untag "…"`)),
		"let":    always(newRule[Let](root, "let NAME = EXPR")),
		"repeat": always(newRule[Repeat](root, "repeat up to N times [every D] [while C] { … }")),
		"emit":   always(newRule[Emit](root, "emit EVENT { PROPERTY: EXPR, … }")),
		"call":   always(newRule[Ask](root, "call WEBHOOK [with { NAME: EXPR }] [as NAME [returns { NAME: TYPE }]] [otherwise { … }]")),
		"start":  always(newRule[Begin](root, "start JOURNEY [with { NAME: EXPR }]")),
	}
}

func chooseEnter(root *participle.Parser[grammar]) chooser {
	byEvent := newRule[EnterEvent](root, "enter on EVENT [each event.LIST] [where C]", changeWords...)
	byRequest := newRule[EnterRequest](root, "enter on request [{ NAME: TYPE, … }] [where C]")
	when := newRule[EnterWhen](root, "enter when C [where C] [including existing]")
	yearly := newRule[EnterYearly](root, "enter yearly on profile.DATE [at 09:00] [where C], or enter yearly 7 days before profile.DATE",
		append(slices.Clone(unitWords), "after")...)
	date := newRule[EnterDate](root, "enter 3 days before profile.DATE [at 09:00] [where C]", append(slices.Clone(unitWords), "after")...)
	daily := newRule[EnterClock](root, "enter daily at 09:00 [on weekdays] [where C]")
	weekly := newRule[EnterClock](root, "enter on WEEKDAY, … at 09:00 [where C]")
	monthly := newRule[EnterClock](root, "enter monthly on 1, 15, last at 09:00 [where C]")
	day := newRule[EnterDay](root, "enter on 2026-11-11 at 09:00 [where C]")
	return func(t []*lexer.Token) (*rule, *problem) {
		third := t[2]
		switch {
		case is(t[1], "when"):
			return when, nil
		case near(t[1], "yearly"):
			return yearly, nil
		case near(t[1], "daily"):
			return daily, nil
		case near(t[1], "monthly"):
			return monthly, nil
		case t[1].Type == tokNumber, t[1].Type == tokDuration:
			return date, nil
		case !is(t[1], "on"):
			return byEvent, nil
		case is(third, "request"):
			return byRequest, nil
		case third.Type == tokDate, third.Type == tokDateTime:
			return day, nil
		case third.Type == tokName && weekdays[third.Value] != nil && (is(t[3], ",") || is(t[3], "at")):
			return weekly, nil
		}
		return byEvent, nil
	}
}

// changeWords go on with an event that is the change of a trait.
var changeWords = []string{"of", "profile"}

func chooseAgain(root *participle.Parser[grammar]) chooser {
	afterExit := newRule[AgainAfterExit](root, "again after exit [per EXPR]")
	after := newRule[AgainAfter](root, "again after D [per EXPR]")
	return func(t []*lexer.Token) (*rule, *problem) {
		if is(t[2], "exit") {
			return afterExit, nil
		}
		return after, nil
	}
}

func chooseExit(root *participle.Parser[grammar]) chooser {
	onEvent := newRule[ExitEvent](root, "exit on EVENT [where C]", changeWords...)
	onGoal := newRule[ExitGoal](root, "exit on goal NAME")
	when := newRule[ExitWhen](root, "exit when C")
	step := newRule[Exit](root, `exit ["reason"]`)
	return func(t []*lexer.Token) (*rule, *problem) {
		switch {
		case is(t[1], "when"):
			return when, nil
		case !is(t[1], "on"):
			return step, nil
		case near(t[2], "goal") && t[3].Type == tokName && !near(t[3], "where"):
			return onGoal, nil
		}
		return onEvent, nil
	}
}

func chooseWait(root *participle.Parser[grammar]) chooser {
	plain := newRule[Wait](root, "wait DURATION")
	clock := newRule[WaitClock](root, "wait until [WEEKDAY, … at] 09:00 [on weekdays]")
	hour := newRule[WaitHour](root, "wait until hour EXPR")
	window := newRule[WaitWindow](root, "wait until 09:00 to 18:00 [on weekdays]")
	moment := newRule[WaitMoment](root, "wait until TIME [at 09:00 [on weekdays]] [{ … }] [otherwise { … }] [if past exit]")
	quiet := newRule[WaitQuiet](root, "wait until no EVENT [where C] for D")
	limited := newRule[WaitFor](root, "wait up to D for EVENT [where C] [since entry] [{ … }] [otherwise { … }], or wait up to D until C")
	return func(t []*lexer.Token) (*rule, *problem) {
		third := t[2]
		switch {
		case is(t[1], "up"):
			return limited, nil
		case !is(t[1], "until") && !(near(t[1], "until") && !is(third, "(") && !is(third, ".")):
			return plain, nil
		case is(third, "no"):
			return quiet, nil
		case third.Type == tokClock && is(t[3], "to"):
			return window, nil
		case third.Type == tokClock, is(third, "tomorrow"),
			third.Type == tokName && weekdays[third.Value] != nil && (is(t[3], ",") || is(t[3], "at")):
			return clock, nil
		case is(third, "hour") && !is(t[3], "."):
			return hour, nil
		}
		return moment, nil
	}
}

// near says whether a token is a word, or was to be.
func near(t *lexer.Token, word string) bool {
	return t.Type == tokName && (t.Value == word || diag.Suggest(t.Value, []string{word}) != "")
}
