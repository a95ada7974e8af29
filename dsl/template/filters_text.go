package template

import (
	"errors"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid/render"
)

var textFilters = map[string]filterDef{
	"append":         {min: 1, max: 1, run: appendFilter(false)},
	"prepend":        {min: 1, max: 1, run: appendFilter(true)},
	"capitalize":     {run: onText(capitalize)},
	"downcase":       {run: onText(strings.ToLower)},
	"upcase":         {run: onText(strings.ToUpper)},
	"strip":          {run: onText(strings.TrimSpace)},
	"lstrip":         {run: onText(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) })},
	"rstrip":         {run: onText(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) })},
	"strip_html":     {run: onText(stripHTML)},
	"strip_newlines": {run: onText(func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) })},
	"newline_to_br":  {run: newlineToBr},
	"escape":         {run: escapeFilter(func(s string) string { return s })},
	"escape_once":    {run: escapeFilter(html.UnescapeString)},
	"url_encode":     {run: urlEncode},
	"url_decode":     {run: urlDecode},
	"replace":        {min: 2, max: 2, run: replaceFilter(-1)},
	"replace_first":  {min: 2, max: 2, run: replaceFilter(1)},
	"remove":         {min: 1, max: 1, run: replaceFilter(-1)},
	"remove_first":   {min: 1, max: 1, run: replaceFilter(1)},
	"truncate":       {max: 2, run: truncateFilter},
	"truncatewords":  {max: 2, run: truncateWordsFilter},
	"split":          {min: 1, max: 1, run: splitFilter},
}

// onText is a filter that makes one text of another of about the same size.
func onText(f func(string) string) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		s, err := c.text()
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToTitle(r)) + s[n:]
}

func appendFilter(before bool) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		s, err := c.text()
		if err != nil {
			return nil, err
		}
		arg, err := c.argText(0, "")
		if err != nil {
			return nil, err
		}
		if err := c.env.grown(len(s)+len(arg), len(s)); err != nil {
			return nil, err
		}
		if before {
			return arg + s, nil
		}
		return s + arg, nil
	}
}

// stripHTML drops tags, comments, and scripts and styles with their content.
// What is not closed is taken for a single tag; an end once searched in vain is
// not searched again, or a text of openings would cost its square.
func stripHTML(s string) string {
	blocks := [...]struct{ open, end string }{{"<!--", "-->"}, {"<script", "</script>"}, {"<style", "</style>"}}
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		rest, end := s[open:], strings.IndexByte(s[open:], '>')+1
		for i, x := range blocks {
			if x.open == "" || len(rest) < len(x.open) || !strings.EqualFold(rest[:len(x.open)], x.open) {
				continue
			}
			if n := indexFold(rest, x.end); n >= 0 {
				end = n + len(x.end)
			} else {
				blocks[i].open = ""
			}
		}
		if end == 0 {
			break
		}
		b.WriteString(s[:open])
		s = rest[end:]
	}
	b.WriteString(s)
	return b.String()
}

// indexFold is strings.Index for an ASCII part in any case.
func indexFold(s, part string) int {
	for i := 0; i+len(part) <= len(s); i++ {
		n := strings.IndexByte(s[i:], part[0])
		if n < 0 {
			return -1
		}
		i += n
		if i+len(part) <= len(s) && strings.EqualFold(s[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

// newlineToBr puts a <br /> before each line break. In HTML the text around is
// escaped here, and the result final.
func newlineToBr(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if c.env.t.kind == HTML {
		return finished{strings.ReplaceAll(c.env.t.kind.escape(s), "\n", "<br />\n")}, nil
	}
	return strings.ReplaceAll(s, "\n", "<br />\n"), nil
}

// escapeFilter escapes markup. In HTML, where everything is escaped in the
// end, it is not done twice.
func escapeFilter(before func(string) string) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		s, err := c.text()
		if err != nil {
			return nil, err
		}
		s = render.HtmlEscaper.Replace(before(s))
		if c.env.t.kind == HTML {
			return finished{s}, nil
		}
		return s, nil
	}
}

// urlEncode encodes for a query; in a URL's text, where everything is encoded
// in the end, it is not done twice.
func urlEncode(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	if c.env.t.kind == URL {
		return s, nil
	}
	return url.QueryEscape(s), nil
}

func urlDecode(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	if s, err = url.QueryUnescape(s); err != nil {
		return nil, errors.New("the value is not encoded for a URL")
	}
	return strings.ToValidUTF8(s, "\ufffd"), nil
}

// replaceFilter replaces its first argument by the second, at most n times
// unless n is negative; remove has no second.
func replaceFilter(n int) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		s, err := c.text()
		if err != nil {
			return nil, err
		}
		old, err := c.argText(0, "")
		if err != nil {
			return nil, err
		}
		by, err := c.argText(1, "")
		if err != nil {
			return nil, err
		}
		if old == "" {
			return s, nil
		}
		if most := strings.Count(s, old); n < 0 || n > most {
			if err := c.env.grown(len(s)+most*(len(by)-len(old)), 8*len(s)); err != nil {
				return nil, err
			}
		} else if err := c.env.grown(len(s)+len(by), len(s)); err != nil {
			return nil, err
		}
		return strings.Replace(s, old, by, n), nil
	}
}

// truncateFilter cuts to a number of characters, the ending counted.
func truncateFilter(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	most, err := c.argCount(0, 50)
	if err != nil {
		return nil, err
	}
	end, err := c.argText(1, "...")
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(s) <= most {
		return s, nil
	}
	keep := max(most-utf8.RuneCountInString(end), 0)
	for i := range s {
		if keep == 0 {
			return s[:i] + end, nil
		}
		keep--
	}
	return s, nil
}

// truncateWordsFilter keeps a number of words.
func truncateWordsFilter(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	most, err := c.argCount(0, 15)
	if err != nil {
		return nil, err
	}
	end, err := c.argText(1, "...")
	if err != nil {
		return nil, err
	}
	most = max(most, 1)
	words, in, last := 0, false, 0
	for i, r := range s {
		switch space := unicode.IsSpace(r); {
		case space && in:
			in, last = false, i
		case !space && !in:
			if words == most {
				return s[:last] + end, nil
			}
			in = true
			words++
		}
	}
	return s, nil
}

// splitFilter cuts a text; "" cuts between characters, " " at white space.
// Empty parts at the end are dropped.
func splitFilter(c *filterCall) (any, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	sep, err := c.argText(0, "")
	if err != nil {
		return nil, err
	}
	n := strings.Count(s, sep)
	if err := c.env.listSize(n); err != nil {
		return nil, err
	}
	var parts []string
	if sep == " " {
		parts = strings.Fields(s)
	} else {
		parts = strings.Split(s, sep)
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	if err := c.env.listSize(len(parts)); err != nil { // white space is more than the spaces counted
		return nil, err
	}
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = p
	}
	return list, nil
}
