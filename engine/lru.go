package engine

import "sync"

// lru keeps what was used lately, bounded by bytes. Costs are estimates that
// the caller makes; an entry that alone exceeds the bound is not kept.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	limit int64
	used  int64
	items map[K]*lruItem[K, V]
	root  lruItem[K, V] // of the ring of all: root.next was used last
}

type lruItem[K comparable, V any] struct {
	key        K
	val        V
	cost       int64
	lent       bool // taken: the place is kept for when it comes back
	prev, next *lruItem[K, V]
}

func newLRU[K comparable, V any](limit int64) *lru[K, V] {
	c := &lru[K, V]{limit: limit, items: map[K]*lruItem[K, V]{}}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

func (c *lru[K, V]) get(key K) (val V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil || e.lent {
		return val, false
	}
	c.front(e)
	return e.val, true
}

func (c *lru[K, V]) put(key K, val V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil {
		e = &lruItem[K, V]{key: key}
		e.prev, e.next = e, e
		c.items[key] = e
	}
	c.used += cost - e.cost
	e.val, e.cost, e.lent = val, cost, false
	c.front(e)
	for c.used > c.limit && c.root.prev != &c.root {
		c.remove(c.root.prev)
	}
}

// take hands an entry over: it is nobody else's until it is put back.
func (c *lru[K, V]) take(key K) (val V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil || e.lent {
		return val, false
	}
	val, e.val, e.lent = e.val, val, true
	return val, true
}

// clear removes everything.
func (c *lru[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.root.prev, c.root.next = &c.root, &c.root
	c.items = map[K]*lruItem[K, V]{}
	c.used = 0
}

func (c *lru[K, V]) drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[key]; e != nil {
		c.remove(e)
	}
}

func (c *lru[K, V]) remove(e *lruItem[K, V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	delete(c.items, e.key)
	c.used -= e.cost
}

// front makes an entry the one that was used last.
func (c *lru[K, V]) front(e *lruItem[K, V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = &c.root, c.root.next
	e.prev.next, e.next.prev = e, e
}
