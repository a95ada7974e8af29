package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// sourceAnswer is a source as the server shows it.
type sourceAnswer struct {
	Source string            `json:"source"`
	Kind   string            `json:"kind"`
	Rate   float64           `json:"rate"`
	Events []string          `json:"events"`
	Off    bool              `json:"off"`
	Key    string            `json:"key"`
	Keys   []json.RawMessage `json:"keys"`
	Seen   time.Time         `json:"last_seen"`
	Counts map[string]int64  `json:"counts"`
	Wrong  *struct {
		Code string    `json:"code"`
		At   time.Time `json:"at"`
	} `json:"last_error"`
}

// sourceFlags are what can be said of a source.
type sourceFlags struct {
	c      client
	asJSON bool
	kind   string
	rate   float64
	burst  int
	events []string
	off    bool
	on     bool
	keep   time.Duration
}

func newSources() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "Show who may send events, and what each has sent; make, change and revoke write keys",
		Example: `  journey sources --server http://127.0.0.1:8080
  journey sources add till --kind till --rate 50 --event "Order Completed"
  journey sources rotate till --keep 1h`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.c.ready(); err != nil {
				return err
			}
			return f.list(cmd)
		},
	}
	f.common(cmd)
	cmd.AddCommand(sourceAdd(), sourceChange(), sourceRotate(), sourceRevoke())
	return cmd
}

func (f *sourceFlags) common(cmd *cobra.Command) {
	f.c.flags(cmd)
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the server's answer")
}

// settings adds the flags that say what a source may do.
func (f *sourceFlags) settings(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.kind, "kind", "", "web, app, server, crm, mail, social, till, partner or other")
	fl.Float64Var(&f.rate, "rate", 0, "events a second that each server process takes; 0: as many as come")
	fl.IntVar(&f.burst, "burst", 0, "events at once; 0: twice the rate, at least 20")
	fl.StringArrayVar(&f.events, "event", nil, "an event that it may send, or identify, alias, group, page, screen, request (repeatable); none: everything")
}

// said is the body of a request: what was said on the command line.
func (f *sourceFlags) said(cmd *cobra.Command) map[string]any {
	body := map[string]any{}
	for flag, v := range map[string]any{"kind": f.kind, "rate": f.rate, "burst": f.burst} {
		if cmd.Flags().Changed(flag) {
			body[flag] = v
		}
	}
	if cmd.Flags().Changed("event") {
		events := []string{}
		for _, e := range f.events {
			if e != "" {
				events = append(events, e)
			}
		}
		body["events"] = events
	}
	return body
}

func sourceAdd() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a source, and print its write key: it is told only once",
		Example: `  journey sources add till --kind till --rate 50 --event "Order Completed"`,
		Args:    oneArg("how it is called"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := f.said(cmd)
			body["name"] = args[0]
			return f.post(cmd, "", body)
		},
	}
	f.common(cmd)
	f.settings(cmd)
	return cmd
}

func sourceChange() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change what a source may do; what is not said stays",
		Example: `  journey sources change till --rate 100
  journey sources change till --off`,
		Args: oneArg("which source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := f.said(cmd)
			switch {
			case f.off && f.on:
				return usage("--off and --on cannot both be")
			case f.off || f.on:
				body["off"] = f.off
			}
			if len(body) == 0 {
				return usage("say what to change, as in --rate 100")
			}
			return f.post(cmd, "/"+url.PathEscape(args[0]), body)
		},
	}
	f.common(cmd)
	f.settings(cmd)
	cmd.Flags().BoolVar(&f.off, "off", false, "answer what it sends with 404")
	cmd.Flags().BoolVar(&f.on, "on", false, "take what it sends again")
	return cmd
}

func sourceRotate() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Give a source another write key; the old one stays good for a while",
		Example: "  journey sources rotate till --keep 1h",
		Args:    oneArg("which source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.keep < 0 {
				return usage("--keep is a time from 0s")
			}
			return f.post(cmd, "/"+url.PathEscape(args[0])+"/rotate", map[string]any{"keep_seconds": int(f.keep.Seconds())})
		},
	}
	f.common(cmd)
	cmd.Flags().DurationVar(&f.keep, "keep", 24*time.Hour, "how long the old key stays good; 0s: not at all")
	return cmd
}

func sourceRevoke() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "Take all write keys from a source; rotate gives it another",
		Example: "  journey sources revoke till",
		Args:    oneArg("which source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.post(cmd, "/"+url.PathEscape(args[0])+"/revoke", map[string]any{})
		},
	}
	f.common(cmd)
	return cmd
}

// post changes a source and tells what came of it.
func (f *sourceFlags) post(cmd *cobra.Command, path string, body any) error {
	if err := f.c.ready(); err != nil {
		return err
	}
	var raw json.RawMessage
	if err := f.c.call(cmd.Context(), http.MethodPost, "/v1/admin/sources"+path, body, &raw); err != nil {
		return failed(err)
	}
	out := cmd.OutOrStdout()
	if f.asJSON {
		fmt.Fprintln(out, strings.TrimSpace(string(raw)))
		return nil
	}
	var s sourceAnswer
	if err := json.Unmarshal(raw, &s); err != nil {
		return failed(fmt.Errorf("%s does not answer as a Journey server: %w", f.c.server, err))
	}
	switch {
	case s.Key != "":
		fmt.Fprintf(out, "the write key of %s, told only once: %s\n", s.Source, s.Key)
	case len(s.Keys) == 0:
		fmt.Fprintf(out, "%s has no write key any more\n", s.Source)
	default:
		fmt.Fprintf(out, "%s %s\n", s.Source, s.says())
	}
	return nil
}

// says is what a source may do, in words.
func (s *sourceAnswer) says() string {
	if s.Off {
		return "is off"
	}
	says := "may send everything"
	if len(s.Events) > 0 {
		says = "may send " + strings.Join(s.Events, ", ")
	}
	if s.Rate > 0 {
		says += fmt.Sprintf(", %g a second", s.Rate)
	}
	return says
}

// list shows all sources.
func (f *sourceFlags) list(cmd *cobra.Command) error {
	var raw json.RawMessage
	if err := f.c.call(cmd.Context(), http.MethodGet, "/v1/admin/sources", nil, &raw); err != nil {
		return failed(err)
	}
	out := cmd.OutOrStdout()
	if f.asJSON {
		fmt.Fprintln(out, strings.TrimSpace(string(raw)))
		return nil
	}
	var list struct {
		Sources []sourceAnswer `json:"sources"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return failed(fmt.Errorf("%s does not answer as a Journey server: %w", f.c.server, err))
	}
	if len(list.Sources) == 0 {
		fmt.Fprintln(out, "there are no sources: make one with journey sources add NAME")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "source\tkind\tlast seen\tstored\trefused\tover its rate\tlast error")
	for _, s := range list.Sources {
		seen, wrong := "never", ""
		if !s.Seen.IsZero() {
			seen = s.Seen.UTC().Format("2006-01-02 15:04:05Z")
		}
		if s.Wrong != nil {
			wrong = s.Wrong.Code
		}
		if s.Off {
			seen = "off"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", s.Source, s.Kind, seen, s.Counts["stored"], s.Counts["refused"], s.Counts["limited"], wrong)
	}
	return w.Flush()
}
