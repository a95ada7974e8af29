package ingest

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"journey/engine"
)

// outcome is what became of an input.
type outcome uint8

const (
	accepted outcome = iota
	duplicate
	suppressed  // about somebody whose data are not to be stored
	refused     // the client's mistake
	refusedItem // the same, before its kind was known
	failed      // not known to be stored: the client will send it again
	outcomes
)

var outcomeNames = [outcomes]string{"stored", "duplicate", "suppressed", "refused", "refused", "unavailable"}

// metrics are the figures of the API. Those that change with each request are
// looked up once, here: not by their labels each time.
type metrics struct {
	registry *prometheus.Registry
	inputs   [len(kindNames)][outcomes]prometheus.Counter
	times    *prometheus.HistogramVec
	handler  http.Handler
}

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	inputs := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "journey_inputs_total", Help: "Calls received, by kind and what became of them.",
	}, []string{"kind", "outcome"})
	for kind := range m.inputs {
		for o := range outcomes {
			name := kindNames[kind]
			if o == refusedItem {
				name = "unknown"
			}
			m.inputs[kind][o] = inputs.WithLabelValues(name, outcomeNames[o])
		}
	}
	m.times = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "journey_http_request_duration_seconds", Help: "Time to answer a request, by route and class of status.",
		Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5},
	}, []string{"route", "status"})
	m.registry.MustRegister(inputs, m.times, &health{s: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "journey_http_requests_working", Help: "Requests that are worked on.",
		}, func() float64 { return float64(s.working.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "journey_build_info", Help: "Always 1; its label is the version.", ConstLabels: prometheus.Labels{"version": s.o.Version},
		}, func() float64 { return 1 }))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Timeout: 5 * time.Second})
	return m
}

// serve answers /metrics.
func (m *metrics) serve(c *request) error {
	m.handler.ServeHTTP(c.Response(), c.Request())
	return nil
}

// input counts calls.
func (m *metrics) input(kind engine.CallKind, o outcome, n int) { m.inputs[kind][o].Add(float64(n)) }

// routeMetrics are the figures of a route.
type routeMetrics struct {
	name    string
	classes [6]prometheus.Observer // by the status' first digit
}

func (m *metrics) route(name string) *routeMetrics {
	r := &routeMetrics{name: name}
	for i := range r.classes {
		if i > 0 {
			r.classes[i] = m.times.WithLabelValues(name, string(rune('0'+i))+"xx")
		}
	}
	return r
}

func (r *routeMetrics) observe(status int, took time.Duration) {
	if class := status / 100; class >= 1 && class < len(r.classes) {
		r.classes[class].Observe(took.Seconds())
	}
}

// health collects what the engine knows of itself, at the moment it is asked.
type health struct{ s *Server }

func gauge(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

var (
	descWritable = gauge("journey_redis_writable", "1 if Redis takes writes.")
	descRelease  = gauge("journey_release_live", "Number of the live release; 0: none.")
	descEntries  = gauge("journey_outbox_reactions", "Reactions that wait for Temporal.")
	descLag      = gauge("journey_outbox_lag_seconds", "Age of the oldest reaction that waits for Temporal.")
	descSkew     = gauge("journey_clock_skew_seconds", "This machine's clock less Redis's.")
	descEngine   = prometheus.NewDesc("journey_engine_total", "What the engine did, by what.", []string{"what"}, nil)
)

// Describe describes the figures.
func (h *health) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descWritable, descRelease, descEntries, descLag, descSkew, descEngine} {
		ch <- d
	}
}

// Collect asks the engine.
func (h *health) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), h.s.o.Limits.Timeout)
	defer cancel()
	put := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	state := h.s.state(ctx)
	put(descRelease, float64(state.Release))
	if state.Writable {
		put(descWritable, 1)
		put(descEntries, float64(state.Outbox.Entries))
		put(descLag, h.s.lag(state).Seconds())
		put(descSkew, state.Skew.Seconds())
	} else {
		put(descWritable, 0)
	}
	e, ok := h.s.o.Engine.(interface{ Counts() engine.Counts })
	if !ok {
		return
	}
	n := e.Counts()
	for what, v := range map[string]int64{
		"commits": n.Commits, "conflicts": n.Conflicts, "loads": n.Loads, "hits": n.Hits, "merges": n.Merges,
		"lost": n.Lost, "suppressed": n.Suppressed, "unavailable": n.Unavailable, "duplicates": n.Duplicates, "dropped": n.Dropped,
		"rebased": n.Rebased, "wakes": n.Wakes, "panics": n.Panics,
	} {
		ch <- prometheus.MustNewConstMetric(descEngine, prometheus.CounterValue, float64(v), what)
	}
}

var _ prometheus.Collector = (*health)(nil)
