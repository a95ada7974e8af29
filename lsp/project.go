package lsp

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/lsp/names"
)

// project is one workspace folder. The server's mutex guards it.
type project struct {
	dir    string
	disk   map[string]string // the files as they are on disk
	open   map[string]document
	cache  *dsl.Cache
	latest *snapshot
	told   *snapshot // whose diagnostics were published last
}

// document is a file that is open in the editor.
type document struct {
	version int
	text    string
}

// snapshot is a project at one moment. It never changes; what it knows it
// computes when it is first asked.
type snapshot struct {
	dir      string
	sources  map[string]string
	versions map[string]int // of open files
	cache    *dsl.Cache

	analysis  sync.Once
	diags     []diag.Diagnostic
	trees     []*syntax.File
	indexing  sync.Once
	indexed   *names.Index
	mappersMu sync.Mutex
	mappers   map[string]*diag.Mapper
}

// set changes the text of an open file; nil: it is closed.
func (s *server) set(uri string, version int, text *string) {
	file := pathOf(uri)
	if file == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir, known := s.open[file]
	if !known {
		if text == nil {
			return
		}
		dir = s.folder(file, *text)
	}
	p := s.projects[dir]
	if p == nil {
		p = &project{dir: dir, open: map[string]document{}, cache: new(dsl.Cache)}
		p.read()
		s.projects[dir] = p
	}
	name := nameIn(dir, file)
	if text == nil {
		delete(s.open, file)
		delete(p.open, name)
		p.read()
	} else {
		s.open[file] = dir
		p.open[name] = document{version, *text}
	}
	p.latest = p.snapshot()
	s.changed()
}

// reread reads all projects from disk again.
func (s *server) reread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.projects {
		p.read()
		p.latest = p.snapshot()
	}
	s.changed()
}

// changed wakes publish.
func (s *server) changed() {
	select {
	case s.dirty <- struct{}{}:
	default: // it is awake already
	}
}

// document is the newest snapshot with an open file, and the file's name in
// it; nil for a file that is not open.
func (s *server) document(uri string) (*snapshot, string) {
	file := pathOf(uri)
	s.mu.Lock()
	defer s.mu.Unlock()
	dir, ok := s.open[file]
	if !ok {
		return nil, ""
	}
	return s.projects[dir].latest, nameIn(dir, file)
}

// snapshots are the newest ones of all projects.
func (s *server) snapshots() []*snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*snapshot
	for _, dir := range slices.Sorted(maps.Keys(s.projects)) {
		all = append(all, s.projects[dir].latest)
	}
	return all
}

func nameIn(dir, file string) string {
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

// folder is the workspace folder of a file: the nearest one, inside of what
// the editor has opened, whose files have a `workspace` block; without one the
// outermost that is reached over folders with .journey files.
func (s *server) folder(file, text string) string {
	dir := filepath.Dir(file)
	outermost := dir
	if hasWorkspace(text) {
		return dir
	}
	for at := dir; ; at = filepath.Dir(at) {
		programs, workspace := look(at)
		if workspace {
			return at
		}
		if programs {
			outermost = at
		}
		if slices.Contains(s.roots, at) || filepath.Dir(at) == at || !programs && at != dir {
			return outermost
		}
	}
}

// look says whether a folder has .journey files, and a `workspace` block in
// one.
func look(dir string) (programs, workspace bool) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+dsl.Extension))
	if err != nil {
		return false, false // the folder's name is a bad pattern
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && hasWorkspace(string(text)) {
			return true, true
		}
	}
	return len(files) > 0, false
}

func hasWorkspace(text string) bool {
	return strings.HasPrefix(text, "workspace ") || strings.HasPrefix(text, "workspace{") ||
		strings.Contains(text, "\nworkspace ") || strings.Contains(text, "\nworkspace{")
}

// read reads the folder.
func (p *project) read() {
	disk, err := dsl.ReadDir(os.DirFS(p.dir))
	if err != nil {
		disk = map[string]string{} // the open files are all there is
	}
	p.disk = disk
}

// snapshot is the project as it is now.
func (p *project) snapshot() *snapshot {
	s := &snapshot{dir: p.dir, sources: maps.Clone(p.disk), versions: map[string]int{}, mappers: map[string]*diag.Mapper{}, cache: p.cache}
	for name, d := range p.open {
		s.sources[name] = d.text
		s.versions[name] = d.version
	}
	for name, d := range p.open {
		p.named(s, name, d.text)
	}
	return s
}

// named adds the files that a text may name; what it finds too much does
// no harm.
func (p *project) named(s *snapshot, name, text string) {
	for _, part := range strings.Split(text, "file")[1:] {
		part = strings.TrimLeft(part, " \t")
		if !strings.HasPrefix(part, `"`) {
			continue
		}
		quoted, _, ok := strings.Cut(part[1:], `"`)
		if !ok || quoted == "" || strings.ContainsAny(quoted, "\\\n") {
			continue
		}
		full := path.Join(path.Dir(name), quoted)
		if _, there := s.sources[full]; there || !filepath.IsLocal(filepath.FromSlash(full)) {
			continue
		}
		file := filepath.Join(p.dir, filepath.FromSlash(full))
		if info, err := os.Stat(file); err != nil || info.IsDir() || info.Size() > dsl.MaxFileBytes {
			continue
		}
		if body, err := os.ReadFile(file); err == nil {
			s.sources[full] = string(body)
		}
	}
}

// analyze parses and checks the snapshot.
func (s *snapshot) analyze() {
	s.analysis.Do(func() { _, s.diags, s.trees = s.cache.Load(s.sources) })
}

// index is where the names stand.
func (s *snapshot) index() *names.Index {
	s.indexing.Do(func() {
		s.analyze()
		s.indexed = names.Build(s.trees, names.Options{Sources: s.sources, Cache: s.cache})
	})
	return s.indexed
}
