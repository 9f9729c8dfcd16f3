package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode/challenge"
	"msnproxy/decode/service"
)

const (
	webTicket = "t=EwAbCd+1/2&p=Pq"
	webSecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	webNonce  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
)

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: login.example.com\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func found(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func inBody(head, body string) string {
	return "<Envelope><Header>" + head + "</Header><Body>" + body + "</Body></Envelope>"
}

var (
	asksToken  = post("/RST2.srf", inBody("<Security><UsernameToken><Username>alice@example.com</Username><Password>pw</Password></UsernameToken></Security>", "<RequestMultipleSecurityTokens><RequestSecurityToken><AppliesTo><EndpointReference><Address>messengerclear.live.com</Address></EndpointReference></AppliesTo></RequestSecurityToken></RequestMultipleSecurityTokens>"))
	givesToken = found(inBody("", "<RequestSecurityTokenResponseCollection><RequestSecurityTokenResponse><AppliesTo><EndpointReference><Address>messengerclear.live.com</Address></EndpointReference></AppliesTo><RequestedSecurityToken><BinarySecurityToken>"+strings.ReplaceAll(webTicket, "&", "&amp;")+"</BinarySecurityToken></RequestedSecurityToken><RequestedProofToken><BinarySecret>"+webSecret+"</BinarySecret></RequestedProofToken></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>"))
	withToken  = "<ABAuthHeader><TicketToken>" + strings.ReplaceAll(webTicket, "&", "&amp;") + "</TicketToken></ABAuthHeader>"
	asksLists  = post("/abservice/SharingService.asmx", inBody(withToken, "<FindMembership/>"))
	givesLists = found(inBody("", "<FindMembershipResponse><Membership><MemberRole>Allow</MemberRole><Members><Member><PassportName>bob@example.com</PassportName></Member></Members></Membership></FindMembershipResponse>"))
)

// wire is a tracker with framers for what several connections say.
type wire struct {
	t       *testing.T
	tracker *Tracker
	framers map[[2]uint32]*Framer
	at      time.Time
	said    []string // of each message: what it is
}

func newWire(t *testing.T) *wire {
	return &wire{t: t, tracker: NewTracker(), framers: map[[2]uint32]*Framer{}, at: time.Unix(1e9, 0)}
}

func (w *wire) open(id uint32, client, server string) *Connection {
	return w.tracker.Open(id, client, server, w.at)
}

// say feeds what one end of a connection sends, and returns the last message.
func (w *wire) say(id uint32, from Sender, text string) *Message {
	w.t.Helper()
	f := w.framers[[2]uint32{id, uint32(from)}]
	if f == nil {
		f = new(Framer)
		w.framers[[2]uint32{id, uint32(from)}] = f
	}
	w.at = w.at.Add(10 * time.Millisecond)
	f.Feed([]byte(text))
	var fr Frame
	var m *Message
	for f.Next(&fr) {
		m = w.tracker.Frame(id, from, &fr, w.at)
		kept := fr.Clone()
		m = m.Keep()
		m.Frame = &kept
		rules := ""
		for _, fd := range m.Findings {
			rules += " !" + fd.Rule
		}
		w.said = append(w.said, fmt.Sprintf("%d %s %s: %s%s", id, from.Letter(), m.Name(), m.Summary(), rules))
	}
	if m == nil {
		w.t.Fatalf("no frame in %q", text)
	}
	return m
}

func (w *wire) signsIn(id uint32, ticket, blob string) *Message {
	w.say(id, Client, "VER 1 MSNP15 CVR0\r\n")
	w.say(id, Server, "VER 1 MSNP15 CVR0\r\n")
	w.say(id, Client, "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com\r\n")
	w.say(id, Server, "CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b\r\n")
	w.say(id, Client, "USR 3 SSO I alice@example.com\r\n")
	w.say(id, Server, "USR 3 SSO S MBI_KEY_OLD "+webNonce+"\r\n")
	m := w.say(id, Client, "USR 4 SSO S "+ticket+" "+blob+"\r\n")
	w.say(id, Server, "USR 4 OK alice@example.com 1 0\r\n")
	return m
}

func blobFor(t *testing.T, secret string) string {
	t.Helper()
	blob, err := challenge.SSO(secret, webNonce, [8]byte{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// Web services and MSNP are one session: the ticket joins them, whatever comes first.
func TestWebSession(t *testing.T) {
	w := newWire(t)
	nexus := w.open(1, "10.0.0.9:1001", "10.0.0.1:80")
	w.say(1, Client, "GET /rdr/pprdr.asp HTTP/1.1\r\n\r\n")
	rst := w.open(2, "10.0.0.9:1002", "10.0.0.2:443")
	asked := w.say(2, Client, asksToken)
	answered := w.say(2, Server, givesToken)
	if answered.ReplyTo != asked.Number || answered.ReplyVerb != "RST2" || answered.Latency != 10*time.Millisecond || !answered.FirstReply {
		t.Errorf("reply to %d (%s) after %v", answered.ReplyTo, answered.ReplyVerb, answered.Latency)
	}
	if rst.Account != "alice@example.com" || rst.Role != WEB || rst.Role.String() != "WEB" || rst.Session != nil {
		t.Errorf("%+v", rst)
	}
	w.tracker.Close(2)
	ns := w.open(3, "10.0.0.9:1003", "10.0.0.5:1863")
	m := w.signsIn(3, webTicket, blobFor(t, webSecret))
	if len(m.Brought) != 2 || m.Brought[0] != rst || m.Brought[1] != nexus {
		t.Errorf("brought %v", m.Brought)
	}
	if m.SSO != SignInRight || m.Token.Issued != answered.Number || m.Token.Address != "messengerclear.live.com" || len(m.Findings) != 0 {
		t.Errorf("%v %+v %v", m.SSO, m.Token, m.Findings)
	}
	lists := w.open(4, "10.0.0.9:1004", "10.0.0.3:443")
	w.say(4, Client, asksLists)
	w.say(4, Server, givesLists)
	for _, c := range []*Connection{nexus, rst, lists} {
		if c.Session == nil || c.Session != ns.Session || c.Account != "alice@example.com" {
			t.Errorf("connection %d is of %q, session %+v", c.ID, c.Account, c.Session)
		}
	}
	for _, want := range []string{
		"1 C nexus: where to sign in?",
		"2 C RST2: alice@example.com asks for tokens: messengerclear.live.com",
		"2 S RST2: tokens for messengerclear.live.com",
		"4 C FindMembership: who is on which list? ",
		"4 S FindMembership: AL: bob@example.com",
	} {
		ok := false
		for _, s := range w.said {
			ok = ok || s == want
		}
		if !ok {
			t.Errorf("nobody said %q in\n%s", want, strings.Join(w.said, "\n"))
		}
	}
}

// A recording without the secrets tells the same, but for the verdict.
func TestWebSessionMasked(t *testing.T) {
	w, mask := newWire(t), service.NewMasker()
	rst := w.open(2, "10.0.0.9:1002", "10.0.0.2:443")
	w.say(2, Client, string(service.Mask([]byte(asksToken), mask)))
	w.say(2, Server, string(service.Mask([]byte(givesToken), mask)))
	ns := w.open(3, "10.0.0.9:1003", "10.0.0.5:1863")
	m := w.signsIn(3, webTicket, blobFor(t, webSecret))
	if m.SSO != 0 || m.Token.Issued == 0 || len(m.Findings) != 0 || rst.Session == nil || rst.Session != ns.Session {
		t.Errorf("%v %+v %v", m.SSO, m.Token, m.Findings)
	}
	for _, s := range w.said {
		if strings.Contains(s, " pw") || strings.Contains(s, webSecret) {
			t.Error(s)
		}
	}
}

func TestSSOWrong(t *testing.T) {
	w := newWire(t)
	w.open(2, "10.0.0.9:1002", "10.0.0.2:443")
	w.say(2, Client, asksToken)
	w.say(2, Server, givesToken)
	w.open(3, "10.0.0.9:1003", "10.0.0.5:1863")
	m := w.signsIn(3, webTicket, blobFor(t, "BAECAwQFBgcICQoLDA0ODxAREhMUFRYX"))
	if m.SSO != SignInWrong || len(m.Findings) != 1 || m.Findings[0].Rule != "sso.blob" {
		t.Errorf("%v %v", m.SSO, m.Findings)
	}
}

func TestTokenUnknown(t *testing.T) {
	for _, c := range []struct {
		client string
		want   int
	}{{"10.0.0.9:1003", 1}, {"10.0.0.8:1003", 0}} {
		w := newWire(t)
		w.open(2, "10.0.0.9:1002", "10.0.0.2:443")
		w.say(2, Client, asksToken)
		w.say(2, Server, givesToken)
		w.open(3, c.client, "10.0.0.5:1863")
		m := w.signsIn(3, "t=other&p=", blobFor(t, webSecret))
		n := 0
		for _, f := range m.Findings {
			if f.Rule == "token.unknown" {
				n++
			}
		}
		if n != c.want {
			t.Errorf("from %s: %v", c.client, m.Findings)
		}
	}
}

func TestLockKey(t *testing.T) {
	const product, asked = "PROD0119GSJUC$18", "ct=1,1,1"
	right, _ := challenge.Respond(product, asked)
	stores := func(key string) string {
		return post("/OimWS/oim.asmx", inBody(`<From memberName="alice@example.com"/><To memberName="bob@example.com"/><Ticket passport="x" appid="`+product+`" lockkey="`+key+`"/>`, "<MessageType>text</MessageType>"))
	}
	refused := strings.Replace(found(inBody("", "<Fault><faultcode>q0:AuthenticationFailed</faultcode><faultstring>no</faultstring><detail><LockKeyChallenge>"+asked+"</LockKeyChallenge></detail></Fault>")), "200 OK", "500 Error", 1)
	for key, want := range map[string]string{right: "", strings.Repeat("0", 32): "lockkey.wrong"} {
		w := newWire(t)
		c := w.open(1, "10.0.0.9:1", "10.0.0.1:80")
		c.Account = "alice@example.com"
		w.say(1, Client, stores(""))
		m := w.say(1, Server, refused)
		if !m.Refuses() || m.Summary() != "refused: q0:AuthenticationFailed no" || m.Name() != "Store" {
			t.Errorf("%s %q", m.Name(), m.Summary())
		}
		m = w.say(1, Client, stores(key))
		got := ""
		for _, f := range m.Findings {
			got += f.Rule
		}
		if got != want || (m.ChallengeRight() != "") != (want == "") {
			t.Errorf("%s: %v", key, m.Findings)
		}
	}
}

// Several who share a connection, as behind a proxy, keep their accounts.
func TestWebShared(t *testing.T) {
	w := newWire(t)
	c := w.open(1, "10.0.0.9:1", "10.0.0.1:80")
	w.say(1, Client, asksToken)
	w.say(1, Server, givesToken)
	w.open(3, "10.0.0.9:1003", "10.0.0.5:1863")
	w.signsIn(3, webTicket, blobFor(t, webSecret))
	first := c.Session
	w.say(1, Client, strings.ReplaceAll(asksToken, "alice", "carol"))
	if c.Account != "carol@example.com" || c.Session == first {
		t.Errorf("%s %+v", c.Account, c.Session)
	}
	w.say(1, Client, asksLists)
	if c.Account != "alice@example.com" || c.Session != first {
		t.Errorf("%s %+v", c.Account, c.Session)
	}
}

// What is asked at once is answered in order; a 100 is no answer.
func TestWebPipelined(t *testing.T) {
	w := newWire(t)
	w.open(1, "10.0.0.9:1", "10.0.0.1:80")
	w.say(1, Client, asksToken+asksLists+"GET /favicon.ico HTTP/1.1\r\n\r\n")
	if m := w.say(1, Server, "HTTP/1.1 100 Continue\r\n\r\n"); m.ReplyTo != 0 {
		t.Error("a 100 is taken for the answer")
	}
	for i, answer := range []string{givesToken, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"} {
		m := w.say(1, Server, answer)
		if m.ReplyTo != int64(i+1) || m.Name() != []string{"RST2", "FindMembership", "HTTP"}[i] {
			t.Errorf("%d: reply to %d, %s: %s", i, m.ReplyTo, m.Name(), m.Summary())
		}
	}
}

// Behind a gap an answer is none to what was asked before.
func TestWebGapParts(t *testing.T) {
	w := newWire(t)
	w.open(1, "10.0.0.9:1", "10.0.0.1:80")
	w.say(1, Client, asksToken)
	f := w.framers[[2]uint32{1, uint32(Server)}]
	if f == nil {
		f = new(Framer)
		w.framers[[2]uint32{1, uint32(Server)}] = f
	}
	w.say(1, Server, "HTTP/1.1 100 Continue\r\n\r\n")
	var fr Frame
	for f.Gap(-1, &fr) {
	}
	if m := w.say(1, Server, givesLists); m.ReplyTo != 0 || m.Name() != "FindMembership" {
		t.Errorf("reply to %d, %s", m.ReplyTo, m.Name())
	}
}

// HTTP that is of no service is named as such.
func TestWebOther(t *testing.T) {
	w := newWire(t)
	c := w.open(1, "10.0.0.9:1", "10.0.0.1:1863")
	m := w.say(1, Client, "GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n")
	if m.Call != nil || m.Opening == nil || m.Opening.Name != "HTTP" || len(m.Findings) != 1 || m.Findings[0].Rule != "frame.opaque" || c.Role == WEB {
		t.Errorf("%+v %v", m.Opening, m.Findings)
	}
}

func TestWebFraming(t *testing.T) {
	stream := asksToken + asksLists + "\r\n" + "GET /rdr/pprdr.asp HTTP/1.1\r\n\r\n"
	want := ""
	for step := len(stream); step > 0; step = step * 2 / 3 {
		var f Framer
		var fr Frame
		got, all := "", ""
		for at := 0; at < len(stream); at += step {
			f.Feed([]byte(stream[at:min(at+step, len(stream))]))
			for f.Next(&fr) {
				got += fmt.Sprintf("%v at %d, line %d+%d of %d\n", fr.Kind, fr.Offset, fr.LineLen, fr.EOL, len(fr.Raw))
				all += string(fr.Raw)
			}
		}
		if all != stream {
			t.Fatalf("in steps of %d bytes are lost", step)
		}
		if want == "" {
			want = got
		}
		if got != want || strings.Count(got, "web") != 3 {
			t.Fatalf("in steps of %d:\n%swant\n%s", step, got, want)
		}
	}
}

// What goes through a proxy's tunnel is framed for itself.
func TestWebTunnel(t *testing.T) {
	kinds := func(text string) (got string) {
		var f Framer
		var fr Frame
		f.Feed([]byte(text))
		for f.Next(&fr) || f.Flush(&fr) {
			got += fr.Kind.String() + " "
		}
		return got
	}
	for text, want := range map[string]string{
		"CONNECT a:1863 HTTP/1.0\r\n\r\nVER 1 MSNP8 CVR0\r\nCVR 2 a b c d e f\r\n": "web command command ",
		"HTTP/1.0 200 Connection established\r\n\r\nVER 1 MSNP8\r\n":               "web command ",
		"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\nVER 1 MSNP8\r\n":         "web ",
		"CONNECT a:80 HTTP/1.0\r\n\r\nCONNECT b:1863 HTTP/1.0\r\n\r\nOUT\r\n":      "web web command ",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab":                           "web ",
		"HTTP/1.1 200 OK\r\nContent-Len":                                           "opaque ",
		"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\nabGET / HTTP/1.1\r\n\r\n":     "web opaque web ",
		"PUT 5 alice@example.com 2\r\nabOUT\r\n":                                   "command command ",
	} {
		if got := kinds(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestWebLimits(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nContent-Length: 66000\r\n\r\n"
	for most, long := range map[int]bool{66000 + len(head) - 64<<10: false, 66000 + len(head) - 64<<10 - 1: true} {
		f := Framer{MaxPayload: most}
		var fr Frame
		f.Feed([]byte(head + strings.Repeat("a", 66000) + "GET / HTTP/1.1\r\n\r\n"))
		total := 0
		for f.Next(&fr) {
			switch {
			case total == 0 && (fr.Kind != Web || fr.Apart != long):
				t.Errorf("limit %d: %v, apart %v", most, fr.Kind, fr.Apart)
			case total == 0 && long && (fr.Missing != 66000 || string(fr.Raw) != head):
				t.Errorf("limit %d: %q, %d missing", most, fr.Raw, fr.Missing)
			}
			total += len(fr.Raw)
		}
		if total != len(head)+66000+18 || fr.Kind != Web || fr.Resync || fr.Apart {
			t.Errorf("limit %d: %d bytes, the last %v", most, total, fr.Kind)
		}
	}
}

// A gap leaves what is behind it in step where the length is known, and is found again else.
func TestWebGap(t *testing.T) {
	for _, c := range []struct {
		before string
		gap    int64
		after  string
		want   string
	}{
		{"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", 4, "xyzGET / HTTP/1.1\r\n\r\n", "web opaque web "},
		{"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", -1, "xyzGET / HTTP/1.1\r\n\r\n", "web opaque web "},
		{"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", 8, "xyzGET / HTTP/1.1\r\n\r\n", "web opaque web "},
		{"GET / HTTP/1.1\r\n\r\n", 5, "xyzGET / HTTP/1.1\r\n\r\n", "web opaque web "},
	} {
		var f Framer
		var fr Frame
		got := ""
		f.Feed([]byte(c.before))
		for f.Next(&fr) {
			got += fr.Kind.String() + " "
		}
		for f.Gap(c.gap, &fr) {
			got += fr.Kind.String() + " "
		}
		f.Feed([]byte(c.after))
		for f.Next(&fr) {
			got += fr.Kind.String() + " "
		}
		if got != c.want {
			t.Errorf("%q, a gap of %d: %s", c.before, c.gap, got)
		}
	}
}

// What a proxy has noted that has the key is told by who reads the recording.
func TestSSOVerdictNoted(t *testing.T) {
	for _, right := range []bool{true, false} {
		w := newWire(t)
		w.open(2, "10.0.0.9:1002", "10.0.0.2:443")
		w.say(2, Client, asksToken)
		w.say(2, Server, string(service.Mask([]byte(givesToken), service.NewMasker())))
		w.open(3, "10.0.0.9:1003", "10.0.0.5:1863")
		w.say(3, Client, "VER 1 MSNP15 CVR0\r\nUSR 3 SSO I alice@example.com\r\n")
		w.say(3, Server, "VER 1 MSNP15 CVR0\r\nUSR 3 SSO S MBI_KEY_OLD "+webNonce+"\r\n")
		line := "USR 4 SSO S " + webTicket + " " + blobFor(t, webSecret)
		fr := &Frame{Raw: []byte(line + "\r\n"), LineLen: len(line), EOL: 2}
		m := w.tracker.Relayed(3, Client, fr, w.at, Relay{Verdict: SSOVerdict(right)})
		wrong := len(m.Findings) == 1 && m.Findings[0].Rule == "sso.blob"
		if right && (m.SSO != SignInRight || len(m.Findings) != 0 || m.SSORight() == "") || !right && (m.SSO != SignInWrong || !wrong || m.SSORight() != "") {
			t.Errorf("right %v: %v %v", right, m.SSO, m.Findings)
		}
	}
}

// An offline message is told by its text.
func TestWebNote(t *testing.T) {
	w := newWire(t)
	w.open(1, "10.0.0.9:1", "10.0.0.1:80")
	m := w.say(1, Client, post("/OimWS/oim.asmx", inBody(`<To memberName="bob@example.com"/>`, "<MessageType>text</MessageType><Content>Content-Transfer-Encoding: base64\n\naGVsbG8=</Content>")))
	if m.Summary() != `"hello" for bob@example.com` || m.Payload().Text != "hello" {
		t.Errorf("%q %q", m.Summary(), m.Payload().Text)
	}
	m = w.say(1, Client, post("/OimWS/oim.asmx", inBody(`<To memberName="bob@example.com"/>`, "<MessageType>text</MessageType>")))
	if m.Summary() != "for bob@example.com" || m.Payload().Text != "" {
		t.Errorf("%q %q", m.Summary(), m.Payload().Text)
	}
	w.say(1, Client, post("/Config/MsgrConfig.asmx", inBody("", "<GetClientConfig/>")))
	if got := w.said[len(w.said)-1]; got != "1 C GetClientConfig: what to use?" {
		t.Error(got)
	}
}
