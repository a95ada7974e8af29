package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl/diag"
	"journey/starters"
)

// initFlags are the flags of `journey init`.
type initFlags struct {
	example, lang string
	list, json    bool
}

func newInit() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Begin a new workspace from an example",
		Long: `Init writes a new workspace into DIR, which it makes if it is not there: a
journey with its messages, tests that pass and take every branch, and events to
try it with. It never writes into a folder that has anything in it.

--list shows the examples there are.`,
		Example: `  journey init shop
  journey init shop --example abandoned_cart
  journey init shop --example birthday --lang zh
  journey init --list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return noArgs(cmd, args)
			}
			return oneArg("which folder")(cmd, args)
		},
		ValidArgsFunction: completeDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(starters.Langs(), f.lang) {
				return usage("--lang %s: it is %s", f.lang, strings.Join(starters.Langs(), " or "))
			}
			if f.list {
				return listStarters(cmd.OutOrStdout(), f)
			}
			s, ok := starters.Of(f.example, f.lang)
			if !ok {
				return noStarter(f.example)
			}
			return begin(cmd.OutOrStdout(), args[0], s, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.example, "example", "welcome", "which one: "+strings.Join(starters.Names(), ", "))
	fl.StringVar(&f.lang, "lang", "en", "language of its texts: en or zh (繁體中文)")
	fl.BoolVar(&f.list, "list", false, "list the examples")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	_ = cmd.RegisterFlagCompletionFunc("example", cobra.FixedCompletions(starters.Names(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(starters.Langs(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func noStarter(name string) error {
	if near := diag.Suggest(name, starters.Names()); near != "" {
		return usage("there is no example %q; did you mean %q?", name, near)
	}
	return usage("there is no example %q: there are %s", name, strings.Join(starters.Names(), ", "))
}

func listStarters(w io.Writer, f initFlags) error {
	for _, name := range starters.Names() {
		s, _ := starters.Of(name, f.lang)
		if f.json {
			if err := json.NewEncoder(w).Encode(map[string]string{"example": s.Name, "says": s.Says}); err != nil {
				return &exit{exitFailed, err}
			}
			continue
		}
		fmt.Fprintf(w, "%-16s %s\n", s.Name, s.Says)
	}
	return nil
}

// begin writes a starter into an empty folder and says how to go on.
func begin(w io.Writer, dir string, s *starters.Starter, f initFlags) error {
	switch list, err := os.ReadDir(dir); {
	case err == nil && len(list) > 0:
		return usage("%q is not empty: it has %q; name a new folder", dir, list[0].Name())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return usage("%w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &exit{exitFailed, err}
	}
	names := slices.Sorted(maps.Keys(s.Text))
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
		if err := os.WriteFile(names[i], []byte(s.Text[name]), 0o644); err != nil {
			return &exit{exitFailed, err}
		}
	}
	next := []string{
		"journey test " + shellWord(dir) + " --cover",
		"journey simulate " + shellWord(dir) + " " + shellWord(filepath.Join(dir, "events.jsonl")),
	}
	if f.json {
		return json.NewEncoder(w).Encode(map[string]any{"example": s.Name, "files": names, "next": next})
	}
	fmt.Fprintf(w, "%s: %s\n", s.Name, s.Says)
	for _, name := range names {
		fmt.Fprintf(w, "  %s\n", name)
	}
	fmt.Fprintf(w, "next:\n  %s\n  %s\n", next[0], next[1])
	return nil
}

// shellWord is a word as a shell reads it.
func shellWord(s string) string {
	if strings.IndexFunc(s, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127)
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
