package forecast

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"journey/dsl"
	"journey/orchestrator"
)

// shopLog are events of a shop as they are recorded: mostly views, now and
// then a cart, rarely an order; of n people, each every ten minutes or so.
func shopLog(events, people int) []byte {
	var b bytes.Buffer
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	categories := [...]string{"tea", "pots", "cups", "gifts"}
	for i := range people {
		fmt.Fprintf(&b, `{"type":"identify","messageId":"i-%08d","timestamp":"%s","userId":"u%d","traits":{"email":"u%d@example.com","name":"林怡君","tier":"%s","city":"%s","birthday":"19%d-04-0%d","consent":{"email":true}}}`+"\n",
			i, start.Format(time.RFC3339), i, i, [...]string{"bronze", "silver", "gold"}[i%3], [...]string{"Taipei", "Kaohsiung", "Tainan"}[i%3], 60+i%40, 1+i%9)
	}
	for n := range events {
		user := n * 7919 % people
		at := start.Add(time.Duration(n/people)*17*time.Minute + time.Duration(n%people)*time.Second*17*60/time.Duration(people))
		fmt.Fprintf(&b, `{"type":"track","messageId":"e-%032d","timestamp":"%s","userId":"u%d","event":`, n, at.Format("2006-01-02T15:04:05.000Z07:00"), user)
		switch turn := n/people + user; {
		case turn%20 == 19:
			fmt.Fprintf(&b, `"Order Completed","properties":{"order_id":"o%d","cart_id":"c%d","total":%d.5,"currency":"TWD","payment":"card"}`, n, user, 10+n%990)
		case turn%5 == 4:
			fmt.Fprintf(&b, `"Cart Updated","properties":{"cart_id":"c%d","total":%d,"items":[{"sku":"tea-%d","quantity":2}]}`, user, 10+n%990, 1000+n%100)
		default:
			fmt.Fprintf(&b, `"Product Viewed","properties":{"sku":"tea-%d","name":"烏龍茶","price":%d,"category":"%s"}`, 1000+n%100, 10+n%990, categories[n%4])
		}
		b.WriteString(`,"context":{"library":{"name":"bench.js","version":"1.4.2"},"locale":"zh-TW","page":{"path":"/products/tea"}}}` + "\n")
	}
	return b.Bytes()
}

func bytesSource(b []byte) Source {
	return Source{Name: "log.jsonl", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func loadPlan(t testing.TB, sources map[string]string) *orchestrator.Plan {
	t.Helper()
	p, diags := dsl.Load(sources)
	if p == nil {
		t.Fatalf("%v", diags[0].Message)
	}
	return orchestrator.NewPlan(p)
}

// benchPlan is the workspace that events are measured with: 20 segments and
// 10 journeys.
func benchPlan(t testing.TB) *orchestrator.Plan {
	t.Helper()
	text, err := os.ReadFile("../bench/shop/shop.journey")
	if err != nil {
		t.Fatal(err)
	}
	return loadPlan(t, map[string]string{"shop.journey": string(text)})
}

// BenchmarkRun is a forecast of 10 journeys: the bar is 30,000 events a second
// on two cores.
func BenchmarkRun(b *testing.B) {
	plan := benchPlan(b)
	defer debug.SetGCPercent(debug.SetGCPercent(300)) // as the command does
	const events = 100_000
	log := shopLog(events, 5_000)
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d cores", cores), func(b *testing.B) {
			n := 0
			from := processorTime()
			for b.Loop() {
				res, err := Run(context.Background(), Options{Plan: plan, Log: []Source{bytesSource(log)}, Cores: cores})
				if err != nil || res.Events != events+5_000 {
					b.Fatal(err, res)
				}
				n += res.Events
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64((processorTime()-from).Microseconds())/float64(n), "cpu-µs/event")
		})
	}
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
