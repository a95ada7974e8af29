package cond

import (
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestErrors: each mistake is `where|code|message`, where being the source
// from the mistake's first character on, as far as it is marked.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		expr string
		want []string
	}{
		// names
		{`profile.nmae == "a"`, []string{"nmae|unknown-trait|unknown trait `nmae`|profile.name"}},
		{`segment.high_valu`, []string{"high_valu|unknown-segment|unknown segment `high_valu`|segment.high_value"}},
		{`journey.welcom`, []string{"welcom|unknown-journey|unknown journey `welcom`|journey.welcome"}},
		{`count(order_complete) > 0`, []string{"order_complete|unknown-name|unknown name `order_complete`|order_completed"}},
		{`count(order_complet in last 3 days) > 0`, []string{"order_complet|unknown-event|unknown event `order_complet`|order_completed"}},
		{`count("Order Complete" in last 3 days) > 0`, []string{`"Order Complete"|unknown-event|unknown event ` + "`Order Complete`" + `|"Order Completed"`}},
		{`count("Order Complete") > 0`, []string{`"Order Complete"|unknown-event|unknown event ` + "`Order Complete`" + `|"Order Completed"`}},
		{`first("Order Complete").total > 0`, []string{`"Order Complete"|unknown-event|unknown event ` + "`Order Complete`" + `|"Order Completed"`}},
		{`cuont(order_completed) > 0`, []string{"cuont|unknown-function|unknown function `cuont`|count"}},
		{`last(order_completed).totl > 3`, []string{"totl|unknown-property|unknown property of order_completed `totl`|total"}},
		{`any(order_completed, .totl > 3)`, []string{"totl|unknown-property|unknown property of order_completed `totl`|total"}},
		{`any(order_completed, any(.items, .skuu == "A"))`, []string{"skuu|unknown-property|unknown property `skuu`|sku"}},
		{`profile.address.ctiy == "x"`, []string{"ctiy|unknown-property|unknown property `ctiy`|city"}},
		{`event.totl > 3`, []string{"totl|unknown-property|unknown property of the event `totl`|event.total"}},
		{`entry.cart_idd == "a"`, []string{"cart_idd|unknown-property|unknown property of the entry `cart_idd`|entry.cart_id"}},
		{`run.pik > 3`, []string{"pik|unknown-name|unknown value of the run `pik`|run.pick"}},
		{`total_spend > 3`, []string{"total_spend|unknown-name|`total_spend` is a trait|profile.total_spend"}},
		{`high_value`, []string{"high_value|unknown-name|`high_value` is a segment|segment.high_value"}},
		{`proflie.name == "a"`, []string{"proflie|unknown-name|unknown name `proflie`|profile"}},
		{`now_ == now`, []string{"now_|unknown-name|unknown name `now_`|now"}},
		{`count == 3`, []string{"count|unknown-name|`count` is a function"}},
		{`profile == 3`, []string{"profile|unknown-name|`profile` needs a trait after it"}},
		{`local(now).huor == 3`, []string{"huor|unknown-property|unknown part of a local time `huor`|hour"}},
		{`local(now) == now`, []string{"local|wrong-type|is asked for one of its parts"}},
		{`it == 3`, []string{"it|not-here|mean the element of a list"}},
		{`.price == 3`, []string{".|not-here|mean the element of a list"}},

		{`reduce(profile.scores, it, 0) > 3`, []string{"reduce|unknown-function|unknown function `reduce`"}},

		// messages
		{`sent(remindr)`, []string{"remindr|unknown-message|unknown message `remindr`|reminder"}},
		{`clicked(receipt)`, []string{"receipt|not-sent|this journey does not send `receipt`"}},
		{`opened(text_reminder)`, []string{"opened|no-opens|messages via `sms` only know clicks|clicked"}},
		{`sent("reminder")`, []string{`"reminder"|wrong-type|` + "`sent` wants the name of a message"}},
		{`sent()`, []string{"sent|wrong-arguments|`sent` wants one argument, and has 0"}},
		{`sent(reminder) > 3`, []string{">|mismatched-types|the left side is a boolean, the right side a number"}},

		// types
		{`profile.visits`, []string{"profile.visits|wrong-type|a condition is wanted here, and `profile.visits` is a number"}},
		{`profile.total_spend > "3"`, []string{">|mismatched-types|the left side is a number, the right side text"}},
		{`profile.birthday == "1990-01-01"`, []string{"==|mismatched-types|a date, the right side text"}},
		{`profile.lead == now`, []string{"==|mismatched-types|a duration, the right side a time"}},
		{`profile.name > 3 and profile.visits > "b"`, []string{">|mismatched-types|text, the right side a number", ">|mismatched-types|a number, the right side text"}},
		{`profile.vip < true`, []string{"<|mismatched-types|a boolean, the right side a boolean"}},
		{`profile.tags == [1]`, []string{"==|mismatched-types|a list of text, the right side a list of numbers"}},
		{`profile.address == profile.tags`, []string{"==|mismatched-types|an object, the right side a list of text"}},
		{`profile.name + 1 == "a"`, []string{"+|mismatched-types|text, the right side a number"}},
		{`now + now == now`, []string{"+|mismatched-types|a time, the right side a time"}},
		{`1 day * 2 days == 1 day`, []string{"*|mismatched-types|a duration, the right side a duration"}},
		{`profile.name % 2 == 1`, []string{"%|mismatched-types|text, the right side a number"}},
		{`profile.name and true`, []string{"profile.name|wrong-type|`and` wants conditions on both sides, and `profile.name` is text"}},
		{`not profile.name`, []string{"profile.name|wrong-type|`not` wants a condition"}},
		{`-profile.name == "a"`, []string{"profile.name|wrong-type|`-` wants a number or a duration"}},
		{`profile.visits ? true : false`, []string{"profile.visits|wrong-type|`?` wants a condition"}},
		{`profile.visits contains "a"`, []string{"profile.visits|wrong-type|`contains` wants text on both sides, and `profile.visits` is a number"}},
		{`profile.name contains 3`, []string{"3|wrong-type|`contains` wants text on both sides, and `3` is a number"}},
		{`profile.name in profile.scores`, []string{"in|mismatched-types|the left side is text, the right side a list of numbers"}},
		{`profile.name in profile.email`, []string{"profile.email|wrong-type|`in` wants a list on its right"}},
		{`"email" in profile.consent`, []string{"profile.consent|wrong-type|`in` wants a list on its right"}},
		{`profile.name matches profile.email`, []string{"profile.email|bad-pattern|written out as a text"}},
		{`profile.name matches "("`, []string{`"("|bad-pattern|missing closing )`}},
		{`profile.tier == "platinum"`, []string{`"platinum"|not-one-of|none of the values`}},
		{`"glod" == profile.tier`, []string{`"glod"|not-one-of|none of the values|"gold"`}},
		{`profile.tier in ["gold", "slver"]`, []string{`"slver"|not-one-of|none of the values|"silver"`}},
		{`local(now).weekday == "Monday"`, []string{`"Monday"|not-one-of|none of the values|"monday"`}},
		{`profile.name.first == "a"`, []string{"profile.name|wrong-type|`profile.name` is text and has no properties"}},
		{`order_completed.total > 3`, []string{"order_completed|wrong-type|is a list of events and has no properties: take one of its elements"}},
		{`now.hour == 3`, []string{"now|wrong-type|is a time and has no properties: its parts are those of `local(…)`"}},
		{`profile.visits[0] == 3`, []string{"profile.visits|wrong-type|only a list has elements"}},
		{`profile.tags["a"] == "b"`, []string{`profile.tags|wrong-type|is a list of text and has no properties`}},
		{`profile.tags["a" + "b"] == "b"`, []string{`"a" + "b"|wrong-type|an index wants a number`}},
		{`profile["a" + "b"] == "b"`, []string{`"a" + "b"|dynamic-name|must be written out`}},
		{`profile.address["a" + "b"] == "b"`, []string{`"a" + "b"|dynamic-name|must be written out`}},
		{`now > 09:00`, []string{"09:00|wrong-type|a time of day cannot be compared"}},
		{`order_completed is set`, []string{"order_completed|wrong-type|always there: ask `count(…) > 0`"}},

		// functions
		{`lower(profile.visits) == "a"`, []string{"profile.visits|wrong-type|`lower` wants text, and `profile.visits` is a number"}},
		{`replace(profile.name, "a", 3) == "a"`, []string{"3|wrong-type|`replace` wants text, and `3` is a number"}},
		{`len(3) == 3`, []string{"3|wrong-type|`len` wants text or a list"}},
		{`round("a") == 3`, []string{`"a"|wrong-type|` + "`round` wants a number"}},
		{`sum(profile.tags) == 3`, []string{"profile.tags|wrong-type|`sum` wants numbers, and `profile.tags` is a list of text"}},
		{`sum(order_completed, .order_id) == 3`, []string{".order_id|wrong-type|`sum` wants numbers"}},
		{`max(1, "a") == 3`, []string{`"a"|wrong-type|` + "`max` wants numbers"}},
		{`any(profile.name, true)`, []string{"profile.name|wrong-type|`any` wants a list, and `profile.name` is text"}},
		{`any(profile.name, profile.nmae == "a")`, []string{"profile.name|wrong-type|`any` wants a list", "nmae|unknown-trait||profile.name"}},
		{`any(profile.tags, len(it))`, []string{"len(it)|wrong-type|`any` wants a condition to ask of each element"}},
		{`sort(order_completed) == []`, []string{"order_completed|wrong-type|`sort` wants a list of numbers, text or times"}},
		{`sort(profile.tags, "up") == []`, []string{`"up"|wrong-arguments|"asc" or "desc"`}},
		{`take(profile.tags, "a") == []`, []string{`"a"|wrong-type|` + "`take` wants a number"}},
		{`join(profile.scores) == "a"`, []string{"profile.scores|wrong-type|`join` wants a list of text"}},
		{`lower() == "a"`, []string{"lower|wrong-arguments|`lower` wants one argument, and has 0"}},
		{`any(profile.tags)`, []string{"any|wrong-arguments|`any` wants 2 arguments, and has 1"}},
		{`ago(3) < now`, []string{"3|wrong-type|`ago` wants a duration"}},
		{`age(3) > 3`, []string{"3|wrong-type|`age` wants a date"}},
		{`keys(profile.address) == []`, []string{"keys|unknown-function|unknown function `keys`"}},
		{`any(order_completed, any(.items, any(profile.tags, it == "a")))`, []string{"any|too-deep|inside a predicate inside a predicate"}},

		// now
		{`max(now, profile.last_seen) > 2026-01-01`, []string{"now|untracked-now|when this use of `now` changes cannot be told"}},
		{`(now - profile.last_seen) / 1 day > 3`, []string{"now|untracked-now|cannot be told"}},
		{`now in profile.dates`, []string{"now|untracked-now|cannot be told"}},
		{`any(map(order_completed, now - .at), it > 3 days)`, []string{"now|untracked-now|cannot be told"}},

		// several, and no consequences of one
		{`profile.nmae > 3 and lower(profile.visits) + 3 == 4 and profile.tier == "x"`, []string{
			"nmae|unknown-trait|unknown trait|profile.name", "profile.visits|wrong-type|`lower`", `"x"|not-one-of|`}},
		{`any(profile.nmae, .x > lower(3))`, []string{"nmae|unknown-trait||profile.name", "3|wrong-type|`lower`"}},
	} {
		t.Run(c.expr, func(t *testing.T) {
			file, node := mustParse(t, c.expr)
			x, diags := Compile(file, node, world(), Condition)
			if x != nil {
				t.Fatal("compiled")
			}
			for i, d := range diags {
				got := fmt.Sprintf("%s|%s|%s|%s", file.Text[d.Span.Start:d.Span.End], d.Code, d.Message, d.Suggest)
				if i >= len(c.want) {
					t.Errorf("one too many: %s", got)
					continue
				}
				w := strings.Split(c.want[i], "|")
				suggest := ""
				if len(w) > 3 {
					suggest = w[3]
				}
				if file.Text[d.Span.Start:d.Span.End] != w[0] || string(d.Code) != w[1] || !strings.Contains(d.Message, w[2]) || d.Suggest != suggest {
					t.Errorf("got  %s\nwant %s", got, c.want[i])
				}
			}
			if len(diags) < len(c.want) {
				t.Errorf("%d mistakes found, want %d", len(diags), len(c.want))
			}
		})
	}
}

func TestWants(t *testing.T) {
	for _, c := range []struct {
		expr string
		want Want
		err  string
	}{
		{`profile.lead`, Duration, ""},
		{`3`, Duration, "a duration is wanted here, and `3` is a number"},
		{`profile.birthday`, Moment, ""},
		{`now + 3 days`, Moment, ""},
		{`"a"`, Moment, "a date or time is wanted here"},
		{`event.order_id`, Key, ""},
		{`profile.tags`, Key, "text, a number or another single value is wanted here"},
		{`count(order_completed)`, ValueOf(typInteger), ""},
		{`sum(order_completed, .total)`, ValueOf(typInteger), "`integer` is wanted here"},
		{`round(sum(order_completed, .total))`, ValueOf(typInteger), ""},
		{`profile.birthday`, ValueOf(typTime), ""},
		{`now`, ValueOf(typDate), "`date` is wanted here"},
		{`now`, ValueOf(typTime), ""},
		{`now`, Computed(typTime), "cannot be told"},
		{`last(order_completed).at`, Computed(typTime), ""},
		{`"gold"`, ValueOf(typTier), ""},
		{`"glod"`, ValueOf(typTier), "none of the values"},
		{`profile.name`, ValueOf(typTier), ""},
		{`{city: "a"}`, ValueOf(object(field("city", typText))), ""},
		{`{city: 3}`, ValueOf(object(field("city", typText))), "is wanted here"},
		{`["a"]`, ValueOf(listOfType(typText)), ""},
		{`[1]`, ValueOf(listOfType(typText)), "`list of text` is wanted here"},
		{`max(now, entry.at)`, ValueOf(typTime), ""},
	} {
		t.Run(c.expr, func(t *testing.T) {
			file, node := mustParse(t, c.expr)
			x, diags := Compile(file, node, world(), c.want)
			switch {
			case c.err == "" && (x == nil || len(diags) > 0):
				t.Errorf("got %v", diags)
			case c.err != "" && (len(diags) != 1 || !strings.Contains(diags[0].Message, c.err)):
				t.Errorf("got %v, want %s", diags, c.err)
			}
		})
	}
}

// TestCodes: the example in the comment of each code is wrong in just that
// way.
func TestCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	goast.Inspect(file, func(n goast.Node) bool {
		spec, ok := n.(*goast.ValueSpec)
		if !ok || spec.Doc == nil {
			return true
		}
		lit, ok := spec.Values[0].(*goast.BasicLit)
		if !ok {
			return true
		}
		_, example, ok := strings.Cut(spec.Doc.Text(), "\n\n\t")
		if !ok {
			t.Errorf("%s has no example", spec.Names[0])
			return true
		}
		seen++
		example = strings.TrimSpace(example)
		source, node := mustParse(t, example)
		_, diags := Compile(source, node, world(), Condition)
		if len(diags) != 1 || `"`+string(diags[0].Code)+`"` != lit.Value {
			t.Errorf("%s: %s: got %v", spec.Names[0], example, diags)
		}
		return true
	})
	if seen < 14 {
		t.Errorf("%d codes", seen)
	}
}
