package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// Disk is a Store in a folder.
type Disk struct{ dir string }

var _ Store = (*Disk)(nil)

// OpenDisk makes the folder if it is not there.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the event log: %w", err)
	}
	return &Disk{dir: dir}, nil
}

// unfinished is how the name of a file ends that is being written.
const unfinished = ".tmp"

// Put writes the file beside its place, syncs it, and moves it there.
func (d *Disk) Put(_ context.Context, name string, data []byte) (err error) {
	to := d.path(name)
	if err := d.makeFolder(filepath.Dir(to)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), "*"+unfinished)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// makeFolder makes a folder below the log's so that it survives a crash.
func (d *Disk) makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for at := filepath.Dir(dir); len(at) >= len(d.dir); at = filepath.Dir(at) {
		if err := syncFolder(at); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// List walks the folder.
func (d *Disk) List(_ context.Context, prefix string) ([]string, error) {
	top := d.path(path.Dir(prefix))
	var names []string
	err := filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || strings.HasSuffix(p, unfinished) {
			return err
		}
		rel, err := filepath.Rel(d.dir, p)
		if name := filepath.ToSlash(rel); err == nil && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
		return err
	})
	sort.Strings(names)
	return names, err
}

// Get reads a part of a file.
func (d *Disk) Get(_ context.Context, name string, offset, length int64) ([]byte, error) {
	f, err := os.Open(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if length < 0 {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		length = info.Size() - offset
	}
	b := make([]byte, max(length, 0))
	_, err = io.ReadFull(io.NewSectionReader(f, offset, length), b)
	return b, err
}

// Delete removes a file, and its folder with the last one.
func (d *Disk) Delete(_ context.Context, name string) error {
	p := d.path(name)
	if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = os.Remove(filepath.Dir(p)) // if it is empty
	return nil
}

func (d *Disk) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }
