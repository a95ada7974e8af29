package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newReleases() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "releases --server URL",
		Short: "List what has been published",
		Long: `Releases lists what has been published to a server, the newest first: number,
the beginning of its hash, when, by whom, and which one is live.`,
		Example: "  journey releases --server http://127.0.0.1:8080 --key admin",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			return releases(cmd, &c, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}

func releases(cmd *cobra.Command, c *client, asJSON bool) error {
	var raw json.RawMessage
	if err := c.call(cmd.Context(), http.MethodGet, "/v1/admin/releases", nil, &raw); err != nil {
		return failed(err)
	}
	out := cmd.OutOrStdout()
	if asJSON {
		fmt.Fprintln(out, strings.TrimSpace(string(raw)))
		return nil
	}
	var list struct {
		Releases []struct {
			Number int             `json:"number"`
			Hash   string          `json:"hash"`
			At     json.RawMessage `json:"at"`
			Live   bool            `json:"live"`
			By     string          `json:"by"`
		} `json:"releases"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return failed(fmt.Errorf("%s does not answer as a Journey server: %w", c.server, err))
	}
	if len(list.Releases) == 0 {
		fmt.Fprintln(out, "nothing has been published")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range list.Releases {
		live := ""
		if r.Live {
			live = "live"
		}
		// The spaces between columns are the tab writer's; none stand at the end.
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", r.Number, short(r.Hash), published(r.At), r.By, live)
	}
	return w.Flush()
}

// published is when a release was published, as people read it: the server
// sends a time in RFC 3339, or milliseconds.
func published(at json.RawMessage) string {
	s := strings.Trim(string(at), `"`)
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC().Format("2006-01-02 15:04:05Z")
	}
	return s
}

func newRollback() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rollback N --server URL",
		Short: "Make an earlier release live again",
		Long: `Rollback makes the sources of an earlier release live again, as a new release.
Runs keep to the release they entered under.`,
		Example:           "  journey rollback 3 --server http://127.0.0.1:8080 --key admin",
		Args:              oneArg("which release"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil || n < 1 {
				return usage("%q is no number of a release (see `journey releases`)", args[0])
			}
			if err := c.ready(); err != nil {
				return err
			}
			var raw json.RawMessage
			var r release
			err = c.call(cmd.Context(), http.MethodPost, fmt.Sprintf("/v1/admin/releases/%d/rollback", n), nil, &raw)
			if err == nil {
				err = json.Unmarshal(raw, &r)
			}
			if err != nil {
				return failed(err)
			}
			if asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(raw)))
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "release %d is live (%s): it is release %d again\n", r.Number, short(r.Hash), n)
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}
