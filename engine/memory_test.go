package engine

import (
	"fmt"
	"runtime"
	"testing"
)

// What the cache is told people cost is about what they cost.
func TestPeopleInMemoryCostWhatIsCounted(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	const people, events = 400, 20
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for n := range people {
		calls := make([]Call, 0, events+1)
		user := fmt.Sprintf("user-%d", n)
		calls = append(calls, Call{Kind: CallIdentify, UserID: user, Traits: map[string]any{
			"email": user + "@example.com", "name": "Somebody " + user, "tier": "gold", "city": "Taipei", "zip": "100", "phone_model": "Pixel 9",
			"picture": "https://cdn.example.com/pictures/people/large/0123456789abcdef/0123456789abcdef.jpg?size=large",
		}})
		for k := range events {
			calls = append(calls, track(user, "Nudged", fmt.Sprintf("2f9c1b5e-0000-4000-8000-%06d%06d", n, k), map[string]any{
				"n": float64(k), "page": fmt.Sprintf("/products/%d", n*k), "price": 120.5, "ref": "newsletter", "ok": true, "campaign": "spring", "variant": "b", "position": 3.0,
			}))
		}
		submit(t, e, calls...)
	}
	real, counted := heap()-before, e.people.used+e.pointers.used
	t.Logf("a person takes %d bytes and counts as %d", real/people, counted/people)
	if counted < real*2/3 || counted > real*3 {
		t.Errorf("%d people take %d bytes and count as %d", people, real, counted)
	}
	runtime.KeepAlive(e)
}

func TestMachineMemory(t *testing.T) {
	if got := memTotal("MemTotal:       24683520 kB\nMemFree:        1000 kB\n"); got != 24683520<<10 {
		t.Errorf("MemTotal is read as %d", got)
	}
	if have := machineMemory(); have < 0 || have > 0 && have < 64<<20 {
		t.Errorf("the machine has %d bytes of memory", have)
	}
}
