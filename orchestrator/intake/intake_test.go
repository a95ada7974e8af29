package intake

import (
	"testing"

	"journey/dsl"
	"journey/orchestrator"
	"journey/profiles"
)

const shop = `
trait email: email identifier
trait card: text identifier
trait tier: text one of "bronze", "gold"
event order_completed "Order Completed" { total: number }
event renamed "change of profile.email" { n: number optional }
journey upgraded {
  enter on change of profile.tier
  once
  exit
}
`

func reader(t *testing.T) *Reader {
	t.Helper()
	program, diags := dsl.Load(map[string]string{"shop.journey": shop})
	if program == nil {
		t.Fatalf("%+v", diags)
	}
	return New(orchestrator.NewPlan(program))
}

// An event from outside does not pass for a change of a trait, which the
// machine makes itself, unless it is declared and so has a name of its own.
func TestNoEventIsAChange(t *testing.T) {
	r := reader(t)
	for _, wire := range []string{dsl.ChangeOf("tier"), dsl.ChangeOf("nobody"), dsl.ChangeOf("")} {
		_, wrong := r.Read(&Call{UserID: "ann", Event: wire, Properties: map[string]any{"from": "bronze", "to": "gold"}})
		if wrong == nil || wrong.Code != "reserved-name" || wrong.Field != "event" {
			t.Errorf("%q: %v", wire, wrong)
		}
	}
	for wire, want := range map[string]string{"change of profile.email": "renamed", "Change of address": "Change of address"} {
		read, wrong := r.Read(&Call{UserID: "ann", Event: wire})
		if wrong != nil || read.Input.Event.Name != want {
			t.Errorf("%q is read as %+v, %v", wire, read, wrong)
		}
	}
}

// What has lost characters identifies nobody: two people could have lost the
// same.
func TestWhatIsBrokenIdentifiesNobody(t *testing.T) {
	read, wrong := reader(t).Read(&Call{Kind: Identify, UserID: "ann\uFFFD", Traits: map[string]any{
		"card": "4\uFFFD", "email": "a\uFFFD@example.com", "nick": "an\uFFFD",
	}})
	if wrong != nil || len(read.Identifiers) != 0 || len(read.Faults) != 3 {
		t.Fatalf("%+v %v", read, wrong)
	}
	if read.Input.Traits["nick"] != "an\uFFFD" {
		t.Errorf("the traits are %v", read.Input.Traits)
	}
}

// What identifies nobody is no identifier, in any case and quotes, and is
// remembered with the rule and the call.
func TestBlockedValues(t *testing.T) {
	program, diags := dsl.Load(map[string]string{"shop.journey": `
workspace { never "void", "0912-000-000", "Walk-In" country TW }
trait email: email identifier
trait phone: phone identifier
`})
	if program == nil {
		t.Fatalf("%+v", diags)
	}
	r := New(orchestrator.NewPlan(program))
	for _, blocked := range []string{" ", "null", "NULL", `"Null"`, "' undefined '", `"'guest'"`, "0000-0000", "-1", "[object Object]", "VOID", `"void"`, "walk-in"} {
		read, wrong := r.Read(&Call{UserID: "ann", AnonymousID: blocked, Event: "e", Sent: "m-1", Source: "web"})
		if wrong != nil || len(read.Identifiers) != 1 || len(read.Input.Unlinked) != 1 || len(read.Faults) == 0 {
			t.Fatalf("%q: %+v %v", blocked, read, wrong)
		}
		u := read.Input.Unlinked[0]
		if u.Trait != "anonymous_id" || u.Rule != profiles.RuleBlocked || u.Event != "m-1" || u.Source != "web" || u.Times != 1 {
			t.Errorf("%q: %+v", blocked, u)
		}
	}
	read, wrong := r.Read(&Call{Kind: Identify, UserID: "ann", Traits: map[string]any{"phone": "0912-000-000", "email": "void@example.com"}})
	if wrong != nil || len(read.Identifiers) != 2 || read.Identifiers[1].Trait != "email" || len(read.Input.Unlinked) != 1 {
		t.Errorf("%+v %v", read, wrong)
	}
	if read.Input.Traits["phone"] == nil {
		t.Error("the value itself is not stored")
	}
	if read, _ := reader(t).Read(&Call{UserID: "void", Event: "e"}); len(read.Identifiers) != 1 {
		t.Error("another workspace's values are blocked")
	}
}
