// Package forecast takes a recorded log of calls through a workspace in
// virtual time, and counts: who would enter, be sent what, convert, and where
// people would stand at the end.
//
//	res, err := forecast.Run(ctx, forecast.Options{Plan: plan, Log: []forecast.Source{file}})
//	change := forecast.Compare(was, is) // of two versions of a workspace
//
// What happens to a person is decided by package orchestrator, as it is in
// production; package simulator keeps his time. There is no clock here and no
// chance: the same log gives the same result, whatever the number of cores.
//
// # How it goes
//
//	source.go  files are cut into blocks of lines, gzip or not
//	read.go    blocks become calls, on all cores
//	group.go   calls are put in their order again, and to those of the people
//	           whom their identifiers connect: a group
//	shard.go   groups live in shards; of each, calls find their person by the
//	           rules of intake, people who are one are merged, and the machine
//	           goes on with him, on all cores
//	tally.go   what is counted; result.go what it comes to
//	sample.go  a share of the groups instead of all
//	compare.go two results, person by person
//
// A group is held by one shard at a time. Two groups that turn out to be
// connected become one, and that of the later goes over to the shard of the
// earlier, in the order of the log: the one shard waits until the other has
// come that far. What a shard counts does not depend on who else is at work,
// and shards are summed up in their order, so even sums of fractions are the
// same.
//
// In memory are the people and where their identifiers lead, not the events.
//
// # What is followed
//
// Identifiers, aliases and merges within the log, by the workspace's rules:
// two user_ids never join, and the weaker identifier is dropped. Repeats of a
// message id within a day. The order of the log is the order of arrival: what
// stands after something later of its person arrived late. What people did
// because of a message that the log's own past had sent them is in the log,
// and is not in the forecast of another one.
package forecast
