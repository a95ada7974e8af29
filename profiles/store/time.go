package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// clock carries Redis' time forward by the monotonic clock.
type clock struct {
	lock sync.Mutex
	told time.Time // by Redis
	at   time.Time // when
}

const clockGood = time.Second

func (c *clock) set(told time.Time) {
	c.lock.Lock()
	c.told, c.at = told, time.Now()
	c.lock.Unlock()
}

// now is the time, if Redis told it lately.
func (c *clock) now() (time.Time, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	age := time.Since(c.at)
	return c.told.Add(age), !c.told.IsZero() && age < clockGood
}

// Time is Redis' time: asked, or carried forward by the monotonic clock for
// at most a second since the last answer.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	if t, ok := s.clock.now(); ok {
		return t, nil
	}
	reply, err := s.ask(ctx, cmd("TIME"))
	if err != nil {
		return time.Time{}, err
	}
	return s.told(reply)
}

// told reads an answer to TIME and remembers it.
func (s *Store) told(reply any) (time.Time, error) {
	parts, err := redis.Int64s(reply, nil)
	if err != nil || len(parts) != 2 {
		return time.Time{}, fmt.Errorf("redis does not tell the time: %w", err)
	}
	t := time.Unix(parts[0], parts[1]*1000)
	s.clock.set(t)
	return t, nil
}

// Anchor stores the anchor and the speed of the virtual clock at first start,
// and answers those that are stored. The anchor counts in milliseconds.
func (s *Store) Anchor(ctx context.Context, anchor time.Time, speed float64) (time.Time, float64, error) {
	text := strconv.FormatInt(anchor.UnixMilli(), 10) + " " + strconv.FormatFloat(speed, 'g', -1, 64)
	replies, err := s.do(ctx, cmd("HSETNX", keySettings, "clock", text), cmd("HGET", keySettings, "clock"))
	if err != nil {
		return time.Time{}, 0, err
	}
	stored, err := redis.String(replies[1], nil)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("the clock's anchor in redis cannot be read: %w", err)
	}
	at, rate, _ := strings.Cut(stored, " ")
	ms, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseFloat(rate, 64)
	if err1 != nil || err2 != nil {
		return time.Time{}, 0, fmt.Errorf("the clock's anchor in redis is %q, which is no anchor", stored)
	}
	return time.UnixMilli(ms), n, nil
}
