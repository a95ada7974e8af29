package workflows

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// How long a worker that is down is left alone: the first time, and at most.
// One that has run for longer than the most begins again with the first.
const (
	restFirst = time.Second
	restMost  = 30 * time.Second
)

// pollingWorker is a Temporal worker as its keeper sees it.
type pollingWorker interface {
	Start() error
	Stop()
}

// keeper keeps one Temporal worker running: it starts another when one cannot
// be started, for Temporal is away say, or has died of an error that the SDK
// does not go on from (the namespace is gone, the client is refused).
type keeper struct {
	queue string
	make  func(died func(error)) pollingWorker
	first time.Duration
	most  time.Duration
	log   *slog.Logger

	mu   sync.Mutex
	down Down
}

// Down is a Temporal worker that does not run at the moment.
type Down struct {
	Queue string
	Since time.Time
	Error string
}

// run keeps a worker running until the context ends, and then stops it.
func (k *keeper) run(ctx context.Context) {
	for rest := k.first; ; rest = min(2*rest, k.most) {
		began := time.Now()
		died := make(chan error, 1)
		w := k.make(func(err error) { died <- err })
		err := w.Start()
		if err == nil {
			k.up()
			select {
			case err = <-died:
			case <-ctx.Done():
			}
		}
		if err != nil {
			k.fell(err)
		}
		w.Stop()
		if time.Since(began) > k.most {
			rest = k.first
		}
		if sleep(ctx, rest) != nil {
			return
		}
	}
}

// fell notes that the worker does not run.
func (k *keeper) fell(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down.Since.IsZero() {
		k.down = Down{Queue: k.queue, Since: time.Now()}
	}
	if k.down.Error != err.Error() { // the same again is no news
		k.down.Error = err.Error()
		k.log.Error("a Temporal worker does not run: it is started again until it does", "queue", k.queue, "error", err.Error())
	}
}

// up notes that it does.
func (k *keeper) up() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.down.Since.IsZero() {
		k.log.Info("the Temporal worker runs again", "queue", k.queue)
	}
	k.down = Down{}
}

// state is whether, and why, it does not run.
func (k *keeper) state() (down Down, is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.down, !k.down.Since.IsZero()
}
