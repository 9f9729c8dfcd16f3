package p2p

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// What an invitation is to, where it is neither an object nor a file: text, of one byte
// or two a letter.
func TestContextText(t *testing.T) {
	for in, want := range map[string]string{
		"1;1;Chess":          "1;1;Chess",
		"Chess\x00":          "Chess",
		"a\x00b\x00":         "ab",
		"a\x00b\x00\x00\x00": "ab",
		"a\x00b\x00c":        "",
		"a\x00\x01\x00":      "",
		"a\x00bc":            "",
		"\x01\x02":           "",
		"a\x1fb":             "",
		"a b\tc\r\nd":        "a b\tc\r\nd",
		"\xff":               "",
		"":                   "",
	} {
		c := ParseContext(base64.StdEncoding.EncodeToString([]byte(in)))
		if c.Text != want || c.Object != nil || c.File != nil {
			t.Errorf("%q: %q", in, c.Text)
		}
		if fields := c.Fields(); (len(fields) == 1) != (want != "") {
			t.Errorf("%q: %v", in, fields)
		}
	}
	sealed := ParseContext(base64.StdEncoding.EncodeToString([]byte(`<msnobj Creator="a" Size="1" Type="3" Location="0" Friendly="AAA=" SHA1D="x" SHA1C="y"/>`)))
	if got := dump(nil, sealed.Fields(), 0); !strings.Contains(got, "@SHA1C=y (wrong)") {
		t.Error(got)
	}
	open := ParseContext(base64.StdEncoding.EncodeToString([]byte(`<msnobj Creator="a" SHA1C="y"/>`)))
	if got := dump(nil, open.Fields(), 0); !strings.Contains(got, "@SHA1C=y\n") {
		t.Error(got)
	}
}

// The header of version 2 has 8 to 252 bytes, the data's 8 at least.
func TestV2Bounds(t *testing.T) {
	with := func(n int, data ...byte) []byte {
		b := make([]byte, n)
		b[0], b[3] = byte(n), byte(len(data))
		return append(b, data...)
	}
	for n, ok := range map[int]bool{4: false, 8: true, 12: true, 248: true, 252: true} {
		b := make([]byte, max(n, 8))
		copy(b, with(n))
		if _, err := Parse(b); (err == nil) != ok {
			t.Errorf("a header of %d bytes: %v", n, err)
		}
	}
	if p, err := Parse(with(8, 8, 1, 0, 0, 0, 0, 0, 9)); err != nil || p.SessionID != 9 || len(p.Data) != 0 {
		t.Errorf("%v, %+v", err, p)
	}
	for _, data := range [][]byte{{8, 1, 0, 0, 0, 0, 0}, {7, 1, 0, 0, 0, 0, 0, 9}, {9, 1, 0, 0, 0, 0, 0, 9}} {
		if _, err := Parse(with(8, data...)); err == nil || !strings.Contains(err.Error(), "the header of the data does not fit") {
			t.Errorf("%x: %v", data, err)
		}
	}
	long := []byte{12, 0, 0, 0, 0, 0, 0, 0}
	if _, err := Parse(long); err == nil || !strings.Contains(err.Error(), "its header has 12 bytes, and there are 8") {
		t.Error(err)
	}
	for n, want := range map[int]int{32: 32, 33: 32} {
		if list, _ := tlvs([]byte(strings.Repeat("\x09\x00", n)), 0); len(list) != want {
			t.Errorf("%d of %d pieces", len(list), n)
		}
	}
	// A peer's description has 12 bytes; one of another length is shown as it is.
	for n, want := range map[int]string{11: "TLV1", 12: "PeerInfo", 13: "TLV1"} {
		p := mustParse(v2(Packet{TLVs: []TLV{{Type: 1, Value: make([]byte, n)}}}, 0))
		if _, ok := p.Peer(); ok != (n == 12) {
			t.Errorf("%d bytes: %v", n, ok)
		}
		if got := dump(make([]byte, 999), p.Fields(), 0); !strings.Contains(got, want) {
			t.Errorf("%d bytes:\n%s", n, got)
		}
	}
	peer, _ := mustParse(v2(Packet{TLVs: []TLV{{Type: 1, Value: []byte("\x02\x00\x00\x01\x0e\x00\x00\x02\x00\x00\x01\x0f")}}}, 0)).Peer()
	if peer != (Peer{Protocol: 0x200, Implementation: 1, Version: 0xe00, Reserved: 2, Capabilities: 0x10f}) {
		t.Errorf("%+v", peer)
	}
	for n, ok := range map[int]bool{3: false, 4: true, 5: false} {
		p := mustParse(v2(Packet{TLVs: []TLV{{Type: tlvAck, Value: make([]byte, n)}}}, 0))
		if _, _, acks := p.Acks(); acks != ok {
			t.Errorf("an acknowledgement of %d bytes", n)
		}
	}
	for tf, content := range map[uint8]bool{0: false, 3: false, 4: true, 7: true} {
		if p := mustParse(v2(Packet{SessionID: 1, TF: tf, Data: []byte("abcde")}, 0)); p.Content() != content {
			t.Errorf("TF %d", tf)
		}
	}
}

// Where a packet ends in its blob.
func TestBehind(t *testing.T) {
	for _, tt := range []struct{ offset, total, behind uint64 }{
		{0, 3, 0}, {0, 4, 1}, {1, 3, 0}, {2, 4, 0}, {1 << 63, 1<<63 + 3, 0}, {1<<64 - 1, 1<<64 - 1, 0}, {0, 2, 0},
	} {
		p := Packet{Version: V1, Offset: tt.offset, Total: tt.total, Data: []byte("abc")}
		if got := p.Behind(); got != tt.behind {
			t.Errorf("%+v: %d", tt, got)
		}
	}
	// The most that is believed where the length is wrong: 1 TiB.
	for total, ok := range map[uint64]bool{1: true, 1<<40 - 1: true, 1 << 40: false, 0: false} {
		b := v1(Packet{Total: total}, 0)
		b[24] = 9
		if p, err := Parse(b); err == nil || (p.Version == V1) != ok {
			t.Errorf("%d bytes in all: %v", total, err)
		}
	}
}

func TestSmall(t *testing.T) {
	for n, want := range map[int]int{512: 512, 513: 512} {
		if m, _ := ParseSLP([]byte("BYE MSNMSGR:a MSNSLP/1.0\r\n" + strings.Repeat("a: b\r\n", n))); len(m.Headers) != want {
			t.Errorf("%d of %d headers", len(m.Headers), n)
		}
	}
	var addresses []string
	for i := range 40 {
		addresses = append(addresses, fmt.Sprintf("192.0.2.%d:1", i))
	}
	m, _ := ParseSLP([]byte(slp("MSNSLP/1.0 200 OK", "Content-Type: application/x-msnmsgr-transrespbody\r\n", "IPv4Internal-AddrsAndPorts: "+strings.Join(addresses, " ")+"\r\n")))
	if o, _ := m.Offer(); len(o.Addresses) != 32 {
		t.Errorf("%d addresses", len(o.Addresses))
	}
	for v, want := range map[string]string{"<msnmsgr:a@x>": "a@x", "msnmsgr:a@x;{1}": "a@x;{1}", "a@x": "a@x", "tel:5": "tel:5", ":a": ":a"} {
		if got := address(v); got != want {
			t.Errorf("%s: %s", v, got)
		}
	}
	if got := clip(strings.Repeat("x", 40)); len(got) != 40 {
		t.Error(got)
	}
	if got := clip(strings.Repeat("x", 41)); got != strings.Repeat("x", 40)+"..." {
		t.Error(got)
	}
	if backwards("abc") != "cba" || backwards("abcd") != "dcba" || backwards("") != "" {
		t.Error("backwards")
	}
	for in, want := range map[string]string{"Size:5": "bytes", "Type:3": "display picture", "Type:x": "", "Friendly:QgBvAGIA": "Bob", "Friendly:!": "", "Other:1": ""} {
		name, value, _ := strings.Cut(in, ":")
		if got := Meaning(name, value); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
	for in, want := range map[string]int64{`Size="0"`: 0, `Size="-1"`: -1, `Size="x"`: -1, `Type="0"`: -1} {
		o, _ := ParseObject([]byte("<msnobj " + in + "/>"))
		if o.Size != want || (o.Type == 0) != (in == `Type="0"`) {
			t.Errorf("%s: %+v", in, o)
		}
	}
	// A file without a name of its own, an object named by where it lies.
	inv, _ := ParseSLP([]byte(slp("INVITE MSNMSGR:b@x MSNSLP/1.0", "", "EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\r\nContext: "+base64.StdEncoding.EncodeToString([]byte(`<msnobj Location="a.tmp" Size="0"/>`))+"\r\n")))
	if i, _ := inv.Invitation(); i.Name != "a.tmp" || inv.Summary() != `INVITE to object "a.tmp", 0 bytes` {
		t.Errorf("%+v, %s", i, inv.Summary())
	}
	inv, _ = ParseSLP([]byte(slp("INVITE MSNMSGR:b@x MSNSLP/1.0", "", "EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nContext: "+fileContext(2, 574, 1<<63, "x", "")+"\r\n")))
	if i, _ := inv.Invitation(); i.Size != -1 {
		t.Errorf("%+v", i)
	}
}

// What comes of version 2 before the size is known waits, 4 MiB of it.
func TestStreamEarly(t *testing.T) {
	part := func(remaining uint64, n int) *Packet {
		return &Packet{Version: V2, SessionID: 1, TF: 4, Remaining: remaining, Data: make([]byte, n)}
	}
	var s Stream
	s.Add(part(0, 4<<20))
	s.Add(part(4<<20, 1))
	if s.size != 4<<20 || len(s.early) != 1 {
		t.Errorf("%d bytes wait", s.size)
	}
	s.Expect(4<<20 + 10)
	if s.Received() != 4<<20 || s.size != 4<<20 {
		t.Errorf("%d bytes came, %d wait", s.Received(), s.size)
	}
	s = Stream{}
	s.Expect(10)
	for _, p := range []*Packet{part(8, 3), part(11, 1), part(10, 1)} { // in front of the beginning
		if n, _, _ := s.Add(p); n != 0 {
			t.Errorf("%d bytes of %d behind", n, p.Remaining)
		}
	}
	if n, _, _ := s.Add(part(7, 3)); n != 3 || s.next != 3 {
		t.Errorf("%d bytes", n)
	}
	if (&Stream{known: true}).Whole() {
		t.Error("nothing is whole")
	}
}
