package main

import "strconv"

// Events of some 300 bytes, as a shop's page sends them: mostly views, now
// and then a cart, rarely an order. They differ in person, message id and
// what the conditions of the workspace read.

// stream makes the events of one connection.
type stream struct {
	prefix string // of the people's user ids
	people int
	n      uint64 // events made
	step   uint64 // from one event's person to the next one's
}

// body appends the next event.
func (s *stream) body(b []byte) []byte {
	n := s.n
	s.n += s.step
	user := n % uint64(s.people)
	b = append(b, `{"type":"track","messageId":"`...)
	b = appendID(b, s.prefix, n)
	b = append(b, `","userId":"`...)
	b = append(b, s.prefix...)
	b = strconv.AppendUint(b, 100000+user, 10)
	turn := n/uint64(s.people) + user // which kind: each person has all of them
	switch {
	case turn%20 == 19:
		b = append(b, `","event":"Order Completed","properties":{"order_id":"o`...)
		b = strconv.AppendUint(b, 1e9+n, 10)
		b = append(b, `","cart_id":"c`...)
		b = strconv.AppendUint(b, 100000+user, 10)
		b = append(b, `","total":`...)
		b = strconv.AppendUint(b, 10+n%990, 10)
		b = append(b, `.5,"currency":"TWD","payment":"card"}`...)
	case turn%5 == 4:
		b = append(b, `","event":"Cart Updated","properties":{"cart_id":"c`...)
		b = strconv.AppendUint(b, 100000+user, 10)
		b = append(b, `","total":`...)
		b = strconv.AppendUint(b, 10+n%990, 10)
		b = append(b, `,"items":[{"sku":"tea-`...)
		b = strconv.AppendUint(b, 1000+n%100, 10)
		b = append(b, `","quantity":2}]}`...)
	default:
		b = append(b, `","event":"Product Viewed","properties":{"sku":"tea-`...)
		b = strconv.AppendUint(b, 1000+n%100, 10)
		b = append(b, `","name":"烏龍茶","price":`...)
		b = strconv.AppendUint(b, 10+n%990, 10)
		b = append(b, `,"category":"`...)
		b = append(b, categories[n%uint64(len(categories))]...)
		b = append(b, `"}`...)
	}
	return append(b, `,"context":{"library":{"name":"bench.js","version":"1.4.2"},"locale":"zh-TW","page":{"path":"/products/tea"}}}`...)
}

var categories = [...]string{"tea", "pots", "cups", "gifts"}

// appendID appends a message id that looks like those of clients: a UUID.
func appendID(b []byte, prefix string, n uint64) []byte {
	const hex = "0123456789abcdef"
	h := (n + uint64(prefix[0])<<40) * 0x9e3779b97f4a7c15
	for i := range 32 {
		switch i {
		case 8, 12, 16, 20:
			b = append(b, '-')
		}
		if i == 16 {
			h = n ^ uint64(prefix[0])<<56
		}
		b = append(b, hex[h>>60])
		h <<= 4
	}
	return b
}

// profile appends the identify call that begins a person.
func (s *stream) profile(b []byte, user uint64) []byte {
	b = append(b, `{"type":"identify","messageId":"`...)
	b = append(b, "i-"...)
	b = append(b, s.prefix...)
	b = strconv.AppendUint(b, user, 10)
	b = append(b, `","userId":"`...)
	b = append(b, s.prefix...)
	b = strconv.AppendUint(b, 100000+user, 10)
	b = append(b, `","traits":{"email":"`...)
	b = append(b, s.prefix...)
	b = strconv.AppendUint(b, 100000+user, 10)
	b = append(b, `@example.com","name":"林怡君","tier":"`...)
	b = append(b, [...]string{"bronze", "silver", "gold"}[user%3]...)
	b = append(b, `","city":"`...)
	b = append(b, [...]string{"Taipei", "Kaohsiung", "Taichung", "Tainan"}[user%4]...)
	b = append(b, `","birthday":"19`...)
	b = strconv.AppendUint(b, 60+user%40, 10)
	b = append(b, `-04-0`...)
	b = strconv.AppendUint(b, 1+user%9, 10)
	return append(b, `","avatar":"https://cdn.example.com/avatars/8f14e45f-ceea-467f-a8f1-2b2f3c4d5e6f/large.webp?v=3","consent":{"email":true}}}`...)
}
