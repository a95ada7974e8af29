package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"journey/dsl"
)

func newEnv() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "env DIR [NAME | CONDITION]",
		Short: "Say what something depends on, and where it is used",
		Long: `Env says of a segment, a computed trait, a journey or a message what it depends
on (traits, events and how far back, segments, time), down to the last; and of
everything with a name where it is used.

NAME is as it stands in a condition (profile.tier, segment.vip, order_completed)
or bare. CONDITION is any condition on a person: what would it depend on?
Without either, env lists all names with the number of their uses.`,
		Example: `  journey env examples/shop profile.total_spend
  journey env examples/shop segment.high_value
  journey env examples/shop order_completed --json
  journey env examples/shop 'profile.total_spend > 100 and segment.lapsing'
  journey env examples/shop`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return usage("say which folder, as in `%s`", cmd.UseLine())
			case 1, 2:
				return nil
			}
			return usage("%q is one argument too many: put a condition into quotes", args[2])
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeDir(cmd, args, typed)
			}
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeIn(namesIn)(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := openEnv(cmd, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return e.list(cmd.OutOrStdout(), asJSON)
			}
			found, err := e.about(args[1])
			if err != nil {
				return err
			}
			for i, about := range found {
				if asJSON {
					if err := json.NewEncoder(cmd.OutOrStdout()).Encode(about); err != nil {
						return &exit{exitFailed, err}
					}
					continue
				}
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				about.write(cmd.OutOrStdout())
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// namesIn are the names of a workspace as a condition writes them.
func namesIn(p *dsl.Program) []string {
	var list []string
	for _, t := range p.Traits {
		list = append(list, "profile."+t.Name)
	}
	for _, s := range p.Segments {
		list = append(list, "segment."+s.Name)
	}
	for _, e := range p.Events {
		list = append(list, e.Name)
	}
	for _, m := range p.Messages {
		list = append(list, m.Name)
	}
	return append(list, journeysOf(p)...)
}

// about is what there is to say of one thing.
type about struct {
	Kind    string       `json:"kind"` // "trait", "segment", "condition", …
	Name    string       `json:"name"`
	Title   string       `json:"title,omitempty"`
	Place   string       `json:"place,omitempty"`
	Is      string       `json:"is,omitempty"` // its type, its condition
	Depends []dependence `json:"depends_on,omitempty"`
	Uses    []useOf      `json:"used_in"`
}

// dependence is something that another thing reads.
type dependence struct {
	Kind    string       `json:"kind"` // "trait", "event", "segment", "journey", "message", "time"
	Name    string       `json:"name"`
	Window  string       `json:"window,omitempty"` // of an event: how far back
	Hourly  bool         `json:"hourly,omitempty"` // of a window: beyond the events that are kept it goes on by the hour
	Props   []string     `json:"properties,omitempty"`
	Is      string       `json:"is,omitempty"` // of a segment or computed trait: its condition
	Place   string       `json:"place,omitempty"`
	Depends []dependence `json:"depends_on,omitempty"`
}

// useOf is a place where something is used.
type useOf struct {
	In    string `json:"in"` // "journey welcome", "test \"…\""
	Place string `json:"place"`
	Line  string `json:"line"` // the line of the source
}

// inCells is how wide the column of declarations is at most.
const inCells = 44

func (a *about) write(w io.Writer) {
	head := a.Kind + " " + a.Name
	if a.Kind == "condition" {
		head = a.Kind
	}
	if a.Title != "" {
		head += fmt.Sprintf(" %q", a.Title)
	}
	if a.Place != "" {
		head += "  " + a.Place
	}
	fmt.Fprintln(w, head)
	if a.Is != "" {
		fmt.Fprintf(w, "  %s\n", a.Is)
	}
	if len(a.Depends) > 0 {
		fmt.Fprintln(w, "depends on")
		writeDepends(w, a.Depends, "  ")
	}
	if a.Kind == "condition" {
		return
	}
	if len(a.Uses) == 0 {
		fmt.Fprintln(w, "is not used")
		return
	}
	fmt.Fprintf(w, "used in %s\n", placesText(len(a.Uses)))
	in, place := 0, 0
	for i := range a.Uses {
		u := &a.Uses[i]
		u.In = runewidth.Truncate(u.In, inCells, "…")
		in, place = max(in, runewidth.StringWidth(u.In)), max(place, runewidth.StringWidth(u.Place))
	}
	for _, u := range a.Uses {
		fmt.Fprintf(w, "  %s  %s  %s\n", runewidth.FillRight(u.In, in), runewidth.FillRight(u.Place, place), u.Line)
	}
}

func placesText(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

func writeDepends(w io.Writer, list []dependence, indent string) {
	for _, d := range list {
		line := d.Name
		switch d.Kind {
		case "trait":
			line = "profile." + d.Name
		case "segment", "journey":
			line = d.Kind + "." + d.Name
		case "message":
			line = "what became of " + d.Name
		case "time":
			line = "time: it can change without anything happening"
		}
		if d.Window != "" {
			line += " in last " + d.Window
		}
		if len(d.Props) > 0 {
			line += " (" + strings.Join(d.Props, ", ") + ")"
		}
		if d.Hourly {
			line += ", by the hour beyond 1,000"
		}
		if d.Is != "" {
			line += " = " + d.Is
		}
		fmt.Fprintf(w, "%s%s\n", indent, line)
		writeDepends(w, d.Depends, indent+"  ")
	}
}
