package embedredis

import (
	"bytes"
	"net"
	"slices"

	"github.com/alicebob/miniredis/v2/server"
)

// client is a connection.
type client struct {
	conn net.Conn
	in   []byte // read and not yet parsed
	peer *server.Peer
	out  bytes.Buffer // answers that wait for the log
	db   int
	tx   *[][]string // commands of the open transaction
	bad  bool        // one of them was refused
	read *read       // a command that waits
	quit bool
}

// next returns the commands that have arrived, at least one. With an error it
// may return commands too, which come before it.
func (c *client) next() (batch [][]string, err error) {
	used, size := 0, 0
	for {
		args, n, err := parseRequest(c.in[used:])
		if err != nil {
			return batch, err
		}
		if n == 0 {
			if len(batch) > 0 {
				break
			}
			if err := c.more(); err != nil {
				return nil, err
			}
			continue
		}
		used, size = used+n, size+n
		if len(args) > 0 {
			batch = append(batch, args)
		}
		if len(batch) == batchCommands || size >= batchBytes {
			break
		}
		if len(batch) == 0 { // an empty line
			c.in, used = c.in[used:], 0
		}
	}
	c.in = append(c.in[:0], c.in[used:]...)
	if cap(c.in) > batchBytes && len(c.in) < batchBytes/4 {
		c.in = slices.Clone(c.in)
	}
	return batch, nil
}

// more reads what has come.
func (c *client) more() error {
	c.in = slices.Grow(c.in, max(4096, len(c.in)/2))
	n, err := c.conn.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	if n > 0 {
		return nil
	}
	return err
}
