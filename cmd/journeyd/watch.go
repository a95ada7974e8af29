package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/engine"
)

// watchEvery is how often a workspace is looked at for saved files. A look
// reads names, sizes and times, no contents; it works on every file system.
const watchEvery = 400 * time.Millisecond

// watch publishes a workspace whenever it has been saved without a mistake. A
// wrong one is reported, and the last good one stays live.
func (s *server) watch(ctx context.Context, dir string, w io.Writer) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	live, pending := stamp(dir), ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := stamp(dir)
		if now == live {
			pending = ""
			continue
		}
		if now != pending { // still being written: look again
			pending = now
			continue
		}
		live, pending = now, ""
		s.republish(ctx, dir, w)
	}
}

// republish makes what a workspace is now the live release.
func (s *server) republish(ctx context.Context, dir string, w io.Writer) {
	sources, err := dsl.ReadDir(os.DirFS(dir))
	if err != nil {
		fmt.Fprintf(w, "the workspace %s cannot be read: %v\n", dir, err)
		return
	}
	release, diags, err := s.engine.Deploy(ctx, sources, false, "dev")
	switch {
	case errors.Is(err, engine.ErrWorkspace):
		_ = diag.Text(w, diags, false)
		fmt.Fprintf(w, "not published: the last good release stays live\n")
	case err != nil && ctx.Err() == nil:
		fmt.Fprintf(w, "not published: %v\n", err)
	case err == nil:
		fmt.Fprintf(w, "release %d is live (%s)\n", release.Number, count(len(s.engine.Live().Journeys), "journey"))
	}
}

// stamp is what a folder looks like from outside: names, sizes and times of
// its files.
func stamp(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone between the list and the look
		}
		if d.IsDir() {
			if path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}
