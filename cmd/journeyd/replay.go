package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"journey/engine"
	"journey/eventlog"
	"journey/profiles/store"
)

func replayCommand() *cobra.Command {
	var redisURL, dir string
	cmd := &cobra.Command{
		Use:     "replay",
		Short:   "Make everybody anew on an empty Redis, from the event log",
		Example: `  journeyd replay --redis redis://redis:6379 --log /var/lib/journey/log`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if redisURL == "" || dir == "" {
				return usage(fmt.Errorf("say where to with --redis and from where with --log"))
			}
			if _, err := os.Stat(dir); err != nil {
				return usage(fmt.Errorf("the event log cannot be read: %w", err))
			}
			return replay(cmd.Context(), redisURL, dir)
		},
	}
	cmd.Flags().StringVar(&redisURL, "redis", "", "URL of the Redis, which must hold nothing")
	cmd.Flags().StringVar(&dir, "log", "", "folder of the event log")
	return cmd
}

// replay replays a log. No server may run on that Redis meanwhile.
func replay(ctx context.Context, redisURL, dir string) error {
	disk, err := eventlog.OpenDisk(dir)
	if err != nil {
		return err
	}
	log, err := eventlog.Open(ctx, disk)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: redisURL})
	if err != nil {
		return err
	}
	defer s.Close()
	e, err := engine.New(ctx, engine.Options{Store: s})
	if err != nil {
		return err
	}
	defer e.Close()
	done, err := e.Replay(ctx, log, func(r engine.Replayed) {
		fmt.Fprintf(os.Stderr, "%d of %d entries\n", r.Entries, r.Of)
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d entries replayed, %d of them were there already, %d merges\n", done.Entries, done.Entries-done.Applied, done.Merges)
	if done.Gaps > 0 {
		fmt.Printf("of %d people earlier entries are missing: they are what the rest of the log makes of them\n", done.Gaps)
	}
	return nil
}
