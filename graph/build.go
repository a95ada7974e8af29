package graph

import (
	"fmt"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/why"
)

// Kind says what a node is.
type Kind string

// The kinds of node.
const (
	Wait   Kind = "wait"
	Send   Kind = "send"
	Choose Kind = "if"
	Split  Kind = "split"
	Repeat Kind = "repeat"
	Change Kind = "set" // the profile, a tag, a value of the run
	Call   Kind = "call"
	Emit   Kind = "emit" // also the start of another journey
	Leave  Kind = "exit"
)

// Graph is a journey as a tree of sequences.
type Graph struct {
	Name   string   `json:"journey"`
	Title  string   `json:"title,omitempty"`
	Enters []string `json:"enters"`           // the clauses by which somebody comes in, the re-entry rule and the filter
	Leaves []string `json:"leaves,omitempty"` // those that end it at once
	Goals  []string `json:"goals,omitempty"`
	Steps  []*Node  `json:"steps"`
	Ends   bool     `json:"ends"` // somebody can come to the end of the steps
}

// Node is a step.
type Node struct {
	ID       string   `json:"step,omitempty"` // the step's id
	Kind     Kind     `json:"kind"`
	Text     string   `json:"text"`             // what it says, without its word
	Detail   string   `json:"detail,omitempty"` // a second line: a message's channel
	Source   string   `json:"source,omitempty"` // as it is written
	Place    string   `json:"place,omitempty"`  // FILE:LINE:COLUMN
	Branches []Branch `json:"branches,omitempty"`
	Body     []*Node  `json:"body,omitempty"` // of a Repeat
}

// Branch is a way on from a node. Its last step goes on after the node, unless
// it ends.
type Branch struct {
	Way   string  `json:"way"` // as traces, coverage and forecasts name it
	Label string  `json:"label"`
	Steps []*Node `json:"steps"`
}

// Of is the graph of a journey.
func Of(j *dsl.Journey) *Graph {
	b := &builder{code: j.Code}
	g := &Graph{Name: j.Name, Title: j.Title, Steps: b.sequence(j.Start, dsl.End)}
	for _, e := range j.Entries {
		g.Enters = append(g.Enters, strings.TrimPrefix(why.OneLine(e.Span.Text()), "enter "))
	}
	g.Enters = append(g.Enters, reentry(j)...)
	for _, x := range j.Exits {
		g.Leaves = append(g.Leaves, strings.TrimPrefix(why.OneLine(x.Span.Text()), "exit "))
	}
	for _, x := range j.Goals {
		g.Goals = append(g.Goals, strings.TrimPrefix(why.OneLine(x.Span.Text()), "goal "))
	}
	g.Ends = open(g.Steps)
	return g
}

func reentry(j *dsl.Journey) []string {
	var list []string
	per := ""
	if j.Reentry.Per != nil {
		per = " per " + why.OneLine(j.Reentry.Per.Source())
	}
	switch j.Reentry.Kind {
	case dsl.Once:
		list = append(list, "once"+per)
	case dsl.AfterExit:
		list = append(list, "again after exit"+per)
	case dsl.AfterTime:
		list = append(list, "again after "+why.OneLine(j.Reentry.After.Source())+per)
	}
	if j.While != nil {
		list = append(list, "only while "+why.OneLine(j.While.Source()))
	}
	if j.Control > 0 {
		list = append(list, fmt.Sprintf("control %v%%", j.Control))
	}
	return list
}

// builder makes sequences of flat code.
type builder struct{ code []dsl.Step }

// sequence are the steps from one on until another one, which is where the
// statement around goes on.
func (b *builder) sequence(from, until int) []*Node {
	var list []*Node
	for i := from; i != until && i >= 0 && i < len(b.code); {
		s := b.code[i]
		list = append(list, b.node(i, s))
		if _, leaves := s.(*dsl.Leave); leaves {
			break
		}
		i = s.Head().Next
	}
	return list
}

// node is a step with its branches.
func (b *builder) node(at int, s dsl.Step) *Node {
	head := s.Head()
	n := &Node{ID: head.ID, Source: why.OneLine(head.Span.Text()), Place: why.Place(head.Span)}
	branch := func(way, label string, start int) {
		n.Branches = append(n.Branches, Branch{way, label, b.sequence(start, head.Next)})
	}
	text := written(head.Span)
	switch s := s.(type) {
	case *dsl.Send:
		n.Kind, n.Text, n.Detail = Send, s.Message.Name, s.Message.Channel
		if s.Otherwise != head.Next {
			branch("sent", "sent", head.Next)
			branch("otherwise", "otherwise", s.Otherwise)
		}
	case *dsl.Ask:
		n.Kind, n.Text, n.Detail = Call, s.Call.Name, s.Call.Method
		if s.As != "" {
			n.Detail += " as run." + s.As
		}
		if s.Otherwise != head.Next {
			branch("sent", "answered", head.Next)
			branch("otherwise", "otherwise", s.Otherwise)
		}
	case *dsl.If:
		n.Kind, n.Text = Choose, why.OneLine(s.Cond.Source())
		branch("then", "yes", s.Then)
		branch("else", "no", s.Else)
	case *dsl.Split:
		n.Kind, n.Text = Split, s.Name
		for _, x := range s.Branches {
			branch(x.Name, fmt.Sprintf("%v%% %s", x.Share, x.Name), x.Start)
		}
	case *dsl.WaitFor:
		n.Kind, n.Text = Wait, strings.TrimPrefix(text, "wait ")
		b.alternatives(n, s, branch)
	case *dsl.WaitMoment:
		n.Kind, n.Text = Wait, strings.TrimPrefix(text, "wait ")
		if s.Then != head.Next || s.Otherwise != head.Next || s.ExitPast {
			branch("then", "it comes", s.Then)
			if s.ExitPast {
				n.Branches = append(n.Branches, Branch{"past", "past", []*Node{{Kind: Leave, Text: "past", Place: n.Place}}})
			} else {
				branch("past", "past or missing", s.Otherwise)
			}
		}
	case *dsl.Repeat:
		n.Kind, n.Text = Repeat, strings.TrimPrefix(text, "repeat ")
		if s.Body != at {
			n.Body = b.sequence(s.Body, at)
		}
	case *dsl.Leave:
		n.Kind, n.Text = Leave, s.Reason
	case *dsl.Set, *dsl.Tag, *dsl.Let:
		n.Kind, n.Text = Change, text
	case *dsl.Emit, *dsl.Begin:
		n.Kind, n.Text = Emit, text
	default:
		n.Kind, n.Text = Wait, strings.TrimPrefix(text, "wait ")
	}
	return n
}

// alternatives are the ways on from a wait for something.
func (b *builder) alternatives(n *Node, s *dsl.WaitFor, branch func(way, label string, start int)) {
	plain := s.Otherwise == s.Next
	for _, a := range s.Alts {
		plain = plain && a.Arm.Start == s.Next
	}
	if plain {
		return // it goes on the same way whatever comes
	}
	for i := range s.Alts {
		a := &s.Alts[i]
		if a.Event != "" {
			label := a.Event
			if a.Where != nil && len(s.Alts) > 1 {
				label += " where " + why.OneLine(a.Where.Source())
			}
			branch("event "+a.Event, label, a.Arm.Start)
			continue
		}
		label := "it holds"
		if len(s.Alts) > 1 {
			label = why.OneLine(a.When.Source())
		}
		branch("until", label, a.Arm.Start)
	}
	branch("otherwise", "the time has passed", s.Otherwise)
}

// written is a statement on one line, without its blocks; the values of a
// `with` stay away, too.
func written(span diag.Span) string {
	text := why.OneLine(span.Text())
	if i := strings.IndexByte(text, '{'); i > 0 {
		text = strings.TrimSpace(text[:i])
	}
	return strings.TrimSpace(strings.TrimSuffix(text, " otherwise"))
}

// open says whether a sequence goes on at its end.
func open(seq []*Node) bool {
	if len(seq) == 0 {
		return true
	}
	last := seq[len(seq)-1]
	if last.Kind == Leave {
		return false
	}
	for _, b := range last.Branches {
		if open(b.Steps) {
			return true
		}
	}
	return len(last.Branches) == 0
}
