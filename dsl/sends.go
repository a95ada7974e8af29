package dsl

import (
	"slices"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// What a message may name depends on who sends it: the entry's properties, the
// event at hand, what the run keeps, the `with` values. So each message is
// looked at from every step that sends it. Its own expressions are compiled
// once, in a scope that has the names of all of them: what one sender does
// not have is missing there.

// sending is a step that sends a message, with the names it offers.
type sending struct {
	message *declaredMessage // nil: a call
	call    *declaredCall
	place   diag.Span // of the message's name in the step
	event   *value.Type
	entry   *value.Type
	any     bool // the entry is an undeclared request
	run     map[string]*value.Type
	with    map[string]*value.Type
	reads   *eventReads // of the event at hand; nil where there is none
}

// sends finishes the messages.
func (c *checker) sends() {
	by := map[*declaredMessage][]*sending{}
	for _, s := range c.sent {
		by[s.message] = append(by[s.message], s)
	}
	for _, d := range c.messageDecls {
		if !slices.Contains(channels, d.message.Channel) {
			continue
		}
		senders := by[d]
		if len(senders) == 0 && !c.misreadAny() {
			c.report(warnUnsent(&d.decl.Name))
		}
		for _, b := range d.bodies {
			c.body(b, d, senders)
		}
		c.messageExprs(d, senders)
	}
}

// messageExprs compiles `to`, `valid for` and `json`.
func (c *checker) messageExprs(d *declaredMessage, senders []*sending) {
	scope := c.unsentScope(d.decl.Clauses.Items)
	if len(senders) > 0 {
		scope = c.sendersScope(senders)
	}
	for _, item := range d.decl.Clauses.Items {
		switch item := item.(type) {
		case *syntax.To:
			d.message.To = c.expr(item.Address, &scope, cond.ValueOf(&value.Type{Kind: value.Email}))
			noteSends(senders, item.Address)
		case *syntax.ValidFor:
			d.message.ValidFor = c.expr(item.For, &scope, cond.Duration)
			noteSends(senders, item.For)
		case *syntax.JSON:
			if d.message.JSON == nil {
				d.message.JSON = c.json(item, &scope, senders)
			}
		}
	}
}

// json compiles the fields of a JSON body.
func (c *checker) json(item *syntax.JSON, scope *cond.Scope, senders []*sending) []Named {
	names := map[string]diag.Span{}
	var list []Named
	for _, pair := range item.Pairs.Items {
		if first, there := names[pair.Name.Text]; there {
			c.report(errDuplicate("property", &pair.Name, first))
			continue
		}
		names[pair.Name.Text] = pair.Name.Span()
		e := c.expr(pair.Value, scope, cond.Anything)
		noteSends(senders, pair.Value)
		list = append(list, Named{pair.Name.Text, e})
	}
	return list
}

// noteSends notes what an expression reads of the event at hand.
func noteSends(senders []*sending, x *syntax.Expr) {
	for _, s := range senders {
		s.reads.note(x)
	}
}

// sendersScope has the names of all senders.
func (c *checker) sendersScope(senders []*sending) cond.Scope {
	scope := c.person()
	scope.HasEntry, scope.HasRun, scope.Run = true, true, map[string]*value.Type{}
	var events, entries []*value.Type
	for _, s := range senders {
		if s.event != nil {
			events = append(events, s.event)
		}
		if s.entry != nil {
			entries = append(entries, s.entry)
		}
		scope.EntryAny = scope.EntryAny || s.any
		for name, t := range s.run {
			if old, there := scope.Run[name]; there && old != nil && t != nil {
				t = common(old, t)
			}
			scope.Run[name] = t
		}
	}
	if len(events) == len(senders) {
		scope.Event = merged(events)
	}
	if len(entries) > 0 {
		scope.Entry = merged(entries)
	}
	scope.With = given(senders)
	return scope
}

// given is what senders give with a message or call, all in all.
func given(senders []*sending) map[string]*value.Type {
	all := map[string]*value.Type{}
	for _, s := range senders {
		for name, t := range s.with {
			if old, there := all[name]; there && old != nil && t != nil {
				t = common(old, t)
			}
			all[name] = t
		}
	}
	return all
}

// unsentScope is for a message that nothing sends, or a webhook that nothing
// calls: what only a sender can tell is taken for granted.
func (c *checker) unsentScope(clauses []syntax.MessageClause) cond.Scope {
	scope := c.person()
	scope.Event, scope.HasEntry, scope.EntryAny = anything, true, true
	scope.HasRun, scope.Run, scope.With = true, map[string]*value.Type{}, map[string]*value.Type{}
	for _, x := range clauseExprs(clauses) {
		for _, m := range members(x) {
			switch _, event := c.names.events[m.of]; {
			case m.of == "run":
				scope.Run[m.name] = nil
			case m.name == "" && !event:
				scope.With[m.of] = nil
			}
		}
	}
	return scope
}

// clauseExprs are the expressions of a message or webhook.
func clauseExprs(clauses []syntax.MessageClause) []*syntax.Expr {
	var list []*syntax.Expr
	for _, item := range clauses {
		switch item := item.(type) {
		case *syntax.To:
			list = append(list, item.Address)
		case *syntax.ValidFor:
			list = append(list, item.For)
		case *syntax.JSON:
			for _, pair := range item.Pairs.Items {
				list = append(list, pair.Value)
			}
		}
	}
	return list
}
