package dsl

import (
	"slices"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"journey/dsl/syntax"
	"journey/dsl/value"
)

// identifyOrder is the order of identifiers that holds unless the workspace
// gives one.
var identifyOrder = []string{"user_id", "email", "phone", "anonymous_id"}

// settings reads the workspace block.
func (c *checker) settings() {
	s := &c.prog.Settings
	if c.workspace != nil {
		for _, item := range c.workspace.Settings.Items {
			switch item := item.(type) {
			case *syntax.Timezone:
				c.timezone(item)
			case *syntax.Country:
				c.country(item)
			case *syntax.Currency:
				c.currency(item)
			case *syntax.Consent:
				s.ConsentAssumed = item.Mode.Text == "assumed"
			case *syntax.Identify:
				c.identify(item)
			case *syntax.Never:
				c.never(item)
			case *syntax.LateAfter:
				if item.Age == nil {
					continue
				}
				if item.Age.Value <= 0 {
					c.report(errLateAfter(item.Age))
				}
				s.LateAfter = item.Age.Value
			case *syntax.ControlAll:
				s.Control = c.share(&item.Share)
			case *syntax.Quiet:
				c.quiet(item)
			case *syntax.Cap:
				c.capacity(item)
			case *syntax.Suppress:
				c.suppress(item)
			case *syntax.Topics: // taken with the declarations
			}
		}
	}
	c.completeIdentify()
}

func (c *checker) timezone(item *syntax.Timezone) {
	if item.Zone == nil {
		return
	}
	zone, ok := value.Zone(item.Zone.Value)
	if !ok {
		c.report(errUnknownZone(item.Zone))
		return
	}
	c.prog.Settings.Zone = zone
}

func (c *checker) country(item *syntax.Country) {
	code := item.Code.Text
	if code == "" {
		return
	}
	if !knownCountry(code) {
		suggest := strings.ToUpper(code)
		if !knownCountry(suggest) {
			suggest = ""
		}
		c.report(errUnknownCountry(&item.Code, suggest))
		return
	}
	c.prog.Settings.Country = code
}

// knownCountry says whether a code is a country of ISO 3166-1 alpha-2.
func knownCountry(code string) bool {
	if len(code) != 2 || strings.ToUpper(code) != code {
		return false
	}
	r, err := language.ParseRegion(code)
	return err == nil && r.IsCountry() && r.String() == code
}

func (c *checker) currency(item *syntax.Currency) {
	code := item.Code.Text
	if code == "" {
		return
	}
	if !knownCurrency(code) {
		suggest := strings.ToUpper(code)
		if !knownCurrency(suggest) {
			suggest = ""
		}
		c.report(errUnknownCurrency(&item.Code, suggest))
		return
	}
	c.prog.Settings.Currency = code
}

// knownCurrency says whether a code is a currency of ISO 4217.
func knownCurrency(code string) bool {
	if len(code) != 3 || strings.ToUpper(code) != code {
		return false
	}
	_, err := currency.ParseISO(code)
	return err == nil
}

func (c *checker) identify(item *syntax.Identify) {
	var order []string
	for i := range item.Traits {
		name := &item.Traits[i]
		t := c.prog.traits[name.Text]
		switch {
		case name.Text == "":
		case t == nil:
			c.report(errUnknownIdentifier(name, c.identifiers()))
		case !t.Identifier:
			c.report(errNoIdentifier(name, t))
		case slices.Contains(order, name.Text):
			c.report(errIdentifyTwice(name))
		default:
			order = append(order, name.Text)
		}
	}
	c.prog.Settings.Identify = order
}

// never collects the workspace's own values that identify nobody.
func (c *checker) never(item *syntax.Never) {
	for _, v := range item.Values {
		switch {
		case v == nil:
		case strings.TrimSpace(v.Value) == "":
			c.report(errNeverBlank(v))
		case slices.Contains(c.prog.Settings.Never, v.Value):
			c.report(errNeverTwice(v))
		default:
			c.prog.Settings.Never = append(c.prog.Settings.Never, v.Value)
		}
	}
}

// completeIdentify gives the identifiers an order, if the workspace has none,
// and puts those it leaves out behind the others, as they are declared.
func (c *checker) completeIdentify() {
	order := c.prog.Settings.Identify
	if order == nil {
		for _, name := range identifyOrder {
			if t := c.prog.traits[name]; t != nil && t.Identifier {
				order = append(order, name)
			}
		}
	}
	for _, name := range c.identifiers() {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	c.prog.Settings.Identify = order
}

// identifiers are the identifier traits, as they are declared.
func (c *checker) identifiers() []string {
	var names []string
	for _, t := range c.prog.Traits {
		if t.Identifier {
			names = append(names, t.Name)
		}
	}
	return names
}
