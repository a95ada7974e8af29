package cond

import (
	"strings"
	"testing"
	"time"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// person is a Person in plain maps.
type person struct {
	traits   map[string]any
	events   map[string][]*Event
	segments map[string]bool
	journeys map[string]bool
	hours    map[string][]Hour
}

func (p *person) ID() string                  { return "p1" }
func (p *person) Trait(name string) any       { return p.traits[name] }
func (p *person) Events(name string) []*Event { return p.events[name] }
func (p *person) InSegment(name string) bool  { return p.segments[name] }
func (p *person) InJourney(name string) bool  { return p.journeys[name] }
func (p *person) Hours(r *HourRead) []Hour    { return p.hours[r.Key()] }
func (p *person) Running(r *Running) any {
	evs := p.events[r.Event]
	switch r.Agg {
	case Count:
		return float64(len(evs))
	case First:
		if len(evs) > 0 {
			return evs[0]
		}
		return nil
	case Last:
		if len(evs) > 0 {
			return evs[len(evs)-1]
		}
		return nil
	}
	var sum, n float64
	var best any
	for _, ev := range evs {
		v := ev.Props.Path(r.Prop)
		if r.Prop == "at" {
			v = ev.At
		}
		if f, ok := v.(float64); ok {
			sum += f
			n++
		}
		if v != nil {
			best = extreme(&Env{}, best, v, r.Agg == Min)
		}
	}
	if r.Agg == Mean {
		if n == 0 {
			return nil
		}
		return sum / n
	}
	if r.Agg == Sum {
		return sum
	}
	return best
}

// sends are what became of messages: "s", "so" or "soc".
type sends map[string]string

func (s sends) Sent(m string) bool    { return strings.Contains(s[m], "s") }
func (s sends) Opened(m string) bool  { return strings.Contains(s[m], "o") }
func (s sends) Clicked(m string) bool { return strings.Contains(s[m], "c") }

func object(fields ...value.Field) *value.Type {
	return &value.Type{Kind: value.Object, Fields: fields}
}

func field(name string, t *value.Type) value.Field { return value.Field{Name: name, Type: t} }

var (
	typTier  = &value.Type{Kind: value.Text, OneOf: []string{"bronze", "silver", "gold"}}
	typOrder = object(field("order_id", typText), field("total", typNumber),
		field("currency", &value.Type{Kind: value.Currency}), field("placed", typTime), field("gift", typBoolean),
		field("items", listOfType(object(field("sku", typText), field("price", typNumber), field("quantity", typInteger)))))
	typPage = object(field("url", &value.Type{Kind: value.URL}), field("seconds", typInteger))
	typCart = object(field("cart_id", typText), field("total", typNumber), field("starts", typTime))
)

// world is the scope of the tests.
func world() *Scope {
	booleans := &value.Type{Kind: value.Object, Elem: typBoolean}
	return &Scope{
		Traits: map[string]*value.Type{
			"name": typText, "email": {Kind: value.Email}, "tier": typTier, "total_spend": typNumber, "visits": typInteger,
			"vip": typBoolean, "birthday": typDate, "last_seen": typTime, "lead": typDuration,
			"tags": listOfType(typText), "scores": listOfType(typNumber), "dates": listOfType(typTime),
			"address": object(field("city", typText), field("floor", typInteger)),
			"consent": booleans, "topics": booleans, "extra": typAny, "timezone": {Kind: value.Timezone},
			"gone": typText, "gone_number": typNumber, "gone_list": listOfType(typNumber), "gone_time": typTime, "gone_bool": typBoolean,
		},
		Events:     map[string]*value.Type{"order_completed": typOrder, "page_viewed": typPage, "cart_updated": typCart},
		EventWires: map[string]string{"Order Completed": "order_completed"},
		Segments:   map[string]bool{"high_value": true, "lapsing": true},
		Journeys:   map[string]bool{"welcome": true},
		Event:      typOrder,
		HasEntry:   true, Entry: typCart,
		HasRun: true, Run: map[string]*value.Type{"pick": typNumber, "answer": nil},
		Messages: map[string]string{"reminder": "email", "text_reminder": "sms", "receipt": "email"},
		Sends:    map[string]bool{"reminder": true, "text_reminder": true},
	}
}

var taipei, _ = value.Zone("Asia/Taipei")

func when(t testing.TB, s string) value.Time {
	t.Helper()
	x, err := time.ParseInLocation("2006-01-02 15:04:05", s, taipei)
	if err != nil {
		t.Fatal(err)
	}
	return value.TimeOf(x)
}

// ann is somebody to ask about.
func ann(t testing.TB) *Env {
	item := func(sku string, price, quantity float64) any {
		return map[string]any{"sku": sku, "price": price, "quantity": quantity}
	}
	order := func(id, at string, total any, items ...any) *Event {
		return &Event{ID: id, Name: "order_completed", At: when(t, at), Arrived: when(t, at),
			Props: PropsOf(map[string]any{"order_id": id, "total": total, "items": items, "currency": "TWD"})}
	}
	page := func(url, at string, seconds float64) *Event {
		return &Event{ID: url + at, Name: "page_viewed", At: when(t, at), Props: PropsOf(map[string]any{"url": url, "seconds": seconds})}
	}
	orders := []*Event{
		order("o1", "2025-12-01 10:00:00", 100.0, item("A", 60, 1), item("B", 40, 1)),
		order("o2", "2026-02-01 09:00:00", 250.5, item("C", 250.5, 1)),
		order("o3", "2026-02-28 09:00:00", nil, item("A", 60, 2)),
	}
	return &Env{
		Sends: sends{"reminder": "so"},
		Now:   when(t, "2026-03-02 09:00:00"), Zone: taipei,
		Person: &person{
			traits: map[string]any{
				"name": "Ann 林", "email": "ann@example.com", "tier": "gold", "total_spend": 12000.0, "visits": 7.0, "vip": true,
				"birthday": value.DateOf(1990, 3, 3), "last_seen": when(t, "2026-03-01 09:00:00"), "lead": 2 * value.Day,
				"tags": []any{"vip_gold", "news"}, "scores": []any{3.0, 1.0, 2.0, 2.0},
				"dates":   []any{when(t, "2026-02-01 00:00:00"), when(t, "2026-01-01 00:00:00")},
				"address": map[string]any{"city": "台北"}, "consent": map[string]any{"email": true, "sms": false},
				"timezone": "Asia/Taipei",
			},
			events: map[string][]*Event{"order_completed": orders, "page_viewed": {
				page("/a", "2026-02-20 08:10:00", 5), page("/b", "2026-02-21 21:15:00", 50), page("/a", "2026-03-01 21:45:00", 7)}},
			segments: map[string]bool{"high_value": true}, journeys: map[string]bool{"welcome": true},
		},
		Event: orders[2],
		Entry: &Event{Name: "cart_updated", At: when(t, "2026-03-01 08:00:00"),
			Props: PropsOf(map[string]any{"cart_id": "c1", "total": 80.0, "starts": when(t, "2026-03-05 12:00:00")})},
		Run: map[string]any{"pick": 4.0, "answer": map[string]any{"points": 12.0}},
	}
}

// compile compiles an expression that must be right.
func compile(t testing.TB, text string, want Want) *Expr {
	t.Helper()
	file, node := mustParse(t, text)
	x, diags := Compile(file, node, world(), want)
	for _, d := range diags {
		t.Errorf("%s: %d: %s: %s", text, d.Span.Start, d.Code, d.Message)
	}
	if x == nil {
		t.FailNow()
	}
	return x
}

var _ = diag.Error
