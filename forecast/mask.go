package forecast

import (
	"strings"
	"unicode/utf8"

	"journey/profiles"
)

// masked shows an identifier so that its owner knows it, and nobody else: the
// first character and how long it is, of a mail address the domain too.
func masked(id profiles.Identifier) string {
	name, domain, _ := strings.Cut(id.Value, "@")
	_, first := utf8.DecodeRuneInString(name)
	rest := utf8.RuneCountInString(name) - 1
	s := id.Trait + " " + name[:first] + strings.Repeat("•", max(0, min(rest, 8)))
	if domain != "" {
		s += "@" + domain
	}
	return s
}
