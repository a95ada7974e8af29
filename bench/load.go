package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The load generator: keep-alive connections that each post, wait for the
// answer, and post again. It is a process of its own, so that its work and its
// memory are nobody's who is measured, and as plain as can be, so that little
// of the machine goes into it.

// order is what it is told to do, one JSON object a line.
type order struct {
	Addr   string        `json:"addr"`
	Prefix string        `json:"prefix"` // of the people's ids
	People int           `json:"people"`
	Batch  int           `json:"batch"` // events in a request; 0: single posts
	Conns  int           `json:"conns"`
	For    time.Duration `json:"for"`    // how long; 0: until Events
	Events int           `json:"events"` // how many
	Begin  bool          `json:"begin"`  // the people's identify calls instead of events
	Run    bool          `json:"run"`    // events that begin a run each, of a new person each
}

// report is its answer.
type report struct {
	Events  int     `json:"events"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50"` // of a request, in ms
	P99     float64 `json:"p99"`
	Repeats int     `json:"repeats"` // requests that were told to come again
	Error   string  `json:"error,omitempty"`
}

// generator is the load generator, as the measurement sees it.
type generator struct {
	*child
	enc *json.Encoder
}

func newGenerator() (*generator, error) {
	c, err := role("load")
	if err != nil {
		return nil, err
	}
	return &generator{c, json.NewEncoder(c.stdin)}, nil
}

func (g *generator) do(o order) (report, error) {
	var r report
	if o.Conns == 0 {
		o.Conns = connections
	}
	if err := g.enc.Encode(o); err != nil {
		return r, err
	}
	line, err := g.lines.ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("the load generator has ended: %s", g.errs)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// loadRole is the generator's own side.
func loadRole() error {
	streams := map[string]*stream{}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := in.Decode(&o); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		s := streams[o.Prefix]
		if s == nil {
			s = &stream{prefix: o.Prefix, people: o.People}
			streams[o.Prefix] = s
		}
		r := o.run(s)
		if err := out.Encode(r); err != nil {
			return err
		}
	}
}

// run lets all connections post; what they have posted is left out by the
// next order for the same people.
func (o *order) run(s *stream) report {
	var mu sync.Mutex
	var all sync.WaitGroup
	var r report
	var times []float64
	begun := time.Now()
	most := uint64(0)
	for i := range o.Conns {
		all.Go(func() {
			p := poster{order: o, begun: begun, share: o.share(i)}
			p.stream = stream{prefix: s.prefix, people: s.people, n: s.n + uint64(i), step: uint64(o.Conns)}
			err := p.post()
			mu.Lock()
			defer mu.Unlock()
			r.Events += p.events
			r.Repeats += p.repeats
			times = append(times, p.times...)
			most = max(most, p.stream.n)
			if err != nil {
				r.Error = err.Error()
			}
		})
	}
	all.Wait()
	r.Seconds = time.Since(begun).Seconds()
	s.n = most
	if len(times) > 0 {
		slices.Sort(times)
		r.P50, r.P99 = times[len(times)/2], times[len(times)*99/100]
	}
	return r
}

// share is how many events the i-th connection posts.
func (o *order) share(i int) int {
	if o.For > 0 {
		return 1 << 40
	}
	n := o.Events / o.Conns
	if i < o.Events%o.Conns {
		n++
	}
	return n
}

// poster is one connection.
type poster struct {
	*order
	stream  stream
	begun   time.Time
	share   int
	events  int
	repeats int
	times   []float64
	head    []byte
	body    []byte
	out     []byte
}

func (p *poster) post() error {
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	path := "/v1/track"
	switch {
	case p.Batch > 0:
		path = "/v1/batch"
	case p.Begin:
		path = "/v1/identify"
	}
	p.head = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic ZGV2Og==\r\nContent-Type: application/json\r\nContent-Length: ", path, p.Addr)
	in := bufio.NewReaderSize(conn, 4<<10)
	for p.events < p.share && (p.For == 0 || time.Since(p.begun) < p.For) {
		n := p.next()
		sent := time.Now()
		if _, err := conn.Write(p.out); err != nil {
			return err
		}
		for err = answered(in); errors.Is(err, errAgain); err = answered(in) {
			p.repeats++
			if _, err := conn.Write(p.out); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("%w\nto: %.600s", err, p.body)
		}
		p.events += n
		if len(p.times) < 1<<20 {
			p.times = append(p.times, float64(time.Since(sent).Microseconds())/1000)
		}
	}
	return nil
}

// next makes the next request and says how many events it holds.
func (p *poster) next() int {
	n := 1
	p.body = p.body[:0]
	if p.Batch == 0 {
		p.body = p.one(p.body)
	} else {
		n = min(p.Batch, p.share-p.events)
		p.body = append(p.body, `{"batch":[`...)
		for i := range n {
			if i > 0 {
				p.body = append(p.body, ',')
			}
			p.body = p.one(p.body)
		}
		p.body = append(p.body, `]}`...)
	}
	p.out = append(p.out[:0], p.head...)
	p.out = strconv.AppendInt(p.out, int64(len(p.body)), 10)
	p.out = append(p.out, "\r\n\r\n"...)
	p.out = append(p.out, p.body...)
	return n
}

func (p *poster) one(b []byte) []byte {
	switch {
	case p.Begin:
		b = p.stream.profile(b, p.stream.n%uint64(p.stream.people))
		p.stream.n += p.stream.step
		return b
	case p.Run:
		b = runEvent(b, p.stream.prefix, p.stream.n)
		p.stream.n += p.stream.step
		return b
	}
	return p.stream.body(b)
}

// errAgain: the server is too busy and wants the same again.
var errAgain = errors.New("503")

// answered reads an answer, and wants success.
func answered(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	ok := strings.HasPrefix(string(status), "HTTP/1.1 200")
	text := string(status)
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if name, v, _ := strings.Cut(string(line), ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(v)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without a length")
	}
	if ok {
		_, err = in.Discard(length)
		return err
	}
	body := make([]byte, length)
	_, _ = io.ReadFull(in, body)
	if strings.HasPrefix(text, "HTTP/1.1 503") {
		return errAgain
	}
	return fmt.Errorf("%s %s", strings.TrimSpace(text), body)
}
