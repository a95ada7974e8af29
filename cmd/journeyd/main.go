// Command journeyd is the server.
//
//	journeyd dev DIR   all in one on this machine: Temporal, Redis and a mailbox inside
//	journeyd serve     production, against a Temporal and a Redis of yours
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/worker"

	"journey/cmd/internal/flagerr"
	"journey/dsl/diag"
	"journey/engine"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitWrong  = 3 // the workspace is wrong
)

func main() {
	nameBuild()
	os.Exit(run(os.Args[1:]))
}

// nameBuild tells Temporal's workers, our own and those of the embedded
// server, which build this is. They would otherwise read the whole executable
// to find out: a quarter of a second of each start.
func nameBuild() {
	build := version()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.time" {
				build += " " + s.Value
			}
		}
	}
	worker.SetBinaryChecksum(build)
}

// run is the program, to the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	engine.TuneHeap()
	cmd := root()
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	var coded *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintln(os.Stderr, "journeyd:", coded.err)
		}
		return coded.code
	}
	fmt.Fprintln(os.Stderr, "journeyd:", err)
	return exitFailed
}

// exitError is an error with an exit code of its own; a nil err has been
// shown already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{exitUsage, err} }

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "journeyd",
		Short:         "Run customer journeys",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("say what to do: journeyd dev DIR, or journeyd serve (journeyd --help)"))
			}
			if near := diag.Suggest(args[0], []string{"dev", "serve"}); near != "" {
				return usage(fmt.Errorf("there is no command %q: did you mean %s?", args[0], near))
			}
			return usage(fmt.Errorf("there is no command %q: say journeyd dev DIR, or journeyd serve", args[0]))
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w (%s --help lists the flags)", flagerr.Plain(err), cmd.CommandPath()))
	})
	cmd.AddCommand(devCommand(), serveCommand(), replayCommand(), exportCommand())
	return cmd
}

// version is the version of the build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
