package profiles

import (
	"strings"
	"unicode/utf8"
)

// Fault says why a value that arrived was not stored or an identifier not
// used. It never repeats the value, which may be personal.
type Fault struct {
	Field  string `json:"field"`  // "traits.birthday", "properties.total", "email"
	Reason string `json:"reason"` // "is not a date (write 2026-03-02)"
}

// Masked leaves of a text its first letter, and of an address its domain.
func Masked(s string) string {
	if s == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(s)
	masked := s[:size] + "***"
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		masked += s[at:]
	}
	return masked
}
