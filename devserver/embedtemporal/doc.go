// Package embedtemporal runs a Temporal server inside the process, on one SQLite
// file or in memory, for a laptop and for tests.
//
//	t, err := embedtemporal.Start(ctx, embedtemporal.Options{File: "data/temporal.db"})
//	…
//	defer t.Stop()
//	c, err := client.Dial(client.Options{HostPort: t.Address(), Namespace: t.Namespace()})
//
// It is the real server (go.temporal.io/server) with its four services, one
// history shard and one connection to SQLite. The file survives kill -9. Temporal
// cannot bring an SQLite file to a newer schema, so the file of another server
// version is set aside and a new one begun; whoever uses Temporal for time alone,
// as this project does, starts his workflows again.
//
// Stop workers and clients before Stop. The server keeps the connection to a file
// open until the process ends: do not remove or replace the file and start on it
// again in one process.
//
// Whoever imports this package links the server, which takes minutes to build the
// first time; only cmd/journeyd does.
package embedtemporal
