package format

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// TestEveryNode: the random files contain every type of node that package
// syntax has, and in everything that stands in braces the printer knows what
// the statements are. A node that is added there is missing here until the
// generator can write it.
func TestEveryNode(t *testing.T) {
	want := nodeTypes(t)
	if len(want) < 50 {
		t.Fatalf("found only %d types of node", len(want))
	}
	seen := map[string]bool{}
	g := newGenerator(t)
	for seed := uint64(0); seed < 20_000 && len(want) > 0; seed++ {
		text := g.source(seed)
		tree, ds := syntax.Parse(&diag.File{Text: text})
		if len(ds) > 0 {
			continue
		}
		collect(reflect.ValueOf(tree.Decls), seen)
		want = slices.DeleteFunc(want, func(name string) bool { return seen[name] })
	}
	if len(want) > 0 {
		t.Errorf("no random file has one of these nodes: %s", strings.Join(want, ", "))
	}
}

// nodeTypes are the names of the structs in package syntax that are built on
// node.
func nodeTypes(t *testing.T) []string {
	files, err := filepath.Glob("../syntax/*.go")
	if err != nil {
		t.Fatal(err)
	}
	bases := []string{"node", "statement", "asDecl", "asSetting", "asMessageClause", "asClause", "asStep"}
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			s, ok := spec.Type.(*ast.StructType)
			if !ok || !spec.Name.IsExported() {
				return false
			}
			for _, f := range s.Fields.List {
				base, ok := f.Type.(*ast.Ident)
				if ok && len(f.Names) == 0 && (slices.Contains(bases, base.Name) || strings.HasPrefix(base.Name, "as")) {
					names = append(names, spec.Name.Name)
				}
			}
			return false
		})
	}
	return names
}

// collect notes the types of nodes in a tree.
func collect(v reflect.Value, seen map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), seen)
		}
	case reflect.Struct:
		if v.Type().PkgPath() != packagePath {
			return
		}
		seen[v.Type().Name()] = true
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collect(v.Field(i), seen)
			}
		}
	}
}
