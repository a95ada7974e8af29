package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"journey/eventlog"
)

func exportCommand() *cobra.Command {
	var dir string
	var people []string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the events of the event log as JSON lines, as journey forecast reads them",
		Example: `  journeyd export --log /var/lib/journey/log > events.jsonl
  journeyd export --log /var/lib/journey/log --profile 3f0c… > one.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usage(fmt.Errorf("say from where with --log"))
			}
			if _, err := os.Stat(dir); err != nil {
				return usage(fmt.Errorf("the event log cannot be read: %w", err))
			}
			disk, err := eventlog.OpenDisk(dir)
			if err != nil {
				return err
			}
			log, err := eventlog.Open(cmd.Context(), disk)
			if err != nil {
				return err
			}
			var of map[string]bool
			for _, id := range people {
				if of == nil {
					of = map[string]bool{}
				}
				of[id] = true
			}
			_, err = log.Export(cmd.Context(), os.Stdout, of)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "log", "", "folder of the event log")
	cmd.Flags().StringSliceVar(&people, "profile", nil, "id of a profile whose events are wanted; may be given again; none: everybody's")
	return cmd
}
