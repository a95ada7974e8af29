package clean

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"journey/dsl/value"
)

// special reads a text of a kind that has rules.
func special(s string, kind value.Kind, o Options) (any, error) {
	if kind == value.Text {
		return s, nil
	}
	s = strings.TrimSpace(fold(s))
	if s == "" {
		return nil, errors.New("is empty")
	}
	switch kind {
	case value.Email:
		return email(s)
	case value.Phone:
		return phone(s, o.Country)
	case value.URL:
		return link(s)
	case value.Country:
		return country(s)
	case value.Language:
		tag, err := language.Parse(s)
		if err != nil {
			return nil, errors.New("is not a language tag (write zh-Hant-TW)")
		}
		return tag.String(), nil
	case value.Currency:
		unit, err := currency.ParseISO(s)
		if err != nil {
			return nil, errors.New("is not a currency code (write TWD)")
		}
		return unit.String(), nil
	case value.Timezone:
		if _, ok := value.Zone(s); !ok {
			return nil, errors.New("is not a time zone (write Asia/Taipei)")
		}
		return s, nil
	}
	return s, nil
}

// email is the address trimmed and in lower case, its domain in ASCII. Dots
// and +tags stay: mail goes to the address that was given.
func email(s string) (any, error) {
	bad := errors.New("is not an e-mail address")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > 254 || at > 64 {
		return nil, bad
	}
	user, domain := strings.ToLower(s[:at]), strings.ToLower(s[at+1:])
	for _, r := range user {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`@,;:<>()[]\"`, r) {
			return nil, bad
		}
	}
	if user[0] == '.' || user[len(user)-1] == '.' || strings.Contains(user, "..") {
		return nil, bad
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || strings.HasPrefix(ascii, ".") || strings.HasSuffix(ascii, ".") {
		return nil, bad
	}
	return user + "@" + ascii, nil
}

// phone is the number in E.164.
func phone(s, region string) (any, error) {
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		if region == "" {
			return nil, errors.New("is not a phone number with a country code (write +886912345678, or set the workspace's country)")
		}
		return nil, errors.New("is not a phone number")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

func link(s string) (any, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("is not a web address (write https://…)")
	}
	return u.String(), nil
}

func country(s string) (any, error) {
	r, err := language.ParseRegion(s)
	if err != nil || !r.IsCountry() {
		return nil, errors.New("is not a country code (write TW)")
	}
	return r.Canonicalize().String(), nil
}

// nobody are values that clients send when they know nobody.
var nobody = map[string]bool{
	"-1": true, "null": true, "none": true, "nan": true, "undefined": true, "[object object]": true,
	"true": true, "false": true, "anonymous": true, "guest": true, "id": true, "distinctid": true,
	"distinct_id": true, "not_authenticated": true, "email": true,
}

// MaxIdentifier is how long a value that identifies somebody can be, in bytes.
const MaxIdentifier = 512

// Bare is a value as it is compared with those that identify nobody: without
// the quotes and blanks around it, in small letters.
func Bare(s string) string {
	return strings.ToLower(strings.TrimFunc(s, func(r rune) bool { return r == '"' || r == '\'' || unicode.IsSpace(r) }))
}

// Identifies says whether a value can identify somebody: blanks, zeros and
// the words that clients send for nobody never do, whatever their case and
// quotes (the list is that of Segment's and PostHog's identity rules). Neither
// does a text that has lost a character (U+FFFD): two people may have lost the
// same.
func Identifies(s string) bool {
	s = Bare(s)
	if s == "" || len(s) > MaxIdentifier || strings.Trim(s, "0-") == "" || nobody[s] || strings.ContainsRune(s, utf8.RuneError) {
		return false
	}
	if a, err := netip.ParseAddr(s); err == nil && a.IsUnspecified() {
		return false
	}
	return true
}
