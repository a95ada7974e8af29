package format

import (
	"reflect"
	"slices"
	"strings"

	"journey/dsl/syntax"
)

// sameTree says whether two trees mean the same: they differ in nothing but
// places and comments.
func sameTree(a, b *syntax.File) bool {
	return same(reflect.ValueOf(a.Decls), reflect.ValueOf(b.Decls))
}

func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		return sameStruct(a, b)
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func sameStruct(a, b reflect.Value) bool {
	if path := a.Type().PkgPath(); path != packagePath && !strings.HasSuffix(path, "expr/ast") {
		return reflect.DeepEqual(a.Interface(), b.Interface()) // a value: a date, a time
	}
	if a.CanAddr() && !sameLabel(a.Addr().Interface(), b.Addr().Interface()) {
		return false
	}
	for i := range a.NumField() {
		if a.Type().Field(i).IsExported() && !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

func sameLabel(a, b any) bool {
	x, ok := a.(syntax.Step)
	if !ok {
		return true
	}
	return labelOf(x) == labelOf(b.(syntax.Step))
}

func labelOf(s syntax.Step) string {
	if l := s.Label(); l != nil {
		return l.Text
	}
	return ""
}

// sameComments says whether two sources have the same comments, wherever they
// stand.
func sameComments(a, b *syntax.File) bool {
	return slices.Equal(commentsOf(a), commentsOf(b))
}

func commentsOf(f *syntax.File) []string {
	var texts []string
	for _, c := range f.Comments {
		texts = append(texts, strings.TrimRight(f.Source.Text[c.Start:c.End], " \t\r"))
	}
	slices.Sort(texts)
	return texts
}
