package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/service"
	"msnproxy/decode/stage"
	"msnproxy/proxy/proxytest"
)

// theater plays lines of MSNP and messages of HTTP to a patient.
type theater struct {
	p       *patient
	at      time.Time
	framers map[string]*decode.Framer
	conns   map[uint32]*capture.Conn
}

func newTheater() *theater {
	return &theater{p: newPatient(nil), at: time.Unix(1_000_000, 0), framers: map[string]*decode.Framer{}, conns: map[uint32]*capture.Conn{}}
}

func (th *theater) say(id uint32, from decode.Sender, raw string) {
	c := th.conns[id]
	if c == nil {
		c = &capture.Conn{ID: id, Client: fmt.Sprintf("10.0.0.9:%d", 1030+id), Server: "10.0.0.5:1863"}
		th.conns[id] = c
		th.p.record(&capture.Record{Kind: capture.Opened, Conn: c, Time: th.at})
	}
	key := c.Client + from.String()
	f := th.framers[key]
	if f == nil {
		f = &decode.Framer{}
		th.framers[key] = f
	}
	f.Feed([]byte(raw))
	var fr decode.Frame
	for f.Next(&fr) {
		th.at = th.at.Add(time.Millisecond)
		th.p.record(&capture.Record{Kind: capture.Data, Conn: c, From: from, Time: th.at, Frame: fr.Clone()})
	}
}

// signsIn plays the sign-in up to the policy, in MSNP15.
func (th *theater) signsIn() {
	for _, line := range []string{"C VER 1 MSNP15 CVR0", "S VER 1 MSNP15", "C CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com",
		"S CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b", "C USR 3 SSO I alice@example.com", "S USR 3 SSO S MBI_KEY_OLD bm9uY2U="} {
		th.say(1, map[byte]decode.Sender{'C': decode.Client, 'S': decode.Server}[line[0]], line[2:]+"\r\n")
	}
}

// ticketRequest asks for a ticket.
func ticketRequest() string {
	const body = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><wsse:Security><wsse:UsernameToken><wsse:Username>alice@example.com</wsse:Username><wsse:Password>x</wsse:Password></wsse:UsernameToken></wsse:Security></s:Header><s:Body><ps:RequestMultipleSecurityTokens/></s:Body></s:Envelope>`
	return "POST /RST2.srf HTTP/1.1\r\nHost: login.live.com\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// asks plays the request for a ticket, and the answer, if there is one.
func (th *theater) asks(answer string) {
	th.say(2, decode.Client, ticketRequest())
	if answer != "" {
		th.say(2, decode.Server, answer)
	}
}

// first is the first line that doctor says a minute later.
func (th *theater) first(t *testing.T) (string, *diagnosis) {
	t.Helper()
	th.p.end = th.at.Add(time.Minute)
	list := th.p.diagnoses()
	if len(list) != 1 {
		t.Fatalf("%d sign-ins, not 1", len(list))
	}
	var out bytes.Buffer
	_ = tell(&out, "text", list)
	line, _, _ := strings.Cut(out.String(), "\n")
	return line, list[0]
}

const issued = `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><wst:RequestSecurityTokenResponseCollection><wst:RequestSecurityTokenResponse><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>messengerclear.live.com</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="Compact1">t=abc&amp;p=</wsse:BinarySecurityToken></wst:RequestedSecurityToken><wst:RequestedProofToken><wst:BinarySecret>AAECAwQFBgcICQoLDA0ODxAREhMUFRYX</wst:BinarySecret></wst:RequestedProofToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`

func answered(status, body string) string {
	return "HTTP/1.1 " + status + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// A sign-in that waits for a ticket: the web service was never asked here, keeps silent,
// refuses, or has issued one that does not help.
func TestDoctorOfTheWebHalf(t *testing.T) {
	th := newTheater()
	th.signsIn()
	line, d := th.first(t)
	if want := "bad      session 1, alice@example.com: the client says nothing more; never asked here: login.live.com (tickets (RST))"; line != want {
		t.Errorf("%q, want %q", line, want)
	}
	if !strings.Contains(d.verdict.Advice, "DNS and hosts file of the client") {
		t.Errorf("do %q", d.verdict.Advice)
	}

	th = newTheater()
	th.signsIn()
	th.asks("")
	if line, _ = th.first(t); !strings.HasSuffix(line, ": the web service does not answer RST2 (message 7)") {
		t.Errorf("%q", line)
	}

	th = newTheater()
	th.signsIn()
	th.asks(answered("500 Internal Server Error", "<html>no</html>"))
	if line, _ = th.first(t); !strings.Contains(line, ": the web service refuses RST2 (message 8): 500 Internal Server Error") {
		t.Errorf("%q", line)
	}

	th = newTheater()
	th.signsIn()
	th.asks(answered("200 OK", issued))
	line, d = th.first(t)
	if d.sign.Reached != decode.StageTicket || !strings.HasPrefix(d.verdict.String(), "reached: a ticket of the web service (MSNP15); then nothing") {
		t.Errorf("%q: %q", line, d.verdict.String())
	}

	// The key that came with the ticket is not the one that the answer is worked out with.
	th.say(1, decode.Client, "USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAAAAAAAAAAA7XgT5ohvaZdoXdrWUUcMF2G8OK2JohyYcK5l5MJSitab33scxJeK/RQXcUr0L+R2ZA9CEAzn0izmUzSMp2LZdxSbHtnuxCmptgtoScHp9E26HjQVkA9YJxgK/HM=\r\n")
	th.say(1, decode.Server, "911 4\r\n")
	if line, d = th.first(t); !strings.Contains(line, "the answer to the nonce is wrong for the key that came with the ticket") || !strings.Contains(line, "(sso.blob)") {
		t.Errorf("%q %v", line, d.found)
	}
}

// Live: a web service behind the proxy refuses the password, which the server never sees.
func TestDoctorWaitsForTheWebHalf(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // no CA
	s, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Dialects: []string{"MSNP15", "CVR0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := proxytest.StartWeb(s, proxytest.WebConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	out, code := waits(t, s.NS, func(addr string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		talk := func(say, until string) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.WriteString(c, say); err != nil {
				t.Error(err)
			}
			for in := bufio.NewReader(c); ; {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Errorf("waiting for %q: %v", until, err)
					return
				}
				if strings.Contains(line, until) { // a payload may end before it
					return
				}
			}
		}
		talk("VER 1 MSNP15 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com\r\nUSR 3 SSO I alice@example.com\r\n", "USR 3 SSO S")
		talk(ticketRequest(), "HTTP/1.1 ")
		bob, err := proxytest.Dial(ctx, addr, proxytest.Options{Account: "bob@example.com", Password: "builder", Dialects: []string{"MSNP15", "CVR0"}})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { bob.Close() })
		_ = bob.SetStatus(ctx, "NLN")
	}, "--web", "login.live.com=http://"+w.HTTP)
	if code != exitFindings || !strings.Contains(out, "bad      session 1, alice@example.com: the web service refuses RST2 (message ") ||
		!strings.Contains(out, "ok       session 2, bob@example.com") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// Each host that has an action has one that the table of services knows.
func TestHostsHaveServices(t *testing.T) {
	n := 0
	for _, h := range stage.Hosts() {
		if h.Action == "" {
			continue
		}
		if n++; service.Lookup(h.Action) == nil {
			t.Errorf("%s: there is no %s", h.Name, h.Action)
		}
	}
	if n < 5 {
		t.Errorf("%d hosts have an action", n)
	}
}
