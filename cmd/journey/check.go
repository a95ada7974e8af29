package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
)

func newCheck() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Say what is wrong with a workspace",
		Long: `Check reads all .journey files in DIR and below it, and the templates they
name, and says everything that is wrong with them, each with its place and,
where a name is near, what was probably meant.

It exits with 0 if the workspace could go live (warnings do not matter), and
with 3 if not.`,
		Args: oneArg("which folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(cmd, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func check(cmd *cobra.Command, dir string, asJSON bool) error {
	sources, err := readWorkspace(dir)
	if err != nil {
		return err
	}
	program, diags := dsl.Load(sources)
	diags = placed(dir, diags)
	out := cmd.OutOrStdout()
	if asJSON {
		err = diag.JSON(out, diags)
	} else {
		err = tell(out, diags)
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	if program == nil {
		return &exit{code: exitWorkspace}
	}
	if !asJSON {
		fmt.Fprintln(out, summary(program, diags))
	}
	return nil
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
