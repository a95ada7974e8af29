package template

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/osteele/liquid/render"
)

// MaxSource is the most bytes a template's source may have.
const MaxSource = 256 << 10

// The limits of a render whose Options name none.
const (
	DefaultMaxBytes = 1 << 20
	DefaultMaxSteps = 100_000
)

// Kind says what a template's text is, and so how values are escaped in it.
type Kind int

// The kinds of text.
const (
	Text   Kind = iota // plain text, nothing is escaped
	HTML               // markup: values are escaped
	Header             // one line: line breaks and control characters become a space
	URL                // an address: values are percent-encoded (all but RFC 3986's unreserved characters)
)

// Problem is a mistake in a template's source.
type Problem struct {
	Start, End int    // byte offsets in the source given to Parse
	Message    string // one sentence, lower case
}

// Ref is one place where a template reads a value of its data.
//
// Names of the template's own (loop variables, assign, capture, forloop) are
// resolved away: a read through one is a Ref to what it stands for, and none
// where it stands for something computed.
type Ref struct {
	// Path is the way from the data's top: ["profile", "name"]. "[]" stands for
	// an element of a list, whichever way it was reached (a loop, an index, a
	// filter that takes a property's name): ["entry", "items", "[]", "price"].
	// On a list, "first" and "last" are elements and "size" is a number, and on
	// text and objects "size" is a number unless the object has such a field.
	Path       []string
	Start, End int  // where it stands in the source
	Output     bool // inside {{ }}: a missing value is an error there
	Defaulted  bool // a default filter follows
	Guarded    bool // inside an if that holds only when this path is not missing
}

// String is the path as it is written: entry.items[].price.
func (r Ref) String() string { return pathText(r.Path) }

func pathText(path []string) string {
	return strings.ReplaceAll(strings.Join(path, "."), ".[]", "[]")
}

// Template is a parsed template. It never changes and may be rendered by any
// number of goroutines at once.
type Template struct {
	kind  Kind
	refs  []Ref
	plain []piece  // of a plain template, and not nil then
	roots []string // the names it reads from the data
	// Of a template that the library renders:
	low  lowered
	root render.Node // nil in a plain template, and if the source had problems
}

// Parse reads a template. The template is returned also when there are
// problems, so that Names can be checked; rendering it is then an error.
// Problems come in the order of the source.
func Parse(src string, kind Kind) (*Template, []Problem) {
	t := &Template{kind: kind}
	if len(src) > MaxSource {
		return t, []Problem{{0, len(src), fmt.Sprintf("the template has %d bytes; at most %d are allowed", len(src), MaxSource)}}
	}
	nodes, problems := parseTemplate(src, kind)
	t.refs = findNames(nodes)
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Start - b.Start })
		return t, problems
	}
	if pieces, ok := plainly(nodes); ok {
		t.plain, t.roots = pieces, rootsOf(pieces)
		return t, nil
	}
	if err := t.prepare(nodes); err != nil { // a fault of lower: the tree was fine
		return t, []Problem{{0, len(src), fmt.Sprintf("the template cannot be prepared: %v", err)}}
	}
	return t, nil
}

// prepare makes a template for the library.
func (t *Template) prepare(nodes []node) error {
	t.low = lower(nodes)
	t.roots = t.low.roots
	root, err := compile(config(), t.low.source)
	t.root, t.low.source = root, ""
	return err
}

// Names lists every place where the template reads its data, in the order of
// the source. The list must not be changed.
func (t *Template) Names() []Ref { return t.refs }

// Reads says whether a render may ask its data for a name. What it does not
// ask for need not be given.
func (t *Template) Reads(name string) bool { return slices.Contains(t.roots, name) }

// Kind is the kind of text the template was parsed as.
func (t *Template) Kind() Kind { return t.kind }

// Options are what a render depends on beside the data.
type Options struct {
	Zone     *time.Location // in which times are written; nil is UTC
	MaxBytes int            // most bytes of text; 0 is DefaultMaxBytes
	MaxSteps int            // most rounds of all loops, and most elements of a list made by a filter; 0 is DefaultMaxSteps
}

// Render writes the template with the data, which holds the values of package
// value and is not changed. An error is a *MissingError, a *LimitError, an
// *Error, or says that the template had problems; no part of the text is
// returned then. Error texts name paths of the template, never values.
func (t *Template) Render(data map[string]any, opts Options) (text string, err error) {
	if t.root == nil && t.plain == nil {
		return "", fmt.Errorf("the template has problems and cannot be rendered")
	}
	e := newEnv(t, data, opts)
	defer func() {
		// The library panics where a writer fails; what made it fail is kept in e.
		if r := recover(); r != nil {
			if text, err = "", e.err; err == nil {
				err = &Error{Message: fmt.Sprintf("the template failed: %v", shortly(r))}
			}
		}
	}()
	out := &limitWriter{env: e}
	if t.plain != nil {
		err = e.pieces(out, t.plain)
	} else {
		err = render.Render(t.root, out, e.bind(), config())
	}
	if e.err != nil {
		return "", e.err
	} else if err != nil {
		return "", &Error{Message: fmt.Sprintf("the template failed: %v", shortly(err))}
	}
	if t.kind == Header {
		return oneLine(out.buf.String()), nil
	}
	return out.buf.String(), nil
}

// shortly is the first line of a failure nobody expected.
func shortly(v any) string {
	line, _, _ := strings.Cut(fmt.Sprint(v), "\n")
	return line
}

// MissingError says that a template writes a value which is missing.
type MissingError struct {
	Name       string // profile.name
	Start, End int    // where it stands in the source
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is missing: give it a default, as in {{ %s | default: \"…\" }}, or ask with {%% if %%} first", e.Name, e.Name)
}

// LimitError says that a render was stopped because it grew too large.
type LimitError struct {
	What  string // what there was too much of
	Limit int    // the most that is allowed; 0 where it is no number to people
}

func (e *LimitError) Error() string {
	if e.Limit == 0 {
		return "the template was stopped: " + e.What
	}
	return fmt.Sprintf("the template was stopped: more than %d %s", e.Limit, e.What)
}

// Error says that something in a template could not be done with the data.
type Error struct {
	Start, End int // where in the source; both 0 if unknown
	Message    string
}

func (e *Error) Error() string { return e.Message }
