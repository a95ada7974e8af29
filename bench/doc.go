// Command bench prints the table of docs/performance.md: what Journey costs,
// each figure a ratio to something well known that is measured in the same
// run, on the same machine, by turns.
//
//	go run ./bench            the whole table, some eight minutes
//	go run ./bench -quick     every row, briefly: one minute
//	go run ./bench -only runs some rows
//	go run ./bench -only events -sides hot,batch -cpuprofile DIR
//	                          what the servers of these sides spend their time on
//
// Two things must be there: redis-server on the PATH, and bin/journeyd (make
// build), which holds the embedded Temporal that two rows run against.
//
// Where to look:
//
//	main.go       flags, the rows in their order
//	table.go      rows, medians, how they are printed
//	process.go    children: this binary again in another role, redis-server, journeyd
//	load.go       the load generator, a process of its own
//	events.go     300-byte events; workspace.go: 20 segments, 10 journeys
//	serve.go      the roles that are measured: Journey, and Echo beside it
//	events_rows.go, person_row.go, runs_row.go, start_row.go, import_row.go, tests_rows.go,
//	simulated_row.go, language_rows.go
//	              the rows
//	handwritten.go  the Temporal workflow that runs are measured beside
package main
