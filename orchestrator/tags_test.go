package orchestrator_test

import (
	"fmt"
	"testing"

	"journey/profiles"
)

const ruled = `
trait spend: number = sum(bought, .total)
event bought { total: number }
tag "vip" while profile.spend >= 100
tag "new" while count(bought) < 2
`

func (s *somebody) tags() string { return fmt.Sprint(s.Value("tags")) }

// Tags of rules follow from what the one person is, whatever the two had.
func TestAMergeAsksTheRulesOfTags(t *testing.T) {
	w := world(t, ruled)
	a, b := newcomer(w, "a"), newcomer(w, "b")
	for _, s := range []*somebody{a, b} {
		s.happens("bought", map[string]any{"total": 60.0})
		s.set("tags", []any{"own " + s.ID})
	}
	if a.tags() != "[own a new]" {
		t.Fatalf("a has the tags %s", a.tags())
	}
	w.Merge(a.Person, b.Person, 1, profiles.Cause{}, max(a.now, b.now)+1)
	if a.tags() != "[own a own b vip]" {
		t.Errorf("the one has the tags %s", a.tags())
	}
}

// Rules come and go with releases: their tags with them.
func TestReleasesGiveAndTakeTags(t *testing.T) {
	s := newcomer(world(t, "event bought { total: number }\nsegment many = count(bought) > 0"), "a")
	s.set("tags", []any{"vip", "own"}) // nobody's yet
	s.happens("bought", map[string]any{"total": 60.0})
	s.w = world(t, ruled)
	s.w.Apply(s.Person, nil, s.now)
	if s.tags() != "[own new]" {
		t.Errorf("under the rules: %s", s.tags())
	}
	s.happens("bought", map[string]any{"total": 100.0})
	if s.tags() != "[own vip]" {
		t.Errorf("by the rules: %s", s.tags())
	}
	s.w = world(t, "event bought { total: number }\ntag \"own\" while count(bought) > 5")
	s.w.Apply(s.Person, nil, s.now)
	if s.Value("tags") != nil || len(s.Segments) != 0 {
		t.Errorf("with other rules: %s, %v", s.tags(), s.Segments)
	}
}
