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
	dumpSettings(&b, p)
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
	for _, t := range p.Tests {
		dumpTest(&b, t)
	}
	for _, im := range p.Imports {
		fmt.Fprintf(&b, "import %s from %s as %q live %v at %q\n", im.Name, im.Format, im.Event, im.Live, source(im.At))
		for _, n := range im.Identify {
			fmt.Fprintf(&b, "  identify %s = %s\n", n.Name, source(n.Expr))
		}
		for _, n := range im.Set {
			fmt.Fprintf(&b, "  set %s = %s\n", n.Name, source(n.Expr))
		}
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
		if e.Each != "" {
			kind += " each " + e.Each
		}
		if kind == "" {
			kind = dumpCalendar(e)
		}
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
	if j.Priority != 0 || j.Control != 0 || j.Transactional {
		fmt.Fprintf(b, "  priority %d control %g%% transactional %v\n", j.Priority, j.Control, j.Transactional)
	}
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
		return fmt.Sprintf("wait until %s%s%s then %d otherwise %d exit past %v", source(s.Moment), at, days(s.Days), s.Then, s.Otherwise, s.ExitPast)
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
	case *WaitHour:
		return "wait until hour " + source(s.Hour)
	case *Repeat:
		return fmt.Sprintf("repeat %d every %q while %q body %d", s.Times, source(s.Every), source(s.While), s.Body)
	case *Emit:
		return "emit " + s.Event + dumpNamed(s.Props)
	case *Ask:
		return fmt.Sprintf("call %s%s as %q otherwise %d", s.Call.Name, dumpNamed(s.With), s.As, s.Otherwise)
	case *Begin:
		return "start " + s.Journey + dumpNamed(s.With)
	case *Leave:
		return fmt.Sprintf("exit %q", s.Reason)
	}
	return fmt.Sprintf("%T", s)
}

func dumpNamed(list []Named) string {
	s := ""
	for _, n := range list {
		s += fmt.Sprintf(" (%s: %s)", n.Name, source(n.Expr))
	}
	return s
}

func dumpCalendar(e *Entry) string {
	c := &e.Calendar
	kind := map[EntryKind]string{OnDate: "date", OnYear: "year", OnClock: "clock", OnDay: "day"}[e.Kind]
	return fmt.Sprintf("%s: %q offset %s days %d at %s (%v)%s %v %s", kind, c.Trait, c.Offset, c.Days, c.At, c.HasAt, days(c.Weekdays), c.Monthdays, c.Date)
}

func dumpSettings(b *strings.Builder, p *Program) {
	s := &p.Settings
	for _, q := range s.Quiet {
		fmt.Fprintf(b, "quiet %s to %s%s %v\n", q.From, q.To, days(q.Days), q.Channels)
	}
	for _, c := range s.Caps {
		fmt.Fprintf(b, "cap %q %d per %s calendar %v\n", c.Channel, c.Count, c.Per, c.Calendar)
	}
	if s.Control > 0 {
		fmt.Fprintf(b, "control %g%%\n", s.Control)
	}
	for _, t := range s.Topics {
		fmt.Fprintf(b, "topic %s %q\n", t.Name, t.Title)
	}
	for _, x := range s.Suppress {
		fmt.Fprintf(b, "suppress %q when %s\n", x.Channel, source(x.When))
	}
	for _, m := range p.Messages {
		fmt.Fprintf(b, "message %s via %s", m.Name, m.Channel)
		for _, part := range []struct {
			name string
			is   bool
		}{{"subject", m.Subject != nil}, {"text", m.Text != nil}, {"html", m.HTML != nil}, {"link", m.Link != nil},
			{"image", m.Image != nil}, {"resend", m.Resend}, {"transactional", m.Transactional}} {
			if part.is {
				b.WriteString(" " + part.name)
			}
		}
		b.WriteString(dumpNamed(m.JSON))
		if m.To != nil || m.ValidFor != nil || m.Topic != "" {
			fmt.Fprintf(b, " to %q valid for %q topic %q", source(m.To), source(m.ValidFor), m.Topic)
		}
		b.WriteString("\n")
	}
	for _, c := range p.Calls {
		fmt.Fprintf(b, "webhook %s %s %s%s returns %s\n", c.Name, c.Method, c.URL, dumpNamed(c.JSON), c.Returns)
	}
}

func dumpTest(b *strings.Builder, t *Test) {
	fmt.Fprintf(b, "test %q for %v start %s given %v\n", t.Title, t.Journeys, t.Start, t.Given)
	for _, in := range t.Inputs {
		kind := []string{"event", "set", "request"}[in.Kind]
		fmt.Fprintf(b, "  at %s %s %s%s %v", dumpTime(&in.At), kind, in.Event, in.Journey, in.Data)
		if in.Of != nil {
			fmt.Fprintf(b, " of %s", dumpTime(in.Of))
		}
		b.WriteString("\n")
	}
	a := &t.Assume
	fmt.Fprintf(b, "  assume segments %v splits %v control %v calls %v fails %v\n", a.Segments, a.Splits, a.Control, a.Calls, a.Fails)
	for _, e := range t.Expect {
		kind := []string{"send", "no send", "skip", "fail", "enter", "not enter", "exit", "end", "goal", "no goal", "that"}[e.Kind]
		fmt.Fprintf(b, "  expect %s %s%s%s", kind, e.Message, e.Journey, e.Goal)
		if e.Reason != "" {
			fmt.Fprintf(b, " %q", e.Reason)
		}
		if e.At != nil {
			fmt.Fprintf(b, " at %s", dumpTime(e.At))
		}
		if e.To != nil {
			fmt.Fprintf(b, " to %q", *e.To)
		}
		for _, f := range e.Fields {
			fmt.Fprintf(b, " with %s %q", f.Name, f.Text)
		}
		if e.Value != nil {
			fmt.Fprintf(b, " value %g", *e.Value)
		}
		if e.WithoutValue {
			b.WriteString(" without value")
		}
		fmt.Fprintf(b, " %s\n", source(e.That))
	}
}

func dumpTime(t *TestTime) string {
	if t.At != nil {
		return fmt.Sprint(t.At)
	}
	return t.After.String()
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
