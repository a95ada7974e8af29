package dsl

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/template"
	"journey/dsl/value"
)

var (
	channels       = []string{"email", "sms", "push", "line", "webhook"}
	webhookMethods = []string{"POST", "PUT", "PATCH", "GET", "DELETE"}
)

// defaultMethod is how a webhook message is sent that does not say so.
const defaultMethod = "POST"

// body is a template of a message with where it stands.
type body struct {
	template *template.Template
	place    func(from, to int) diag.Span // of a stretch of the template's source
}

// messages compiles the clauses of messages. Their templates are parsed here;
// the names in them, and the expressions of `to` and `json`, wait until it is
// known who sends what (sends.go).
func (c *checker) messages() {
	for _, d := range c.messageDecls {
		c.message(d)
	}
}

func (c *checker) message(d *declaredMessage) {
	channel := d.message.Channel
	switch {
	case channel == "":
		return
	case !slices.Contains(channels, channel):
		c.report(errUnknownChannel(&d.decl.Channel))
		return
	}
	seen := map[string]bool{}
	for _, item := range d.decl.Clauses.Items {
		name := clauseName(item)
		if seen[name] {
			c.report(errRepeatedClause(item.Word(), name))
			continue
		}
		seen[name] = true
		if !clauseFits(channel, name) {
			c.report(errClauseOfChannel(item.Word(), name, channel))
			continue
		}
		c.messageClause(d, item)
	}
	c.messageLacks(d, seen)
}

func clauseName(item syntax.MessageClause) string {
	switch item := item.(type) {
	case *syntax.Content:
		return item.Part
	case *syntax.To:
		return "to"
	case *syntax.Exempt:
		return "transactional"
	case *syntax.TopicOf:
		return "topic"
	case *syntax.ValidFor:
		return "valid for"
	case *syntax.Resend:
		return "in doubt resend"
	case *syntax.URL:
		return "url"
	case *syntax.Method:
		return "method"
	case *syntax.JSON:
		return "json"
	}
	return ""
}

// channelClauses are the clauses that a message of a channel can have, besides
// those that all can.
var channelClauses = map[string][]string{
	"email":   {"subject", "text", "html", "to", "topic"},
	"sms":     {"text", "to", "topic"},
	"push":    {"title", "text", "url", "to", "topic"},
	"line":    {"text", "image", "to", "topic"},
	"webhook": {"url", "method", "json"},
}

func clauseFits(channel, clause string) bool {
	switch clause {
	case "transactional", "valid for", "in doubt resend":
		return true
	}
	return slices.Contains(channelClauses[channel], clause)
}

// messageLacks reports what a message cannot do without.
func (c *checker) messageLacks(d *declaredMessage, seen map[string]bool) {
	channel := d.message.Channel
	if d.message.Method == "" && channel == "webhook" {
		d.message.Method = defaultMethod
	}
	if c.misread(d.decl.Span()) {
		return
	}
	lacks := func(clause, what string, others ...string) {
		for _, name := range append(others, clause) {
			if seen[name] {
				return
			}
		}
		c.report(errMessageLacks(&d.decl.Name, what, append([]string{clause}, others...)))
	}
	switch channel {
	case "email":
		lacks("subject", "an e-mail")
		lacks("text", "an e-mail", "html")
	case "sms":
		lacks("text", "a text message")
	case "push":
		lacks("text", "a push message")
	case "line":
		lacks("text", "a LINE message", "image")
	case "webhook":
		lacks("url", "a webhook message")
	}
	if channel != "webhook" && !seen["to"] {
		c.address(d)
	}
}

// address sees to it that the trait of a message's addresses is there.
func (c *checker) address(d *declaredMessage) {
	name := addressTraits[d.message.Channel]
	t := c.prog.traits[name]
	switch {
	case t == nil:
		c.report(errNoAddress(&d.decl.Name, d.message.Channel, name))
	case !t.Type.Kind.IsText() && t.Type.Kind != value.Any:
		c.report(errBadAddress(&d.decl.Name, d.message.Channel, t))
	}
}

func (c *checker) messageClause(d *declaredMessage, item syntax.MessageClause) {
	m := d.message
	switch item := item.(type) {
	case *syntax.Content:
		switch item.Part {
		case "subject", "title":
			m.Subject = c.content(d, item.Text, item.File, template.Header)
		case "text":
			m.Text = c.content(d, item.Text, item.File, template.Text)
		case "html":
			m.HTML = c.content(d, item.Text, item.File, template.HTML)
		case "image":
			m.Image = c.content(d, item.Text, item.File, template.Header)
		}
	case *syntax.Exempt:
		m.Transactional = true
	case *syntax.TopicOf:
		m.Topic = item.Name.Text
		if _, known := c.names.topics[m.Topic]; !known && m.Topic != "" {
			c.report(errUnknownTopic(&item.Name, sorted(c.names.topics)))
		}
	case *syntax.Resend:
		m.Resend = true
	case *syntax.URL:
		if m.Channel == "push" {
			m.Link = c.content(d, item.Text, false, template.Header)
			return
		}
		m.URL = c.url(item)
	case *syntax.Method:
		m.Method = c.method(item)
	}
}

// url is the address of a webhook.
func (c *checker) url(item *syntax.URL) string {
	if item.Text == nil {
		return ""
	}
	if u, err := url.Parse(item.Text.Value); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		c.report(errBadURL(item.Text))
	}
	return item.Text.Value
}

// method is the HTTP method of a webhook.
func (c *checker) method(item *syntax.Method) string {
	if name := item.Name.Text; name != "" && !slices.Contains(webhookMethods, name) {
		c.report(errBadMethod(&item.Name))
	}
	return item.Name.Text
}

// content parses a template, which stands in the program or in a file.
func (c *checker) content(d *declaredMessage, written *syntax.String, inFile bool, kind template.Kind) *template.Template {
	if written == nil {
		return nil
	}
	b := body{place: written.Part}
	source := written.Value
	if inFile {
		file := c.named(written)
		if file == nil {
			return nil
		}
		source = file.Text
		b.place = func(from, to int) diag.Span { return diag.Span{File: file, Start: from, End: to} }
		if !utf8.ValidString(source) {
			c.report(errTemplateEncoding(written))
			return nil
		}
	}
	t, problems := c.cache.Template(source, kind)
	for _, p := range problems {
		c.report(errTemplate(b.place(p.Start, p.End), p.Message))
	}
	b.template = t
	d.bodies = append(d.bodies, b)
	return t
}

// named is the file that a text names, relative to the file the text is in.
func (c *checker) named(s *syntax.String) *diag.File {
	name, ok := resolve(s.Span().File.Name, s.Value)
	if !ok {
		c.report(errOutside(s))
		return nil
	}
	if _, there := c.sources[name]; !there {
		c.report(errNoFile(s, name, c.sources))
		return nil
	}
	return c.file(name)
}

// resolve is the name in the workspace of a file that another one names;
// false if it is none.
func resolve(from, name string) (string, bool) {
	if name == "" || path.IsAbs(name) || strings.ContainsAny(name, "\\\x00") {
		return "", false
	}
	full := path.Join(path.Dir(from), name)
	if full == "." || full == ".." || strings.HasPrefix(full, "../") {
		return "", false
	}
	return full, true
}

// relative is how a file names another one of the workspace.
func relative(from, name string) string {
	dir := path.Dir(from)
	up := ""
	for dir != "." && !strings.HasPrefix(name, dir+"/") {
		dir, up = path.Dir(dir), up+"../"
	}
	if dir != "." {
		name = strings.TrimPrefix(name, dir+"/")
	}
	return up + name
}
