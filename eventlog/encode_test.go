package eventlog

import (
	"bytes"
	"flag"
	"os"
	"reflect"
	"testing"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

var update = flag.Bool("update", false, "write the golden file of the newest format")

const now = value.Time(1_772_413_200_000)

// whole is an entry with everything that there can be in one.
func whole() *Entry {
	deep := map[string]any{"sku": "a", "n": 2.0, "none": nil, "list": []any{true, false, "x"}, "empty": map[string]any{}}
	return &Entry{
		Profile: "6b1c", Version: 7, Release: 3, Born: now - 5, Paused: []string{"cart"}, Stopped: []string{"email", "sms"},
		Records: []Record{
			{Kind: Event, Now: now, Input: &orchestrator.Input{
				Kind: orchestrator.EventInput, At: now - 10, ID: "m1", History: true,
				Identifiers: []profiles.Identifier{{Trait: "user_id", Value: "ann"}, {Trait: "email", Value: "ann@example.com"}},
				Mark:        &profiles.Mark{ID: 1<<63 + 5, Payload: 77},
				Traits:      map[string]any{"name": "安", "gone": nil},
				Event: &cond.Event{Name: "order_completed", ID: "m1", At: now - 10, Props: cond.PropsOf(map[string]any{
					"total": 12.34, "half": 0.5, "odd": 1.0 / 3, "big": 1e300, "whole": -42.0, "lines": []any{deep}, "on": value.Date(20000),
					"when": now, "for": value.Day, "local": value.Local{Date: 20000, Clock: 540},
				})},
			}},
			{Kind: Identify, Now: now + 1, Input: &orchestrator.Input{
				Kind: orchestrator.IdentifyInput, At: now, Traits: map[string]any{"consent": map[string]any{"email": true}}, ID: "m2",
				Source:   "web",
				Unlinked: []profiles.Unlinked{{Trait: "email", Value: "a…@x", Owner: "o", Rule: profiles.RuleLimit, Event: "m1", Source: "crm", At: now, Times: 2}},
			}},
			{Kind: Request, Now: now + 2, Input: &orchestrator.Input{
				Kind: orchestrator.RequestInput, At: now + 2, Journey: "invite", Params: map[string]any{"code": "x"},
			}},
			{Kind: Tick, Now: now + 3},
			{Kind: Advance, Now: now + 4, Run: "6b1c.1"},
			{Kind: Settlement, Now: now + 5, Run: "6b1c.1", Outcome: &orchestrator.Outcome{
				State: profiles.Failed, Reason: "mailbox full", Answer: map[string]any{"ok": false},
			}},
			{Kind: Claim, Now: now + 6, Run: "6b1c.2", Owner: "p.1", Deadline: 123, Dropped: true},
			{Kind: Merge, Now: now + 7, Other: "77aa", OtherVersion: 12, Cause: profiles.Cause{Event: "m1", Source: "web", Rule: "user_id"}},
			{Kind: Fit, Now: now + 8},
			{Kind: Tags, Now: now + 9, Input: &orchestrator.Input{Kind: orchestrator.TagsInput, At: now + 9, Tag: []string{"vip"}}},
			{Kind: End, Now: now + 10, Reason: "erased"},
		},
	}
}

func encode(t testing.TB, e *Entry) []byte {
	t.Helper()
	b := Begin(e)
	var err error
	for i := range e.Records {
		if b, err = Append(b, &e.Records[i]); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestAnEntryComesBack(t *testing.T) {
	e := whole()
	got, err := Decode(encode(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Errorf("came back as\n%+v\nand was\n%+v", got, e)
	}
}

// TestOldFormats: what was written once stays readable.
func TestOldFormats(t *testing.T) {
	const file = "testdata/entry-1.bin"
	if *update {
		if err := os.WriteFile(file, encode(t, whole()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil || !reflect.DeepEqual(got, whole()) {
		t.Errorf("reads as %+v, %v", got, err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	var deep any = 1.0
	for range maxDepth + 5 {
		deep = []any{deep}
	}
	for _, v := range []any{deep, 7, struct{}{}} {
		r := Record{Kind: Identify, Input: &orchestrator.Input{Traits: map[string]any{"x": v}}}
		if _, err := Append(Begin(&Entry{}), &r); err == nil {
			t.Errorf("%T is written", v)
		}
	}
}

// FuzzDecode: whatever stands in a file, reading it ends, and what was read
// comes back when it is written.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, whole()))
	f.Add(encode(f, &Entry{Profile: "x"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		again := encode(t, e)
		back, err := Decode(again)
		if err != nil || !bytes.Equal(encode(t, back), again) {
			t.Errorf("%+v comes back as %+v, %v", e, back, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	e := &Entry{Profile: "0123456789abcdef0123456789abcdef", Version: 1000, Release: 3}
	r := whole().Records[0]
	r.Input.Event.Props = cond.PropsOf(map[string]any{"cart_id": "c-123", "total": 12.5, "currency": "TWD", "items": 3.0, "url": "https://shop.example/cart"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Append(Begin(e), &r); err != nil {
			b.Fatal(err)
		}
	}
}
