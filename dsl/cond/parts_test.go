package cond

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParts: what `and` joins, each with the names it asks about.
func TestParts(t *testing.T) {
	e := ann(t)
	for text, want := range map[string][]string{
		`profile.vip`:                         {"profile.vip: profile.vip"},
		`profile.vip or profile.visits > 3`:   {"profile.vip or profile.visits > 3: profile.vip profile.visits"},
		`profile.vip and profile.visits > 99`: {"profile.vip: profile.vip", "profile.visits > 99: profile.visits"},
		`not (profile.vip and true) and (profile.visits > 1 and count(profile.scores, it > 1) > 0)`: {
			"not (profile.vip and true): profile.vip", "profile.visits > 1: profile.visits",
			"count(profile.scores, it > 1) > 0: profile.scores",
		},
		`count(order_completed in last 30 days, .total > 100) >= 2`: {
			"count(order_completed in last 30 days, .total > 100) >= 2: order_completed",
		},
	} {
		var got []string
		x := compile(t, text, Condition)
		all := true
		for _, p := range x.Parts() {
			got = append(got, p.Source()+": "+strings.Join(p.Names(), " "))
			all = all && p.Holds(e)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
		if all != x.Bool(e) {
			t.Errorf("%s: its parts say %v", text, all)
		}
	}
}

// TestPartsAreTheWhole: a condition holds just when all of its parts do.
func TestPartsAreTheWhole(t *testing.T) {
	atoms := []string{`profile.vip`, `profile.visits > 3`, `profile.tier == "gold"`, `profile.gone is set`, `true`, `not profile.vip`}
	e := ann(t)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom(atoms).Draw(r, "atom")
		for range rapid.IntRange(0, 5).Draw(r, "more") {
			op := rapid.SampledFrom([]string{" and ", " or "}).Draw(r, "op")
			text = "(" + text + ")" + op + rapid.SampledFrom(atoms).Draw(r, "atom")
		}
		x := compile(t, text, Condition)
		all := true
		for _, p := range x.Parts() {
			all = all && p.Holds(e)
		}
		if all != x.Bool(e) {
			r.Fatalf("%s: its parts say %v", text, all)
		}
	})
}
