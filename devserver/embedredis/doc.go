// Package embedredis starts a Redis for a laptop or a test: a redis-server
// child where one is installed, and otherwise a Redis inside the process.
//
//	r, err := embedredis.Start(ctx, embedredis.Options{Dir: "data/redis"})
//	…
//	defer r.Stop()
//	conn, err := r.Dial(ctx)
//
// # Two kinds
//
// The server kind runs the program redis-server with an append-only file
// (written before it answers, synced every second), no TCP port, and a unix socket in the folder. A child
// outlives a parent that is killed; the next Start on the same folder finds it
// by its socket or its pid file and goes on with it (adopt.go). Without a
// folder nothing is kept and the child dies with its parent.
//
// The in-process kind is github.com/alicebob/miniredis, which keeps nothing by
// itself, behind a front of our own (front.go) that executes one command after
// another and writes every command that may change something to a log before
// its answer goes out (log.go). Start replays the log. The log survives kill -9
// of the process, as the append-only file does; both lose at most the last
// second when the machine loses power.
//
// # What scripts must keep to
//
// Replay runs the scripts again, so a script must be a function of its keys,
// its arguments and the data. The clock a script sees is replayed too (clock.go);
// chance is not, and commands that choose at random are refused in process.
package embedredis
