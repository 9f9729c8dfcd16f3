package payload

import (
	"bytes"
	"strings"
	"testing"
)

// Of whatever has a text, one can be put there and is read again; all else stays.
func TestWithText(t *testing.T) {
	for _, test := range []struct {
		kind Kind
		raw  string
		want string // with "Grüße <1>"; behind "!" why not
	}{
		{MIME, "Content-Type: text/plain; charset=UTF-8\r\n\r\nhi", "Content-Type: text/plain; charset=UTF-8\r\n\r\nGrüße <1>"},
		{MIME, "Content-Type: text/plain\r\n\r\nhi", "Content-Type: text/plain\r\n\r\nGrüße <1>"},
		{MIME, "Content-Type: text/plain\r\n\r\nf\xfcr", "Content-Type: text/plain\r\n\r\nGr\xfc\xdfe <1>"},
		{MIME, "Content-Type: text/plain; charset=iso-8859-15\r\n\r\n", "Content-Type: text/plain; charset=iso-8859-15\r\n\r\nGr\xfc\xdfe <1>"},
		{MIME, "Content-Type: text/plain; charset=utf-16le\n\nh\x00", "Content-Type: text/plain; charset=utf-16le\n\nG\x00r\x00\xfc\x00\xdf\x00e\x00 \x00<\x001\x00>\x00"},
		{MIME, "Content-Type: text/plain; charset=nonsense\r\n\r\nhi", "Content-Type: text/plain; charset=nonsense\r\n\r\nGrüße <1>"},
		{MIME, "Content-Type: text/plain; charset=shift_jis\r\n\r\nhi", "!its charset, shift_jis, has no 'ü'"},
		{MIME, "Content-Type: text/plain; charset=koi8-r\r\n\r\nhi", "!its charset, koi8-r, has no 'ü'"},
		{MIME, "Content-Type: text/plain", "!do not end in an empty line"},
		{MIME, "Content-Type: text/plain\r\n", "!do not end in an empty line"},
		{MIME, "\r\nhi", "\r\nGrüße <1>"},
		{MIME, "\nhi", "\nGrüße <1>"},
		{MIME, "Content-Type: text/x-msmsgscontrol\r\nTypingUser: a@example.com\r\n\r\n", "!there is none in it (is typing)"},
		{MIME, "Content-Type: text/x-msmsgsemailnotification\r\n\r\nFrom: Bob\r\nSubject: hi\r\n\r\n", "!does not stand in the payload as such"},
		{Note, "hi", "Grüße <1>"},
		{Opaque, "hi", "Grüße <1>"},
		{Opaque, "\x00\x01", "!there is none in it"},
		{Page, "<PHONE pri=\"1\"></PHONE><TEXT>hi</TEXT>", "<PHONE pri=\"1\"></PHONE><TEXT>Grüße &lt;1&gt;</TEXT>"},
		{Challenge, strings.Repeat("0", 32), "!there is none in it"},
	} {
		p := Decode(test.kind, []byte(test.raw))
		out, err := p.WithText("Grüße <1>")
		if why, refused := strings.CutPrefix(test.want, "!"); refused {
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%q: want the error %q, got %v and %q", test.raw, why, err, out)
			}
			continue
		}
		if err != nil || string(out) != test.want {
			t.Errorf("%q: want\n%q, got\n%q, %v", test.raw, test.want, out, err)
			continue
		}
		if p := Decode(test.kind, out); p.Text != "Grüße <1>" {
			t.Errorf("%q is read as %q", out, p.Text)
		}
		same, err := p.WithText(p.Text)
		if err != nil || string(same) != test.raw {
			t.Errorf("%q: with the text that it has it is %q, %v", test.raw, same, err)
		}
	}
}

// Headers of a routed payload go into its last block, and the length of the body is
// counted where the body changes.
func TestSpliceRouted(t *testing.T) {
	raw := "Routing: 1.0\r\nTo: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\nContent-Length: 9\r\n\r\nhello bob"
	p := Decode(MIME, []byte(raw))
	for _, test := range []struct {
		pieces []Piece
		want   string
	}{
		{nil, raw},
		{[]Piece{{18, 18, []byte("2:")}}, strings.Replace(raw, "1:bob", "2:1:bob", 1)},
		{[]Piece{{len(raw) - 3, len(raw), []byte("everybody")}}, strings.Replace(strings.Replace(raw, "9\r\n", "15\r\n", 1), "hello bob", "hello everybody", 1)},
		{[]Piece{{18, 35, []byte("eve@example.com")}, {len(raw) - 9, len(raw) - 4, nil}}, strings.Replace(strings.Replace(strings.Replace(raw, "1:bob@example.com", "eve@example.com", 1), "9\r\n", "4\r\n", 1), "hello", "", 1)},
	} {
		if got := string(p.Splice(test.pieces)); got != test.want {
			t.Errorf("%v: want\n%q, got\n%q", test.pieces, test.want, got)
		}
	}
	out, err := p.WithHeader("X-New", "ü")
	if want := strings.Replace(raw, "9\r\n", "9\r\nX-New: ü\r\n", 1); err != nil || string(out) != want {
		t.Errorf("%q, %v", out, err)
	}
	if n, length := p.Recount(-10); n == nil || string(length) != "0" {
		t.Errorf("no body is shorter than nothing: %q", length)
	}
	if n, _ := Decode(MIME, []byte("Content-Length: 3\r\n\r\nabc")).Recount(1); n != nil {
		t.Error("a message that is not routed tells no length")
	}
	if !bytes.Equal(p.raw, []byte(raw)) {
		t.Error("the payload itself changed")
	}
}
