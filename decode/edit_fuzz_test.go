package decode

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// Whatever a line is, and whatever is done to it: it stays one command, or stays as it
// was.
func FuzzEdit(f *testing.F) {
	for _, v := range append(Verbs(), errorVerb) {
		for i := range v.Forms {
			for _, p := range v.Forms[i].Params {
				f.Add(wireOf(v.Forms[i].Example), v.Forms[i].From&Client != 0, uint8(v.Forms[i].First), p.Name, "5 %x")
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, client bool, dialect uint8, name, value string) {
		framer := Framer{MaxPayload: math.MaxInt32, MaxLine: math.MaxInt32}
		var fr Frame
		framer.Feed(raw)
		if !framer.Next(&fr) || fr.Kind != Command || verbOf(fr.Line()) == nil || verbOf(fr.Line()).Blocks {
			return
		}
		from := Server
		if client {
			from = Client
		}
		var m Message
		m.Decode(&fr, from, 0, int(dialect))
		raw = bytes.Clone(fr.Raw)
		for how, change := range map[string]func(*Edit) error{
			"parameter": func(e *Edit) error { return e.SetParam(name, value) },
			"args":      func(e *Edit) error { return e.SetArgs(strings.Split(value, " ")) },
			"trid":      func(e *Edit) error { return e.SetTrID(value) },
			"payload":   func(e *Edit) error { return e.SetPayload([]byte(value)) },
			"text":      func(e *Edit) error { return e.SetText(value) },
			"header":    func(e *Edit) error { return e.SetHeader(name, value) },
		} {
			e := NewEdit(&m)
			err := change(e)
			got := e.Bytes()
			if err != nil && !bytes.Equal(got, raw) {
				t.Errorf("%s of %q was refused (%v), and made %q", how, raw, err, got)
			}
			if !bytes.Equal(fr.Raw, raw) {
				t.Fatalf("%s: %q became %q", how, raw, fr.Raw)
			}
			again := Framer{MaxPayload: math.MaxInt32, MaxLine: math.MaxInt32}
			var one Frame
			again.Feed(append(bytes.Clone(got), "QNG 50\r\n"...))
			if !again.Next(&one) || !bytes.Equal(one.Raw, got) {
				t.Errorf("%s of %q with %q, %q: %q is framed as %q", how, raw, name, value, got, one.Raw)
			}
		}
	})
}
