package template

import (
	"errors"
	"html"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/osteele/liquid/render"

	"journey/dsl/value"
)

// How values become text.

// errObject and its like say why a value has no text; whoever asks adds what
// it was.
var (
	errObject = errors.New("is an object: write one of its fields, or send it through json")
	errKind   = errors.New("is of a kind that templates do not know")
)

// output writes the value of an output or refuses it. Everything that comes from
// data goes through here, so everything is escaped.
func (e *env) output(w io.Writer, p *spot, v any) error {
	if err := e.spend(workOutput); err != nil {
		return err
	}
	text, ok, err := e.write(v, 0)
	switch _, final := v.(finished); {
	case e.err != nil:
		return e.err
	case err != nil:
		return e.fail(&Error{p.start, p.end, p.shown + " " + err.Error()})
	case !ok:
		return e.fail(e.missing(p))
	case !final:
		if esc := e.t.kind.escaper(); esc != nil {
			_, err = esc.WriteString(w, text)
			return err
		}
	}
	_, err = io.WriteString(w, text)
	return err
}

// missing names the value an output lacks.
func (e *env) missing(p *spot) error {
	for _, r := range p.reads {
		if e.lookup(r) == nil {
			return &MissingError{r.shown, r.start, r.end}
		}
	}
	return &MissingError{p.shown, p.start, p.end}
}

// lookup is what a path of the template stands for now.
func (e *env) lookup(p *pathExpr) any {
	x := e.data[p.root]
	if e.vars != nil { // where tags may have given it another value
		v, _ := e.vars[p.root].(val)
		x = v.v
	}
	for _, s := range p.steps {
		var key any = s.name
		switch i := s.index.(type) {
		case nil:
		case *literal:
			key = i.v
		case *pathExpr:
			key = e.lookup(i)
		}
		x = index(x, key)
	}
	return x
}

// write is v as the text of an output. ok is false if it is missing.
func (e *env) write(v any, depth int) (text string, ok bool, err error) {
	switch v := v.(type) {
	case nil:
		return "", false, nil
	case string:
		return v, true, nil
	case finished:
		return v.text, true, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", false, nil
		}
		return number(v), true, nil
	case bool:
		return strconv.FormatBool(v), true, nil
	case value.Time:
		return v.In(e.zone).Format("2006-01-02 15:04"), true, nil
	case value.Date:
		return v.String(), true, nil
	case value.Duration:
		return v.String(), true, nil
	case []any, ints:
		text, err := e.writeList(v, ", ", depth)
		return text, err == nil, err
	case map[string]any, *loopState:
		return "", false, errObject
	case keyword:
		return "", true, nil
	}
	return "", false, errKind
}

// writeList joins the elements of a list; missing ones are passed over.
func (e *env) writeList(v any, sep string, depth int) (string, error) {
	if depth > maxDepth {
		return "", errors.New("is nested too deeply")
	}
	list, err := e.list(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, x := range list {
		text, ok, err := e.write(x, depth+1)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(text)
		if err := e.grown(b.Len(), len(text)+len(sep)+4*workItem); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// grown bounds a text under way: its size, and the work of adding n bytes.
func (e *env) grown(size, n int) error {
	if size > e.maxBytes {
		return e.fail(&LimitError{"bytes of text", e.maxBytes})
	}
	return e.spend(workBytes(n))
}

// plain is v as text for comparing and for keys; what has no text is "".
func (e *env) plain(v any) string {
	text, _, _ := e.write(v, 0)
	return text
}

// toText is a key or name as text.
func toText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return number(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// number writes a number plainly: no exponent, no digits that say nothing.
func number(f float64) string {
	if f == 0 {
		return "0" // -0 too
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// escaper is how a kind escapes; nil if it does not.
func (k Kind) escaper() render.Replacer {
	switch k {
	case HTML:
		return render.HtmlEscaper
	case URL:
		return percent{}
	}
	return nil
}

// escape is s as it must stand in a text of the kind.
func (k Kind) escape(s string) string {
	switch k {
	case HTML:
		return render.HtmlEscaper.Replace(s)
	case URL:
		var b strings.Builder
		percent{}.WriteString(&b, s)
		return b.String()
	}
	return s
}

// unescape turns escape round, as far as that can be done.
func (k Kind) unescape(s string) string {
	switch k {
	case HTML:
		return html.UnescapeString(s)
	case URL:
		if u, err := url.PathUnescape(s); err == nil {
			return u
		}
	}
	return s
}

// percent encodes all but the unreserved characters of RFC 3986, 2.3, so that
// the result fits any part of an address.
type percent struct{}

var _ render.Replacer = percent{}

func (percent) WriteString(w io.Writer, s string) (int, error) {
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case digit(c), c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '.', c == '_', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return w.Write(b)
}

// breaksLine says whether a character may not stand in a header.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// oneLine makes a header's text: a run of white space and control characters
// that holds a control character becomes one space, the ends are trimmed.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, breaksLine) {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	blanks, control := 0, false // of the run under way: where it began is b.Len()
	start := 0
	flush := func(end int) {
		if blanks == 0 {
			return
		}
		if control {
			b.WriteByte(' ')
		} else {
			b.WriteString(s[start:end])
		}
		blanks, control = 0, false
	}
	for i, r := range s {
		ctl := breaksLine(r)
		if ctl || unicode.IsSpace(r) {
			if blanks == 0 {
				start = i
			}
			blanks++
			control = control || ctl
			continue
		}
		flush(i)
		b.WriteRune(r)
	}
	flush(len(s))
	return strings.TrimSpace(b.String())
}
