package profiles

import (
	"slices"
	"strings"
)

// KeyedTrait says whether a built-in trait is merged key by key: each key of
// consent, topics and suppressed is stored as a trait of its own
// ("consent.email") with a time of its own.
func KeyedTrait(name string) bool {
	return name == "consent" || name == "topics" || name == "suppressed"
}

// Keyed is a keyed trait as an object; nil when none of its keys is set.
func (p *Person) Keyed(name string) any {
	var obj map[string]any
	for key, t := range p.Traits {
		if t.Value != nil && len(key) > len(name) && key[len(name)] == '.' && strings.HasPrefix(key, name) {
			if obj == nil {
				obj = map[string]any{}
			}
			obj[key[len(name)+1:]] = t.Value
		}
	}
	if obj == nil {
		return nil
	}
	return obj
}

// KeyedBool is one key of a keyed trait, and whether it is set.
func (p *Person) KeyedBool(name, key string) (is, set bool) {
	is, set = p.Traits[name+"."+key].Value.(bool)
	return is, set
}

// TraitNames are the names of the traits that have a value, sorted, keyed
// ones by their top.
func (p *Person) TraitNames() []string {
	names := make([]string, 0, len(p.Traits))
	for name, t := range p.Traits {
		if t.Value == nil {
			continue
		}
		if top, _, cut := strings.Cut(name, "."); cut && KeyedTrait(top) {
			name = top
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
