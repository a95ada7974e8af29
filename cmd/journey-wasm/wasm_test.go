package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"journey/dsl"
)

const (
	maxPacked = 6 << 20  // as it is served, by gzip
	maxFile   = 25 << 20 // docs/performance.md says what is in it
)

// TestWebAssembly builds the program for WebAssembly and runs it there: it
// checks, formats and tests the shop, with neither files, clock, environment
// nor chance at hand.
func TestWebAssembly(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for another machine")
	}
	file := filepath.Join(t.TempDir(), "journey.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = z.Write(code)
	_ = z.Close()
	t.Logf("%.1f MB, packed %.1f MB", float64(len(code))/(1<<20), float64(packed.Len())/(1<<20))
	if packed.Len() > maxPacked || len(code) > maxFile {
		t.Errorf("it is %d bytes, packed %d", len(code), packed.Len())
	}

	m := machine(t, code)
	sources, err := dsl.ReadDir(os.DirFS("../../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	a := m.do(t, &request{Do: "check", Sources: sources})
	if !a.OK || len(a.Diagnostics) > 0 {
		t.Errorf("check: %s", a.Diagnostics)
	}
	wrong := map[string]string{"a.journey": "journey x {\n  enter on nothing\n  once\n}\n"}
	if a = m.do(t, &request{Do: "check", Sources: wrong}); a.OK || len(a.Diagnostics) != 1 || !strings.Contains(string(a.Diagnostics[0]), `"line":2`) {
		t.Errorf("check of a wrong workspace: %s", a.Diagnostics)
	}
	if a = m.do(t, &request{Do: "fmt", Sources: map[string]string{"a.journey": "event   e{a:text}"}}); a.Sources["a.journey"] != "event e { a: text }\n" {
		t.Errorf("fmt: %q", a.Sources)
	}
	m.tests(t, sources)
}

// tests runs the shop's tests there, and here: they say the same.
func (m *wasm) tests(t *testing.T, sources map[string]string) {
	there := m.do(t, &request{Do: "test", Sources: sources})
	here, err := do(&request{Do: "test", Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	if !there.OK || len(there.Tests) < 10 {
		t.Errorf("%d tests, all pass: %v", len(there.Tests), there.OK)
	}
	a, _ := json.Marshal(there)
	if b, _ := json.Marshal(here); !bytes.Equal(a, b) {
		t.Errorf("there\n%s\nhere\n%s", a, b)
	}
}

// wasm is a machine with the program in it.
type wasm struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

func machine(t *testing.T, code []byte) *wasm {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = r.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	compiled, err := r.CompileModule(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	return &wasm{r, compiled}
}

// do runs the program once. What it is not given, wazero has none of: no
// folders, no environment; its clock stands still and its chance is always
// the same.
func (m *wasm) do(t *testing.T, r *request) *answer {
	t.Helper()
	in, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	config := wazero.NewModuleConfig().WithName("").WithArgs("journey").
		WithStdin(io.Reader(bytes.NewReader(in))).WithStdout(&out).WithStderr(&errs)
	if _, err := m.runtime.InstantiateModule(context.Background(), m.code, config); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var a answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return &a
}

// TestRun says what is wrong with a request.
func TestRun(t *testing.T) {
	for in, want := range map[string]string{"": "no JSON object", `{"do":"wave"}`: `not "wave"`} {
		if err := run(strings.NewReader(in), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
