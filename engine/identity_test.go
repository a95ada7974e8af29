package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"journey/profiles"
)

func rules(p *profiles.Person) map[string]profiles.Unlinked {
	m := map[string]profiles.Unlinked{}
	for _, u := range p.Unlinked {
		m[u.Rule] = u
	}
	return m
}

// Every identifier that is not taken is remembered with the person of the
// call: its event, value and rule.
func TestUnlinkedIsRemembered(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	mail := func(user, id, m string) Call {
		return Call{Kind: CallIdentify, Source: "web", MessageID: id, UserID: user, Traits: map[string]any{"email": m + "@example.com"}}
	}
	shared := track("ann", "Nudged", "m-1", nil)
	shared.AnonymousID = "tablet"
	submit(t, e, shared)
	other := track("bob", "Nudged", "m-2", nil)
	other.AnonymousID = "tablet"
	bob := person(t, e, submit(t, e, other)[0].Profile)
	if got := rules(bob)[profiles.RuleUser]; got.Event != "m-2" || got.Value != "t***" || got.Owner == "" || got.Trait != "anonymous_id" || got.Source != "web" || got.At == 0 {
		t.Errorf("the shared device: %+v", bob.Unlinked)
	}
	for i := range 6 {
		submit(t, e, mail("ann", fmt.Sprint("mail-", i), fmt.Sprint("ann", i)))
	}
	ann := person(t, e, profile(t, e, "user_id:ann").ID)
	if got := rules(ann)[profiles.RuleLimit]; got.Event != "mail-5" || got.Value != "ann5@example.com" {
		t.Errorf("a sixth address: %+v", ann.Unlinked)
	}
	blocked := track("ann", "Nudged", "m-3", nil)
	blocked.AnonymousID = "'NULL'"
	again := blocked
	again.MessageID = "m-4"
	submit(t, e, blocked, again)
	_, err := patiently(func() ([]CallResult, error) {
		rs, err := e.Submit(context.Background(), []Call{{Kind: CallAlias, Source: "web", MessageID: "m-5", UserID: "ann", PreviousID: " bob "}})
		var wrong *CallError
		if err == nil && (!errors.As(rs[0].Err, &wrong) || wrong.Code != "alias-of-user") {
			t.Errorf("the alias of a user: %v", rs[0].Err)
		}
		return rs, err
	})
	if err != nil {
		t.Fatal(err)
	}
	ann = person(t, e, ann.ID)
	if got := rules(ann)[profiles.RuleBlocked]; got.Event != "m-4" || got.Times != 2 {
		t.Errorf("a blocked value: %+v", ann.Unlinked)
	}
	if got := rules(ann)[profiles.RuleAlias]; got.Event != "m-5" || got.Value != "b***" || got.Owner != bob.ID {
		t.Errorf("the alias: %+v", ann.Unlinked)
	}
	for _, id := range ann.Identifiers {
		if id.Source != "web" || id.Since == 0 {
			t.Errorf("an identifier has no source: %+v", id)
		}
	}
	if got := ann.Traits["email"]; got.Source != "web" {
		t.Errorf("the trait's source: %+v", got)
	}
}

// A merge is recorded with its cause and what both were, whoever ended it, and
// the record goes along with the next merge.
func TestMergesAreRecorded(t *testing.T) {
	url := startRedis(t).url
	for _, point := range []string{"", "merge: marked", "merge: absorbed", "merge: left"} {
		t.Run(point, func(t *testing.T) {
			flush(t, url)
			a, b := startEngine(t, url), startEngine(t, url)
			deploy(t, a, shop)
			if err := b.refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			device := func(d string) Call {
				c := track("", "Nudged", d, nil)
				c.AnonymousID = d
				return c
			}
			first, second := submit(t, a, device("d1"))[0].Profile, submit(t, a, device("d2"))[0].Profile
			user := submit(t, a, track("ann", "Nudged", "u", nil))[0].Profile
			link := Call{Kind: CallIdentify, Source: "app", MessageID: "link-1", UserID: "ann", AnonymousID: "d1"}
			a.fault = func(at string) error {
				if at == point {
					return errKilled
				}
				return nil
			}
			_, _ = a.Submit(context.Background(), []Call{link})
			a.fault = nil
			submit(t, b, link)
			link.AnonymousID, link.MessageID = "d2", "link-2"
			p := person(t, b, submit(t, b, link)[0].Profile)
			if p.ID != user || len(p.Merges) != 2 {
				t.Fatalf("%s has %+v", p.ID, p.Merges)
			}
			for i, loser := range []string{first, second} {
				m := p.Merges[i]
				if m.Winner != user || m.Loser != loser || m.Cause.Source != "app" || m.Cause.Event != fmt.Sprint("link-", i+1) ||
					m.Cause.Rule != "user_id + anonymous_id" || m.At == 0 {
					t.Errorf("record %d: %+v", i, m)
				}
				if len(m.WinnerHad) != 1+i || len(m.LoserHad) != 1 || m.LoserHad[0].Value != fmt.Sprint("d", i+1) {
					t.Errorf("record %d: they had %+v and %+v", i, m.WinnerHad, m.LoserHad)
				}
			}
		})
	}
}
