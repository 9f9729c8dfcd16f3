package payload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// routedPayload is a payload of MSNP21 from Ann's end point to Bob, with the headers of its third block
// before the length.
func routedPayload(third, body string) string {
	return "Routing: 1.0\r\nTo: 1:bob@example.com\r\nFrom: 1:ann@example.com;epid={0f0e0d0c-0b0a-0908-0706-050403020100}\r\n" +
		"Service-Channel: IM/Offline\r\nOptions: 0\r\n\r\nReliability: 1.0\r\nStream: 0\r\n\r\n" +
		third + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

const routedHead = "Routing=1.0\nTo=1:bob@example.com\n network=1 (Messenger)\n handle=bob@example.com\n" +
	"From=1:ann@example.com;epid={0f0e0d0c-0b0a-0908-0706-050403020100}\n network=1 (Messenger)\n handle=ann@example.com\n endpoint={0f0e0d0c-0b0a-0908-0706-050403020100}\n" +
	"Service-Channel=IM/Offline (kept until the other signs in)\nOptions=0\nReliability=1.0\nStream=0\n"

const routedObject = `<msnobj Creator="ann@example.com" Size="1234" Type="8"/>`

var routedTests = []struct {
	name, in              string
	readAs, text, summary string
	nodes                 string // after those of the first two blocks
	problems              string
}{
	{"text", routedPayload("Messaging: 2.0\r\nMessage-Type: Text\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=B\r\n", "Good morning"),
		"text/plain", "Good morning", `"Good morning"`,
		"Messaging=2.0\nMessage-Type=Text\nContent-Type=text/plain; charset=UTF-8\nX-MMS-IM-Format=FN=Arial; EF=B\n FN=Arial (font)\n EF=B (bold)\nContent-Length=12 (bytes of the body)\n", ""},
	{"text of no type", routedPayload("Messaging: 2.0\r\n", "hi"), "", "hi", "no content type, 2 bytes", "Messaging=2.0\nContent-Length=2 (bytes of the body)\n", ""},
	{"typing", routedPayload("Messaging: 2.0\r\nMessage-Type: Control/Typing\r\n", ""), "text/x-msmsgscontrol", "", "is typing",
		"Messaging=2.0\nMessage-Type=Control/Typing\nContent-Length=0 (bytes of the body)\n", ""},
	{"typing of MSNP18", routedPayload("Messaging: 1.0\r\nMessage-Type: Control\r\nMessage-Subtype: Typing\r\n", "\r\n"), "text/x-msmsgscontrol", "", "is typing",
		"Messaging=1.0\nMessage-Type=Control\nMessage-Subtype=Typing\nContent-Length=2 (bytes of the body)\n", ""},
	{"control of another kind", routedPayload("Messaging: 1.0\r\nMessage-Type: Control\r\n", ""), "", "", "Control",
		"Messaging=1.0\nMessage-Type=Control\nContent-Length=0 (bytes of the body)\n", ""},
	{"nudge", routedPayload("Messaging: 2.0\r\nMessage-Type: Nudge\r\n", "\r\nID: 1\r\n"), "text/x-msnmsgr-datacast", "", "nudge",
		"Messaging=2.0\nMessage-Type=Nudge\nContent-Length=9 (bytes of the body)\nID=1 (nudge)\n", ""},
	{"wink", routedPayload("Messaging: 2.0\r\nMessage-Type: Wink\r\n", "\r\nID: 2\r\nData: "+routedObject+"\r\n"), "text/x-msnmsgr-datacast", "", "wink",
		"Messaging=2.0\nMessage-Type=Wink\nContent-Length=73 (bytes of the body)\nID=2 (wink)\nData=" + routedObject + "\n msnobj=\n  @Creator=ann@example.com\n  @Size=1234 (bytes)\n  @Type=8 (wink)\n", ""},
	{"emoticon", routedPayload("Messaging: 2.0\r\nMessage-Type: CustomEmoticon\r\n", ":)\t"+routedObject+"\t"), "text/x-mms-emoticon", ":)\t" + routedObject + "\t", "emoticon :)",
		"Messaging=2.0\nMessage-Type=CustomEmoticon\nContent-Length=60 (bytes of the body)\nshortcut=:)\npicture=" + routedObject + "\n msnobj=\n  @Creator=ann@example.com\n  @Size=1234 (bytes)\n  @Type=8 (wink)\n", ""},
	{"window closed", routedPayload("Messaging: 2.0\r\nMessage-Type: Signal/CloseIMWindow\r\n", "1:ann@example.com/9:guid@live.com;path=IM"), "", "1:ann@example.com/9:guid@live.com;path=IM", "closes the chat window of ann@example.com, guid@live.com",
		"Messaging=2.0\nMessage-Type=Signal/CloseIMWindow\nContent-Length=41 (bytes of the body)\naddress=1:ann@example.com\n network=1 (Messenger)\n handle=ann@example.com\naddress=9:guid@live.com;path=IM\n network=9 (circle)\n handle=guid@live.com\n path=IM\n", ""},
	{"signal of P2P", routedPayload("Messaging: 2.0\r\nMessage-Type: Signal/P2P\r\n", "INVITE MSNMSGR:bob@example.com MSNSLP/1.0\r\nTo: <x>\r\nContent-Length: 10\r\n\r\nNonce: y\r\n"), "", "INVITE MSNMSGR:bob@example.com MSNSLP/1.0\r\nTo: <x>\r\nContent-Length: 10\r\n\r\nNonce: y\r\n", "Signal/P2P: INVITE",
		"Messaging=2.0\nMessage-Type=Signal/P2P\nContent-Length=84 (bytes of the body)\nslp=INVITE MSNMSGR:bob@example.com MSNSLP/1.0\n Method=INVITE\n URI=MSNMSGR:bob@example.com\n To=<x>\n Content-Length=10\n body=10 bytes <Nonce: y\r\n>\n  Nonce=y\n", ""},
	{"binary", routedPayload("Messaging: 2.0\r\nMessage-Type: Other\r\n", "\x00\x01"), "", "", "Other, 2 bytes",
		"Messaging=2.0\nMessage-Type=Other\nContent-Length=2 (bytes of the body)\nbody=2 bytes <\x00\x01>\n", ""},
	{"publication", routedPayload("Publication: 1.0\r\nUri: /user\r\nContent-Type: application/user+xml\r\n", `<user><s n="IM"><Status>BSY</Status></s></user>`), "application/user+xml", "", "/user: busy",
		"Publication=1.0\nUri=/user\nContent-Type=application/user+xml\nContent-Length=47 (bytes of the body)\nuser=\n s=\n  @n=IM\n  Status=BSY (busy)\n", ""},
	{"notification", routedPayload("Notification: 1.0\r\nNotifType: Partial\r\nUri: /user\r\nContent-Type: application/user+xml\r\n", `<user><s n="IM"/></user>`), "application/user+xml", "", "/user",
		"Notification=1.0\nNotifType=Partial (what has changed)\nUri=/user\nContent-Type=application/user+xml\nContent-Length=24 (bytes of the body)\nuser=\n s=\n  @n=IM\n", ""},
	{"network", routedPayload("Publication: 1.0\r\nUri: /network\r\nContent-Type: application/network+xml\r\n", `<network><status>SignedIn</status></network>`), "application/network+xml", "", "/network: SignedIn",
		"Publication=1.0\nUri=/network\nContent-Type=application/network+xml\nContent-Length=44 (bytes of the body)\nnetwork=\n status=SignedIn\n", ""},
	{"roster", routedPayload("Publication: 1.0\r\nUri: /circle/roster(IM)/user(1:carol@example.com)\r\nContent-Type: application/circles+xml\r\n", ""), "application/circles+xml", "", "circle: carol@example.com",
		"Publication=1.0\nUri=/circle/roster(IM)/user(1:carol@example.com)\n network=1 (Messenger)\n handle=carol@example.com\nContent-Type=application/circles+xml\nContent-Length=0 (bytes of the body)\n", ""},
	{"members of a circle", routedPayload("Publication: 1.0\r\nUri: /circle\r\nContent-Type: application/circles+xml\r\n", `<circle><user><id>1:carol@example.com</id></user></circle>`), "application/circles+xml", "", "circle: carol@example.com",
		"Publication=1.0\nUri=/circle\nContent-Type=application/circles+xml\nContent-Length=58 (bytes of the body)\ncircle=\n user=\n  id=1:carol@example.com\n   network=1 (Messenger)\n   handle=carol@example.com\n", ""},
	{"a length that is not true", strings.Replace(routedPayload("Messaging: 2.0\r\nMessage-Type: Text\r\n", "hello"), "Length: 5", "Length: 6", 1), "text/plain", "hello", `"hello"`,
		"Messaging=2.0\nMessage-Type=Text\nContent-Length=6 (bytes of the body)\n", `Content-Length is "6", the body has 5 bytes`},
}

func TestRouted(t *testing.T) {
	for _, tt := range routedTests {
		t.Run(tt.name, func(t *testing.T) {
			p := Decode(MIME, []byte(tt.in))
			if p.ReadAs != tt.readAs || p.Text != tt.text || p.Summary != tt.summary {
				t.Errorf("%q, text %q, %q; want %q, %q, %q", p.ReadAs, p.Text, p.Summary, tt.readAs, tt.text, tt.summary)
			}
			if got := string(AppendSummary(nil, MIME, []byte(tt.in))); got != tt.summary {
				t.Errorf("quick summary %q", got)
			}
			nodes, problems := p.Unfold()
			if diff := cmp.Diff(routedHead+tt.nodes, dump([]byte(tt.in), nodes, 0)); diff != "" {
				t.Error(diff)
			}
			if got := strings.Join(append(p.Problems, problems...), "; "); got != tt.problems {
				t.Errorf("problems %q, want %q", got, tt.problems)
			}
		})
	}
}

// What an answer or an old client leaves out is missing, and no more.
func TestRoutedBlocks(t *testing.T) {
	for in, want := range map[string]string{
		"Routing: 1.0\r\nTo: a@x\r\n\r\nReliability: 1.0\r\n\r\n":                                      "3 nodes, no content type, body 0",
		"Routing: 1.0\r\nTo: a@x\r\n\r\nMessaging: 1.0\r\nContent-Type: text/plain\r\n\r\nhi":          "4 nodes, text/plain, body 2",
		"routing:1.0\nTo: a@x\n\nreliability: 1.0\n\nMessaging: 1.0\nContent-Type: text/plain\n\nA: b": "5 nodes, text/plain, body 4",
		"Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nno header\r\n\r\n":                                "2 nodes, no content type, body 13",
		"Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\n\x00\x01: x":                                      "2 nodes, no content type, body 5",
		"Routing: 1.0\r\n":      "1 nodes, no content type, body 0",
		"Routing 1.0\r\n\r\nhi": "1 nodes, no content type, body 2",
	} {
		p := Decode(MIME, []byte(in))
		if got := fmt.Sprintf("%d nodes, %s, body %d", len(p.Nodes), orWord(p.ContentType, "no content type"), len(p.Body)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Packets of P2P begin where Bridging-Offsets says.
func TestBridging(t *testing.T) {
	one := p2pPacket(7, "abcd", 12)
	packet := one[strings.Index(one, "\r\n\r\n")+4:]
	for offsets, want := range map[string]int{"0": 0, "0,56": 2, "0, 56": 2, "56": 2, "0,55": 0, "0,112": 0, "0,x,56": 2, "0,56,56": 2} {
		in := routedPayload("Messaging: 2.0\r\nMessage-Type: Data\r\nBridging-Offsets: "+offsets+"\r\n", packet+packet)
		nodes, _ := Decode(MIME, []byte(in)).Unfold()
		if got := strings.Count(dump([]byte(in), nodes, 0), "AppID=12 (display picture)"); got != want {
			t.Errorf("%q: %d packets, want %d", offsets, got, want)
		}
	}
	for body, want := range map[string]string{
		packet: "P2P data of session 7, 4 bytes", packet + packet: "Data, 112 bytes", "abc": "Data, 3 bytes",
	} {
		if got := Decode(MIME, []byte(routedPayload("Messaging: 2.0\r\nMessage-Type: Data\r\n", body))).Summary; got != want {
			t.Errorf("%d bytes: %q, want %q", len(body), got, want)
		}
	}
	two := routedPayload("Messaging: 2.0\r\nMessage-Type: Data\r\nBridging-Offsets: 0,56\r\n", packet+packet)
	if got, want := Decode(MIME, []byte(two)).Summary, "P2P data of session 7, 4 bytes, and 1 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRoutedTyping(t *testing.T) {
	const third = "Messaging: 2.0\r\nMessage-Type: "
	for in, want := range map[string]string{
		routedPayload(third+"Control/Typing\r\n", ""):                                                         "is typing",
		routedPayload(third+"control/typing\r\n", "\r\n"):                                                     "is typing",
		routedPayload(third+"Control/Recording\r\n", ""):                                                      "is recording",
		routedPayload(third+"Control\r\nMessage-Subtype: Typing\r\n", ""):                                     "is typing",
		routedPayload(third+"Control\r\nMessage-Subtype: Recording\r\n", ""):                                  "is recording",
		routedPayload(third+"Control\r\n", ""):                                                                "",
		routedPayload(third+"Control/Typing\r\n", "text\n"):                                                   "",
		routedPayload(third+"Text\r\n", "\r\n"):                                                               "",
		"Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\n":                                                        "",
		"Routing: 1.0\r\n" + strings.Repeat("a: b\r\n", maxQuick) + "\r\n" + third + "Control/Typing\r\n\r\n": "",
	} {
		if got := Typing([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRoute(t *testing.T) {
	for in, want := range map[string][2]string{
		routedPayload("", ""):                              {"1:ann@example.com;epid={0f0e0d0c-0b0a-0908-0706-050403020100}", "1:bob@example.com"},
		"Routing: 1.0\r\nFrom: a@x\r\n\r\nTo: b@x\r\n\r\n": {"a@x", ""},
		"To: b@x\r\nFrom: a@x\r\n\r\n":                     {"", ""},
		"":                                                 {"", ""},
	} {
		if from, to := Route([]byte(in)); string(from) != want[0] || string(to) != want[1] {
			t.Errorf("%q: from %q to %q", in, from, to)
		}
	}
}

// FuzzRouted: whatever a routed payload is, nothing fails, every place is within it, the
// quick ways say what the long ones do, and reading it grows with its size only.
func FuzzRouted(f *testing.F) {
	for _, tt := range routedTests {
		f.Add(tt.in[len("Routing: 1.0\r\n"):])
	}
	f.Add("To: 1:a@x;via=9:b@y;{1}\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Data\r\nBridging-Offsets: 0,1,2\r\n\r\n")
	f.Fuzz(func(t *testing.T, rest string) {
		in := []byte("Routing: 1.0\r\n" + rest)
		p := Decode(MIME, in)
		nodes, _ := p.Unfold()
		count := 0
		var within func([]Node)
		within = func(nodes []Node) {
			for i := range nodes {
				n := &nodes[i]
				if n.Start < 0 || n.Start > n.End || n.End > len(in) {
					t.Fatalf("%+v is not within %d bytes", n, len(in))
				}
				count++
				within(n.Children)
			}
		}
		within(nodes)
		if count > 64+4*len(in) {
			t.Fatalf("%d nodes of %d bytes", count, len(in))
		}
		if len(p.Body) > len(in) || p.TextEnd < p.TextStart || p.TextEnd > len(in) {
			t.Fatalf("text from %d to %d of %d", p.TextStart, p.TextEnd, len(in))
		}
		if got := string(AppendSummary(nil, MIME, in)); got != p.Summary {
			t.Fatalf("summary %q, quickly %q", p.Summary, got)
		}
	})
}
