package profiles

import "strings"

// ruledTag begins the keys in Person.Segments of tags that rules give. No
// segment has a name with a blank.
const ruledTag = "tag "

// RuledTag is the key in Person.Segments of a tag that a rule gives: it is
// there, since when it holds, while the rule holds.
func RuledTag(tag string) string { return ruledTag + tag }

// IsRuledTag says whether a key of Person.Segments is that of such a tag.
func IsRuledTag(key string) bool { return strings.HasPrefix(key, ruledTag) }

// CutRuledTag is the tag of such a key; false for a segment.
func CutRuledTag(key string) (tag string, ok bool) { return strings.CutPrefix(key, ruledTag) }
