package forecast

import (
	"context"
	"testing"
)

// FuzzRun takes anything for a log: it is read, and the same on one core and
// on three.
func FuzzRun(f *testing.F) {
	f.Add(`{"type":"track","userId":"ann","event":"Cart Updated","properties":{"cart_id":"c1","total":100},"timestamp":"2026-03-02T02:00:00Z"}`)
	f.Add(`{"type":"identify","userId":12345678901234567890,"anonymousId":"d","traits":{"email":"a@example.com","consent":{"email":true}},"timestamp":1772413200}`)
	f.Add(`{"type":"alias","userId":"ann","previousId":"d"}` + "\n" + `{"userId":"bob","event":"Signed Up","receivedAt":"2026-03-02","sentAt":"x","originalTimestamp":"2026-03-02 09:00"}`)
	f.Add(wildLog(1, 20))
	f.Add("\x1f\x8b\x08")
	p := plan(f, shopText)
	f.Fuzz(func(t *testing.T, log string) {
		one, err := Run(context.Background(), Options{Plan: p, Log: []Source{bytesSource([]byte(log))}})
		if err != nil {
			return
		}
		three, err := Run(context.Background(), Options{Plan: p, Log: []Source{bytesSource([]byte(log))}, Cores: 3})
		if err != nil || shown(t, one) != shown(t, three) {
			t.Fatalf("%v\n%s\n%s", err, shown(t, one), shown(t, three))
		}
	})
}
