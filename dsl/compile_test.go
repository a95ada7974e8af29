package dsl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"journey/dsl/cond"
)

// TestCompile compares the compiled form of the journeys of testdata/compile
// with the file `code` beside their sources.
func TestCompile(t *testing.T) {
	files, err := filepath.Glob("testdata/compile/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources, want := map[string]string{}, -1
			for i, f := range archive.Files {
				if f.Name == "code" {
					want = i
					continue
				}
				sources[f.Name] = string(f.Data)
			}
			program, diags := Load(sources)
			if program == nil {
				t.Fatalf("it is wrong:\n%s", describe(diags))
			}
			got := dump(program)
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "code"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want < 0 {
				t.Fatalf("no file `code`; compiled:\n%s", got)
			}
			if d := cmp.Diff(string(archive.Files[want].Data), got); d != "" {
				t.Errorf("compiled form (-want +got):\n%s", d)
			}
		})
	}
}

// dump writes a program's journeys and what it reads, for people.
func dump(p *Program) string {
	var b strings.Builder
	for _, d := range p.Derived {
		if d.Trait != nil {
			fmt.Fprintf(&b, "trait %s = %s\n", d.Trait.Name, source(d.Trait.Computed))
		} else {
			fmt.Fprintf(&b, "segment %s = %s\n", d.Segment.Name, source(d.Segment.When))
		}
	}
	for _, j := range p.Journeys {
		dumpJourney(&b, j)
	}
	for _, k := range p.Keeps() {
		fmt.Fprintf(&b, "keep %s", k.Event)
		if k.Whole {
			b.WriteString(" whole")
		}
		fmt.Fprintf(&b, " %v", k.Props)
		if k.Window > 0 {
			fmt.Fprintf(&b, " for %s", k.Window)
		}
		b.WriteString("\n")
	}
	for _, r := range p.Runnings() {
		fmt.Fprintf(&b, "running %s\n", r.Key())
	}
	return b.String()
}

func dumpJourney(b *strings.Builder, j *Journey) {
	fmt.Fprintf(b, "journey %s %q arms %d\n", j.Name, j.Title, j.Arms)
	for _, e := range j.Entries {
		kind := map[EntryKind]string{OnEvent: "on " + e.Event, OnRequest: "on request", OnWhen: "when " + source(e.When)}[e.Kind]
		fmt.Fprintf(b, "  enter %s: %s%s\n", e.ID, kind, where(e.Where))
		if e.Params != nil {
			fmt.Fprintf(b, "    %s\n", e.Params)
		}
	}
	again := []string{"once", "again after exit", "again after " + source(j.Reentry.After)}[j.Reentry.Kind]
	fmt.Fprintf(b, "  %s", again)
	if j.Reentry.Per != nil {
		fmt.Fprintf(b, " per %s", source(j.Reentry.Per))
	}
	b.WriteString("\n")
	if j.While != nil {
		fmt.Fprintf(b, "  only while %s\n", source(j.While))
	}
	for _, x := range j.Exits {
		fmt.Fprintf(b, "  exit %q: on %q when %q goal %q%s\n", x.Reason, x.Event, source(x.When), x.Goal, where(x.Where))
	}
	for _, g := range j.Goals {
		fmt.Fprintf(b, "  goal %s: on %s%s within %s value %s\n", g.Name, g.Event, where(g.Where), source(g.Within), source(g.Value))
	}
	fmt.Fprintf(b, "  start at %d\n", j.Start)
	for i, s := range j.Code {
		h := s.Head()
		fmt.Fprintf(b, "  %2d %-24s %s", i, h.ID, dumpStep(s))
		if h.Slot >= 0 {
			fmt.Fprintf(b, " [event of arm %d]", h.Slot)
		}
		fmt.Fprintf(b, " → %d\n", h.Next)
	}
}

func dumpStep(s Step) string {
	switch s := s.(type) {
	case *Wait:
		return "wait " + source(s.For)
	case *WaitClock:
		return fmt.Sprintf("wait until %s%s tomorrow %v", s.Clock, days(s.Days), s.Tomorrow)
	case *WaitWindow:
		return fmt.Sprintf("wait until %s to %s%s", s.From, s.To, days(s.Days))
	case *WaitMoment:
		at := ""
		if s.HasAt {
			at = " at " + s.At.String()
		}
		return fmt.Sprintf("wait until %s%s then %d otherwise %d exit past %v", source(s.Moment), at, s.Then, s.Otherwise, s.ExitPast)
	case *WaitQuiet:
		return fmt.Sprintf("wait until no %s%s for %s", s.Event, where(s.Where), source(s.For))
	case *WaitFor:
		var b strings.Builder
		fmt.Fprintf(&b, "wait up to %s for", source(s.UpTo))
		for _, a := range s.Alts {
			what := a.Event
			if what == "" {
				what = "when " + source(a.When)
			}
			fmt.Fprintf(&b, " (%s%s since entry %v: %d arm %d)", what, where(a.Where), a.SinceEntry, a.Arm.Start, a.Arm.Slot)
		}
		fmt.Fprintf(&b, " otherwise %d", s.Otherwise)
		return b.String()
	case *If:
		return fmt.Sprintf("if %s then %d else %d", source(s.Cond), s.Then, s.Else)
	case *Split:
		var b strings.Builder
		fmt.Fprintf(&b, "split %s", s.Name)
		for _, br := range s.Branches {
			fmt.Fprintf(&b, " (%g%% %s: %d)", br.Share, br.Name, br.Start)
		}
		return b.String()
	case *Set:
		if s.Value == nil {
			return fmt.Sprintf("clear %s %s", s.Trait, s.Path)
		}
		return fmt.Sprintf("set %s %s = %s", s.Trait, s.Path, source(s.Value))
	case *Tag:
		return fmt.Sprintf("tag %q remove %v", s.Tag, s.Remove)
	case *Let:
		return fmt.Sprintf("let %s = %s", s.Name, source(s.Value))
	case *Send:
		var b strings.Builder
		fmt.Fprintf(&b, "send %s", s.Message.Name)
		for _, n := range s.With {
			fmt.Fprintf(&b, " (%s: %s)", n.Name, source(n.Expr))
		}
		fmt.Fprintf(&b, " otherwise %d", s.Otherwise)
		return b.String()
	case *Leave:
		return fmt.Sprintf("exit %q", s.Reason)
	}
	return fmt.Sprintf("%T", s)
}

func days(set Weekdays) string {
	s := ""
	for d := time.Sunday; d <= time.Saturday; d++ {
		if set&(1<<d) != 0 {
			s += " " + d.String()[:3]
		}
	}
	return s
}

func source(x *cond.Expr) string {
	if x == nil {
		return ""
	}
	return x.Source()
}

func where(x *cond.Expr) string {
	if x == nil {
		return ""
	}
	return " where " + x.Source()
}
