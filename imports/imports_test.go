package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"journey/dsl"
	"journey/dsl/value"
)

const shop = `
workspace { timezone "Asia/Taipei" country TW }
trait email: email identifier
trait phone: phone identifier
trait name: text
trait city "address.city": text
trait birthday: date format "yyy/mm/dd"
event order_completed "Order Completed" { order_id: text, total: number, note: text optional }
import customers from csv {
  identify user_id = row["客戶編號"]
  identify email = row["E-mail"]
  set name = row["姓名"]
  set city = row["城市"]
  set birthday = row["生日"]
  set consent.email = row["電子報"] == "是"
}
import orders from csv as order_completed {
  identify phone = row["電話"]
  at row["時間"]
  set order_id = row["單號"]
  set total = row["金額"]
}
import lines from jsonl {
  identify user_id = row["id"]
  set name = row["person.name"]
}
`

func program(t testing.TB) *dsl.Program {
	t.Helper()
	p, diags := dsl.Load(map[string]string{"shop.journey": shop})
	if p == nil {
		t.Fatalf("%+v", diags)
	}
	return p
}

func open(t testing.TB, name string, r io.Reader) (*Reader, error) {
	t.Helper()
	p := program(t)
	for _, im := range p.Imports {
		if im.Name == name {
			return Open(r, im, p, "")
		}
	}
	t.Fatalf("there is no import %s", name)
	return nil, nil
}

func all(t testing.TB, r *Reader) (rows []*Row, problems []Problem) {
	t.Helper()
	for {
		row, found, err := r.Next()
		if err == io.EOF {
			return rows, problems
		}
		if err != nil {
			t.Fatal(err)
		}
		if row != nil {
			rows = append(rows, row)
		}
		problems = append(problems, found...)
	}
}

const customers = "客戶編號,E-mail,姓名,城市,生日,電子報\n" +
	"1001,Ann@Example.com,王小明,台北,75/03/02,是\n" +
	"1002,not mail,\"陳, 大文\",,1986-03-02,否\n" +
	",,nobody,,,\n" +
	"1003,c@example.com,李,高雄,99/99/99,是\n"

func TestPeople(t *testing.T) {
	r, err := open(t, "customers", strings.NewReader(customers))
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := all(t, r)
	if len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), problems)
	}
	want := map[string]any{
		"email": "ann@example.com", "name": "王小明", "address": map[string]any{"city": "台北"},
		"birthday": value.DateOf(1986, 3, 2), "consent": map[string]any{"email": true},
	}
	if d := cmp.Diff(want, rows[0].Traits); d != "" || rows[0].UserID != "1001" || !rows[0].History || rows[0].Event != "" {
		t.Errorf("the first row is %+v\n%s", rows[0], d)
	}
	if rows[1].Traits["name"] != "陳, 大文" {
		t.Errorf("the second row is %+v", rows[1])
	}
	wantProblems := []Problem{
		{Row: 3, Column: "E-mail", Reason: "is not an e-mail address and identifies nobody", Value: "n***"},
		{Row: 4, Column: "客戶編號", Reason: "is empty, and nothing else in the row identifies anybody", Refused: true},
		{Row: 5, Column: "生日", Reason: problems[len(problems)-1].Reason, Value: "9***"},
	}
	if d := cmp.Diff(wantProblems, problems); d != "" {
		t.Error(d)
	}
}

func TestEvents(t *testing.T) {
	r, err := open(t, "orders", strings.NewReader("電話;時間;單號;金額\n"+
		"0912345678;2026/3/2 下午 3:04;A1;NT$1,234\n"+
		"0912345678;2026/3/2 下午 3:04;A2;viel\n"+
		"0912345678;;A3;5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.File(); f.Separator != "semicolon" || f.Encoding != "UTF-8" {
		t.Errorf("the file is %+v", f)
	}
	rows, problems := all(t, r)
	if len(rows) != 1 || len(problems) != 2 || !problems[0].Refused || !problems[1].Refused {
		t.Fatalf("%d rows, %+v", len(rows), problems)
	}
	row := rows[0]
	want := map[string]any{"order_id": "A1", "total": 1234.0}
	if d := cmp.Diff(want, row.Properties); d != "" || row.Event != "Order Completed" || row.Traits["phone"] != "+886912345678" || row.At.String() != "2026-03-02T07:04:00Z" {
		t.Errorf("%+v %s\n%s", row, row.At, d)
	}
}

func TestEncodings(t *testing.T) {
	encode := func(b []byte, err error) string { return string(b) }
	for _, c := range []struct{ want, file string }{
		{"UTF-8", customers},
		{"UTF-8 with mark", "\ufeff" + customers},
		{"Big5", encode(traditionalchinese.Big5.NewEncoder().Bytes([]byte(customers)))},
		{"UTF-16", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.ReplaceAll(customers, ",", "\t"))))},
		{"UTF-8", strings.ReplaceAll(customers, "\n", "\r\n")},
		{"UTF-8", "sep=,\r\n" + customers},
	} {
		r, err := open(t, "customers", strings.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		if r.File().Encoding != c.want {
			t.Errorf("it is %q, want %q", r.File().Encoding, c.want)
		}
		if rows, problems := all(t, r); len(rows) != 3 || rows[0].Traits["name"] != "王小明" {
			t.Errorf("%s: %+v %+v", c.want, rows, problems)
		}
	}
	french, err := charmap.Windows1252.NewEncoder().Bytes([]byte("id;név\n1;Hélène Crépé\n2;Zoë Müller-Lüdenscheidt\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := encodingOf(french); got != "CP1252" {
		t.Errorf("it is %s", got)
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct{ file, says string }{
		{"", "is empty"},
		{" \n\n", "is empty"},
		{"PK\x03\x04rest", "Excel"},
		{"\x00\x01\x02binary", "no text"},
		{"客戶編號,email,姓名,城市,生日,電子報\n", `no column "E-mail" (is it "email"?)`},
		{"1001,ann@example.com,a,b,c,d\n", "does its first line hold the names"},
		{"客戶編號,E-mail,E-mail,姓名,城市,生日,電子報\n", "two columns"},
		{"客戶編號,\"E-mail\n", "quote"},
	} {
		_, err := open(t, "customers", strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.file, err, c.says)
		}
	}
}

func TestOpenQuote(t *testing.T) {
	r, err := open(t, "customers", strings.NewReader(customers+"1004,\"x"+strings.Repeat("y\n", maxRow)))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = r.Next()
	}
	if !errors.Is(err, errOpenQuote) || !strings.Contains(err.Error(), "line 6") {
		t.Error(err)
	}
}

func TestJSONLines(t *testing.T) {
	r, err := open(t, "lines", strings.NewReader(`{"id":7,"person":{"name":"Ann"}}`+"\n\nno\n"+`{"person":{"name":"Bo"},"id":"8"}`+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := all(t, r)
	if len(rows) != 2 || rows[0].UserID != "7" || rows[0].Traits["name"] != "Ann" || rows[1].UserID != "8" || len(problems) != 1 || problems[0].Row != 3 {
		t.Errorf("%+v %+v", rows, problems)
	}
}

// memory is a sink that remembers.
type memory struct {
	mu     sync.Mutex // one group is looked up while another is kept
	known  map[uint64]bool
	ids    map[string]bool
	rows   []*Row
	die    int // after so many submitted rows; 0: never
	refuse func(*Row) bool
}

var errDead = errors.New("killed")

func (m *memory) Known(_ context.Context, _ string, keys []uint64) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]bool, len(keys))
	for i, k := range keys {
		out[i] = m.known[k]
	}
	return out, nil
}

func (m *memory) Keep(_ context.Context, _ string, keys []uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.die > 0 && len(m.ids) >= m.die {
		return errDead
	}
	for _, k := range keys {
		m.known[k] = true
	}
	return nil
}

func (m *memory) Submit(_ context.Context, rows []*Row) ([]Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Outcome, len(rows))
	for i, row := range rows {
		if m.refuse != nil && m.refuse(row) {
			out[i].Refused = &Fault{"userId", "is not wanted"}
			continue
		}
		if out[i].Duplicate = m.ids[row.ID]; !out[i].Duplicate {
			m.ids[row.ID] = true
			m.rows = append(m.rows, row)
		}
	}
	return out, nil
}

func newMemory() *memory { return &memory{known: map[uint64]bool{}, ids: map[string]bool{}} }

func orders(n int, change func(i int, line string) string) string {
	var b strings.Builder
	b.WriteString("電話,時間,單號,金額\n")
	for i := range n {
		line := fmt.Sprintf("09123%05d,2026-03-02 10:00,A%d,5\n", i%1000, i/2) // each twice
		if i%1000 == i%2 {
			line = "0912345678,2026-03-02 10:00,A,5\n" // many times
		}
		if change != nil {
			line = change(i, line)
		}
		b.WriteString(line)
	}
	return b.String()
}

func run(t *testing.T, sink Sink, file string) (Summary, []Problem, error) {
	t.Helper()
	r, err := open(t, "orders", strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var problems []Problem
	sum, err := Run(context.Background(), r, sink, Report{Problem: func(p Problem) error { problems = append(problems, p); return nil }})
	return sum, problems, err
}

func TestAgainChangesNothing(t *testing.T) {
	m := newMemory()
	file := orders(3000, nil)
	sum, _, err := run(t, m, file)
	if err != nil || sum.Stored != 3000 || !sum.Complete || sum.Line != 3001 {
		t.Fatalf("%+v %v", sum, err)
	}
	m.ids = map[string]bool{} // the marks have expired
	if sum, _, err = run(t, m, file); err != nil || sum.Stored != 0 || sum.Known != 3000 {
		t.Fatalf("the same again: %+v %v", sum, err)
	}
	corrected := orders(3000, func(i int, line string) string {
		if i == 7 || i == 2000 {
			return strings.Replace(line, ",5\n", ",6\n", 1)
		}
		return line
	})
	if sum, _, err = run(t, m, corrected); err != nil || sum.Stored != 2 || sum.Known != 2998 {
		t.Fatalf("corrected: %+v %v", sum, err)
	}
}

func TestBrokenOff(t *testing.T) {
	m := newMemory()
	m.die = 1200
	file := orders(3000, nil)
	sum, _, err := run(t, m, file)
	if !errors.Is(err, errDead) || sum.Complete || sum.Line == 0 || sum.Line > 1500 {
		t.Fatalf("%+v %v", sum, err)
	}
	m.die = 0
	sum, _, err = run(t, m, file)
	if err != nil || len(m.rows) != 3000 || sum.Stored+sum.Known != 3000 {
		t.Fatalf("%+v %v, %d rows", sum, err, len(m.rows))
	}
}

func TestRefusedRowsAreNotRemembered(t *testing.T) {
	m := newMemory()
	m.refuse = func(row *Row) bool { return row.Line == 3 }
	sum, problems, err := run(t, m, orders(100, nil))
	if err != nil || sum.Refused != 1 || sum.Stored != 99 || len(problems) != 1 || problems[0].Row != 3 || !problems[0].Refused {
		t.Fatalf("%+v %+v %v", sum, problems, err)
	}
	m.refuse = nil
	if sum, _, err = run(t, m, orders(100, nil)); err != nil || sum.Stored != 1 || sum.Known != 99 {
		t.Fatalf("%+v %v", sum, err)
	}
}

// forgetful is a sink that keeps nothing, and measures.
type forgetful struct{ most uint64 }

func (f *forgetful) Known(_ context.Context, _ string, keys []uint64) ([]bool, error) {
	return make([]bool, len(keys)), nil
}
func (f *forgetful) Keep(context.Context, string, []uint64) error { return nil }
func (f *forgetful) Submit(_ context.Context, rows []*Row) ([]Outcome, error) {
	if rows[0].Line%10_000 < groupSize {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		f.most = max(f.most, m.HeapAlloc)
	}
	return make([]Outcome, len(rows)), nil
}

// generated is a file that is made while it is read.
type generated struct {
	rows, at int
	rest     string
}

func (g *generated) Read(p []byte) (int, error) {
	for g.rest == "" {
		if g.at > g.rows {
			return 0, io.EOF
		}
		g.rest = "電話,時間,單號,金額\n"
		if g.at > 0 {
			g.rest = fmt.Sprintf("09%08d,2026-03-02 10:00,A%d,%d\n", 10_000_000+g.at, g.at, g.at)
		}
		g.at++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// The memory of an import does not grow with its file.
func TestConstantMemory(t *testing.T) {
	heap := func(rows int) uint64 {
		r, err := open(t, "orders", &generated{rows: rows})
		if err != nil {
			t.Fatal(err)
		}
		f := &forgetful{}
		sum, err := Run(context.Background(), r, f, Report{})
		if err != nil || sum.Stored+sum.Refused != int64(rows) {
			t.Fatalf("%+v %v", sum, err)
		}
		return f.most
	}
	many, room := 60_000, uint64(4<<20)
	if testing.Short() { // and with the race detector, which keeps more
		many, room = 15_000, 16<<20
	}
	small, large := heap(3_000), heap(many)
	if large > small+room {
		t.Errorf("%d bytes with 3,000 rows and %d with %d", small, large, many)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(customers), false)
	f.Add([]byte("sep=;\n\"a\";b\n\"x\"\"y\";\"\n\""), false)
	f.Add([]byte(`{"id":1,"person":{"name":[1,{"a":null}]}}`), true)
	p, _ := dsl.Load(map[string]string{"shop.journey": strings.ReplaceAll(shop, "import customers from csv {", "import customers from csv { ")})
	f.Fuzz(func(t *testing.T, file []byte, lines bool) {
		im := p.Imports[0]
		if lines {
			im = p.Imports[2]
		}
		r, err := Open(strings.NewReader(string(file)), im, p, "")
		if err != nil {
			return
		}
		for range 10_000 {
			if _, _, err := r.Next(); err != nil {
				return
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	r, err := open(b, "orders", &generated{rows: b.N})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	all(b, r)
}
