package embedredis

import (
	"strconv"
	"strings"
)

// What the in-process Redis makes of each command.

// refused are commands that it does not offer, with the reason.
var refused = map[string]string{
	"SUBSCRIBE":    noMessages,
	"UNSUBSCRIBE":  noMessages,
	"PSUBSCRIBE":   noMessages,
	"PUNSUBSCRIBE": noMessages,
	"SSUBSCRIBE":   noMessages,
	"MONITOR":      noMessages,

	"SPOP": noChance,

	"BLPOP":      noWaiting,
	"BRPOP":      noWaiting,
	"BRPOPLPUSH": noWaiting,
	"BLMOVE":     noWaiting,
	"BLMPOP":     noWaiting,
	"BZPOPMIN":   noWaiting,
	"BZPOPMAX":   noWaiting,
	"BZMPOP":     noWaiting,

	"PFADD":   notKept,
	"PFMERGE": notKept,
	"RESTORE": notKept,
	"HEXPIRE": notKept,
	"HSETEX":  notKept,
}

const (
	noMessages = "nothing is sent to a client by itself"
	noChance   = "a choice at random cannot be replayed"
	noWaiting  = "of the commands that wait only XREAD and XREADGROUP are"
	notKept    = "its values are not kept"
)

// refusedInScripts are those that scripts must not use: replay would run
// differently, or the script would wait.
func refusedInScripts(name string, args []string) (why string, ok bool) {
	switch name {
	case "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "RANDOMKEY":
		return noChance, true
	case "XREAD", "XREADGROUP":
		_, _, waits := blockOption(args)
		return "a script cannot wait", waits
	}
	return "", false
}

// unlogged are commands that change no data, beside those that miniredis itself
// marks as reading.
var unlogged = map[string]bool{
	"AUTH": true, "CLIENT": true, "CLUSTER": true, "COMMAND": true, "DISCARD": true,
	"ECHO": true, "HELLO": true, "MEMORY": true, "OBJECT": true, "PING": true,
	"PUBLISH": true, "PUBSUB": true, "QUIT": true, "SCRIPT": true, "SELECT": true,
	"TIME": true, "UNWATCH": true, "WAIT": true, "WATCH": true, "XINFO": true,
}

// notInTransaction are commands that concern the connection; Redis allows some of
// them in a transaction, nobody needs that.
var notInTransaction = map[string]bool{
	"AUTH": true, "CLIENT": true, "CONFIG": true, "HELLO": true, "INFO": true,
	"QUIT": true, "SCRIPT": true, "SELECT": true,
}

// blockOption finds BLOCK ms in the arguments of XREAD and XREADGROUP and returns
// them without it. ms is 0 for ever.
func blockOption(args []string) (rest []string, ms int64, ok bool) {
	i := 0
	if i < len(args) && strings.EqualFold(args[i], "GROUP") {
		i = 3
	}
	for ; i < len(args); i++ {
		switch strings.ToUpper(args[i]) {
		case "STREAMS":
			return args, 0, false
		case "COUNT":
			i++
		case "BLOCK":
			if i+1 == len(args) {
				return args, 0, false
			}
			ms, err := strconv.ParseInt(args[i+1], 10, 64)
			if err != nil || ms < 0 {
				return args, 0, false // miniredis says what is wrong
			}
			rest = append(rest, args[:i]...)
			return append(rest, args[i+2:]...), ms, true
		}
	}
	return args, 0, false
}

// infoText answers INFO; the words are those that clients look for.
func infoText(pid int, durable, saving bool) string {
	aof, rewriting := "0", "0"
	if saving {
		rewriting = "1"
	}
	if durable {
		aof = "1"
	}
	return "# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nserver_name:journey-inprocess\r\nprocess_id:" +
		strconv.Itoa(pid) + "\r\n# Persistence\r\nloading:0\r\naof_enabled:" + aof +
		"\r\naof_rewrite_in_progress:" + rewriting + "\r\n# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
}
