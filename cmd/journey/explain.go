package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl/codes"
)

func newExplain() *cobra.Command {
	var asJSON bool
	var c color
	cmd := &cobra.Command{
		Use:   "explain [CODE …]",
		Short: "Say what a diagnostic means",
		Long: `Explain prints a page about a diagnostic: what is wrong, an example that is
wrong in this way, one that is right, and why it is so. CODE is the name that
check shows, or its number. Without a code it lists them all.`,
		Example: `  journey explain unknown-trait
  journey explain J102
  journey explain`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return explain(cmd.OutOrStdout(), args, asJSON, c.of(cmd.OutOrStdout()))
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return codeNames(begun), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	c.flag(cmd)
	return cmd
}

// codeNames are the names of the codes that begin like this, each with what it
// is about, as shells complete them.
func codeNames(begun string) []string {
	pages, err := codes.All()
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range pages {
		if strings.HasPrefix(string(p.Code), begun) {
			names = append(names, string(p.Code)+"\t"+p.Title)
		}
	}
	return names
}

func explain(w io.Writer, args []string, asJSON, colored bool) error {
	pages, err := chosen(args)
	if err != nil {
		return err
	}
	for i, p := range pages {
		switch {
		case asJSON:
			err = explainJSON(w, p)
		case len(args) == 0:
			_, err = fmt.Fprintf(w, "%s  %-20s %s\n", p.Number, p.Code, p.Title)
		default:
			if i > 0 {
				fmt.Fprintln(w)
			}
			_, err = io.WriteString(w, page(p, colored))
		}
		if err != nil {
			return &exit{exitFailed, err}
		}
	}
	return nil
}

// chosen are the pages of codes, without any all.
func chosen(args []string) ([]codes.Page, error) {
	if len(args) == 0 {
		pages, err := codes.All()
		if err != nil {
			return nil, &exit{exitFailed, err}
		}
		return pages, nil
	}
	var pages []codes.Page
	for _, arg := range args {
		code, near := codes.Find(arg)
		switch {
		case near != "":
			return nil, usage("there is no code %q; did you mean %s?", arg, near)
		case code == "":
			return nil, usage("there is no code %q (`journey explain` lists all)", arg)
		}
		p, err := codes.Of(code)
		if err != nil {
			return nil, &exit{exitFailed, err}
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// page is a page for a terminal.
func page(p codes.Page, colored bool) string {
	bold := func(s string) string {
		if colored {
			return "\x1b[1m" + s + "\x1b[0m"
		}
		return s
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s", bold(p.Number+" "+string(p.Code)+": "+strings.ToLower(p.Title[:1])+p.Title[1:]), wrap(p.Text))
	for _, example := range []struct {
		title string
		files []codes.File
	}{{"Wrong", p.Wrong}, {"Right", p.Right}} {
		if example.files == nil {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", bold(example.title))
		for i, f := range example.files {
			if i > 0 {
				fmt.Fprintf(&b, "\n  %s:\n", f.Name)
			}
			b.WriteString("\n" + indent(f.Text))
		}
	}
	fmt.Fprintf(&b, "\n%s:\n\n%s", bold("Why"), wrap(p.Why))
	return b.String()
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// wrap breaks paragraphs into lines of at most 80 characters.
func wrap(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		at := 0
		for _, word := range words(paragraph) {
			n := len([]rune(word))
			switch {
			case at == 0:
			case at+1+n > 80:
				b.WriteByte('\n')
				at = 0
			default:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// words divides a text at blanks, but not inside of `…`.
func words(text string) []string {
	inside := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '`' {
			inside = !inside
		}
		return r == '\n' || r == ' ' && !inside
	})
}

// explainJSON prints a page as one line of JSON.
func explainJSON(w io.Writer, p codes.Page) error {
	type file struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	files := func(fs []codes.File) []file {
		out := []file{}
		for _, f := range fs {
			out = append(out, file(f))
		}
		return out
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Number string `json:"number"`
		Code   string `json:"code"`
		Title  string `json:"title"`
		Text   string `json:"text"`
		Wrong  []file `json:"wrong"`
		Right  []file `json:"right"`
		Why    string `json:"why"`
	}{p.Number, string(p.Code), p.Title, p.Text, files(p.Wrong), files(p.Right), p.Why})
}
