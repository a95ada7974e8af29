package main

import (
	"github.com/spf13/cobra"

	"journey/dsl"
)

// completeIn completes a value from the workspace that the command is about:
// its first argument, else the current folder.
func completeIn(names func(*dsl.Program) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		dir := "."
		if len(args) > 0 {
			dir = args[0]
		}
		sources, err := readWorkspace(dir)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		program, _ := dsl.Load(sources)
		if program == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(program), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDir completes the folder that is a command's first argument.
func completeDir(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func journeysOf(p *dsl.Program) []string {
	var names []string
	for _, j := range p.Journeys {
		names = append(names, j.Name)
	}
	return names
}

func titlesOf(p *dsl.Program) []string {
	var titles []string
	for _, t := range p.Tests {
		titles = append(titles, t.Title)
	}
	return titles
}
