package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"journey/channels/mailbox"
)

func activityNamed(name string) activity.RegisterOptions {
	return activity.RegisterOptions{Name: name}
}

// runEvent appends the event that begins a run of the n-th person.
func runEvent(b []byte, prefix string, n uint64) []byte {
	b = append(b, `{"type":"track","messageId":"`...)
	b = appendID(b, prefix, n)
	b = append(b, `","userId":"`...)
	b = append(b, prefix...)
	b = strconv.AppendUint(b, 100000+n, 10)
	b = append(b, `","event":"Ping","properties":{"sku":"tea-1001","name":"烏龍茶","price":120.5},"context":{"traits":{"email":"`...)
	b = append(b, prefix...)
	b = strconv.AppendUint(b, 100000+n, 10)
	return append(b, `@example.com","consent":{"email":true}},"library":{"name":"bench.js","version":"1.4.2"}}}`...)
}

// contest is the two that make runs beside each other.
type contest struct {
	redis    *child
	journeyd *journeyd
	hand     *child
	handAt   string
	gen      *generator
	box      *mailbox.Box
	temporal client.Client
}

func (c *contest) stop() {
	if c.temporal != nil {
		c.temporal.Close()
	}
	for _, p := range []*child{c.hand, c.gen.orNil(), c.journeyd.orNil()} {
		if p != nil {
			p.end()
		}
	}
	if c.redis != nil {
		c.redis.kill()
	}
	if c.box != nil {
		_ = c.box.Close()
	}
}

func (g *generator) orNil() *child {
	if g == nil {
		return nil
	}
	return g.child
}

func (j *journeyd) orNil() *child {
	if j == nil {
		return nil
	}
	return j.child
}

// startContest starts journeyd, with its embedded Temporal on a file, and the
// hand-written worker against the same Temporal. The mailbox is here, so that
// neither has to pay for it.
func (b *bench) startContest() (c *contest, err error) {
	c = &contest{}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	if c.box, err = mailbox.Open(""); err != nil {
		return c, err
	}
	addr, err := c.box.Start("127.0.0.1:0")
	if err != nil {
		return c, err
	}
	smtp := "smtp://" + addr
	var url string
	if c.redis, url, err = redisServer(filepath.Join(b.dir, "runs-redis")); err != nil {
		return c, err
	}
	dir, err := b.workspace("ping", pingSource)
	if err != nil {
		return c, err
	}
	if c.journeyd, err = b.startJourneyd(dir, "--data", filepath.Join(b.dir, "runs"), "--redis", url, "--smtp", smtp); err != nil {
		return c, err
	}
	if c.temporal, err = dialTemporal(c.journeyd.temporal); err != nil {
		return c, err
	}
	if c.hand, c.handAt, err = server("handwritten", "-temporal", c.journeyd.temporal, "-smtp", smtp); err != nil {
		return c, err
	}
	c.gen, err = newGenerator()
	return c, err
}

func dialTemporal(address string) (client.Client, error) {
	return client.Dial(client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
}

// runsRow is runs a second, *event → timer → send*, beside the hand-written
// workflow: from the first event posted to the last mail stored, by turns.
// What is posted is posted as fast as it is taken.
func (b *bench) runsRow() ([]row, error) {
	c, err := b.startContest()
	if err != nil {
		return nil, err
	}
	defer c.stop()
	ours := &contender{name: "journey", o: order{Addr: c.journeyd.api, Prefix: "j"}, procs: []*child{c.journeyd.child, c.redis}}
	theirs := &contender{name: "hand-written", o: order{Addr: c.handAt, Prefix: "w"}, procs: []*child{c.journeyd.child, c.hand}}
	for round := -1; round < b.rounds; round++ { // the first warms up
		n := b.runs
		if round < 0 {
			n = min(n, 60)
		}
		sides := []*contender{ours, theirs}
		if round%2 != 0 {
			sides[0], sides[1] = sides[1], sides[0]
		}
		for _, s := range sides {
			if err := c.round(b, s, n, round < 0); err != nil {
				return nil, err
			}
		}
	}
	per := ratios(ours.cpu, theirs.cpu)
	return []row{atLeast("runs per second, event → timer of 1 s → mail", "a hand-written Temporal workflow, same server, same worker settings, same SMTP conversation",
		ratios(ours.rates, theirs.rates), 0.9, " (stretch 1.3)",
		fmt.Sprintf("%.0f and %.0f runs/s; CPU a run, Temporal's included, %.1f and %.1f ms: %s of it",
			ours.rates.median(), theirs.rates.median(), ours.cpu.median(), theirs.cpu.median(), per.spread()))}, nil
}

// contender is one of the two.
type contender struct {
	name  string
	o     order
	procs []*child
	rates sample // runs a second
	cpu   sample // processor time of a run in ms
}

// round makes n runs of one side.
func (c *contest) round(b *bench, s *contender, n int, warm bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	s.o.People, s.o.Events, s.o.Run = 1, n, true
	mails := c.box.Len()
	spent, begun := cpu(s.procs...), time.Now()
	if _, err := c.gen.do(s.o); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	posted := time.Since(begun)
	if err := c.box.Wait(ctx, mails+n); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	took := time.Since(begun)
	if err := c.closed(ctx); err != nil {
		return err
	}
	if warm {
		return nil
	}
	s.rates = append(s.rates, float64(n)/took.Seconds())
	s.cpu = append(s.cpu, (cpu(s.procs...)-spent)/float64(n)*1000)
	b.logf("  %-12s %5.1f runs/s, %5.1f ms CPU a run (all posted after %.1f s)", s.name, last(s.rates), last(s.cpu), posted.Seconds())
	return nil
}

// closed waits until no workflow runs any more.
func (c *contest) closed(ctx context.Context) error {
	for {
		n, err := c.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: "ExecutionStatus='Running'"})
		if err != nil || n.Count == 0 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// historyBar is how many events a history may have; a test of cmd/journeyd
// holds it to what it has now.
const historyBar = 25

// historyRow counts the history of event → message → wait 3 days → split →
// message → end, with a clock that makes a day a second.
func (b *bench) historyRow() ([]row, error) {
	dir, err := b.workspace("five", fiveSource)
	if err != nil {
		return nil, err
	}
	j, err := b.startJourneyd(dir, "--speed", "86400")
	if err != nil {
		return nil, err
	}
	defer j.end()
	g, err := newGenerator()
	if err != nil {
		return nil, err
	}
	defer g.end()
	if _, err := g.do(order{Addr: j.api, Prefix: "f", People: 1, Conns: 1, Events: 1, Run: true}); err != nil {
		return nil, err
	}
	c, err := dialTemporal(j.temporal)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	n := 0
	err = eventually(30*time.Second, "the run has ended", func() (err error) {
		n, err = historyLength(c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []row{atMost("history of event → message → wait 3 days → split → message → end", "–", sample{float64(n)}, historyBar, " events", "",
		"held by TestHistoryOfARun of cmd/journeyd")}, nil
}

// historyLength is how many events the history of the only closed workflow
// has.
func historyLength(c client.Client) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus='Completed'"})
	if err != nil {
		return 0, err
	}
	if len(list.Executions) != 1 {
		return 0, fmt.Errorf("%d workflows have ended", len(list.Executions))
	}
	n := 0
	e := list.Executions[0].Execution
	for it := c.GetWorkflowHistory(ctx, e.WorkflowId, e.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); n++ {
		if _, err := it.Next(); err != nil {
			return 0, err
		}
	}
	return n, nil
}
