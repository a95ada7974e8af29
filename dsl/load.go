package dsl

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Extension is the ending of the names of a workspace's program files.
const Extension = ".journey"

// Load parses, checks and compiles a workspace. sources holds the text of its
// files by their names, which are relative to the workspace and use slashes;
// files that are neither programs nor named by one are not looked at.
//
// The diagnostics are all there is to say, sorted by place. With an error
// among them the program is nil; warnings come together with a program.
func Load(sources map[string]string) (*Program, []diag.Diagnostic) {
	return newChecker(sources).load()
}

// load is the work of Load.
func (c *checker) load() (*Program, []diag.Diagnostic) {
	if d := tooMuch(c.sources); d != nil {
		return nil, []diag.Diagnostic{*d}
	}
	c.parse()
	c.declare()
	c.settings()
	c.derived()
	c.messages()
	c.journeys()
	c.sends()
	c.calls()
	c.imports()
	c.tests()
	c.prog.lookBack = c.looked()
	c.prog.Hash = c.hash()
	diags := c.result()
	if diag.HasErrors(diags) {
		return nil, diags
	}
	return c.prog, diags
}

// maxProgram is how many bytes all program files together may have: some
// fifteen hundred journeys. More would not be answered within two seconds.
const maxProgram = 3 << 20

// tooMuch is what there is to say of program files that are too many bytes: it
// stands at the first that is beyond the bound.
func tooMuch(sources map[string]string) *diag.Diagnostic {
	n := 0
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if !strings.HasSuffix(name, Extension) {
			continue
		}
		if n += len(sources[name]); n > maxProgram && n > len(sources[name]) {
			d := mistake(diag.FileTooLarge, diag.Span{File: &diag.File{Name: name, Text: sources[name]}}, "",
				"up to this file the workspace has %d bytes of journeys; all of it may have %d: divide it into several workspaces", n, maxProgram)
			return &d
		}
	}
	return nil
}

// checker is the work on one workspace.
type checker struct {
	prog    *Program
	cache   *Cache // nil: none
	sources map[string]string
	files   map[string]*diag.File // those in use
	trees   []*syntax.File        // by file name
	parsed  []diag.Diagnostic     // what the parser reported
	diags   []diag.Diagnostic     // what the checker reports

	testing bool // what follows is of tests

	// Declarations that were taken, in the order of the sources.
	traitDecls   []*declaredTrait
	segmentDecls []*declaredSegment
	tagRuleDecls []*declaredTagRule
	messageDecls []*declaredMessage
	callDecls    []*declaredCall
	journeyDecls []*declaredJourney
	testDecls    []*syntax.Test
	importDecls  []*syntax.Import
	workspace    *syntax.Workspace
	declared     map[*Message]*declaredMessage
	declaredCall map[*Call]*declaredCall
	changes      map[string]*Event        // by trait
	requests     map[string]*requestEntry // by journey; nil for one that takes no requests

	names      scopeNames
	quietHours quietWeek

	splits map[string]*splitSeen
	sent   []*sending
	looks  []*eventReads
}

func newChecker(sources map[string]string) *checker {
	return &checker{
		sources: sources,
		files:   map[string]*diag.File{},
		names:   newScopeNames(),
		splits:  map[string]*splitSeen{},

		declared:     map[*Message]*declaredMessage{},
		declaredCall: map[*Call]*declaredCall{},
		quietHours:   quietWeek{},
		changes:      map[string]*Event{},
		requests:     map[string]*requestEntry{},
		prog: &Program{
			Settings:   Settings{Zone: time.UTC, LateAfter: value.Day},
			traits:     map[string]*Trait{},
			traitWires: map[string]*Trait{},
			events:     map[string]*Event{},
			eventWires: map[string]*Event{},
			segments:   map[string]*Segment{},
			tagRules:   map[string]*TagRule{},
			messages:   map[string]*Message{},
			calls:      map[string]*Call{},
			journeys:   map[string]*Journey{},
		},
	}
}

// parse reads all program files, each by itself, on all processors.
func (c *checker) parse() {
	var names []string
	for name := range c.sources {
		if strings.HasSuffix(name, Extension) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	trees, diags := make([]*syntax.File, len(names)), make([][]diag.Diagnostic, len(names))
	parts := min(runtime.GOMAXPROCS(0), len(names))
	var group sync.WaitGroup
	for part := range parts {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := part; i < len(names); i += parts {
				trees[i], diags[i] = c.cache.parse(names[i], c.sources[names[i]])
			}
		}()
	}
	group.Wait()
	for i, name := range names {
		c.files[name] = trees[i].Source
		c.trees = append(c.trees, trees[i])
		c.parsed = append(c.parsed, diags[i][:min(len(diags[i]), maxMistakes-len(c.parsed))]...)
	}
}

// file is a source, from now on in use.
func (c *checker) file(name string) *diag.File {
	f := c.files[name]
	if f == nil {
		f = &diag.File{Name: name, Text: c.sources[name]}
		c.files[name] = f
	}
	return f
}

// maxMistakes is how many mistakes are listed. A workspace with more has one
// that is made again and again.
const maxMistakes = 2000

func (c *checker) report(diags ...diag.Diagnostic) {
	for _, d := range diags {
		if len(c.diags) < maxMistakes || d.Severity == diag.Error && !diag.HasErrors(c.diags) {
			c.diags = append(c.diags, d)
		}
	}
}

// result is the diagnostics by place, none twice.
func (c *checker) result() []diag.Diagnostic {
	diags := append(c.parsed, c.unsaid()...)
	slices.SortStableFunc(diags, func(a, b diag.Diagnostic) int {
		if n := strings.Compare(fileName(a.Span), fileName(b.Span)); n != 0 {
			return n
		}
		if n := a.Span.Start - b.Span.Start; n != 0 {
			return n
		}
		return int(a.Severity) - int(b.Severity)
	})
	type place struct {
		span diag.Span
		code diag.Code
	}
	seen := map[place]int{}
	once := diags[:0]
	for _, d := range diags {
		at := place{d.Span, d.Code}
		if i, there := seen[at]; !there {
			seen[at] = len(once)
			once = append(once, d)
		} else if once[i].Suggest == "" {
			once[i].Suggest = d.Suggest
		}
	}
	return once
}

func fileName(s diag.Span) string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

// hash is the address of the program: a SHA-256 over the names and contents
// of the files in use, each preceded by its length, in the order of the names.
func (c *checker) hash() string {
	names := make([]string, 0, len(c.files))
	for name := range c.files {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	part := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	for _, name := range names {
		part(name)
		part(c.files[name].Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
