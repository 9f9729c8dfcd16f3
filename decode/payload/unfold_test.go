package payload

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// p2pPacket is a P2P message with the data and, if app is not negative, a footer.
func p2pPacket(session uint32, data string, app int) string {
	h := make([]byte, 48)
	binary.LittleEndian.PutUint32(h, session)
	binary.LittleEndian.PutUint32(h[24:], uint32(len(data)))
	binary.LittleEndian.PutUint32(h[28:], 0x1000020)
	out := "Content-Type: application/x-msnmsgrp2p\r\n\r\n" + string(h) + data
	if app >= 0 {
		out += string([]byte{0, 0, 0, byte(app)})
	}
	return out
}

// fileContext is the description of a file in an invitation.
func fileContext() string {
	b := make([]byte, 574)
	b[0], b[4], b[8], b[20], b[22] = 0x3e, 2, 11, 'h', 'i'
	return base64.StdEncoding.EncodeToString(b)
}

// wrongLength is what libpurple 2.14 sends first: a packet whose header announces none
// of its data.
const wrongLength = "Content-Type: application/x-msnmsgrp2p\r\n\r\n" +
	"\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "hello\x00\x00\x00\x00"

func TestUnfold(t *testing.T) {
	const object = `<msnobj Creator="a@x" Type="8"/>`
	tests := []struct {
		name string
		kind Kind
		in   string
		want []string // lines that are there
		not  string
	}{
		{"data of an object", MIME, p2pPacket(7, "\x89PNG", 12), []string{"header=48 bytes", " SessionID=7", " Flag=0x1000020 (data of an object, Windows Live 2009)", "data=4 bytes", "AppID=12 (display picture)"}, "problem"},
		{"without footer", MIME, p2pPacket(7, "\x89PNG", -1), []string{"data=4 bytes"}, "AppID"},
		{"lengths that do not agree", MIME, p2pPacket(7, "x", 1) + "more", nil, "header="},
		{"a length that is wrong", MIME, wrongLength, []string{"header=48 bytes", " TotalSize=5 (bytes)", " MessageLength=0 (bytes in this packet)", "data=5 bytes", "AppID="}, "rest="},
		{"too short for a header", MIME, "Content-Type: application/x-msnmsgrp2p\r\n\r\n\x00\x01", nil, "header="},
		{"later part of an invitation", MIME, p2pPacket(0, "rest\r\n\r\n\x00", 0), []string{"data=9 bytes"}, "slp="},
		{"bye without a body", MIME, p2pPacket(0, "BYE MSNMSGR:a@x MSNSLP/1.0\r\nContent-Length: 3\r\n\r\n\r\n\x00", 0), []string{"slp=BYE MSNMSGR:a@x MSNSLP/1.0", " Content-Length=3", " body=3 bytes"}, "problem"},
		{"headers cut off", MIME, p2pPacket(0, "INVITE MSNMSGR:a@x MSNSLP/1.0\r\nTo: <", 0), []string{" To=<"}, "body"},
		{"file", Opaque, "INVITE MSNMSGR:a@x MSNSLP/1.0\r\n\r\nContext: " + fileContext() + "\r\n\r\n\x00", []string{"   file size=11 (bytes)", "   file name=hi"}, "msnobj"},
		{"no base64", Opaque, "INVITE MSNMSGR:a@x MSNSLP/1.0\r\n\r\nContext: %%%\r\n\r\n\x00", []string{"  Context=%%%"}, "file"},
		{"wink", MIME, "Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 2\r\nData: " + object + "\r\n", []string{" msnobj=", "  @Type=8 (wink)"}, ""},
		{"emoticons", MIME, "Content-Type: text/x-mms-emoticon\r\n\r\n:)\t" + object + "\t", []string{"shortcut=:)", "picture=" + object, "  @Creator=a@x"}, ""},
		{"picture in XML", XML, `<Data><UserTileLocation>&lt;msnobj Creator=&quot;a@x&quot;/&gt;</UserTileLocation></Data>`, []string{"  msnobj=", "   @Creator=a@x"}, ""},
		{"no XML", MIME, "Content-Type: text/x-clientcaps\r\n\r\nClient-Name: <3 <b>\r\n", []string{"Client-Name=<3 <b>"}, " b="},
		{"note that is XML", Opaque, "<a b=\"c\"/>", []string{"a=", " @b=c"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes, problems := Decode(tt.kind, []byte(tt.in)).Unfold()
			got := dump([]byte(tt.in), nodes, 0) + strings.Join(problems, "problem\n")
			for _, want := range tt.want {
				if !strings.Contains("\n"+got, "\n"+want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
			if tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("%q in:\n%s", tt.not, got)
			}
		})
	}
}

func TestObject(t *testing.T) {
	raw := []byte(`%3Cmsnobj%20Creator%3D%22b%40x%22 Size="9"%2f%3E`)
	want := "@Creator=b@x <b%40x>\n@Size=9 (bytes)\n"
	if diff := cmp.Diff(want, dump(raw, Object(raw), 0)); diff != "" {
		t.Error(diff)
	}
	for _, none := range []string{"", "0", "%", "%3", "bob"} {
		if nodes := Object([]byte(none)); nodes != nil {
			t.Errorf("%q: %v", none, nodes)
		}
	}
}

// FuzzUnfold: whatever it is, nothing fails and every place is within.
func FuzzUnfold(f *testing.F) {
	for _, p := range payloads {
		f.Add([]byte(p.in))
	}
	f.Add([]byte(p2pPacket(0, "INVITE MSNMSGR:a@x MSNSLP/1.0\r\n\r\nContext: "+fileContext()+"\r\n\r\n\x00", 1)))
	f.Add([]byte("%3Cmsnobj%20Creator%3D%22b%40x%22%2F%3E"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var within func([]Node)
		within = func(nodes []Node) {
			for i := range nodes {
				if n := &nodes[i]; n.Start < 0 || n.Start > n.End || n.End > len(b) {
					t.Fatalf("%+v is not within %d bytes", n, len(b))
				}
				within(nodes[i].Children)
			}
		}
		for _, kind := range []Kind{MIME, XML, Notification, Note, Opaque} {
			nodes, _ := Decode(kind, b).Unfold()
			within(nodes)
		}
		within(Object(b))
	})
}
