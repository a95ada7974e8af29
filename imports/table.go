package imports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxRow is the size of a row, in bytes: more is a quote that is not closed.
const maxRow = 1 << 20

// maxColumns is how many columns a row can have.
const maxColumns = 1000

// table reads the records of a file one after the other.
type table interface {
	// next is the next record, by column; its line counts from 1. A *rowError
	// concerns this record alone.
	next(into []string) (record []string, line int, err error)
}

// rowError is what is wrong with one record.
type rowError struct{ reason string }

func (e *rowError) Error() string { return e.reason }

// csvTable reads CSV as RFC 4180 has it, with any separator, and with quotes
// inside of fields that are not quoted. It is not encoding/csv because a quote
// that is never closed must not read the file into memory.
type csvTable struct {
	r     *bufio.Reader
	comma byte
	line  int
	buf   []byte
	ends  []int // of the fields in buf
}

var errOpenQuote = errors.New("has a quote that is not closed within a megabyte: nothing behind it can be read")

func (t *csvTable) next(into []string) ([]string, int, error) {
	t.buf, t.ends = t.buf[:0], t.ends[:0]
	t.line++
	line := t.line
	quoted, was, any := false, false, false
	for {
		if len(t.buf) > maxRow {
			return nil, line, fmt.Errorf("line %d %w", line, errOpenQuote)
		}
		c, err := t.r.ReadByte()
		if err == io.EOF {
			switch {
			case quoted:
				return nil, line, &rowError{"has a quote that is not closed"}
			case !any:
				return nil, line, io.EOF
			}
			return t.record(into, line)
		}
		if err != nil {
			return nil, line, err
		}
		if quoted {
			switch c {
			case '"':
				if more, _ := t.r.Peek(1); len(more) == 1 && more[0] == '"' {
					_, _ = t.r.ReadByte()
					t.buf = append(t.buf, '"')
				} else {
					quoted = false
				}
				continue
			case '\n':
				t.line++
			}
			t.buf = append(t.buf, c)
			continue
		}
		switch {
		case c == t.comma:
			t.ends, was = append(t.ends, len(t.buf)), false
			if len(t.ends) > maxColumns {
				return nil, line, fmt.Errorf("line %d has more than %d columns", line, maxColumns)
			}
		case c == '"' && t.fresh() && !was:
			quoted, was = true, true
		case c == '\n' || c == '\r':
			if c == '\r' {
				if more, _ := t.r.Peek(1); len(more) == 1 && more[0] == '\n' {
					continue
				}
			}
			if !any { // an empty line
				t.line++
				line = t.line
				continue
			}
			return t.record(into, line)
		default:
			t.buf = append(t.buf, c)
		}
		any = true
	}
}

// fresh says whether the field at hand has nothing in it yet.
func (t *csvTable) fresh() bool {
	start := 0
	if n := len(t.ends); n > 0 {
		start = t.ends[n-1]
	}
	return len(t.buf) == start
}

// record cuts the record into fields. They share one text.
func (t *csvTable) record(into []string, line int) ([]string, int, error) {
	t.ends = append(t.ends, len(t.buf))
	if !utf8.Valid(t.buf) {
		return nil, line, errEncoding
	}
	all, start := string(t.buf), 0
	into = into[:0]
	for _, end := range t.ends {
		into = append(into, all[start:end])
		start = end
	}
	return into, line, nil
}

var errEncoding = &rowError{"is in another encoding than the file's beginning: say which (--encoding Big5)"}

// separatorOf guesses what divides the fields, by the first line: of the signs
// it has outside of quotes the most frequent. Excel may say it.
func separatorOf(r *bufio.Reader) (byte, error) {
	sample, _ := r.Peek(sampleSize)
	if rest, ok := bytes.CutPrefix(sample, []byte("sep=")); ok && len(rest) > 1 && (rest[1] == '\n' || rest[1] == '\r') {
		sign := rest[0]
		_, err := r.ReadString('\n')
		return sign, err
	}
	counts := map[byte]int{}
	quoted := false
scan:
	for _, c := range sample {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			break scan
		case c == ',' || c == ';' || c == '\t' || c == '|':
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best, nil
}

// jsonTable reads JSON lines. Its columns are found as they come: the names of
// fields, those inside of objects with dots.
type jsonTable struct {
	r       *bufio.Reader
	line    int
	columns map[string]int
	names   []string
}

func (t *jsonTable) next(into []string) ([]string, int, error) {
	for {
		t.line++
		b, err := t.readLine()
		if err != nil {
			return nil, t.line, err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if !utf8.Valid(b) {
			return nil, t.line, errEncoding
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		var fields map[string]any
		if err := dec.Decode(&fields); err != nil || fields == nil || dec.More() {
			return nil, t.line, &rowError{"is no JSON object on a line of its own"}
		}
		into = into[:cap(into)]
		clear(into)
		into = into[:0]
		into, err = t.spread(into, "", fields, 0)
		return into, t.line, err
	}
}

func (t *jsonTable) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := t.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxRow:
			return nil, fmt.Errorf("line %d has more than a megabyte", t.line)
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return line, nil
		default:
			return line, err
		}
	}
}

// spread puts the fields of an object into their columns.
func (t *jsonTable) spread(into []string, prefix string, fields map[string]any, depth int) ([]string, error) {
	var err error
	for name, v := range fields {
		if name = prefix + name; depth < 8 {
			if inner, ok := v.(map[string]any); ok {
				if into, err = t.spread(into, name+".", inner, depth+1); err != nil {
					return into, err
				}
				continue
			}
		}
		var s string
		switch v := v.(type) {
		case nil:
			continue
		case string:
			s = v
		case bool:
			s = strconv.FormatBool(v)
		case json.Number:
			s = v.String()
		default:
			b, _ := json.Marshal(v)
			s = string(b)
		}
		i, known := t.columns[name]
		if !known {
			if len(t.names) >= maxColumns {
				return into, fmt.Errorf("the file has more than %d names of fields", maxColumns)
			}
			i = len(t.names)
			t.columns[name], t.names = i, append(t.names, name)
		}
		for len(into) <= i {
			into = append(into, "")
		}
		into[i] = s
	}
	return into, nil
}

// SeparatorName is a separator as people call it.
func SeparatorName(c byte) string {
	switch c {
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case '|':
		return "bar"
	}
	return strings.TrimSpace(strconv.QuoteRune(rune(c)))
}

// Rows reads any CSV file: its column names, and a function for its rows,
// io.EOF at the end. Rows that cannot be read are passed over.
func Rows(r io.Reader) (columns []string, next func() ([]string, error), err error) {
	text, _, err := decoded(r, "")
	if err != nil {
		return nil, nil, err
	}
	comma, err := separatorOf(text)
	if err != nil {
		return nil, nil, errors.New("the file has no line of column names")
	}
	t := &csvTable{r: text, comma: comma}
	header, _, err := t.next(nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the line of column names cannot be read: %w", err)
	}
	for _, name := range header {
		columns = append(columns, strings.TrimSpace(name))
	}
	return columns, func() ([]string, error) {
		for {
			row, _, err := t.next(nil)
			var bad *rowError
			if !errors.As(err, &bad) {
				return row, err
			}
		}
	}, nil
}
