package diag

// The codes of what the parser finds. Each says one kind of mistake; the
// example in its comment is wrong in just this way.
const (
	// InvalidUTF8 is a byte that is not UTF-8: the file was saved in another
	// encoding.
	InvalidUTF8 Code = "invalid-utf8"

	// FileTooLarge is a source above half a megabyte.
	FileTooLarge Code = "file-too-large"

	// UnknownCharacter is a character that has no meaning outside of texts.
	//
	//	segment a = profile.age ＞ 3
	UnknownCharacter Code = "unknown-character"

	// UnclosedText is a text without its closing quotes.
	//
	//	trait a "b: text
	UnclosedText Code = "unclosed-text"

	// BadEscape is a backslash in a text before something that it does not escape.
	//
	//	segment a "\q" = true
	BadEscape Code = "bad-escape"

	// BadNumber is something that begins with a digit and is not a number.
	//
	//	segment a = profile.age > 3x
	BadNumber Code = "bad-number"

	// BadDate is a date or time of day that does not exist.
	//
	//	segment a = now > 2026-02-30
	BadDate Code = "bad-date"

	// BadDuration is a length of time in units that have no fixed length, or
	// longer than the language allows.
	//
	//	segment a = now > ago(1 month)
	BadDuration Code = "bad-duration"

	// UnknownWord is a word where a word of the language is expected.
	//
	//	journy a { }
	UnknownWord Code = "unknown-word"

	// Unexpected is something that does not belong where it stands.
	//
	//	trait a, b: text
	Unexpected Code = "unexpected"

	// Incomplete is a statement that lacks a part.
	//
	//	segment a =
	Incomplete Code = "incomplete"

	// UnclosedBlock is a `{` without its `}`.
	//
	//	journey a {
	UnclosedBlock Code = "unclosed-block"

	// UnclosedBracket is a `(` or `[` without its counterpart.
	//
	//	segment a = (profile.age > 3
	UnclosedBracket Code = "unclosed-bracket"

	// StrayBracket is a closing bracket that nothing opened.
	//
	//	trait a: text }
	StrayBracket Code = "stray-bracket"

	// ClauseAfterStep is a clause of a journey's head that stands after a step.
	ClauseAfterStep Code = "clause-after-step"

	// RepeatedClause is a clause that may be given once, given again.
	//
	//	workspace { country TW country JP }
	RepeatedClause Code = "repeated-clause"

	// TooDeep is nesting beyond what anybody could read.
	TooDeep Code = "too-deep"

	// TooLong is an expression with too many parts.
	TooLong Code = "too-long"

	// NeedsParentheses is an expression that people and expr read differently.
	//
	//	segment a = not profile.age == 3
	NeedsParentheses Code = "needs-parentheses"

	// NotInExpressions is something that expr knows and the language does not.
	//
	//	segment a = profile.age == null
	NotInExpressions Code = "not-in-expressions"

	// UnknownType is a type that does not exist.
	//
	//	trait a: strin
	UnknownType Code = "unknown-type"

	// Internal is a mistake of the compiler itself, never of a source.
	Internal Code = "internal"
)
