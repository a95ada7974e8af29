package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newPause() *cobra.Command {
	return newSwitch("pause", "Let a journey stand still: nobody enters, nothing is sent", "stands still")
}

func newResume() *cobra.Command {
	return newSwitch("resume", "Let a paused journey go on", "goes on")
}

func newSwitch(verb, short, done string) *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:     verb + " JOURNEY --server URL",
		Short:   short,
		Example: "  journey " + verb + " welcome --server http://127.0.0.1:8080",
		Args:    oneArg("which journey"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			var answer json.RawMessage
			if err := c.call(cmd.Context(), http.MethodPost, "/v1/admin/journeys/"+url.PathEscape(args[0])+"/"+verb, nil, &answer); err != nil {
				return failed(err)
			}
			if asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(answer)))
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", args[0], done)
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}

// broadcast is one as the server tells of it.
type broadcast struct {
	ID      string           `json:"id"`
	Journey string           `json:"journey"`
	Segment string           `json:"segment"`
	State   string           `json:"state"`
	People  int64            `json:"people"`
	Entered int64            `json:"entered"`
	Refused map[string]int64 `json:"refused"`
	Again   int64            `json:"again"`
}

// broadcastFlags are what `journey broadcast` is told.
type broadcastFlags struct {
	client
	id, segment, with string
	everybody         bool
	asJSON, noWait    bool
}

func newBroadcast() *cobra.Command {
	var f broadcastFlags
	cmd := &cobra.Command{
		Use:   "broadcast JOURNEY --id ID (--segment NAME | --everybody) --server URL",
		Short: "Ask many people into a journey that is entered on request",
		Long: `Ask the members of a segment, or everybody, into a journey that is entered on
request. Each is judged as if it came for him alone. The same id again changes
nothing and tells how far it is.`,
		Example: `  journey broadcast sale --id spring-2027 --segment high_value --with '{"percent": 10}' --server http://127.0.0.1:8080`,
		Args:    oneArg("which journey"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.id == "" {
				return usage("give the broadcast an id, as in --id spring-2027: a repeat is recognised by it")
			}
			if (f.segment == "") != f.everybody {
				return usage("say whom it is addressed to: --segment NAME or --everybody")
			}
			params := map[string]any{}
			if err := json.Unmarshal([]byte(f.with), &params); err != nil {
				return usage("--with is no JSON object: %v", err)
			}
			if err := f.ready(); err != nil {
				return err
			}
			return f.run(cmd, args[0], params)
		},
	}
	f.flags(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.id, "id", "", "name of the broadcast, by which a repeat is recognised")
	fl.StringVar(&f.segment, "segment", "", "address the members of this segment")
	fl.BoolVar(&f.everybody, "everybody", false, "address everybody")
	fl.StringVar(&f.with, "with", "{}", "properties of the request, as JSON")
	fl.BoolVar(&f.noWait, "no-wait", false, "do not wait until it is made")
	fl.BoolVar(&f.asJSON, "json", false, "print the server's answer")
	return cmd
}

// askAgain is how long to wait before asking how far a broadcast is.
const askAgain = 500 * time.Millisecond

func (f *broadcastFlags) run(cmd *cobra.Command, journey string, params map[string]any) error {
	in := map[string]any{"id": f.id, "journey": journey, "properties": params}
	if f.everybody {
		in["everybody"] = true
	} else {
		in["segment"] = f.segment
	}
	var raw json.RawMessage
	err := f.call(cmd.Context(), http.MethodPost, "/v1/admin/broadcasts", in, &raw)
	for {
		var b broadcast
		if err == nil {
			err = json.Unmarshal(raw, &b)
		}
		if err != nil {
			return failed(err)
		}
		if f.noWait || b.State != "running" {
			if f.asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(raw)))
			} else {
				b.print(cmd.OutOrStdout())
			}
			return nil
		}
		select {
		case <-time.After(askAgain):
		case <-cmd.Context().Done():
			return failed(cmd.Context().Err())
		}
		err = f.call(cmd.Context(), http.MethodGet, "/v1/admin/broadcasts/"+url.PathEscape(f.id), nil, &raw)
	}
}

// print says how far a broadcast is.
func (b *broadcast) print(w io.Writer) {
	to := "everybody"
	if b.Segment != "" {
		to = "segment " + b.Segment
	}
	fmt.Fprintf(w, "%s: %s, %s to %s; %d people looked at, %d entered\n", b.ID, b.State, b.Journey, to, b.People, b.Entered)
	for _, reason := range slices.Sorted(maps.Keys(b.Refused)) {
		fmt.Fprintf(w, "  %d did not: %s\n", b.Refused[reason], reason)
	}
	if b.Again > 0 {
		fmt.Fprintf(w, "  %d had been addressed before an interruption\n", b.Again)
	}
}

func newBroadcasts() *cobra.Command {
	var c client
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "broadcasts --server URL",
		Short:   "List the broadcasts, and how far they are",
		Example: "  journey broadcasts --server http://127.0.0.1:8080",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.ready(); err != nil {
				return err
			}
			var raw json.RawMessage
			if err := c.call(cmd.Context(), http.MethodGet, "/v1/admin/broadcasts", nil, &raw); err != nil {
				return failed(err)
			}
			out := cmd.OutOrStdout()
			if asJSON {
				fmt.Fprintln(out, strings.TrimSpace(string(raw)))
				return nil
			}
			var list struct {
				Broadcasts []broadcast `json:"broadcasts"`
			}
			if err := json.Unmarshal(raw, &list); err != nil {
				return failed(fmt.Errorf("%s does not answer as a Journey server: %w", c.server, err))
			}
			if len(list.Broadcasts) == 0 {
				fmt.Fprintln(out, "nothing has been broadcast")
			}
			for i := range list.Broadcasts {
				list.Broadcasts[i].print(out)
			}
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the server's answer")
	return cmd
}
