package main

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"journey/workflows"
)

// The faults: processes killed, frozen and cut off while people go through a
// journey, and what must hold then. Each test has its own servers, its own
// people and an oracle of its own; they run side by side, since most of the
// time they wait.
//
//	go test ./cmd/journeyd -run TestFaults                     one seed, the short set
//	go test ./cmd/journeyd -run TestFaults -short              what takes seconds
//	make faults                                                all, three seeds
//	go test ./cmd/journeyd -run 'TestFaults/seed_7/kill' -faults.seed 7 -v
//
//   - faults_crowd_test.go: people who go through a journey, and the oracle
//   - faults_tools_test.go: Redis, Temporal, servers, a proxy and a mail server to do harm to
//   - faults_kill_test.go, faults_outage_test.go, faults_pair_test.go,
//     faults_time_test.go, faults_privacy_test.go, faults_release_test.go: the faults

var (
	faultsFull = flag.Bool("faults.full", false, "every fault at full length, with three seeds: some 40 minutes")
	faultsSeed = flag.Uint64("faults.seed", 0, "this seed alone")
)

// fault is one of the tests.
type fault struct {
	name  string
	quick bool // takes seconds: a part of -short
	run   func(*scene)
}

var faults = []fault{
	{"kill/server", false, killedAtRandom("server")},
	{"kill/inprocess", false, killedAtRandom("inprocess")},
	{"point/reaction", true, killedAt(workflows.AtReaction)},
	{"point/accepted", false, killedAt(workflows.AtAccepted)},
	{"point/prepared", true, killedAt(workflows.AtPrepared)},
	{"point/claimed", false, killedAt(workflows.AtClaimed)},
	{"point/body", false, killedInDialogue(false)},
	{"point/stored", false, killedInDialogue(true)},
	{"point/delivered", false, killedAt(workflows.AtDelivered)},
	{"point/left", false, leftInDoubt},
	{"point/settled", true, killedAt(workflows.AtSettled)},
	{"away/redis", false, redisStops},
	{"away/redis line", false, redisBreaks},
	{"away/slow mail", false, mailIsSlow},
	{"away/temporal", false, temporalStops},
	{"away/frozen redis", true, redisFreezes},
	{"away/frozen server", false, oneFreezes},
	{"away/terminated", true, terminated(0)},
	{"away/terminated slowly", false, terminated(9 * time.Second)},
	{"pair/thrice", true, postedThrice},
	{"pair/killed", false, pairKilled},
	{"time/nine", true, nineTwice},
	{"time/deleted", false, temporalDeleted},
	{"time/flushed", true, flushed},
	{"releases", true, deployed},
	{"privacy", false, inPrivate},
	{"erased/server", true, erasedIn("server")},
	{"erased/inprocess", false, erasedIn("inprocess")},
}

// seeds are those of this run. Each fault makes its own chances of them.
func seeds() []uint64 {
	switch {
	case *faultsSeed != 0:
		return []uint64{*faultsSeed}
	case *faultsFull:
		return []uint64{1, 2, 3}
	}
	return []uint64{1}
}

func TestFaults(t *testing.T) {
	h := &hub{}
	t.Cleanup(h.stop)
	for _, seed := range seeds() {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			for _, f := range faults {
				if testing.Short() && !f.quick {
					continue
				}
				t.Run(f.name, func(t *testing.T) {
					t.Parallel()
					f.run(newScene(t, h, seed))
				})
			}
		})
	}
}

// manyAtOnce lets tests that mostly wait run side by side, unless the command
// line says how many may.
func manyAtOnce() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", "10")
	}
}

// scene is what a fault's test has: a test, chances of its own, and the time
// at which it began.
type scene struct {
	*testing.T
	hub   *hub
	seed  uint64
	rand  *rand.Rand // for the test's goroutine alone
	began time.Time
}

func newScene(t *testing.T, h *hub, seed uint64) *scene {
	name := t.Name()[strings.IndexByte(t.Name(), '/')+1:]
	of := fnv.New64a()
	of.Write([]byte(name))
	return &scene{T: t, hub: h, seed: seed, rand: rand.New(rand.NewPCG(seed, of.Sum64())), began: time.Now()}
}

// happens prints a fault's moment.
func (s *scene) happens(format string, args ...any) {
	s.Helper()
	s.Logf("seed %d, %6.2f s: %s", s.seed, time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// between is a random duration.
func (s *scene) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(s.rand.Int64N(int64(hi-lo)))
}

// The environment of a child that is watched.
const (
	envTrail  = "JOURNEYD_TEST_TRAIL"   // file to write down the points that are passed
	envKillAt = "JOURNEYD_TEST_KILL_AT" // the point to be killed at
)

// witness is, in a child, told of the points that reactions and deliveries
// pass: it writes them down in a file that outlives the process, and ends the
// process as kill -9 would at the first passage of the point it is given.
func witness(trail, killAt string) func(workflows.Point, string) {
	if trail == "" && killAt == "" {
		return nil
	}
	var file *os.File
	if trail != "" {
		var err error
		if file, err = os.OpenFile(trail, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			panic(err)
		}
	}
	return func(p workflows.Point, what string) {
		if file != nil {
			fmt.Fprintf(file, "%s %s\n", p, what) // one write, appended: whole or not at all
		}
		if string(p) == killAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it comes at once
		}
	}
}
