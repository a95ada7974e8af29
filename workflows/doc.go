// Package workflows is the Temporal side of the engine.
//
// A run is one workflow, and the workflow knows ids and numbers only: what
// happens to the person is decided by the machine and kept in Redis. The
// workflow asks one question, what now, and gets an order: wait until,
// deliver, end.
//
//	run.go         the workflow, a few dozen lines that hardly ever change
//	activities.go  advance and deliver, the two things it does
//	relay.go       takes reactions from the outboxes to Temporal, lets moments
//	               happen, wakes what is overdue
//	worker.go      the workers and their queues
//	failure.go     what an error may say in a history: a code, nothing else
//
// Redis is the truth and wakes are hints: a wake that is late, lost or twice
// changes nothing, and deleting all of Temporal's data only makes runs wait
// for the sweeper.
package workflows
