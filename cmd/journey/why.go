package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"journey/why"
)

func newWhy() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why PERSON JOURNEY --server URL",
		Short: "Explain why somebody is in a journey, or is not",
		Long: `Why asks a server how a person and a journey stand to each other at this moment:
why in it, why not, what he waits for and until when, what was not sent and for
which reason, what would become of each message now. Nothing happens by it.

PERSON is an identifier (user_id:ann, email:ann@example.com) or a profile's id.
` + "`journey simulate --why`" + ` says the same of somebody who is made up. The answer
shows values of the profile: it is personal data.`,
		Example: `  journey why user_id:ann abandoned_cart --server http://127.0.0.1:8080 --key admin
  journey why email:ann@example.com welcome --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) < 2:
				return usage("say who and which journey, as in `%s`", cmd.UseLine())
			case len(args) > 2:
				return usage("%q is one argument too many (see `%s --help`)", args[2], cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			var e why.Explanation
			path := "/v1/profiles/" + url.PathEscape(args[0]) + "/why/" + url.PathEscape(args[1])
			if err := c.call(cmd.Context(), "GET", path, nil, &e); err != nil {
				return failed(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(&e)
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), e.Rendered)
			return err
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the explanation as one JSON object")
	return cmd
}
