package embedtemporal

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger passes the server's errors to slog, those that say nothing about a fault
// as debug, and its warnings as debug too: they are about its inside, long, and
// what comes of them reaches us as an error, or not at all. The server relies on Fatal not to return.
type logger struct {
	slog    *slog.Logger
	onFatal func(string)
	exit    func(int) // os.Exit
	phase   *atomic.Int32
}

// The phases of a server's life, shared by all loggers derived from one.
const (
	constructing int32 = iota
	starting
	running
	stopping
)

var (
	_ log.Logger     = (*logger)(nil)
	_ log.WithLogger = (*logger)(nil)
)

// fatalError is what the server said before it wanted to end the process.
type fatalError struct{ message string }

func (e *fatalError) Error() string { return e.message }

func newLogger(l *slog.Logger, onFatal func(string)) *logger {
	return &logger{slog: l.With("part", "temporal"), onFatal: onFatal, exit: os.Exit, phase: new(atomic.Int32)}
}

// With implements log.WithLogger.
func (l *logger) With(tags ...tag.Tag) log.Logger {
	derived := *l
	derived.slog = l.slog.With(attributes(tags)...)
	return &derived
}

// Debug is silent.
func (l *logger) Debug(string, ...tag.Tag) {}

// Info is silent.
func (l *logger) Info(string, ...tag.Tag) {}

// Warn implements log.Logger.
func (l *logger) Warn(msg string, tags ...tag.Tag) { l.say(slog.LevelDebug, msg, tags) }

// Error implements log.Logger.
func (l *logger) Error(msg string, tags ...tag.Tag) { l.say(slog.LevelError, msg, tags) }

// DPanic panics during development only, by the server's convention: not here.
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.say(slog.LevelError, msg, tags) }

// Panic implements log.Logger.
func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.say(slog.LevelError, msg, tags)
	panic(describe(msg, tags))
}

// Fatal ends the process; during the server's construction, the construction.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	message := describe(msg, tags)
	if l.phase.Load() == constructing {
		panic(&fatalError{message})
	}
	l.say(slog.LevelError, msg, tags)
	if l.onFatal != nil {
		l.onFatal(message)
	}
	l.exit(1)
}

// say writes a line; one about nothing that is wrong is for debugging only.
func (l *logger) say(level slog.Level, msg string, tags []tag.Tag) {
	if l.harmless(msg, tags) {
		level = slog.LevelDebug
	}
	if l.slog.Enabled(context.Background(), level) {
		l.slog.Log(context.Background(), level, msg, attributes(tags)...)
	}
}

// harmless recognises the services looking for each other while the server starts
// and losing each other while it stops, somebody who waited for a task and left,
// and the hint that an interface we do not use is off.
func (l *logger) harmless(msg string, tags []tag.Tag) bool {
	if p := l.phase.Load(); p == starting || p == stopping {
		return true
	}
	for _, t := range tags {
		if isError(t) && strings.Contains(fmt.Sprint(t.Value()), "context canceled") {
			return true
		}
	}
	return strings.HasPrefix(msg, "HTTP API port has not been set")
}

func attributes(tags []tag.Tag) []any {
	a := make([]any, 0, len(tags))
	for _, t := range tags {
		a = append(a, slog.Any(t.Key(), t.Value()))
	}
	return a
}

// isError tells the tag that carries an error; the server and the SDK inside it
// write its name differently.
func isError(t tag.Tag) bool { return strings.EqualFold(t.Key(), "error") }

// describe makes one line of a message and its error.
func describe(msg string, tags []tag.Tag) string {
	for _, t := range tags {
		if isError(t) {
			return fmt.Sprintf("%s: %v", msg, t.Value())
		}
	}
	return msg
}

// quiet is the logger of the client that waits for the first answer.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
