package profiles

import (
	"strconv"
	"time"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// New is an empty person.
func New(id string, now value.Time) *Person {
	return &Person{ID: id, Created: now}
}

// Run finds a live run by its id.
func (p *Person) Run(id string) (*Run, bool) {
	for _, r := range p.Runs {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// EndedRun finds an ended run that is still kept.
func (p *Person) EndedRun(id string) (*Run, bool) {
	for _, r := range p.Ended {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// Value is the present value of a trait; nil is missing.
func (p *Person) Value(trait string) any { return p.Traits[trait].Value }

// Kept are the kept events of a kind in the order of arrival.
func (p *Person) Kept(kind string) []*cond.Event {
	if k := p.Events[kind]; k != nil {
		return k.List
	}
	return nil
}

// Zone is the person's time zone: profile.timezone, else the fallback.
func (p *Person) Zone(fallback *time.Location) *time.Location {
	if name, ok := p.Value("timezone").(string); ok {
		if z, ok := value.Zone(name); ok {
			return z
		}
	}
	if fallback == nil {
		return time.UTC
	}
	return fallback
}

// HasIdentifier says whether the value identifies the person.
func (p *Person) HasIdentifier(trait, val string) bool {
	for _, id := range p.Identifiers {
		if id.Trait == trait && id.Value == val {
			return true
		}
	}
	return false
}

// RunID is the id of a profile's n-th run.
func RunID(profile string, n int) string { return profile + "." + strconv.Itoa(n) }

// SendKey is the key of a send: run, step and pass.
func SendKey(run, step string, pass int) string {
	return run + "/" + step + "/" + strconv.Itoa(pass)
}
