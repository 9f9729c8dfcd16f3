package payload

import "testing"

// What a payload is of which the table says only that there is one.
func TestBody(t *testing.T) {
	for in, want := range map[string]Kind{
		"<ml/>": XML, " \r\n<ml/>": XML, "<": XML,
		"A: b\r\n\r\n<x/>": MIME, "To:\n": MIME, "Set-Registration: 1\r\n": MIME, "X_1:2\n": MIME,
		"A: b": Opaque, ": b\r\n": Opaque, "a b: c\r\n": Opaque, "0 6 6": Opaque, "no key\nA: b\n": Opaque, "\x00:\n": Opaque,
	} {
		if p := Decode(Body, []byte(in)); p.Kind != want {
			t.Errorf("%q: %s, want %s", in, p.Kind, want)
		}
	}
	if k := Note.Of([]byte("<a/>")); k != Note {
		t.Errorf("a note that begins with < is %s", k)
	}
}
