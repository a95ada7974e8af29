package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newJourneys() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "journeys --server URL",
		Short:   "List the journeys of the live release, and which stand still",
		Example: "  journey journeys --server http://127.0.0.1:8080",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			return journeys(cmd, &c, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}

func journeys(cmd *cobra.Command, c *client, asJSON bool) error {
	var raw json.RawMessage
	if err := c.call(cmd.Context(), http.MethodGet, "/v1/admin/journeys", nil, &raw); err != nil {
		return failed(err)
	}
	out := cmd.OutOrStdout()
	if asJSON {
		fmt.Fprintln(out, strings.TrimSpace(string(raw)))
		return nil
	}
	var list struct {
		Journeys []struct {
			Journey string `json:"journey"`
			Title   string `json:"title"`
			State   string `json:"state"`
		} `json:"journeys"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return failed(fmt.Errorf("%s does not answer as a Journey server: %w", c.server, err))
	}
	if len(list.Journeys) == 0 {
		fmt.Fprintln(out, "there are no journeys")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, j := range list.Journeys {
		says := fmt.Sprintf("%-6s  %s", j.State, j.Title) // as wide as paused
		fmt.Fprintf(w, "%s\t%s\n", j.Journey, strings.TrimRight(says, " "))
	}
	return w.Flush()
}
