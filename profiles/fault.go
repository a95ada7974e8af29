package profiles

// Fault says why a value that arrived was not stored or an identifier not
// used. It never repeats the value, which may be personal.
type Fault struct {
	Field  string `json:"field"`  // "traits.birthday", "properties.total", "email"
	Reason string `json:"reason"` // "is not a date (write 2026-03-02)"
}
