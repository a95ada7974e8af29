package dsl

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// large is a workspace of n journeys, of 2 KB each with their messages, in
// files of ten, with the segments and traits that so many use.
func large(n int) map[string]string {
	sources := map[string]string{"workspace.journey": `
workspace {
  timezone "Asia/Taipei"
  consent  required
  cap      email 3 per 7 days
  topics   offers "Offers"
  quiet    21:00 to 09:00 for sms
}
trait email: email identifier
trait phone: phone identifier
trait name:  text
trait tier:  text one of "bronze", "silver", "gold"
trait spend: number = sum(order_completed, .total)
event cart_updated "Cart Updated" { cart_id: text, total: number, items: list of { sku: text, price: number, quantity: integer } }
event order_completed "Order Completed" { order_id: text, cart_id: text optional, total: number }
event product_viewed "Product Viewed" { sku: text, price: number, category: text }
`}
	var b strings.Builder
	for i := range n {
		if i%10 == 0 {
			b.Reset()
		}
		fmt.Fprintf(&b, largeJourney, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i)
		sources[fmt.Sprintf("part%03d.journey", i/10)] = b.String()
	}
	return sources
}

const largeJourney = `
# Journey %d: somebody has filled a cart and has not bought what is in it. First a reminder, then
# an offer or a last call, by a split; buyers get a better one. Nobody gets anything at night, and nobody twice.

segment buyers_%d "Buyers" = profile.spend >= 10_%03d and count(order_completed in last 365 days) >= 3
segment lookers_%d = any(product_viewed in last 30 days, .price > 100 and .category == "tea") and not segment.buyers_%d

journey cart_%d "Abandoned cart" {
  enter on cart_updated where len(event.items) > 0 and event.total > %d
  again after 7 days per event.cart_id
  only while profile.tier != "gold" or segment.lookers_%d
  exit on order_completed where event.cart_id == entry.cart_id
  goal purchase on order_completed within 7 days value event.total

  wait until no cart_updated where event.cart_id == entry.cart_id for 1 hour
  let cart = last(filter(cart_updated, .cart_id == entry.cart_id))
  if count(run.cart.items) == 0 { exit "emptied" }
  send reminder_%d with { items: run.cart.items } otherwise { send words_%d }
  wait 1 day
  wait until 10:00 to 20:00
  if segment.buyers_%d and profile.name is set {
    send offer_%d with { percent: 10 }
  } else {
    split offer_test_%d {
      50%% discount { send offer_%d with { percent: 5 } }
      50%% plain {
        wait up to 2 days for order_completed where event.total > 100 otherwise { send words_%d }
      }
    }
  }
}

message reminder_%d via email {
  subject "{{ profile.name | default: 'you' }}, your cart is waiting"
  html    "<p>{%% for item in items %%}<b>{{ item.sku }}</b> {{ item.price }} × {{ item.quantity }}{%% endfor %%}</p><a href='{{ unsubscribe_url }}'>Leave</a>"
  text    "{{ entry.total }} in cart {{ entry.cart_id }}. {{ unsubscribe_url }}"
}
message offer_%d via email {
  topic   offers
  subject "{{ percent }} percent off"
  text    "{{ profile.name | default: 'You' }} get {{ percent }} percent. {{ unsubscribe_url }}"
}
message words_%d via sms { text "Your cart {{ entry.cart_id }} is waiting" }
`

// A workspace of 200 journeys, of 400 KB, is checked within a second of one
// core, cold; and what is done grows with the workspace, not faster.
func TestTwoHundredJourneys(t *testing.T) {
	size := 0
	for _, text := range large(200) {
		size += len(text)
	}
	if size < 400_000 {
		t.Errorf("200 journeys are %d bytes", size)
	}
	check := func(n int) func() {
		sources := large(n)
		return func() {
			if p, diags := Load(sources); p == nil || len(p.Journeys) != n {
				t.Fatalf("it is wrong:\n%s", describe(diags[:min(3, len(diags))]))
			}
		}
	}
	best := time.Hour
	for range 3 {
		begun := processorTime(t)
		check(200)()
		best = min(best, processorTime(t)-begun)
	}
	half, whole := testing.AllocsPerRun(1, check(100)), testing.AllocsPerRun(1, check(200))
	t.Logf("%d KB: %v of processor time; %.0f allocations, %.0f for half of it", size>>10, best, whole, half)
	if best > time.Second {
		t.Errorf("it takes %v", best)
	}
	if whole > 2.1*half {
		t.Errorf("%.0f allocations, %.0f for half of it", whole, half)
	}
}

// processorTime is what this process has used: others may be at work.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCheck checks 200 journeys: the bar is a second.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		b.Run(fmt.Sprintf("%d journeys", n), func(b *testing.B) {
			sources := large(n)
			b.ReportAllocs()
			for b.Loop() {
				if p, _ := Load(sources); p == nil {
					b.Fatal("it is wrong")
				}
			}
		})
	}
}
