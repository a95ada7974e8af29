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

// The channels, and those that are executed.
var (
	channels         = []string{"email", "webhook", "sms", "push", "line"}
	executedChannels = []string{"email", "webhook"}
	webhookMethods   = []string{"POST", "PUT", "PATCH", "GET", "DELETE"}
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
	case !slices.Contains(executedChannels, channel):
		c.report(errChannelNotYet(&d.decl.Channel))
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
	case *syntax.URL:
		return "url"
	case *syntax.Method:
		return "method"
	case *syntax.JSON:
		return "json"
	}
	return ""
}

func clauseFits(channel, clause string) bool {
	switch clause {
	case "subject", "text", "html", "to":
		return channel == "email"
	case "url", "method", "json":
		return channel == "webhook"
	}
	return true
}

// messageLacks reports what a message cannot do without.
func (c *checker) messageLacks(d *declaredMessage, seen map[string]bool) {
	if d.message.Method == "" && d.message.Channel == "webhook" {
		d.message.Method = defaultMethod
	}
	if c.misread(d.decl.Span()) {
		return
	}
	switch d.message.Channel {
	case "email":
		if !seen["subject"] {
			c.report(errMessageLacks(&d.decl.Name, "subject", "an e-mail"))
		}
		if !seen["text"] && !seen["html"] {
			c.report(errMessageLacks(&d.decl.Name, "text", "an e-mail"))
		}
		trait := addressTraits["email"]
		t := c.prog.traits[trait]
		switch {
		case seen["to"]:
		case t == nil:
			c.report(errNoAddress(&d.decl.Name, d.message.Channel, trait))
		case !t.Type.Kind.IsText() && t.Type.Kind != value.Any:
			c.report(errBadAddress(&d.decl.Name, d.message.Channel, t))
		}
	case "webhook":
		if !seen["url"] {
			c.report(errMessageLacks(&d.decl.Name, "url", "a webhook message"))
		}
	}
}

func (c *checker) messageClause(d *declaredMessage, item syntax.MessageClause) {
	m := d.message
	switch item := item.(type) {
	case *syntax.Content:
		switch item.Part {
		case "subject":
			m.Subject = c.content(d, item, template.Header)
		case "text":
			m.Text = c.content(d, item, template.Text)
		case "html":
			m.HTML = c.content(d, item, template.HTML)
		}
	case *syntax.Exempt:
		m.Transactional = true
	case *syntax.URL:
		if item.Text != nil {
			m.URL = item.Text.Value
			if u, err := url.Parse(m.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
				c.report(errBadURL(item.Text))
			}
		}
	case *syntax.Method:
		m.Method = item.Name.Text
		if m.Method != "" && !slices.Contains(webhookMethods, m.Method) {
			c.report(errBadMethod(&item.Name))
		}
	}
}

// content parses a template, which stands in the program or in a file.
func (c *checker) content(d *declaredMessage, item *syntax.Content, kind template.Kind) *template.Template {
	if item.Text == nil {
		return nil
	}
	b := body{place: item.Text.Part}
	source := item.Text.Value
	if item.File {
		file := c.named(item.Text)
		if file == nil {
			return nil
		}
		source = file.Text
		b.place = func(from, to int) diag.Span { return diag.Span{File: file, Start: from, End: to} }
		if !utf8.ValidString(source) {
			c.report(errTemplateEncoding(item.Text))
			return nil
		}
	}
	t, problems := template.Parse(source, kind)
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
