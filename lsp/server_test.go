package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"journey/dsl"
	"journey/dsl/codes"
	"journey/dsl/diag"
)

func shop(t testing.TB) map[string]string {
	t.Helper()
	sources, err := dsl.ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

const cart = "abandoned_cart.journey"

func some(ds []diagnostic) bool { return len(ds) > 0 }
func none(ds []diagnostic) bool { return len(ds) == 0 }

// What is typed is checked together with what lies on disk, in all files.
func TestDiagnosticsWhileTyping(t *testing.T) {
	c := start(t, shop(t))
	c.open(cart, c.texts[cart])
	right := c.texts[cart]
	c.change(cart, strings.Replace(right, "segment.high_value", "segment.hihg_value", 1))
	d := c.diagnostics(cart, some)[0]
	if d.Code != "unknown-segment" || c.text(cart, d.Range) != "hihg_value" || !strings.Contains(d.Message, "did you mean segment.high_value") {
		t.Errorf("got %+v", d)
	}
	c.change(cart, right)
	c.diagnostics(cart, none)

	// A declaration that goes away is missed where it is used, in files that are
	// not open, and templates are files of the workspace, too.
	people := c.texts["people.journey"]
	c.open("people.journey", strings.Replace(people, "trait name: ", "trait nom: ", 1))
	missed := c.diagnostics("templates/welcome.html", some)[0]
	if missed.Code != "unknown-trait" || c.text("templates/welcome.html", missed.Range) != "name" {
		t.Errorf("got %+v", missed)
	}
	c.diagnostics("birthday.journey", some)
	c.change("people.journey", people)
	c.diagnostics("templates/welcome.html", none)
	c.diagnostics("birthday.journey", none)

	// A closed file is what it is on disk.
	c.change(cart, "journey {")
	c.diagnostics(cart, some)
	c.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": c.uri(cart)}})
	c.diagnostics(cart, none)

	// Files may change outside of the editor.
	file := filepath.Join(c.dir, "birthday.journey")
	if err := os.WriteFile(file, []byte("journey b { }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	c.diagnostics("birthday.journey", some)
}

// Places count in UTF-16 units, behind Chinese, emoji and combined letters.
func TestUTF16(t *testing.T) {
	c := start(t, map[string]string{})
	text := "trait 名字: text\nsegment 貴賓 \"😀 金e\u0301\" = profile.名字 == \"😀\" and profile.明字 == \"x\"\n"
	c.open("a.journey", text)
	ds := c.diagnostics("a.journey", some)
	if got := c.text("a.journey", ds[0].Range); got != "明字" {
		t.Errorf("the mistake stands at %q, %+v", got, ds[0].Range)
	}
	if want := (position{Line: 1, Character: 53}); ds[0].Range.Start != want {
		t.Errorf("the mistake begins at %+v, not %+v", ds[0].Range.Start, want)
	}
	var found []location
	c.call("textDocument/definition", c.at("a.journey", "profile.名|字 =="), &found)
	if len(found) != 1 || c.text("a.journey", found[0].Range) != "名字" || found[0].Range.Start.Line != 0 {
		t.Errorf("got %+v", found)
	}
	if got := c.labels("a.journey", "profile.明|字"); !slices.Contains(got, "名字") {
		t.Errorf("got %v", got)
	}
}

func TestCompletion(t *testing.T) {
	c := start(t, shop(t))
	c.open(cart, c.texts[cart])
	functions := "abs age ago all any ceil clicked count filter find first floor from_now join last len local lower map max mean median min most none one opened replace reverse round sent sort sortBy split sum take trim unique upper"
	events := "cart_updated message_bounced message_clicked message_complained message_delivered message_opened message_sent order_completed page_viewed product_viewed review_submitted screen_viewed signed_up unsubscribed"
	traits := "anonymous_id birthday consent email favorite id language last_order name orders phone suppressed tags timezone topics total_spend user_id"
	for _, x := range []struct{ at, want string }{
		{"send |cart_reminder", "birthday_gift birthday_wish brewing_guide browse_tip cart_last_call cart_offer cart_reminder come_back_gift early_access first_order_offer miss_you review_request tea_story thanks_for_review vip_welcome welcome_mail"},
		{"if segment.|high_value", "high_value lapsing"},
		{"if |segment.high", events + " entry false journey now profile run segment true not " + functions},
		{"where |event.cart_id", events + " entry event false journey now profile segment true not " + functions},
		{"event.|cart_id == entry", "at cart_id currency items order_id total"},
		{"entry.|cart_id", "at cart_id event items total"},
		{"run.|cart", "cart"},
		{".|cart_id == entry.cart_id))", "at cart_id items total"},
		{"run.cart.|items", "at cart_id items total"},
		{"goal |purchase", ""},
		{"enter on |cart_updated", events + " change of friday monday request saturday sunday thursday tuesday wednesday weekdays weekends"},
		{"via |email", "email line push sms webhook"},
		{"topic   |offers", "news offers"},
		{"with { |items", "items"},
		{"{{ |percent", "percent entry event profile run segment unsubscribe_url"},
		{"{{ profile.|name", traits},
		{"file \"templates/cart|_reminder.html\"", "templates/cart_reminder.html templates/cart_reminder.txt templates/welcome.html templates/welcome.txt"},
		{"# Abandoned |cart", ""},
		{"\"購物車|提醒\"", ""},
		{"within 7 d|ays", "day days hour hours minute minutes second seconds week weeks and contains endsWith in is missing is set matches or startsWith value"},
	} {
		if got := strings.Join(c.labels(cart, x.at), " "); got != x.want {
			t.Errorf("%s\ngot  %s\nwant %s", x.at, got, x.want)
		}
	}
	// In a half-typed file, too.
	for _, x := range []struct{ typed, want string }{
		{"  only while profile.|\n  once\n", traits},
		{"  only while profile.|", traits},
		{"  only while profile.favorite == \"|\"", "烏龍 紅茶 綠茶"},
		{"  only while any(order_completed, .|", "at cart_id currency items order_id total"},
		{"  only while last(order_completed).|", "at cart_id currency items order_id total"},
		{"  only while any(cart_updated, any(.items, .|", "name price quantity sku"},
		{"  only while local(now).|", "date day hour minute month weekday year"},
		{"  exit on order_completed where event.|", "at cart_id currency items order_id total"},
		{"  once per event.|", "at event plan source"},
		{"  enter on change of profile.|", traits},
		{"  exit on goal |", "first where"},
		{"  wait up to 1 day for order_completed { if event.|", "at cart_id currency items order_id total"},
		{"  set profile.|", traits},
		{"  set profile.consent.|", "email line push sms webhook"},
		{"  set profile.topics.|", "news offers"},
		{"  emit review_submitted { |", "order_id stars"},
		{"  send cart_offer with { |", "percent"},
		{"  start |", "abandoned_cart awake birthday browse half high_value post_purchase welcome win_back"},
		{"  if clicked(|", "birthday_gift birthday_wish brewing_guide browse_tip cart_last_call cart_offer cart_reminder come_back_gift early_access first_order_offer miss_you review_request tea_story thanks_for_review vip_welcome welcome_mail not"},
		{"  @|", ""},
	} {
		text := "journey half {\n  enter on signed_up\n  goal first on order_completed within 1 day\n" + x.typed
		at := strings.Index(text, "|")
		c.open("half.journey", text[:at]+text[at+1:])
		var got []string
		got = append(got, c.labels("half.journey", text)...)
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s\ngot  %s\nwant %s", x.typed, strings.Join(got, " "), x.want)
		}
	}
}

func TestHover(t *testing.T) {
	c := start(t, shop(t))
	c.open(cart, c.texts[cart])
	for _, x := range []struct{ at, want string }{
		{"send cart_re|minder", "message cart_reminder via email {"},
		{"segment.high|_value", `segment high_value "高價值客戶" = profile.total_spend`},
		{"wa|it 1 day", "wait until hour EXPR"},
		{"wait |until 10", "wait until 09:00"},
		{"entry.car|t_id", "cart_updated.cart_id: text"},
		{"run.car|t.items", "run.cart: { cart_id: text, items: list of { sku: text, name: text, price: number, quantity: integer }, total: number optional }"},
		{"on cart_up|dated where len", "On the wire: `Cart Updated`"},
		{"cou|nt(run", "How many elements there are"},
		{"profile.na|me", "trait name:     text"},
		{"agai|n after", "re-entry"},
		{"{{ perc|ent }}", "percent: number    # given to cart_offer"},
		{"# Aban|doned", ""},
	} {
		var h *hover
		c.call("textDocument/hover", c.at(cart, x.at), &h)
		switch {
		case h == nil && x.want == "":
		case h == nil || x.want == "" || !strings.Contains(h.Contents.Value, x.want):
			t.Errorf("%s: got %+v, want %q", x.at, h, x.want)
		}
	}
}

// Everything that begins a statement is explained.
func TestKeywordsAreExplained(t *testing.T) {
	for _, w := range strings.Fields(`workspace trait event segment message webhook journey test import timezone country currency consent
		identify never late quiet cap control topics suppress subject text html title image to topic valid transactional in url method json
		enter again once only exit goal priority wait send if split set clear tag untag let repeat emit call start given at assume expect
		where within per else otherwise until is and or not contains`) {
		if len(keyword(w)) == 0 {
			t.Errorf("%s is not explained", w)
		}
	}
}

func TestNavigation(t *testing.T) {
	c := start(t, shop(t))
	c.open(cart, c.texts[cart])
	var found []location
	c.call("textDocument/definition", c.at(cart, "entry.cart|_id"), &found)
	if len(found) != 1 || found[0].URI != c.uri("events.journey") || c.text("events.journey", found[0].Range) != "cart_id" {
		t.Errorf("got %+v", found)
	}
	params := c.at(cart, "split offer|_test")
	params["context"] = map[string]any{"includeDeclaration": true}
	c.call("textDocument/references", params, &found)
	var places []string
	for _, l := range found {
		name := nameIn(c.dir, pathOf(l.URI))
		places = append(places, name)
		if c.text(name, l.Range) != "offer_test" {
			t.Errorf("got %q in %s", c.text(name, l.Range), name)
		}
	}
	if !slices.Contains(places, "tests/abandoned_cart.journey") || !slices.Contains(places, cart) {
		t.Errorf("got %v", places)
	}
	var high []documentHighlight
	c.call("textDocument/documentHighlight", c.at(cart, "send cart_off|er"), &high)
	if len(high) != 3 {
		t.Errorf("got %v", high)
	}
	var outline []documentSymbol
	c.call("textDocument/documentSymbol", c.at(cart, "send cart_off|er"), &outline)
	if len(outline) != 4 || outline[0].Name != "abandoned_cart" || len(outline[0].Children) != 3 || outline[0].Children[2].Children[1].Name != "plain" {
		t.Errorf("got %+v", outline)
	}
	var symbols []symbolInformation
	c.call("workspace/symbol", map[string]any{"query": "high_val"}, &symbols)
	if len(symbols) != 2 {
		t.Errorf("got %v", symbols)
	}
	var tokens semanticTokens
	c.call("textDocument/semanticTokens/full", c.at(cart, "send cart_off|er"), &tokens)
	if len(tokens.Data)%5 != 0 || len(tokens.Data) < 100 {
		t.Errorf("got %d numbers", len(tokens.Data))
	}
}

// A renaming changes every use in every file and template, and nothing else:
// the workspace is as right as it was, and data still arrive.
func TestRename(t *testing.T) {
	c := start(t, shop(t))
	c.open(cart, c.texts[cart])
	c.open("people.journey", c.texts["people.journey"])
	c.open("events.journey", c.texts["events.journey"])
	for _, x := range []struct {
		file, at, to string
		old          string   // a text that is gone
		files        []string // in which something changes
	}{
		{"people.journey", "trait na|me:", "first_name", "profile.name", nil},
		{"people.journey", "trait favor|ite", "tea", "profile.favorite", []string{"people.journey", "tests/welcome.journey", "tests/win_back.journey", "welcome.journey", "win_back.journey"}},
		{"people.journey", "segment high_|value", "貴賓", "segment.high_value", nil},
		{"events.journey", "event order_comp|leted", "bought", "on order_completed", nil},
		{"events.journey", "cart_|id: text", "basket", "", nil},
		{cart, "journey aban|doned_cart", "cart", "for abandoned_cart", nil},
		{cart, "send cart_off|er", "offer", "send cart_offer", []string{cart, "tests/abandoned_cart.journey"}},
		{cart, "split offer|_test", "experiment", "split offer_test", nil},
		{cart, "50% dis|count", "cheaper", "offer_test discount", nil},
		{cart, "let ca|rt", "basket", "run.cart.", []string{cart}},
		{cart, "goal pur|chase", "sale", "goal purchase", nil},
		{cart, "with { per|cent: 10", "share", "{{ percent }}", []string{cart}},
	} {
		var edit workspaceEdit
		params := c.at(x.file, x.at)
		params["newName"] = x.to
		c.call("textDocument/rename", params, &edit)
		changed := c.apply(edit)
		before, _ := dsl.Load(c.texts)
		after, diags := dsl.Load(changed)
		if after == nil {
			t.Errorf("%s to %s: %v", x.at, x.to, diags)
			continue
		}
		if len(edit.Changes) == 0 {
			t.Errorf("%s to %s changes nothing", x.at, x.to)
		}
		for i, e := range before.Events {
			if after.Events[i].Wire != e.Wire || len(after.Events[i].Type.Fields) != len(e.Type.Fields) {
				t.Errorf("%s to %s: the event %s is %s on the wire", x.at, x.to, e.Wire, after.Events[i].Wire)
			}
		}
		for i, tr := range before.Traits {
			if after.Traits[i].Wire != tr.Wire {
				t.Errorf("%s to %s: the trait %s is %s on the wire", x.at, x.to, tr.Wire, after.Traits[i].Wire)
			}
		}
		for name, text := range changed {
			if x.old != "" && name != "events.journey" && strings.Contains(text, x.old) && (x.old != "{{ percent }}" || name == cart) && (x.old != "goal purchase" || strings.Contains(name, "abandoned")) {
				t.Errorf("%s to %s: %s still has %q", x.at, x.to, name, x.old)
			}
			if x.files != nil && (text != c.texts[name]) != slices.Contains(x.files, name) {
				t.Errorf("%s to %s: changed %v", x.at, x.to, slices.Sorted(maps.Keys(edit.Changes)))
			}
		}
	}
}

// What would break the workspace, or change what it means, is refused with a
// reason.
func TestRenameRefused(t *testing.T) {
	files := shop(t)
	files["extra.journey"] = "journey both {\n  enter on signed_up where event.source == \"x\"\n  enter on review_submitted\n  once\n  let total = 1\n  tag \"x\"\n}\n" +
		"journey mixed {\n  enter on cart_updated\n  enter on order_completed\n  once per entry.cart_id\n  tag \"x\"\n}\n"
	c := start(t, files)
	for name, text := range files {
		if strings.HasSuffix(name, ".journey") {
			c.open(name, text)
		}
	}
	for _, x := range []struct{ file, at, to, want string }{
		{"people.journey", "trait na|me:", "email", "already"},
		{"people.journey", "trait na|me:", "3d", "is no name"},
		{"people.journey", "trait na|me:", "id", "already"},
		{"people.journey", "segment high_|value", "lapsing", "already"},
		{"events.journey", "event order_comp|leted", "where", "then"},
		{"birthday.journey", "profile.na|me", "user_id", "already"},
		{"extra.journey", "entry.cart_|id", "basket", "several declarations"},
		{"events.journey", "cart_|id: text", "basket", "stands for"},
		{cart, "wa|it 1 day", "x", "no name here"},
		{"workspace.journey", "profile.ta|gs", "labels", "built in"},
	} {
		params := c.at(x.file, x.at)
		params["newName"] = x.to
		var edit workspaceEdit
		err := c.try("textDocument/rename", params, &edit)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s to %s: got %v, want %q", x.at, x.to, err, x.want)
		}
	}
	var err *jsonrpc2.Error
	if got := c.try("textDocument/prepareRename", c.at("workspace.journey", "profile.ta|gs"), nil); !errors.As(got, &err) {
		t.Errorf("got %v", got)
	}
}

func TestFormatting(t *testing.T) {
	c := start(t, shop(t))
	text := "trait   a:text\n\n\n\ntrait bcd : number   # 金\n"
	c.open("f.journey", text)
	var edits []textEdit
	params := map[string]any{"textDocument": map[string]any{"uri": c.uri("f.journey")}, "options": map[string]any{}}
	c.call("textDocument/formatting", params, &edits)
	got := c.apply(workspaceEdit{map[string][]textEdit{c.uri("f.journey"): edits}})["f.journey"]
	if want := "trait a: text\n\ntrait bcd: number  # 金\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.change("f.journey", "trait   a:text {\n")
	c.call("textDocument/formatting", params, &edits)
	if len(edits) != 0 {
		t.Errorf("a wrong file is formatted: %v", edits)
	}
}

// Every suggestion of every page about a code can be taken, and puts right
// what it is about.
func TestSuggestions(t *testing.T) {
	pages, err := codes.All()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, p := range pages {
		files := map[string]string{}
		for _, f := range p.Wrong {
			files[f.Name] = f.Text
		}
		_, diags := dsl.Load(files)
		for _, d := range diags {
			if d.Suggest == "" {
				continue
			}
			tried++
			q := &question{snapshot: &snapshot{sources: files, mappers: map[string]*diag.Mapper{}, cache: new(dsl.Cache)}, file: d.Span.File.Name}
			edit := q.suggestion(d)
			m := q.mapper(q.file)
			from, to := m.Offset(edit.Range.Start.Line, edit.Range.Start.Character), m.Offset(edit.Range.End.Line, edit.Range.End.Character)
			changed := maps.Clone(files)
			changed[q.file] = files[q.file][:from] + edit.NewText + files[q.file][to:]
			_, after := dsl.Load(changed)
			for _, a := range after {
				if a.Code == d.Code && a.Message == d.Message {
					t.Errorf("%s: with %q in place\n%s\nit is still %s", p.Code, d.Suggest, changed[q.file], a.Message)
				}
			}
		}
	}
	if tried < 15 {
		t.Errorf("only %d suggestions", tried)
	}
}

func TestCodeActions(t *testing.T) {
	c := start(t, shop(t))
	text := strings.NewReplacer("segment.high_value", "segment.hihg_value", "send cart_reminder", "send cart_remnider").Replace(c.texts[cart])
	c.open(cart, text)
	var actions []codeAction
	at := c.at(cart, "segment.hihg|_value")
	params := map[string]any{"textDocument": at["textDocument"], "range": map[string]any{"start": at["position"], "end": at["position"]},
		"context": map[string]any{"diagnostics": []any{}}}
	c.call("textDocument/codeAction", params, &actions)
	if len(actions) != 2 || !strings.Contains(actions[0].Title, "segment.high_value") {
		t.Fatalf("got %+v", actions)
	}
	fixed := c.apply(*actions[1].Edit)
	if _, diags := dsl.Load(fixed); len(diags) > 0 {
		t.Errorf("after all suggestions: %v", diags)
	}
}

// A request that is cancelled is answered with just that, and the next one as
// ever.
func TestCancel(t *testing.T) {
	c := start(t, large(t, 60))
	c.open(cart, c.texts[cart])
	for i := range 30 {
		id := jsonrpc2.ID{Num: uint64(1000 + i)}
		call, err := c.conn.DispatchCall(context.Background(), "textDocument/completion", c.at(cart, "if |segment"), jsonrpc2.PickID(id))
		if err != nil {
			t.Fatal(err)
		}
		c.notify("$/cancelRequest", map[string]any{"id": id.Num})
		var list completionList
		err = call.Wait(context.Background(), &list)
		var e *jsonrpc2.Error
		if err != nil && (!errors.As(err, &e) || e.Code != codeCancelled) {
			t.Fatal(err)
		}
		if err == nil && len(list.Items) == 0 {
			t.Fatal("neither cancelled nor answered")
		}
	}
	c.notify("$/cancelRequest", map[string]any{"id": "nobody"})
	if len(c.labels(cart, "send |cart_reminder")) == 0 {
		t.Error("no answer after cancelling")
	}
}

// What the protocol allows to arrive is answered, not crashed upon.
func TestStrangeMessages(t *testing.T) {
	c := start(t, shop(t))
	var e *jsonrpc2.Error
	if err := c.try("textDocument/inlayHint", map[string]any{}, nil); !errors.As(err, &e) || e.Code != jsonrpc2.CodeMethodNotFound {
		t.Errorf("got %v", err)
	}
	var h *hover
	c.call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": "untitled:Untitled-1"}}, &h)
	c.call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": c.uri("nowhere.journey")}}, &h)
	c.open(cart, c.texts[cart])
	c.call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": c.uri(cart)}, "position": position{9999, 9999}}, &h)
	if err := c.try("textDocument/hover", json.RawMessage(`[1]`), &h); err == nil {
		t.Error("parameters of another kind are read")
	}
	c.log.Reset() // it was right to say so
}

// The folder of a workspace is found from a file in it.
func TestFolder(t *testing.T) {
	files := map[string]string{}
	for name, text := range shop(t) {
		files["examples/shop/"+name] = text
	}
	files["examples/other/a.journey"] = "workspace { country TW }\ntrait a: text\n"
	c := start(t, files)
	name := "examples/shop/tests/welcome.journey"
	c.open(name, strings.Replace(c.texts[name], "welcome_mail", "welcome_mial", 1))
	ds := c.diagnostics(name, some)
	if len(ds) != 1 || ds[0].Code != "unknown-message" {
		t.Errorf("got %+v", ds)
	}
}
