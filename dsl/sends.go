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
	message *declaredMessage
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
		if !slices.Contains(executedChannels, d.message.Channel) {
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

// messageExprs compiles `to` and `json`.
func (c *checker) messageExprs(d *declaredMessage, senders []*sending) {
	scope := c.unsentScope(d)
	if len(senders) > 0 {
		scope = c.sendersScope(senders)
	}
	names := map[string]diag.Span{}
	for _, item := range d.decl.Clauses.Items {
		switch item := item.(type) {
		case *syntax.To:
			d.message.To = c.expr(item.Address, &scope, cond.ValueOf(&value.Type{Kind: value.Email}))
			noteSends(senders, item.Address)
		case *syntax.JSON:
			if d.message.JSON != nil {
				continue
			}
			for _, pair := range item.Pairs.Items {
				if first, there := names[pair.Name.Text]; there {
					c.report(errDuplicate("property", &pair.Name, first))
					continue
				}
				names[pair.Name.Text] = pair.Name.Span()
				e := c.expr(pair.Value, &scope, cond.Anything)
				noteSends(senders, pair.Value)
				d.message.JSON = append(d.message.JSON, Named{pair.Name.Text, e})
			}
		}
	}
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
	return scope
}

// unsentScope is for a message that nothing sends: what only a sender can
// tell is taken for granted.
func (c *checker) unsentScope(d *declaredMessage) cond.Scope {
	scope := c.person()
	scope.Event, scope.HasEntry, scope.EntryAny = anything, true, true
	scope.HasRun, scope.Run = true, map[string]*value.Type{}
	for _, item := range d.decl.Clauses.Items {
		if item, ok := item.(*syntax.JSON); ok {
			for _, pair := range item.Pairs.Items {
				for _, m := range members(pair.Value) {
					if m.of == "run" {
						scope.Run[m.name] = nil
					}
				}
			}
		}
	}
	return scope
}
