package dsl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// The bounds of a workspace that ReadDir takes.
const (
	MaxFiles     = 10_000
	MaxFileBytes = 1 << 20
	MaxBytes     = 64 << 20 // of all files together
)

// ReadDir collects the sources of a workspace folder: the .journey files in it
// and below it, and the files that those name, as far as they are there (Load
// reports the others). Folders whose names begin with a dot, and
// node_modules, are left out. An error is one of reading, or says which bound
// the folder exceeds.
func ReadDir(fsys fs.FS) (map[string]string, error) {
	r := &reader{fsys: fsys, sources: map[string]string{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(name):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, Extension):
			return nil
		}
		return r.read(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	for name, text := range r.sources {
		if !strings.HasSuffix(name, Extension) {
			continue
		}
		if err := r.named(name, text); err != nil {
			return nil, fmt.Errorf("read workspace: %w", err)
		}
	}
	return r.sources, nil
}

// skipped says whether a folder is no part of the workspace.
func skipped(name string) bool {
	base := path.Base(name)
	return base == "node_modules" || base != "." && strings.HasPrefix(base, ".")
}

type reader struct {
	fsys    fs.FS
	sources map[string]string
	bytes   int
}

func (r *reader) read(name string) error {
	if _, there := r.sources[name]; there {
		return nil
	}
	if len(r.sources) == MaxFiles {
		return fmt.Errorf("more than %d files", MaxFiles)
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return err
	}
	if len(text) > MaxFileBytes {
		return fmt.Errorf("%s: larger than %d bytes", name, MaxFileBytes)
	}
	if r.bytes += len(text); r.bytes > MaxBytes {
		return fmt.Errorf("more than %d bytes in all", MaxBytes)
	}
	r.sources[name] = string(text)
	return nil
}

// named reads the files that a program file names.
func (r *reader) named(name, text string) error {
	tree, _ := syntax.Parse(&diag.File{Name: name, Text: text})
	if tree == nil {
		return nil
	}
	for _, d := range tree.Decls {
		m, ok := d.(*syntax.Message)
		if !ok {
			continue
		}
		for _, clause := range m.Clauses.Items {
			content, ok := clause.(*syntax.Content)
			if !ok || !content.File || content.Text == nil {
				continue
			}
			full, ok := resolve(name, content.Text.Value)
			if !ok || !fs.ValidPath(full) {
				continue
			}
			if info, err := fs.Stat(r.fsys, full); err == nil && info.IsDir() {
				continue
			}
			if err := r.read(full); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
