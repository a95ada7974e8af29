package dsl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// One constructor for each mistake. What they say is lower case, without a
// stop: what is wrong, and where it helps, what to do.

func mistake(code diag.Code, at diag.Span, suggest, format string, args ...any) diag.Diagnostic {
	return diag.Diagnostic{Code: code, Span: at, Suggest: suggest, Message: fmt.Sprintf(format, args...)}
}

func warning(code diag.Code, at diag.Span, format string, args ...any) diag.Diagnostic {
	d := mistake(code, at, "", format, args...)
	d.Severity = diag.Warning
	return d
}

// article is a word with the article before it that it takes.
func article(word string) string {
	switch {
	case word == "text" || word == "any":
		return word
	case word != "" && strings.Contains("aeio", word[:1]):
		return "an " + word
	}
	return "a " + word
}

// because adds another place.
func because(d diag.Diagnostic, at diag.Span, message string) diag.Diagnostic {
	if at.File != nil {
		d.Related = append(d.Related, diag.Related{Span: at, Message: message})
	}
	return d
}

// Declarations.

func errSecondWorkspace(at, first diag.Span) diag.Diagnostic {
	return because(mistake(SecondWorkspace, at, "", "there is a `workspace` block already, and a program has one"), first, "the first one")
}

func errDuplicate(what string, name *syntax.Name, first diag.Span) diag.Diagnostic {
	return because(mistake(Duplicate, name.Span(), "", "there is %s `%s` already", article(what), name.Text), first, "the first one")
}

func errReservedName(name *syntax.Name, what, why string) diag.Diagnostic {
	d := mistake(ReservedName, name.Span(), "", "%s cannot be called `%s`, which has a meaning of its own", article(what), name.Text)
	if why != "" {
		d.Message = fmt.Sprintf("%s cannot be called `%s`: %s", article(what), name.Text, why)
	}
	if what == "property" {
		d.Message += fmt.Sprintf("; call it otherwise and keep the name on the wire, as in `its_%s %q: …`", name.Text, name.Text)
	}
	return d
}

func errSameWire(what, wire string, at, first diag.Span) diag.Diagnostic {
	return because(mistake(SameWire, at, "", "two %s have the name %q on the wire", what, wire), first, "the first one")
}

func errBuiltinWire(what string, at diag.Span, wire string) diag.Diagnostic {
	return mistake(SameWire, at, "", "%q is on the wire the built-in %s of that name: declare that one, `%s %s …`, to use it", wire, what, what, wire)
}

func errEmptyWire(s *syntax.String) diag.Diagnostic {
	return mistake(EmptyText, s.Span(), "", "the name on the wire is empty: leave it out, or write what data call it")
}

func errIdentifierType(t *syntax.Type, trait *Trait) diag.Diagnostic {
	return mistake(BadIdentifier, t.Span(), "", "an identifier is a text of some kind, and `%s` is %s", trait.Name, article(trait.Type.Kind.String()))
}

func errIdentifierLimit(n *syntax.Number) diag.Diagnostic {
	return mistake(BadIdentifier, n.Span(), "", "a person can have 1 to 1000 values of an identifier")
}

func errUserIDLimit(n *syntax.Number) diag.Diagnostic {
	return mistake(BadIdentifier, n.Span(), "", "a person has one `user_id`: two of them are two people")
}

func errComputedIdentifier(name *syntax.Name) diag.Diagnostic {
	return mistake(BadIdentifier, name.Span(), "", "`%s` cannot be computed and identify somebody at the same time", name.Text)
}

func errBuiltinIdentifier(name *syntax.Name) diag.Diagnostic {
	return mistake(BuiltinChanged, name.Span(), "", "the built-in trait `%s` cannot be an identifier", name.Text)
}

func errBuiltinComputed(name *syntax.Name) diag.Diagnostic {
	return mistake(BuiltinChanged, name.Span(), "", "the built-in trait `%s` cannot be computed", name.Text)
}

func errBuiltinType(what, name string, is *value.Type, at *syntax.Type) diag.Diagnostic {
	kind := is.Kind.String()
	if is.Kind == value.List {
		kind = is.String()
	}
	d := mistake(BuiltinChanged, diag.Span{}, "", "the built-in %s `%s` has the type `%s`, which cannot be changed", what, name, kind)
	if at != nil {
		d.Span = at.Span()
	}
	return d
}

// otherNames are words of other languages for the types of this one.
var otherNames = map[string]string{
	"string": "text", "str": "text", "varchar": "text", "int": "integer", "float": "number", "double": "number", "decimal": "number",
	"bool": "boolean", "datetime": "time", "timestamp": "time", "mail": "email", "array": "list of text", "object": "{ … }",
}

func errUnknownType(name *syntax.Name) diag.Diagnostic {
	suggest := otherNames[strings.ToLower(name.Text)]
	if suggest == "" {
		suggest = diag.Suggest(name.Text, append(value.KindWords(), "list"))
	}
	return mistake(diag.UnknownType, name.Span(), suggest, "unknown type `%s`", name.Text)
}

func errOneOfType(t *syntax.Type) diag.Diagnostic {
	return mistake(BadOneOf, t.Kind.Span(), "text", "`one of` lists texts, so the type before it is `text`")
}

func errBadFormat(s *syntax.String, why error) diag.Diagnostic {
	return mistake(BadFormat, s.Span(), "", "%v", why)
}

func errOneOfTwice(s *syntax.String) diag.Diagnostic {
	return mistake(BadOneOf, s.Span(), "", "%q is listed twice", s.Value)
}

// Settings.

func errUnknownZone(s *syntax.String) diag.Diagnostic {
	return mistake(UnknownZone, s.Span(), quotedOrNone(nearestZone(s.Value)), "unknown time zone %q", s.Value)
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s)
}

func errUnknownCountry(name *syntax.Name, suggest string) diag.Diagnostic {
	return mistake(UnknownCountry, name.Span(), suggest, "unknown country `%s`: a country is its two letters of ISO 3166, like `TW`", name.Text)
}

func errUnknownCurrency(name *syntax.Name, suggest string) diag.Diagnostic {
	return mistake(UnknownCurrency, name.Span(), suggest, "unknown currency `%s`: a currency is its three letters of ISO 4217, like `TWD`", name.Text)
}

func errLateAfter(d *syntax.Duration) diag.Diagnostic {
	return mistake(BadSetting, d.Span(), "", "everything is late after no time at all: give an age, like `24 hours`")
}

func errUnknownIdentifier(name *syntax.Name, identifiers []string) diag.Diagnostic {
	return mistake(cond.UnknownTrait, name.Span(), diag.Suggest(name.Text, identifiers), "unknown trait `%s`: `identify` lists declared identifiers", name.Text)
}

func errNoIdentifier(name *syntax.Name, t *Trait) diag.Diagnostic {
	return because(mistake(BadIdentifier, name.Span(), "", "`%s` is no identifier: say so where it is declared", name.Text), t.Span, "declared here")
}

func errIdentifyTwice(name *syntax.Name) diag.Diagnostic {
	return mistake(Duplicate, name.Span(), "", "`%s` is listed twice", name.Text)
}

func errNeverBlank(v *syntax.String) diag.Diagnostic {
	return mistake(BadSetting, v.Span(), "", "what is blank identifies nobody anyway: write the value that must not identify anybody")
}

func errNeverTwice(v *syntax.String) diag.Diagnostic {
	return mistake(Duplicate, v.Span(), "", "%q is listed twice", v.Value)
}

// Segments and computed traits.

func errCircle(at diag.Span, name string, declared diag.Span, self bool) diag.Diagnostic {
	if self {
		return mistake(Circle, at, "", "`%s` depends on itself", name)
	}
	return because(mistake(Circle, at, "", "this closes a circle: `%s` depends on itself", name), declared, "declared here")
}

// Messages.

func errUnknownChannel(name *syntax.Name) diag.Diagnostic {
	return mistake(UnknownChannel, name.Span(), diag.Suggest(name.Text, channels), "unknown channel `%s`: there are %s", name.Text, strings.Join(channels, ", "))
}

func errRepeatedClause(at diag.Span, name string) diag.Diagnostic {
	return mistake(diag.RepeatedClause, at, "", "`%s` is given twice", name)
}

func errClauseOfChannel(at diag.Span, clause, channel string) diag.Diagnostic {
	return mistake(WrongClause, at, "", "a message via `%s` has no `%s`", channel, clause)
}

func errMessageLacks(name *syntax.Name, what string, clauses []string) diag.Diagnostic {
	if len(clauses) > 1 {
		return mistake(MessageLacks, name.Span(), "", "%s needs a `%s` or `%s`, and `%s` has neither", what, clauses[0], clauses[1], name.Text)
	}
	return mistake(MessageLacks, name.Span(), "", "%s needs a `%s`, and `%s` has none", what, clauses[0], name.Text)
}

func errNoAddress(name *syntax.Name, channel, trait string) diag.Diagnostic {
	return mistake(NoAddress, name.Span(), "", "nobody has an address for `%s`: declare `trait %s: %s`, or say `to`", channel, trait, addressType(trait))
}

func errBadAddress(name *syntax.Name, channel string, t *Trait) diag.Diagnostic {
	return because(mistake(NoAddress, name.Span(), "", "the address for `%s` is `profile.%s`, and that is %s: make it text, or say `to`", channel, t.Name, article(t.Type.Kind.String())), t.Span, "declared here")
}

func addressType(trait string) string {
	if _, ok := value.KindOf(trait); ok {
		return trait + " identifier"
	}
	return "text"
}

func errBadURL(s *syntax.String) diag.Diagnostic {
	return mistake(BadURL, s.Span(), "", "%q is no address that can be called: write all of it, like \"https://example.com/points\"", s.Value)
}

func errBadMethod(name *syntax.Name) diag.Diagnostic {
	suggest := strings.ToUpper(name.Text)
	if !slices.Contains(webhookMethods, suggest) {
		suggest = diag.Suggest(name.Text, webhookMethods)
	}
	return mistake(BadMethod, name.Span(), suggest, "unknown method `%s`: there are %s", name.Text, strings.Join(webhookMethods, ", "))
}

func errOutside(s *syntax.String) diag.Diagnostic {
	return mistake(NoFile, s.Span(), "", "%q is no file of the workspace: name one relative to this file, with slashes", s.Value)
}

func errNoFile(s *syntax.String, name string, sources map[string]string) diag.Diagnostic {
	d := mistake(NoFile, s.Span(), "", "there is no file %q in the workspace", name)
	if near := diag.Suggest(name, slices.Sorted(maps.Keys(sources))); near != "" {
		d.Suggest = strconv.Quote(relative(s.Span().File.Name, near))
	}
	return d
}

func errTemplateEncoding(s *syntax.String) diag.Diagnostic {
	return mistake(diag.InvalidUTF8, s.Span(), "", "the file %q is not UTF-8", s.Value)
}

func errTemplate(at diag.Span, message string) diag.Diagnostic {
	return mistake(BadTemplate, at, "", "%s", message)
}

// Names in templates.

func errTemplateNeedsName(at diag.Span, root, example string) diag.Diagnostic {
	return mistake(cond.UnknownName, at, "", "`%s` needs a name after it, as in `%s`", root, example)
}

func errTemplateUnknown(at diag.Span, code diag.Code, what, name, prefix string, candidates []string) diag.Diagnostic {
	suggest := diag.Suggest(name, candidates)
	if suggest != "" {
		suggest = prefix + suggest
	}
	hint := ""
	if suggest == "" && what == "trait" {
		hint = fmt.Sprintf("; declare it, as in `trait %s: text`", name)
	}
	return mistake(code, at, suggest, "unknown %s `%s`%s", what, name, hint)
}

func errTemplateName(at diag.Span, name string, candidates []string, trait bool) diag.Diagnostic {
	if trait {
		return mistake(cond.UnknownName, at, "profile."+name, "`%s` is a trait", name)
	}
	return mistake(cond.UnknownName, at, diag.Suggest(name, candidates), "unknown name `%s`: no `send` of this message gives it by `with`", name)
}

func errTemplateNoEvent(at, sent diag.Span) diag.Diagnostic {
	return because(mistake(cond.NotHere, at, "entry", "there is no `event` where this is sent: what began the run is `entry`"), sent, "sent here")
}

func errTemplatePath(at diag.Span, of, name string, t *value.Type) diag.Diagnostic {
	if name == "[]" {
		return mistake(cond.WrongType, at, "", "`%s` is %s, and only a list has elements", of, article(t.Kind.String()))
	}
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	if t.Kind != value.Object {
		hint := ""
		if t.Kind == value.List {
			hint = ": go through it with {% for %}"
		}
		return mistake(cond.UnknownProperty, at, "", "`%s` is %s and has no `%s`%s", of, article(t.Kind.String()), name, hint)
	}
	return mistake(cond.UnknownProperty, at, diag.Suggest(name, names), "`%s` has no property `%s`", of, name)
}

func errWithLacks(at diag.Span, name string, used diag.Span) diag.Diagnostic {
	return because(mistake(WithLacks, at, "", "this message writes `%s`: give it here, as in `with { %s: … }`, or give it a default there", name, name), used, "written here")
}

func warnUnsent(name *syntax.Name) diag.Diagnostic {
	return warning(Unsent, name.Span(), "nothing sends the message `%s`", name.Text)
}

// Journeys.

func errNoEntry(name *syntax.Name) diag.Diagnostic {
	return mistake(NoEntry, name.Span(), "", "nobody can enter `%s`: say who does, as in `enter on EVENT`", name.Text)
}

func errSecondRequest(at, first diag.Span) diag.Diagnostic {
	return because(mistake(diag.RepeatedClause, at, "", "a journey has one `enter on request`"), first, "the first one")
}

func errSecondReentry(at diag.Span) diag.Diagnostic {
	return mistake(diag.RepeatedClause, at, "", "a journey has one rule of re-entry: `once` or `again …`")
}

func warnNoReentry(name *syntax.Name) diag.Diagnostic {
	return warning(NoReentry, name.Span(), "`%s` does not say whether people may enter again: it is `once` for ever, unless you write `again after …`", name.Text)
}

func errUnknownEvent(ref *syntax.EventRef, table map[string]*Event) diag.Diagnostic {
	suggest := diag.Suggest(ref.Name, sorted(table))
	if ref.Wire {
		suggest = quotedOrNone(suggest)
	}
	hint := ""
	if suggest == "" && !ref.Wire {
		hint = fmt.Sprintf("; declare it, as in `event %s { … }`", ref.Name)
	}
	return mistake(cond.UnknownEvent, ref.Span(), suggest, "unknown event `%s`%s", ref.Name, hint)
}

func errUnknownGoal(name *syntax.Name, goals []string) diag.Diagnostic {
	return mistake(UnknownGoal, name.Span(), diag.Suggest(name.Text, goals), "this journey has no goal `%s`", name.Text)
}

func warnExitFirst(at diag.Span, event string, exit diag.Span) diag.Diagnostic {
	return because(warning(ExitFirst, at, "this never happens: `%s` ends the run before the wait sees it", event), exit, "by this clause")
}

// Steps.

func errUnreachable(at diag.Span) diag.Diagnostic {
	return mistake(Unreachable, at, "", "no run can come here: every way ends before it")
}

func errPastTwice(at diag.Span) diag.Diagnostic {
	return mistake(Unreachable, at, "", "no run can come here: `if past exit` ends it before")
}

func errUnknownMessage(name *syntax.Name, messages []string) diag.Diagnostic {
	suggest, hint := diag.Suggest(name.Text, messages), ""
	if suggest == "" {
		hint = fmt.Sprintf("; declare it, as in `message %s via email { … }`", name.Text)
	}
	return mistake(UnknownMessage, name.Span(), suggest, "unknown message `%s`%s", name.Text, hint)
}

func errShares(name *syntax.Name, total float64) diag.Diagnostic {
	return mistake(Shares, name.Span(), "", "the shares of `%s` make %s%%, not 100%%", name.Text, strconv.FormatFloat(total, 'g', 6, 64))
}

func errSplitDiffers(name *syntax.Name, first diag.Span) diag.Diagnostic {
	return because(mistake(SplitDiffers, name.Span(), "", "the split `%s` has other branches elsewhere: an experiment has the same everywhere, in the same order", name.Text), first, "there")
}

func errUnknownTrait(name *syntax.Name, traits []string) diag.Diagnostic {
	suggest := diag.Suggest(name.Text, traits)
	if suggest != "" {
		suggest = "profile." + suggest
	}
	return mistake(cond.UnknownTrait, name.Span(), suggest, "unknown trait `%s`", name.Text)
}

func errSetComputed(name *syntax.Name) diag.Diagnostic {
	return mistake(NotSettable, name.Span(), "", "`%s` is computed and cannot be set", name.Text)
}

func errSetIdentifier(name *syntax.Name) diag.Diagnostic {
	return mistake(NotSettable, name.Span(), "", "`%s` says who somebody is, and a journey cannot change that", name.Text)
}

func errSetSuppressed(name *syntax.Name) diag.Diagnostic {
	return mistake(NotSettable, name.Span(), "", "`suppressed` follows bounces and complaints and cannot be set")
}

func errSetPart(part *syntax.Name, trait string) diag.Diagnostic {
	return mistake(NotSettable, part.Span(), "", "a part of `%s` cannot be changed by itself: set all of it", trait)
}

func errSetWhole(name *syntax.Name) diag.Diagnostic {
	return mistake(NotSettable, name.Span(), "", "`%s` is changed one by one, as in `profile.%s.NAME`", name.Text, name.Text)
}

func errUnknownKey(key *syntax.Name, trait string, t *value.Type) diag.Diagnostic {
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	if trait == "topics" {
		return mistake(UnknownTopic, key.Span(), diag.Suggest(key.Text, names), "unknown topic `%s`: the workspace lists them, as in `topics %s \"…\"`", key.Text, key.Text)
	}
	return mistake(cond.UnknownProperty, key.Span(), diag.Suggest(key.Text, names), "`profile.%s` has no property `%s`", trait, key.Text)
}

func errTagRuleTwice(s *syntax.String, first diag.Span) diag.Diagnostic {
	return because(mistake(Duplicate, s.Span(), "", "the tag `%s` has a rule already: join the two conditions with `or`", s.Value), first, "the first one")
}

func errTagRuled(s *syntax.String, rule diag.Span) diag.Diagnostic {
	return because(mistake(NotSettable, s.Span(), "", "a rule gives and takes the tag `%s`: a journey cannot", s.Value), rule, "its rule")
}

func errEmptyTag(s *syntax.String) diag.Diagnostic {
	return mistake(EmptyText, s.Span(), "", "a tag needs a name")
}

func errLetType(at diag.Span, name string, old, is *value.Type) diag.Diagnostic {
	return mistake(LetType, at, "", "`run.%s` is %s by an earlier step, and this is %s: use another name", name, article(old.Kind.String()), article(is.Kind.String()))
}

func errEmptyWindow(at diag.Span) diag.Diagnostic {
	return mistake(EmptyWindow, at, "", "this window is never open: it ends where it begins")
}

func errNoAlternatives(at diag.Span) diag.Diagnostic {
	return mistake(diag.Incomplete, at, "", "there is nothing to wait for in these braces")
}

func errTimes(n *syntax.Number) diag.Diagnostic {
	return mistake(BadTimes, n.Span(), "", "a loop has 1 to %d rounds", maxTimes)
}

func errTooManyRounds(n *syntax.Number, rounds int) diag.Diagnostic {
	return mistake(BadTimes, n.Span(), "", "with the loops around it this makes %d rounds, and %d are the most", rounds, maxRounds)
}

func errNoWait(at diag.Span) diag.Diagnostic {
	return mistake(NoWait, at, "", "this loop never waits, and then %d rounds are the most: wait in it, or say `every 1 day`", maxAtOnce)
}

func errEmitChange(ref *syntax.EventRef) diag.Diagnostic {
	return mistake(NotEmitted, ref.Span(), "", "the change of a trait happens when it is set; what can be tracked is an event")
}

func errEmitOwn(ref *syntax.EventRef, event string) diag.Diagnostic {
	return mistake(NotEmitted, ref.Span(), "", "`%s` is recorded by the engine itself, so that it can be relied on", event)
}

func errPropertyLacks(at diag.Span, what, name string) diag.Diagnostic {
	return mistake(PropertyLacks, at, "", "%s always has `%s`: give it, or declare it as `optional`", what, name)
}

func errNoProperty(name *syntax.Name, what string, t *value.Type) diag.Diagnostic {
	var names []string
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return mistake(cond.UnknownProperty, name.Span(), diag.Suggest(name.Text, names), "%s has no property `%s`", what, name.Text)
}

func errUnknownJourney(name *syntax.Name, journeys []string) diag.Diagnostic {
	return mistake(cond.UnknownJourney, name.Span(), diag.Suggest(name.Text, journeys), "unknown journey `%s`", name.Text)
}

func errNoRequest(name *syntax.Name, declared diag.Span) diag.Diagnostic {
	return because(mistake(NoRequest, name.Span(), "", "`%s` takes no requests: it needs `enter on request`", name.Text), declared, "declared here")
}

func errUnknownWebhook(name *syntax.Name, webhooks []string) diag.Diagnostic {
	return mistake(UnknownWebhook, name.Span(), diag.Suggest(name.Text, webhooks), "unknown webhook `%s`", name.Text)
}

func errAnswerDiffers(name *syntax.Name, webhook string, t *value.Type) diag.Diagnostic {
	return mistake(AnswerDiffers, name.Span(), "", "elsewhere `%s` answers with `%s` as %s: one webhook has one answer", webhook, name.Text, article(t.Kind.String()))
}

func warnUncalled(name *syntax.Name) diag.Diagnostic {
	return warning(Uncalled, name.Span(), "nothing calls the webhook `%s`", name.Text)
}
