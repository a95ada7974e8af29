package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"
)

// color says when to write colours: "auto", "always" or "never".
type color struct{ when string }

// flag adds the flag --color.
func (c *color) flag(cmd *cobra.Command) {
	c.when = "auto"
	cmd.Flags().Var(c, "color", "colours: auto (on a terminal, unless NO_COLOR is set), always or never")
	cmd.Flags().Lookup("color").NoOptDefVal = "always"
	_ = cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
}

func (c *color) String() string { return c.when }

// Type is how help names the value.
func (c *color) Type() string { return "when" }

// Set reads the flag.
func (c *color) Set(when string) error {
	switch when {
	case "auto", "always", "never":
		c.when = when
		return nil
	}
	return usage("it is auto, always or never")
}

// of says whether to write colours to w: as the flag wants, and without it to
// a terminal whose owner did not refuse them (https://no-color.org).
func (c *color) of(w io.Writer) bool {
	switch c.when {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && terminal(w)
}

// terminal says whether somebody is looking.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
