package dsl

import (
	"strings"
	"sync"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/template"
)

// Cache loads a workspace again and again, as an editor does: it keeps the
// trees of files and templates whose texts have not changed since the last
// time. Its zero value is empty and ready; it is safe for concurrent use.
type Cache struct {
	mu        sync.Mutex
	trees     map[string]parsedFile // by name
	templates map[templateSource]parsedTemplate
}

type parsedFile struct {
	tree  *syntax.File
	diags []diag.Diagnostic
}

type templateSource struct {
	text string
	kind template.Kind
}

type parsedTemplate struct {
	template *template.Template
	problems []template.Problem
	used     bool // since the last Load began
}

// Load is Load; it also answers the trees of the program files, in the order
// of their names, whether or not something is wrong with them. They are shared
// and must not be changed.
func (k *Cache) Load(sources map[string]string) (*Program, []diag.Diagnostic, []*syntax.File) {
	k.begin(sources)
	c := newChecker(sources)
	c.cache = k
	p, diags := c.load()
	return p, diags, c.trees
}

// begin forgets files that are gone and templates that the last Load did not
// use.
func (k *Cache) begin(sources map[string]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.trees {
		if _, there := sources[name]; !there {
			delete(k.trees, name)
		}
	}
	for source, t := range k.templates {
		if !t.used {
			delete(k.templates, source)
			continue
		}
		t.used = false
		k.templates[source] = t
	}
}

// parse reads a program file. A nil cache keeps nothing.
func (k *Cache) parse(name, text string) (*syntax.File, []diag.Diagnostic) {
	if k != nil {
		k.mu.Lock()
		old, ok := k.trees[name]
		k.mu.Unlock()
		if ok && old.tree.Source.Text == text {
			return old.tree, old.diags
		}
	}
	tree, diags := syntax.Parse(&diag.File{Name: name, Text: text})
	if k != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		put(&k.trees, name, parsedFile{tree, diags})
	}
	return tree, diags
}

// Template is template.Parse; a nil cache keeps nothing.
func (k *Cache) Template(text string, kind template.Kind) (*template.Template, []template.Problem) {
	if k == nil {
		return template.Parse(text, kind)
	}
	source := templateSource{strings.Clone(text), kind} // not the whole file
	k.mu.Lock()
	t, ok := k.templates[source]
	k.mu.Unlock()
	if !ok {
		t.template, t.problems = template.Parse(text, kind)
	}
	t.used = true
	k.mu.Lock()
	defer k.mu.Unlock()
	put(&k.templates, source, t)
	return t.template, t.problems
}
