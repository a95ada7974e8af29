package pack_test

import (
	"fmt"
	"reflect"

	"pgregory.net/rapid"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store/pack/packtest"
)

// words are few, so that strings repeat; some look like what is packed.
var words = []string{"", "a", "ab", "welcome", "product_viewed", "price", "sku-12345", "sku-12399", "https://example.com/p/1",
	"https://example.com/p/2", "https://example.com/p/a/very/long/path?with=a&lot=of&text=in&it=until&it=is&past&sixty&four",
	"123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-42661417400G", "deadbeefdeadbeef", "deadbeefdeadbeef0",
	"12345", "0012345", "999999999999999999", "9999999999999999999", "烏龍茶", "\xff\x00", "+12", "ann@example.com", "anna@example.com"}

// filler fills values of any type by reflection, so that a field that is new
// is tested without a change here. Empty maps and slices stay nil, as Decode
// makes them.
type filler struct {
	t *rapid.T
	n int
}

func (f *filler) label() string { f.n++; return fmt.Sprint(f.n) }

func (f *filler) int(min, max int) int { return rapid.IntRange(min, max).Draw(f.t, f.label()) }

func (f *filler) word() string { return rapid.SampledFrom(words).Draw(f.t, f.label()) }

func (f *filler) time() value.Time {
	switch f.int(0, 9) {
	case 0:
		return 0
	case 1:
		return value.Time(f.int(-1<<50, 1<<50))
	}
	return packtest.Start + value.Time(f.int(-100000, 100000))
}

// value is a value of package value.
func (f *filler) value(depth int) any {
	switch f.int(0, 11) {
	case 0:
		return nil
	case 1:
		return f.int(0, 1) == 0
	case 2:
		return float64(f.int(-100, 100))
	case 3:
		return float64(f.int(-100000, 100000)) / 100
	case 4:
		return rapid.Float64().Draw(f.t, f.label())
	case 5:
		return value.Date(f.int(-10000, 100000))
	case 6:
		return f.time()
	case 7:
		return value.Duration(f.int(-100000, 1<<40))
	case 8:
		return value.Local{Date: value.Date(f.int(0, 30000)), Clock: value.Clock(f.int(0, 1440))}
	case 9:
		if depth < 3 {
			list := make([]any, f.int(0, 4))
			for i := range list {
				list[i] = f.value(depth + 1)
			}
			return list
		}
	case 10:
		if depth < 3 {
			m := map[string]any{}
			for range f.int(0, 4) {
				m[f.word()] = f.value(depth + 1)
			}
			return m
		}
	}
	return f.word()
}

func (f *filler) props() map[string]any {
	var m map[string]any
	for range f.int(0, 5) {
		if m == nil {
			m = map[string]any{}
		}
		m[f.word()] = f.value(0)
	}
	return m
}

func (f *filler) event() *cond.Event {
	e := &cond.Event{ID: f.word(), Name: f.word(), At: f.time(), Arrived: f.time(), Props: cond.PropsOf(f.props())}
	return e
}

func (f *filler) fill(v reflect.Value) {
	switch v.Interface().(type) {
	case value.Time:
		v.Set(reflect.ValueOf(f.time()))
		return
	case *cond.Event:
		if f.int(0, 3) > 0 {
			v.Set(reflect.ValueOf(f.event()))
		}
		return
	case map[string]any:
		if m := f.props(); m != nil {
			v.Set(reflect.ValueOf(m))
		}
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		if x := f.value(0); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	case reflect.String:
		v.SetString(f.word())
	case reflect.Bool:
		v.SetBool(f.int(0, 1) == 0)
	case reflect.Int32:
		v.SetInt(int64(f.int(-1000, 100000)))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.int(0, 1<<40)))
	case reflect.Uint8:
		v.SetUint(uint64(f.int(0, 2)))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64Max(1<<v.Type().Bits()-1).Draw(f.t, f.label()))
	case reflect.Float64:
		v.SetFloat(float64(f.int(-1000, 1000)) / 8)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		n := f.int(0, 4)
		for range n {
			x := reflect.New(v.Type().Elem()).Elem()
			f.fill(x)
			if e, ok := x.Interface().(*cond.Event); ok && e == nil && v.Type() == reflect.TypeFor[[]*cond.Event]() {
				e = f.event()
				x.Set(reflect.ValueOf(e))
			}
			v.Set(reflect.Append(v, x))
		}
	case reflect.Map:
		n := f.int(0, 4)
		if n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for range n {
			x := reflect.New(v.Type().Elem()).Elem()
			f.fill(x)
			if x.Kind() == reflect.Slice && x.Len() == 0 {
				continue
			}
			key := reflect.New(v.Type().Key()).Elem()
			f.fill(key)
			v.SetMapIndex(key, x)
		}
		if v.Len() == 0 {
			v.SetZero()
		}
	default:
		panic("a kind of field that the filler does not know: " + v.Type().String())
	}
}

// person is any person at all.
func person(t *rapid.T) *profiles.Person {
	f := &filler{t: t}
	p := &profiles.Person{}
	f.fill(reflect.ValueOf(p).Elem())
	// Some things refer to the newest events, as they mostly do.
	for _, ev := range p.Recent {
		if f.int(0, 1) == 0 {
			part := *ev
			var names []string
			for _, name := range ev.Props.Names() {
				if f.int(0, 2) > 0 {
					names = append(names, name)
				}
			}
			part.Props = ev.Props.Only(names)
			k := p.Events[ev.Name]
			if k == nil {
				k = &profiles.Kept{}
				if p.Events == nil {
					p.Events = map[string]*profiles.Kept{}
				}
				p.Events[ev.Name] = k
			}
			k.List = append(k.List, &part)
			p.Marks = append(p.Marks, profiles.Mark{ID: 7, At: ev.Arrived})
		}
	}
	return p
}
