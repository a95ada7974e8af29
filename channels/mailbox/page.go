package mailbox

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock":  clock,
	"moment": func(t time.Time) string { return t.Local().Format("2 January 2006, 15:04:05") },
	"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"join":   strings.Join,
	"links":  links,
	"size":   size,
}).Parse(pageSource))

// pageRows is how many mails the page lists; the JSON lists them all.
const pageRows = 200

// Mount is where [Handler] expects to stand.
const Mount = "/dev/mailbox"

// PageOptions change the page.
type PageOptions struct {
	// Mount is the page's path, without a slash at the end; [Mount] when empty.
	Mount string
	// Hint is a shell command that brings a mail; the page without mails shows it.
	Hint string
}

// Handler serves a box at [Mount] and below:
//
//	/dev/mailbox            a page for people; with Accept: application/json the list,
//	                        newest last ("?limit=20": the newest 20)
//	/dev/mailbox/ID         one mail, as page or JSON
//	/dev/mailbox/ID/html    its HTML body alone, in a sandbox
//	/dev/mailbox/ID/source  its bytes
//
// Answers carry an ETag that changes with the list, for clients that poll. It has
// no login: it belongs on a laptop.
func Handler(b *Box) http.Handler { return HandlerAt(b, PageOptions{}) }

// HandlerAt is Handler with options.
func HandlerAt(b *Box, opt PageOptions) http.Handler {
	if opt.Mount == "" {
		opt.Mount = Mount
	}
	h := &pages{box: b, opt: opt}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+opt.Mount, h.list)
	mux.HandleFunc("GET "+opt.Mount+"/{$}", h.list)
	mux.HandleFunc("GET "+opt.Mount+"/{id}", h.mail)
	mux.HandleFunc("GET "+opt.Mount+"/{id}/html", h.html)
	mux.HandleFunc("GET "+opt.Mount+"/{id}/source", h.source)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		mux.ServeHTTP(w, r)
	})
}

type pages struct {
	box *Box
	opt PageOptions
}

// view is what page.html shows.
type view struct {
	Mount, Hint, SMTP string
	Nonce, Tag        string
	Rows              []Mail // newest first, without bodies
	Total, More       int    // mails; those of them not listed
	Mail              *Mail  // the one that is open
	Show              string // html, text or headers
	Headers           []header
}

type header struct{ Name, Value string }

func (h *pages) list(w http.ResponseWriter, r *http.Request) {
	if wantsJSON(r) {
		limit := -1
		if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n >= 0 {
			limit = n
		}
		_, tag := h.box.snapshot() // before reading: a mail that comes now changes it again
		if !fresh(w, r, tag) {
			writeJSON(w, h.box.newest(limit))
		}
		return
	}
	h.page(w, r, nil)
}

func (h *pages) mail(w http.ResponseWriter, r *http.Request) {
	m, ok := h.box.Get(r.PathValue("id"))
	switch {
	case !ok:
		http.Error(w, "no such mail in this mailbox", http.StatusNotFound)
	case wantsJSON(r):
		writeJSON(w, m)
	default:
		h.page(w, r, &m)
	}
}

// page shows the list, and one mail beside it if one is open.
func (h *pages) page(w http.ResponseWriter, r *http.Request, open *Mail) {
	entries, tag := h.box.snapshot()
	if fresh(w, r, tag) {
		return
	}
	v := view{Mount: h.opt.Mount, Hint: h.opt.Hint, SMTP: h.box.Addr(), Nonce: rand.Text(), Tag: tag, Mail: open, Total: len(entries)}
	for _, e := range slices.Backward(entries) {
		if len(v.Rows) == pageRows {
			v.More = len(entries) - pageRows
			break
		}
		if m, ok := h.box.headOf(e); ok {
			v.Rows = append(v.Rows, m)
		}
	}
	if open != nil {
		v.Show = show(*open, r.URL.Query().Get("show"))
		for name, value := range open.Headers {
			v.Headers = append(v.Headers, header{name, value})
		}
		slices.SortFunc(v.Headers, func(a, b header) int {
			return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+v.Nonce+"'; script-src 'nonce-"+v.Nonce+
		"'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_ = pageTemplate.Execute(w, v) // fails only when the reader has gone
}

// show picks what of a mail is shown: what was asked for, if the mail has it.
func show(m Mail, asked string) string {
	switch {
	case asked == "headers", asked == "html" && m.HTML != "", asked == "text":
		return asked
	case m.HTML != "":
		return "html"
	}
	return "text"
}

// html serves a mail's HTML for the page's frame. The mail is a stranger's: no
// scripts, no forms, no requests but for pictures; links open in a tab of their own.
func (h *pages) html(w http.ResponseWriter, r *http.Request) {
	m, ok := h.box.Get(r.PathValue("id"))
	if !ok || m.HTML == "" {
		http.Error(w, "no such mail, or it has no HTML", http.StatusNotFound)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "+
		"style-src 'unsafe-inline'; img-src data: https:; font-src data:; form-action 'none'; frame-ancestors 'self'")
	_, _ = w.Write([]byte(withLinksInTabs(m.HTML)))
}

var (
	headTag    = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)
	htmlTag    = regexp.MustCompile(`(?i)<html(\s[^>]*)?>`)
	doctypeTag = regexp.MustCompile(`(?i)<!doctype[^>]*>`)
)

// withLinksInTabs adds a base element where it does not disturb the doctype.
func withLinksInTabs(html string) string {
	const base = `<base target="_blank">`
	for _, tag := range []*regexp.Regexp{headTag, htmlTag, doctypeTag} {
		if at := tag.FindStringIndex(html); at != nil {
			return html[:at[1]] + base + html[at[1]:]
		}
	}
	return base + html
}

func (h *pages) source(w http.ResponseWriter, r *http.Request) {
	raw, ok := h.box.Raw(r.PathValue("id"))
	if !ok {
		http.Error(w, "no such mail in this mailbox", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(raw)
}

// wantsJSON says whether the client prefers JSON to a page.
func wantsJSON(r *http.Request) bool {
	quality := func(kind string) float64 {
		for _, accept := range r.Header.Values("Accept") {
			for item := range strings.SplitSeq(accept, ",") {
				name, params, _ := strings.Cut(item, ";")
				if !strings.EqualFold(strings.TrimSpace(name), kind) {
					continue
				}
				if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
					f, _ := strconv.ParseFloat(q, 64)
					return f
				}
				return 1
			}
		}
		return 0
	}
	q := quality("application/json")
	return q > 0 && q >= quality("text/html")
}

// fresh answers 304 when the client has this state of the list already.
func fresh(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Vary", "Accept")
	if r.Header.Get("If-None-Match") != tag {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // fails only when the reader has gone
}

// clock is a time as short as it can be understood.
func clock(t time.Time) string {
	t, now := t.Local(), time.Now()
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04:05")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

func size(n int) string {
	if n < 1024 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.Itoa((n+512)/1024) + " KB"
}

// link is a piece of text, and where it leads if it is a URL.
type link struct{ Text, URL string }

var urls = regexp.MustCompile(`https?://[^\s<>"'，。、；）」』]+[^\s<>"'，。、；）」』.,;:!?)\]]`)

// links cuts a text at its URLs.
func links(text string) (pieces []link) {
	end := 0
	for _, at := range urls.FindAllStringIndex(text, -1) {
		pieces = append(pieces, link{Text: text[end:at[0]]}, link{Text: text[at[0]:at[1]], URL: text[at[0]:at[1]]})
		end = at[1]
	}
	return append(pieces, link{Text: text[end:]})
}
