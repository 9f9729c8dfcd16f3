package proxy

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/ca"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/web"
)

// webProxy is a proxy that leads login.example.com, and itself, to u.
func webProxy(t testing.TB, u *upstream, cfg Config, more ...string) (*Proxy, *journal) {
	t.Helper()
	cfg.Ways = append(cfg.Ways, web.New(web.Config{Routes: webRoutes(t, u, more...)}))
	if cfg.Upstream == "" {
		cfg.Upstream = u.Addr().String()
	}
	return start(t, cfg)
}

func webRoutes(t testing.TB, u *upstream, more ...string) *web.Routes {
	t.Helper()
	var list []web.Route
	for _, s := range append(more, "login.example.com=http://"+u.Addr().String(), u.Addr().String()+"=http://"+u.Addr().String()) {
		r, err := web.ParseRoute(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return web.NewRoutes(list)
}

// inPieces writes in random pieces.
func inPieces(t testing.TB, rnd *rand.Rand, c net.Conn, b []byte) {
	for len(b) > 0 {
		n := min(len(b), 1+rnd.IntN(rnd.IntN(400)+1))
		if _, err := c.Write(b[:n]); err != nil {
			t.Error(err)
			return
		}
		b = b[n:]
	}
}

func noise(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghij <>&=;:/\r\n\x00\xff"[rnd.IntN(22)]
	}
	return b
}

// aBody is a body and the headers that announce it.
func aBody(rnd *rand.Rand) string {
	body := noise(rnd, rnd.IntN(3000))
	switch rnd.IntN(3) {
	case 0:
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	case 1:
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = w.Write(body)
		_ = w.Close()
		return fmt.Sprintf("content-length:%d\r\nContent-Encoding: gzip\r\n\r\n%s", z.Len(), z.String())
	}
	var chunks strings.Builder
	chunks.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		n := min(len(body), 1+rnd.IntN(900))
		fmt.Fprintf(&chunks, "%X;x=y\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	chunks.WriteString("0\r\nTrailer: x\r\n\r\n")
	return chunks.String()
}

// Whatever the lengths, encodings and pieces: the server gets what the client sent but for
// the Host, and the client what the server sent.
func TestWebBytes(t *testing.T) {
	u := newUpstream(t)
	p, seen := webProxy(t, u, Config{KeepSecrets: true})
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 13))
		host := []string{"login.example.com", u.Addr().String()}[seed%2]
		var asked, wanted, answered bytes.Buffer
		for range 1 + rnd.IntN(6) {
			head, body := "POST /RST.srf HTTP/1.1\r\nAccept: */*\r\nHost: %s\r\n", aBody(rnd)
			if rnd.IntN(4) == 0 {
				head, body = "GET /rdr/pprdr.asp HTTP/1.1\r\nHost: %s\r\n", "\r\n"
			}
			fmt.Fprintf(&asked, head+"%s", host, body)
			fmt.Fprintf(&wanted, head+"%s", u.Addr(), body)
			kind := []string{"text/xml", "image/png"}[rnd.IntN(2)]
			if rnd.IntN(5) == 0 {
				answered.WriteString("HTTP/1.1 100 Continue\r\n\r\n")
			}
			fmt.Fprintf(&answered, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s", kind, aBody(rnd))
		}
		client := dial(t, p.Addr().String())
		go inPieces(t, rand.New(rand.NewPCG(seed, 1)), client, asked.Bytes())
		server := u.next(t)
		go inPieces(t, rand.New(rand.NewPCG(seed, 2)), server, answered.Bytes())
		expect(t, server, wanted.String())
		expect(t, client, answered.String())
		client.Close()
		server.Close()
		end := seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed && r.Conn.ID == uint32(seed+1) })
		if got := seen.received(t, end.Conn.ID, decode.Client); string(got) != asked.String() {
			t.Errorf("seed %d: recorded of the client:\n%q\nwant\n%q", seed, got, asked.String())
		}
		if got := seen.received(t, end.Conn.ID, decode.Server); string(got) != answered.String() {
			t.Errorf("seed %d: recorded of the server:\n%q\nwant\n%q", seed, got, answered.String())
		}
	}
}

// What was sent on instead is recorded, and how the client came.
func TestWebRecord(t *testing.T) {
	u := newUpstream(t)
	p, seen := webProxy(t, u, Config{})
	client := dial(t, p.Addr().String())
	const request = "GET /rdr/pprdr.asp HTTP/1.1\r\nHost: %s\r\n\r\n"
	fmt.Fprintf(client, request, "login.example.com")
	server := u.next(t)
	expect(t, server, fmt.Sprintf(request, u.Addr()))
	r := seen.wait(t, "request", func(r *capture.Record) bool { return r.Kind == capture.Data })
	if r.Frame.Kind != decode.Web || string(r.Frame.Raw) != fmt.Sprintf(request, "login.example.com") || string(r.Sent) != fmt.Sprintf(request, u.Addr()) {
		t.Errorf("%v %q, sent %q", r.Frame.Kind, r.Frame.Raw, r.Sent)
	}
	if r.Conn.Way != "HTTP" || r.Conn.Asked != "login.example.com:80" || r.Conn.Server != u.Addr().String() {
		t.Errorf("%+v", r.Conn)
	}
	seen.waitRemark(t, "came in by HTTP for login.example.com:80; led to http://"+u.Addr().String())
	for _, text := range seen.remarks() {
		if strings.Contains(text, "no MSNP") || strings.Contains(text, "framing") {
			t.Errorf("remark %q", text)
		}
	}
}

// A client that waits for leave to send its body gets it.
func TestWebContinue(t *testing.T) {
	u := newUpstream(t)
	p, _ := webProxy(t, u, Config{})
	client := dial(t, p.Addr().String())
	const head = "POST / HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
	fmt.Fprintf(client, head, "login.example.com")
	server := u.next(t)
	expect(t, server, fmt.Sprintf(head, u.Addr()))
	send(t, server, "HTTP/1.1 100 Continue\r\n\r\n")
	expect(t, client, "HTTP/1.1 100 Continue\r\n\r\n")
	send(t, client, "bo")
	expect(t, server, "bo")
	send(t, client, "dy")
	expect(t, server, "dy")
	// An answer that can't name a host goes on as it comes, too.
	const png = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n"
	send(t, server, png+"a")
	expect(t, client, png+"a")
	send(t, server, "bcd")
	expect(t, client, "bcd")
	// And one that ends with the connection.
	send(t, server, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nall of it")
	server.CloseWrite()
	expect(t, client, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nall of it")
	expectEOF(t, client)
}

const (
	aPassword = "Sesame-open-7"
	aToken    = "t=EwBgAqUrAAAUqYTz5MoJ1vY0xUD3uxHdqDHmv4SAAA&p="
	aSecret   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	aCookie   = "MSPAuth-Krumel-99"
)

const askTokens = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><wsse:Security><wsse:UsernameToken Id="user"><wsse:Username>alice@example.com</wsse:Username><wsse:Password>` + aPassword + `</wsse:Password></wsse:UsernameToken></wsse:Security></s:Header><s:Body><ps:RequestMultipleSecurityTokens Id="RSTS"/></s:Body></s:Envelope>`

const giveTokens = `<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><wst:RequestSecurityTokenResponseCollection><wst:RequestSecurityTokenResponse><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>messengerclear.live.com</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="Compact1">t=EwBgAqUrAAAUqYTz5MoJ1vY0xUD3uxHdqDHmv4SAAA&amp;p=</wsse:BinarySecurityToken></wst:RequestedSecurityToken><wst:RequestedProofToken><wst:BinarySecret>` + aSecret + `</wst:BinarySecret></wst:RequestedProofToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`

const askContacts = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><ABAuthHeader><TicketToken>t=EwBgAqUrAAAUqYTz5MoJ1vY0xUD3uxHdqDHmv4SAAA&amp;p=</TicketToken></ABAuthHeader></s:Header><s:Body><ABFindAll/></s:Body></s:Envelope>`

func request(host, path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nCookie: MSPAuth=%s\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", path, host, aCookie, len(body), body)
}

func answering(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nSet-Cookie: MSPAuth=%s; path=/\r\nContent-Length: %d\r\n\r\n%s", aCookie, len(body), body)
}

// secretsIn returns the secrets that are in some bytes.
func secretsIn(b []byte) (found []string) {
	for _, s := range []string{aPassword, "EwBgAqUrAAAUqYTz5MoJ1vY0xUD3uxHdqDHmv4SAAA", aSecret, aCookie} {
		if bytes.Contains(b, []byte(s)) {
			found = append(found, s)
		}
	}
	return found
}

// Who records sees no secret, and the peers see no mask.
func TestWebSecrets(t *testing.T) {
	for _, keep := range []bool{false, true} {
		u := newUpstream(t)
		p, seen := webProxy(t, u, Config{KeepSecrets: keep})
		client := dial(t, p.Addr().String())
		var server *net.TCPConn
		for _, x := range [][3]string{{"/RST2.srf", askTokens, giveTokens}, {"/abservice/abservice.asmx", askContacts, "<a/>"}} {
			send(t, client, request("login.example.com", x[0], x[1]))
			if server == nil {
				server = u.next(t)
			}
			expect(t, server, request(u.Addr().String(), x[0], x[1]))
			send(t, server, answering(x[2]))
			expect(t, client, answering(x[2]))
		}
		// What is cut short is no place for secrets, either.
		cut := strings.TrimSuffix(request("login.example.com", "/RST2.srf", askTokens), "</s:Body></s:Envelope>")
		send(t, client, cut)
		expect(t, server, strings.Replace(cut, "login.example.com", u.Addr().String(), 1))
		send(t, server, strings.TrimSuffix(answering(giveTokens), "</S:Envelope>"))
		server.Close()
		client.Close()
		end := seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
		var all []byte
		for _, from := range []decode.Sender{decode.Client, decode.Server} {
			all = append(all, seen.received(t, end.Conn.ID, from)...)
		}
		for _, r := range seen.all() {
			all = append(append(all, r.Sent...), r.Text...)
		}
		found := secretsIn(all)
		if keep && len(found) != 4 || !keep && len(found) != 0 {
			t.Errorf("secrets kept %v: recorded %q", keep, found)
		}
		if !keep {
			// The token that was given is known again where it is shown.
			given := between(string(all), "<wsse:BinarySecurityToken Id=\"Compact1\">", "<")
			if shown := between(string(all), "<TicketToken>", "<"); given != shown || !strings.HasPrefix(given, "masked-") {
				t.Errorf("given %q, shown %q", given, shown)
			}
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// An answer that names the server by its own name has the client come back.
func TestWebHosts(t *testing.T) {
	u, other := newUpstream(t), newUpstream(t)
	p, seen := webProxy(t, u, Config{}, "contacts.example.com=http://"+other.Addr().String())
	client := dial(t, p.Addr().String())
	const ask = "GET /rdr/pprdr.asp HTTP/1.1\r\nHost: login.example.com\r\n\r\n"
	send(t, client, ask)
	server := u.next(t)
	expect(t, server, strings.Replace(ask, "login.example.com", u.Addr().String(), 1))
	const answer = "HTTP/1.1 200 OK\r\nPassportURLs: DARealm=Passport.Net,DALogin=%s/login2.srf\r\nContent-Length: 0\r\n\r\n"
	b := fmt.Sprintf(answer, other.Addr())
	send(t, server, b[:60])
	send(t, server, b[60:])
	expect(t, client, fmt.Sprintf(answer, "contacts.example.com"))
	r := seen.wait(t, "answer", func(r *capture.Record) bool { return r.Kind == capture.Data && r.From == decode.Server })
	if string(r.Frame.Raw) != b || string(r.Sent) != fmt.Sprintf(answer, "contacts.example.com") {
		t.Errorf("%q, sent %q", r.Frame.Raw, r.Sent)
	}
	seen.waitRemark(t, "PassportURLs "+other.Addr().String()+" as contacts.example.com")
	// That is said eight times, and done each time.
	for range 10 {
		send(t, server, b)
		expect(t, client, fmt.Sprintf(answer, "contacts.example.com"))
	}
	client.Close()
	server.Close()
	seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
	said := 0
	for _, text := range seen.remarks() {
		if strings.Contains(text, "by which the client would leave") {
			said++
		}
	}
	if said != 8 {
		t.Errorf("said %d times", said)
	}
}

// What is too long to be held passes without a look, which is said.
func TestWebTooLong(t *testing.T) {
	u := newUpstream(t)
	p, seen := webProxy(t, u, Config{MaxPayload: 1000})
	client := dial(t, p.Addr().String())
	send(t, client, "GET / HTTP/1.1\r\nHost: "+u.Addr().String()+"\r\n\r\n")
	server := u.next(t)
	long := "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 199999)
	go inPieces(t, rand.New(rand.NewPCG(1, 1)), server, []byte(long))
	expect(t, client, long) // all but the last byte: nothing waits for it
	seen.waitRemark(t, "longer than is read")
	send(t, server, "y")
	expect(t, client, "y")
	send(t, server, answering("<a/>"))
	expect(t, client, answering("<a/>"))
	seen.wait(t, "next answer", func(r *capture.Record) bool {
		return r.Kind == capture.Data && r.From == decode.Server && r.Frame.Kind == decode.Web
	})
}

// A request for another host is not sent to this one's server.
func TestWebStray(t *testing.T) {
	u := newUpstream(t)
	p, seen := webProxy(t, u, Config{}, "www.example.com=http://127.0.0.1:1")
	client := dial(t, p.Addr().String())
	const ask = "GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
	fmt.Fprintf(client, ask+ask, "login.example.com", "www.example.com")
	server := u.next(t)
	expect(t, server, fmt.Sprintf(ask, u.Addr()))
	if b, _ := io.ReadAll(server); len(b) > 0 {
		t.Errorf("the server gets %q", b)
	}
	// The answer that is due comes yet.
	send(t, server, answering("<a/>"))
	server.Close()
	if b, _ := io.ReadAll(client); string(b) != answering("<a/>") {
		t.Errorf("the client gets %q", b)
	}
	for _, r := range seen.all() {
		if r.Kind == capture.Data && bytes.Contains(r.Frame.Raw, []byte("www.example.com")) && r.Fate != capture.Withheld {
			t.Errorf("%q is said to have gone on", r.Frame.Raw)
		}
	}
	seen.waitRemark(t, "the client asks for www.example.com on a connection that was made for another host")
}

// askedAt is a stage that carries out actions on requests for a path.
func askedAt(t testing.TB, path, do string) gate.Stage {
	t.Helper()
	list, err := action.ParseList(do)
	if err != nil {
		t.Fatal(err)
	}
	return looks(func(m *decode.Message, e *action.Effect) gate.Waiter {
		if m.From == decode.Client && bytes.Contains(m.Frame.Line(), []byte(path)) {
			for _, a := range list {
				if err := e.Apply(m, a, "test"); err != nil {
					panic(err)
				}
			}
		}
		return nil
	})
}

// What the gate holds, and lets go, goes as it came; it never sees secrets.
func TestWebGate(t *testing.T) {
	for _, c := range []struct {
		name, when, do string
		want           string // what the server gets; "" is nothing
	}{
		{"nothing", "/other", "drop", askTokens},
		{"drop", "/RST2.srf", "drop", ""},
		{"delay", "/RST2.srf", "delay 30ms", askTokens},
		{"hold", "/RST2.srf", "hold for 30ms", askTokens},
		{"slices", "/RST2.srf", "slice 50", askTokens},
	} {
		u := newUpstream(t)
		g := gate.New(gate.Options{})
		g.Add(askedAt(t, c.when, c.do))
		p, seen := webProxy(t, u, Config{Gate: g})
		client := dial(t, p.Addr().String())
		rnd := rand.New(rand.NewPCG(1, 2))
		inPieces(t, rnd, client, []byte(request("login.example.com", "/RST2.srf", askTokens)))
		server := u.next(t)
		if c.want != "" {
			expect(t, server, request(u.Addr().String(), "/RST2.srf", c.want))
		}
		// The next one goes.
		send(t, client, request("login.example.com", "/nothing", "<b/>"))
		expect(t, server, request(u.Addr().String(), "/nothing", "<b/>"))
		send(t, server, answering(giveTokens))
		expect(t, client, answering(giveTokens))
		r := seen.wait(t, "request", func(r *capture.Record) bool { return r.Kind == capture.Data })
		if (c.do == "drop" && c.want == "") != (r.Fate == capture.Withheld) {
			t.Errorf("%s: the fate is %v", c.name, r.Fate)
		}
		client.Close()
		server.Close()
		seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
		for _, r := range seen.all() {
			if found := secretsIn(append(append([]byte(r.Text), r.Sent...), r.Frame.Raw...)); len(found) > 0 {
				t.Errorf("%s: recorded %q", c.name, found)
			}
		}
	}
}

// A held message shows no secret, may be changed, and has its secrets when it goes.
func TestWebHeldIsChanged(t *testing.T) {
	u := newUpstream(t)
	g := gate.New(gate.Options{})
	g.Add(askedAt(t, "/RST2.srf", "hold"))
	p, _ := webProxy(t, u, Config{Gate: g})
	client := dial(t, p.Addr().String())
	watch := make(chan struct{}, 1)
	g.Watch(watch)
	send(t, client, request("login.example.com", "/RST2.srf", askTokens))
	server := u.next(t)
	var held []gate.Held
	for len(held) == 0 {
		<-watch
		held = g.Held()
	}
	if found := secretsIn(append(held[0].Received, held[0].Frame...)); len(found) > 0 {
		t.Errorf("held with %q", found)
	}
	changed := bytes.Replace(held[0].Frame, []byte("alice@"), []byte("someone.else@"), 1)
	head, body, _ := strings.Cut(string(changed), "\r\n\r\n")
	length := between(head, "Content-Length: ", "\r")
	whole := strings.Replace(head, "Content-Length: "+length, fmt.Sprintf("Content-Length: %d", len(body)), 1) + "\r\n\r\n" + body
	do, err := action.ParseList(`raw "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", `\r`, "\n", `\n`, "{", "{{").Replace(whole) + `"`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Decide(held[0].Number, do, "operator"); err != nil {
		t.Fatal(err)
	}
	expect(t, server, request(u.Addr().String(), "/RST2.srf", strings.Replace(askTokens, "alice@", "someone.else@", 1)))
}

// Inside TLS, towards a server with TLS.
func TestWebTLS(t *testing.T) {
	authority, err := ca.Create(filepath.Join(t.TempDir(), "ca"), ca.Options{Names: []string{"example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	u := newUpstream(t)
	w := web.New(web.Config{CA: authority, Insecure: true, Routes: web.NewRoutes([]web.Route{mustRoute(t, "login.example.com=https://"+u.Addr().String())})})
	p, seen := start(t, Config{Upstream: u.Addr().String(), Ways: []entrance.Entrance{w}})
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	done := make(chan struct{})
	go func() {
		defer close(done)
		leaf, _ := authority.Leaf("127.0.0.1")
		s := tls.Server(u.next(t), &tls.Config{Certificates: []tls.Certificate{*leaf}})
		expect(t, s, request(u.Addr().String(), "/RST2.srf", askTokens))
		send(t, s, answering(giveTokens))
		_ = s.Close()
	}()
	client, err := tls.Dial("tcp", p.Addr().String(), &tls.Config{
		ServerName: "login.example.com", RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_ = client.SetDeadline(time.Now().Add(patience))
	send(t, client, request("login.example.com", "/RST2.srf", askTokens))
	expect(t, client, answering(giveTokens))
	<-done
	if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the answer %d bytes, %v", n, err)
	}
	client.Close()
	end := seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
	if end.Conn.Way != "HTTPS" || end.Conn.Asked != "login.example.com:443" || end.Reset {
		t.Errorf("%+v, reset %v, %q", end.Conn, end.Reset, end.Text)
	}
	seen.waitRemark(t, "TLS 1.0, TLS_RSA_WITH_3DES_EDE_CBC_SHA")
}

func mustRoute(t testing.TB, s string) web.Route {
	t.Helper()
	r, err := web.ParseRoute(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The answer to a HEAD has no body, whatever it announces: nobody waits for one.
func TestWebHead(t *testing.T) {
	u := newUpstream(t)
	p, _ := webProxy(t, u, Config{})
	client := dial(t, p.Addr().String())
	const ask = "HEAD /rdr/pprdr.asp HTTP/1.1\r\nHost: %s\r\n\r\n"
	fmt.Fprintf(client, ask, "login.example.com")
	server := u.next(t)
	expect(t, server, fmt.Sprintf(ask, u.Addr()))
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n"
	send(t, server, answer)
	expect(t, client, answer)
}

// HTTP that nobody expects, in a tunnel or at the port of MSNP, shows no secrets, either.
func TestSecretsElsewhere(t *testing.T) {
	u := newUpstream(t)
	p, seen := start(t, Config{Upstream: u.Addr().String()})
	client := dial(t, p.Addr().String())
	twice := request("a.example", "/RST2.srf", askTokens) + request("a.example", "/RST2.srf", askTokens)
	send(t, client, twice+twice[:len(twice)/2-30])
	server := u.next(t)
	expect(t, server, twice+twice[:len(twice)/2-30])
	send(t, server, answering(giveTokens))
	expect(t, client, answering(giveTokens))
	client.Close()
	server.Close()
	end := seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
	got := append(seen.received(t, end.Conn.ID, decode.Client), seen.received(t, end.Conn.ID, decode.Server)...)
	if found := secretsIn(got); len(found) > 0 || !bytes.Contains(got, []byte("masked-")) {
		t.Errorf("recorded %q", found)
	}
}
