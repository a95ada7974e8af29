package embedredis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Kind says which Redis runs.
type Kind string

const (
	// Auto takes redis-server if it is on the PATH, and InProcess otherwise.
	Auto Kind = "auto"
	// Server is a redis-server child.
	Server Kind = "server"
	// InProcess is the Redis inside this process.
	InProcess Kind = "inprocess"
)

// Options says what Start is to start. The zero value is a Redis in memory, of
// the kind that the machine has.
type Options struct {
	// Dir is the folder that keeps the data; it is created. Empty: in memory,
	// gone at Stop. Two processes must not start on one folder at once:
	// devserver.LockDir sees to that.
	Dir string
	// Kind is Auto when empty.
	Kind Kind
	// Logger hears what a person should know; nil: slog.Default.
	Logger *slog.Logger
	// ServerPath is the program to run for Server; empty: redis-server on the PATH.
	ServerPath string
	// ServerArgs are further arguments for the child, such as
	// "--hash-max-listpack-value", "512". A child that is adopted keeps those it
	// was started with.
	ServerArgs []string
	// CompactAt is the size in bytes of the in-process log at which a snapshot
	// replaces it; 0: 64 MiB. One is also made when reading the log would take long.
	CompactAt int64
}

// Redis is a running Redis. Its methods may be called by several goroutines.
type Redis struct {
	kind    Kind
	socket  string
	durable bool
	running running
}

// running is what the two kinds have in common.
type running interface {
	stop() error
	done() <-chan struct{}
	err() error
}

// ErrNoServer says that Kind is Server and there is no redis-server program.
var ErrNoServer = errors.New("redis-server is not on the PATH: install it, or choose the in-process Redis")

// Start starts the Redis and returns when it answers. ctx bounds the start
// alone. The folder must be in the hands of the caller.
func Start(ctx context.Context, o Options) (*Redis, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Dir != "" {
		dir, err := prepareDir(o.Dir)
		if err != nil {
			return nil, err
		}
		o.Dir = dir
	}
	path, installed := serverPath(o)
	kind, err := chooseKind(o, installed)
	if err != nil {
		return nil, err
	}
	if kind == Server {
		o.ServerPath = path
		return startServer(ctx, o)
	}
	return startInProcess(ctx, o)
}

// kindFile keeps which kind wrote a folder; neither reads the other's files.
const kindFile = "kind"

// chooseKind says which kind to start, and keeps it in a new folder. A folder
// that one kind wrote is never started with the other, which would see nothing.
func chooseKind(o Options, installed bool) (Kind, error) {
	kind := o.Kind
	var kept Kind
	if o.Dir != "" {
		b, err := os.ReadFile(filepath.Join(o.Dir, kindFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("folder for redis: %w", err)
		}
		kept = Kind(strings.TrimSpace(string(b)))
	}
	switch kind {
	case Server, InProcess:
	case Auto, "":
		if kind = kept; kept == "" {
			if kind = InProcess; installed {
				kind = Server
			}
		}
	default:
		return "", fmt.Errorf("kind of redis %q: want %s, %s or %s", kind, Auto, Server, InProcess)
	}
	switch {
	case kept != "" && kept != kind:
		return "", fmt.Errorf("the redis data in %s were written by the kind %q and cannot be read by %q: choose that kind, or another folder", o.Dir, kept, kind)
	case kind == Server && !installed && kept == Server:
		return "", fmt.Errorf("the redis data in %s were written by a redis-server: %w, with another folder", o.Dir, ErrNoServer)
	case kind == Server && !installed:
		return "", ErrNoServer
	case o.Dir == "" || kept != "":
		return kind, nil
	}
	if err := os.WriteFile(filepath.Join(o.Dir, kindFile), []byte(kind+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("folder for redis: %w", err)
	}
	return kind, nil
}

// Kind is Server or InProcess.
func (r *Redis) Kind() Kind { return r.kind }

// Durable reports whether what is written survives the process.
func (r *Redis) Durable() bool { return r.durable }

// Network is the first argument for net.Dial: "unix".
func (r *Redis) Network() string { return "unix" }

// Address is the second argument for net.Dial: the path of the socket.
func (r *Redis) Address() string { return r.socket }

// URL is unix:// and the path of the socket, as most Redis clients read it.
// redigo's DialURL knows no sockets; use Dial, or Network and Address.
func (r *Redis) URL() string { return "unix://" + r.socket }

// Dial opens a connection.
func (r *Redis) Dial(ctx context.Context, options ...redis.DialOption) (redis.Conn, error) {
	return redis.DialContext(ctx, r.Network(), r.Address(), options...)
}

// Done is closed when the Redis has ended, by Stop or by itself.
func (r *Redis) Done() <-chan struct{} { return r.running.done() }

// Err says why the Redis ended by itself; nil while it runs and after Stop.
func (r *Redis) Err() error { return r.running.err() }

// Stop ends the Redis and waits for it: what was acknowledged is on disk
// afterwards. Only the first call does something.
func (r *Redis) Stop() error { return r.running.stop() }

// serverPath finds the program.
func serverPath(o Options) (string, bool) {
	name := o.ServerPath
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}

// prepareDir creates the folder and returns its path without links, as the
// child reports it.
func prepareDir(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder for redis: %w", err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("folder for redis: %w", err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("folder for redis: %w", err)
	}
	return real, nil
}

// maxSocketPath is what every system takes as the path of a unix socket: the
// field has 104 bytes on macOS and the BSDs, 108 on Linux, with a final zero.
const maxSocketPath = 100

// socketFile is the file in a folder that names the socket when the folder's
// own path is too long for one.
const socketFile = "socket"

// socketPath returns the path of the socket for a folder: a file in the folder,
// or, if that path is too long, one in a short folder of its own whose name is
// kept in the folder. short is that folder, "" in the first case.
func socketPath(dir string) (path, short string, err error) {
	if path = filepath.Join(dir, "redis.sock"); len(path) <= maxSocketPath {
		return path, "", nil
	}
	note := filepath.Join(dir, socketFile)
	if b, err := os.ReadFile(note); err == nil {
		short = string(b)
		if fi, err := os.Lstat(short); err == nil && fi.IsDir() {
			return filepath.Join(short, "redis.sock"), short, nil
		}
	}
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if len(parent) > maxSocketPath-40 {
			continue
		}
		short, err = os.MkdirTemp(parent, "journey-redis-")
		if err != nil {
			continue
		}
		if err = os.WriteFile(note, []byte(short), 0o600); err != nil {
			os.Remove(short)
			return "", "", fmt.Errorf("keep the name of the redis socket: %w", err)
		}
		return filepath.Join(short, "redis.sock"), short, nil
	}
	return "", "", fmt.Errorf("a short folder for the redis socket: %w", err)
}

// forgetShort removes the short folder of a socket and the note that names it.
func forgetShort(dir, short string) {
	if short == "" {
		return
	}
	os.Remove(filepath.Join(short, "redis.sock"))
	os.Remove(short)
	os.Remove(filepath.Join(dir, socketFile))
}

// dialQuick connects for the housekeeping of this package.
func dialQuick(ctx context.Context, socket string) (redis.Conn, error) {
	return redis.DialContext(ctx, "unix", socket,
		redis.DialConnectTimeout(time.Second),
		redis.DialReadTimeout(2*time.Second),
		redis.DialWriteTimeout(2*time.Second))
}
