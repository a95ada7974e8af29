package ingest

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"journey/audit"
	"journey/dsl/diag"
	"journey/engine"
	"journey/ingest/sources"
	"journey/orchestrator"
	"journey/profiles"
	"journey/why"
)

// Engine is what the API needs of an engine; *engine.Engine is one.
type Engine interface {
	// Submit takes calls. It looks at the deadline of the context, which has
	// no timer that tells of it (engine.Until).
	Submit(ctx context.Context, calls []engine.Call) ([]engine.CallResult, error)
	Profile(ctx context.Context, ref string) (*profiles.View, error)
	Portrait(ctx context.Context, ref string, o why.PortraitOptions) (*why.Portrait, error)
	Why(ctx context.Context, ref, journey string) (*why.Explanation, error)
	Segments(ctx context.Context) ([]engine.SegmentSize, int64, engine.Fitting, error)
	Members(ctx context.Context, segment string, found func(engine.Member) error) (people int64, err error)
	Overlap(ctx context.Context, first, second string, progress func(engine.Overlap) error) (engine.Overlap, error)
	Preview(ctx context.Context, condition string, progress func(engine.Preview) error) (engine.Preview, error)
	Tag(ctx context.Context, ref string, add, remove []string) ([]string, error)
	Deploy(ctx context.Context, sources map[string]string, dryRun bool, by string) (engine.Release, []diag.Diagnostic, error)
	Releases(ctx context.Context) ([]engine.Release, error)
	Rollback(ctx context.Context, number int) (engine.Release, error)
	Journeys(ctx context.Context) ([]engine.Standing, error)
	Pause(ctx context.Context, journey string, paused bool) error
	Announce(ctx context.Context, b engine.Broadcast) (engine.Broadcast, error)
	Broadcast(ctx context.Context, id string) (engine.Broadcast, error)
	Broadcasts(ctx context.Context) ([]engine.Broadcast, error)
	Erase(ctx context.Context, ref, mode, by string) (engine.Erasure, error)
	Erasure(ctx context.Context, id string) (engine.Erasure, error)
	Erasures(ctx context.Context) ([]engine.Erasure, error)
	Audit(ctx context.Context, from int64, max int) ([]audit.Entry, error)
	Ready(ctx context.Context) engine.Health
	// Live is what is live; nil while nothing was published.
	Live() *orchestrator.Plan
	// ImportBegins writes into the audit log that a file is to be imported.
	ImportBegins(ctx context.Context, name string) error
	// Imported and KeepImported remember the rows of imports by their keys.
	Imported(ctx context.Context, name string, keys []uint64) ([]bool, error)
	KeepImported(ctx context.Context, name string, keys []uint64) error
}

// Options are what a server needs.
type Options struct {
	// Engine is what takes the calls; nil: there is none yet, and whatever is
	// asked but health, metrics and version is answered 503.
	Engine Engine
	// WriteKeys says to which source a write key belongs; Keys makes one from
	// a list. It must take the same time for keys that are nearly right. nil:
	// that of Sources, if there are any; else nobody may write.
	WriteKeys func(key string) (source *sources.Live, ok bool)
	// Sources are those that the admin API shows and changes; nil: it does
	// not.
	Sources *sources.Registry
	// AdminKey opens profiles and releases; "": they are closed.
	AdminKey string
	// Mailbox is served at /dev/mailbox and below, its path as it came; nil:
	// there is none.
	Mailbox http.Handler
	Logger  *slog.Logger // nil: nothing is logged
	// Health looks at what the engine does not know of, Temporal say. It
	// should answer within two seconds; nil: there is nothing else.
	Health  func(ctx context.Context) []Check
	Version string
	Limits  Limits
	Now     func() time.Time // real time; nil: time.Now
}

// Check is one thing that readiness depends on.
type Check struct {
	Name   string `json:"name"` // "temporal"
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // why not, or a figure
	// Spared says that traffic may come although this is not OK: Temporal is
	// away, say, and events are accepted all the same.
	Spared bool `json:"-"`
}

// Limits bound what one request, and all of them, may cost. A zero means the
// default.
type Limits struct {
	Event    int           // bytes of an event: 32 KB
	Batch    int           // bytes of a batch: 500 KB
	Import   int           // bytes of a batch of history, or of PostHog's: 4 MB
	Items    int           // events in a batch: 2,500
	Admin    int           // bytes of an admin request: 8 MB
	Requests int           // requests that are worked on: 4,096
	Bytes    int64         // bytes of the bodies under way: 64 MB
	Timeout  time.Duration // until a call is answered, from when its body is there: 1.6 s
	Long     time.Duration // the same for the admin API: 60 s
	Body     time.Duration // until a body has arrived: 30 s
}

// withDefaults fills in what is not said.
func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Event, 32<<10)
	def(&l.Batch, 500<<10)
	def(&l.Import, 4<<20)
	def(&l.Items, 2500)
	def(&l.Admin, 8<<20)
	def(&l.Requests, 4096)
	if l.Bytes <= 0 {
		l.Bytes = 64 << 20
	}
	if l.Timeout <= 0 {
		l.Timeout = 1600 * time.Millisecond // a client is told within 2 s, on a busy machine too
	}
	if l.Long <= 0 {
		l.Long = time.Minute
	}
	if l.Body <= 0 {
		l.Body = 30 * time.Second
	}
	return l
}

// Server is the HTTP API. It is safe for concurrent use.
type Server struct {
	o         Options
	log       *slog.Logger
	echo      *echo.Echo
	ids       requestIDs
	budget    budget        // of bytes
	importing chan struct{} // a place for each file that is imported
	working   atomic.Int64  // requests that are worked on
	walking   atomic.Int64  // of them those that look at all people
	draining  atomic.Bool
	metrics   *metrics
}

// New makes a server.
func New(o Options) *Server {
	o.Limits = o.Limits.withDefaults()
	if o.WriteKeys == nil && o.Sources != nil {
		o.WriteKeys = o.Sources.Find
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, log: o.Logger, echo: echo.New(), ids: newRequestIDs(), importing: make(chan struct{}, importsAtOnce)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.budget.left.Store(o.Limits.Bytes)
	s.metrics = newMetrics(s)
	s.routes()
	return s
}

// Handler is the whole API.
func (s *Server) Handler() http.Handler { return s.echo }

// HTTPServer is a server for the API, with limits for slow and idle
// connections; the caller lets it listen and shuts it down. How long a body
// may take to arrive the API bounds itself, whoever serves it.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      s.o.Limits.Body + s.o.Limits.Long + 30*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// Registry is where /metrics reads: others may add to it.
func (s *Server) Registry() *prometheus.Registry { return s.metrics.registry }

// Drain makes /readyz say no from now on, so that no new traffic is sent
// here; everything goes on being served.
func (s *Server) Drain() { s.draining.Store(true) }
