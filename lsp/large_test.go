package lsp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"journey/dsl"
	"journey/lsp/names"
)

// large is the shop with n more journeys, their messages and their tests.
func large(t testing.TB, n int) map[string]string {
	sources := shop(t)
	base := sources[cart]
	for i := range n {
		id := fmt.Sprintf("_%d", i)
		text := strings.NewReplacer("journey abandoned_cart", "journey abandoned_cart"+id, "message cart_reminder", "message cart_reminder"+id,
			"send cart_reminder", "send cart_reminder"+id, "message cart_offer", "message cart_offer"+id, "send cart_offer", "send cart_offer"+id,
			"message cart_last_call", "message cart_last_call"+id, "send cart_last_call", "send cart_last_call"+id,
			"split offer_test", "split offer_test"+id).Replace(base)
		sources[fmt.Sprintf("more/cart%d.journey", i)] = strings.ReplaceAll(text, `"templates/`, `"../templates/`)
	}
	return sources
}

// BenchmarkKeystroke is what a keystroke costs in a workspace of 200 journeys
// (400 KB): from the changed text to its diagnostics.
func BenchmarkKeystroke(b *testing.B) {
	sources := large(b, 200)
	var cache dsl.Cache
	if p, diags, _ := cache.Load(sources); p == nil {
		b.Fatal(diags)
	}
	text, bytes := sources[cart], 0
	for _, s := range sources {
		bytes += len(s)
	}
	slowest := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		sources[cart] = text + fmt.Sprintf("# %d\n", i)
		cache.Load(sources)
		slowest = max(slowest, time.Since(begin))
	}
	b.ReportMetric(float64(bytes)/1000, "KB")
	b.ReportMetric(float64(slowest.Milliseconds()), "ms-slowest")
}

// BenchmarkCompletion is what an answer costs there.
func BenchmarkCompletion(b *testing.B) {
	sources := large(b, 200)
	var cache dsl.Cache
	_, _, trees := cache.Load(sources)
	for b.Loop() {
		names.Build(trees, names.Options{Sources: sources})
	}
}
