package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"journey/why"
)

func newPerson() *cobra.Command {
	var c client
	var o why.PortraitOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "person PERSON --server URL",
		Short: "Show all that is known of somebody",
		Long: `Person asks a server for all that is known of somebody: identifiers, traits and
consents with when they came and from where, tags, segments and why, events,
runs and where they are, messages and what became of them, the people who have
become this one, and identifiers that were not taken. Nothing happens by it.

PERSON is an identifier (user_id:ann, email:ann@example.com) or a profile's id.
The answer is personal data; with --mask its values are hidden.`,
		Example: `  journey person user_id:ann --server http://127.0.0.1:8080 --key admin
  journey person email:ann@example.com --mask --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) < 1:
				return usage("say who, as in `%s`", cmd.UseLine())
			case len(args) > 1:
				return usage("%q is one argument too many (see `%s --help`)", args[1], cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			q := url.Values{"full": {"true"}, "events": {strconv.Itoa(o.Events)}}
			if o.Mask {
				q.Set("mask", "true")
			}
			if o.Before != "" {
				q.Set("before", o.Before)
			}
			var p why.Portrait
			if err := c.call(cmd.Context(), "GET", "/v1/profiles/"+url.PathEscape(args[0])+"?"+q.Encode(), nil, &p); err != nil {
				return failed(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(&p)
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), p.Rendered)
			return err
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&o.Mask, "mask", false, "hide values")
	cmd.Flags().IntVar(&o.Events, "events", 20, "events on a page, at most 200")
	cmd.Flags().StringVar(&o.Before, "before", "", "show the page after that which said this")
	return cmd
}
