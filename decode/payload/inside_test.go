package payload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a value holds, by the payload that it stands in.
func TestInside(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind Kind
		in   string
		want string // lines behind those of the headers
	}{
		{"an address in XML", XML, "<id>1:bob@example.com</id>", "id=1:bob@example.com\n network=1 (Messenger)\n handle=bob@example.com\n"},
		{"an address that is escaped", XML, "<id>1:bob&#64;example.com</id>", "id=1:bob@example.com <1:bob&#64;example.com>\n network=1 (Messenger)\n handle=bob@example.com\n"},
		{"an account alone", XML, "<id>bob@example.com</id>", "id=bob@example.com\n"},
		{"no address", XML, "<id>http://x/a@b</id><id>1:bob</id><id>mail:bob@x</id><id>a; b@c;{d}</id><id>a@b;c</id>", "id=http://x/a@b\nid=1:bob\nid=mail:bob@x\nid=a; b@c;{d}\nid=a@b;c\n"},
		{"escaped twice", XML, "<B>&amp;lt;a&amp;gt;b&amp;lt;/a&amp;gt;</B>", "B=&lt;a&gt;b&lt;/a&gt; <&amp;lt;a&amp;gt;b&amp;lt;/a&amp;gt;>\n a=b\n"},
		{"words to block", XML, `<imtext value="XC5waWY="/><imtext value="?"/><imtext value=""/><imtext value="AAE="/><other value="XC5waWY="/>`,
			"imtext=\n @value=XC5waWY= (\\.pif)\n  pattern=\\.pif\nimtext=\n @value=?\nimtext=\n @value=\nimtext=\n @value=AAE=\nother=\n @value=XC5waWY=\n"},
		{"a call", Opaque, "INVITE sip:b@x SIP/2.0\r\nTo: b\r\n\r\nv=0\r\n", "sip=INVITE sip:b@x SIP/2.0\n To=b\n body=v=0\r\n\n"},
		{"a call of headers only", Opaque, "SIP/2.0 200 OK\nTo: b\n", "sip=SIP/2.0 200 OK\n To=b\n"},
		{"no call", Opaque, "SIP/2.0 200 OK", ""},
		{"no call, but bytes", Opaque, "\x00SIP/2.0 200 OK\n", ""},
		{"a long line is no call", Opaque, "SIP/2.0 " + strings.Repeat("a", 1017) + "\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nodes, _ := Decode(tt.kind, []byte(tt.in)).Unfold()
			if diff := cmp.Diff(tt.want, dump([]byte(tt.in), nodes, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfflineMessages(t *testing.T) {
	const one = "<M><T>11</T><RT>2008-05-01</RT><SZ>431</SZ><E>bob@example.com</E><I>1-2</I><N>=?utf-8?B?Qm9i?=</N></M>"
	for _, tt := range []struct {
		kind, data, summary string
		count               int
	}{
		{oimType, "Mail-Data: <MD>" + one + "</MD>", "offline message from Bob (bob@example.com)", 1},
		{"Text/X-MsmsgsOimNotification; charset=UTF-8", "Mail-Data: <MD>" + one + one + "</MD>", "2 offline messages, the first from Bob (bob@example.com)", 2},
		{oimType, "Mail-Data: <MD><M><E>eve@example.com</E></M></MD>", "offline message from eve@example.com", 1},
		{oimType, "Mail-Data: <MD><M></M></MD>", "offline message from somebody", 1},
		{oimType, "Mail-Data: <MD>" + strings.Repeat("<M></M>", maxOffline+1) + "</MD>", "256 offline messages, the first from somebody", maxOffline},
		{mailboxType, "Mail-Data: <MD><E><I>4</I><IU>3</IU></E></MD>", "mailbox: 3 unread", 0},
		{mailboxType, "Mail-Data: <MD></MD>", "mailbox: 0 unread", 0},
		{mailboxType, "Mail-Data: too-large", "mailbox: too-large", 0},
		{mailboxType, "Inbox-URL: /x", "mail notification", 0},
		{"text/plain", "Mail-Data: <MD>" + one + "</MD>", `"Mail-Data: <MD>` + one[:100] + `..."`, 0},
	} {
		in := []byte("Content-Type: " + tt.kind + "\r\n\r\n" + tt.data + "\r\n")
		p := Decode(MIME, in)
		list := p.OfflineMessages()
		if len(list) != tt.count || tt.kind != "text/plain" && p.Summary != tt.summary {
			t.Errorf("%.80s: %d, %q", tt.data, len(list), p.Summary)
		}
		if got := TellsOffline(in); got != (tt.kind != "text/plain") {
			t.Errorf("%s: %v", tt.kind, got)
		}
	}
	in := []byte("Content-Type: " + oimType + "\r\n\r\nMail-Data: <MD>" + one + "</MD>\r\n")
	p := Decode(MIME, in)
	want := []OfflineMessage{{From: "bob@example.com", Name: "Bob", ID: "1-2", Received: "2008-05-01", Size: "431"}}
	if diff := cmp.Diff(want, p.OfflineMessages()); diff != "" {
		t.Error(diff)
	}
	nodes, _ := p.Unfold()
	got := dump(in, nodes[1].Children[0].Children, 0)
	if !strings.Contains(got, " E=bob@example.com (sender)") || !strings.Contains(got, "N==?utf-8?B?Qm9i?= (Bob)") {
		t.Error(got)
	}
}
