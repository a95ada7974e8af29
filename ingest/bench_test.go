package ingest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"journey/engine"
)

// discard is a response writer that keeps only the headers.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// load posts one body to a handler again and again.
func load(h http.Handler, path, body string, n int) {
	r, _ := http.NewRequest("POST", path, nil)
	r.SetBasicAuth("dev", "")
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = int64(len(body))
	rd := strings.NewReader(body)
	r.Body = io.NopCloser(rd)
	w := &discard{h: http.Header{}}
	for range n {
		rd.Reset(body)
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

// quick is an engine that does nothing.
type quick struct{ fake }

var one = make([]engine.CallResult, 100)

func (*quick) Submit(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
	return one[:len(calls)], nil
}

// bare is what a service does at least: Echo, the same JSON parsed into a
// map, an answer.
func bare() http.Handler {
	e := echo.New()
	e.POST("/v1/track", func(c echo.Context) error {
		var m map[string]any
		if err := json.NewDecoder(c.Request().Body).Decode(&m); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]bool{"success": true})
	})
	return e
}

// BenchmarkTrack is one event of 300 bytes, without network and engine, beside
// a bare Echo that parses the same; "ratio" is their rate by ours: above 1, we
// are faster.
func BenchmarkTrack(b *testing.B) {
	s := New(Options{Engine: &quick{}, WriteKeys: Keys(map[string]string{"web": "dev"})})
	ours, theirs := s.Handler(), bare()
	const chunk = 200
	var a, e time.Duration
	b.ReportAllocs()
	n := 0
	for b.Loop() { // by turns, so that what disturbs one disturbs both
		begun := time.Now()
		load(ours, "/v1/track", sampleTrack, chunk)
		half := time.Now()
		load(theirs, "/v1/track", sampleTrack, chunk)
		a, e = a+half.Sub(begun), e+time.Since(half)
		n += chunk
	}
	b.ReportMetric(float64(a.Nanoseconds())/float64(n), "ns/event")
	b.ReportMetric(float64(e.Nanoseconds())/float64(n), "echo-ns/event")
	b.ReportMetric(float64(e)/float64(a), "ratio")
}

// BenchmarkBatch is a batch of 100 of the same events.
func BenchmarkBatch(b *testing.B) {
	s := New(Options{Engine: &quick{}, WriteKeys: Keys(map[string]string{"web": "dev"})})
	body := `{"batch":[` + sampleTrack + strings.Repeat(","+sampleTrack, 99) + `],"sentAt":"2026-03-02T12:00:00Z"}`
	b.ReportAllocs()
	for b.Loop() {
		load(s.Handler(), "/v1/batch", body, 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/event")
}

// BenchmarkTrackAlone is for profiles.
func BenchmarkTrackAlone(b *testing.B) {
	s := New(Options{Engine: &quick{}, WriteKeys: Keys(map[string]string{"web": "dev"})})
	b.ReportAllocs()
	load(s.Handler(), "/v1/track", sampleTrack, b.N)
}
