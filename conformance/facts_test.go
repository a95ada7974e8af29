package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fact is something that other systems got wrong, or that they do in another
// way, and the test that shows what is done here: a workspace of this folder
// and the title of its test, or a folder and the name of a Go test.
type fact struct {
	says, where, test string
}

// facts are in the order of the reference on the behaviour of journeys: entry,
// filters and exits, time, splits, sends, live edits.
var facts = []fact{
	// Entry and re-entry.
	{"unsaid it is once", "reentry", "unsaid it is once, once ever"},
	{"re-entry counts entry, not receipt", "reentry", "it counts entry, not receipt"},
	{"re-entry windows are exact", "reentry", "after seven days to the second"},
	{"at exactly D one may enter again", "reentry", "at exactly seven days it lets in"},
	{"one event enters once, however many processes hear it", "../engine", "TestTwoEnginesLoseNothingAndCountNothingTwice"},
	{"the same key while running begins no second run, the event reaches the running one", "reentry", "the same key while running: no second run, the event reaches the running one"},
	{"the same key later is refused unless `again`", "reentry", "once per key: the same key while running, and later"},
	{"keys run side by side", "reentry", "different keys side by side"},
	{"a wait sees only events after its step began", "waits", "an event before the step began does not satisfy"},
	{"an earlier run's event satisfies no later run", "waits", "an earlier run's event does not satisfy a later run"},
	{"`where` is judged at the event, no grace", "entries", "judged at that moment only"},
	{"`where` is judged on the state that includes the event", "entries", "judged on the state that includes the event"},
	{"a published journey takes events at once, in every process", "../engine", "TestPublicationsUnderLoad"},
	{"re-entry uses the release of that entry", "../engine", "TestDeployAndRollback"},
	{"dates follow the trait", "relative_dates", "follows the time to a later one"},
	{"29 February is kept on the 28th", "anniversaries", "each year; 29 February is kept on the 28th"},
	{"a date that becomes known too late makes no entry this time", "anniversaries", "known a second too late"},
	{"publishing does not reset clock entries", "../orchestrator", "TestAReleaseCountsFromWhenItWentLive"},
	{"a pause freezes, nobody leaves, what is overdue goes on under all rules", "../engine", "TestPauseAndResume"},
	{"reasons for not entering are recorded", "choices", "an entry is refused for the first of: no key, filter, already left, again"},

	// Filters, exits, goals, waits.
	{"`only while` is asked at entry", "filter", "at entry"},
	{"`only while` is asked again before every step that touches the person", "filter", "it does not interrupt a wait"},
	{"an exit acts in the middle of a wait", "exits", "in the middle of a wait"},
	{"an exit acts in the middle of a hold", "exits", "an event during a hold"},
	{"consent is asked again after a hold", "quiet_hours", "consent taken back during the hold"},
	{"the filter is asked again after a hold", "filter", "again after a hold"},
	{"no claim after an acknowledged exit", "../engine", "TestNoClaimAfterAnExit"},
	{"a goal counts once for each run", "goals", "at most once for each run"},
	{"a goal's window begins at the entry, not at the split or the send", "goals", "counted from entry, not from the send"},
	{"a goal counts after the end", "goals", "after the run has ended"},
	{"`if` is judged when reached", "waits", "`if` is judged when it is reached, not before the wait"},
	{"any condition can be waited for, not only the entry's segment", "waits", "true by time alone"},
	{"of two causes at once the first committed wins", "waits", "at one instant the order of arrival decides: an event"},
	{"shares that make no 100, unknown targets, loops without an end are errors", "../dsl", "TestCheck"},

	// Time.
	{"a day is 24 hours", "clock_changes", "a day is 24 hours"},
	{"the offset is the one at the target", "clock_changes", "the offset is the one at the target: nine comes 23 hours after nine"},
	{"the weekday is the person's", "clock_changes", "the weekday is the person's at the target, not UTC's"},
	{"a time in a gap takes the offset before it", "clock_changes", "new york, march: 02:30 is 03:30"},
	{"a time that exists twice is the first", "clock_changes", "new york, november: the first 01:30"},
	{"the zone is the person's, then the workspace's", "zones", "the person's"},
	{"then UTC", "zones", "unsaid: UTC"},
	{"an unknown zone is the next one, never an error", "clock_changes", "an unknown zone falls to the workspace's"},
	{"exactly now is now", "waits", "exactly nine is now"},
	{"a window that crosses midnight is open before it", "waits", "before midnight, inside a window that crosses it"},
	{"… and after it", "waits", "after midnight, inside a window that crosses it"},
	{"a target in the past: on at once", "waits", "past already: at once"},
	{"… or out, where the journey says so", "waits", "past ends the run"},
	{"an unreadable moment counts as past", "waits", "an unreadable moment is not stored: it is missing"},
	{"the next wait counts from the actual release", "quiet_hours", "held until nine, and the next wait counts from there"},
	{"a changed zone moves a running wait", "waits", "a zone that moves ahead during the wait"},
	{"a changed trait moves a running wait", "waits", "a later moment moves the wait"},
	{"a final wait is waited for", "waits", "the last wait of a journey is waited for"},
	{"a wait fires once", "zones", "a wait of two days and then a window: once, and only once"},

	// Splits and control groups.
	{"the branch is the same at re-entry", "splits", "the same branch at re-entry"},
	{"the branch survives a merge, the earlier one wins", ".", "TestMergeKeepsTheEarlierBranch"},
	{"new percentages move only people without a branch", "splits", "but by who was given it before"},
	{"splits and control groups are independent", ".", "TestAssignmentsAreIndependent"},
	{"everybody has an id, so everybody is assigned", "identity", "everybody has an id"},
	{"a split does not weaken once", "reentry", "a split does not weaken once"},
	{"who cannot be reached is in neither arm", "control", "who cannot be reached is none of the control group: consent"},
	{"control is a lasting assignment", "own_control", "a lasting assignment"},

	// Sends.
	{"address before consent", "consent", "the address is asked before consent"},
	{"consent before topic, topic before suppression", "consent", "the topic is asked before suppression"},
	{"control before cap and quiet hours", "control", "asked before the cap, and takes no place of it; asked before quiet hours"},
	{"not sent is not left", "consent", "missing"},
	{"one send step delivers once, however often it is tried", "../engine", "TestOneOfManyClaims"},
	{"a claim left behind is uncertain, and not repeated", "../engine", "TestLeftOverClaims"},
	{"one bad recipient holds up nobody", "../engine", "TestWrongCallsHurtNoOther"},
	{"a cap rolls", "caps", "a window rolls: no calendar's midnight empties it"},
	{"or goes by the person's calendar", "calendar_caps", "ends at the person's midnight"},
	{"a cap skips and never queues", "caps", "skipped is not queued, and does not count"},
	{"what failed takes no place of a cap", "caps", "what failed does not count: the provider"},
	{"receipts are exempt", "caps", "receipts neither count nor are capped"},
	{"who wins under a cap: priority", "priority", "the highest takes the place"},
	{"quiet hours hold, in the person's zone", "quiet_hours", "the hours are the person's"},
	{"what cannot be rendered is never sent", "rendering", "a missing value without a default: never sent"},
	{"one-click headers on marketing mail", "../channels", "TestUnsubscribeHeaders"},
	{"a broadcast judges each person by himself", "entries", "each addressed person is judged as if it came for him alone"},
	{"a broadcast that is repeated changes nothing", "../engine", "TestABroadcastReachesItsSegment"},
	{"people do not get stuck", "../engine", "TestTheSweeperWakesWhatIsOverdue"},

	// Live edits, and the cost of a run.
	{"runs keep to their release", "../engine", "TestDeployAndRollback"},
	{"a value that nobody kept is missing, never an error", "choices", "what `let` keeps may be a whole event; what no `let` kept is missing"},
	{"a run costs few events of history", "../cmd/journeyd", "TestHistoryOfARun"},
	{"two who merge inside one journey: the earlier entry goes on", ".", "TestMergeInsideTheSameJourney"},
}

// Every fact has its test.
func TestFacts(t *testing.T) {
	titles := map[string]map[string]bool{}
	for _, dir := range topics(t) {
		titles[dir] = map[string]bool{}
		for _, test := range load(t, dir).Tests {
			titles[dir][test.Title] = true
		}
	}
	seen := map[string]bool{}
	for _, f := range facts {
		if seen[f.says] {
			t.Errorf("%q stands twice", f.says)
		}
		seen[f.says] = true
		if !titles[f.where][f.test] && !hasGoTest(t, f.where, f.test) {
			t.Errorf("%q: there is no test %q in %s", f.says, f.test, f.where)
		}
	}
	t.Logf("%d facts", len(facts))
}

// hasGoTest says whether a folder has a Go test of a name.
func hasGoTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
