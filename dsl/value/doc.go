// Package value holds what traits and properties are made of: the types a
// .journey file can declare and the values that conditions, templates, the
// machine and the store exchange.
//
// A value is one of
//
//	nil              missing
//	string           text and its kinds (email, phone, url, …)
//	float64          number and integer
//	bool             boolean
//	Date             a calendar day
//	Time             an instant
//	Duration         a length of time
//	[]any            a list of values
//	map[string]any   an object
//
// and nothing else: every number is a float64, so data decoded from JSON is
// already in this form once Date, Time and Duration have been read by type.
package value
