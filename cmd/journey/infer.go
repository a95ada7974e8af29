package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"journey/infer"
)

func newInfer() *cobra.Command {
	var o infer.Options
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "infer FILE",
		Short: "Write a first workspace from a log or a CSV file",
		Long: `Write a first .journey file from data: the traits and events of a log (a call
as Segment's clients send it on each line), or the columns of a CSV file, with
the import that reads it. Types are those that every value has.`,
		Example: "  journey infer events.jsonl\n  journey infer customers.csv --country TW --out crm.journey",
		Args:    oneArg("the file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, _, err := openFile(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			read := infer.Calls
			if ext := strings.ToLower(filepath.Ext(args[0])); ext == ".csv" || ext == ".tsv" || ext == ".txt" {
				read = infer.Table
			}
			o.Name = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))
			o.Country = strings.ToUpper(o.Country)
			result, err := read(f, o)
			if err != nil {
				return failed(fmt.Errorf("%s: %w", args[0], err))
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(result)
			}
			if out == "" {
				_, err = fmt.Fprint(cmd.OutOrStdout(), result.Source)
				return err
			}
			made, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
			if err != nil {
				return failed(fmt.Errorf("write the file: %w", err))
			}
			if _, err := made.WriteString(result.Source); err != nil {
				made.Close()
				return failed(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %s from %d lines (%d passed over)\n", out, count(result.Traits, "trait"), count(result.Events, "event"), result.Calls, result.Wrong)
			return made.Close()
		},
	}
	cmd.Flags().StringVar(&o.Country, "country", "", "country of phone numbers without a country code, like TW")
	cmd.Flags().StringVar(&o.Zone, "timezone", "", "zone of the workspace, like Asia/Taipei")
	cmd.Flags().StringVar(&out, "out", "", "write to a new file")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
