package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/labstack/echo/v4"

	"journey/dsl/diag"
	"journey/engine"
	"journey/ingest"
	"journey/profiles/store"
)

// The roles that serve. Each prints its address, and lives until its standard
// input ends.

// serve lets a handler serve at an address of its own.
func serve(s *http.Server, after func() error) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	ctx := untilStdinEnds()
	go func() {
		<-ctx.Done()
		short, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(short)
	}()
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return after()
}

// journeyRole is Journey from the posted event to the acknowledged commit:
// ingest, engine and store as journeyd wires them. Relay and Temporal, which
// take over from there, are in the row of runs.
func journeyRole(args []string) error {
	fl := flag.NewFlagSet("journey", flag.ExitOnError)
	url := fl.String("redis", "", "")
	cold := fl.Bool("cold", false, "")
	prof := fl.String("cpuprofile", "", "")
	_ = fl.Parse(args)
	stopProfile := profileFromSignal(*prof)
	engine.TuneHeap() // as journeyd does
	ctx := context.Background()
	st, err := store.Open(ctx, store.Options{URL: *url, Strict: true})
	if err != nil {
		return err
	}
	o := engine.Options{Store: st}
	if *cold {
		o.CacheBytes = -1 // nobody is remembered
	}
	e, err := engine.New(ctx, o)
	if err != nil {
		return err
	}
	release, diags, err := e.Deploy(ctx, shop(), false, "bench")
	if err != nil {
		return err
	}
	if release.Number == 0 {
		diag.Text(os.Stderr, diags, false)
		return errors.New("the workspace is wrong")
	}
	api := ingest.New(ingest.Options{Engine: e, WriteKeys: ingest.Keys(map[string]string{"web": "dev"}), AdminKey: "admin"})
	return serve(api.HTTPServer(), func() error {
		n := e.Counts()
		fmt.Printf("%d commits, %d loads, %d people found in memory, %d conflicts\n", n.Commits, n.Loads, n.Hits, n.Conflicts)
		return errors.Join(stopProfile(), e.Close(), st.Close())
	})
}

// profileFromSignal writes a processor profile to a file, from the signal
// SIGUSR1 until it is stopped, so that what prepares a measurement is not in
// it; and one of the memory to another. Without a name there is none.
func profileFromSignal(name string) (stop func() error) {
	if name == "" {
		return func() error { return nil }
	}
	begin := make(chan os.Signal, 1)
	signal.Notify(begin, syscall.SIGUSR1)
	begun := make(chan error, 1)
	go func() {
		<-begin
		f, err := os.Create(name)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		begun <- err
	}()
	return func() error {
		select {
		case err := <-begun:
			pprof.StopCPUProfile()
			return errors.Join(err, heapProfile(name+".mem"))
		default: // the signal never came
			return nil
		}
	}
}

// heapProfile writes what is in memory now, and what was ever allocated.
func heapProfile(name string) error {
	runtime.GC()
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}

// echoRole is Echo with nothing behind it, and with as little as any service
// must do that keeps a person in Redis: the JSON parsed, what there is of him
// read, and written anew by a script.
//
//	/v1/track of -work=none   answers
//	/v1/track of -work=redis  parses, one HMGET, one EVALSHA of a script that writes -bytes
func echoRole(args []string) error {
	fl := flag.NewFlagSet("echo", flag.ExitOnError)
	url := fl.String("redis", "", "")
	work := fl.String("work", "none", "")
	size := fl.Int("bytes", 0, "")
	_ = fl.Parse(args)
	e := echo.New()
	if *work == "none" {
		e.POST("/v1/track", success)
	} else {
		b := newBare(*url, *size)
		defer b.pool.Close()
		e.POST("/v1/track", b.track)
	}
	return serve(&http.Server{Handler: e}, func() error { return nil })
}

func success(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]bool{"success": true})
}

// bare is the service that does the least.
type bare struct {
	pool   *redis.Pool
	script *redis.Script
	data   []byte
}

func newBare(url string, size int) *bare {
	return &bare{
		pool:   &redis.Pool{MaxIdle: 2 * connections, Dial: func() (redis.Conn, error) { return redis.DialURL(url) }},
		script: redis.NewScript(1, `return redis.call('HSET', KEYS[1], 'v', ARGV[1], 'p', ARGV[2])`),
		data:   []byte(strings.Repeat("x", size)),
	}
}

func (b *bare) track(c echo.Context) error {
	var m map[string]any
	if err := json.NewDecoder(c.Request().Body).Decode(&m); err != nil {
		return err
	}
	user, _ := m["userId"].(string)
	key := "bare:" + user
	conn := b.pool.Get()
	defer conn.Close()
	stored, err := redis.Values(conn.Do("HMGET", key, "v", "p"))
	if err != nil {
		return err
	}
	version, _ := redis.Int(stored[0], nil)
	if _, err := b.script.Do(conn, key, version+1, b.data); err != nil {
		return err
	}
	return success(c)
}

// personBytes is the average size of what a commit writes of a person whose
// user id begins with a prefix: what the bare service is to write, too.
func personBytes(url string) (int, error) {
	conn, err := redis.DialURL(url)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	sum, n := 0, 0
	for cursor := "0"; n < 2000; {
		reply, err := redis.Values(conn.Do("SCAN", cursor, "MATCH", "{p*}p*", "COUNT", 1000))
		if err != nil {
			return 0, err
		}
		keys, err := redis.Strings(reply[1], nil)
		if err != nil {
			return 0, err
		}
		for _, k := range keys {
			size, err := redis.Int(conn.Do("STRLEN", k))
			if err != nil {
				return 0, err
			}
			sum, n = sum+size, n+1
		}
		if cursor, err = redis.String(reply[0], nil); err != nil || cursor == "0" {
			break
		}
	}
	if n == 0 {
		return 0, errors.New("nobody is stored")
	}
	return sum / n, nil
}

// machine says what the measurement ran on.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d cores, %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpuModel())
}

func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(data)) {
		if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return strconv.Itoa(runtime.NumCPU()) + " cores"
}
