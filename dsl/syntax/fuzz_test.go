package syntax

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// FuzzParse: whatever the input, the parser answers, points into the file, and
// leaves a tree that can be walked.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.journey")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		for _, line := range strings.Split(string(text), "\n") {
			f.Add("journey a {\n" + line + "\n}\n")
		}
	}
	for _, s := range hostile(1000) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hung := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("still parsing %q", text)) })
		defer hung.Stop()
		tree, ds := parse(text)
		last := -1
		for _, d := range ds {
			if d.Code == diag.Internal {
				t.Fatal(d.Message)
			}
			if d.Span.Start < last || d.Span.End < d.Span.Start || d.Span.End > len(text) || d.Message == "" {
				t.Fatalf("%q stands at %d to %d of %d, after %d", d.Message, d.Span.Start, d.Span.End, len(text), last)
			}
			last = d.Span.Start
		}
		checkTree(t, reflect.ValueOf(tree.Decls), len(text))
	})
}

// checkTree checks that spans lie in the file and that expressions are whole.
func checkTree(t *testing.T, v reflect.Value, size int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			checkTree(t, v.Elem(), size)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkTree(t, v.Index(i), size)
		}
	case reflect.Struct:
		if e, ok := v.Addr().Interface().(*Expr); ok {
			if e.Node == nil {
				t.Fatal("an expression without a node")
			}
			ast.Walk(&e.Node, nodeChecker{t, size})
			Extent(e.Node)
		}
		if n, ok := v.Addr().Interface().(interface{ base() *node }); ok {
			if b := n.base(); b.start < 0 || b.end < b.start || b.end > size || b.end > 0 && b.file == nil {
				t.Fatalf("%s stands at %d to %d of %d", v.Type(), b.start, b.end, size)
			}
		}
		for _, i := range fieldsOf(v.Type()) {
			checkTree(t, v.Field(i), size)
		}
	}
}

type nodeChecker struct {
	t    *testing.T
	size int
}

func (c nodeChecker) Visit(n *ast.Node) {
	if l := (*n).Location(); l.From < 0 || l.To < l.From || l.To > c.size {
		c.t.Fatalf("%T stands at %d to %d of %d", *n, l.From, l.To, c.size)
	}
}

// hostile are inputs of about n bytes that hurt naive parsers.
func hostile(n int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, n/len(s)+1)[:n] }
	in := func(open, s string) string { return open + fill(s) }
	return map[string]string{
		"braces":         fill("{"),
		"closing":        fill("}"),
		"parentheses":    in("segment a = ", "("),
		"unclosed calls": in("journey a {\n", "let x = f(a,\n"),
		"unclosed lines": in("journey a {\n", "wait (\n"),
		"brackets":       in("segment a = ", "[a,"),
		"objects":        in("segment a = ", "({a:"),
		"plus":           in("segment a = x", "+x"),
		"not":            in("segment a = ", "not "),
		"minus":          in("segment a = ", "-"),
		"powers":         in("segment a = x", "**x"),
		"ternaries":      in("segment a = x", "?x:x"),
		"members":        in("segment a = x", ".x"),
		"compares":       in("segment a = x", "<x"),
		"coalesce":       in("segment a = x", "??x"),
		"newlines":       fill("\n"),
		"words":          fill("journy\n"),
		"declarations":   fill("journey a {\n"),
		"lists":          in("trait a: ", "list of "),
		"types":          in("trait a: ", "list of {a:"),
		"steps":          in("journey a {\n", "xxx\n"),
		"typing errors":  in("journey a {\n", "sned x\n"),
		"mended":         in("journey a {\n", "send x wiht {a: 1}\n"),
		"else":           in("journey a {\n", "if a { } els { }\n"),
		"else if":        in("journey a {\nif a { }", "else if a { }"),
		"nested ifs":     in("journey a {\n", "if a {\n"),
		"nested waits":   in("journey a {\n", "wait up to 1 day for x {\n"),
		"nested errors":  in("journey a {\n", "if a { } els {\n"),
		"quotes":         fill(`"`),
		"long texts":     fill("\"\"\"\ntrait "),
		"escapes":        in(`trait a "`, `\q`),
		"full width":     fill("，"),
		"not utf-8":      fill("\xff\xfe"),
		"zeros":          fill("\x00"),
		"digits":         in("segment a = ", "1"),
		"durations":      in("segment a = ", "1h"),
		"labels":         in("journey a {\n", "@a "),
		"comments":       fill("#\n"),
		"pairs":          in("journey a {\nsend x with {", "a: 1,"),
		"branches":       in("journey a {\nsplit x {", "1% a { }"),
		"real":           in("", realistic),
	}
}

const realistic = `journey abandoned_cart "Abandoned cart" {
  enter on cart_updated where len(event.items) > 0
  again after 7 days per event.cart_id
  exit on order_completed where event.cart_id == entry.cart_id
  goal purchase on order_completed within 7 days value event.total

  wait until no cart_updated where event.cart_id == entry.cart_id for 1 hour    # shopping has stopped
  send cart_reminder otherwise { send cart_sms }
  wait 1 day
  wait until 10:00 to 20:00
  if segment.high_value {
    send cart_offer with { percent: 10 }
  } else {
    split offer_test {
      50% discount { send cart_offer with { percent: 5 } }
      50% plain    { send cart_last_call }
    }
  }
}

`

// Ten megabytes of anything, and the largest source there can be, are
// answered within two seconds.
func TestHostile(t *testing.T) {
	for _, n := range []int{maxFile - 64, 10 << 20} {
		for name, text := range hostile(n) {
			if n > maxFile && name != "braces" && name != "not utf-8" {
				continue // all that is too large is answered in the same way
			}
			t.Run(name, func(t *testing.T) {
				start := cpuTime(t)
				_, ds := parse(text)
				took := cpuTime(t) - start
				t.Logf("%d bytes took %v (%d diagnostics)", len(text), took, len(ds))
				if took > 20*time.Second { // two are the aim; the race detector takes many times that

					t.Error("too long")
				}
				for _, d := range ds {
					if d.Code == diag.Internal {
						t.Fatal(d.Message)
					}
				}
			})
		}
	}
}

// cpuTime is the time that the process has worked, whatever else the machine
// does.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkParse(b *testing.B) {
	text := strings.Repeat(realistic, 40)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := parse(text); len(ds) > 0 {
			b.Fatal(describe(ds[0]))
		}
	}
}

func BenchmarkScan(b *testing.B) {
	text := strings.Repeat(realistic, 40)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		scan(text)
	}
}
