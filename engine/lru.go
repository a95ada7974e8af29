package engine

import (
	"container/list"
	"sync"
)

// lru keeps what was used lately, bounded by bytes. Costs are estimates that
// the caller makes; an entry that alone exceeds the bound is not kept.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	limit int64
	used  int64
	order *list.List // front: used last
	items map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key  K
	val  V
	cost int64
}

func newLRU[K comparable, V any](limit int64) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (val V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return val, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).val, true
}

func (c *lru[K, V]) put(key K, val V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		item := e.Value.(*lruItem[K, V])
		c.used += cost - item.cost
		item.val, item.cost = val, cost
		c.order.MoveToFront(e)
	} else {
		c.items[key] = c.order.PushFront(&lruItem[K, V]{key, val, cost})
		c.used += cost
	}
	for c.used > c.limit && c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

// take removes an entry and hands it over.
func (c *lru[K, V]) take(key K) (val V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return val, false
	}
	c.remove(e)
	return e.Value.(*lruItem[K, V]).val, true
}

// clear removes everything.
func (c *lru[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	c.items = map[K]*list.Element{}
	c.used = 0
}

func (c *lru[K, V]) drop(key K) { c.take(key) }

func (c *lru[K, V]) remove(e *list.Element) {
	item := c.order.Remove(e).(*lruItem[K, V])
	delete(c.items, item.key)
	c.used -= item.cost
}
