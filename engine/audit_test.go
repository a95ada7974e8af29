package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"journey/audit"
)

// What administrators of two processes do stands in one chain, which breaks
// where somebody has changed it.
func TestAudit(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	ctx := context.Background()
	var all sync.WaitGroup
	for i, e := range []*Engine{a, b} {
		all.Go(func() {
			for n := range 10 {
				for {
					err := e.audit(ctx, fmt.Sprint("admin ", i), "pause", "cart", fmt.Sprint(n))
					if err == nil {
						break
					}
					if !errors.Is(err, ErrUnavailable) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	list, err := a.Audit(ctx, 1, 100)
	if err != nil || len(list) != 21 {
		t.Fatalf("%d entries %v", len(list), err)
	}
	if list[0].Action != "deploy" || list[0].By != "test" {
		t.Errorf("the first is %+v", list[0])
	}
	last, err := audit.Check(nil, list)
	if err != nil || last.Number != 21 {
		t.Fatalf("%+v %v", last, err)
	}
	if _, err := audit.Check(&list[4], list[5:]); err != nil {
		t.Errorf("from the middle: %v", err)
	}
	for name, broken := range map[string]func([]audit.Entry) []audit.Entry{
		"changed":   func(l []audit.Entry) []audit.Entry { l[7].By = "nobody"; return l },
		"taken out": func(l []audit.Entry) []audit.Entry { return append(l[:7], l[8:]...) },
		"exchanged": func(l []audit.Entry) []audit.Entry { l[7], l[8] = l[8], l[7]; return l },
		"forged": func(l []audit.Entry) []audit.Entry {
			l[7].By = "nobody"
			l[7].Hash, _ = l[7].Sum()
			return l
		},
	} {
		copied := broken(append([]audit.Entry(nil), list...))
		var wrong *audit.Error
		if _, err := audit.Check(nil, copied); !errors.As(err, &wrong) || wrong.Number < 8 || wrong.Number > 9 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
