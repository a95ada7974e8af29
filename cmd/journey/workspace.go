package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
)

// readWorkspace reads the sources of a folder.
func readWorkspace(dir string) (map[string]string, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage("there is no folder %q", dir)
	case err != nil:
		return nil, &exit{exitFailed, err}
	case !info.IsDir():
		return nil, usage("%q is no folder: name the one with the %s files", dir, dsl.Extension)
	}
	sources, err := dsl.ReadDir(os.DirFS(dir))
	if err != nil {
		return nil, &exit{exitFailed, err}
	}
	return sources, nil
}

// noSources says that a folder is no workspace.
func noSources(dir string) error { return usage("there are no %s files in %q", dsl.Extension, dir) }

// spread replaces DIR/... by the workspaces at DIR and below it: each topmost
// folder with sources.
func spread(args []string) ([]string, error) {
	var dirs []string
	for _, arg := range args {
		root, all := strings.CutSuffix(filepath.ToSlash(arg), "...")
		if !all || root != "" && !strings.HasSuffix(root, "/") {
			dirs = append(dirs, arg)
			continue
		}
		if root == "" {
			root = "."
		}
		found, err := workspacesBelow(filepath.Clean(root))
		switch {
		case err != nil:
			return nil, usage("there is no folder %q", root)
		case len(found) == 0:
			return nil, usage("there are no %s files in %q, nor below it", dsl.Extension, root)
		}
		dirs = append(dirs, found...)
	}
	return dirs, nil
}

func workspacesBelow(root string) (dirs []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if path != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
		case filepath.Ext(path) == dsl.Extension:
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	slices.Sort(dirs) // a folder before those below it
	var topmost []string
	for _, dir := range dirs {
		if !slices.ContainsFunc(topmost, func(of string) bool { return within(dir, of) }) {
			topmost = append(topmost, dir)
		}
	}
	return topmost, err
}

// within says whether a folder is another, or lies below it.
func within(dir, of string) bool {
	return dir == of || of == "." || strings.HasPrefix(dir, of+string(filepath.Separator))
}

// placed gives the files in diagnostics names that lead there from the current
// folder: "examples/shop/welcome.journey".
func placed(dir string, diags []diag.Diagnostic) []diag.Diagnostic {
	prefix := strings.TrimSuffix(filepath.ToSlash(filepath.Clean(dir)), "/")
	if prefix == "." {
		return diags
	}
	files := map[*diag.File]*diag.File{}
	move := func(s *diag.Span) {
		if s.File == nil {
			return
		}
		f := files[s.File]
		if f == nil {
			f = &diag.File{Name: path.Join(prefix, s.File.Name), Text: s.File.Text}
			files[s.File] = f
		}
		s.File = f
	}
	out := make([]diag.Diagnostic, len(diags))
	for i, d := range diags {
		move(&d.Span)
		d.Related = append([]diag.Related(nil), d.Related...)
		for k := range d.Related {
			move(&d.Related[k].Span)
		}
		out[i] = d
	}
	return out
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// tally says how many errors and warnings there are.
func tally(diags []diag.Diagnostic) (errors, warnings int) {
	for _, d := range diags {
		if d.Severity == diag.Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// tell prints diagnostics for people and sums them up, in colours where they
// can be seen.
func tell(w io.Writer, diags []diag.Diagnostic) error {
	return tellIn(w, diags, new(color).of(w))
}

func tellIn(w io.Writer, diags []diag.Diagnostic, colored bool) error {
	if len(diags) == 0 {
		return nil
	}
	if err := diag.Text(w, diags, colored); err != nil {
		return err
	}
	errors, warnings := tally(diags)
	sum := ""
	switch {
	case errors > 0 && warnings > 0:
		sum = count(errors, "error") + ", " + count(warnings, "warning")
	case errors > 0:
		sum = count(errors, "error")
	}
	if sum != "" {
		first := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
		sum += "; more: journey explain " + string(diags[first].Code) + "\n"
	}
	_, err := fmt.Fprint(w, "\n", sum)
	return err
}

// stamp is what a folder looks like from outside: names, sizes and times of
// its files.
func stamp(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}
