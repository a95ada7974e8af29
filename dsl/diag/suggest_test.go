package diag

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSuggest(t *testing.T) {
	words := []string{"wait", "send", "split", "if", "set", "exit", "untag", "on", "tier", "total_spend", "會員等級", "會員編號"}
	for name, want := range map[string]string{
		"wiat":        "wait",
		"Wait":        "wait",
		"wat":         "wait",
		"sned":        "send",
		"in":          "", // never "on"
		"fi":          "",
		"IF":          "if",
		"totalSpend":  "total_spend",
		"total_spned": "total_spend",
		"teir":        "tier",
		"會員等极":        "會員等級",
		"tomorrow":    "",
		"wait":        "", // it is right
		"":            "",
	} {
		t.Run(name, func(t *testing.T) {
			if got := Suggest(name, words); got != want {
				t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
			}
		})
	}
}

// The fast distance is the textbook one wherever it is within the limit.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.SampledFrom([]rune("abc")), 0, 7).Draw(t, "a")
		b := rapid.SliceOfN(rapid.SampledFrom([]rune("abc")), 0, 7).Draw(t, "b")
		limit := rapid.IntRange(0, 7).Draw(t, "limit")
		want := slowDistance(a, b)
		got := distance(a, b, limit)
		if want <= limit && got != want || want > limit && got <= limit {
			t.Fatalf("distance(%q, %q, %d) = %d, want %d", string(a), string(b), limit, got, want)
		}
	})
}

func slowDistance(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	n, m := len(a)-1, len(b)-1
	d := slowDistance(a[:n], b[:m])
	if a[n] != b[m] {
		d++
	}
	d = min(d, slowDistance(a[:n], b)+1, slowDistance(a, b[:m])+1)
	if n > 0 && m > 0 && a[n] == b[m-1] && a[n-1] == b[m] {
		d = min(d, slowDistance(a[:n-1], b[:m-1])+1)
	}
	return d
}

func BenchmarkSuggest(b *testing.B) {
	words := strings.Fields("wait send split if set exit untag tag clear let enter once again only goal transactional control priority repeat emit call start")
	b.ReportAllocs()
	for b.Loop() {
		Suggest("wiat", words)
	}
}
