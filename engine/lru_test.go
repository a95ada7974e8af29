package engine

import "testing"

func TestLRUKeepsWithinBytes(t *testing.T) {
	c := newLRU[string, int](100)
	c.put("a", 1, 40)
	c.put("b", 2, 40)
	if _, ok := c.get("a"); !ok {
		t.Fatal("a is gone")
	}
	c.put("c", 3, 40) // b was used longest ago
	if _, ok := c.get("b"); ok || c.used != 80 {
		t.Fatalf("b stayed, %d bytes", c.used)
	}
	c.put("a", 4, 90)
	if v, ok := c.get("a"); !ok || v != 4 || c.used != 90 {
		t.Fatalf("got %d %v, %d bytes", v, ok, c.used)
	}
	c.put("d", 5, 101)
	if c.used != 0 || len(c.items) != 0 {
		t.Fatalf("%d bytes of %d entries stay", c.used, len(c.items))
	}
	if _, ok := c.take("a"); ok {
		t.Fatal("a stayed")
	}
}

func TestLRUTakenIsNobodysUntilItIsBack(t *testing.T) {
	c := newLRU[string, int](100)
	c.put("a", 1, 40)
	if v, ok := c.take("a"); !ok || v != 1 {
		t.Fatalf("took %d %v", v, ok)
	}
	if _, ok := c.get("a"); ok {
		t.Fatal("a is there while it is taken")
	}
	if _, ok := c.take("a"); ok {
		t.Fatal("a was taken twice")
	}
	c.put("a", 2, 50)
	if v, ok := c.get("a"); !ok || v != 2 || c.used != 50 {
		t.Fatalf("got %d %v, %d bytes", v, ok, c.used)
	}
	c.take("a")
	c.put("b", 3, 60) // the place of a is the one used longest ago
	if len(c.items) != 1 || c.used != 60 {
		t.Fatalf("%d entries of %d bytes", len(c.items), c.used)
	}
	c.put("a", 4, 30)
	c.take("a")
	c.drop("a")
	if len(c.items) != 1 || c.used != 60 {
		t.Fatalf("%d entries of %d bytes after a drop", len(c.items), c.used)
	}
}
