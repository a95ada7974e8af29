package dsl

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"journey/dsl/cond"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// calls finishes the webhooks, which see what the steps that call them give,
// as messages do.
func (c *checker) calls() {
	by := map[*declaredCall][]*sending{}
	for _, s := range c.sent {
		by[s.call] = append(by[s.call], s)
	}
	for _, d := range c.callDecls {
		callers := by[d]
		if len(callers) == 0 && !c.misreadAny() {
			c.report(warnUncalled(&d.decl.Name))
		}
		c.webhook(d, callers)
	}
}

func (c *checker) webhook(d *declaredCall, callers []*sending) {
	scope := c.unsentScope(d.decl.Clauses.Items)
	if len(callers) > 0 {
		scope = c.sendersScope(callers)
	}
	call := d.call
	call.Method = defaultMethod
	seen := map[string]bool{}
	for _, item := range d.decl.Clauses.Items {
		seen[clauseName(item)] = true
		switch item := item.(type) {
		case *syntax.URL:
			call.URL = c.url(item)
		case *syntax.Method:
			call.Method = c.method(item)
		case *syntax.JSON:
			call.JSON = c.json(item, &scope, callers)
		}
	}
	if c.misread(d.decl.Span()) {
		return
	}
	if !seen["url"] {
		c.report(errMessageLacks(&d.decl.Name, "a webhook", []string{"url"}))
	}
	if !seen["json"] {
		call.JSON = c.passOn(d, &scope)
	}
}

// passOn is the body of a webhook that does not say what it is: what its
// callers give.
func (c *checker) passOn(d *declaredCall, scope *cond.Scope) []Named {
	at := d.decl.Name.Span()
	var list []Named
	for _, name := range sorted(scope.With) {
		node := &ast.IdentifierNode{Value: name}
		node.SetLocation(file.Location{From: at.Start, To: at.End})
		e, diags := cond.Compile(at.File, node, scope, cond.Anything)
		c.report(diags...)
		list = append(list, Named{name, e})
	}
	return list
}

// ask compiles a call.
func (w *journeyWork) ask(s *syntax.Ask, at spot, path string) {
	ask := &Ask{Otherwise: join}
	i := w.lay(ask, s, at, path)
	sent := w.sending(at)
	sent.place = s.Webhook.Span()
	ask.With = w.with(s.With, sent, at)
	if name := s.Webhook.Text; name != "" {
		if ask.Call = w.prog.calls[name]; ask.Call == nil {
			w.report(errUnknownWebhook(&s.Webhook, sorted(w.prog.calls)))
		} else {
			sent.call = w.declaredCall[ask.Call]
			w.sent = append(w.sent, sent)
		}
	}
	if s.As != nil && s.As.Text != "" {
		ask.As = s.As.Text
		w.keep(s.As.Text, w.answer(s, ask.Call), s.As.Span())
	}
	ask.Otherwise, _ = w.block(s.Otherwise, at.in(ask.ID, "otherwise", i))
}

// answer is the type of what a call gives back. A webhook has one answer: what
// its calls declare of it must go together.
func (w *journeyWork) answer(s *syntax.Ask, call *Call) *value.Type {
	if s.Returns == nil {
		return &value.Type{}
	}
	t := w.properties(s.Returns, false)
	if call == nil {
		return t
	}
	if call.Returns == nil {
		call.Returns = object()
	}
	for _, f := range t.Fields {
		old, there := call.Returns.Field(f.Name)
		switch {
		case !there:
			call.Returns.Fields = append(call.Returns.Fields, f)
		case old.Type.String() != f.Type.String() || old.Wire != f.Wire:
			w.report(errAnswerDiffers(propertyName(s.Returns, f.Name), call.Name, old.Type))
		}
	}
	return t
}

func propertyName(props *syntax.Properties, name string) *syntax.Name {
	for _, p := range props.Items {
		if p.Name.Text == name {
			return &p.Name
		}
	}
	return nil
}
