package show

import (
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

func TestSentAs(t *testing.T) {
	for _, c := range []struct {
		kind             decode.FrameKind
		came, sent, want string
	}{
		{decode.Command, "XFR 1 NS a:1\r\n", "XFR 1 NS b:1\r\n", "XFR 1 NS b:1"},
		{decode.Command, "MSG 1 A 3\r\nabc", "MSG 1 A 3\r\nabd", "MSG 1 A 3"},
		{decode.Command, "OUT", "BYE", "BYE"},
		{decode.Web, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "Host: b"},
		{decode.Web, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "GET / HTTP/1.1"},
		{decode.Web, "GET / HTTP/1.1\n\nabc", "GET / HTTP/1.1\n\nabd", "abd"},
		{decode.Web, "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1"},
		{decode.Web, "GET / HTTP/1.1\r\n\r\nabc", "GET / HTTP/1.1\r\n\r\n", ""},
		{decode.Web, "", "", ""},
	} {
		r := &capture.Record{Frame: decode.Frame{Kind: c.kind, Raw: []byte(c.came)}, Sent: []byte(c.sent)}
		if got := SentAs(r); got != c.want {
			t.Errorf("%q sent on as %q: %q, want %q", c.came, c.sent, got, c.want)
		}
	}
}
