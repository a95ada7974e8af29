package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/profiles/store/pack"
)

// Options are what Open needs to know.
type Options struct {
	// URL is where Redis is: redis://[user:password@]host:port[/db],
	// rediss://… (TLS) or unix:///path/to/socket[?db=n].
	URL string
	// Strict refuses a Redis that may drop keys or keeps nothing on disk.
	Strict bool
	// Conns is how many connections are held at most; 0: 8.
	Conns int
	// Timeout bounds every call, waiting for a connection included; 0: 1.5 s.
	Timeout time.Duration
	// Patience is how long Open waits for a Redis that does not answer, or is
	// still loading; 0: 5 s.
	Patience time.Duration
	// Buckets is the number of hashes the identifier index is spread over,
	// fixed at first start: some 100 identifiers a bucket are best; 0: 16384.
	Buckets int
}

const (
	defaultConns    = 8
	defaultTimeout  = 1500 * time.Millisecond
	defaultPatience = 5 * time.Second
	defaultBuckets  = 16384
)

// Store is the people in one Redis. It is safe for concurrent use.
type Store struct {
	pipe    *pipe
	buckets int
	// indexKey is the key of the hashes in the identifier index: 32 bytes made
	// at first start. Without it nobody is found by an identifier.
	indexKey atomic.Pointer[[]byte]

	names     atomic.Pointer[pack.Names]
	namesLock sync.Mutex // held while newer names are read

	clock clock
}

// Open connects, checks the server and the layout of what is stored there,
// and writes the layout down at first start. ErrUnavailable: Redis did not
// answer; any other error is one that waiting does not mend.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Conns == 0 {
		o.Conns = defaultConns
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Buckets == 0 {
		o.Buckets = defaultBuckets
	}
	dial, err := dialer(o)
	if err != nil {
		return nil, err
	}
	s := &Store{pipe: newPipe(o.Conns, o.Timeout, dial)}
	s.names.Store(&pack.Names{})
	for end := time.Now().Add(o.Patience); ; {
		err := s.begin(ctx, o)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil || time.Now().After(end) {
			s.Close()
			return nil, err
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
		}
	}
}

func (s *Store) begin(ctx context.Context, o Options) error {
	if _, err := s.ask(ctx, cmd("PING")); err != nil {
		if why, is := unwelcome(err); is {
			return fmt.Errorf("redis at %s does not let us in: %s", masked(o.URL), why)
		}
		return fmt.Errorf("cannot reach redis at %s: %w", masked(o.URL), err)
	}
	if o.Strict {
		if err := s.checkServer(ctx); err != nil {
			return err
		}
	}
	if err := s.settle(ctx, o); err != nil {
		return err
	}
	if err := s.readNames(ctx, s.names.Load()); err != nil {
		return err
	}
	return s.finishRaise(ctx)
}

// unwelcome says whether Redis refuses the user or the password: that no
// waiting mends.
func unwelcome(err error) (why string, is bool) {
	var e redis.Error
	if !errors.As(err, &e) {
		return "", false
	}
	for _, b := range []string{"NOAUTH", "WRONGPASS", "NOPERM", "ERR AUTH", "ERR Client sent AUTH", "ERR invalid password"} {
		if strings.HasPrefix(string(e), b) {
			return string(e), true
		}
	}
	return "", false
}

// Close closes the connections. Calls under way fail with ErrUnavailable.
func (s *Store) Close() error {
	s.pipe.stop()
	return nil
}

// settle writes the layout down at first start and compares it later.
func (s *Store) settle(ctx context.Context, o Options) error {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process before
	partitions, buckets, key, err := s.layout(ctx, o.Buckets, key)
	if err != nil {
		return err
	}
	if partitions != Partitions {
		return fmt.Errorf("the data in redis are laid out for %d partitions, this version has %d: use the version that wrote them", partitions, Partitions)
	}
	s.buckets = buckets
	s.indexKey.Store(&key)
	return nil
}

// layout is what is written down, if need be just now and by the arguments.
func (s *Store) layout(ctx context.Context, buckets int, key []byte) (partitions, has int, was []byte, err error) {
	replies, err := redis.Values(s.ask(ctx, scriptSettle.call([]string{keySettings}, Partitions, buckets, key)))
	if err != nil {
		return 0, 0, nil, err
	}
	if _, err := redis.Scan(replies, &partitions, &has, &was); err != nil {
		return 0, 0, nil, fmt.Errorf("settings in redis cannot be read: %w", err)
	}
	return partitions, has, was, nil
}

// checkServer refuses a server that may lose what it was given.
func (s *Store) checkServer(ctx context.Context) error {
	policy, err := s.config(ctx, "maxmemory-policy", "memory", "maxmemory_policy")
	if err != nil {
		return err
	}
	if policy != "noeviction" && !strings.HasPrefix(policy, "volatile-") {
		return fmt.Errorf("redis has maxmemory-policy %q and may drop people when memory is full: set it to noeviction", policy)
	}
	if strings.HasPrefix(policy, "volatile-") {
		return fmt.Errorf("redis has maxmemory-policy %q and may drop marks of messages before their time: set it to noeviction", policy)
	}
	aof, err := s.config(ctx, "appendonly", "persistence", "aof_enabled")
	if err != nil {
		return err
	}
	if aof != "yes" && aof != "1" {
		return fmt.Errorf("redis has appendonly %q and keeps nothing on disk, or only now and then: set it to yes", aof)
	}
	return nil
}

// config reads a setting, or what INFO says of it where CONFIG is forbidden.
func (s *Store) config(ctx context.Context, setting, section, field string) (string, error) {
	replies, err := s.pipe.do(ctx, cmd("CONFIG", "GET", setting), cmd("INFO", section))
	if err != nil {
		return "", err
	}
	if pair, err := redis.Strings(replies[0], nil); err == nil && len(pair) == 2 {
		return pair[1], nil
	}
	info, _ := redis.String(replies[1], nil)
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(v), nil
		}
	}
	return "", fmt.Errorf("redis does not tell its setting %s: allow CONFIG GET or INFO", setting)
}

// Ready says whether Redis can be written to.
func (s *Store) Ready(ctx context.Context) error {
	_, err := s.ask(ctx, cmd("SET", keyProbe, "1"))
	return err
}

// do sends commands and fails if any answer is an error.
func (s *Store) do(ctx context.Context, commands ...command) ([]any, error) {
	if len(commands) == 0 {
		return nil, nil
	}
	replies, err := s.pipe.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	for _, reply := range replies {
		if err := failed(reply); err != nil {
			return nil, err
		}
	}
	return replies, nil
}

// doAll is do for commands to all partitions: a few at a time, so that a slow
// Redis (the one inside the process runs scripts slowly) is in time.
func (s *Store) doAll(ctx context.Context, commands []command) ([]any, error) {
	const atOnce = 32
	all := make([]any, 0, len(commands))
	for len(commands) > 0 {
		part := commands[:min(len(commands), atOnce)]
		commands = commands[len(part):]
		replies, err := s.do(ctx, part...)
		if err != nil {
			return nil, err
		}
		all = append(all, replies...)
	}
	return all, nil
}

// ask is do for one command.
func (s *Store) ask(ctx context.Context, c command) (any, error) {
	replies, err := s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	return replies[0], nil
}

// dialer is how connections are made.
func dialer(o Options) (func(ctx context.Context) (redis.Conn, error), error) {
	step := o.Timeout * 2 / 3
	options := []redis.DialOption{
		redis.DialConnectTimeout(step), redis.DialReadTimeout(step), redis.DialWriteTimeout(step),
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("the address of redis is no URL: write it like redis://127.0.0.1:6379")
	}
	switch u.Scheme {
	case "redis", "rediss":
		return func(ctx context.Context) (redis.Conn, error) {
			return redis.DialURLContext(ctx, o.URL, options...)
		}, nil
	case "unix":
		db, err := strconv.Atoi(u.Query().Get("db"))
		if err != nil && u.Query().Has("db") {
			return nil, fmt.Errorf("the address of redis names no database: %q is no number", u.Query().Get("db"))
		}
		options = append(options, redis.DialDatabase(db))
		if p, ok := u.User.Password(); ok {
			options = append(options, redis.DialUsername(u.User.Username()), redis.DialPassword(p))
		}
		return func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "unix", u.Path, options...)
		}, nil
	}
	if u.Scheme == "" {
		return nil, errors.New("the address of redis is no URL: write it like redis://127.0.0.1:6379")
	}
	return nil, fmt.Errorf("the address of redis begins with %q: write redis://, rediss:// or unix://", u.Scheme+":")
}

// masked is an address without its password.
func masked(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the given address"
	}
	return u.Redacted()
}
