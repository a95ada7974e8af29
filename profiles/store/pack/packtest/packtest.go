// Package packtest makes people as the memory bar describes them, for tests and
// benchmarks of what stores them.
package packtest

import (
	"fmt"
	"math/rand/v2"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Start is about when their events begin.
const Start value.Time = 1_780_000_000_000

func trait(v any, at value.Time) profiles.Trait { return profiles.Trait{Value: v, At: at} }

func uuid(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48|0x8000, b&0xffffffffffff)
}

// Names are those a program with such people has.
var Names = []string{
	"user_id", "anonymous_id", "email", "phone", "first_name", "last_name", "city", "country", "language",
	"timezone", "plan", "avatar", "birthday", "total_spent", "order_count", "vip", "consent.email",
	"product_viewed", "cart_updated", "order_completed", "page", "signup",
	"product_id", "name", "price", "currency", "quantity", "category", "url", "position", "total", "cart_id",
	"welcome", "abandoned_cart", "hello", "reminder", "0", "1", "2", "0.otherwise.1",
	"high_value", "frequent", "newsletter", "taipei", "active", "newest", "EUR", "TWD",
	Release, "welcome/0", "count order_completed", "sum order_completed.total",
}

// Release is the hash of the program that they were computed for.
const Release = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

var (
	cities   = []string{"Taipei", "高雄", "Berlin", "New York", "Hamburg", "台中"}
	firsts   = []string{"Ann", "美玲", "Jonathan", "Sofia", "志明", "Elisabeth"}
	lasts    = []string{"Chen", "Müller", "Johnson", "Lindqvist", "Wang", "Garcia"}
	goods    = []string{"Trail Running Shoes", "Coffee Grinder", "烏龍茶 150g", "Wool Blanket", "Desk Lamp", "Rain Jacket"}
	category = []string{"sports", "kitchen", "tea", "home", "outdoor"}
	kinds    = []string{"product_viewed", "cart_updated", "order_completed", "page"}
)

// Person is a person as the memory bar describes him: 12 traits (one a URL of
// 90 characters), 20 events of 8 properties of which conditions read 3, 20
// marks, 2 waiting runs, 1 sent message, 4 identifiers, 5 segments, 1 moment.
func Person(seed uint64) *profiles.Person {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	id := fmt.Sprintf("%020x", r.Uint64())
	p := &profiles.Person{ID: id, Created: Start - value.Time(r.IntN(1e9)), Release: Release, Entered: 2}
	user, anon := fmt.Sprintf("u%07d", r.IntN(1e7)), uuid(r)
	first, last := pick(firsts), pick(lasts)
	email := fmt.Sprintf("%s.%s%d@example.com", "ann", "lindqvist", r.IntN(1e5))
	phone := fmt.Sprintf("+8869%08d", r.IntN(1e8))
	p.Identifiers = []profiles.Identifier{{Trait: "anonymous_id", Value: anon, Since: p.Created}, {Trait: "user_id", Value: user, Since: p.Created + 5000},
		{Trait: "email", Value: email, Since: p.Created + 5000}, {Trait: "phone", Value: phone, Since: p.Created + 90000}}
	at := p.Created + 5000
	p.Traits = map[string]profiles.Trait{
		"user_id": trait(user, at), "anonymous_id": trait(anon, at), "email": trait(email, at), "phone": trait(phone, at),
		"first_name": trait(first, at), "last_name": trait(last, at), "city": trait(pick(cities), at),
		"avatar":        trait(fmt.Sprintf("https://cdn.example.com/avatars/%s/large.webp?version=%d", uuid(r), 10000+r.IntN(90000)), at),
		"birthday":      trait(value.Date(r.IntN(15000)), at),
		"total_spent":   trait(float64(r.IntN(1e6))/100, at),
		"consent.email": trait(true, at), "plan": trait("premium", at),
	}
	now := Start
	for range 20 {
		now += value.Time(1000*60*(1+r.IntN(60)) + r.IntN(60000))
		kind := kinds[r.IntN(len(kinds))]
		ev := &cond.Event{ID: uuid(r), Name: kind, At: now - value.Time(r.IntN(3000)), Arrived: now, Props: cond.PropsOf(map[string]any{
			"product_id": fmt.Sprintf("sku-%05d", r.IntN(1e5)), "name": pick(goods), "price": float64(r.IntN(20000)) / 100,
			"currency": "EUR", "quantity": float64(1 + r.IntN(3)), "category": pick(category),
			"url":     fmt.Sprintf("https://shop.example.com/p/%d", r.IntN(1e5)),
			"cart_id": fmt.Sprintf("c%08x", r.Uint32()),
		})}
		p.Recent = append(p.Recent, ev)
		if p.Events == nil {
			p.Events = map[string]*profiles.Kept{}
		}
		if p.Events[kind] == nil {
			p.Events[kind] = &profiles.Kept{}
		}
		p.Events[kind].List = append(p.Events[kind].List, &cond.Event{ID: ev.ID, Name: kind, At: ev.At, Arrived: now,
			Props: ev.Props.Only([]string{"category", "price", "product_id"})})
		p.Marks = append(p.Marks, profiles.Mark{ID: r.Uint64(), Payload: r.Uint32(), At: now})
	}
	p.Last = now
	for i, j := range []string{"welcome", "abandoned_cart"} {
		ev := p.Recent[3+10*i]
		p.Runs = append(p.Runs, &profiles.Run{ID: fmt.Sprintf("%s.%d", id, i+1), Journey: j, Release: Release,
			Entered: ev.Arrived, Entry: ev, Step: 2 + i, Pass: 1, Clock: ev.Arrived, Until: ev.Arrived + 3*86400_000, Seq: 3})
		if p.Entries == nil {
			p.Entries = map[string][]profiles.EntryMark{}
		}
		p.Entries[j] = []profiles.EntryMark{{At: ev.Arrived}}
	}
	p.Runs[0].Sent = p.Runs[0].Entered + 900
	p.Ledger = []*profiles.Send{{Run: id + ".1", Step: "0", Pass: 1, Journey: "welcome", Message: "hello", Channel: "email",
		State: profiles.Sent, At: p.Runs[0].Sent, Due: p.Runs[0].Entered}}
	p.Segments = map[string]value.Time{"high_value": now, "frequent": p.Recent[4].Arrived, "newsletter": at, "taipei": at, "active": p.Recent[0].Arrived}
	p.Whens = map[string]bool{"welcome/0": true}
	p.Running = map[string]*profiles.Aggregate{"count order_completed": {Number: 4, N: 4}, "sum order_completed.total": {Number: 410.25, N: 4}}
	p.Moment = now + 86400_000
	return p
}
