package action

import (
	"testing"

	"msnproxy/decode"
)

// What is made is what would be parsed, and does what it says.
func TestMade(t *testing.T) {
	raw := []byte("MSG 4 N 5\r\nhello")
	var f decode.Framer
	var fr decode.Frame
	f.Feed(raw)
	if !f.Next(&fr) {
		t.Fatal("no frame")
	}
	var m decode.Message
	m.Decode(&fr, decode.Client, decode.SB, 7)
	for _, value := range []string{"", "hi", `"quoted" \ back`, "zwei\r\nZeilen\t", "grüße 😀", "{trid}", "\x01\x7f"} {
		a, err := SetTo("payload", false, value)
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		var e Effect
		if err := e.Apply(&m, a, "x"); err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		if now := e.Current(&m); now == nil || string(now.Frame.Payload()) != value {
			t.Errorf("payload %q: %q", value, e.Frame)
		}
		again, err := Parse(a.String())
		if err != nil || again.String() != a.String() {
			t.Errorf("%s does not parse back: %v", a, err)
		}
	}
	for _, c := range []struct {
		a    Action
		want string
		raw  bool
	}{
		{ReplaceBy([]byte("MSG 4 N 99\r\n{x}\x00\xff")), "MSG 4 N 5\r\n{x}\x00\xff", false},
		{RawBytes([]byte("MSG 4 N 99\r\n{x}")), "MSG 4 N 99\r\n{x}", true},
	} {
		var e Effect
		if err := e.Apply(&m, c.a, "x"); err != nil || string(e.Frame) != c.want || e.Raw != c.raw {
			t.Errorf("%s: %q, %v", c.a, e.Frame, err)
		}
		again, err := Parse(c.a.String())
		if err != nil || again.String() != c.a.String() {
			t.Errorf("%s does not parse back: %v", c.a, err)
		}
	}
	for name, header := range map[string]bool{"nothing": false, "length": false, "X Y": true, "": true} {
		if _, err := SetTo(name, header, "v"); err == nil {
			t.Errorf("%q can be set", name)
		}
	}
	if a, err := SetTo("X-MMS-IM-Format", true, "FN=Arial"); err != nil || a.String() != `set header "X-MMS-IM-Format" = "FN=Arial"` {
		t.Errorf("%s %v", a, err)
	}
}
