package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/graph"
)

// graphFormats are the values of --format.
var graphFormats = []string{"mermaid", "dot", "svg", "json"}

// graphFlags are the flags of `journey graph`.
type graphFlags struct {
	format, out, counts string
	json, open          bool
}

func newGraph() *cobra.Command {
	var f graphFlags
	cmd := &cobra.Command{
		Use:   "graph DIR [JOURNEY …]",
		Short: "Draw journeys as Mermaid, DOT or SVG",
		Long: `Graph draws the journeys of a workspace, or those named: who comes in, the
steps, the ways they part, what ends a run at once.

  mermaid  for Markdown: put it between ` + "```mermaid and ```" + `
  dot      for Graphviz
  svg      a picture that needs nothing else
  json     the tree that is drawn

Without --format the ending of the file that -o names decides (.mmd, .dot,
.svg, .json), else it is mermaid. --counts takes what ` + "`journey forecast --json`" + `
wrote: how many enter, go each way, and stand where.`,
		Example: `  journey graph examples/shop abandoned_cart
  journey graph examples/shop -o shop.svg
  journey graph examples/shop --counts forecast.json -o shop.svg --open`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("say which folder, as in `%s`", cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeDir(cmd, args, typed)
			}
			return completeIn(journeysOf)(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return drawGraph(cmd, args[0], args[1:], f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "how: "+strings.Join(graphFormats, ", "))
	fl.StringVarP(&f.out, "out", "o", "", "write to this file")
	fl.StringVar(&f.counts, "counts", "", "show the numbers of this forecast")
	fl.BoolVar(&f.json, "json", false, "print the tree as JSON, as --format json")
	fl.BoolVar(&f.open, "open", false, "open the file in a browser")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(graphFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func drawGraph(cmd *cobra.Command, dir string, names []string, f graphFlags) error {
	format, err := f.formatOf()
	if err != nil {
		return err
	}
	program, err := loadWorkspace(cmd, dir)
	if err != nil {
		return err
	}
	graphs, err := graphsOf(program, names)
	if err != nil {
		return err
	}
	counts, err := f.read()
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		switch format {
		case "dot":
			return graph.DOT(w, graphs, counts)
		case "svg":
			return graph.SVG(w, graphs, counts)
		case "json":
			return graphJSON(w, graphs)
		}
		return graph.Mermaid(w, graphs, counts)
	}
	if f.out == "" {
		err = write(cmd.OutOrStdout())
	} else if err = writeFile(f.out, write); err == nil && f.open {
		err = browse(f.out)
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// formatOf is the format that is meant.
func (f *graphFlags) formatOf() (string, error) {
	switch {
	case f.open && f.out == "":
		return "", usage("--open wants a file: add -o graph.svg")
	case f.json && f.format != "" && f.format != "json":
		return "", usage("--json and --format %s contradict each other", f.format)
	case f.json:
		return "json", nil
	case f.format != "":
		if !slices.Contains(graphFormats, f.format) {
			return "", usage("--format %s: it is one of %s", f.format, strings.Join(graphFormats, ", "))
		}
		return f.format, nil
	}
	switch strings.ToLower(filepath.Ext(f.out)) {
	case ".svg":
		return "svg", nil
	case ".dot", ".gv":
		return "dot", nil
	case ".json":
		return "json", nil
	}
	return "mermaid", nil
}

func (f *graphFlags) read() (graph.Counts, error) {
	if f.counts == "" {
		return nil, nil
	}
	in, err := os.Open(f.counts)
	if err != nil {
		return nil, usage("--counts: %w", err)
	}
	defer in.Close()
	counts, err := graph.ReadCounts(in)
	if err != nil {
		return nil, usage("--counts %s: %w", f.counts, err)
	}
	return counts, nil
}

// graphsOf are the journeys to draw: those named, else all.
func graphsOf(p *dsl.Program, names []string) ([]*graph.Graph, error) {
	var list []*graph.Graph
	for _, name := range names {
		j, ok := p.Journey(name)
		if !ok {
			return nil, usage("%w", noJourney(p, name))
		}
		list = append(list, graph.Of(j))
	}
	if len(names) == 0 {
		for _, j := range inSourceOrder(p.Journeys) {
			list = append(list, graph.Of(j))
		}
	}
	if len(list) == 0 {
		return nil, usage("there is no journey in it to draw")
	}
	return list, nil
}

// inSourceOrder are journeys by their files and places.
func inSourceOrder(list []*dsl.Journey) []*dsl.Journey {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *dsl.Journey) int {
		if c := strings.Compare(nameOf(a.Span), nameOf(b.Span)); c != 0 {
			return c
		}
		return a.Span.Start - b.Span.Start
	})
	return list
}

func nameOf(s diag.Span) string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

// graphJSON writes one journey a line.
func graphJSON(w io.Writer, graphs []*graph.Graph) error {
	enc := json.NewEncoder(w)
	for _, g := range graphs {
		if err := enc.Encode(g); err != nil {
			return fmt.Errorf("write the graph of %s: %w", g.Name, err)
		}
	}
	return nil
}
