package why

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Portrait is all that is known of a person, with where it came from and why
// he is where he is. Lists are newest first; times are RFC 3339 in UTC.
type Portrait struct {
	ID          string       `json:"id"`
	Since       string       `json:"since"` // when he was first stored
	At          string       `json:"at"`
	Zone        string       `json:"zone"`
	Masked      bool         `json:"masked,omitempty"`
	Identifiers []Identifier `json:"identifiers"` // oldest first
	Traits      []Trait      `json:"traits"`      // by name
	Consents    []Trait      `json:"consents"`    // consent, topics and suppressed, each by its key: "consent.email"
	Tags        []string     `json:"tags"`
	Segments    []Segment    `json:"segments"` // that he is in
	Events      []Event      `json:"events"`   // a page of those that are kept
	// Older is what to ask for the next page of events with; "" at the end.
	Older    string             `json:"older,omitempty"`
	Runs     []JourneyRun       `json:"runs"`
	Messages []PortraitMessage  `json:"messages"`
	Refused  []PortraitRefusal  `json:"refused"`  // entries that were not made
	Merges   []PortraitMerge    `json:"merges"`   // people who have become this one
	Unlinked []UnlinkedIdentity `json:"unlinked"` // identifiers that were not taken
	Rendered string             `json:"rendered,omitempty"`
}

// Identifier is a value that identifies the person.
type Identifier struct {
	Trait  string `json:"trait"`
	Value  string `json:"value"`
	Since  string `json:"since"`
	Source string `json:"source,omitempty"`
}

// Trait is a value with when it was set, by event time, and by whom. A
// computed one has neither.
type Trait struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	At     string `json:"at,omitempty"`
	Source string `json:"source,omitempty"`
}

// Segment is one that the person is in, and why.
type Segment struct {
	Name  string `json:"name"`
	Since string `json:"since"`
	Why   *Check `json:"why,omitempty"` // missing for one that the live release has no more
}

// Event is an event of the person.
type Event struct {
	Event      string `json:"event"`
	At         string `json:"at"`
	Arrived    string `json:"arrived"`
	Properties any    `json:"properties"`
}

// JourneyRun is a run and the journey it is in.
type JourneyRun struct {
	Journey string `json:"journey"`
	Run
}

// PortraitMessage is a message and what became of it.
type PortraitMessage struct {
	Message string `json:"message"`
	Journey string `json:"journey"`
	Channel string `json:"channel"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
	At      string `json:"at"`
}

// PortraitRefusal is an entry that was not made.
type PortraitRefusal struct {
	Journey string `json:"journey"`
	Reason  string `json:"reason"`
	Because string `json:"because"`
	At      string `json:"at"`
}

// PortraitMerge is the record of a merge.
type PortraitMerge struct {
	At        string       `json:"at"`
	Winner    string       `json:"winner"` // profile ids before
	Loser     string       `json:"loser"`
	Event     string       `json:"event,omitempty"` // message id of the call that brought it about
	Source    string       `json:"source,omitempty"`
	Rule      string       `json:"rule,omitempty"` // the identifiers that stood together in it
	WinnerHad []Identifier `json:"winner_had"`
	LoserHad  []Identifier `json:"loser_had"`
}

// UnlinkedIdentity is an identifier that was not taken.
type UnlinkedIdentity struct {
	Trait   string `json:"trait"`
	Value   string `json:"value"`           // masked if it is somebody else's
	Owner   string `json:"owner,omitempty"` // his profile's id
	Rule    string `json:"rule"`
	Because string `json:"because"`
	Event   string `json:"event,omitempty"`
	Source  string `json:"source,omitempty"`
	At      string `json:"at"`
	Times   int    `json:"times"`
}

// unlinked says in words why an identifier was not taken.
var unlinked = map[string]string{
	profiles.RuleBlocked: "the value identifies nobody",
	profiles.RuleLong:    "the value is too long to identify somebody",
	profiles.RuleUser:    "it would make one person of two users",
	profiles.RuleLimit:   "a person cannot have more of them",
	profiles.RuleMerges:  "too many people have become one already",
	profiles.RuleAlias:   "an alias of somebody who is a user",
}

// PortraitOptions say what of a person is shown.
type PortraitOptions struct {
	Mask   bool   // values that may be personal are masked
	Events int    // how many at most; 0: 20
	Before string // of the page before: Older
}

// maxPage is how many events a page has at most.
const maxPage = 200

// Paint shows a person. He must be as the live release has him.
func Paint(w *orchestrator.World, p *profiles.Person, at value.Time, o PortraitOptions) *Portrait {
	x := &explainer{world: w, probe: w.Probe(p, at), p: p, at: at, zone: p.Zone(w.Live.Settings.Zone)}
	out := &Portrait{ID: p.ID, Since: p.Created.String(), At: at.String(), Zone: x.zone.String(), Masked: o.Mask,
		Identifiers: o.identifiers(p.Identifiers), Traits: []Trait{}, Consents: []Trait{}, Tags: []string{}, Segments: []Segment{},
		Runs: []JourneyRun{}, Messages: []PortraitMessage{}, Refused: []PortraitRefusal{}, Merges: []PortraitMerge{}, Unlinked: []UnlinkedIdentity{}}
	x.traits(out, &o)
	for _, name := range sortedKeys(p.Segments) {
		s := Segment{Name: name, Since: p.Segments[name].String()}
		if seg, ok := w.Live.Segment(name); ok {
			c := x.check(seg.When, x.probe.OnPerson())
			if o.Mask {
				withoutReads(&c)
			}
			s.Why = &c
		}
		out.Segments = append(out.Segments, s)
	}
	out.Events, out.Older = x.page(&o)
	runs := slices.Concat(p.Ended, p.Runs)
	slices.SortStableFunc(runs, func(a, b *profiles.Run) int { return cmp.Compare(b.Entered, a.Entered) })
	for _, r := range runs {
		if x.j = x.probe.Journey(r); x.j == nil { // nobody knows its release any more
			out.Runs = append(out.Runs, JourneyRun{r.Journey, Run{Run: r.ID, State: states[r.State], EnteredAt: r.Entered.String(), Sends: []Send{}}})
			continue
		}
		run := x.run(r)
		if o.Mask {
			run.Key = profiles.Masked(run.Key)
			for i := range run.Leaves {
				withoutReads(&run.Leaves[i])
			}
		}
		out.Runs = append(out.Runs, JourneyRun{r.Journey, run})
	}
	x.outcomes(out)
	x.identity(out, &o)
	out.Rendered = x.renderPortrait(out)
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// withoutReads takes out the sentences that say values.
func withoutReads(c *Check) {
	c.Reads = nil
	for i := range c.Parts {
		withoutReads(&c.Parts[i])
	}
}

func (o *PortraitOptions) identifiers(list []profiles.Identifier) []Identifier {
	out := make([]Identifier, 0, len(list))
	for _, id := range list {
		out = append(out, Identifier{id.Trait, o.text(id.Value), id.Since.String(), id.Source})
	}
	return out
}

func (o *PortraitOptions) text(s string) string {
	if o.Mask {
		return profiles.Masked(s)
	}
	return s
}

// shown is a value as JSON has it; masked, texts and numbers are hidden.
func (o *PortraitOptions) shown(v any) any {
	v = profiles.Plain(v)
	if o.Mask {
		return masked(v)
	}
	return v
}

func masked(v any) any {
	switch v := v.(type) {
	case string:
		return profiles.Masked(v)
	case float64:
		return "***"
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = masked(v[k])
		}
	}
	return v
}

func (x *explainer) traits(out *Portrait, o *PortraitOptions) {
	env := x.probe.OnPerson()
	for _, t := range x.world.Live.Traits {
		if t.Computed == nil {
			continue
		}
		if v := env.Person.Trait(t.Name); v != nil {
			out.Traits = append(out.Traits, Trait{Name: t.Name, Value: o.shown(v)})
		}
	}
	for _, name := range sortedKeys(x.p.Traits) {
		t := x.p.Traits[name]
		if known, ok := x.world.Live.Trait(name); t.Value == nil || ok && known.Computed != nil {
			continue
		}
		top, _, keyed := strings.Cut(name, ".")
		switch {
		case keyed && profiles.KeyedTrait(top):
			out.Consents = append(out.Consents, Trait{name, profiles.Plain(t.Value), t.At.String(), t.Source})
		case name == "tags":
			list, _ := t.Value.([]any)
			for _, tag := range list {
				out.Tags = append(out.Tags, fmt.Sprint(tag))
			}
		default:
			out.Traits = append(out.Traits, Trait{name, o.shown(t.Value), t.At.String(), t.Source})
		}
	}
	slices.SortFunc(out.Traits, func(a, b Trait) int { return strings.Compare(a.Name, b.Name) })
}

// page is a page of the events that are kept, whole where they are among the
// newest; older says how to ask for the next.
func (x *explainer) page(o *PortraitOptions) (list []Event, older string) {
	all := slices.Clone(x.p.Recent)
	whole := make(map[string]bool, len(all))
	for _, e := range all {
		whole[e.ID+"\x00"+e.Arrived.String()] = true
	}
	for _, kind := range sortedKeys(x.p.Events) {
		for _, e := range x.p.Kept(kind) {
			if !whole[e.ID+"\x00"+e.Arrived.String()] {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *cond.Event) int {
		return cmp.Or(cmp.Compare(b.Arrived, a.Arrived), strings.Compare(a.ID, b.ID))
	})
	from := 0
	if arrived, id, ok := strings.Cut(o.Before, "."); ok {
		n, _ := strconv.ParseInt(arrived, 10, 64)
		last := value.Time(n)
		for from < len(all) && (all[from].Arrived > last || all[from].Arrived == last && all[from].ID <= id) {
			from++
		}
	}
	n := o.Events
	if n <= 0 {
		n = 20
	}
	part := all[from:min(len(all), from+min(n, maxPage))]
	list = make([]Event, 0, len(part))
	for _, e := range part {
		props := o.shown(e.Props.Map())
		if m, ok := props.(map[string]any); ok && m == nil || props == nil {
			props = map[string]any{}
		}
		list = append(list, Event{e.Name, e.At.String(), e.Arrived.String(), props})
	}
	if from+len(part) < len(all) && len(part) > 0 {
		last := part[len(part)-1]
		older = strconv.FormatInt(int64(last.Arrived), 10) + "." + last.ID
	}
	return list, older
}

func (x *explainer) outcomes(out *Portrait) {
	for _, s := range slices.Backward(x.p.Ledger) {
		out.Messages = append(out.Messages, PortraitMessage{s.Message, s.Journey, s.Channel, s.State.String(), s.Reason, s.At.String()})
	}
	for _, r := range slices.Backward(x.p.Refused) {
		out.Refused = append(out.Refused, PortraitRefusal{r.Journey, r.Reason, Refused(r.Reason), r.At.String()})
	}
}

func (x *explainer) identity(out *Portrait, o *PortraitOptions) {
	for _, m := range slices.Backward(x.p.Merges) {
		out.Merges = append(out.Merges, PortraitMerge{m.At.String(), m.Winner, m.Loser, m.Cause.Event, m.Cause.Source, m.Cause.Rule,
			o.identifiers(m.WinnerHad), o.identifiers(m.LoserHad)})
	}
	for _, u := range slices.Backward(x.p.Unlinked) {
		val := u.Value
		if u.Owner == "" {
			val = o.text(val)
		}
		out.Unlinked = append(out.Unlinked, UnlinkedIdentity{u.Trait, val, u.Owner, u.Rule, unlinked[u.Rule], u.Event, u.Source, u.At.String(), u.Times})
	}
}

// renderPortrait writes a portrait for people.
func (x *explainer) renderPortrait(p *Portrait) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", indent), fmt.Sprintf(format, args...))
	}
	from := func(source string) string {
		if source == "" {
			return ""
		}
		return ", by " + source
	}
	heading := func(n int, what string) {
		if n > 0 {
			line(0, "%s:", what)
		}
	}
	line(0, "profile %s, at %s (%s)", p.ID, p.At, p.Zone)
	heading(len(p.Identifiers), "identifiers")
	for _, id := range p.Identifiers {
		line(1, "%s %s, since %s%s", id.Trait, id.Value, id.Since, from(id.Source))
	}
	for _, part := range []struct {
		name string
		list []Trait
	}{{"traits", p.Traits}, {"consents", p.Consents}} {
		heading(len(part.list), part.name)
		for _, t := range part.list {
			at := ", computed"
			if t.At != "" {
				at = ", " + t.At + from(t.Source)
			}
			line(1, "%s = %s%s", t.Name, x.show(t.Value), at)
		}
	}
	if len(p.Tags) > 0 {
		line(0, "tags: %s", strings.Join(p.Tags, ", "))
	}
	heading(len(p.Segments), "segments")
	for _, s := range p.Segments {
		line(1, "%s, since %s", s.Name, s.Since)
		if s.Why != nil {
			line(2, "%s", s.Why.Condition)
			for _, r := range s.Why.Reads {
				line(3, "%s", r)
			}
		}
	}
	heading(len(p.Runs), "runs")
	for _, r := range p.Runs {
		line(1, "%s: %s since %s", r.Journey, r.State, r.EnteredAt)
		if r.Doing != "" {
			line(2, "at `%s`, %s", r.Doing, r.Place)
		}
		for _, w := range r.Waits {
			line(2, "%s", w)
		}
		if r.Because != "" {
			line(2, "left: %s", r.Because)
		}
	}
	heading(len(p.Messages), "messages")
	for _, m := range p.Messages {
		line(1, "%s %s via %s (%s) %s %s", m.At, m.Message, m.Channel, m.Journey, m.Outcome, m.Reason)
	}
	heading(len(p.Refused), "entries not made")
	for _, r := range p.Refused {
		line(1, "%s %s: %s", r.At, r.Journey, r.Because)
	}
	heading(len(p.Events), "events")
	for _, e := range p.Events {
		line(1, "%s %s %s", e.At, e.Event, x.show(e.Properties))
	}
	if p.Older != "" {
		line(1, "older ones: --before %s", p.Older)
	}
	heading(len(p.Merges), "merges")
	for _, m := range p.Merges {
		line(1, "%s %s went into %s: %s in %s%s", m.At, m.Loser, m.Winner, m.Rule, cmp.Or(m.Event, "a call"), from(m.Source))
	}
	heading(len(p.Unlinked), "identifiers not taken")
	for _, u := range p.Unlinked {
		line(1, "%s %s %s (%d): %s%s", u.At, u.Trait, u.Value, u.Times, u.Because, from(u.Source))
	}
	return b.String()
}
