package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode/address"
)

// framed is a frame of a line, with a payload if there is one; its length is put last.
func framed(t *testing.T, line, payload string) *Frame {
	t.Helper()
	if payload != "" {
		line = fmt.Sprintf("%s %d", line, len(payload))
	}
	var f Framer
	fr := &Frame{}
	f.Feed([]byte(line + "\r\n" + payload))
	if !f.Next(fr) || len(f.Pending()) > 0 {
		t.Fatalf("%q is no frame", line)
	}
	c := fr.Clone()
	return &c
}

// passed is a payload by SDG, from one to another.
func passed(from, to, text string) string {
	return "Routing: 1.0\r\nTo: " + to + "\r\nFrom: " + from + "\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n" +
		fmt.Sprintf("Content-Type: text/plain; charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

const (
	endPoint = "{11111111-2222-3333-4444-555555555555}"
	circle   = "9:00000000-0000-0000-0009-000000000001@live.com"
)

func TestPeer(t *testing.T) {
	for _, tt := range []struct {
		from          Sender
		line, payload string
		want          address.Address
		summary, also string
	}{
		{Server, "NLN BSY 1:bob@example.com;via=" + circle + " Bob 0:0", "", address.Address{Network: "1", Account: "bob@example.com", Via: circle},
			"bob@example.com via 9:00000000-0000-0000-0009-000000000001 (Bob) is busy", "circle=" + strings.TrimPrefix(circle, "9:") + " network=1 via=" + circle},
		{Server, "NLN BSY bob@example.com 32 Bob 0 0", "", address.Address{Network: "32", Account: "bob@example.com"}, "bob@example.com (Bob) is busy", ""},
		{Server, "JOI bob@example.com;" + endPoint + " Bob 0:0", "", address.Address{Account: "bob@example.com", EndPoint: endPoint},
			"bob@example.com at 11111111 (Bob) joins", "endpoint=" + endPoint},
		{Server, "FLN bob@example.com", "", address.Address{Account: "bob@example.com"}, "bob@example.com is offline", ""},
		{Server, "SDG 0", passed("1:bob@example.com;epid="+endPoint, "1:ann@example.com", "hi"), address.Address{Network: "1", Account: "bob@example.com", EndPoint: endPoint},
			`bob@example.com at 11111111: "hi"`, "handle=bob@example.com network=1 endpoint=" + endPoint},
		{Client, "SDG 4", passed("1:ann@example.com;epid="+endPoint, "1:bob@example.com", "hi"), address.Address{Network: "1", Account: "bob@example.com"},
			`to bob@example.com: "hi"`, "handle=bob@example.com network=1"},
		{Server, "SDG 4", "Content-Type: text/plain\r\n\r\nhi", address.Address{}, `"hi"`, ""},
		{Client, "PNG", "", address.Address{}, "are you there?", ""},
		{Client, "ZZZ 1 2", "", address.Address{}, "1 2", ""},
	} {
		fr := framed(t, tt.line, tt.payload)
		var m Message
		m.Decode(fr, tt.from, NS, 0)
		if got := m.Peer(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.line, got, tt.want)
		}
		if got := m.Summary(); got != tt.summary {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.summary)
		}
		var also []string
		for name, value := range m.Also() {
			also = append(also, name+"="+value)
		}
		if got := strings.Join(also, " "); got != tt.also {
			t.Errorf("%s: also %q, want %q", tt.line, got, tt.also)
		}
	}
}

// The value of an address is the account, wherever it stands; the rest is within.
func TestAddressValue(t *testing.T) {
	fr := framed(t, "UBM 1:bob@example.com 1 ann@example.com;"+endPoint+" 1 1", "Content-Type: text/plain\r\n\r\nhi")
	var m Message
	m.Decode(fr, Server, NS, 18)
	var got []string
	for i, f := range m.Fields() {
		s := f.Name + "=" + f.Value()
		for _, n := range m.Within(i) {
			s += " " + n.Name + "=" + n.Value + "/" + string(f.Raw[n.Start:n.End])
		}
		got = append(got, s)
	}
	want := []string{"handle=bob@example.com network=1/1", "network=1", "to=ann@example.com endpoint=" + endPoint + "/" + endPoint, "tonetwork=1", "type=1", "length=30"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v, _ := m.Value("handle"); v != "bob@example.com" {
		t.Errorf("%q", v)
	}
}

func TestIsHandle(t *testing.T) {
	for s, want := range map[string]bool{"a@x": true, "@x": false, "x": false, "1:@x": false, "1:a@x;" + endPoint: true, "Hotmail": true, "Hotmale": false, "tel:+1": true,
		"tel:": false, "4:tel:+1": true, "tal:+1": false, "": false} {
		if isHandle([]byte(s)) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// teller feeds a tracker with two notification servers.
type teller struct {
	t  *testing.T
	tr *Tracker
}

func (s *teller) say(conn uint32, from Sender, line, payload string) *Message {
	return s.tr.Frame(conn, from, framed(s.t, line, payload), time.Time{})
}

func (s *teller) signIn(conn uint32, account string) {
	s.say(conn, Client, "VER 1 MSNP21", "")
	s.say(conn, Server, "VER 1 MSNP21", "")
	s.say(conn, Client, "USR 3 SSO I "+account, "")
	s.say(conn, Server, "USR 4 OK "+account+" 1 0", "")
}

// Without a switchboard a conversation is that of two accounts, on whichever connection,
// or that of a circle.
func TestTalks(t *testing.T) {
	s := &teller{t, NewTracker()}
	s.signIn(1, "ann@example.com")
	s.signIn(2, "bob@example.com")
	number := func(m *Message) int {
		if v := m.Conversation(); v != nil {
			if !m.In(v.Number) || m.In(v.Number+1) {
				t.Errorf("%s: not in %d, or in another", m.Summary(), v.Number)
			}
			return v.Number
		}
		return 0
	}
	for _, tt := range []struct {
		conn          uint32
		from          Sender
		line, payload string
		want          int
	}{
		{1, Client, "SDG 5", passed("1:ann@example.com", "1:bob@example.com", "hi"), 1},
		{2, Server, "SDG 0", passed("1:ann@example.com;epid="+endPoint, "1:BOB@example.com", "hi"), 1},
		{1, Client, "UUM 6 bob@example.com 1 1", "Content-Type: text/plain\r\n\r\nhi", 1},
		{2, Server, "UBM ann@example.com 1 bob@example.com 1 1", "Content-Type: text/plain\r\n\r\nhi", 1},
		{1, Client, "SDG 7", passed("1:ann@example.com", "1:carol@example.com", "hi"), 2},
		{1, Client, "SDG 8", passed("1:ann@example.com", circle+";path=IM", "hi"), 3},
		{2, Server, "SDG 0", passed("1:dave@example.com;via="+circle, "1:bob@example.com", "hi"), 3},
		{2, Server, "SDG 0", passed(circle, "1:bob@example.com", "hi"), 3},
		{1, Client, "UUM 9 tel:+1555 4 1", "Content-Type: text/plain\r\n\r\nhi", 4},
		{1, Server, "SDG 5 OK", "", 0},
		{1, Server, "NFY PUT", passed("1:bob@example.com", "1:ann@example.com", "hi"), 0},
		{1, Server, "MSG Hotmail Hotmail", "Content-Type: text/x-msmsgsprofile\r\n\r\n", 0},
		{1, Server, "MSG Hotmail Hotmail", "Content-Type: text/x-msmsgsoimnotification; charset=UTF-8\r\n\r\nMail-Data: <MD><M><E>carol@example.com</E></M><M><E>erin@example.com</E></M></MD>\r\n", 2},
	} {
		m := s.say(tt.conn, tt.from, tt.line, tt.payload)
		if got := number(m); got != tt.want {
			t.Errorf("%d %s: conversation %d, want %d", tt.conn, tt.line, got, tt.want)
		}
	}
	var who []string
	for _, v := range s.tr.Connection(1).Talks {
		who = append(who, fmt.Sprint(v.Number, v.Participants))
	}
	want := []string{"1 [ann@example.com bob@example.com]", "2 [ann@example.com carol@example.com]", "3 [ann@example.com dave@example.com bob@example.com]",
		"4 [ann@example.com tel:+1555]", "5 [ann@example.com erin@example.com]"}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Error(diff)
	}
	if len(s.tr.Connection(2).Talks) != 2 {
		t.Errorf("%d conversations of the other", len(s.tr.Connection(2).Talks))
	}
	s.tr.Close(1)
	if len(s.tr.conversations) != 2 {
		t.Errorf("%d conversations are kept", len(s.tr.conversations))
	}
	if s.tr.Close(2); len(s.tr.conversations) != 0 {
		t.Errorf("%d conversations are kept of connections that are closed", len(s.tr.conversations))
	}
}

// What nobody could keep apart is let go.
func TestTalksBounded(t *testing.T) {
	s := &teller{t, NewTracker()}
	s.signIn(1, "ann@example.com")
	for i := range maxTalks + 1 {
		m := s.say(1, Client, "SDG 5", passed("1:ann@example.com", fmt.Sprintf("1:bob%d@example.com", i), "hi"))
		if got := m.Conversation() != nil; got != (i < maxTalks) {
			t.Fatalf("message %d: in a conversation: %v", i, got)
		}
	}
	if m := s.say(1, Client, "SDG 5", passed("1:ann@example.com", "1:bob0@example.com", "hi")); m.Conversation() == nil {
		t.Error("the first is forgotten")
	}
}

// A message that never came is in no conversation of who did not get it.
func TestTalksWithheld(t *testing.T) {
	tr := NewTracker()
	s := &teller{t, tr}
	s.signIn(1, "ann@example.com")
	m := tr.Relayed(1, Client, framed(t, "SDG 5", passed("1:ann@example.com", "1:bob@example.com", "hi")), time.Time{}, Relay{Fate: Withheld})
	if m.Conversation() != nil {
		t.Error("it is")
	}
}
