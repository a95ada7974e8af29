package why

import (
	"encoding/json"
	"fmt"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Bounds of what is told.
const (
	maxText   = 60 // characters of a value
	maxNested = 3  // segments that ask for segments
)

// check asks a condition in its surroundings and takes apart why it does not
// hold.
func (x *explainer) check(c *cond.Expr, env *cond.Env) Check { return x.checkDeep(c, env, maxNested) }

func (x *explainer) checkDeep(c *cond.Expr, env *cond.Env, deep int) Check {
	own := *env // the probe's is made anew for each question
	env = &own
	out := Check{Condition: OneLine(c.Source()), Place: Place(c.Span()), Holds: c.Bool(env)}
	parts := c.Parts()
	for i := range parts {
		part := Check{Condition: OneLine(parts[i].Source()), Holds: parts[i].Holds(env)}
		for _, name := range parts[i].Names() {
			if says := x.reading(name, env); says != "" {
				part.Reads = append(part.Reads, says)
			}
			if seg, ok := strings.CutPrefix(name, "segment."); ok && deep > 0 {
				if s, ok := x.world.Live.Segment(seg); ok {
					part.Parts = append(part.Parts, x.checkDeep(s.When, x.probe.OnPerson(), deep-1))
				}
			}
		}
		if len(parts) == 1 {
			out.Reads, out.Parts = part.Reads, part.Parts
			break
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}

// reading says what a name in a condition is at present.
func (x *explainer) reading(name string, env *cond.Env) string {
	root, path, dotted := strings.Cut(name, ".")
	is := func(v any) string { return name + " is " + x.show(v) }
	switch {
	case root == "profile":
		top, below, deeper := strings.Cut(path, ".")
		v := env.Person.Trait(top)
		if deeper {
			obj, _ := v.(map[string]any)
			v = value.Path(obj, below)
		}
		return is(v)
	case root == "segment":
		if env.Person.InSegment(path) {
			return "is in segment " + path
		}
		return "is not in segment " + path
	case root == "journey":
		if env.Person.InJourney(path) {
			return "is in journey " + path
		}
		return "is not in journey " + path
	case root == "event" || root == "entry":
		e := env.Event
		if root == "entry" {
			e = env.Entry
		}
		return x.ofEvent(name, path, e)
	case root == "run":
		return is(value.Path(env.Run, path))
	}
	if _, ok := x.world.Live.Event(root); ok && !dotted {
		return x.past(root)
	}
	return ""
}

// ofEvent says what a property of an event at hand is.
func (x *explainer) ofEvent(name, path string, e *cond.Event) string {
	switch {
	case e == nil || path == "":
		return ""
	case path == "at":
		return name + " is " + x.show(e.At)
	}
	return name + " is " + x.show(e.Props.Path(path))
}

// past says what is known of events of a kind.
func (x *explainer) past(kind string) string {
	list := x.p.Kept(kind)
	if len(list) == 0 {
		for key, a := range x.p.Running {
			if key == "count "+kind && a.N > 0 {
				return fmt.Sprintf("%d %s in all", a.N, kind)
			}
		}
		if e := x.newest(kind); e != nil {
			return "the newest " + kind + " was " + x.show(e.At)
		}
		return "no " + kind + " is known"
	}
	older := ""
	if n := x.p.HourlyCount(kind); n > 0 {
		older = fmt.Sprintf(" and %d older ones by the hour", n)
	}
	return fmt.Sprintf("%d %s known%s, the newest of %s", len(list), kind, older, x.show(list[len(list)-1].At))
}

// show is a value as it stands in a sentence.
func (x *explainer) show(v any) string {
	switch v := v.(type) {
	case nil:
		return "missing"
	case string:
		return fmt.Sprintf("%q", cut(v))
	case float64:
		return orchestrator.KeyText(v)
	case value.Time:
		return x.local(v)
	case []any, map[string]any:
		b, err := json.Marshal(profiles.Plain(v))
		if err != nil {
			return "something that cannot be shown"
		}
		return cut(string(b))
	}
	return fmt.Sprint(v)
}

func cut(s string) string {
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return s
}

// OneLine is source text without its line breaks and indentation.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Place is FILE:LINE:COLUMN of a span.
func Place(s diag.Span) string {
	if s.File == nil {
		return ""
	}
	pos := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.File.Name, pos.Line, pos.Column)
}
