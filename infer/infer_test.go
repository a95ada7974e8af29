package infer

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"journey/dsl"
)

const log = `{"type":"identify","userId":"1","traits":{"email":"ann@example.com","firstName":"Ann","plan":null,"phone":"0912345678","生日":"2026-03-02","vip":true}}
{"type":"identify","userId":"2","traits":{"email":"bo@example.com","phone":"+886223456789","id":"x"}}
no call
{"type":"track","event":"Order Completed","userId":"1","properties":{"orderId":"A1","total":120.5,"items":[{"sku":"a","price":1},{"sku":"b"}],"at":"x"}}
{"type":"track","event":"Order Completed","userId":"1","properties":{"orderId":"A2","total":9,"coupon":"X","items":[]}}
{"event":"加入購物車","userId":"1","properties":{"商品 編號":"7"}}
{"type":"page","name":"Home","userId":"1"}
`

func TestCalls(t *testing.T) {
	r, err := Calls(strings.NewReader(log), Options{Country: "TW", Zone: "Asia/Taipei"})
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(r.Source), " ")
	for _, want := range []string{
		`workspace { timezone "Asia/Taipei" country TW }`, `trait email: email identifier # in 2 of 2`, `trait first_name "firstName": text`,
		`trait phone: phone identifier`, `trait 生日: date`, `trait vip: boolean`, `trait plan: any`,
		`event order_completed "Order Completed" {`, `coupon: text optional`, `order_id "orderId": text`, `total: number`,
		`items: list of { price: number optional sku: text }`, `event 加入購物車 {`, `商品_編號 "商品 編號":`,
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("%q is missing in\n%s", want, r.Source)
		}
	}
	if program, diags := dsl.Load(map[string]string{"a.journey": r.Source}); program == nil || r.Calls != 6 || r.Wrong != 1 {
		t.Errorf("%+v %+v", diags, r)
	}
}

func TestTable(t *testing.T) {
	r, err := Table(strings.NewReader("客戶編號;E-mail;姓名;生日;金額;日期\n1001;a@example.com;王;75/03/02;1,200;13/02/2026\n1002;;李;115/3/2;5;02/03/2026\n"), Options{Country: "TW", Name: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(r.Source), " ")
	for _, want := range []string{
		`import customers from csv { identify user_id = row["客戶編號"] identify e_mail = row["E-mail"] set`,
		`trait e_mail "E-mail": email identifier`, `trait 生日: date format "yyy/mm/dd"`, `trait 金額: number`, `trait 日期: date format "dd/mm/yyyy"`,
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("%q is missing in\n%s", want, r.Source)
		}
	}
	if program, diags := dsl.Load(map[string]string{"a.journey": r.Source}); program == nil {
		t.Errorf("%+v", diags)
	}
}

// Whatever names and values there are, the checker accepts what is written.
func TestAlwaysAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.SampledFrom([]string{"id", "at", "event", "list", "format", "user id", "名 字", "1st", "", "a.b", "message_sent", "segments"}), rapid.String())
		val := rapid.SampledFrom([]any{nil, 1.5, true, "x", "02/03/2026", "a@b.co", []any{}, []any{map[string]any{"at": 1}}, map[string]any{"id": "x", "A b": 2}})
		var b strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "calls") {
			line, _ := json.Marshal(map[string]any{
				"event":      name.Draw(t, "event"),
				"properties": rapid.MapOfN(name, val, 0, 4).Draw(t, "properties"),
				"traits":     rapid.MapOfN(name, val, 0, 4).Draw(t, "traits"),
			})
			b.Write(append(line, '\n'))
		}
		r, err := Calls(strings.NewReader(b.String()), Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if program, diags := dsl.Load(map[string]string{"a.journey": r.Source}); program == nil {
			t.Fatalf("%s\n%+v", r.Source, diags[0].Message)
		}
	})
}
