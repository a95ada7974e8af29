package embedredis

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Requests as clients send them: arrays of bulk strings, or a line of words.
// https://redis.io/docs/latest/develop/reference/protocol-spec/

const (
	maxArguments = 1 << 20   // as Redis
	maxBulk      = 512 << 20 // bytes of one argument, as Redis
	maxInline    = 64 << 10  // bytes of a line of words, as Redis
)

// errProtocol is what a connection is closed for.
var errProtocol = errors.New("protocol error")

// parseRequest takes one command off the front of b. n is the number of bytes it
// took; 0 means that more must be read first. A command of no words (an empty
// line) is nil with n above 0. The arguments are copies.
func parseRequest(b []byte) (args []string, n int, err error) {
	if len(b) == 0 {
		return nil, 0, nil
	}
	if b[0] != '*' {
		return parseInline(b)
	}
	count, n, err := parseLength(b, '*', maxArguments)
	if err != nil || n == 0 {
		return nil, 0, err
	}
	// An announced count is not trusted with memory before the words are there.
	args = make([]string, 0, min(max(count, 0), 64))
	for range count {
		size, used, err := parseLength(b[n:], '$', maxBulk)
		if err != nil || used == 0 {
			return nil, 0, err
		}
		if size < 0 {
			return nil, 0, fmt.Errorf("%w: negative length", errProtocol)
		}
		n += used
		if len(b)-n < size+2 {
			return nil, 0, nil
		}
		if b[n+size] != '\r' || b[n+size+1] != '\n' {
			return nil, 0, fmt.Errorf("%w: no line end after %d bytes", errProtocol, size)
		}
		args = append(args, string(b[n:n+size]))
		n += size + 2
	}
	return args, n, nil
}

// parseLength reads "<mark>123\r\n".
func parseLength(b []byte, mark byte, limit int) (length, n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > 32 {
			return 0, 0, fmt.Errorf("%w: a length without an end", errProtocol)
		}
		return 0, 0, nil
	}
	if end < 2 || b[0] != mark || b[end-1] != '\r' {
		return 0, 0, fmt.Errorf("%w: expected %q and a number", errProtocol, mark)
	}
	length, err = strconv.Atoi(string(b[1 : end-1]))
	if err != nil || length > limit {
		return 0, 0, fmt.Errorf("%w: invalid length", errProtocol)
	}
	return length, end + 1, nil
}

// parseInline reads a line of words, as people type it; it knows no quotes.
func parseInline(b []byte) (args []string, n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > maxInline {
			return nil, 0, fmt.Errorf("%w: a line of more than %d bytes", errProtocol, maxInline)
		}
		return nil, 0, nil
	}
	for _, word := range bytes.Fields(b[:end]) {
		args = append(args, string(word))
	}
	return args, end + 1, nil
}
