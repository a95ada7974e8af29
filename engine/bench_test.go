package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func benchSubmit(b *testing.B, people, batch int, change ...func(*Options)) {
	e := startEngine(b, startRedis(b).url, change...)
	deploy(b, e, shop)
	call := func(n int64) Call {
		return Call{
			Kind: CallTrack, Source: "web", MessageID: fmt.Sprintf("2f9c1b5e-0000-4000-8000-%012d", n),
			UserID: fmt.Sprintf("user%d", n%int64(people)), Event: "Nudged",
			Properties: map[string]any{"n": float64(n % 10), "page": "/products/12345", "price": 120.5, "ref": "newsletter", "ok": true},
		}
	}
	ctx := context.Background()
	for n := range people {
		submit(b, e, call(int64(n)))
	}
	var next atomic.Int64
	next.Store(int64(people) * 1000)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	before := cpu()
	b.RunParallel(func(pb *testing.PB) {
		calls := make([]Call, batch)
		for pb.Next() {
			for i := range calls {
				calls[i] = call(next.Add(7))
			}
			if _, err := e.Submit(ctx, calls); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N*batch), "cpu-µs/event") // Redis's apart
}

// cpu is the processor time that this process has taken.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSubmitHot(b *testing.B)      { benchSubmit(b, 10_000, 1) }
func BenchmarkSubmitHotBatch(b *testing.B) { benchSubmit(b, 10_000, 100) }
func BenchmarkSubmitCold(b *testing.B) {
	benchSubmit(b, 10_000, 1, func(o *Options) { o.CacheBytes = -1 })
}

// BenchmarkSubmitHotLogged is BenchmarkSubmitHot with an event log kept; nobody
// empties the streams.
func BenchmarkSubmitHotLogged(b *testing.B) {
	benchSubmit(b, 10_000, 1, func(o *Options) { o.LogBound = 1 << 40 })
}
