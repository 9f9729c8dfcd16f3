package gateway

import (
	"fmt"
	"testing"
	"time"
)

func TestTarget(t *testing.T) {
	for _, test := range []struct {
		target string
		want   Query
		ok     bool
	}{
		{"http://gateway.example.com/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.example.com", Query{Action: Open, Server: "NS", IP: "messenger.example.com"}, true},
		{"/gateway/gateway.dll?Action=open&Server=SB&IP=192.0.2.1:1863", Query{Action: Open, Server: "SB", IP: "192.0.2.1:1863"}, true},
		{"/GATEWAY/Gateway.DLL?action=OPEN&server=sb&ip=192.0.2.1", Query{Action: Open, Server: "SB", IP: "192.0.2.1"}, true},
		{"/gateway/gateway.dll?Action=poll&SessionID=17.1", Query{Action: Poll, Session: "17.1"}, true},
		{"/gateway/gateway.dll?Action=poll&Lifespan=60&SessionID=17.1", Query{Action: Poll, Session: "17.1", Lifespan: time.Minute}, true},
		{"/gateway/gateway.dll?Action=POLL&Lifespan=180&SessionID=1", Query{Action: Poll, Session: "1", Lifespan: 180 * time.Second}, true},
		{"/gateway/gateway.dll?Action=poll&Lifespan=181&SessionID=1", Query{Action: Poll, Session: "1", Lifespan: 180 * time.Second}, true},
		{"/gateway/gateway.dll?Action=poll&Lifespan=-1&SessionID=1", Query{Action: Poll, Session: "1"}, true},
		{"/gateway/gateway.dll?Action=poll&Lifespan=99999999999999&SessionID=1", Query{Action: Poll, Session: "1"}, true},
		{"/gateway/gateway.dll?SessionID=3f2a-77%2e1", Query{Session: "3f2a-77.1"}, true},
		{"/gateway/gateway.dll?SessionID=100%", Query{Session: "100%"}, true},
		{"/gateway/gateway.dll?Action=open&Server=NS&SessionID=", Query{Action: Open, Server: "NS"}, true},
		{"/gateway/gateway.dll?Server=NS&IP=a", Query{Action: Open, Server: "NS", IP: "a"}, true},
		{"/gateway/gateway.dll", Query{Action: Open}, true},
		{"/gateway/gateway.dll?Version=1&Protocol=mtp&SessionID=9", Query{Session: "9"}, true},
		{"/sub/gateway/gateway.dll?SessionID=9", Query{Session: "9"}, true},
		{"/index.html?/gateway/gateway.dll", Query{}, false},
		{"/gateway/gateway.dll.bak?SessionID=9", Query{}, false},
		{"http://gateway.example.com", Query{}, false},
		{"*", Query{}, false},
		{"", Query{}, false},
	} {
		if got, ok := ParseTarget(test.target); got != test.want && ok || ok != test.ok {
			t.Errorf("%s: %+v, %v", test.target, got, ok)
		}
	}
}

func TestTargetsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, q := range []Query{
		{Action: Open, Server: "NS", IP: "messenger.example.com"},
		{Action: Open, Server: "SB", IP: "[2001:db8::1]:1863"},
		{Action: Poll, Session: "17.2"},
		{Action: Poll, Session: "17.2", Lifespan: 3 * time.Second},
		{Session: "a b&c=d%e"},
	} {
		for _, host := range []string{"", "gateway.example.com:80"} {
			if got, ok := ParseTarget(q.Target(host)); !ok || got != q {
				t.Errorf("%s is read as %+v", q.Target(host), got)
			}
		}
	}
	want := "http://gw/gateway/gateway.dll?Action=poll&Lifespan=60&SessionID=1.2"
	if got := (Query{Action: Poll, Session: "1.2", Lifespan: time.Minute}).Target("gw"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestParametersAreChangedInPlace(t *testing.T) {
	const target = "http://h/gateway/gateway.dll?action=Open&Server=SB&ip=10.0.0.1&x=%41+b"
	if got, want := WithParameter(target, "IP", "192.0.2.1:1863"), "http://h/gateway/gateway.dll?action=Open&Server=SB&ip=192.0.2.1:1863&x=%41+b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, same := range []string{"/gateway/gateway.dll", "/gateway/gateway.dll?a=b"} {
		if got := WithParameter(same, "IP", "1"); got != same {
			t.Errorf("%s became %s", same, got)
		}
	}
	if got, want := WithoutParameter(target, "ACTION"), "http://h/gateway/gateway.dll?Server=SB&ip=10.0.0.1&x=%41+b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := WithoutParameter("/x", "a"); got != "/x" {
		t.Error(got)
	}
}

func TestHeader(t *testing.T) {
	for value, want := range map[string]Header{
		"SessionID=17.1; GW-IP=203.0.113.1":                          {Session: "17.1", GWIP: "203.0.113.1"},
		"SessionID=17.1; GW-IP=203.0.113.1; Session=close":           {"17.1", "203.0.113.1", true},
		"gw-ip=h:80;sessionid=3f2a-77; SESSION=Close ":               {"3f2a-77", "h:80", true},
		" SessionID = 5 ;GW-IP=":                                     {Session: "5"},
		"SessionID=17.1; GW-IP=203.0.113.1; Session=open; Other=x=y": {Session: "17.1", GWIP: "203.0.113.1"},
	} {
		if got, ok := ParseHeader(value); !ok || got != want {
			t.Errorf("%q: %+v, %v", value, got, ok)
		}
	}
	if _, ok := ParseHeader("GW-IP=1.2.3.4"); ok {
		t.Error("a header without a session is one")
	}
	if got, want := (Header{"17.1", "203.0.113.1", true}).String(), "SessionID=17.1; GW-IP=203.0.113.1; Session=close"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (Header{Session: "17", GWIP: "h"}).String(), "SessionID=17; GW-IP=h"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := WithGWIP("SessionID=1.2;  gw-ip=203.0.113.1 ; Session=close", "10.0.0.1"), "SessionID=1.2;  gw-ip=10.0.0.1 ; Session=close"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := WithGWIP("SessionID=1.2", "10.0.0.1"); got != "SessionID=1.2" {
		t.Error(got)
	}
}

const alice = "192.0.2.7"

// opened returns a book with a session that was opened and answered.
func opened(t *testing.T, id string) (*Book, *Session) {
	t.Helper()
	b := NewBook()
	x := b.Ask(alice, 1, Query{Action: Open, Server: "NS"}, []byte("VER 1 MSNP7\r\n"))
	if string(x.Up) != "VER 1 MSNP7\r\n" || !x.Session.Begun {
		t.Fatalf("%+v", x)
	}
	s, down := b.Answer(alice, x, Header{Session: id}, []byte("VER 1 MSNP7\r\n"))
	if s != x.Session || string(down) != "VER 1 MSNP7\r\n" {
		t.Fatalf("%+v %q", s, down)
	}
	return b, s
}

func TestSessionsAreFoundByTheirIds(t *testing.T) {
	b, s := opened(t, "17.1")
	for i := 1; i < 20; i++ {
		x := b.Ask(alice, i%3, Query{Session: fmt.Sprintf("17.%d", i)}, nil)
		if x.Session != s {
			t.Fatalf("17.%d is another session", i)
		}
		b.Answer(alice, x, Header{Session: fmt.Sprintf("17.%d", i+1)}, nil)
	}
	if s.Exchanges != 20 || s.Polls != 19 || s.ID() != "17" {
		t.Errorf("%+v", s)
	}
	if x := b.Ask(alice, 1, Query{Session: "17.77"}, nil); x.Session != s {
		t.Error("an answer was not seen, and its session not found")
	}
	if x := b.Ask("192.0.2.8", 1, Query{Session: "17.1"}, nil); x.Session == s || x.Session.Begun {
		t.Error("another client's session is taken for it")
	}
	if got, _ := b.Answer(alice, nil, Header{Session: "17.99", Close: true}, nil); got != s || !s.Closed {
		t.Error("an answer without its request is of no session")
	}
	b.Forget(s)
	if len(b.ids) != 1 || len(b.stems) != 1 {
		t.Errorf("%d ids, %d stems are left of the other client's one", len(b.ids), len(b.stems))
	}
}

func TestIdsWithoutDotDoNotMeet(t *testing.T) {
	b, s := opened(t, "3f2a")
	if x := b.Ask(alice, 1, Query{Session: "3f2b"}, nil); x.Session == s {
		t.Error("two sessions are one")
	}
	if x := b.Ask(alice, 1, Query{Session: "3f2a"}, nil); x.Session != s {
		t.Error("the session is not known by its id")
	}
}

func TestRepeatedRequests(t *testing.T) {
	body := []byte("PNG\r\n")
	q := Query{Session: "17.1"}
	ask := func(b *Book, conn int) *Exchange { return b.Ask(alice, conn, q, body) }

	b, s := opened(t, "17.1")
	x := ask(b, 1)
	b.Gone(x, nil)
	if x = ask(b, 2); !x.Repeat || x.Up != nil || s.Repeats != 1 || s.Unanswered != 1 {
		t.Errorf("no answer came: %+v", x)
	}

	b, _ = opened(t, "17.1")
	b.Answer(alice, ask(b, 1), Header{Session: "17.2"}, []byte("QNG\r\n"))
	if x = ask(b, 2); !x.Repeat {
		t.Error("the id of the answer was not used")
	}
	if _, down := b.Answer(alice, x, Header{Session: "17.3"}, []byte("QNG\r\n")); down != nil {
		t.Errorf("%q was said once", down)
	}

	for name, next := range map[string]*Exchange{
		"the answer was read": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Answer(alice, ask(b, 1), Header{Session: "17.1"}, nil)
			return ask(b, 2)
		}(),
		"both came by one connection": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Answer(alice, ask(b, 1), Header{Session: "17.2"}, nil)
			return ask(b, 1)
		}(),
		"the id is that of the answer": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Answer(alice, ask(b, 1), Header{Session: "17.2"}, nil)
			return b.Ask(alice, 2, Query{Session: "17.2"}, body)
		}(),
		"the bytes are others": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Gone(ask(b, 1), nil)
			return b.Ask(alice, 2, q, []byte("OUT\r\n"))
		}(),
		"there is nothing to be said": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Gone(b.Ask(alice, 1, q, nil), nil)
			return b.Ask(alice, 2, q, nil)
		}(),
		"one that was read came between": func() *Exchange {
			b, _ := opened(t, "17.1")
			b.Gone(ask(b, 1), nil)
			b.Answer(alice, b.Ask(alice, 2, q, []byte("CHG\r\n")), Header{Session: "17.1"}, nil)
			return ask(b, 3)
		}(),
	} {
		if next.Repeat {
			t.Errorf("%s, and yet it is a repetition", name)
		}
	}
}

// A request comes again whatever came between, and however its first answer went.
func TestRepeatedRequestsAmongOthers(t *testing.T) {
	q := Query{Session: "17.1"}
	png, chg := []byte("PNG\r\n"), []byte("CHG 9 NLN\r\n")
	follow := func(b *Book) { // the client takes up new ids
		b.Answer(alice, b.Ask(alice, 1, Query{Session: "17.0"}, []byte("INF 2\r\n")), Header{Session: "17.1"}, nil)
	}
	for name, test := range map[string]struct {
		want bool
		f    func(b *Book) *Exchange
	}{
		"the first still waits": {true, func(b *Book) *Exchange { b.Ask(alice, 1, q, png); return b.Ask(alice, 2, q, png) }},
		"a poll beside it was answered": {true, func(b *Book) *Exchange {
			x := b.Ask(alice, 1, q, png)
			b.Answer(alice, b.Ask(alice, 2, q, nil), Header{Session: "17.2"}, []byte("QNG\r\n"))
			b.Gone(x, nil)
			return b.Ask(alice, 3, q, png)
		}},
		"two by one connection, the first": {true, func(b *Book) *Exchange {
			b.Gone(b.Ask(alice, 1, q, png), nil)
			b.Gone(b.Ask(alice, 1, q, chg), nil)
			return b.Ask(alice, 2, q, png)
		}},
		"two by one connection, the second": {true, func(b *Book) *Exchange {
			b.Gone(b.Ask(alice, 1, q, png), nil)
			b.Gone(b.Ask(alice, 1, q, chg), nil)
			b.Answer(alice, b.Ask(alice, 2, q, png), Header{Session: "17.2"}, nil)
			return b.Ask(alice, 2, q, chg)
		}},
		"it came after the one that repeats it": {true, func(b *Book) *Exchange {
			follow(b)
			b.Answer(alice, b.Ask(alice, 2, q, png), Header{Session: "17.2"}, nil)
			b.Answer(alice, b.Ask(alice, 2, Query{Session: "17.2"}, chg), Header{Session: "17.3"}, nil)
			return b.Ask(alice, 3, q, png)
		}},
		"the gateway failed": {true, func(b *Book) *Exchange {
			b.Answer(alice, b.Ask(alice, 1, q, png), Header{}, nil)
			return b.Ask(alice, 1, q, png)
		}},
		"the gateway did it after that": {false, func(b *Book) *Exchange {
			b.Answer(alice, b.Ask(alice, 1, q, png), Header{}, nil)
			b.Answer(alice, b.Ask(alice, 1, q, png), Header{Session: "17.1"}, nil)
			return b.Ask(alice, 2, q, png)
		}},
		"the client stays with its id": {false, func(b *Book) *Exchange {
			b.Answer(alice, b.Ask(alice, 1, q, chg), Header{Session: "17.2"}, nil)
			b.Answer(alice, b.Ask(alice, 2, q, png), Header{Session: "17.3"}, nil)
			return b.Ask(alice, 3, q, png)
		}},
		"15 others came between": {true, func(b *Book) *Exchange { return after(b, q, 15) }},
		"16 others came between": {false, func(b *Book) *Exchange { return after(b, q, 16) }},
	} {
		b, s := opened(t, "17.0")
		s.kept = nil
		if x := test.f(b); x.Repeat != test.want || (x.Up == nil) != test.want {
			t.Errorf("%s: %v", name, x.Repeat)
		}
	}
}

// after asks something, then others, then it once more.
func after(b *Book, q Query, others int) *Exchange {
	b.Gone(b.Ask(alice, 1, q, []byte("PNG\r\n")), nil)
	for i := range others {
		b.Gone(b.Ask(alice, 1, q, fmt.Appendf(nil, "CHG %d\r\n", i)), nil)
	}
	return b.Ask(alice, 2, q, []byte("PNG\r\n"))
}

func TestAnswersCutShort(t *testing.T) {
	body := []byte("PNG\r\n")
	b, s := opened(t, "17.1")
	b.Gone(b.Ask(alice, 1, Query{Session: "17.1"}, body), []byte("QN"))
	x := b.Ask(alice, 2, Query{Session: "17.1"}, body)
	if !x.Repeat || x.Before != nil {
		t.Errorf("what is said again is told twice: %+v", x)
	}
	b.Gone(x, []byte("QNG"))
	x = b.Ask(alice, 3, Query{Session: "17.1"}, []byte("OUT\r\n"))
	if x.Repeat || string(x.Before) != "QNG" {
		t.Errorf("what was said is not told: %+v", x)
	}
	b.Gone(x, []byte("O"))
	if got := string(s.Rest()); got != "O" || s.Rest() != nil {
		t.Errorf("%q is left", got)
	}
}

func TestAnAnswerBelongsToTheSessionThatItNames(t *testing.T) {
	b, s := opened(t, "17.1")
	other := b.Ask(alice, 1, Query{Action: Open, Server: "SB"}, nil)
	b.Answer(alice, other, Header{Session: "18.1"}, nil)
	x := b.Ask(alice, 1, Query{Session: "17.1"}, nil)
	if got, down := b.Answer(alice, x, Header{Session: "18.1"}, []byte("x")); got != other.Session || string(down) != "x" {
		t.Errorf("%+v", got)
	}
	if got, _ := b.Answer(alice, x, Header{}, nil); got != s {
		t.Error("an answer that names none is of its request's")
	}
}

// A session is known by the ids of its last eight answers, and by the stem of the last.
func TestOldIdsAreForgotten(t *testing.T) {
	b, s := opened(t, "a0")
	for i := 1; i < 9; i++ {
		b.Answer(alice, b.Ask(alice, 1, Query{Session: fmt.Sprint("a", i-1)}, nil), Header{Session: fmt.Sprint("a", i)}, nil)
	}
	if x := b.Ask(alice, 1, Query{Session: "a1"}, nil); x.Session != s {
		t.Error("the eighth last is not known")
	}
	if x := b.Ask(alice, 1, Query{Session: "a0"}, nil); x.Session == s {
		t.Error("the ninth last is still known")
	}
}

// Where answers are not in the recording, the session of a connection is the one that was
// opened on it.
func TestSessionsWithoutAnswers(t *testing.T) {
	b := NewBook()
	s := b.Ask(alice, 1, Query{Action: Open}, []byte("VER 1 MSNP7\r\n")).Session
	if x := b.Ask(alice, 2, Query{Session: "18.1"}, nil); x.Session == s {
		t.Error("it is not of that connection")
	}
	if x := b.Ask(alice, 1, Query{Session: "18.1"}, nil); x.Session == s {
		t.Error("it is known for another session's")
	}
	if x := b.Ask(alice, 1, Query{Session: "17.1"}, nil); x.Session != s {
		t.Error("a session that was opened is not found")
	}
	if x := b.Ask(alice, 3, Query{Session: "17.2"}, nil); x.Session != s {
		t.Error("its id is not known")
	}
	if x := b.Ask(alice, 1, Query{Session: "19.1"}, nil); x.Session == s {
		t.Error("all is taken for it")
	}
	x := b.Ask(alice, 4, Query{Action: Open}, nil)
	b.Gone(x, nil)
	y := b.Ask(alice, 4, Query{Action: Open}, nil)
	b.Answer(alice, y, Header{Session: "20.1"}, nil)
	b.Forget(b.Ask(alice, 5, Query{Action: Open}, nil).Session)
	if len(b.opens) > 0 {
		t.Errorf("%d are still waited for", len(b.opens))
	}
}

// A book that knows too much begins anew, and goes on.
func TestBookIsBounded(t *testing.T) {
	b := NewBook()
	for i := range 1 << 16 {
		b.Ask(alice, 1, Query{Session: fmt.Sprint("a", i)}, nil)
	}
	if len(b.ids) != 1<<16 {
		t.Errorf("%d ids are known", len(b.ids))
	}
	s := b.Ask(alice, 1, Query{Session: "b"}, nil).Session
	if len(b.ids) != 1 || len(b.stems) != 1 || b.Ask(alice, 1, Query{Session: "b"}, nil).Session != s {
		t.Errorf("%d ids are known", len(b.ids))
	}
}

func TestHosts(t *testing.T) {
	for name, want := range map[string]bool{
		"gateway.messenger.hotmail.com": true, "Gateway.Messenger.Hotmail.COM.": true, "by1.gateway.edge.messenger.live.com": true,
		"messenger.hotmail.com": false, "xgateway.messenger.hotmail.com": false, "gateway.messenger.hotmail.com.example.com": false, "": false, ".": false,
	} {
		if got := IsHost(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
