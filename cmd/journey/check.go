package main

import (
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/codes"
	"journey/dsl/diag"
	"journey/dsl/value"
)

func newCheck() *cobra.Command {
	c := &checking{format: "text"}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Say what is wrong with a workspace",
		Long: `Check reads all .journey files in DIR and below it, and the templates they
name, and says everything that is wrong with them, each with its place and,
where a name is near, what was probably meant. ` + "`journey explain CODE`" + ` says more
about each code.

It exits with 0 if the workspace could go live (warnings do not matter), and
with 3 if not.

--format says how: text for people; json, an object a line; junit and sarif
for servers that read such reports; github for GitHub Actions, which shows the
diagnostics beside the lines.`,
		Example: `  journey check examples/shop
  journey check --format sarif . > journey.sarif`,
		Args:              oneArg("which folder"),
		ValidArgsFunction: completeDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				if cmd.Flags().Changed("format") && c.format != "json" {
					return usage("--json and --format %s contradict each other", c.format)
				}
				c.format = "json"
			}
			return c.run(cmd.OutOrStdout(), args[0])
		},
	}
	cmd.Flags().Var((*reportFormat)(&c.format), "format", "how to say it: "+strings.Join(reportFormats, ", "))
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, as --format json")
	c.color.flag(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(reportFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// reportFormats are the values of --format.
var reportFormats = []string{"text", "json", "junit", "github", "sarif"}

// reportFormat is the flag --format.
type reportFormat string

func (f *reportFormat) String() string { return string(*f) }

// Type is how help names the value.
func (f *reportFormat) Type() string { return "format" }

// Set reads the flag.
func (f *reportFormat) Set(s string) error {
	if !slices.Contains(reportFormats, s) {
		if near := diag.Suggest(s, reportFormats); near != "" {
			return usage("did you mean %s?", near)
		}
		return usage("it is one of %s", strings.Join(reportFormats, ", "))
	}
	*f = reportFormat(s)
	return nil
}

// checking is one run of the command.
type checking struct {
	format string
	color  color
}

func (c *checking) run(out io.Writer, dir string) error {
	sources, err := readWorkspace(dir)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return noSources(dir)
	}
	program, diags := dsl.Load(sources)
	diags = placed(dir, diags)
	if err := c.report(out, diags, named(dir, sources)); err != nil {
		return &exit{exitFailed, err}
	}
	if program == nil {
		return &exit{code: exitWorkspace}
	}
	if c.format == "text" {
		fmt.Fprintln(out, summary(program, diags))
		if s := byHour(program); s != "" {
			fmt.Fprintln(out, s)
		}
	}
	return nil
}

// report tells the diagnostics in the format that was asked for.
func (c *checking) report(out io.Writer, diags []diag.Diagnostic, files []string) error {
	switch c.format {
	case "json":
		return diag.JSON(out, diags)
	case "junit":
		return diag.JUnit(out, diags, files)
	case "github":
		return diag.GitHub(out, diags)
	case "sarif":
		return diag.SARIF(out, diags, buildVersion(), title)
	}
	return tellIn(out, diags, c.color.of(out))
}

// title says in a few words what a code is about.
func title(code diag.Code) string {
	p, err := codes.Of(code)
	if err != nil {
		return ""
	}
	return p.Title
}

// named are the names of the files of a workspace, as they lead there from the
// current folder.
func named(dir string, sources map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		names = append(names, path.Join(filepath.ToSlash(dir), name))
	}
	return names
}

// summary is a line about a program that is right.
func summary(p *dsl.Program, diags []diag.Diagnostic) string {
	parts := []string{count(len(p.Journeys), "journey"), count(len(p.Messages), "message"), count(len(p.Segments), "segment")}
	s := "ok: " + strings.Join(parts, ", ")
	if _, warnings := tally(diags); warnings > 0 {
		s += "; " + count(warnings, "warning")
	}
	return s
}

// byHour is a line about the windows whose count is exact only for the events
// that are kept; "" if there are none.
func byHour(p *dsl.Program) string {
	windows := map[string]value.Duration{}
	for _, r := range p.Hours() {
		windows[r.Event] = max(windows[r.Event], r.Window)
	}
	if len(windows) == 0 {
		return ""
	}
	var list []string
	for _, event := range slices.Sorted(maps.Keys(windows)) {
		list = append(list, event+" in last "+windows[event].String())
	}
	return "beyond the newest 1,000 of somebody these count by the hour, up to an hour too long: " + strings.Join(list, ", ")
}
