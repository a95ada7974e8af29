package syntax

import (
	"maps"
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// testRules are the lines of a test.
func testRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"given":  always(newRule[Given](root, "given { TRAIT: VALUE, … }")),
		"start":  always(newRule[TestStart](root, "start 2026-03-02 09:00")),
		"at":     chooseHappens(root),
		"assume": chooseAssume(root),
		"expect": chooseExpect(root),
	}
}

func chooseHappens(root *participle.Parser[grammar]) chooser {
	return always(newRule[Happens](root,
		"at 30m event EVENT { PROPERTY: VALUE } [of 10m], at 30m set { TRAIT: VALUE }, or at 30m request JOURNEY { NAME: VALUE }", unitWords...))
}

func chooseAssume(root *participle.Parser[grammar]) chooser {
	segment := newRule[AssumeSegment](root, "assume segment NAME [is false]", "true")
	split := newRule[AssumeSplit](root, "assume split NAME BRANCH")
	control := newRule[AssumeControl](root, "assume control [JOURNEY]")
	call := newRule[AssumeCall](root, "assume call WEBHOOK returns { NAME: VALUE }, or assume call WEBHOOK fails")
	fails := newRule[AssumeFails](root, "assume MESSAGE fails", "segment", "split", "control", "call")
	return func(t []*lexer.Token) (*rule, *problem) {
		switch what := t[1]; {
		case is(t[2], "fails"):
		case near(what, "segment"):
			return segment, nil
		case near(what, "split"):
			return split, nil
		case near(what, "control"):
			return control, nil
		case near(what, "call") && t[2].Type == tokName:
			return call, nil
		}
		return fails, nil
	}
}

func chooseExpect(root *participle.Parser[grammar]) chooser {
	send := newRule[ExpectSend](root, `expect send MESSAGE [at 1h] [to "…"] [with FIELD "…"]`, unitWords...)
	nothing := newRule[ExpectNothing](root, "expect no send, or expect no goal [NAME]")
	unsent := newRule[ExpectUnsent](root, `expect skip MESSAGE "reason" [at 1h], or expect fail MESSAGE "reason" [at 1h]`, unitWords...)
	run := newRule[ExpectRun](root, `expect enter JOURNEY [at 1h], or expect exit or end [JOURNEY] ["reason"] [at 1h]`, unitWords...)
	goal := newRule[ExpectGoal](root, "expect goal NAME [value N, or without value] [at 1h]", unitWords...)
	that := newRule[ExpectThat](root, "expect C [at 1h]", unitWords...)
	verbs := map[string]*rule{"send": send, "no": nothing, "skip": unsent, "fail": unsent, "enter": run, "exit": run, "end": run, "goal": goal}
	return func(t []*lexer.Token) (*rule, *problem) {
		if r := verbs[t[1].Value]; r != nil && t[1].Type == tokName {
			return r, nil
		}
		if is(t[1], "not") && (near(t[2], "enter") || verbs[t[2].Value] == run) && !is(t[3], "(") && !is(t[3], ".") {
			return run, nil
		}
		// No condition begins with a name and goes on with one, or a text.
		if next := t[2]; next.Type == tokString || next.Type == tokName && !isOperatorWord[next.Value] {
			if meant := diag.Suggest(t[1].Value, slices.Sorted(maps.Keys(verbs))); meant != "" && t[1].Type == tokName {
				return verbs[meant], nil
			}
		}
		return that, nil
	}
}
