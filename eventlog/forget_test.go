package eventlog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"journey/profiles/store"
)

// failing is a store whose deletions fail while it is told so: what is put
// anew stands beside what it replaces.
type failing struct {
	Store
	fails bool
}

func (f *failing) Delete(ctx context.Context, name string) error {
	if f.fails {
		return errors.New("not now")
	}
	return f.Store.Delete(ctx, name)
}

// Entries of a profile go, those of others stay with their numbers, whether
// it works at once or only when it is tried again.
func TestCleanse(t *testing.T) {
	ctx := context.Background()
	for _, fails := range []bool{false, true} {
		disk, err := OpenDisk(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		to := &failing{Store: disk}
		who := "ann"
		n := store.Partition(who)
		var seg []byte
		for part := range 2 {
			var list []Stored
			for i := range uint64(4) {
				p := who
				if i%2 == 1 {
					p = fmt.Sprint("other ", part)
				}
				number := uint64(part)*4 + i + 1
				list = append(list, Stored{Number: number, Data: encode(t, &Entry{Profile: p, Version: number})})
			}
			if seg, err = appendFrame(seg, n, list); err != nil {
				t.Fatal(err)
			}
		}
		other := frameOf(t, (n+1)%store.Partitions, 1, 2)
		hers, err := appendFrame(nil, n, []Stored{{Number: 9, Data: encode(t, &Entry{Profile: who, Version: 9})}})
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"a-1": append(seg, other...), "a-2": other, "a-3": hers} {
			if err := disk.Put(ctx, "segments/2026-03-01/"+name+".jel", data); err != nil {
				t.Fatal(err)
			}
		}
		e := Eraser{From: to}
		gone, partitions := map[string]bool{who: true}, map[int]bool{n: true}
		clean := func() (err error) {
			names, _ := disk.List(ctx, "segments/")
			for _, name := range names {
				err = errors.Join(err, e.cleanse(ctx, name, gone, partitions))
			}
			return err
		}
		if to.fails = fails; fails {
			if clean() == nil {
				t.Error("a deletion that fails is none")
			}
			to.fails = false
		}
		if err := clean(); err != nil {
			t.Fatal(err)
		}
		if got, err := versions(t, disk, n); err != nil || !slices.Equal(got, []uint64{2, 4, 6, 8}) {
			t.Errorf("left are %v %v", got, err)
		}
		if got, err := versions(t, disk, (n+1)%store.Partitions); err != nil || !slices.Equal(got, []uint64{1, 2}) {
			t.Errorf("of others are left %v %v", got, err)
		}
		if names, _ := disk.List(ctx, "segments/"); len(names) != 2 {
			t.Errorf("there are %v", names)
		}
	}
}
