package decode

import "testing"

func TestOwn(t *testing.T) {
	for line, want := range map[string]bool{
		"CHL 0 15570131571988941333\r\n":  true,
		"NOT 0\r\n":                       true,
		"IPG 0\r\n":                       true,
		"NLN NLN bob@example.com Bob\r\n": false,
		"QNG\r\n":                         false,
		"XYZ 1\r\n":                       false,
		"MSG Hotmail Hotmail 70\r\nMIME-Version: 1.0\r\nContent-Type: text/x-msmsgsemailnotification\r\n\r\n\r\n":                   true,
		"MSG Hotmail Hotmail 62\r\nMIME-Version: 1.0\r\nContent-Type: Text/X-MsMsgsProfile; charset=x\r\n\r\n":                      false,
		"MSG Hotmail Hotmail 90\r\nMIME-Version: 1.0\r\ncontent-type: APPLICATION/x-msmsgsemailnotification; charset=UTF-8\r\n\r\n": true,
	} {
		var framer Framer
		var fr Frame
		framer.Feed([]byte(line))
		if !framer.Next(&fr) && !framer.Flush(&fr) {
			t.Fatalf("%q is no frame", line)
		}
		for _, from := range []Sender{Server, Client} {
			var m Message
			m.Decode(&fr, from, NS, 7)
			if got := m.Own(); got != (want && from == Server) {
				t.Errorf("%s: %q: %v", from, line, got)
			}
		}
	}
}
