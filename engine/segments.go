package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// Segments are asked in two ways. How many members one has is counted by the
// commits themselves and known at once. Who they are, how many two have in
// common, and who would be in one that is not written yet, is found by a walk
// over all people, each as he is at that moment; nothing happens to anybody by
// it.

// SegmentSize is a segment of the live release with its members.
type SegmentSize struct {
	Name, Title, Condition string
	Members                int64
}

// Fitting says how far fitting people to the live release is: until it is
// done, those whom nobody has touched since may be missing in the counts of
// segments that are new or have changed.
type Fitting struct {
	Release int64 // number
	People  int64 // who were looked at so far
	Fitted  int64 // of whom so many carried an older release
	Done    bool
}

// Segments are those of the live release, the number of all people, and how
// far these are fitted to it.
func (e *Engine) Segments(ctx context.Context) ([]SegmentSize, int64, Fitting, error) {
	live, err := e.lively(ctx)
	if err != nil {
		return nil, 0, Fitting{}, err
	}
	fitting, err := e.Fitting(ctx)
	if err != nil {
		return nil, 0, Fitting{}, err
	}
	people, counts, err := e.store.Counts(ctx)
	if err != nil {
		return nil, 0, Fitting{}, e.away(err)
	}
	list := make([]SegmentSize, len(live.plan.Segments))
	for i, s := range live.plan.Segments {
		list[i] = SegmentSize{s.Name, s.Title, s.When.Source(), counts[s.Name]}
	}
	slices.SortFunc(list, func(a, b SegmentSize) int { return strings.Compare(a.Name, b.Name) })
	return list, people, fitting, nil
}

// lively is what is live, as the store knows it.
func (e *Engine) lively(ctx context.Context) (*living, error) {
	if err := e.refresh(ctx); err != nil {
		return nil, err
	}
	return e.living.Load(), nil
}

// Fitting tells how far fitting people to the live release is, whichever
// process is at it.
func (e *Engine) Fitting(ctx context.Context) (Fitting, error) {
	live := e.living.Load()
	if live == nil {
		return Fitting{}, ErrNoRelease
	}
	swept, err := e.store.Swept(ctx)
	if err != nil {
		return Fitting{}, e.away(err)
	}
	f := Fitting{Release: live.number, Done: swept >= live.number}
	release, people, fitted, err := e.store.Sweeping(ctx)
	if err != nil {
		return Fitting{}, e.away(err)
	}
	if release == live.number {
		f.People, f.Fitted = people, fitted
	}
	return f, nil
}

// Member is somebody who is in a segment.
type Member struct {
	ID    string
	Since value.Time
}

// Members walks over all people and tells who is in a segment; it answers how
// many people it looked at. Who comes while it walks may be left out. An
// unknown segment is a *CallError (no-segment). An error of found ends it.
func (e *Engine) Members(ctx context.Context, segment string, found func(Member) error) (people int64, err error) {
	live, err := e.lively(ctx)
	if err != nil {
		return 0, err
	}
	if err := knows(live.plan, segment); err != nil {
		return 0, err
	}
	return e.walk(ctx, live.world, func(p *profiles.Person) error {
		since, in := p.Segments[segment]
		if !in {
			return nil
		}
		return found(Member{p.ID, since})
	}, nil)
}

func knows(plan *orchestrator.Plan, segment string) error {
	if _, ok := plan.Segment(segment); !ok {
		return &CallError{Code: "no-segment", Field: "segment", Message: "there is no segment " + segment}
	}
	return nil
}

// Overlap says how many are in either of two segments and in both.
type Overlap struct{ People, First, Second, Both int64 }

// Overlap walks over all people; progress, if not nil, is told now and then
// how far it is. Its errors are those of Members.
func (e *Engine) Overlap(ctx context.Context, first, second string, progress func(Overlap) error) (Overlap, error) {
	live, err := e.lively(ctx)
	if err != nil {
		return Overlap{}, err
	}
	for _, name := range []string{first, second} {
		if err := knows(live.plan, name); err != nil {
			return Overlap{}, err
		}
	}
	var o Overlap
	_, err = e.walk(ctx, live.world, func(p *profiles.Person) error {
		_, a := p.Segments[first]
		_, b := p.Segments[second]
		o.First, o.Second, o.Both = o.First+one(a), o.Second+one(b), o.Both+one(a && b)
		return nil
	}, func(people int64) error {
		o.People = people
		if progress == nil {
			return nil
		}
		return progress(o)
	})
	return o, err
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// maxExamples is how many people a preview shows.
const maxExamples = 20

// Preview is what a condition comes to among the people there are.
type Preview struct {
	People, Members int64
	Examples        []Example // at most 20
	Notes           []string  // what has not been kept so far, and so is not counted
}

// Example is a member, his identifiers masked.
type Example struct {
	ID          string
	Identifiers map[string][]string
}

// Preview asks a condition that is in no release yet of all people, as if it
// were a segment of the live release; progress, if not nil, is told now and
// then how far it is. A condition that is wrong is a *CallError
// (bad-condition).
func (e *Engine) Preview(ctx context.Context, condition string, progress func(Preview) error) (Preview, error) {
	live, err := e.lively(ctx)
	if err != nil {
		return Preview{}, err
	}
	plan, name, err := e.with(ctx, live, condition)
	if err != nil {
		return Preview{}, err
	}
	var v Preview
	for _, d := range readsMore(live.plan.Program, plan.Program) {
		v.Notes = append(v.Notes, d.Message)
	}
	world := *live.world
	world.Live = plan
	_, err = e.walk(ctx, &world, func(p *profiles.Person) error {
		if _, in := p.Segments[name]; !in {
			return nil
		}
		if v.Members++; len(v.Examples) < maxExamples {
			v.Examples = append(v.Examples, exampleOf(p))
		}
		return nil
	}, func(people int64) error {
		v.People = people
		if progress == nil {
			return nil
		}
		return progress(v)
	})
	return v, err
}

// with is the live release with one segment more.
func (e *Engine) with(ctx context.Context, live *living, condition string) (*orchestrator.Plan, string, error) {
	wrong := func(message string) error {
		return &CallError{Code: "bad-condition", Field: "condition", Message: message}
	}
	if strings.TrimSpace(condition) == "" {
		return nil, "", wrong("is missing")
	}
	stored, err := e.store.Sources(ctx, live.plan.Hash)
	if err != nil {
		return nil, "", e.away(err)
	}
	name := "preview"
	for _, taken := live.plan.Segment(name); taken; _, taken = live.plan.Segment(name) {
		name += "_"
	}
	const file = "the condition" + dsl.Extension
	sources := map[string]string{file: "segment " + name + " = (" + condition + "\n)\n"}
	for path, text := range stored {
		sources[path] = text
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		i := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
		return nil, "", wrong(diags[max(i, 0)].Message)
	}
	if len(program.Segments) != len(live.plan.Segments)+1 || len(program.Journeys) != len(live.plan.Journeys) ||
		len(program.Traits) != len(live.plan.Traits) || len(program.TagRules) != len(live.plan.TagRules) {
		return nil, "", wrong("is more than a condition")
	}
	return orchestrator.NewPlan(program), name, nil
}

func exampleOf(p *profiles.Person) Example {
	x := Example{ID: p.ID, Identifiers: map[string][]string{}}
	for _, id := range p.Identifiers {
		x.Identifiers[id.Trait] = append(x.Identifiers[id.Trait], masked(id.Value))
	}
	return x
}

// masked is an identifier of which its owner knows that it is his, and nobody
// else whose it is: its first character and, of an address, the domain.
func masked(text string) string {
	_, n := utf8.DecodeRuneInString(text)
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		return text[:n] + "…" + text[at:]
	}
	return text[:n] + "…"
}

// walk looks at all people, each once and as he is at this moment under the
// live release of a world; batch, if not nil, is told after some of them how
// many it were so far. It answers how many.
func (e *Engine) walk(ctx context.Context, world *orchestrator.World, do func(*profiles.Person) error, batch func(people int64) error) (people int64, err error) {
	seen := map[uint64]bool{} // by the hash of the id: the store may tell of somebody twice
	for cursor := ""; ; {
		ids, next, err := e.store.People(ctx, cursor, sweepBatch)
		if err != nil {
			return people, e.away(err)
		}
		found, _, err := e.store.Load(ctx, ids...)
		if err != nil {
			return people, e.away(err)
		}
		for i := range found {
			key := xxhash.Sum64String(ids[i])
			if l := &found[i]; !seen[key] && l.ID == ids[i] && l.Moving == "" {
				is, err := e.lookAt(ctx, world, l)
				if err != nil {
					return people, err
				}
				if seen[key] = true; is {
					people++
					if err := do(l.Person); err != nil {
						return people, err
					}
				}
			}
		}
		if batch != nil {
			if err := batch(people); err != nil {
				return people, err
			}
		}
		if cursor = next; cursor == "" {
			return people, nil
		}
	}
}

// lookAt brings a loaded person to this moment, on this copy alone; false:
// there is nobody.
func (e *Engine) lookAt(ctx context.Context, world *orchestrator.World, l *store.Loaded) (bool, error) {
	if l.Err != nil {
		return false, fmt.Errorf("profile %s: %w", l.ID, l.Err)
	}
	if l.Person == nil {
		return false, nil
	}
	if err := e.needPlans(ctx, l.Person); err != nil {
		return false, err
	}
	now, err := e.Now(ctx)
	if err != nil {
		return false, err
	}
	bringTo(world, l.Person, now)
	return true, nil
}

// bringTo brings a person to an instant under a world's live release, if
// anything is due until then.
func bringTo(world *orchestrator.World, p *profiles.Person, now value.Time) {
	now = max(now, p.Last)
	if due := world.NextDue(p); p.Release != world.Live.Hash || due > 0 && due <= now {
		world.Rebase(p, now)
	}
}
