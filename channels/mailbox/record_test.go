package mailbox

import "testing"

// Messages of other channels lie beside the mails, whole, also after the box
// is opened again.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	box, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Short{
		{Key: "r.1/2/1", Channel: "sms", To: "+886912345678", Text: "您的購物車\n還在等您"},
		{Key: "r.1/3/1", Channel: "push", To: "token:1", Subject: "購物車 🛒", Text: "tap"},
	} {
		if err := box.Record(m); err != nil {
			t.Fatal(err)
		}
	}
	if box, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	list := box.List()
	if len(list) != 2 {
		t.Fatalf("%d messages", len(list))
	}
	if m := list[0]; m.Channel != "sms" || m.To[0] != "+886912345678" || m.Text != "您的購物車\n還在等您" || m.Header("Message-ID") != "<r.1/2/1@journey>" {
		t.Errorf("%+v", m)
	}
	if m := list[1]; m.Channel != "push" || m.Subject != "購物車 🛒" || m.Text != "tap" {
		t.Errorf("%+v", m)
	}
}
