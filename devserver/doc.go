// Package devserver is what journeyd dev runs on when it is given no servers: an
// embedded Temporal and an embedded Redis, on one folder or in memory.
//
//   - embedtemporal runs the Temporal server inside the process, on SQLite;
//   - embedredis runs a redis-server child, or a Redis inside the process;
//   - LockDir, here, gives one process the folder that both keep their data in.
//
// The parts are packages of their own because embedtemporal links the Temporal
// server, which takes minutes to build the first time, and this package and
// embedredis do not. The whole, as journeyd dev does it:
//
//	release, err := devserver.LockDir(dir)
//	defer release()
//	r, err := embedredis.Start(ctx, embedredis.Options{Dir: devserver.RedisDir(dir)})
//	defer r.Stop()
//	t, err := embedtemporal.Start(ctx, embedtemporal.Options{File: devserver.TemporalFile(dir)})
//	defer t.Stop()
//
// Both survive kill -9: what they acknowledged is there at the next start. A
// redis-server child even goes on without its parent, and the next start takes it
// over.
package devserver
