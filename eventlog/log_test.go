package eventlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func frameOf(t testing.TB, partition int, numbers ...uint64) []byte {
	t.Helper()
	var list []Stored
	for _, n := range numbers {
		list = append(list, Stored{Number: n, Data: encode(t, &Entry{Profile: "p", Version: n})})
	}
	b, err := appendFrame(nil, partition, list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// versions reads what a log holds of a partition.
func versions(t testing.TB, from Store, partition int) (list []uint64, err error) {
	t.Helper()
	l, err := Open(context.Background(), from)
	if err != nil {
		return nil, err
	}
	for _, epoch := range l.Epochs {
		for e, err := range epoch.Entries(context.Background(), partition) {
			if err != nil {
				return list, err
			}
			list = append(list, e.Version)
		}
	}
	return list, nil
}

func TestWhatWasWrittenTwiceIsReadOnce(t *testing.T) {
	ctx := context.Background()
	disk, err := OpenDisk(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, parts ...[]byte) {
		if err := disk.Put(ctx, name, slices.Concat(parts...)); err != nil {
			t.Fatal(err)
		}
	}
	put("segments/2026-03-02/a-1.jel", frameOf(t, 3, 4, 5, 9), frameOf(t, 4, 1))
	put("segments/2026-03-01/a-2.jel", frameOf(t, 3, 1, 2, 3))
	put("segments/2026-03-02/a-3.jel", frameOf(t, 3, 5, 9, 10)) // by one who did not know of the first
	put("segments/2026-03-02/b-1.jel", frameOf(t, 3, 1, 2))     // of another Redis
	got, err := versions(t, disk, 3)
	if want := []uint64{1, 2, 3, 4, 5, 9, 10, 1, 2}; err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v; written were %v", got, err, want)
	}
	names, err := disk.List(ctx, "segments/2026-03-02/")
	if err != nil || len(names) != 3 {
		t.Errorf("the day holds %v, %v", names, err)
	}
	for _, name := range names {
		if err := disk.Delete(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := disk.Get(ctx, names[0], 0, -1); !errors.Is(err, ErrMissing) {
		t.Errorf("what was deleted is read: %v", err)
	}
}

// TestABrokenSegmentIsFound: a bit that has flipped, anywhere, is no entry.
func TestABrokenSegmentIsFound(t *testing.T) {
	dir := t.TempDir()
	disk, err := OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	seg := frameOf(t, 3, 1, 2, 3)
	const name = "segments/2026-03-01/a-1.jel"
	if err := disk.Put(context.Background(), name, seg); err != nil {
		t.Fatal(err)
	}
	for i := range seg {
		broken := slices.Clone(seg)
		broken[i] ^= 0x10
		if err := os.WriteFile(filepath.Join(dir, name), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, partition := range []int{3, 3 ^ 0x10, 3 ^ 0x1000} {
			if list, err := versions(t, disk, partition); err == nil && len(list) > 0 {
				t.Fatalf("with byte %d broken it reads %v", i, list)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name), seg[:len(seg)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := versions(t, disk, 3); err == nil {
		t.Error("one that is cut off is read")
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frameOf(f, 3, 1, 2, 3))
	f.Fuzz(func(_ *testing.T, b []byte) {
		list, _ := frames("x", b)
		for _, fr := range list {
			_, _ = fr.open(b[fr.offset:])
		}
	})
}

func TestExport(t *testing.T) {
	disk, err := OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	seg, err := appendFrame(nil, 3, []Stored{{Number: 1, Data: encode(t, whole())}})
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Put(context.Background(), "segments/2026-03-01/a-1.jel", seg); err != nil {
		t.Fatal(err)
	}
	l, err := Open(context.Background(), disk)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if n, err := l.Export(context.Background(), &b, map[string]bool{"6b1c": true}); err != nil || n != 2 {
		t.Fatalf("%d calls, %v", n, err)
	}
	const first = `{"type":"track","userId":"ann","messageId":"m1","event":"order_completed","properties":{`
	if !strings.HasPrefix(b.String(), first) || !strings.Contains(b.String(), `"name":"安"`) {
		t.Errorf("exported is\n%s", b.String())
	}
	if n, err := l.Export(context.Background(), &b, map[string]bool{"else": true}); err != nil || n != 0 {
		t.Errorf("of somebody else %d calls, %v", n, err)
	}
}
