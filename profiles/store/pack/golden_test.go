package pack_test

import (
	"fmt"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// golden is the person in testdata/*.golden. He must never change: the files
// were written from him.
func golden() *profiles.Person {
	const at value.Time = 1_780_000_000_000
	viewed := &profiles.Kept{Dropped: 5}
	var recent []*cond.Event
	for i := range 90 {
		ev := &cond.Event{ID: fmt.Sprintf("123e4567-e89b-12d3-a456-%012x", i), Name: "viewed", At: at + value.Time(1000*i), Arrived: at + value.Time(1000*i+7),
			Props: cond.PropsOf(map[string]any{"price": float64(i) + 0.25, "sku": fmt.Sprintf("sku-%04d", i), "url": "https://example.com/p/" + fmt.Sprint(i)})}
		if i >= 70 {
			recent = append(recent, ev)
		}
		viewed.List = append(viewed.List, &cond.Event{ID: ev.ID, Name: ev.Name, At: ev.At, Arrived: ev.Arrived, Props: cond.PropsOf(map[string]any{"price": ev.Props.Get("price")})})
	}
	p := &profiles.Person{
		ID: "0f3b9c", Created: at, Last: at + 99000, Release: "9f86d081884c7d65", Entered: 45, Spilled: 3, Moment: at + 86400000,
		Identifiers: []profiles.Identifier{{Trait: "email", Value: "ann@example.com", Since: at}, {Trait: "user_id", Value: "12345", Since: at + 1}},
		Traits: map[string]profiles.Trait{
			"email": {Value: "ann@example.com", At: at}, "gone": {At: at}, "vip": {Value: true, At: at}, "plain": {Value: false, At: at},
			"born": {Value: value.Date(7000), At: at}, "seen": {Value: at + 5, At: at}, "took": {Value: 3 * value.Hour, At: at},
			"when": {Value: value.Local{Date: 20000, Clock: 540}, At: at}, "pi": {Value: 3.14159, At: at}, "n": {Value: -70.0, At: at},
			"small": {Value: 12.0, At: at}, "mill": {Value: 0.125, At: at}, "text": {Value: "烏龍茶", At: at},
			"list": {Value: []any{"a", 1.0, nil, map[string]any{"x": "y", "z": []any{}}}, At: at},
		},
		Events:   map[string]*profiles.Kept{"viewed": viewed, "bought": {List: []*cond.Event{{Name: "bought", ID: "b", At: at, Arrived: at}}}},
		Recent:   recent,
		Running:  map[string]*profiles.Aggregate{"sum viewed.price": {Number: 17.5, N: 90}, "last viewed": {N: 90, Event: recent[19]}},
		Segments: map[string]value.Time{"high_value": at + 3}, Whens: map[string]bool{"welcome/0": true, "welcome/1": false},
		Splits: map[string]string{"first": "b"}, Controls: map[string]bool{"": false, "welcome": true}, Calendar: map[string]value.Date{"welcome/1": 20500},
		Runs: []*profiles.Run{{
			ID: "0f3b9c.44", Journey: "welcome", Release: "9f86d081884c7d65", Key: "k", Entered: at, Entry: recent[3], State: profiles.Sending, Step: 4, Pass: 2,
			Clock: at + 5, Until: at + 6, Back: at + 1, Base: at + 2, Seq: 9, Wake: at + 7, Depth: 1, Vars: map[string]any{"x": 1.0},
			Arms: []*cond.Event{nil, recent[5], {Name: "other"}}, Rounds: map[int]int{3: 2}, Passes: map[int]int{4: 2, 5: 1}, Sends: map[string]uint8{"hello": 3},
			Goals: map[string]profiles.Goal{"buy": {At: at, Credited: true, Value: 2.5}}, Sent: at + 3,
		}, {ID: "other.1", Journey: "welcome", Clock: at, Base: at}},
		Entries: map[string][]profiles.EntryMark{"welcome": nil},
		Refused: []profiles.Refusal{{Journey: "welcome", Reason: "again", At: at}},
		Marks: []profiles.Mark{{ID: 1 << 60, Payload: 7, At: at - 5}, {ID: 2, Payload: 8, At: recent[0].Arrived}, {ID: 3, At: recent[4].Arrived},
			{ID: 4, At: at + 98000}},
		Absorbed: []profiles.Absorbed{{ID: "abc", Version: 12, At: at}},
	}
	for i := range 40 {
		p.Ended = append(p.Ended, &profiles.Run{ID: fmt.Sprint("0f3b9c.", i+1), Journey: "welcome", State: profiles.Ended, EndedAt: at, Reason: "end"})
		p.Ledger = append(p.Ledger, &profiles.Send{Run: fmt.Sprint("0f3b9c.", i+1), Step: "1", Pass: 1, Journey: "welcome", Message: "hello", Channel: "email",
			State: profiles.Skipped, Reason: "consent", At: at + value.Time(i), Due: at})
	}
	p.Ledger[39].State, p.Ledger[39].Owner, p.Ledger[39].Deadline = profiles.Attempting, "a", int64(at)+5
	p.Ledger[38].Exempt = true
	for i := range 100 {
		p.Entries["welcome"] = append(p.Entries["welcome"], profiles.EntryMark{Key: fmt.Sprint("order", i), At: at + value.Time(i)})
	}
	return p
}

// goldenHours is the person in testdata/hours.*.golden, with what is kept by
// the hour in a chunk and in the core. He must never change either.
func goldenHours() *profiles.Person {
	const first = 494_444
	p := &profiles.Person{ID: "0f3b9c", Created: 1_780_000_000_000, Last: 1_780_000_099_000, Release: "9f86d081884c7d65",
		Hours: map[string][]cond.Hour{"bought": {{Hour: first - 7, N: 3}}}}
	for i := range int64(70) {
		n := int(i%3 + 1)
		h := cond.Hour{Hour: first + i*i, N: n, Sum: 12.5 * float64(n), Min: 12.5, Max: 12.5}
		if n > 1 {
			h.Min, h.Max = 10.25, 14.75
		}
		p.Hours["viewed.price"] = append(p.Hours["viewed.price"], h)
		p.Hours["viewed"] = append(p.Hours["viewed"], cond.Hour{Hour: h.Hour, N: n})
	}
	return p
}

// goldenIdentity is the person in testdata/identity.*.golden, who says where
// what is known of him came from, and into whom others went. He must never
// change either.
func goldenIdentity() *profiles.Person {
	const at value.Time = 1_780_000_000_000
	p := &profiles.Person{ID: "0f3b9c", Created: at, Last: at + 9,
		Identifiers: []profiles.Identifier{{Trait: "email", Value: "ann@example.com", Since: at, Source: "crm"}, {Trait: "user_id", Value: "12345", Since: at + 1, Source: "web"}},
		Traits:      map[string]profiles.Trait{"email": {Value: "ann@example.com", At: at, Source: "crm"}, "city": {Value: "Taipei", At: at}, "vip": {Value: true, At: at, Source: "journey thanks"}},
		Unlinked: []profiles.Unlinked{{Trait: "anonymous_id", Value: "null", Rule: profiles.RuleBlocked, Event: "m-1", Source: "web", At: at + 2, Times: 7},
			{Trait: "user_id", Value: "6***", Owner: "abc", Rule: profiles.RuleUser, At: at + 3, Times: 1}},
	}
	for i := range 9 {
		p.Merges = append(p.Merges, profiles.Merge{At: at + value.Time(i), Winner: "0f3b9c", Loser: fmt.Sprint("p", i),
			Cause:     profiles.Cause{Event: fmt.Sprint("m-", i), Source: "web", Rule: "user_id + anonymous_id"},
			WinnerHad: p.Identifiers[:1:1], LoserHad: []profiles.Identifier{{Trait: "anonymous_id", Value: fmt.Sprint("a", i), Since: at - 5, Source: "web"}}})
	}
	return p
}
