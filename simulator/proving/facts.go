package proving

import (
	"fmt"
	"sort"
	"strings"

	"journey/dsl/value"
)

// Fact is one thing that happened.
type Fact struct {
	At   value.Time
	Kind string // "entered", "refused", "goal", "ended", "sent", "not sent", "in", "out"
	Name string // of the segment or the run
	Text string
}

// String is the fact as a line.
func (f Fact) String() string { return fmt.Sprintf("%s %s %s %s", f.At, f.Kind, f.Name, f.Text) }

// Record is what happened to a person and what he is in the end.
type Record struct {
	Facts   []Fact
	State   []string // lines, sorted
	Endless bool     // it was not told to its end
}

func (r *Record) add(at value.Time, kind, name, format string, args ...any) {
	r.Facts = append(r.Facts, Fact{at, kind, name, fmt.Sprintf(format, args...)})
}

func (r *Record) state(format string, args ...any) {
	r.State = append(r.State, fmt.Sprintf(format, args...))
}

// settle brings into one order what has none: the segments that change in one
// instant come first, sorted by name, and goals counted by one event are
// sorted by run.
func (r *Record) settle() {
	segment := func(f Fact) bool { return f.Kind == "in" || f.Kind == "out" }
	sort.SliceStable(r.Facts, func(i, j int) bool {
		a, b := r.Facts[i], r.Facts[j]
		switch {
		case a.At != b.At:
			return a.At < b.At
		case segment(a) != segment(b):
			return segment(a)
		case segment(a):
			return a.Name < b.Name
		}
		return false
	})
	for i := 0; i < len(r.Facts); {
		k := i
		for k < len(r.Facts) && r.Facts[k].Kind == "goal" && r.Facts[k].At == r.Facts[i].At {
			k++
		}
		goals := r.Facts[i:k]
		sort.SliceStable(goals, func(a, b int) bool { return goals[a].Name+goals[a].Text < goals[b].Name+goals[b].Text })
		i = max(k, i+1)
	}
	sort.Strings(r.State)
}

// Lines is the record as text, a line each.
func (r *Record) Lines() []string {
	lines := make([]string, 0, len(r.Facts)+len(r.State))
	for _, f := range r.Facts {
		lines = append(lines, f.String())
	}
	return append(lines, r.State...)
}

// Diff shows where two records part, "" when they are equal.
func Diff(want, got *Record) string {
	a, b := want.Lines(), got.Lines()
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) && i == len(b) {
		return ""
	}
	var out strings.Builder
	for _, l := range a[max(0, i-6):i] {
		fmt.Fprintf(&out, "  %s\n", l)
	}
	for _, l := range a[i:min(len(a), i+6)] {
		fmt.Fprintf(&out, "- %s\n", l)
	}
	for _, l := range b[i:min(len(b), i+6)] {
		fmt.Fprintf(&out, "+ %s\n", l)
	}
	return out.String()
}

// plain is a value in the form in which states are compared.
func plain(v any) string {
	switch v := v.(type) {
	case value.Time:
		return v.String()
	case value.Date:
		return v.String()
	case value.Duration:
		return fmt.Sprintf("%dms", int64(v))
	case float64:
		return number(v)
	}
	return fmt.Sprint(v)
}
