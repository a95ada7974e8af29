package value

import "strings"

// Kind is the kind of a declared type.
type Kind uint8

// The kinds of type. The zero kind is Any.
const (
	Any Kind = iota
	Text
	Number
	Integer
	Boolean
	DateKind
	TimeKind
	DurationKind
	Email
	Phone
	URL
	Country
	Language
	Currency
	Timezone
	List
	Object
)

var kindNames = [...]string{"any", "text", "number", "integer", "boolean", "date", "time", "duration",
	"email", "phone", "url", "country", "language", "currency", "timezone", "list", "object"}

// String is the kind's word in the language.
func (k Kind) String() string { return kindNames[k] }

// KindOf is the kind with that word in the language (list and object have none).
func KindOf(word string) (Kind, bool) {
	for k := Any; k <= Timezone; k++ {
		if kindNames[k] == word {
			return k, true
		}
	}
	return Any, false
}

// KindWords lists the words of the scalar kinds, for suggestions.
func KindWords() []string { return kindNames[Any : Timezone+1] }

// IsText says whether values of the kind are strings.
func (k Kind) IsText() bool {
	return k == Text || k >= Email && k <= Timezone
}

// Type is a declared type. It is immutable once declared.
type Type struct {
	Kind   Kind
	Elem   *Type    // of a List
	Fields []Field  // of an Object, in the order of declaration
	OneOf  []string // for text: the only values allowed; empty: any
	Format string   // of a date, time or number: how it is written where that can be read in several ways ("dd/mm/yyyy"); "": not declared
}

// Field is a property of an object or event.
type Field struct {
	Name     string
	Wire     string // name on the wire; a dot reaches into an object
	Type     *Type
	Optional bool
}

// Field finds a field of an object type by its name.
func (t *Type) Field(name string) (*Field, bool) {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i], true
		}
	}
	return nil, false
}

// String is the type as it is written in the language.
func (t *Type) String() string {
	if t == nil {
		return "any"
	}
	switch t.Kind {
	case List:
		return "list of " + t.Elem.String()
	case Object:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + ": " + f.Type.String()
			if f.Optional {
				parts[i] += " optional"
			}
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	s := t.Kind.String()
	if len(t.OneOf) > 0 {
		s += ` one of "` + strings.Join(t.OneOf, `", "`) + `"`
	}
	if t.Format != "" {
		s += ` format "` + t.Format + `"`
	}
	return s
}
