package intake

import (
	"testing"

	"journey/dsl"
	"journey/orchestrator"
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
