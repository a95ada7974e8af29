package workflows

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The stored histories are the ways that a workflow can go, one each, as the
// real Temporal wrote them down for cmd/journeyd's TestHistories. Those of
// former versions stay here: runs of a year ago must go on after an update.

// The workflow code replays every stored history.
func TestReplay(t *testing.T) {
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(Run, workflow.RegisterOptions{Name: RunType})
			if err := r.ReplayWorkflowHistoryFromJSONFile(quietLog{}, file); err != nil {
				t.Error(err)
			}
		})
	}
}

func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no histories", err)
	}
	return files
}

// The replays go every way that there is in the workflow code: one that they
// do not go could be changed without anybody noticing what it does to runs
// that are on it.
func TestReplaysCoverTheWorkflow(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the package again")
	}
	profile := filepath.Join(t.TempDir(), "cover")
	cmd := exec.Command("go", "test", "-run", "^TestReplay$", "-count", "1", "-coverprofile", profile, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for line := range strings.Lines(string(text)) {
		place, counted, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || !strings.Contains(place, "/workflows/run.go:") {
			continue
		}
		blocks++
		if strings.HasSuffix(counted, " 0") {
			t.Errorf("%s is in no stored history", place)
		}
	}
	if blocks < 15 {
		t.Errorf("%d blocks of the workflow code, which cannot be all", blocks)
	}
}

// plain is what payloads may hold: ids, numbers, instants and the names of
// channels.
var plain = regexp.MustCompile(`^(\{"run":"[0-9a-f]+\.\d+","next":)?(\{"kind":\d+,"seq":\d+(,"until":"[0-9TZ:.-]+")?(,"channel":"[a-z]+")?\}|"[0-9a-f]+\.\d+"|"[0-9TZ:.-]+"|\d+)\}?$`)

// What the histories hold of people are ids and numbers.
func TestHistoriesAreImpersonal(t *testing.T) {
	for _, file := range histories(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var h any
		if err := json.Unmarshal(text, &h); err != nil {
			t.Fatal(err)
		}
		n := 0
		payloads(h, func(data []byte) {
			if n++; !plain.Match(data) {
				t.Errorf("%s holds %s", file, data)
			}
		})
		if n == 0 {
			t.Errorf("%s holds nothing", file)
		}
	}
}

// payloads visits the payloads of a history that are data of ours: Temporal's
// own markers have others beside them.
func payloads(v any, visit func([]byte)) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			if name == "payloads" {
				for _, p := range x.([]any) {
					var at struct{ Data []byte }
					b, _ := json.Marshal(p)
					if json.Unmarshal(b, &at) == nil && !strings.Contains(string(at.Data), "ActivityID") {
						visit(at.Data)
					}
				}
				continue
			}
			payloads(x, visit)
		}
	case []any:
		for _, x := range v {
			payloads(x, visit)
		}
	}
}
