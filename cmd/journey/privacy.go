package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"journey/audit"
)

// erasure is one as the server tells of it.
type erasure struct {
	ID      string    `json:"id"`
	Mode    string    `json:"mode"`
	Profile string    `json:"profile"`
	By      string    `json:"by"`
	Asked   time.Time `json:"asked"`
	State   string    `json:"state"`
	Stores  []struct {
		Store string `json:"store"`
		State string `json:"state"`
		Error string `json:"error"`
	} `json:"stores"`
}

var eraseModes = []string{"delete_only", "suppress_with_delete", "suppress_only", "unsuppress"}

func newErase() *cobra.Command {
	var c client
	var mode, by string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "erase PERSON --mode MODE --server URL",
		Short: "Erase what is known of somebody, or store nothing more",
		Long: `Erase what is known of somebody, or store nothing more of him. PERSON is an
identifier, like email:ann@example.com, or a profile's id. MODE says what is
wanted:

  delete_only           what is known goes; if he comes again, he is somebody new
  suppress_with_delete  what is known goes, and nothing is stored ever after
  suppress_only         what is known stays, and nothing more is stored
  unsuppress            undoes the last two, but brings nothing back

His runs end at once, and nothing is sent to him any more.`,
		Example: "  journey erase email:ann@example.com --mode delete_only --server http://127.0.0.1:8080",
		Args:    oneArg("who, as in email:ann@example.com"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(eraseModes, mode) {
				return usage("say what is wanted: --mode %s", strings.Join(eraseModes, ", "))
			}
			if err := c.ready(); err != nil {
				return err
			}
			var raw json.RawMessage
			in := map[string]any{"person": args[0], "mode": mode, "by": by}
			if err := c.call(cmd.Context(), http.MethodPost, "/v1/admin/erasures", in, &raw); err != nil {
				return failed(err)
			}
			return showErasure(cmd.OutOrStdout(), raw, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&mode, "mode", "", "what is wanted: "+strings.Join(eraseModes, ", "))
	cmd.Flags().StringVar(&by, "by", "", "who asks for it, for the records")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(eraseModes, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func showErasure(w io.Writer, raw json.RawMessage, asJSON bool) error {
	if asJSON {
		fmt.Fprintln(w, strings.TrimSpace(string(raw)))
		return nil
	}
	var e erasure
	if err := json.Unmarshal(raw, &e); err != nil {
		return failed(err)
	}
	fmt.Fprintf(w, "%s: %s, %s\n", e.ID, e.Mode, e.State)
	for _, s := range e.Stores {
		fmt.Fprintf(w, "  %s: %s", s.Store, s.State)
		if s.Error != "" {
			fmt.Fprintf(w, " (%s)", s.Error)
		}
		fmt.Fprintln(w)
	}
	return nil
}

func newErasures() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "erasures [ID] --server URL",
		Short: "List what was erased or suppressed, and how far it is",
		Example: "  journey erasures --server http://127.0.0.1:8080\n" +
			"  journey erasures 0123456789abcdef0123456789abcdef --server http://127.0.0.1:8080",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			path := "/v1/admin/erasures"
			if len(args) > 0 {
				path += "/" + url.PathEscape(args[0])
			}
			var raw json.RawMessage
			if err := c.call(cmd.Context(), http.MethodGet, path, nil, &raw); err != nil {
				return failed(err)
			}
			if len(args) > 0 || asJSON {
				return showErasure(cmd.OutOrStdout(), raw, asJSON)
			}
			return listErasures(cmd.OutOrStdout(), raw)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}

func listErasures(out io.Writer, raw json.RawMessage) error {
	var list struct {
		Erasures []erasure `json:"erasures"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return failed(err)
	}
	if len(list.Erasures) == 0 {
		fmt.Fprintln(out, "nothing was erased")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, e := range list.Erasures {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.Asked.Format(time.DateTime), e.ID, e.Mode, e.State, e.By)
	}
	return w.Flush()
}

func newAudit() *cobra.Command {
	var c client
	var verify, asJSON bool
	var holds string
	cmd := &cobra.Command{
		Use:   "audit --server URL",
		Short: "Show what administrators did, or check that nobody changed the record",
		Long: `Show what administrators did, the oldest first. Each entry holds the hash of the
one before: --verify checks all of them. Write down number and hash of the last
one now and then: --holds NUMBER:HASH checks that it still stands there, which
tells whether the end was cut off.`,
		Example: "  journey audit --server http://127.0.0.1:8080\n  journey audit --verify --server http://127.0.0.1:8080",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			if holds != "" {
				verify = true
			}
			return showAudit(cmd, &c, verify, holds, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&verify, "verify", false, "check the chain instead of showing it")
	cmd.Flags().StringVar(&holds, "holds", "", "check also that this NUMBER:HASH stands in it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the entries as JSON, one a line")
	return cmd
}

func showAudit(cmd *cobra.Command, c *client, verify bool, holds string, asJSON bool) error {
	out := cmd.OutOrStdout()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var last *audit.Entry
	found := holds == ""
	for path := "/v1/admin/audit"; path != ""; {
		var page struct {
			Entries []audit.Entry `json:"entries"`
			Next    string        `json:"next"`
		}
		if err := c.call(cmd.Context(), http.MethodGet, path, nil, &page); err != nil {
			return failed(err)
		}
		for i, e := range page.Entries {
			found = found || fmt.Sprintf("%d:%s", e.Number, e.Hash) == holds
			if verify {
				continue
			}
			if asJSON {
				line, err := json.Marshal(page.Entries[i])
				if err != nil {
					return failed(err)
				}
				fmt.Fprintln(out, string(line))
				continue
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", e.Number, e.At.Format(time.DateTime), e.By, e.Action,
				strings.TrimSpace(e.Target+" "+e.Detail))
		}
		if verify {
			var err error
			if last, err = audit.Check(last, page.Entries); err != nil {
				return failed(err)
			}
		}
		path = page.Next
	}
	if err := w.Flush(); err != nil || !verify {
		return err
	}
	switch {
	case !found:
		return failed(fmt.Errorf("the audit log has no entry %s: its end was cut off, or it is another log", holds))
	case last == nil:
		fmt.Fprintln(out, "the audit log is empty")
	default:
		fmt.Fprintf(out, "%d entries, each follows the one before; the last is %d:%s\n", last.Number, last.Number, last.Hash)
	}
	return nil
}
