package ingest

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"journey/dsl"
)

// invitation is what the document's examples need beside the shop.
const invitation = `
journey invitation {
  enter on request { code: text }
  once
  wait 1 day
}
import customers from csv {
  identify user_id = row["客戶編號"]
  identify email = row["E-mail"]
}
`

var blocks = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:```json\n(.*?)```)?")

// TestDocument runs each example of docs/http-api.md with curl, and compares
// what it answers with what stands below it.
func TestDocument(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	text, err := os.ReadFile("../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	redis, _ := startRedis(t)
	s := realServer(t, redis)
	sources, err := dsl.ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	sources["invitation.journey"] = invitation
	body, _ := json.Marshal(deployment{Sources: sources})
	if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
		t.Fatalf("the shop: %d %s", w.Code, w.Body)
	}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	found := blocks.FindAllStringSubmatch(string(text), -1)
	if len(found) < 10 {
		t.Fatalf("%d examples", len(found))
	}
	for _, block := range found {
		command, want := strings.ReplaceAll(block[1], "http://127.0.0.1:8080", server.URL), block[2]
		got, err := exec.Command("sh", "-c", strings.Replace(command, "curl ", curl+" -sS ", 1)).Output()
		if err != nil {
			t.Fatalf("%s: %v", block[1], err)
		}
		if want == "" {
			if strings.Contains(string(got), `"type":"about:blank"`) {
				t.Errorf("%s\nanswers\n%s", block[1], got)
			}
			continue
		}
		if !alike(t, string(got), want) {
			t.Errorf("%s\nanswers\n%s\nnot\n%s", block[1], got, want)
		}
	}
}

var runID = regexp.MustCompile(`[0-9a-f]{32}\.\d+`)

// alike compares JSON, but for what chance gives.
func alike(t *testing.T, a, b string) bool {
	t.Helper()
	var values [2]any
	for i, text := range []string{a, b} {
		if err := json.Unmarshal([]byte(runID.ReplaceAllString(text, "RUN")), &values[i]); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// TestDocumentedCodes: every code that stands in the sources stands in the
// document.
func TestDocumentedCodes(t *testing.T) {
	text, err := os.ReadFile("../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	sources, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	forms := regexp.MustCompile(`(?:refuse\(http\.\w+, |unavailable\(|wrong\(|code: )"([a-z0-9-]+)"`)
	for _, f := range sources {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range forms.FindAllStringSubmatch(string(src), -1) {
			codes[m[1]] = true
		}
	}
	if len(codes) < 25 {
		t.Fatalf("%d codes", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("docs/http-api.md does not know %s", code)
		}
	}
}
