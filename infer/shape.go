package infer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"journey/dsl/value"
	"journey/profiles/clean"
)

const (
	maxNames = 500 // fields of one object
	maxDepth = 4
)

// shape is what is known of the values of one field.
type shape struct {
	seen    int // values that are not null
	numbers int
	bools   int
	lists   int
	objects int
	texts   int
	fits    map[value.Kind]int // of the texts, by what they can be read as
	formats map[string]int     // of the texts, that a date can have
	elem    *shape             // of lists
	of      int                // objects seen
	fields  map[string]*shape  // of objects
}

// guessed are the kinds that a text can turn out to be, the first that fits.
var guessed = []value.Kind{value.Email, value.URL, value.Phone, value.DateKind, value.TimeKind, value.Boolean, value.Number,
	value.Currency, value.Country, value.Language, value.Timezone}

// byName are kinds that values alone do not show: any two letters may be a
// country. The field's name must say it, too.
var byName = map[value.Kind][]string{
	value.Phone:    {"phone", "mobile", "tel", "電話", "手機"},
	value.Currency: {"currency", "幣"},
	value.Country:  {"country", "國"},
	value.Language: {"language", "locale", "lang", "語"},
	value.Timezone: {"timezone", "time_zone", "zone", "時區"},
}

var dateFormats = []string{"dd/mm/yyyy", "mm/dd/yyyy", "yyy/mm/dd", "dd.mm.yyyy", "dd-mm-yyyy", "mm-dd-yyyy", "yyy.mm.dd", "yyy-mm-dd"}

func (s *shape) add(name string, v any, o clean.Options, depth int) {
	switch v := v.(type) {
	case nil:
		return
	case bool:
		s.bools++
	case float64:
		s.numbers++
	case json.Number:
		s.numbers++
	case string:
		s.text(name, v, o)
	case []any:
		s.lists++
		if s.elem == nil {
			s.elem = &shape{}
		}
		for _, e := range v {
			s.elem.add(name, e, o, depth+1)
		}
	case map[string]any:
		s.objects++
		if depth < maxDepth {
			s.object(v, o, depth)
		}
	}
	s.seen++
}

func (s *shape) object(v map[string]any, o clean.Options, depth int) {
	s.of++
	if s.fields == nil {
		s.fields = map[string]*shape{}
	}
	for name, w := range v {
		if strings.TrimSpace(name) == "" || strings.Contains(name, ".") {
			continue // it cannot be named: a dot reaches into an object
		}
		f := s.fields[name]
		if f == nil {
			if len(s.fields) >= maxNames {
				continue
			}
			f = &shape{}
			s.fields[name] = f
		}
		f.add(name, w, o, depth+1)
	}
}

func (s *shape) text(name, v string, o clean.Options) {
	s.texts++
	if s.fits == nil {
		s.fits, s.formats = map[value.Kind]int{}, map[string]int{}
	}
	lower := strings.ToLower(name)
	for _, k := range guessed {
		if words := byName[k]; words != nil && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) }) {
			continue
		}
		if k == value.Number && !numeral(v, lower) || k == value.Boolean && len(v) < 2 || (k == value.DateKind || k == value.TimeKind) && plainDigits(v) {
			continue
		}
		got, err := clean.Value(v, &value.Type{Kind: k}, o)
		if err != nil || k == value.DateKind && hasClock(v, o) {
			continue
		}
		_ = got
		s.fits[k]++
	}
	if len(v) <= 30 && v != "" && v[0] >= '0' && v[0] <= '9' {
		for _, f := range dateFormats {
			if _, _, ok := value.DateBy(f, v); ok {
				s.formats[f]++
			}
		}
	}
}

// numeral says whether a text may be meant as a number: no identifier, no
// postal code, no telephone number.
func numeral(s, name string) bool {
	if s == "" || len(s) > 1 && s[0] == '0' && unicode.IsDigit(rune(s[1])) {
		return false
	}
	for _, w := range []string{"id", "no", "code", "zip", "phone", "mobile", "號", "碼", "電話", "手機"} {
		if strings.HasSuffix(name, w) {
			return false
		}
	}
	return true
}

func plainDigits(s string) bool { return strings.Trim(s, "0123456789.") == "" }

// hasClock says whether a date has a time of day.
func hasClock(s string, o clean.Options) bool {
	v, err := clean.Value(s, &value.Type{Kind: value.TimeKind}, clean.Options{Zone: time.UTC})
	t, ok := v.(value.Time)
	return err == nil && ok && (t%value.Time(value.Day) != 0 || strings.Contains(s, ":"))
}

// typ is the type as it is written. identifies says whether it can identify
// somebody by itself.
func (s *shape) typ(indent string) (written string, identifies bool) {
	switch {
	case s.seen == 0:
		return "any", false
	case s.numbers == s.seen:
		return "number", false
	case s.bools == s.seen:
		return "boolean", false
	case s.lists == s.seen:
		elem, _ := s.elem.typ(indent)
		return "list of " + elem, false
	case s.objects == s.seen && len(s.fields) > 0:
		return s.body(indent), false
	case s.texts != s.seen:
		return "any", false
	}
	for _, k := range guessed {
		if s.fits[k] == s.texts {
			return k.String(), k == value.Email || k == value.Phone
		}
	}
	for _, f := range dateFormats {
		if s.formats[f] == s.texts {
			if other := s.otherOrder(f); other {
				return "text", false // both orders fit: nobody can say
			}
			return `date format "` + f + `"`, false
		}
	}
	return "text", false
}

// otherOrder says whether the values are dates with day and month exchanged,
// too.
func (s *shape) otherOrder(format string) bool {
	other := strings.NewReplacer("dd", "mm", "mm", "dd").Replace(format)
	return other != format && s.formats[other] == s.texts && !strings.HasPrefix(format, "yyy")
}

// body is an object in braces, a field on each line.
func (s *shape) body(indent string) string {
	var b strings.Builder
	b.WriteString("{\n")
	used := map[string]bool{}
	for _, wire := range slices.Sorted(maps.Keys(s.fields)) {
		f := s.fields[wire]
		name := unique(nameOf(wire), used)
		t, _ := f.typ(indent + "  ")
		b.WriteString(indent + "  " + declared(name, wire) + ": " + t)
		if f.seen < s.of {
			b.WriteString(" optional")
		}
		b.WriteByte('\n')
	}
	b.WriteString(indent + "}")
	return b.String()
}

// declared is a name with its name on the wire, where that differs.
func declared(name, wire string) string {
	if name == wire {
		return name
	}
	return name + " " + quoted(wire)
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func unique(name string, used map[string]bool) string {
	for used[name] {
		name += "_"
	}
	used[name] = true
	return name
}

// nameOf makes a name of the language from one on the wire: orderId and Order
// ID become order_id; 訂單編號 stays.
func nameOf(wire string) string {
	var b strings.Builder
	var before rune
	for _, r := range wire {
		switch {
		case unicode.IsUpper(r):
			if unicode.IsLower(before) || unicode.IsDigit(before) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && before != '_':
			b.WriteByte('_')
			r = '_'
		}
		before = r
	}
	name := strings.Trim(b.String(), "_")
	if name == "" || unicode.IsDigit([]rune(name)[0]) {
		name = "x" + name
	}
	return name
}
