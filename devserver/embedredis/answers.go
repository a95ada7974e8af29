package embedredis

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// Commands that the front answers by itself, or with a part of its own.

// script executes SCRIPT. The text of a script must go through load.
func (f *front) script(c *client, args []string) {
	if len(args) == 3 && strings.EqualFold(args[1], "LOAD") {
		sha, err := f.x.load(args[2])
		if err != nil {
			c.peer.WriteError(err.Error())
			return
		}
		c.peer.WriteBulk(sha)
		return
	}
	answer := f.single(c, "SCRIPT", args)
	if len(args) > 1 && strings.EqualFold(args[1], "FLUSH") && bytes.HasPrefix(answer, []byte("+OK")) {
		clear(f.x.scripts)
	}
}

func (f *front) selectDB(c *client, args []string) {
	db := -1
	if len(args) == 2 {
		if n, err := strconv.Atoi(args[1]); err == nil && n >= 0 && n < databases {
			db = n
		}
	}
	if db < 0 {
		c.peer.WriteError("ERR DB index is out of range")
		return
	}
	c.db = db
	f.single(c, "SELECT", []string{"SELECT", strconv.Itoa(db)})
}

// config answers CONFIG GET for what clients ask before they trust a Redis.
func (f *front) config(c *client, args []string) {
	if len(args) < 3 || !strings.EqualFold(args[1], "GET") {
		c.peer.WriteError("ERR the in-process redis has no settings to change")
		return
	}
	settings := map[string]string{
		"appendonly": "no", "appendfsync": "everysec", "save": "", "dir": f.dir,
		"databases": strconv.Itoa(databases), "maxmemory": "0", "maxmemory-policy": "noeviction",
	}
	if f.journal != nil {
		settings["appendonly"] = "yes"
	}
	var found []string
	for _, name := range args[2:] {
		name = strings.ToLower(name)
		if v, ok := settings[name]; ok {
			found = append(found, name, v)
		}
	}
	c.peer.Block(func(w *server.Writer) {
		w.WriteMapLen(len(found) / 2)
		for _, s := range found {
			w.WriteBulk(s)
		}
	})
}
