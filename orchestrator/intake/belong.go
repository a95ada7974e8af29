package intake

import (
	"slices"

	"journey/dsl/value"
	"journey/profiles"
)

// maxMerges is how many people can go into one.
const maxMerges = 100

// Party is a person to whom identifiers of a call lead.
type Party interface {
	comparable
	// Known is the person; empty, not nil, for somebody who is not stored.
	Known() *profiles.Person
	// Since is when he was first stored; later than any time for somebody who
	// is not.
	Since() value.Time
}

// Rules say whose a call is: what identifiers can belong to one person, and
// who goes into whom when two turn out to be one. They are immutable.
type Rules struct {
	limits map[string]int // of the identifiers, by trait
	rank   map[string]int // the strongest is 0
}

// Rules are those of the reader's program.
func (s *Reader) Rules() *Rules {
	r := &Rules{limits: map[string]int{}, rank: map[string]int{}}
	for i, t := range s.idents {
		r.rank[t.Name] = i
		if t.Limit > 0 {
			r.limits[t.Name] = t.Limit
		}
	}
	r.limits["user_id"] = 1
	return r
}

// Limit is how many values of an identifier a person can have.
func (r *Rules) Limit(trait string) int {
	if n, ok := r.limits[trait]; ok {
		return n
	}
	return 5
}

// Dropped is an identifier that cannot belong to the person of a call, and
// the rule that says so.
type Dropped struct {
	profiles.Identifier
	Rule string // profiles.RuleUser, …
}

// Choose keeps the identifiers of a call that can belong to one person, the
// stronger before the weaker, and answers the people they lead to. owner says
// to whom one leads; false: to nobody. More than one of them become one.
func Choose[P Party](r *Rules, ids []profiles.Identifier, owner func(profiles.Identifier) (P, bool)) (kept []profiles.Identifier, owners []P, dropped []Dropped) {
	var all []profiles.Identifier // of the one person they would be
	merges := 0
	for _, id := range ids {
		p, led := owner(id)
		led = led && !slices.Contains(owners, p)
		joined := with(all, id)
		more := 0
		if led {
			joined = with(joined, p.Known().Identifiers...)
			more = len(p.Known().Absorbed)
			if len(owners) > 0 {
				more++
			}
		}
		if len(kept) > 0 {
			rule := r.exceeds(all, joined)
			if rule == "" && more > 0 && merges+more > maxMerges {
				rule = profiles.RuleMerges
			}
			if rule != "" {
				dropped = append(dropped, Dropped{id, rule})
				continue
			}
		}
		all, merges, kept = joined, merges+more, append(kept, id)
		if led {
			owners = append(owners, p)
		}
	}
	return kept, owners, dropped
}

// CanHave says whether a person holds identifiers or has room for them.
func (r *Rules) CanHave(p *profiles.Person, ids []profiles.Identifier) bool {
	for _, id := range ids {
		if !p.HasIdentifier(id.Trait, id.Value) {
			return r.exceeds(p.Identifiers, with(p.Identifiers, ids...)) == ""
		}
	}
	return true
}

// with adds identifiers that are not there yet.
func with(list []profiles.Identifier, ids ...profiles.Identifier) []profiles.Identifier {
	list = slices.Clip(list)
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(o profiles.Identifier) bool { return o.Trait == id.Trait && o.Value == id.Value }) {
			list = append(list, id)
		}
	}
	return list
}

// exceeds is the rule by which a person cannot have what joining gives him:
// more values of an identifier than there can be; "" if he can.
func (r *Rules) exceeds(before, joined []profiles.Identifier) (rule string) {
	for _, id := range joined {
		if n := Count(joined, id.Trait); n > r.Limit(id.Trait) && n > Count(before, id.Trait) {
			if id.Trait == "user_id" {
				return profiles.RuleUser
			}
			rule = profiles.RuleLimit
		}
	}
	return rule
}

// Count is how many values of an identifier there are in a list.
func Count(list []profiles.Identifier, trait string) int {
	n := 0
	for i := range list {
		if list[i].Trait == trait {
			n++
		}
	}
	return n
}

// Stronger says whether a is the winner of a merge of two people: who has a
// user_id, whose strongest identifier comes first in the workspace's order,
// who was created earlier, whose id is smaller. It is a total order, and what
// happens to a person only ever raises him in it, so merges run in no circle.
func Stronger[P Party](r *Rules, a, b P) bool {
	pa, pb := a.Known(), b.Known()
	ua, ub := Count(pa.Identifiers, "user_id") > 0, Count(pb.Identifiers, "user_id") > 0
	if ua != ub {
		return ua
	}
	_, ra := r.strongest(pa)
	_, rb := r.strongest(pb)
	if ra != rb {
		return ra < rb
	}
	if ca, cb := a.Since(), b.Since(); ca != cb {
		return ca < cb
	}
	return pa.ID < pb.ID
}

// Strongest is the identifier of a person that comes first in the workspace's
// order; the zero one if he has none.
func (r *Rules) Strongest(p *profiles.Person) profiles.Identifier {
	id, _ := r.strongest(p)
	return id
}

func (r *Rules) strongest(p *profiles.Person) (best profiles.Identifier, rank int) {
	rank = len(r.rank)
	for _, id := range p.Identifiers {
		if n, ok := r.rank[id.Trait]; ok && n < rank {
			best, rank = id, n
		}
	}
	return best, rank
}
