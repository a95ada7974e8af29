package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
)

func newDeploy() *cobra.Command {
	var c client
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "deploy DIR --server URL",
		Short: "Publish a workspace",
		Long: `Deploy checks the workspace in DIR, sends its sources to the server, and makes
them live there as a new release. Runs keep to the release they entered under.

With --dry-run the server says what would happen and changes nothing.`,
		Example: `  journey deploy examples/shop --server http://127.0.0.1:8080 --key admin --dry-run
  journey deploy examples/shop --server http://127.0.0.1:8080 --key admin`,
		Args:              oneArg("which folder"),
		ValidArgsFunction: completeDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			return deploy(cmd, &c, args[0], dryRun, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing, say what would happen")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer, and mistakes as JSON")
	return cmd
}

// release is what the server answers to a publication.
type release struct {
	Number      int               `json:"number"`
	Hash        string            `json:"hash"`
	Live        bool              `json:"live"`
	Diagnostics []json.RawMessage `json:"diagnostics"`
	Notes       []string          `json:"notes"`
	Of          int               `json:"rollback_of"` // the release that it brings back
}

func deploy(cmd *cobra.Command, c *client, dir string, dryRun, asJSON bool) error {
	sources, err := readWorkspace(dir)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return noSources(dir)
	}
	out := cmd.OutOrStdout()
	program, diags := dsl.Load(sources)
	if asJSON && program == nil {
		err = diag.JSON(out, placed(dir, diags))
	} else if !asJSON {
		err = tell(out, placed(dir, diags))
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	if program == nil {
		return &exit{code: exitWorkspace}
	}
	var raw json.RawMessage
	var r release
	err = c.call(cmd.Context(), http.MethodPost, "/v1/admin/releases",
		map[string]any{"sources": sources, "dry_run": dryRun}, &raw)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	var p *problem
	if errors.As(err, &p) && len(p.Diagnostics) > 0 {
		rendered(cmd, p.Diagnostics)
		return &exit{exitWorkspace, fmt.Errorf("the server finds mistakes that this command does not: their versions differ")}
	}
	if err != nil {
		return failed(err)
	}
	if asJSON {
		fmt.Fprintln(out, strings.TrimSpace(string(raw)))
		return nil
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "note: %s\n", note)
	}
	switch {
	case dryRun:
		fmt.Fprintf(out, "dry run: it would be release %d (%s); nothing was changed\n", r.Number, short(r.Hash))
	case r.Live:
		fmt.Fprintf(out, "release %d is live (%s)\n", r.Number, short(r.Hash))
	default:
		fmt.Fprintf(out, "release %d is stored and not live (%s)\n", r.Number, short(r.Hash))
	}
	return nil
}

// rendered prints diagnostics that came over the wire: the text that each
// carries, or else what it is.
func rendered(cmd *cobra.Command, diags []json.RawMessage) {
	for _, raw := range diags {
		var d struct {
			Rendered string `json:"rendered"`
			Message  string `json:"message"`
		}
		_ = json.Unmarshal(raw, &d)
		switch {
		case d.Rendered != "":
			fmt.Fprintln(cmd.OutOrStdout(), d.Rendered)
		case d.Message != "":
			fmt.Fprintln(cmd.OutOrStdout(), d.Message)
		default:
			fmt.Fprintln(cmd.OutOrStdout(), string(raw))
		}
	}
}

// short is the beginning of a hash, enough to tell releases apart.
func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12]
	}
	return hash
}
