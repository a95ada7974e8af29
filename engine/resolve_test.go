package engine

import (
	"fmt"
	"strings"
	"testing"

	"journey/dsl"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/store"
)

func testShape(t testing.TB) *shape {
	t.Helper()
	p, diags := dsl.Load(map[string]string{"a.journey": `
workspace { identify user_id, email, anonymous_id }
trait email: email identifier up to 2
`})
	if p == nil {
		t.Fatal(complaints(diags))
	}
	return newShape(orchestrator.NewPlan(p))
}

func ids(text string) []profiles.Identifier {
	var list []profiles.Identifier
	for _, f := range strings.Fields(text) {
		trait, v, _ := strings.Cut(f, ":")
		trait = map[string]string{"u": "user_id", "e": "email", "a": "anonymous_id"}[trait]
		list = append(list, profiles.Identifier{Trait: trait, Value: v})
	}
	return list
}

func short(list []profiles.Identifier) string {
	var words []string
	for _, id := range list {
		words = append(words, id.Trait[:1]+":"+id.Value)
	}
	return strings.Join(words, " ")
}

func TestChoose(t *testing.T) {
	s := testShape(t)
	for _, c := range []struct {
		call   string
		people []string // identifiers each holds; the call's lead to them
		kept   string
		owners int
	}{
		{"u:1", nil, "u:1", 0},
		{"u:1 a:x", nil, "u:1 a:x", 0},
		{"u:1 a:x", []string{"u:1"}, "u:1 a:x", 1},
		{"u:1 a:x", []string{"a:x"}, "u:1 a:x", 1},
		{"u:1 a:x", []string{"u:1", "a:x"}, "u:1 a:x", 2},
		// a shared device: the new login keeps its person
		{"u:2 a:x", []string{"u:1 a:x"}, "u:2", 0},
		{"u:2 a:x", []string{"u:1 a:x", "u:2"}, "u:2", 1},
		{"u:2 e:m a:x", []string{"u:1 e:m", "u:2"}, "u:2 a:x", 1},
		{"u:2 e:m a:x", []string{"u:1 e:m a:x"}, "u:2", 0},
		{"e:m a:x", []string{"u:1 e:m", "u:2 a:x"}, "e:m", 1},
		// three who are one
		{"u:1 e:m a:x", []string{"u:1", "e:m", "a:x"}, "u:1 e:m a:x", 3},
		{"u:1 e:m a:x", []string{"u:1", "e:m a:y", "u:3 a:x"}, "u:1 e:m", 2},
		// limits
		{"u:1 e:3 a:x", []string{"u:1 e:1 e:2"}, "u:1 a:x", 1},
		{"u:1 a:x", []string{"u:1 e:1 e:2", "a:x e:3"}, "u:1", 1},
		{"e:3 a:x", []string{"e:1 e:2 a:x"}, "e:3", 0},
	} {
		parties, known := map[string]*party{}, pointers{}
		for i, held := range c.people {
			id := fmt.Sprint("p", i)
			parties[id] = &party{id: id, person: &profiles.Person{ID: id, Identifiers: ids(held)}, base: &store.Base{}}
			for _, ident := range ids(held) {
				known[keyOf(ident)] = id
			}
		}
		it := &item{prep: &prepared{idents: ids(c.call), read: &intake.Read{}}}
		kept, owners := new(Engine).choose(s, it, parties, known)
		if short(kept) != c.kept || len(owners) != c.owners {
			t.Errorf("%s with %q: kept %q of %d people, want %q of %d", c.call, c.people, short(kept), len(owners), c.kept, c.owners)
		}
		if dropped := len(ids(c.call)) - len(kept); len(it.prep.read.Faults) != dropped {
			t.Errorf("%s: %d dropped, %d reported", c.call, dropped, len(it.prep.read.Faults))
		}
	}
}

func TestStrongerIsATotalOrder(t *testing.T) {
	r := testShape(t).rules
	stronger := func(a, b *party) bool { return intake.Stronger(r, a, b) }
	var all []*party
	for i, held := range []string{"u:1", "u:2 e:a", "e:b", "e:c a:1", "a:2", "a:3", ""} {
		for created := range 2 {
			id := fmt.Sprint(i, created)
			p := &party{id: id, person: &profiles.Person{ID: id, Created: 100, Identifiers: ids(held)}}
			if created == 1 {
				p.base = &store.Base{}
			}
			all = append(all, p)
		}
	}
	for _, a := range all {
		for _, b := range all {
			if a != b && stronger(a, b) == stronger(b, a) {
				t.Errorf("%s and %s: neither or both are stronger", a.id, b.id)
			}
			for _, c := range all {
				if stronger(a, b) && stronger(b, c) && !stronger(a, c) {
					t.Errorf("%s, %s, %s go in a circle", a.id, b.id, c.id)
				}
			}
		}
	}
	if !stronger(all[0], all[4]) || !stronger(all[4], all[8]) {
		t.Error("the strongest identifier does not decide")
	}
}

func TestChains(t *testing.T) {
	of := func(text string) *item { return &item{call: &Call{}, prep: &prepared{idents: ids(text)}} }
	alias := of("a:4")
	alias.call.PreviousID = "4"
	items := []*item{of("u:1"), of("a:x"), of("u:2"), of("u:1 a:x"), of("e:m"), of("u:3"), of("u:4"), alias}
	known := pointers{keyOf(ids("e:m")[0]): "p2", keyOf(ids("u:2")[0]): "p2"}
	var got []string
	for _, c := range chainsOf(items, known) {
		var words []string
		for _, it := range c {
			words = append(words, short(it.prep.idents))
		}
		got = append(got, strings.Join(words, ", "))
	}
	want := []string{"u:1, a:x, u:1 a:x", "u:2, e:m", "u:3", "u:4, a:4"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got %q, want %q", got, want)
	}
}
