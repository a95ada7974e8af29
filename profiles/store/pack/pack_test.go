package pack_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store/pack"
	"journey/profiles/store/pack/packtest"
)

// stored is a person as a store would have him.
type stored struct {
	core   []byte
	fields pack.Fields
	layout *pack.Layout
	wrote  int // bytes with the last change
}

func (s *stored) put(t tester, p *profiles.Person, rewrite bool, names *pack.Names) {
	t.Helper()
	out, err := pack.Encode(nil, p, s.layout, rewrite, names)
	if err != nil {
		t.Fatal(err)
	}
	s.core, s.layout, s.wrote = out.Core, out.Layout, len(out.Core)
	if s.fields == nil {
		s.fields = pack.Fields{}
	}
	for _, name := range out.Delete {
		if _, ok := s.fields[name]; !ok {
			t.Fatalf("field %q is deleted and was not there", name)
		}
		delete(s.fields, name)
	}
	for _, f := range out.Set {
		s.fields[f.Name] = f.Data
		s.wrote += len(f.Data)
	}
}

func (s *stored) check(t tester, p *profiles.Person, names *pack.Names) {
	t.Helper()
	q, layout, err := pack.Decode(p.ID, s.core, s.fields, names)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Fatalf("not the same person:\n%s", cmp.Diff(p, q))
	}
	again, err := pack.Encode(nil, q, layout, false, names)
	if err != nil || len(again.Set)+len(again.Delete) > 0 {
		t.Fatalf("an unchanged person writes %d fields and deletes %d: %v", len(again.Set), len(again.Delete), err)
	}
}

func TestEveryPersonComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := person(t)
		for _, kept := range p.Events { // numbers of any size do no harm
			if kept.Dropped > 1<<39 {
				kept.Dropped = 1 << 39
			}
		}
		names := (&pack.Names{}).With(words[:rapid.IntRange(0, len(words)).Draw(t, "names")])
		var s stored
		s.put(t, p, false, names)
		s.check(t, p, names)
	})
}

// tester is what tests, benchmarks and rapid have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// life changes a person as the machine does, step by step.
type life struct {
	t   *rapid.T
	p   *profiles.Person
	now value.Time
	n   int
}

func (l *life) step() (rewrite bool) {
	p := l.p
	l.now += value.Time(rapid.IntRange(1, 100000).Draw(l.t, "later"))
	p.Last = l.now
	l.n++
	pick := func(list ...string) string { return rapid.SampledFrom(list).Draw(l.t, "pick") }
	switch rapid.IntRange(0, 19).Draw(l.t, "what") {
	default:
		kind := pick("viewed", "viewed", "viewed", "bought", "page")
		for range rapid.IntRange(1, 12).Draw(l.t, "events") {
			l.n++
			l.now += 7
			ev := &cond.Event{ID: fmt.Sprint("m", l.n), Name: kind, At: l.now - 3, Arrived: l.now,
				Props: cond.PropsOf(map[string]any{"n": float64(l.n), "sku": fmt.Sprint("sku-", l.n%9), "x": "y"})}
			p.Recent = append(p.Recent, ev)
			p.Recent = p.Recent[max(0, len(p.Recent)-20):]
			part := *ev
			part.Props = cond.PropsOf(map[string]any{"n": ev.Props.Get("n")})
			if p.Events == nil {
				p.Events = map[string]*profiles.Kept{}
			}
			if p.Events[kind] == nil {
				p.Events[kind] = &profiles.Kept{}
			}
			p.Events[kind].List = append(p.Events[kind].List, &part)
		}
	case 0, 1:
		for _, kind := range slices.Sorted(maps.Keys(p.Events)) {
			k := p.Events[kind]
			n := rapid.IntRange(0, len(k.List)).Draw(l.t, "drop")
			k.List, k.Dropped = k.List[n:], k.Dropped+n
			if len(k.List) == 0 {
				k.List = nil
			}
		}
	case 2:
		if kind := pick("viewed", "bought", "page"); p.Events[kind] != nil {
			if delete(p.Events, kind); len(p.Events) == 0 {
				p.Events = nil
			}
		}
	case 3:
		p.Release += "'"
		for _, k := range p.Events {
			for i, ev := range k.List {
				c := *ev
				c.Props = cond.PropsOf(map[string]any{"release": p.Release})
				k.List[i] = &c
			}
		}
	case 4:
		p.Absorbed = append(p.Absorbed, profiles.Absorbed{ID: fmt.Sprint("p", l.n), Version: 7, At: l.now})
		for _, k := range p.Events {
			if len(k.List) > 0 {
				k.List = append([]*cond.Event{{ID: fmt.Sprint("l", l.n), Name: k.List[0].Name, At: 1, Arrived: 2}}, k.List...)
			}
		}
	case 5:
		for _, k := range p.Events {
			for i, ev := range k.List {
				c := *ev
				c.Props = cond.Props{}
				k.List[i] = &c
			}
		}
		return true
	case 6, 7, 8, 9:
		for range rapid.IntRange(1, 20).Draw(l.t, "sends") {
			l.n++
			p.Ledger = append(p.Ledger, &profiles.Send{Run: fmt.Sprint(p.ID, ".", l.n), Step: "1", Pass: 1, Journey: "j", State: profiles.Planned, At: l.now})
		}
		p.Ledger = p.Ledger[max(0, len(p.Ledger)-50):]
		p.Ledger[len(p.Ledger)/2].State = profiles.Sent
	case 10, 11, 12:
		for range rapid.IntRange(1, 6).Draw(l.t, "ended") {
			l.n++
			p.Ended = append(p.Ended, &profiles.Run{ID: fmt.Sprint(p.ID, ".", l.n), Journey: "j", State: profiles.Ended, EndedAt: l.now, Reason: "end", Entry: &cond.Event{ID: "e", Name: "viewed"}})
		}
		p.Ended = p.Ended[max(0, len(p.Ended)-20):]
	case 13, 14, 15:
		if p.Entries == nil {
			p.Entries = map[string][]profiles.EntryMark{}
		}
		list := p.Entries["j"]
		for range rapid.IntRange(1, 50).Draw(l.t, "entries") {
			l.n++
			list = append(list, profiles.EntryMark{Key: fmt.Sprint("order", l.n), At: l.now})
		}
		if i := rapid.IntRange(0, len(list)-1).Draw(l.t, "again"); i > 0 {
			list = append(append(list[:i:i], list[i+1:]...), list[i])
		}
		p.Entries["j"] = list[max(0, len(list)-300):]
	case 16, 17:
		l.hours(pick("viewed", "viewed.n"))
	}
	return false
}

// hours lets hours come, one change, and the oldest go.
func (l *life) hours(key string) {
	p := l.p
	list := p.Hours[key]
	last := cond.HourOf(l.now)
	if len(list) > 0 {
		last = list[len(list)-1].Hour
	}
	for range rapid.IntRange(0, 80).Draw(l.t, "hours") {
		last += int64(rapid.IntRange(1, 30).Draw(l.t, "apart"))
		h := cond.Hour{Hour: last, N: rapid.IntRange(1, 9).Draw(l.t, "n")}
		if key == "viewed.n" {
			h.Min = float64(rapid.IntRange(-9, 9).Draw(l.t, "least")) / 4
			h.Max, h.Sum = h.Min+float64(h.N-1), h.Min*float64(h.N)
		}
		list = append(list, h)
	}
	if len(list) > 0 {
		list[rapid.IntRange(0, len(list)-1).Draw(l.t, "changed")].N++
	}
	if list = list[rapid.IntRange(0, len(list)).Draw(l.t, "gone")/3:]; len(list) == 0 {
		return
	}
	if p.Hours == nil {
		p.Hours = map[string][]cond.Hour{}
	}
	p.Hours[key] = list
}

// An event of somebody with very many hours writes little of them.
func TestHoursAreWrittenOnce(t *testing.T) {
	names := (&pack.Names{}).With([]string{"paid", "paid.total"})
	p := &profiles.Person{ID: "p", Created: packtest.Start, Last: packtest.Start, Release: "r"}
	first := cond.HourOf(packtest.Start)
	counts, totals := &cond.HourRead{Event: "paid"}, &cond.HourRead{Event: "paid", Prop: "total"}
	paid := func(hour int) {
		e := &cond.Event{Name: "paid", At: value.Time((first + int64(hour)) * int64(value.Hour)), Props: cond.PropsOf(map[string]any{"total": float64(hour%900) + 0.25})}
		p.AddHour(counts, e)
		p.AddHour(totals, e)
	}
	for hour := range profiles.MaxHours {
		paid(hour)
		paid(hour)
	}
	var s stored
	s.put(t, p, false, names)
	s.check(t, p, names)
	all := s.wrote
	most := 0
	for i := range 400 {
		paid(profiles.MaxHours - 1 + i/3)
		s.put(t, p, false, names)
		most = max(most, s.wrote)
	}
	s.check(t, p, names)
	t.Logf("%d hours of two keys: %d bytes, the core %d, %d fields; an event writes at most %d", profiles.MaxHours, all, len(s.core), len(s.fields), most)
	if all > 250_000 || most > 12_000 {
		t.Errorf("%d bytes in all, %d with an event", all, most)
	}
}

func TestFieldsFollowTheChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{t: t, p: &profiles.Person{ID: "p1", Created: packtest.Start, Release: "r"}, now: packtest.Start}
		var s stored
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			before, old := s, maps.Clone(s.fields)
			rewrite := l.step()
			if rapid.IntRange(0, 4).Draw(t, "refused") == 0 { // a commit that came to nothing
				if _, err := pack.Encode(nil, l.p, s.layout, rewrite, nil); err != nil {
					t.Fatal(err)
				}
			}
			s.put(t, l.p, rewrite, nil)
			s.check(t, l.p, nil)
			if len(s.fields) != s.layout.Fields() {
				t.Fatalf("%d fields are stored, %d belong to the person", len(s.fields), s.layout.Fields())
			}
			// The core from before with the fields of now: as it was, or torn.
			if before.core == nil {
				continue
			}
			was, _, err := pack.Decode("p1", before.core, old, nil)
			if err != nil {
				t.Fatal(err)
			}
			mixed, _, err := pack.Decode("p1", before.core, s.fields, nil)
			if err == nil && !reflect.DeepEqual(was, mixed) {
				t.Fatalf("core and fields of different ages make another person:\n%s", cmp.Diff(was, mixed))
			}
			if err != nil && !errors.Is(err, pack.ErrTorn) {
				t.Fatal(err)
			}
		}
	})
}

func TestUnknownNamesAreSaid(t *testing.T) {
	names := (&pack.Names{}).With([]string{"welcome", "email"})
	p := &profiles.Person{ID: "p", Traits: map[string]profiles.Trait{"email": {Value: "welcome"}}}
	var s stored
	s.put(t, p, false, names)
	s.check(t, p, names.With([]string{"more"}))
	if _, _, err := pack.Decode("p", s.core, nil, (&pack.Names{}).With([]string{"welcome"})); !errors.Is(err, pack.ErrNames) {
		t.Errorf("got %v, want ErrNames", err)
	}
}

func TestWhatCannotBePackedIsAnError(t *testing.T) {
	deep := any("x")
	for range 300 {
		deep = []any{deep}
	}
	for _, v := range []any{3, struct{}{}, []string{"a"}, deep} {
		p := &profiles.Person{ID: "p", Traits: map[string]profiles.Trait{"x": {Value: v}}}
		if _, err := pack.Encode(nil, p, nil, false, nil); err == nil {
			t.Errorf("%T was packed", v)
		}
	}
}

// TestAnEventRewritesLittle: somebody with many kept events of many kinds
// writes some 4 KB with each event and no more.
func TestAnEventRewritesLittle(t *testing.T) {
	names := (&pack.Names{}).With(packtest.Names)
	p := packtest.Person(3)
	var s stored
	s.put(t, p, false, names)
	most, sum, early, late := 0, 0, 0, 0
	const n = 5000
	for i := range n {
		ev := *p.Recent[len(p.Recent)-1]
		ev.ID = fmt.Sprintf("123e4567-e89b-12d3-a456-%012x", i)
		ev.Arrived += 60000
		ev.At = ev.Arrived - 1000
		ev.Name = fmt.Sprint("kind_", i*i%30)
		p.Last = ev.Arrived
		p.Recent = append(p.Recent[1:], &ev)
		part := ev
		part.Props = cond.PropsOf(map[string]any{"price": ev.Props.Get("price"), "category": ev.Props.Get("category"), "product_id": ev.Props.Get("product_id")})
		k := p.Events[ev.Name]
		if k == nil {
			k = &profiles.Kept{}
			p.Events[ev.Name] = k
		}
		if k.List = append(k.List, &part); len(k.List) > 1000 {
			k.List, k.Dropped = k.List[1:], k.Dropped+1
		}
		p.Marks = append(p.Marks, profiles.Mark{ID: uint64(i), At: ev.Arrived})
		p.Marks = p.Marks[max(0, len(p.Marks)-64):]
		s.put(t, p, false, names)
		most, sum = max(most, s.wrote), sum+s.wrote
		switch {
		case i >= 100 && i < 200:
			early += s.wrote
		case i >= n-100:
			late += s.wrote
		}
	}
	s.check(t, p, names)
	t.Logf("bytes written with an event: %d on average, %d at most; core %d, %d fields", sum/n, most, len(s.core), len(s.fields))
	if most > 6<<10 || sum/n > 5<<10 {
		t.Errorf("an event wrote %d bytes on average and %d at most", sum/n, most)
	}
	if late > 2*early {
		t.Errorf("a late event wrote %d bytes, an early one %d", late/100, early/100)
	}
}

var update = flag.Bool("update", false, "write a golden file for a new format")

// goldens are the people in testdata/NAME.FORMAT.golden.
func goldens() map[string]*profiles.Person {
	return map[string]*profiles.Person{"person": golden(), "hours": goldenHours(), "identity": goldenIdentity()}
}

// TestOldFormatsStayReadable reads what every released format wrote. Golden
// files are never changed; a new format adds one.
func TestOldFormatsStayReadable(t *testing.T) {
	names := (&pack.Names{}).With([]string{"welcome", "email", "viewed", "price"})
	for name, want := range goldens() {
		if *update {
			writeGolden(t, name, want, names)
		}
		files, _ := filepath.Glob("testdata/" + name + ".*.golden")
		if len(files) == 0 {
			t.Fatal("no golden file")
		}
		for _, file := range files {
			core, fields := readGolden(t, file)
			got, _, err := pack.Decode(want.ID, core, fields, names)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s:\n%s", file, cmp.Diff(want, got))
			}
		}
	}
}

// writeGolden writes a person in the present format, unless there is one.
func writeGolden(t *testing.T, name string, p *profiles.Person, names *pack.Names) {
	t.Helper()
	var s stored
	s.put(t, p, false, names)
	file := filepath.Join("testdata", fmt.Sprintf("%s.%d.golden", name, s.core[0]))
	if _, err := os.Stat(file); err == nil {
		return // what was written once must stay readable
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%x\n", s.core)
	for name, data := range s.fields {
		fmt.Fprintf(&b, "%x %x\n", name, data)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readGolden(t *testing.T, file string) ([]byte, pack.Fields) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	var core []byte
	fmt.Sscanf(lines[0], "%x", &core)
	fields := pack.Fields{}
	for _, line := range lines[1:] {
		var name string
		var page []byte
		if _, err := fmt.Sscanf(line, "%x %x", &name, &page); err != nil {
			t.Fatal(err)
		}
		fields[name] = page
	}
	return core, fields
}

// FuzzDecode: whatever the bytes, Decode neither panics nor takes memory out
// of proportion.
func FuzzDecode(f *testing.F) {
	names := (&pack.Names{}).With(packtest.Names)
	for seed := range uint64(3) {
		var s stored
		s.put(f, packtest.Person(seed), false, names)
		f.Add(s.core, []byte{1, 0, 0}, "\x01\x00")
	}
	p := packtest.Person(9)
	var s stored
	for i := range 70 {
		k := p.Events["page"]
		k.List = append([]*cond.Event{{ID: fmt.Sprint("old", i), Name: "page", At: packtest.Start, Arrived: packtest.Start}}, k.List...)
	}
	s.put(f, p, false, names)
	for name, data := range s.fields {
		f.Add(s.core, data, name)
	}
	f.Fuzz(func(t *testing.T, core, field []byte, name string) {
		p, layout, err := pack.Decode("p", core, pack.Fields{name: field}, names)
		if err != nil {
			return
		}
		out, err := pack.Encode(nil, p, nil, false, names)
		if err != nil {
			t.Skip() // instants beyond what is stored
		}
		_ = layout
		fields := pack.Fields{}
		for _, f := range out.Set {
			fields[f.Name] = f.Data
		}
		if _, _, err := pack.Decode("p", out.Core, fields, names); err != nil {
			t.Fatalf("what was read and written again cannot be read: %v", err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	n := (&pack.Names{}).With(packtest.Names)
	p := packtest.Person(1)
	out, _ := pack.Encode(nil, p, nil, false, n)
	buf := out.Core
	b.SetBytes(int64(len(buf)))
	b.Run("from scratch", func(b *testing.B) {
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			pack.Encode(buf[:0], p, nil, false, n)
		}
	})
	b.Run("with a new event", func(b *testing.B) {
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			ev := *p.Recent[0]
			p.Recent = append(p.Recent[1:], &ev)
			out, _ = pack.Encode(buf[:0], p, out.Layout, false, n)
		}
	})
}

// BenchmarkEncodeNext is what an event costs of somebody who has had so many:
// it should not depend on how many.
func BenchmarkEncodeNext(b *testing.B) {
	n := (&pack.Names{}).With(packtest.Names)
	for _, before := range []int{0, 30, 300} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			p := packtest.Person(1)
			out, _ := pack.Encode(nil, p, nil, false, n)
			count, bytes := uint64(0), 0
			next := func() {
				count++
				old := p.Recent[0]
				ev := &cond.Event{ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", count*2654435761&0xffffffff, count), Name: old.Name,
					At: p.Last + 60_000, Arrived: p.Last + 61_000, Props: old.Props}
				p.Last = ev.Arrived
				p.Recent = append(p.Recent[1:], ev)
				k := p.Events[ev.Name]
				k.List = append(k.List, &cond.Event{ID: ev.ID, Name: ev.Name, At: ev.At, Arrived: ev.Arrived,
					Props: cond.PropsOf(map[string]any{"product_id": ev.Props.Get("product_id"), "price": ev.Props.Get("price"), "category": ev.Props.Get("category")})})
				if len(k.List) > 100 {
					k.List, k.Dropped = k.List[1:], k.Dropped+1
				}
				p.Marks = append(p.Marks, profiles.Mark{ID: count * 0x9e3779b97f4a7c15, Payload: uint32(count), At: ev.Arrived})
				if len(p.Marks) > 64 {
					p.Marks = slices.Clone(p.Marks[32:])
				}
				out, _ = pack.Encode(out.Core[:0], p, out.Layout, false, n)
				bytes += len(out.Core)
				for _, f := range out.Set {
					bytes += len(f.Data)
				}
			}
			for range before {
				next()
			}
			b.ReportAllocs()
			count, bytes = count<<20, 0
			defer cpu(b)()
			for b.Loop() {
				next()
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "bytes-written/op")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	n := (&pack.Names{}).With(packtest.Names)
	p := packtest.Person(1)
	out, _ := pack.Encode(nil, p, nil, false, n)
	b.SetBytes(int64(len(out.Core)))
	b.ReportAllocs()
	defer cpu(b)()
	for b.Loop() {
		pack.Decode(p.ID, out.Core, nil, n)
	}
}

// cpu reports the processor time of each operation: unlike the time that
// passes it says the same on a busy machine.
func cpu(b *testing.B) func() {
	used := func() float64 {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return float64(u.Utime.Nano() + u.Stime.Nano())
	}
	begin := used()
	return func() { b.ReportMetric((used()-begin)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkEncodeHours is what an event costs of somebody with all the hours
// there can be.
func BenchmarkEncodeHours(b *testing.B) {
	p := packtest.Person(1)
	p.Hours = map[string][]cond.Hour{}
	for i := range int64(profiles.MaxHours) {
		p.Hours["page"] = append(p.Hours["page"], cond.Hour{Hour: i, N: int(i%7 + 1)})
	}
	names := (&pack.Names{}).With(packtest.Names)
	var s stored
	s.put(b, p, false, names)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.Encode(nil, p, s.layout, false, names); err != nil {
			b.Fatal(err)
		}
	}
}
