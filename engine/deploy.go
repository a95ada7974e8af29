package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// Release is a published program.
type Release struct {
	Number int64 // from 1, one after the other; 0: not published
	Hash   string
	By     string // who published it
	At     time.Time
	Of     int64 // not 0: a rollback to that number
	Live   bool
}

// Deploy publishes a workspace. With an error among the diagnostics nothing is
// published (ErrWorkspace); with dryRun neither, and the release has no
// number. Publishing what is live already changes nothing and answers it.
func (e *Engine) Deploy(ctx context.Context, sources map[string]string, dryRun bool, by string) (Release, []diag.Diagnostic, error) {
	program, diags := dsl.Load(sources)
	if program == nil {
		return Release{}, diags, wrongWorkspace(diags)
	}
	if err := e.refresh(ctx); err != nil && !errors.Is(err, ErrNoRelease) {
		return Release{}, diags, err
	}
	live := e.living.Load()
	if live != nil && live.release.Hash == program.Hash {
		return releaseOf(live.release, live.number), diags, nil
	}
	if live != nil {
		diags = append(diags, readsMore(live.plan.Program, program)...)
	}
	if dryRun {
		return Release{Hash: program.Hash, By: by}, diags, nil
	}
	if err := e.audit(ctx, by, "deploy", program.Hash, ""); err != nil {
		return Release{}, diags, err
	}
	if err := e.store.SaveSources(ctx, program.Hash, sources); err != nil {
		return Release{}, diags, e.away(err)
	}
	if err := e.store.Learn(ctx, namesOf(program)); err != nil {
		return Release{}, diags, e.away(err)
	}
	if e.plans.get(program.Hash) == nil {
		e.plans.put(program.Hash, orchestrator.NewPlan(program))
	}
	r, err := e.publish(ctx, store.Release{Hash: program.Hash, By: by})
	return r, diags, err
}

// wrongWorkspace is ErrWorkspace with the first of the errors.
func wrongWorkspace(diags []diag.Diagnostic) error {
	i := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
	if i < 0 {
		return ErrWorkspace
	}
	return fmt.Errorf("%w (%s)", ErrWorkspace, diag.Plain(diags[i]))
}

// Rollback makes the program of an earlier release live again, under a number
// of its own.
func (e *Engine) Rollback(ctx context.Context, number int) (Release, error) {
	old, err := e.store.Release(ctx, int64(number))
	if errors.Is(err, store.ErrUnknown) {
		return Release{}, fmt.Errorf("there is no release %d", number)
	}
	if err != nil {
		return Release{}, e.away(err)
	}
	if _, err := e.plan(ctx, old.Hash); err != nil {
		return Release{}, err
	}
	if err := e.audit(ctx, "", "rollback", old.Hash, fmt.Sprintf("to release %d", old.Number)); err != nil {
		return Release{}, err
	}
	return e.publish(ctx, store.Release{Hash: old.Hash, Of: old.Number})
}

// publish makes a program live. When it returns, no commit is made under an
// older release any more.
func (e *Engine) publish(ctx context.Context, r store.Release) (Release, error) {
	at, err := e.realNow(ctx)
	if err != nil {
		return Release{}, err
	}
	r.At = at
	done, err := e.store.Publish(ctx, r)
	if err != nil {
		return Release{}, e.away(err)
	}
	if err := e.refresh(ctx); err != nil {
		return Release{}, err
	}
	e.log.Info("release published", "number", done.Number, "hash", done.Hash, "rollback_of", done.Of)
	return releaseOf(done, done.Number), nil
}

// Releases are all that were ever published, newest first.
func (e *Engine) Releases(ctx context.Context) ([]Release, error) {
	all, err := e.store.Releases(ctx)
	if err != nil {
		return nil, e.away(err)
	}
	out := make([]Release, len(all))
	var live int64
	if n := len(all); n > 0 {
		live = all[n-1].Number
	}
	for i, r := range all {
		out[len(all)-1-i] = releaseOf(r, live)
	}
	return out, nil
}

func releaseOf(r store.Release, live int64) Release {
	return Release{Number: r.Number, Hash: r.Hash, By: r.By, At: r.At, Of: r.Of, Live: r.Number == live}
}

// readsMore warns of the conditions that read events which the live release
// does not keep: they count only from now on.
func readsMore(old, program *dsl.Program) []diag.Diagnostic {
	kept := map[string]cond.EventRead{}
	for _, k := range old.Keeps() {
		kept[k.Event] = k
	}
	running := map[string]bool{}
	for _, r := range old.Runnings() {
		running[r.Key()] = true
	}
	var diags []diag.Diagnostic
	program.Exprs(func(x *cond.Expr) {
		reads := x.Reads()
		event := ""
		for _, r := range reads.Running {
			if !running[r.Key()] {
				event = r.Event
			}
		}
		for _, r := range reads.Events {
			if k, ok := kept[r.Event]; !ok || !covers(k, r) {
				event = r.Event
			}
		}
		if event == "" {
			return
		}
		diags = append(diags, diag.Diagnostic{
			Severity: diag.Warning, Code: "counts-from-now", Span: x.Span(),
			Message: fmt.Sprintf("this counts only from now on: what it reads of %s has not been kept so far", event),
		})
	})
	return diags
}

// covers says whether what is kept answers a read.
func covers(kept, read cond.EventRead) bool {
	if kept.Window != 0 && (read.Window == 0 || read.Window > kept.Window) {
		return false
	}
	if kept.Whole {
		return true
	}
	if read.Whole {
		return false
	}
	for _, p := range read.Props {
		if !slices.Contains(kept.Props, p) {
			return false
		}
	}
	return true
}

// namesOf are the names of a program that people's records repeat.
func namesOf(p *dsl.Program) []string {
	seen := map[string]bool{}
	var names []string
	add := func(list ...string) {
		for _, n := range list {
			if n != "" && !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	add(p.Hash)
	for _, t := range p.Traits {
		add(t.Name)
		addType(add, t.Type)
	}
	for _, ev := range p.Events {
		add(ev.Name)
		addType(add, ev.Type)
	}
	for _, s := range p.Segments {
		add(s.Name)
	}
	for _, r := range p.TagRules {
		add(r.Tag, profiles.RuledTag(r.Tag))
	}
	for _, m := range p.Messages {
		add(m.Name, m.Channel)
	}
	for _, r := range p.Runnings() {
		add(r.Key())
	}
	for _, j := range p.Journeys {
		addJourney(add, j)
	}
	return names
}

func addType(add func(...string), t *value.Type) {
	if t == nil {
		return
	}
	add(t.OneOf...)
	addType(add, t.Elem)
	for _, f := range t.Fields {
		add(f.Name)
		addType(add, f.Type)
	}
}

func addJourney(add func(...string), j *dsl.Journey) {
	add(j.Name)
	for _, en := range j.Entries {
		add(j.Name + "/" + en.ID)
		addType(add, en.Params)
	}
	for _, x := range j.Exits {
		add(x.Reason)
	}
	for _, g := range j.Goals {
		add(g.Name)
	}
	for _, step := range j.Code {
		add(step.Head().ID)
		switch s := step.(type) {
		case *dsl.Split:
			add(s.Name)
			for _, b := range s.Branches {
				add(b.Name)
			}
		case *dsl.Let:
			add(s.Name)
		case *dsl.Leave:
			add(s.Reason)
		case *dsl.Tag:
			add(s.Tag)
		}
	}
}
