package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"journey/cmd/internal/flagerr"
)

// The codes that the command exits with.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitWorkspace = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// exit is an error that decides the exit code. A nil err has been told.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage is a mistake of whoever typed the command.
func usage(format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf(format, args...)}
}

// run is the whole command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	// What cobra itself reports, it reports about what was typed.
	code := exitUsage
	var e *exit
	if errors.As(err, &e) {
		if code = e.code; e.err == nil {
			return code
		}
	}
	fmt.Fprintf(stderr, "journey: %v\n", err)
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "journey",
		Short:         "Write, try and publish customer journeys",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w (see `%s --help`)", flagerr.Plain(err), cmd.CommandPath())
	})
	root.AddCommand(
		newAudit(),
		newBroadcast(),
		newBroadcasts(),
		newCheck(),
		newDeploy(),
		newEnv(),
		newErase(),
		newErasures(),
		newExplain(),
		newFmt(),
		newGraph(),
		newForecast(),
		newImport(),
		newInfer(),
		newInit(),
		newJourneys(),
		newLSP(),
		newPause(),
		newReleases(),
		newResume(),
		newRollback(),
		newSimulate(),
		newSources(),
		newTest(),
		newVersion(),
		newWhy(),
		newPerson(),
	)
	return root
}

// noArgs refuses arguments; on the root they are commands that do not exist.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasParent() {
		return usage("%q is one argument too many (see `%s --help`)", args[0], cmd.CommandPath())
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usage("there is no command %q; did you mean %q?", args[0], near[0])
	}
	return usage("there is no command %q (see `journey --help`)", args[0])
}

// oneArg wants just one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usage("say %s, as in `%s`", what, cmd.UseLine())
		case 1:
			return nil
		}
		return usage("%q is one argument too many (see `%s --help`)", args[1], cmd.CommandPath())
	}
}
