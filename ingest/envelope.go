package ingest

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// event is one call as a client sends it, as far as we use it.
type event struct {
	kind        string // `type`, in batches
	messageID   string
	userID      string
	anonymousID string
	previousID  string // alias
	groupID     string // group
	event       string // track
	name        string // page, screen
	category    string

	properties map[string]any
	traits     map[string]any // identify
	context    surroundings

	timestamp, originalTimestamp, sentAt any // as they came

	ago time.Duration // PostHog's offset; used where there is no time

	writeKey string
	lost     bool  // a text in it had half a character
	flaw     *flaw // why this item of a batch cannot be used
}

// surroundings are the parts of a context that we use.
type surroundings struct {
	traits  map[string]any
	consent map[string]any // consent.categoryPreferences
	page    map[string]any
	gpc     bool           // Global Privacy Control, as the script of pages says it
	ids     map[string]any // externalIds: id by its type
}

// envelope is the body of a batch.
type envelope struct {
	events   []event
	context  surroundings
	sentAt   any
	writeKey string
	have     bool // there was a `batch`
}

// dialect is the form in which events are written.
type dialect uint8

const (
	segment dialect = iota
	posthog
)

var parsers = sync.Pool{New: func() any { return new(parser) }}

// borrow takes a parser for a document; give takes it back.
func borrow(src string) *parser {
	p := parsers.Get().(*parser)
	p.reset(src)
	return p
}

func give(p *parser) {
	if cap(p.pairs)+cap(p.items)+cap(p.keys) > 8<<10 {
		return // grown by one large body: not worth keeping
	}
	p.reset("")
	parsers.Put(p)
}

// parseEvent reads the body of a single call.
func parseEvent(src string, e *event, d dialect) *flaw {
	p := borrow(src)
	defer give(p)
	p.posthog = d == posthog
	if !p.begin() || !p.event(e) || !p.end() {
		return p.flaw
	}
	return nil
}

// parseBatch reads the body of a batch. Items that are wrong carry their flaw;
// the answer is the flaw of the whole.
func parseBatch(src string, env *envelope, l Limits, d dialect) *flaw {
	p := borrow(src)
	defer give(p)
	p.posthog = d == posthog
	if !p.begin() || !p.envelope(env, l) || !p.end() {
		return p.flaw
	}
	switch {
	case !env.have:
		return &flaw{code: "missing-field", field: "batch", message: "a batch needs a list of events"}
	case len(env.events) == 0:
		return &flaw{code: "empty-batch", field: "batch", message: "the list of events is empty"}
	}
	return nil
}

// begin finds the object that a body is.
func (p *parser) begin() bool {
	p.space()
	switch p.next() {
	case '{':
		return true
	case 0:
		if p.pos >= len(p.src) {
			p.flaw = &flaw{code: "invalid-json", message: "the body is empty: send a JSON object", fatal: true}
			return false
		}
	}
	if !p.skip() {
		return false
	}
	return p.wrong("invalid-json", "", "the body is not a JSON object")
}

// event reads the event at the position.
func (p *parser) event(e *event) bool {
	p.lost = false
	defer func() { e.lost = p.lost }()
	if p.posthog {
		return p.capture(e)
	}
	return p.members(func(key string) (ok bool) {
		switch key {
		case "type":
			e.kind, ok = p.optionalText()
		case "messageId":
			e.messageID, ok = p.identifier()
		case "userId":
			e.userID, ok = p.identifier()
		case "anonymousId":
			e.anonymousID, ok = p.identifier()
		case "previousId":
			e.previousID, ok = p.identifier()
		case "groupId":
			e.groupID, ok = p.identifier()
		case "event":
			e.event, ok = p.optionalText()
		case "name":
			e.name, ok = p.optionalText()
		case "category":
			e.category, ok = p.optionalText()
		case "properties":
			e.properties, ok = p.optionalObject()
		case "traits":
			e.traits, ok = p.optionalObject()
		case "context":
			ok = p.context(&e.context)
		case "timestamp":
			e.timestamp, ok = p.value()
		case "originalTimestamp":
			e.originalTimestamp, ok = p.value()
		case "sentAt":
			e.sentAt, ok = p.value()
		case "writeKey":
			e.writeKey, ok = p.optionalText()
		default:
			ok = p.discard()
		}
		return ok
	})
}

// context reads the context at the position.
func (p *parser) context(s *surroundings) bool {
	if p.next() == 'n' {
		return p.literal("null")
	}
	if p.next() != '{' {
		return p.wrongType("an object")
	}
	return p.members(func(key string) (ok bool) {
		switch key {
		case "traits":
			s.traits, ok = p.optionalObject()
		case "gpc":
			var v any
			v, ok = p.value()
			s.gpc = v == true
		case "externalIds":
			ok = p.externalIDs(s)
		case "page":
			if p.next() != '{' {
				return p.discard()
			}
			s.page, ok = p.object()
		case "consent":
			if p.next() != '{' {
				return p.discard()
			}
			ok = p.members(func(key string) (ok bool) {
				if key != "categoryPreferences" {
					return p.discard()
				}
				s.consent, ok = p.optionalObject()
				return ok
			})
		default:
			ok = p.discard()
		}
		return ok
	})
}

// externalIDs reads the other ids that an event carries: {id, type, …}. Each
// is the value of the trait that its type names, unless it says that it is
// hashed or another collection's.
func (p *parser) externalIDs(s *surroundings) bool {
	v, ok := p.value()
	list, _ := v.([]any)
	for _, x := range list {
		o, _ := x.(map[string]any)
		name, _ := o["type"].(string)
		if name == "" || o["id"] == nil || !saysOr(o["collection"], "users") || !saysOr(o["encoding"], "none") {
			continue
		}
		if s.ids == nil {
			s.ids = map[string]any{}
		}
		s.ids[name] = o["id"]
	}
	return ok
}

// saysOr is true for a word, and where nothing is said.
func saysOr(v any, word string) bool { return v == nil || v == "" || v == word }

// envelope reads the envelope of a batch at the position.
func (p *parser) envelope(env *envelope, l Limits) bool {
	return p.members(func(key string) (ok bool) {
		switch key {
		case "batch":
			env.have = true
			ok = p.batch(env, l)
		case "context":
			ok = p.context(&env.context)
		case "sentAt", "sent_at":
			env.sentAt, ok = p.value()
		case "writeKey", "api_key", "token":
			env.writeKey, ok = p.optionalText()
		default:
			ok = p.discard()
		}
		return ok
	})
}

// usualEvent is about how many bytes an event of a batch has.
const usualEvent = 400

// batch reads the list of events at the position.
func (p *parser) batch(env *envelope, l Limits) bool {
	if p.next() != '[' {
		return p.wrongType("a list of events")
	}
	if !p.open() {
		return false
	}
	env.events = make([]event, 0, min(l.Items, 1+(len(p.src)-p.pos)/usualEvent))
	for more := p.next() != ']'; more; {
		if len(env.events) >= l.Items {
			p.wrong("too-many-events", "", "a batch has at most "+strconv.Itoa(l.Items)+" events: send several")
			p.flaw.size = true
			return false
		}
		env.events = append(env.events, event{})
		if !p.item(&env.events[len(env.events)-1], l) {
			return false
		}
		var ok bool
		if more, ok = p.more(']'); !ok {
			return false
		}
	}
	p.close()
	return true
}

// item reads an event of a batch. One that is wrong is passed over, with its
// flaw; false only if what follows it cannot be read.
func (p *parser) item(e *event, l Limits) bool {
	start, depth := p.pos, p.depth
	pairs, items, keys := len(p.pairs), len(p.items), len(p.keys)
	p.depth = 0 // an event is as deep in a batch as alone
	ok := p.next() == '{'
	if ok {
		ok = p.event(e)
	} else {
		p.wrong("wrong-type", "", "an event must be an object")
	}
	if !ok {
		if p.flaw.fatal {
			return false
		}
		*e = event{flaw: p.flaw}
		p.flaw = nil
		p.forget(pairs, items, keys)
		p.pos = start
		if !p.skip() {
			return false
		}
	}
	if e.flaw == nil && p.pos-start > l.Event {
		*e = event{flaw: tooLarge(l.Event)}
	}
	p.depth = depth
	return true
}

func tooLarge(limit int) *flaw {
	return &flaw{code: "event-too-large", size: true,
		message: "an event has at most " + strconv.Itoa(limit) + " bytes: send less in it"}
}

// wrongType reports that the value at the position is of another type, if it
// is a value.
func (p *parser) wrongType(want string) bool {
	switch c := p.next(); c {
	case '{', '[', '"', 't', 'f', 'n', '-':
	default:
		if !isDigit(c) {
			return p.broken("a value is missing")
		}
	}
	return p.wrong("wrong-type", "", "must be "+want)
}

// optionalObject reads an object or null.
func (p *parser) optionalObject() (map[string]any, bool) {
	switch p.next() {
	case '{':
		return p.object()
	case 'n':
		return nil, p.literal("null")
	}
	return nil, p.wrongType("an object")
}

// optionalText reads a text or null.
func (p *parser) optionalText() (string, bool) {
	switch p.next() {
	case '"':
		return p.text()
	case 'n':
		return "", p.literal("null")
	}
	return "", p.wrongType("a text")
}

// identifier reads a text, a number or null. A number is taken as it is
// written, since large ones lose digits otherwise. A text that has lost a
// character is refused: two people, or two messages, may have lost the same.
func (p *parser) identifier() (string, bool) {
	c := p.next()
	if c != '-' && !isDigit(c) {
		s, ok := p.optionalText()
		if !ok && !p.flaw.fatal && p.flaw.code == "wrong-type" {
			return "", p.wrongType("a text or a number")
		}
		if ok && strings.Contains(s, "\uFFFD") {
			return "", p.wrong("invalid-utf8", "", "holds half a character (a lone surrogate, or U+FFFD in its place): send it whole")
		}
		return s, ok
	}
	start := p.pos
	n, ok := p.digits()
	if !ok {
		return "", false
	}
	s := p.src[start:p.pos]
	if n >= 0 || !strings.ContainsAny(s, ".eE") {
		return s, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", p.wrong("number-too-large", "", "a number is larger than 1.7e308")
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}
