package store

import (
	"crypto/sha1"
	_ "embed" // the scripts
	"encoding/hex"
)

// script is a Lua script. Its file says what its keys and arguments are.
type script struct {
	source string
	name   any // by which Redis knows it: a string
}

func newScript(source string) *script {
	sum := sha1.Sum([]byte(source))
	return &script{source: source, name: hex.EncodeToString(sum[:])}
}

var (
	//go:embed scripts/commit.lua
	commitLua string
	//go:embed scripts/move.lua
	moveLua string
	//go:embed scripts/forward.lua
	forwardLua string
	//go:embed scripts/shorten.lua
	shortenLua string
	//go:embed scripts/dropdue.lua
	dropDueLua string
	//go:embed scripts/audit.lua
	auditLua string
	//go:embed scripts/reopen.lua
	reopenLua string
	//go:embed scripts/settle.lua
	settleLua string
	//go:embed scripts/repoint.lua
	repointLua string
	//go:embed scripts/lease.lua
	leaseLua string
	//go:embed scripts/giveback.lua
	giveBackLua string
	//go:embed scripts/ack.lua
	ackLua string
	//go:embed scripts/logplan.lua
	logPlanLua string
	//go:embed scripts/logtrim.lua
	logTrimLua string
	//go:embed scripts/raise.lua
	raiseLua string
	//go:embed scripts/publish.lua
	publishLua string
	//go:embed scripts/switches.lua
	switchesLua string
	//go:embed scripts/names.lua
	namesLua string
	//go:embed scripts/announce.lua
	announceLua string
	//go:embed scripts/walked.lua
	walkedLua string
)

var (
	scriptCommit   = newScript(commitLua)
	scriptMove     = newScript(moveLua)
	scriptForward  = newScript(forwardLua)
	scriptShorten  = newScript(shortenLua)
	scriptDropDue  = newScript(dropDueLua)
	scriptAudit    = newScript(auditLua)
	scriptReopen   = newScript(reopenLua)
	scriptSettle   = newScript(settleLua)
	scriptRepoint  = newScript(repointLua)
	scriptLease    = newScript(leaseLua)
	scriptGiveBack = newScript(giveBackLua)
	scriptAck      = newScript(ackLua)
	scriptLogPlan  = newScript(logPlanLua)
	scriptLogTrim  = newScript(logTrimLua)
	scriptRaise    = newScript(raiseLua)
	scriptPublish  = newScript(publishLua)
	scriptSwitches = newScript(switchesLua)
	scriptNames    = newScript(namesLua)
	scriptAnnounce = newScript(announceLua)
	scriptWalked   = newScript(walkedLua)
)

// call is the script's call with some keys and arguments.
func (s *script) call(keys []string, args ...any) command {
	all := make([]any, 0, 2+len(keys)+len(args))
	all = append(all, s.name, len(keys))
	for _, k := range keys {
		all = append(all, k)
	}
	return command{name: "EVALSHA", args: append(all, args...), script: s}
}
