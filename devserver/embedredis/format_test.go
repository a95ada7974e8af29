package embedredis

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestRecordsRoundTrip(t *testing.T) {
	words := rapid.SliceOfN(rapid.String(), 1, 5)
	rapid.Check(t, func(t *rapid.T) {
		u := unit{
			now:   rapid.Int64().Draw(t, "now"),
			db:    rapid.IntRange(0, 15).Draw(t, "db"),
			multi: rapid.Bool().Draw(t, "multi"),
		}
		n := 1
		if u.multi {
			n = rapid.IntRange(0, 4).Draw(t, "commands")
		}
		for range n {
			u.commands = append(u.commands, words.Draw(t, "words"))
		}
		text := rapid.String().Draw(t, "script")
		b := appendHeader(nil, -7)
		b = appendScript(b, text)
		b = appendUnit(b, u)
		b = appendWalk(b, 1<<40)
		b = appendEnd(b)
		r := bufio.NewReader(bytes.NewReader(b))
		var got []record
		for {
			rec, _, err := readRecord(r)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rec)
		}
		kind := byte(kindCommand)
		if u.multi {
			kind = kindMulti
		}
		want := []record{
			{kind: kindHeader, walked: -7},
			{kind: kindScript, text: text},
			{kind: kind, unit: u},
			{kind: kindWalk, walked: 1 << 40},
			{kind: kindEnd},
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

// FuzzReadRecord: nothing read from a file may crash or ask for endless memory.
func FuzzReadRecord(f *testing.F) {
	f.Add(appendHeader(nil, 5))
	f.Add(appendUnit(nil, unit{now: 1, multi: true, commands: [][]string{{"SET", "k", "v"}, {"DEL", "k"}}}))
	f.Add([]byte{recordMark, 0xff, 0xff, 0xff, 0x3f, 0, 0, 0, 0, 'c'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		for at := int64(0); ; {
			_, size, err := readRecord(r)
			if err != nil {
				break
			}
			if at += size; at > int64(len(b)) {
				t.Fatalf("read %d of %d bytes", at, len(b))
			}
		}
		if len(b) > 0 {
			decodeRecord(b) // as if the checksum were right
		}
	})
}

// FuzzParseRequest: a request is found whole or not at all, however it arrives.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n"))
	f.Add([]byte("SET  a b\r\n\r\n*0\r\n*-1\r\n"))
	f.Add([]byte("*1\r\n$-1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			args, n, err := parseRequest(b)
			if err != nil {
				if !errors.Is(err, errProtocol) {
					t.Fatal(err)
				}
				return
			}
			if n == 0 {
				return
			}
			for cut := range n { // what comes in parts is not taken for something else
				if got, m, err := parseRequest(b[:cut]); m != 0 || err != nil {
					t.Fatalf("%q is read as %q, %v", b[:cut], got, err)
				}
			}
			again, m, err := parseRequest(append([]byte(nil), b[:n]...))
			if m != n || err != nil || !reflect.DeepEqual(again, args) {
				t.Fatalf("alone %q is read as %q, %v; before as %q", b[:n], again, err, args)
			}
			b = b[n:]
		}
	})
}

func TestSocketPath(t *testing.T) {
	path, short, err := socketPath("/short")
	if err != nil || path != "/short/redis.sock" || short != "" {
		t.Errorf("%s, %s, %v", path, short, err)
	}
}
