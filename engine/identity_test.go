package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"journey/profiles"
	"journey/why"
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

// reads is how many times Redis has read something from a connection.
func reads(t *testing.T, url string) int {
	t.Helper()
	text, _ := ask(t, url, "INFO", "stats").([]byte)
	for _, line := range strings.Fields(string(text)) {
		if n, ok := strings.CutPrefix(line, "total_reads_processed:"); ok {
			count, _ := strconv.Atoi(n)
			return count
		}
	}
	t.Skip("this Redis does not count its reads")
	return 0
}

// All of somebody is shown with its sources and reasons, in three round trips
// at most.
func TestPortrait(t *testing.T) {
	url := startRedis(t).url
	e := startEngine(t, url)
	deploy(t, e, shop)
	c := track("", "Order Completed", "o-1", map[string]any{"total": 7.0})
	c.AnonymousID = "d1"
	submit(t, e, c, track("ann", "Nudged", "n-1", nil), Call{Kind: CallIdentify, Source: "crm", MessageID: "i-1", UserID: "ann", AnonymousID: "d1",
		Traits: map[string]any{"name": "Ann Secret", "consent": map[string]any{"email": true}}})
	for i := range 30 {
		submit(t, e, track("ann", "Nudged", fmt.Sprint("n-", i+2), map[string]any{"n": float64(i)}))
	}
	ctx := context.Background()
	show := func(o why.PortraitOptions) *why.Portrait {
		p, err := patiently(func() (*why.Portrait, error) { return e.Portrait(ctx, "anonymous_id:d1", o) })
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	least := 1 << 30
	for range 20 { // whatever else goes on, goes on seldom
		before := reads(t, url)
		show(why.PortraitOptions{})
		least = min(least, reads(t, url)-before-1)
	}
	if least > 3 {
		t.Errorf("it takes %d round trips", least)
	}
	t.Logf("%d round trips", least)
	p := show(why.PortraitOptions{Events: 8})
	if len(p.Merges) != 1 || p.Merges[0].Source != "crm" || p.Merges[0].Event != "i-1" {
		t.Errorf("merges: %+v", p.Merges)
	}
	if len(p.Consents) != 1 || p.Consents[0].Name != "consent.email" || p.Consents[0].Source != "crm" || p.Consents[0].At == "" {
		t.Errorf("consents: %+v", p.Consents)
	}
	if len(p.Segments) == 0 || p.Segments[0].Name != "buyers" || p.Segments[0].Why == nil || !p.Segments[0].Why.Holds || len(p.Segments[0].Why.Reads) == 0 {
		t.Errorf("segments: %+v", p.Segments)
	}
	seen := map[string]bool{}
	for page := p; ; page = show(why.PortraitOptions{Before: page.Older, Events: 7}) {
		for _, ev := range page.Events {
			key := fmt.Sprint(ev)
			if seen[key] {
				t.Errorf("%s is on two pages", key)
			}
			seen[key] = true
		}
		if page.Older == "" {
			break
		}
	}
	if len(seen) != 21 { // the newest 20, and the order, which a condition reads
		t.Errorf("%d events are shown", len(seen))
	}
	b, err := json.Marshal(show(why.PortraitOptions{Mask: true}))
	if err != nil || strings.Contains(string(b), "Secret") || strings.Contains(string(b), `"ann"`) {
		t.Errorf("masked: %s %v", b, err)
	}
}
