package replay

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode/challenge"
)

// The answer to a challenge is judged by the dialect: where it is of the same time as
// the product id only the answer of that time is right, else either is.
func TestChallengeByDialect(t *testing.T) {
	const posed, young, old = "15570131571988941333", "PROD0090YUAUV{2B", "msmsgs@msnmsgr.com"
	first := map[string]string{young: fmt.Sprintf("%x", md5.Sum([]byte(posed+"YMM8C_H7KCQ2S_KL"))), old: fmt.Sprintf("%x", md5.Sum([]byte(posed+"Q1P7W2E4J9R8U3S5")))}
	second, ok := challenge.Respond(young, posed)
	if !ok {
		t.Fatal("no key")
	}
	for _, test := range []struct {
		dialect         int
		product, answer string
		right           bool
	}{
		{11, young, second, true},
		{11, young, first[young], false},
		{10, young, first[young], true},
		{10, young, second, true},
		{10, old, first[old], true},
		{11, old, first[old], true},
		{11, young, strings.Repeat("0", 32), false},
		{10, young, strings.Repeat("0", 32), false},
	} {
		bubbled(t, fmt.Sprintf("MSNP%d %.8s %.4s", test.dialect, test.product, test.answer), func(t *bubble) {
			d := fmt.Sprintf("MSNP%d", test.dialect)
			s, e := serve(t, ServerConfig{Story: transcript(t, "C: VER 1 "+d, "S: VER 1 "+d, "C: CVR 2 0x0409 win 4.10 i386 MSNMSGR 7.0 MSMSGS alice@example.com",
				"S: CVR 2 7.0 7.0 7.0 http://a.example http://b.example", "C: USR 3 TWN I alice@example.com", "S: USR 3 TWN S ct=1,tw=1",
				"C: USR 4 TWN S t=1&p=1", "S: USR 4 OK alice@example.com Alice 1 0", "S: CHL 0 "+posed, "C: CHG 5 NLN 0", "S: CHG 5 NLN 0")})
			p := visit(t, s.Addr().String())
			p.ask("VER 1 "+d+"\r\nUSR 3 TWN I alice@example.com\r\n", "USR 3 TWN S ")
			p.ask("USR 4 TWN S t=1&p=1\r\n", "CHL 0 "+posed+"\r\n")
			p.send(fmt.Sprintf("QRY 6 %s 32\r\n%s", test.product, test.answer))
			if test.right {
				p.ask("CHG 5 NLN 0\r\n", "CHG 5 NLN 0\r\n")
			} else {
				p.want("540 6\r\n")
				p.end()
			}
			if got := e.of(Wrong); (got == nil) != test.right {
				t.Errorf("%q", got)
			}
		})
	}
}

// From MSNP16 on a client names itself with its end point; which one that is is no matter.
func TestEndPoint(t *testing.T) {
	const here = ";{1be99e6d-1c6e-4bea-8b3e-9c464006a774}"
	for _, test := range []struct{ who, want, refused string }{
		{"Alice@example.com", "USR 1 OK ", ""},
		{"bob@example.com", "911 1\r\n", "a cookie that is not good for bob@example.com"},
		{"alice@example.com.example.com", "911 1\r\n", "a cookie that is not good for alice@example.com.example.com"},
	} {
		bubbled(t, test.who, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: tell(t, demo)})
			ns := signedIn(t, s)
			ns.ask("XFR 300 SB\r\n", "XFR 300 SB ")
			f := strings.Fields(ns.want("\r\n"))
			visit(t, f[0]).ask(fmt.Sprintf("USR 1 %s %s\r\n", test.who+here, f[2]), test.want)
			got := e.of(Refused)
			if (got == nil) != (test.refused == "") || got != nil && !strings.HasSuffix(got[0], test.refused) {
				t.Errorf("%q", got)
			}
		})
	}
}

// A connection that waits for what others do is looked at when they have done it, also
// when its own client is leaving.
func TestWaitsForOthers(t *testing.T) {
	st := transcript(t, "C: VER 1 MSNP7", "S: VER 1 MSNP7", "S: NLN NLN bob@example.com Bob", "C: OUT")
	m := st.Conns[0].Messages[2]
	for _, test := range []struct {
		leaving bool
		h       hold
		want    bool
	}{{false, hold{m, m}, true}, {true, hold{m, m}, true}, {false, hold{nil, m}, false}, {true, hold{}, false}} {
		c := conn{s: &Server{script: newScript(st), cfg: ServerConfig{Patience: time.Minute}}, part: newPart(st.Conns[0]), leaving: test.leaving, last: time.Now()}
		if c.wait(test.h, time.Now()); c.waits != test.want {
			t.Errorf("leaving %t, %+v: waits for others: %t", test.leaving, test.h, c.waits)
		}
	}
}

// Two who leave at once hear of each other as they did when it was recorded, whoever is
// the first; the second one is waited for for two seconds.
func TestLeaveTogether(t *testing.T) {
	signIn := func(who string) string {
		return "Client opens a connection to 192.0.2.1:1863\r\nC: VER 1 MSNP7\r\nS: VER 1 MSNP7\r\nC: USR 3 MD5 I " + who + "@example.com\r\nS: USR 3 MD5 S 1\r\nC: USR 4 MD5 S 00000000000000000000000000000000\r\nS: USR 4 OK " + who + "@example.com A 1\r\n"
	}
	path := transcribed(t, signIn("alice")+"C: OUT\r\nServer disconnects client\r\n"+signIn("bob")+"C: OUT\r\nS: FLN alice@example.com\r\nServer disconnects client\r\n")
	for after, want := range map[time.Duration]string{-1: "FLN alice@example.com\r\n", 0: "FLN alice@example.com\r\n", 2*time.Second - 1: "FLN alice@example.com\r\n", 2*time.Second + 1: ""} {
		bubbled(t, after.String(), func(t *bubble) {
			s, _ := serve(t, ServerConfig{Story: tell(t, path)})
			in := func(who string) *visitor {
				p := visit(t, s.Addr().String())
				p.ask("VER 1 MSNP7\r\nUSR 3 MD5 I "+who+"@example.com\r\n", "USR 3 MD5 S 1\r\n")
				p.ask("USR 4 MD5 S 0\r\n", "USR 4 OK "+who+"@example.com A 1\r\n")
				return p
			}
			alice, bob := in("alice"), in("bob")
			if after < 0 {
				alice.send("OUT\r\n")
				alice.end()
			}
			bob.send("OUT\r\n")
			if after >= 0 {
				time.AfterFunc(after, func() { alice.send("OUT\r\n") })
			}
			if bob.end(); bob.got != want {
				t.Errorf("bob hears %q, want %q", bob.got, want)
			}
		})
	}
}

// What is waited for is waited for from when that began, or from when it would have come
// if that is later; waiting for something else begins anew.
func TestPatienceBegins(t *testing.T) {
	st := transcript(t, "C: VER 1 MSNP7", "S: VER 1 MSNP7", "S: NLN NLN bob@example.com Bob", "S: FLN bob@example.com", "C: OUT")
	one, other := st.Conns[0].Messages[2], st.Conns[0].Messages[3]
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := conn{s: &Server{script: newScript(st), cfg: ServerConfig{Patience: time.Minute}}, part: newPart(st.Conns[0]), last: start.Add(-time.Hour)}
	for _, step := range []struct {
		h        hold
		now      time.Duration
		said     bool // something has been said just now
		want     time.Duration
		whenever string
	}{
		{hold{one, one}, 0, false, time.Minute, "the wait begins"},
		{hold{one, one}, 59 * time.Second, false, time.Minute, "it goes on"},
		{hold{other, other}, 59 * time.Second, false, 119 * time.Second, "another begins"},
		{hold{other, other}, 90 * time.Second, true, 150 * time.Second, "something was said since"},
		{hold{other, other}, 150*time.Second - 1, false, 150 * time.Second, "just before its end"},
	} {
		now := start.Add(step.now)
		if step.said {
			c.last = now
		}
		wake, again := c.wait(step.h, now)
		if got := wake.Sub(start); got != step.want || again {
			t.Errorf("%s: until %v, want %v (again %t)", step.whenever, got, step.want, again)
		}
	}
}
