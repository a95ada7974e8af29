package graph

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// flow is a graph as nodes and edges.
type flow struct {
	nodes []flowNode
	edges []flowEdge
	count *JourneyCounts
}

type flowNode struct {
	id    string
	kind  Kind // "enter" and "end" too
	lines []string
}

type flowEdge struct{ from, to, label string }

// tail is where an edge to the next node begins.
type tail struct{ from, label string }

func flowOf(g *Graph, prefix string, count *JourneyCounts) *flow {
	f := &flow{count: count}
	enter := f.add(prefix, "enter", append([]string{title(g)}, g.Enters...))
	first := ""
	if count != nil {
		first = thousands(count.Entered) + " entered"
	}
	tails := f.sequence(prefix, g.Steps, []tail{{enter, first}})
	if len(tails) > 0 {
		f.join(tails, f.add(prefix, "end", []string{"end"}))
	}
	return f
}

func title(g *Graph) string {
	if g.Title != "" {
		return g.Title
	}
	return g.Name
}

func (f *flow) add(prefix string, kind Kind, lines []string) string {
	id := fmt.Sprintf("%s%d", prefix, len(f.nodes))
	f.nodes = append(f.nodes, flowNode{id, kind, lines})
	return id
}

func (f *flow) join(tails []tail, to string) {
	for _, t := range tails {
		f.edges = append(f.edges, flowEdge{t.from, to, t.label})
	}
}

func (f *flow) sequence(prefix string, seq []*Node, tails []tail) []tail {
	for _, n := range seq {
		id := f.add(prefix, n.Kind, f.lines(n))
		f.join(tails, id)
		switch {
		case n.Kind == Leave:
			return nil
		case n.Kind == Repeat:
			body := f.sequence(prefix, n.Body, []tail{{id, labelled("each round", f.count.way(n.ID, "round"))}})
			f.join(body, id)
			tails = []tail{{id, labelled("done", f.count.way(n.ID, "done"))}}
		case len(n.Branches) > 0:
			tails = nil
			for _, b := range n.Branches {
				tails = append(tails, f.sequence(prefix, b.Steps, []tail{{id, labelled(b.Label, f.count.way(n.ID, b.Way))}})...)
			}
		default:
			tails = []tail{{id, ""}}
		}
	}
	return tails
}

func (f *flow) lines(n *Node) []string {
	lines := []string{caption(n)}
	lines = append(lines, wrap(plainText(n), cardCells, 4)...)
	if n.Detail != "" {
		lines = append(lines, n.Detail)
	}
	if here := f.count.inside(n.ID); here != "" {
		lines = append(lines, here)
	}
	return lines
}

// caption is the word over a node.
func caption(n *Node) string {
	if n.Kind == Change || n.Kind == Emit {
		return strings.SplitN(n.Text+" ", " ", 2)[0]
	}
	return string(n.Kind)
}

func labelled(label, count string) string {
	if count == "" {
		return label
	}
	return label + ": " + count
}

// wrap breaks a text into lines of so many cells at most; what does not fit
// into so many lines ends with "…".
func wrap(text string, cells, lines int) []string {
	var out []string
	line := ""
	flush := func() {
		if line != "" {
			out = append(out, line)
			line = ""
		}
	}
	for _, word := range strings.Fields(text) {
		for runewidth.StringWidth(word) > cells { // longer than a line, as Chinese often is
			room := cells
			if line != "" {
				room -= runewidth.StringWidth(line) + 1
			}
			if room < 2 {
				flush()
				continue
			}
			head := runewidth.Truncate(word, room, "")
			if line != "" {
				line += " "
			}
			line += head
			word = word[len(head):]
			flush()
		}
		switch {
		case line == "":
			line = word
		case runewidth.StringWidth(line)+1+runewidth.StringWidth(word) <= cells:
			line += " " + word
		default:
			flush()
			line = word
		}
	}
	flush()
	if len(out) > lines {
		out = out[:lines]
		out[lines-1] = runewidth.Truncate(out[lines-1], cells-1, "") + "…"
	}
	return out
}

// Mermaid writes the graphs as a flowchart, as GitHub and other readers of
// Markdown draw it.
func Mermaid(w io.Writer, graphs []*Graph, counts Counts) error {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for i, g := range graphs {
		f := flowOf(g, fmt.Sprintf("j%d_", i), counts.of(g))
		indent := "  "
		if len(graphs) > 1 {
			fmt.Fprintf(&b, "  subgraph j%d[%s]\n", i, mermaidText(title(g)))
			indent = "    "
		}
		for _, n := range f.nodes {
			l, r := mermaidShape(n.kind)
			fmt.Fprintf(&b, "%s%s%s%s%s:::%s\n", indent, n.id, l, mermaidText(strings.Join(n.lines, "\n")), r, n.kind.class())
		}
		for _, e := range f.edges {
			if e.label == "" {
				fmt.Fprintf(&b, "%s%s --> %s\n", indent, e.from, e.to)
			} else {
				fmt.Fprintf(&b, "%s%s -->|%s| %s\n", indent, e.from, mermaidText(e.label), e.to)
			}
		}
		if len(graphs) > 1 {
			b.WriteString("  end\n")
		}
	}
	for _, k := range []Kind{"enter", Wait, Send, Choose, Split, Repeat, Change, Call, Emit, Leave, "end"} {
		p := paints[k]
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:#1f2937\n", k.class(), p.fill, p.line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// class is a kind as the name of a class; `end` is a word of Mermaid.
func (k Kind) class() string { return "k_" + string(k) }

func mermaidShape(k Kind) (left, right string) {
	switch k {
	case "enter", "end", Leave:
		return "([", "])"
	case Choose, Split:
		return "{{", "}}"
	case Wait:
		return "(", ")"
	}
	return "[", "]"
}

// mermaidText is a text in quotes, with entities for what would end it or mean
// something.
func mermaidText(s string) string {
	r := strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", "<br>")
	return `"` + r.Replace(s) + `"`
}

// DOT writes the graphs in the language of Graphviz.
func DOT(w io.Writer, graphs []*Graph, counts Counts) error {
	var b strings.Builder
	b.WriteString("digraph journeys {\n  rankdir=TB;\n")
	b.WriteString("  node [fontname=\"Noto Sans TC, sans-serif\", fontsize=11, style=\"filled,rounded\", shape=box, margin=\"0.16,0.08\"];\n")
	b.WriteString("  edge [fontname=\"Noto Sans TC, sans-serif\", fontsize=10, color=\"#64748b\"];\n")
	for i, g := range graphs {
		f := flowOf(g, fmt.Sprintf("j%d_", i), counts.of(g))
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s; color=\"#cbd5e1\"; fontname=\"Noto Sans TC, sans-serif\";\n", i, dotText(title(g)))
		for _, n := range f.nodes {
			p := paints[n.kind]
			shape := ""
			if n.kind == Choose || n.kind == Split {
				shape = ", shape=hexagon, style=filled"
			}
			fmt.Fprintf(&b, "    %s [label=%s, fillcolor=%q, color=%q%s];\n", n.id, dotText(strings.Join(n.lines, "\n")), p.fill, p.line, shape)
		}
		for _, e := range f.edges {
			label := ""
			if e.label != "" {
				label = " [label=" + dotText(e.label) + "]"
			}
			fmt.Fprintf(&b, "    %s -> %s%s;\n", e.from, e.to, label)
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotText is a quoted text of DOT.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
