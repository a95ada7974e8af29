package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
)

func newFmt() *cobra.Command {
	f := &formatter{}
	cmd := &cobra.Command{
		Use:   "fmt [FILE|DIR …]",
		Short: "Write files in the one style of the language",
		Long: `Fmt writes .journey files in the one style that the language has, without
changing what they mean, and prints the names of those that it changed. Of a
folder it takes all .journey files in it and below it; without a name it takes
the current folder, and ` + "`-`" + ` reads from standard input and writes to standard
output.

A file with errors is left as it is; the errors are printed, and the other
files are formatted all the same.

It exits with 0 if all is well, with 1 if --check or --diff found a file that
is not formatted, and with 3 if a file has errors.`,
		Example: `  journey fmt                    format the workspace in the current folder
  journey fmt --check examples   say which files are not formatted, for CI
  journey fmt --diff a.journey   show what would change
  journey fmt - < a.journey      format from an editor`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; print the names of files that are not formatted, and exit with 1 if there are any")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "write nothing; print what would change, and exit with 1 if anything would")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line: a file that is not formatted, or a diagnostic")
	f.color.flag(cmd)
	return cmd
}

// formatter is one run of the command.
type formatter struct {
	check, diff, json bool
	color             color

	out     io.Writer
	changed int               // files that were not formatted
	diags   []diag.Diagnostic // of all files
}

func (f *formatter) run(cmd *cobra.Command, args []string) error {
	f.out = cmd.OutOrStdout()
	if len(args) == 1 && args[0] == "-" {
		return f.stdin(cmd)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		if arg == "-" {
			return usage("`-` stands alone: standard input is formatted by itself")
		}
		if err := f.named(arg); err != nil {
			return err
		}
	}
	return f.end(cmd)
}

// end tells the diagnostics and decides the exit code.
func (f *formatter) end(cmd *cobra.Command) error {
	if len(f.diags) > 0 {
		if err := f.tell(cmd.ErrOrStderr()); err != nil {
			return &exit{exitFailed, err}
		}
		return &exit{code: exitWorkspace}
	}
	if f.changed > 0 && (f.check || f.diff) {
		return &exit{code: exitFailed}
	}
	return nil
}

func (f *formatter) tell(stderr io.Writer) error {
	if f.json {
		return diag.JSON(f.out, f.diags)
	}
	return tellIn(stderr, f.diags, f.color.of(stderr))
}

// stdin formats standard input. With errors in it nothing is printed but them.
func (f *formatter) stdin(cmd *cobra.Command) error {
	text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), dsl.MaxFileBytes+1))
	if err != nil {
		return &exit{exitFailed, fmt.Errorf("read standard input: %w", err)}
	}
	out, ok := f.format("<stdin>", text)
	switch {
	case !ok:
	case f.check || f.diff || f.json:
		err = f.report("<stdin>", text, out)
	default:
		_, err = f.out.Write(out)
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	return f.end(cmd)
}

// named formats a file, or the files of a folder.
func (f *formatter) named(name string) error {
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return usage("there is no file or folder %q", name)
	case err != nil:
		return &exit{exitFailed, err}
	case !info.IsDir():
		return f.file(name)
	}
	return filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return &exit{exitFailed, err}
		case entry.IsDir() && path != name && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != dsl.Extension:
			return nil
		}
		return f.file(path)
	})
}

// skipped says whether a folder is no part of a workspace (see dsl.ReadDir).
func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules"
}

func (f *formatter) file(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return &exit{exitFailed, err}
	}
	out, ok := f.format(filepath.ToSlash(name), text)
	if !ok || bytes.Equal(out, text) {
		return nil
	}
	if err := f.report(filepath.ToSlash(name), text, out); err != nil {
		return &exit{exitFailed, err}
	}
	if f.check || f.diff {
		return nil
	}
	if err := replaceFile(name, out); err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// format formats a text, or keeps what is wrong with it.
func (f *formatter) format(name string, text []byte) (out []byte, ok bool) {
	out, diags := format.Source(&diag.File{Name: name, Text: string(text)})
	f.diags = append(f.diags, diags...)
	return out, len(diags) == 0
}

// report says that a text is not formatted, if it is not.
func (f *formatter) report(name string, text, out []byte) error {
	if bytes.Equal(text, out) {
		return nil
	}
	f.changed++
	if f.json {
		enc := json.NewEncoder(f.out)
		enc.SetEscapeHTML(false)
		line := struct {
			File string `json:"file"`
			Diff string `json:"diff,omitempty"`
		}{File: name}
		if f.diff {
			line.Diff = string(diff.Diff(name, text, name, out))
		}
		return enc.Encode(line)
	}
	if f.diff {
		_, err := f.out.Write(diff.Diff(name, text, name, out))
		return err
	}
	_, err := fmt.Fprintln(f.out, name)
	return err
}

// replaceFile writes a file anew such that it is never half written, with the
// permissions it has. What a link leads to is replaced, not the link.
func replaceFile(name string, text []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".journey-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // after the renaming there is nothing to remove
	_, err = temp.Write(text)
	if closing := temp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chmod(temp.Name(), info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	return err
}
