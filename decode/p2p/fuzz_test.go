package p2p

import (
	"bytes"
	"testing"
)

func within(t *testing.T, b []byte, list []Field) {
	t.Helper()
	for _, f := range list {
		if f.Start < 0 || f.Start > f.End || f.End > len(b) {
			t.Fatalf("%+v is not within %d bytes", f, len(b))
		}
		within(t, b, f.Children)
	}
}

// FuzzPacket: whatever it is, places are within, and what is a packet is all of it.
func FuzzPacket(f *testing.F) {
	f.Add(v1(Packet{ID: 1, Total: 9, Data: []byte("123456789")}, 1))
	f.Add(v1(Packet{ID: 1, Flags: FlagHandshake, Nonce: make([]byte, 16)}, -1))
	f.Add(v2(Packet{Op: 3, TLVs: []TLV{{Type: 1, Value: make([]byte, 12)}, {Type: 2, Value: make([]byte, 4)}}, TF: 5, Remaining: 99, Data: []byte("xyz")}, 12))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		within(t, b, append(p.Fields(), p.Footer()...))
		n := p.DataStart() + len(p.Data)
		if n != len(b) && (n+footer != len(b) || !p.HasApp) || !bytes.Equal(b[p.DataStart():n], p.Data) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		p.What()
		var j Joiner
		if r := j.Add("a", "b", &p); r.Blob != nil && len(r.Blob) > len(b) {
			t.Fatalf("%d bytes of %d", len(r.Blob), len(b))
		}
		var s Stream
		if s.Add(&p); s.Received() > uint64(len(b)) {
			t.Fatalf("%d bytes of %d", s.Received(), len(b))
		}
	})
}

// FuzzTLV: pieces are windows into the header, in order.
func FuzzTLV(f *testing.F) {
	f.Add([]byte("\x02\x04\x00\x00\x00\x01\x00\x00"))
	f.Add([]byte("\x01\x0c\x02\x00\x00\x00\x0e\x00\x00\x00\x00\x00\x01\x0f"))
	f.Add([]byte("\x01\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, wrong := tlvs(b, 0)
		at := 0
		for _, p := range list {
			if p.Type == 0 || p.start != at+2 || p.start+len(p.Value) > len(b) {
				t.Fatalf("%+v at %d", p, at)
			}
			at = p.start + len(p.Value)
			within(t, b, []Field{headerTLV(p)})
		}
		if !wrong.none() && list != nil {
			t.Fatal("both pieces and an error")
		}
	})
}

// FuzzSLP: whatever it is, nothing fails, and places are within.
func FuzzSLP(f *testing.F) {
	f.Add([]byte(slp("INVITE MSNMSGR:b@x MSNSLP/1.0", "To: <msnmsgr:b@x>\r\n", "EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nContext: "+fileContext(2, 574, 5, "x", "PNG")+"\r\n")))
	f.Add([]byte(slp("MSNSLP/1.0 200 OK", "Content-Type: application/x-msnmsgr-transrespbody\r\n", "IPv4Internal-Addrs: 192.0.2.1\r\nIPv4Internal-Port: 5\r\nstroPdnAsrddAlanretnI4vPI: 1:1\r\n")))
	f.Add([]byte("BYE a MSNSLP/1.0\n\n\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := ParseSLP(b)
		if !ok {
			if s, ok := SummaryOf(b); ok || s != "" {
				t.Fatalf("a summary of no MSNSLP: %q", s)
			}
			return
		}
		within(t, b, m.Fields())
		m.Invitation()
		m.Offer()
		if quick, ok := SummaryOf(b); !ok || quick != m.Summary() {
			t.Fatalf("summary %q, quickly %q", m.Summary(), quick)
		}
		m.From()
	})
}

// FuzzObject: whatever it is, nothing fails, and places are within.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`<msnobj Creator="a@x" Size="9" Type="3" Location="0" Friendly="QgA=" SHA1D="x" SHA1C="y"/>`))
	f.Add([]byte(`<msnobj Creator='a&quot;`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, ok := ParseObject(b)
		if !ok {
			return
		}
		within(t, b, o.Attributes)
		o.Sealed()
		o.Kind()
		if o.Size < -1 || o.Type < -1 {
			t.Fatalf("%+v", o)
		}
	})
}

// FuzzDirect: however the bytes are cut, the same frames come of them.
func FuzzDirect(f *testing.F) {
	f.Add([]byte(Greeting+"\x10\x00\x00\x000123456789abcdef"), 5)
	f.Add(append([]byte("\x33\x00\x00\x00"), v1(Packet{SessionID: 5, Total: 3, Data: []byte("abc")}, -1)...), 20)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if cut < 0 || cut > len(b) {
			return
		}
		read := func(parts ...[]byte) (out []byte, lost bool) {
			var d Direct
			for _, part := range parts {
				d.Feed(part)
				for x, ok := d.Next(); ok; x, ok = d.Next() {
					out = append(append(out, x.Raw...), '|')
				}
			}
			return out, d.Lost()
		}
		one, lost := read(b)
		two, lost2 := read(b[:cut], b[cut:])
		if !bytes.Equal(one, two) || lost != lost2 {
			t.Fatalf("%q and %q", one, two)
		}
	})
}
