package p2p

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dump writes fields, one a line, those in others set in.
func dump(b []byte, list []Field, depth int) string {
	var sb strings.Builder
	for _, f := range list {
		fmt.Fprintf(&sb, "%s%s=%s", strings.Repeat(" ", depth), f.Name, f.Value)
		if f.Meaning != "" {
			fmt.Fprintf(&sb, " (%s)", f.Meaning)
		}
		if f.End > f.Start && f.End-f.Start <= 16 && f.Name != "header" {
			fmt.Fprintf(&sb, " <%x>", b[f.Start:f.End])
		}
		sb.WriteString("\n" + dump(b, f.Children, depth+1))
	}
	return sb.String()
}

// Every field of a packet is there, at its place.
func TestFields(t *testing.T) {
	nonce := []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
	tests := []struct {
		name, what, want string
		in               []byte
	}{
		{"version 1", "MSNSLP", `header=48 bytes
 SessionID=0 <00000000>
 Identifier=1000 <e8030000>
 DataOffset=300 <2c01000000000000>
 TotalSize=303 (bytes) <2f01000000000000>
 MessageLength=3 (bytes in this packet) <03000000>
 Flag=0x0 <00000000>
 AckIdentifier=4660 <34120000>
 AckUniqueID=0 <00000000>
 AckDataSize=0 (bytes) <0000000000000000>
AppID=12 (display picture) <0000000c>
`, v1(Packet{ID: 1000, Offset: 300, Total: 303, AckID: 0x1234, Data: []byte("xyz")}, 12)},
		{"acknowledgement", "ACK of 1000", `header=48 bytes
 SessionID=0 <00000000>
 Identifier=2000 <d0070000>
 DataOffset=0 <0000000000000000>
 TotalSize=624 (bytes) <7002000000000000>
 MessageLength=0 (bytes in this packet) <00000000>
 Flag=0x2 (acknowledges) <02000000>
 AckIdentifier=1000 <e8030000>
 AckUniqueID=4660 <34120000>
 AckDataSize=624 (bytes) <7002000000000000>
`, v1(Packet{ID: 2000, Total: 624, Flags: FlagAck, AckID: 1000, AckUnique: 0x1234, AckSize: 624}, -1)},
		{"handshake", "handshake of a direct connection", `header=48 bytes
 SessionID=0 <00000000>
 Identifier=9 <09000000>
 DataOffset=0 <0000000000000000>
 TotalSize=0 (bytes) <0000000000000000>
 MessageLength=0 (bytes in this packet) <00000000>
 Flag=0x100 (handshake) <00010000>
 Nonce={04030201-0605-0807-090A-0B0C0D0E0F10} (lets in: a secret) <0102030405060708090a0b0c0d0e0f10>
`, v1(Packet{ID: 9, Flags: FlagHandshake, Nonce: nonce}, -1)},
		{"version 2, first of all", "data", `header=24 bytes
 HeaderLength=24 (bytes) <18>
 OperationCode=3 (SYN: the first packet, RAK: waits for an acknowledgement) <03>
 MessageLength=23 (bytes of the data and their header) <0017>
 Identifier=50000000 (sequence number) <02faf080>
 PeerInfo=12 bytes <020000000e0000000f010000>
  ProtocolVersion=0x0200 <0200>
  ImplementationID=0 <0000>
  Version=0x0e00 <0e00>
  Reserved=0 <0000>
  Capabilities=0x0000010f (low byte first) <0f010000>
data header=20 bytes
 DataHeaderLength=20 (bytes) <14>
 TFCombination=5 (data of an object, first packet of a blob) <05>
 PackageNumber=7 <0007>
 SessionID=12345 <00003039>
 DataRemaining=1358 (bytes behind this packet) <000000000000054e>
AppID=11 (custom emoticon) <0000000b>
`, v2(Packet{Op: OpSyn | OpRak, ID: 50000000, TLVs: []TLV{{Type: 1, Value: []byte("\x02\x00\x00\x00\x0e\x00\x00\x00\x0f\x01\x00\x00")}},
			TF: 5, Package: 7, SessionID: 12345, Remaining: 1358, Data: []byte("abc")}, 11)},
		{"version 2, ACK", "ACK of 258", `header=16 bytes
 HeaderLength=16 (bytes) <10>
 OperationCode=0 <00>
 MessageLength=0 (bytes of the data and their header) <0000>
 Identifier=7 (sequence number) <00000007>
 AckIdentifier=258 (what came, up to this sequence number) <00000102>
AppID=0 (session) <00000000>
`, v2(Packet{ID: 7, TLVs: []TLV{{Type: 2, Value: []byte{0, 0, 1, 2}}}}, 0)},
		{"version 2, NAK and what nobody knows", "NAK of 258", `header=20 bytes
 HeaderLength=20 (bytes) <14>
 OperationCode=0 <00>
 MessageLength=0 (bytes of the data and their header) <0000>
 Identifier=7 (sequence number) <00000007>
 TLV9=abcd (hexadecimal) <abcd>
 NakIdentifier=258 (what did not come, up to this sequence number) <00000102>
AppID=0 (session) <00000000>
`, v2(Packet{ID: 7, TLVs: []TLV{{Type: 9, Value: []byte{0xab, 0xcd}}, {Type: 3, Value: []byte{0, 0, 1, 2}}}}, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, dump(tt.in, append(p.Fields(), p.Footer()...), 0)); diff != "" {
				t.Error(diff)
			}
			if p.What() != tt.what {
				t.Errorf("%s, want %s", p.What(), tt.what)
			}
			if n := p.DataStart(); string(tt.in[n:n+len(p.Data)]) != string(p.Data) {
				t.Errorf("data does not begin at %d", n)
			}
		})
	}
}

func TestWhat(t *testing.T) {
	for want, p := range map[string]Packet{
		"NAK of 5":             {Flags: FlagNak, AckID: 5},
		"close":                {Flags: FlagClose},
		"transport error":      {Flags: FlagTransportError},
		"error":                {Flags: FlagError},
		"empty packet":         {},
		"data preparation":     {SessionID: 1, Total: 4, Data: make([]byte, 4)},
		"message of a session": {SessionID: 1, Total: 5, Data: make([]byte, 5)},
		"data":                 {SessionID: 1, Total: 4, Flags: FlagObject, Data: make([]byte, 4)},
		"MSNSLP":               {Total: 4, Data: make([]byte, 4)},
	} {
		if got := mustParse(v1(p, 0)).What(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for want, p := range map[string]Packet{
		"data preparation": {SessionID: 1, TF: 1, Data: make([]byte, 4)},
		"data":             {SessionID: 1, TF: 7, Data: make([]byte, 4)},
		"MSNSLP":           {TF: 1, Data: make([]byte, 4)},
		"empty packet":     {},
	} {
		if got := mustParse(v2(p, 0)).What(); got != want {
			t.Errorf("version 2: %s, want %s", got, want)
		}
	}
}

// What is cut short, or has a byte too many, is no packet, and the error says why.
func TestNoPacket(t *testing.T) {
	good := [][]byte{
		v1(Packet{ID: 1, Total: 9, Data: []byte("123456789")}, 1),
		v2(Packet{ID: 1, TF: 1, Data: []byte("123456789")}, 1),
		v2(Packet{Op: 3, TLVs: []TLV{{Type: 2, Value: make([]byte, 4)}}}, 1),
	}
	for _, b := range good {
		for n := range len(b) {
			if _, err := Parse(b[:n]); err == nil && n != len(b)-footer {
				t.Errorf("%x is a packet", b[:n])
			}
		}
		if _, err := Parse(append(b[:len(b):len(b)], 0)); err == nil {
			t.Errorf("%x and one more is a packet", b)
		}
	}
	edit := func(at int, v byte) []byte {
		b := v2(Packet{ID: 1, TF: 1, TLVs: []TLV{{Type: 2, Value: make([]byte, 4)}}, Data: []byte("123456789")}, 1)
		b[at] = v
		return b
	}
	for want, b := range map[string][]byte{
		"no P2P packet: as version 1 it has 47 bytes, and a header has 48; as version 2 its header has 0 bytes, and it has 8 to 252, a multiple of 4": make([]byte, 47),
		"as version 2 it has 7 bytes, and a header has 8":            make([]byte, 7),
		"its header has 7 bytes, and it has 8 to 252":                edit(0, 7),
		"its header has 18 bytes, and it has 8 to 252":               edit(0, 18),
		"its operation code is 4, and it is 0 to 3":                  edit(1, 4),
		"17 bytes are announced behind the header, and there are 16": edit(0, 16)[:32],
		"a TLV of type 2 announces 7 bytes, and there are 6":         edit(9, 7),
		"the header of the data does not fit into its 17 bytes":      edit(16, 18),
	} {
		if _, err := Parse(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x: %v, want %s", b, err, want)
		}
	}
}

// A header that makes sense is read though its length does not fit what is there.
func TestWrongLength(t *testing.T) {
	whole := v1(Packet{SessionID: 7, ID: 1, Total: 5, Flags: FlagFile, Data: []byte("hello")}, 1)
	announce := func(n byte) []byte {
		b := append([]byte(nil), whole...)
		b[24] = n
		return b
	}
	for n, want := range map[byte]string{0: "", 4: "hell", 10: "", 8: "hello\x00\x00\x00"} {
		p, err := Parse(announce(n))
		if err == nil || p.Version != V1 || string(p.Data) != want || p.HasApp || p.Length != uint32(n) {
			t.Errorf("%d announced: %v, %+v", n, err, p)
		}
	}
	for name, edit := range map[string]func([]byte){
		"an unknown flag": func(b []byte) { b[29] = 0x40 }, "no total": func(b []byte) { b[16] = 0 },
		"a place behind the end": func(b []byte) { b[8] = 6 }, "far too much": func(b []byte) { b[21] = 1 },
	} {
		b := announce(0)
		edit(b)
		if p, err := Parse(b); err == nil || p.Version != 0 {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
}

// TestUnsized: libpurple sends a message once with a header that announces no bytes, and
// then again. Its data is there if the total says so, and only then.
func TestUnsized(t *testing.T) {
	for _, tt := range []struct {
		total uint64
		flags uint32
		want  string
	}{{5, 0, "hello"}, {4, 0, ""}, {6, 0, ""}, {5, FlagAck, ""}} {
		b := v1(Packet{ID: 7, Total: tt.total, Flags: tt.flags, Data: []byte("hello")}, 0)
		copy(b[24:28], "\x00\x00\x00\x00")
		p, err := Parse(b)
		if err == nil || string(p.Data) != tt.want || p.HasApp != (tt.want != "") {
			t.Errorf("total %d, flags %x: data %q, application %v, %v; want %q", tt.total, tt.flags, p.Data, p.HasApp, err, tt.want)
		}
	}
}
