package proving

import (
	"fmt"
	"strconv"
	"strings"

	"journey/dsl/value"
)

// props are the properties of every event and request.
const props = "{ id: text optional, n: number optional, when: time optional, day: date optional, " +
	"items: list of { sku: text optional, n: number optional } optional }"

// declarations are what every program begins with.
const declarations = `
trait email: email identifier
trait alt: email
trait name: text
trait tier: text one of "bronze", "silver", "gold"
trait num: number
trait flag: boolean
trait lead: duration
trait since: time
trait birthday: date
event ping ` + props + `
event bought ` + props + `
event left ` + props + `
`

// Text is the program as .journey text.
func (p *Program) Text() string {
	w := &writer{}
	consent := "required"
	if p.ConsentAssumed {
		consent = "assumed"
	}
	zone := ""
	if p.Zone != "" {
		zone = fmt.Sprintf(" timezone %q", p.Zone)
	}
	w.line("workspace {%s consent %s", zone, consent)
	w.indent++
	p.settings(w)
	w.indent--
	w.line("}")
	w.b.WriteString(strings.TrimPrefix(declarations, "\n"))
	for _, c := range p.Computed {
		w.line("trait %s: %s = %s", c.Name, c.Type, c.Expr)
	}
	for _, s := range p.Segments {
		w.line("segment %s = %s", s.Name, s.When)
	}
	for _, m := range p.Messages {
		w.message(m)
	}
	for _, j := range p.Journeys {
		w.journey(j)
	}
	return w.b.String()
}

func (p *Program) settings(w *writer) {
	email := func(is bool, word string) string {
		if is {
			return word + "email"
		}
		return ""
	}
	for _, q := range p.Quiet {
		w.line("quiet %s to %s%s%s", clock(q.From), clock(q.To), on(q.Days), email(q.Email, " for "))
	}
	for _, c := range p.Caps {
		over, per := email(c.Email, ""), duration(c.Per)
		if over == "" {
			over = "all"
		}
		if c.Calendar {
			per = "calendar day"
		}
		w.line("cap %s %d per %s", over, c.Count, per)
	}
	if p.Control > 0 {
		w.line("control %d%%", p.Control)
	}
	w.line(`topics offers "Offers"`)
	for _, s := range p.Suppress {
		w.line("suppress%s when %s", email(s.Email, " "), s.When)
	}
}

type writer struct {
	b      strings.Builder
	indent int
}

func (w *writer) line(format string, args ...any) {
	w.b.WriteString(strings.Repeat("  ", w.indent))
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

func (w *writer) message(m *Message) {
	w.line("message %s via %s {", m.Name, m.Via)
	w.indent++
	if m.Via == "webhook" {
		w.line(`url "https://example.com/%s"`, m.Name)
		w.line("json { %s }", pairs(m.JSON))
	} else {
		w.line("subject %q", template(m.Subject))
		w.line("text %q", template(m.Text))
	}
	if m.To != nil {
		w.line("to %s", m.To)
	}
	if m.Transactional {
		w.line("transactional")
	}
	if m.Topic {
		w.line("topic offers")
	}
	if m.ValidFor > 0 {
		w.line("valid for %s", duration(m.ValidFor))
	}
	w.indent--
	w.line("}")
}

func pairs(list []Pair) string {
	s := make([]string, len(list))
	for i, p := range list {
		s[i] = fmt.Sprintf("%s: %s", p.Name, p.Expr)
	}
	return strings.Join(s, ", ")
}

func template(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Value == nil:
			b.WriteString(p.Text)
		case p.Default != "":
			fmt.Fprintf(&b, "{{ %s | default: '%s' }}", p.Value, p.Default)
		default:
			fmt.Fprintf(&b, "{{ %s }}", p.Value)
		}
	}
	return b.String()
}

func (w *writer) journey(j *Journey) {
	w.line("journey %s {", j.Name)
	w.indent++
	for _, e := range j.Entries {
		text := entry(e)
		if e.Including {
			w.line("%s%s including existing", text, where(e.Where))
			continue
		}
		w.line("%s%s", text, where(e.Where))
	}
	w.reentry(j)
	if j.While != nil {
		w.line("only while %s", j.While)
	}
	for _, x := range j.Exits {
		switch {
		case x.When != nil:
			w.line("exit when %s", x.When)
		case x.Goal != "":
			w.line("exit on goal %s", x.Goal)
		default:
			w.line("exit on %s%s", x.Event, where(x.Where))
		}
	}
	for _, g := range j.Goals {
		val := ""
		if g.Value != nil {
			val = " value " + g.Value.String()
		}
		w.line("goal %s on %s%s within %s%s", g.Name, g.Event, where(g.Where), g.Within, val)
	}
	if j.Transactional {
		w.line("transactional")
	}
	if j.Priority != 0 {
		w.line("priority %d", j.Priority)
	}
	if j.Control > 0 {
		w.line("control %d%%", j.Control)
	}
	w.steps(j.Steps)
	w.indent--
	w.line("}")
}

func entry(e *Entry) string {
	side, at := "after", " at "+clock(e.Clock)
	if e.Before {
		side = "before"
	}
	if !e.HasAt {
		at = ""
	}
	switch e.Kind {
	case EnterEvent:
		if e.Each {
			return "enter on " + e.Event + " each event.items"
		}
		return "enter on " + e.Event
	case EnterWhen:
		return "enter when " + e.When.String()
	case EnterRequest:
		return "enter on request " + props
	case EnterYearly:
		if e.Apart == 0 {
			return fmt.Sprintf("enter yearly on profile.%s%s", e.Trait, at)
		}
		return fmt.Sprintf("enter yearly %s %s profile.%s%s", duration(e.Apart), side, e.Trait, at)
	case EnterDate:
		return fmt.Sprintf("enter %s %s profile.%s%s", duration(e.Apart), side, e.Trait, at)
	case EnterDaily:
		return "enter daily" + at
	case EnterWeekday:
		return "enter on " + strings.Join(e.Days, ", ") + at
	case EnterMonthly:
		days := make([]string, len(e.Months))
		for i, d := range e.Months {
			if days[i] = strconv.Itoa(d); d == 0 {
				days[i] = "last"
			}
		}
		return "enter monthly on " + strings.Join(days, ", ") + at
	}
	return "enter on " + e.Date.String() + at
}

func (w *writer) reentry(j *Journey) {
	per := ""
	if j.Per != nil {
		per = " per " + j.Per.String()
	}
	switch j.Again {
	case "once":
		w.line("once%s", per)
	case "after exit":
		w.line("again after exit%s", per)
	case "after":
		w.line("again after %s%s", j.After, per)
	}
}

// on are the days behind a time of day or window.
func on(days []string) string {
	if len(days) == 0 {
		return ""
	}
	return " on " + strings.Join(days, ", ")
}

func where(e *Expr) string {
	if e == nil {
		return ""
	}
	return " where " + e.String()
}

func (w *writer) steps(list []*Step) {
	for _, s := range list {
		w.step(s)
	}
}

// block writes a block behind what begins the line, with what follows it.
func (w *writer) block(head string, steps []*Step) {
	w.line("%s {", head)
	w.indent++
	w.steps(steps)
	w.indent--
}

// blocks writes a line with up to two blocks.
func (w *writer) blocks(head string, then []*Step, word string, other []*Step, tail string) {
	if then == nil && other == nil {
		w.line("%s%s", head, tail)
		return
	}
	if then != nil {
		w.block(head, then)
		head = "}"
	}
	if other != nil {
		w.block(head+" "+word, other)
	}
	w.line("}%s", tail)
}

func (w *writer) step(s *Step) {
	switch s.Kind {
	case StepWait:
		w.line("wait %s", s.For)
	case StepClock:
		switch {
		case s.Tomorrow:
			w.line("wait until tomorrow at %s%s", clock(s.Clock), on(s.Days))
		case len(s.Days) > 0:
			w.line("wait until %s at %s", strings.Join(s.Days, ", "), clock(s.Clock))
		default:
			w.line("wait until %s", clock(s.Clock))
		}
	case StepWindow:
		w.line("wait until %s to %s%s", clock(s.Clock), clock(s.To), on(s.Days))
	case StepMoment:
		head, tail := "wait until "+s.Moment.String(), ""
		if s.HasAt {
			head += " at " + clock(s.Clock) + on(s.Days)
		}
		if s.PastExit {
			tail = " if past exit"
		}
		w.blocks(head, s.Then, "otherwise", s.Else, tail)
	case StepQuiet:
		w.line("wait until no %s%s for %s", s.Event, where(s.Where), s.For)
	case StepFor:
		w.waitFor(s)
	case StepIf:
		w.blocks("if "+s.Cond.String(), s.Then, "else", s.Else, "")
	case StepSplit:
		w.line("split %s {", s.Split)
		w.indent++
		for _, b := range s.Branches {
			w.block(fmt.Sprintf("%d%% %s", b.Share, b.Name), b.Body)
			w.line("}")
		}
		w.indent--
		w.line("}")
	case StepSend:
		head := "send " + s.Name
		if len(s.With) > 0 {
			head += " with { " + pairs(s.With) + " }"
		}
		w.blocks(head, nil, "otherwise", s.Else, "")
	case StepHour:
		w.line("wait until hour %s", s.Value)
	case StepRepeat:
		head := fmt.Sprintf("repeat up to %d times", s.Times)
		if s.For != nil {
			head += " every " + s.For.String()
		}
		if s.Cond != nil {
			head += " while " + s.Cond.String()
		}
		w.block(head, s.Then)
		w.line("}")
	default:
		w.effect(s)
	}
}

func (w *writer) effect(s *Step) {
	target := "profile." + s.Trait
	if s.Path != "" {
		target += "." + s.Path
	}
	switch s.Kind {
	case StepSet:
		w.line("set %s = %s", target, s.Value)
	case StepClear:
		w.line("clear %s", target)
	case StepTag, StepUntag:
		w.line("%s %q", s.Kind, s.Name)
	case StepLet:
		w.line("let %s = %s", s.Name, s.Value)
	case StepEmit:
		w.line("emit %s { %s }", s.Event, pairs(s.With))
	case StepStart:
		w.line("start %s with { %s }", s.Name, pairs(s.With))
	case StepExit:
		if s.Name == "" {
			w.line("exit")
		} else {
			w.line("exit %q", s.Name)
		}
	default:
		w.line("%s", s.Kind) // no such step: the program will not compile
	}
}

func (w *writer) waitFor(s *Step) {
	head := "wait up to " + s.For.String()
	switch {
	case s.Until && len(s.Alts) > 0:
		w.blocks(head+" until "+s.Alts[0].When.String(), s.Alts[0].Body, "otherwise", s.Else, "")
		return
	case len(s.Alts) == 1 && s.Alts[0].When == nil:
		w.blocks(head+" for "+alternative(s.Alts[0]), s.Alts[0].Body, "otherwise", s.Else, "")
		return
	}
	w.line("%s for {", head)
	w.indent++
	for _, a := range s.Alts {
		w.blocks(alternative(a), a.Body, "", nil, "")
	}
	w.indent--
	if s.Else == nil {
		w.line("}")
		return
	}
	w.block("} otherwise", s.Else)
	w.line("}")
}

func alternative(a *Alt) string {
	if a.When != nil {
		return "when " + a.When.String()
	}
	text := a.Event + where(a.Where)
	if a.Since {
		text += " since entry"
	}
	return text
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// duration is a length in the language's words; always whole seconds.
func duration(d value.Duration) string {
	for _, u := range []struct {
		d    value.Duration
		name string
	}{{value.Day, "days"}, {value.Hour, "hours"}, {value.Minute, "minutes"}} {
		if d != 0 && d%u.d == 0 {
			return fmt.Sprintf("%d %s", d/u.d, u.name)
		}
	}
	return fmt.Sprintf("%d seconds", d/value.Second)
}

// infix are the operators that stand between their operands.
var infix = map[string]bool{
	"and": true, "or": true, "==": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true,
	"+": true, "-": true, "*": true, "??": true,
}

// String is the expression as text, with all parentheses.
func (e *Expr) String() string {
	if e == nil {
		return "?" // the program will not compile
	}
	if infix[e.Op] {
		return fmt.Sprintf("(%s %s %s)", e.Args[0], e.Op, e.Args[1])
	}
	switch e.Op {
	case OpLit:
		return literal(e.Val)
	case OpTrait:
		return "profile." + e.Name
	case OpConsent:
		return "profile.consent." + e.Name
	case OpSegment, OpJourney, OpEvent, OpEntry, OpRun:
		return e.Op + "." + e.Name
	case OpWith:
		return e.Name
	case OpSent:
		return "sent(" + e.Name + ")"
	case OpNow:
		return "now"
	case OpAgo, OpFromNow, OpAge:
		return fmt.Sprintf("%s(%s)", e.Op, e.Args[0])
	case OpSet, OpMissing:
		return fmt.Sprintf("(%s %s)", e.Args[0], e.Op)
	case OpNot:
		return fmt.Sprintf("(not (%s))", e.Args[0])
	case OpEvents:
		if e.Last == 0 {
			return e.Name
		}
		return e.Name + " in last " + duration(e.Last)
	case OpFilter, OpAny:
		return fmt.Sprintf("%s(%s, %s)", e.Op, e.Args[0], e.Args[1])
	case OpTagged:
		return fmt.Sprintf("any(profile.tags, it == %q)", e.Name)
	case OpCount:
		return fmt.Sprintf("count(%s)", e.Args[0])
	case OpSum, OpMin, OpMax:
		return fmt.Sprintf("%s(%s, .%s)", e.Op, e.Args[0], e.Name)
	case OpFirst, OpNewest:
		return fmt.Sprintf("%s(%s).%s", e.Op, e.Args[0], e.Name)
	case OpIt:
		return "." + e.Name
	case OpLocal:
		return fmt.Sprintf("local(%s).%s", e.Args[0], e.Name)
	}
	return "?" + e.Op
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case value.Duration:
		return duration(v)
	case value.Date:
		return v.String()
	}
	return fmt.Sprintf("?%v", v)
}
