package imports

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/profiles/clean"
)

// Reader reads the rows of a file by an import.
type Reader struct {
	im      *dsl.Import
	program *dsl.Program
	clean   clean.Options
	file    File
	table   table
	named   map[string]int // where a column stands
	base    []byte         // what the key of every row begins with
	used    []string       // columns that make up a row's content; nil: all
	ordinal occurrences

	record []string
	env    cond.Env
	buf    []byte
}

// File is what was found out about a file.
type File struct {
	Format    string   `json:"format"`
	Encoding  string   `json:"encoding"`
	Separator string   `json:"separator,omitempty"`
	Columns   []string `json:"-"`
}

// Row is what a row of a file says.
type Row struct {
	Line        int    // of the file, from 1
	ID          string // the row's message id
	Key         uint64 // the beginning of it, by which the row is remembered
	UserID      string
	AnonymousID string
	Event       string // name on the wire; "": a person
	Traits      map[string]any
	Properties  map[string]any
	At          value.Time // 0: when it is imported
	History     bool
	columns     map[string]string // by the field of a call: where it comes from
}

// Problem is a value, or a row, that could not be used.
type Problem struct {
	Row    int    `json:"row"` // its line in the file, from 1
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Value  string `json:"value,omitempty"` // masked
	// Refused says that nothing of the row goes in; otherwise all but this
	// value does.
	Refused bool `json:"refused"`
}

// Open finds out what a file is. encoding is its encoding, "" to be found.
// The errors are for whoever has the file.
func Open(r io.Reader, im *dsl.Import, program *dsl.Program, encoding string) (*Reader, error) {
	text, found, err := decoded(r, encoding)
	if err != nil {
		return nil, err
	}
	s := program.Settings
	rd := &Reader{
		im: im, program: program, clean: clean.Options{Zone: s.Zone, Country: s.Country, Import: true},
		file: File{Format: im.Format, Encoding: found}, env: cond.Env{Zone: s.Zone, Row: map[string]any{}},
	}
	if im.Format == "jsonl" {
		t := &jsonTable{r: text, columns: map[string]int{}}
		rd.table, rd.named = t, t.columns
	} else if err := rd.openCSV(text); err != nil {
		return nil, err
	}
	rd.content()
	return rd, nil
}

// File is what the file is.
func (r *Reader) File() File { return r.file }

func (r *Reader) openCSV(text *bufio.Reader) error {
	comma, err := separatorOf(text)
	if err != nil {
		return errors.New("the file has no line of column names")
	}
	table := &csvTable{r: text, comma: comma}
	r.file.Separator = SeparatorName(comma)
	header, _, err := table.next(nil)
	if err != nil {
		return fmt.Errorf("the line of column names cannot be read: %w", err)
	}
	r.table, r.named = table, map[string]int{}
	twice := map[string]bool{}
	for i, name := range header {
		name = norm.NFC.String(strings.TrimSpace(name))
		r.file.Columns = append(r.file.Columns, name)
		if _, there := r.named[name]; there {
			twice[name] = true
			continue
		}
		r.named[name] = i
	}
	var lacks []string
	for _, name := range r.im.Columns {
		switch _, there := r.named[norm.NFC.String(name)]; {
		case twice[name]:
			return fmt.Errorf("the file has two columns named %q: rename one", name)
		case there:
		default:
			says := fmt.Sprintf("%q", name)
			if near := diag.Suggest(name, r.file.Columns); near != "" {
				says += fmt.Sprintf(" (is it %q?)", near)
			}
			lacks = append(lacks, says)
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	says := fmt.Sprintf("the file has no column %s, which import %s names", strings.Join(lacks, ", "), r.im.Name)
	if len(lacks) == len(r.im.Columns) {
		says += ": does its first line hold the names of the columns?"
	}
	return errors.New(says)
}

// content prepares what makes up the key of a row.
func (r *Reader) content() {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", r.im.Name, r.im.Event)
	if r.im.Event == "" {
		r.used = slices.Sorted(slices.Values(r.im.Columns))
		for _, n := range r.im.Identify {
			fmt.Fprintf(h, "i%s\x00%s\x00", n.Name, n.Expr.Source())
		}
		for _, f := range r.im.Set {
			fmt.Fprintf(h, "s%s\x00%s\x00%s\x00", f.Name, f.Expr.Source(), f.Type)
		}
		if r.im.At != nil {
			fmt.Fprintf(h, "a%s\x00%s\x00", r.im.At.Source(), r.im.AtFormat)
		}
	}
	r.base = h.Sum(nil)
}

// Next is the next row, and what of it cannot be used. The row is nil when
// nothing of it can. io.EOF ends the file; any other error ends the reading.
func (r *Reader) Next() (*Row, []Problem, error) {
	record, line, err := r.table.next(r.record)
	var bad *rowError
	switch {
	case errors.As(err, &bad):
		return nil, []Problem{{Row: line, Reason: bad.reason, Refused: true}}, nil
	case err != nil:
		return nil, nil, err
	}
	r.record = record
	if n := len(r.file.Columns); n > 0 && len(record) > n && strings.Join(record[n:], "") != "" {
		return nil, []Problem{{Row: line, Reason: fmt.Sprintf("has %d columns, and the first line names %d", len(record), n), Refused: true}}, nil
	}
	clear(r.env.Row)
	for name, i := range r.named {
		if i < len(record) {
			if s := strings.TrimSpace(record[i]); s != "" {
				r.env.Row[name] = s
			}
		}
	}
	if len(r.env.Row) == 0 {
		return nil, []Problem{{Row: line, Reason: "is empty", Refused: true}}, nil
	}
	w := rowWork{Reader: r, row: &Row{Line: line, History: !r.im.Live, columns: map[string]string{}}}
	w.read()
	if w.refused {
		for i := range w.problems {
			w.problems[i].Refused = true
		}
		return nil, w.problems, nil
	}
	w.row.ID, w.row.Key = r.key()
	return w.row, w.problems, nil
}

// key is the hash of the row at hand.
func (r *Reader) key() (string, uint64) {
	b := append(r.buf[:0], r.base...)
	names := r.used
	if names == nil {
		for name := range r.env.Row {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		s, _ := r.env.Row[name].(string)
		if s == "" {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	n := r.ordinal.next(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))
	b = binary.AppendUvarint(append(b[:0], sum[:]...), n)
	sum = sha256.Sum256(b)
	r.buf = b
	return "import-" + hex.EncodeToString(sum[:16]), binary.BigEndian.Uint64(sum[:])
}
