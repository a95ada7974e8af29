package embedredis

import (
	"fmt"
	"strings"
	"time"
)

// Transactions. The commands between MULTI and EXEC are kept here and executed
// at EXEC as one unit, which makes one record of the log. WATCH is miniredis's.

// transaction handles MULTI, EXEC, DISCARD and what stands between them.
func (f *front) transaction(c *client, name string, args []string) {
	defer c.peer.Flush()
	switch {
	case name == "MULTI" && c.tx != nil:
		c.peer.WriteError("ERR MULTI calls can not be nested")
	case name == "MULTI":
		c.tx, c.bad = &[][]string{}, false
		c.peer.WriteOK()
	case name == "EXEC" && c.tx == nil:
		c.peer.WriteError("ERR EXEC without MULTI")
	case name == "EXEC":
		f.exec(c)
	case name == "DISCARD":
		c.tx = nil
		f.single(c, "UNWATCH", []string{"UNWATCH"}) // its OK is DISCARD's
	case name == "WATCH":
		c.peer.WriteError("ERR WATCH inside MULTI is not allowed")
	default:
		f.queue(c, name, args)
	}
}

// queue keeps a command, if it is one.
func (f *front) queue(c *client, name string, args []string) {
	refuse := func(text string) {
		c.bad = true
		c.peer.WriteError(text)
	}
	if why, ok := refused[name]; ok {
		refuse(refusal(name, why))
		return
	}
	if notInTransaction[name] || !f.x.srv.IsRegisteredCommand(name) {
		refuse(fmt.Sprintf("ERR unknown command '%s' in a transaction", args[0]))
		return
	}
	if name == "XREAD" || name == "XREADGROUP" {
		rest, _, _ := blockOption(args[1:]) // nobody waits in a transaction
		args = append([]string{name}, rest...)
	}
	args, errText := f.withScript(name, args)
	if errText != "" {
		refuse(errText)
		return
	}
	*c.tx = append(*c.tx, args)
	c.peer.WriteInline("QUEUED")
}

// exec executes what was queued.
func (f *front) exec(c *client) {
	u := unit{db: c.db, multi: true, commands: *c.tx}
	c.tx = nil
	if c.bad {
		start := c.out.Len()
		f.single(c, "UNWATCH", []string{"UNWATCH"})
		c.out.Truncate(start)
		c.peer.WriteError("EXECABORT Transaction discarded because of previous errors.")
		return
	}
	for _, args := range u.commands {
		if asksLife[strings.ToUpper(args[0])] { // no lag, then
			f.x.walk(time.Now().UnixMilli())
			break
		}
	}
	answer, took := f.run(c, &u)
	if len(answer) > 0 && answer[0] == '*' && !isNil(answer) {
		f.note(u, took)
	}
}
