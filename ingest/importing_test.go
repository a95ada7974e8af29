package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/text/encoding/traditionalchinese"

	"journey/engine"
)

const importing = workspace + `
trait points: number
import people from csv {
  identify user_id = row["編號"]
  identify email = row["信箱"]
  set name = row["姓名"]
  set points = row["點數"]
}
import orders from csv as order_completed {
  identify email = row["信箱"]
  at row["時間"]
  set total = row["金額"]
}
import signups from csv as signed_up live {
  identify email = row["信箱"]
  at row["時間"]
}
`

// imports is a server on a real Redis with that workspace.
func importingServer(t testing.TB) *Server {
	t.Helper()
	redis, _ := startRedis(t)
	s := realServer(t, redis)
	body, _ := json.Marshal(deployment{Sources: map[string]string{"shop.journey": importing}})
	if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
		t.Fatalf("deploy: %d %s", w.Code, w.Body)
	}
	return s
}

func importInto(t testing.TB, s *Server, path, file string) imported {
	t.Helper()
	w := ask(s, "POST", "/v1/imports/"+path, strings.NewReader(file), "Authorization", asAdmin)
	var sum imported
	if err := json.Unmarshal(w.Body.Bytes(), &sum); w.Code != 200 || err != nil {
		t.Fatalf("import %s: %d %s", path, w.Code, w.Body)
	}
	return sum
}

func TestImport(t *testing.T) {
	s := importingServer(t)
	people := "編號,信箱,姓名,點數\n1,ann@example.com,王小明,\"1,200\"\n2,bo@example.com,陳大文,viel\n,,nobody,1\n"
	big5, err := traditionalchinese.Big5.NewEncoder().String(people)
	if err != nil {
		t.Fatal(err)
	}
	sum := importInto(t, s, "people", big5)
	if sum.Encoding != "Big5" || sum.Rows != 3 || sum.Stored != 2 || sum.Refused != 1 || sum.Problems != 3 || len(sum.Shown) != 3 || !sum.Complete {
		t.Fatalf("%+v", sum)
	}
	if p := sum.Shown[1]; p.Row != 3 || p.Column != "點數" || p.Value != "v***" || p.Refused {
		t.Errorf("the problem is %+v", p)
	}
	if v := look(t, s, "user_id:1"); v == nil || v.Traits["name"] != "王小明" || v.Traits["points"] != nil {
		t.Fatalf("%+v", v) // without a country, 1,200 is not guessed
	}
}

func TestImportedEventsAreHistory(t *testing.T) {
	s := importingServer(t)
	now := s.o.Now().UTC().Format("2006-01-02T15:04:05Z")
	orders := "信箱,時間,金額\nann@example.com," + now + ",100\nann@example.com," + now + ",100\nann@example.com,2020-01-01,5\n"
	if sum := importInto(t, s, "orders", orders); sum.Stored != 3 || sum.Problems != 0 {
		t.Fatalf("%+v", sum)
	}
	signups := "信箱,時間\nann@example.com," + now + "\n"
	if sum := importInto(t, s, "signups", signups); sum.Stored != 1 {
		t.Fatalf("%+v", sum)
	}
	v := look(t, s, "email:ann@example.com")
	if v == nil || v.Traits["orders"] != 3.0 || len(v.Runs) != 1 || v.Runs[0].Journey != "welcome" {
		t.Fatalf("%+v", v)
	}
	if sum := importInto(t, s, "orders", orders); sum.Stored != 0 || sum.Known != 3 {
		t.Errorf("the same again: %+v", sum)
	}
	if sum := importInto(t, s, "orders", strings.Replace(orders, ",5\n", ",6\n", 1)); sum.Stored != 1 || sum.Known != 2 {
		t.Errorf("corrected: %+v", sum)
	}
	if v := look(t, s, "email:ann@example.com"); v.Traits["orders"] != 4.0 || len(v.Runs) != 1 {
		t.Errorf("%+v", v)
	}
}

// A live row acts like arriving data; the same row as history would not.
func TestImportIsHistoryUnlessLive(t *testing.T) {
	for _, live := range []string{"", " live"} {
		redis, _ := startRedis(t)
		s := realServer(t, redis)
		text := strings.Replace(importing, "signed_up live {", "signed_up"+live+" {", 1)
		body, _ := json.Marshal(deployment{Sources: map[string]string{"shop.journey": text}})
		if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
			t.Fatalf("deploy: %d %s", w.Code, w.Body)
		}
		importInto(t, s, "signups", "信箱,時間\nann@example.com,"+s.o.Now().UTC().Format("2006-01-02T15:04:05Z")+"\n")
		want := 0
		if live != "" {
			want = 1
		}
		if v := look(t, s, "email:ann@example.com"); v == nil || len(v.Runs) != want {
			t.Errorf("%q: %+v", live, v)
		}
	}
}

func TestImportRefused(t *testing.T) {
	s := importingServer(t)
	for _, c := range []struct {
		path, file, key string
		status          int
		code            string
	}{
		{"people", "", "", 400, "bad-file"},
		{"people", "PK\x03\x04", "", 400, "bad-file"},
		{"people", "a,b\n1,2\n", "", 400, "bad-file"},
		{"nothing", "a,b\n1,2\n", "", 404, "unknown-import"},
		{"people?encoding=EBCDIC", "a\n", "", 400, "bad-file"},
		{"people", "a\n", "Bearer dev", 401, "unknown-key"},
	} {
		key := c.key
		if key == "" {
			key = asAdmin
		}
		w := ask(s, "POST", "/v1/imports/"+c.path, strings.NewReader(c.file), "Authorization", key)
		if p := problemIn(t, w); w.Code != c.status || p.Code != c.code {
			t.Errorf("%s %q: %d %+v", c.path, c.file, w.Code, p)
		}
	}
}

// TestImportStream: problems and progress come while the file is still sent,
// and a store that is away for a moment loses nothing.
func TestImportStream(t *testing.T) {
	s := importingServer(t)
	away := 3
	s.o.Engine = &fake{Engine: s.o.Engine, submit: func(ctx context.Context, calls []engine.Call) ([]engine.CallResult, error) {
		if away--; away > 0 {
			return nil, engine.ErrUnavailable
		}
		return make([]engine.CallResult, len(calls)), nil
	}}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	file, send := io.Pipe()
	req, _ := http.NewRequest(http.MethodPost, server.URL+"/v1/imports/people", file)
	req.Header.Set("Authorization", asAdmin)
	req.Header.Set("Accept", "application/x-ndjson")
	more := make(chan bool, 1)
	go func() {
		fmt.Fprint(send, "編號,信箱,姓名,點數\n,,nobody,1\n")
		for i := range 6000 {
			fmt.Fprintf(send, "%d,p%d@example.com,P,%d\n", i+1, i, i)
		}
		<-more
		_ = send.Close()
	}()
	res, err := http.DefaultClient.Do(req) // answers before the file has ended
	if err != nil {
		t.Fatal(err)
	}
	more <- true
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	if err != nil || res.StatusCode != 200 || !strings.HasPrefix(lines[0], `{"row":2,"column":"編號"`) {
		t.Fatalf("%d %v %s", res.StatusCode, err, body)
	}
	var last struct{ Done imported }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || !last.Done.Complete || last.Done.Stored != 6000 || last.Done.Refused != 1 {
		t.Fatalf("%v %s", err, lines[len(lines)-1])
	}
}

// BenchmarkImport imports people who are new, over HTTP's handler and a real
// Redis.
func BenchmarkImport(b *testing.B) {
	s := importingServer(b)
	b.ResetTimer()
	r, w := io.Pipe()
	go func() {
		fmt.Fprint(w, "編號,信箱,姓名,點數\n")
		for i := range b.N {
			fmt.Fprintf(w, "%d,p%d@example.com,王小明,%d\n", i+1, i, i%1000)
		}
		_ = w.Close()
	}()
	res := ask(s, "POST", "/v1/imports/people", r, "Authorization", asAdmin)
	var sum imported
	if err := json.Unmarshal(res.Body.Bytes(), &sum); err != nil || sum.Stored != int64(b.N) {
		b.Fatalf("%d %s", res.Code, res.Body)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
