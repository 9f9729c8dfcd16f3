package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/ca"
	"msnproxy/proxy/entrance"
)

// testCA is the CA of all tests, as keys take their time.
var testCA = sync.OnceValue(func() *ca.CA {
	a, err := ca.Create(caDir, ca.Options{Names: []string{"example.com"}})
	if err != nil {
		panic(err)
	}
	return a
})

// outcome is what became of a client.
type outcome struct {
	wish *entrance.Wish
	err  error
}

// door serves clients by one way in, as a proxy does that relays without looking.
type door struct {
	addr string
	ends chan outcome
}

func open(t *testing.T, w *Web, asked *entrance.Wish) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	d := &door{addr: l.Addr().String(), ends: make(chan outcome, 64)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { d.ends <- serve(w, conn, asked) }()
		}
	}()
	return d
}

func serve(w *Web, conn net.Conn, asked *entrance.Wish) (o outcome) {
	defer conn.Close()
	c := entrance.NewCaller(conn, nil, 10*time.Second, nil)
	c.Asked = asked
	for {
		switch w.Takes(c) {
		case decode.No:
			o.err = errors.New("not taken")
			return o
		case decode.Maybe:
			if err := c.More(); err != nil {
				o.err = errors.New("gone")
				return o
			}
			continue
		}
		break
	}
	if o.wish, o.err = w.Enter(context.Background(), c); o.err != nil {
		return o
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	server, err := o.wish.Dial(context.Background())
	if err != nil {
		o.err = err
		_ = o.wish.Answer(err)
		return o
	}
	defer server.Close()
	if o.err = o.wish.Answer(nil); o.err != nil {
		return o
	}
	client := o.wish.Conn
	if client == nil {
		client = c
	}
	_, _ = server.Write(o.wish.Early)
	go func() { _, _ = io.Copy(server, client) }()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	return o
}

// end waits for what became of the next client.
func (d *door) end(t *testing.T) outcome {
	t.Helper()
	select {
	case o := <-d.ends:
		return o
	case <-time.After(10 * time.Second):
		t.Fatal("the client is not done with")
		return outcome{}
	}
}

// behind is a server that says what it was asked.
func behind(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
	}))
	s.Config.ErrorLog = quiet
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func trusting(a *ca.CA) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	return pool
}

// newWeb leads login.live.com, example.com and all below contacts.msn.com to a server.
func newWeb(t *testing.T, s *httptest.Server) *Web {
	t.Helper()
	c := Config{CA: testCA(), Routes: routes(t, "login.live.com="+s.URL, "example.com="+s.URL, "*.contacts.msn.com="+s.URL)}
	if s.Certificate() != nil {
		c.Roots = x509.NewCertPool()
		c.Roots.AddCert(s.Certificate())
	}
	return New(c)
}

const ask = "GET /RST.srf HTTP/1.1\r\nHost: %s\r\n\r\n"

// get asks over a connection, and returns the body of the answer.
func get(t *testing.T, conn net.Conn, host string) string {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, ask, host)
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(b), "\r\n\r\n")
	return body
}

// Go's own client, as old ones and as new ones are.
func TestHandshakes(t *testing.T) {
	server := behind(t, true)
	d := open(t, newWeb(t, server), nil)
	for name, c := range map[string]struct {
		version uint16
		suites  []uint16
		says    string
	}{
		"TLS 1.0, RSA-3DES":      {tls.VersionTLS10, []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}, "TLS 1.0, TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
		"TLS 1.0, RSA-RC4":       {tls.VersionTLS10, []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}, "TLS 1.0, TLS_RSA_WITH_RC4_128_SHA"},
		"TLS 1.0, RSA-AES128":    {tls.VersionTLS10, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, "TLS 1.0, TLS_RSA_WITH_AES_128_CBC_SHA"},
		"TLS 1.0, ECDHE-3DES":    {tls.VersionTLS10, []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}, "TLS 1.0, "},
		"TLS 1.1, RSA-AES256":    {tls.VersionTLS11, []uint16{tls.TLS_RSA_WITH_AES_256_CBC_SHA}, "TLS 1.1, "},
		"TLS 1.2, RSA-AES128":    {tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA256}, "TLS 1.2, "},
		"TLS 1.2, ECDHE-AES-GCM": {tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, "TLS 1.2, "},
		"TLS 1.3":                {tls.VersionTLS13, nil, "TLS 1.3, "},
	} {
		conn, err := tls.Dial("tcp", d.addr, &tls.Config{
			MinVersion: c.version, MaxVersion: c.version, CipherSuites: c.suites, ServerName: "login.live.com", RootCAs: trusting(testCA()),
		})
		if err != nil {
			t.Errorf("%s: %v: %v", name, err, d.end(t).err)
			continue
		}
		if got := get(t, conn, "login.live.com"); got != "GET /RST.srf" {
			t.Errorf("%s: %q", name, got)
		}
		_ = conn.Close()
		o := d.end(t)
		if o.err != nil || o.wish.Way != "HTTPS" || o.wish.Target != "login.live.com:443" || o.wish.Web == nil || o.wish.Rewrite || !strings.Contains(o.wish.Remark, c.says) || !strings.Contains(o.wish.Remark, server.URL) {
			t.Errorf("%s: %+v, %v", name, o.wish, o.err)
		}
	}
}

// A client that names no host gets a certificate that has them all, and its request says.
func TestNoServerName(t *testing.T) {
	server := behind(t, false)
	d := open(t, newWeb(t, server), nil)
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10, CipherSuites: oldSuites})
	if err != nil {
		t.Fatal(err)
	}
	leaf := conn.ConnectionState().PeerCertificates[0]
	for _, name := range []string{"login.live.com", "example.com", "x.contacts.msn.com"} {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: trusting(testCA())}); err != nil {
			t.Error(err)
		}
	}
	if got := get(t, conn, "Example.com:8443"); got != "GET /RST.srf" {
		t.Errorf("%q", got)
	}
	if o := d.end(t); o.err != nil || o.wish.Target != "example.com:8443" {
		t.Errorf("%+v, %v", o.wish, o.err)
	}
}

// To an outer way it named the host: that is the one that the certificate is for.
func TestNamedToAnOuterWay(t *testing.T) {
	server := behind(t, false)
	d := open(t, newWeb(t, server), &entrance.Wish{Way: "CONNECT", Target: "a.contacts.msn.com:443"})
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	if names := conn.ConnectionState().PeerCertificates[0].DNSNames; len(names) != 1 || names[0] != "a.contacts.msn.com" {
		t.Errorf("the certificate is for %v", names)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
	if b, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(b), "HTTP/1.0 200") {
		t.Errorf("%q, %v", b, err)
	}
	if o := d.end(t); o.err != nil || o.wish.Target != "a.contacts.msn.com:443" {
		t.Errorf("%+v, %v", o.wish, o.err)
	}
	// Plain HTTP in a tunnel, without a Host: it is known where to.
	plain := dial(t, d)
	fmt.Fprint(plain, "GET / HTTP/1.0\r\n\r\n")
	if b, err := io.ReadAll(plain); err != nil || !strings.HasPrefix(string(b), "HTTP/1.0 200") {
		t.Errorf("%q, %v", b, err)
	}
	if o := d.end(t); o.err != nil || o.wish.Way != "HTTP" || o.wish.Conn != nil {
		t.Errorf("%+v, %v", o.wish, o.err)
	}
	// Neither.
	plain = dial(t, d)
	fmt.Fprint(plain, "VER 1 MSNP15 CVR0\r\n")
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "neither HTTP nor TLS") {
		t.Errorf("%+v, %v", o.wish, o.err)
	}
}

func dial(t *testing.T, d *door) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func TestPlainHTTP(t *testing.T) {
	d := open(t, newWeb(t, behind(t, true)), nil)
	for request, want := range map[string]string{
		"GET /a HTTP/1.1\r\nHost: login.live.com\r\nConnection: close\r\n\r\n":                  "login.live.com:80",
		"GET /a HTTP/1.1\r\nX: 1\r\nhost:  LOGIN.live.com:1863 \r\nConnection: close\r\n\r\n":   "login.live.com:1863",
		"GET http://example.com/a HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n": "example.com:80",
		"GET /a HTTP/1.1\nHost: b.contacts.msn.com\nConnection: close\n\n":                      "b.contacts.msn.com:80",
	} {
		conn := dial(t, d)
		for _, b := range []byte(request) { // in the smallest pieces
			_, _ = conn.Write([]byte{b})
		}
		if b, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200") {
			t.Errorf("%q: %q, %v", request, b, err)
		}
		if o := d.end(t); o.err != nil || o.wish.Target != want || o.wish.Way != "HTTP" {
			t.Errorf("%q: %+v, %v", request, o.wish, o.err)
		}
	}
}

// What is none of ours is left to others.
func TestNotTaken(t *testing.T) {
	w := newWeb(t, behind(t, false))
	tunnel := &entrance.Wish{Way: "CONNECT", Target: "www.example.org:443"}
	led := &entrance.Wish{Way: "transparent", Target: "192.0.2.1:443", Redirected: true}
	hello, nameless := helloFor(t, "www.example.org"), helloFor(t, "")
	for _, c := range []struct {
		name, begin string
		asked       *entrance.Wish
		want        decode.Guess
	}{
		{"MSNP", "VER 1 MSNP15 CVR0\r\n", nil, decode.No},
		{"a part of MSNP", "VER", nil, decode.No},
		{"nothing yet", "", nil, decode.Maybe},
		{"another's page", "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", nil, decode.No},
		{"no host", "GET / HTTP/1.0\r\n\r\n", nil, decode.No},
		{"half a head", "GET / HTTP/1.1\r\nHost: login.live.com\r\n", nil, decode.Maybe},
		{"a head without end", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", entrance.MaxBuffered), nil, decode.No},
		{"half a line", "GE", nil, decode.Maybe},
		{"TLS with another in a tunnel", hello, tunnel, decode.No},
		{"TLS with another, led here", hello, led, decode.No},
		{"TLS with nobody in a tunnel", nameless, tunnel, decode.No},
		{"TLS with nobody, led here", nameless, led, decode.Yes},
		{"TLS with a host of ours, led here", helloFor(t, "login.live.com"), led, decode.Yes},
		{"SSL 2.0, led here", ssl2Hello, led, decode.Yes},
		{"TLS with another", hello, nil, decode.Yes},
		{"one byte of TLS", hello[:1], nil, decode.Maybe},
		{"SSL 2.0 in a tunnel to another", ssl2Hello, tunnel, decode.No},
		{"SSL 2.0", ssl2Hello, nil, decode.Yes},
		{"one byte of SSL 2.0", ssl2Hello[:1], nil, decode.Maybe},
		{"SOCKS", "\x05\x01\x00", nil, decode.No},
		{"a tunnel to a host of ours", "", &entrance.Wish{Target: "login.live.com:443"}, decode.Yes},
		{"a way without a target", "VER 1", &entrance.Wish{}, decode.No},
	} {
		caller := entrance.NewCaller(nil, nil, 0, []byte(c.begin))
		caller.Asked = c.asked
		if got := w.Takes(caller); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if w.Name() != "web" {
		t.Error(w.Name())
	}
}

// ssl2Hello is what Windows XP sends while SSL 2.0 is ticked: TLS 1.0 offered in SSL 2.0's
// form.
var ssl2Hello = "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" +
	"\x00\x00\x04\x00\x00\x05\x00\x00\x0a\x01\x00\x80\x07\x00\xc0\x03\x00\x80\x00\x00\x09" + strings.Repeat("\x5a", 16)

// From the end of its first line on a request is a greeting that has its time.
func TestGreets(t *testing.T) {
	var w Web
	for begun, want := range map[string]bool{
		"": false, "G": false, "GET /x HTTP/1.1\r": false, "GET /x HTTP/1.1\n": true, "GET http://a/ HTTP/1.0\r\nHost: a\r\n": true,
		"PUT 1 A 2\r\n": false, "VER 1\r\n": false, "\x16\x03": false,
	} {
		if got := w.Greets(entrance.NewCaller(nil, nil, 0, []byte(begun))); got != want {
			t.Errorf("%q: %v", begun, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWeb(t, behind(t, false))
	d := open(t, w, nil)
	bare := open(t, New(Config{Routes: w.Routes}), nil)

	// A hello in SSL 2.0's form.
	conn := dial(t, d)
	fmt.Fprint(conn, ssl2Hello)
	if b, _ := io.ReadAll(conn); len(b) != 0 {
		t.Errorf("SSL 2.0 is answered with % x", b)
	}
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "turn off SSL 2.0") || !strings.Contains(o.err.Error(), "TLS 1.0") {
		t.Errorf("SSL 2.0: %v", o.err)
	}

	// A host that nobody named.
	_, err := tls.Dial("tcp", d.addr, &tls.Config{ServerName: "www.example.org", RootCAs: trusting(w.CA)})
	if err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("the client is told %v", err)
	}
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "--web www.example.org=URL") {
		t.Errorf("an unknown name: %v", o.err)
	}

	// A host that is served, but of which the CA may not speak.
	outside := open(t, New(Config{CA: w.CA, Routes: routes(t, "www.example.org=http://127.0.0.1:1", "login.live.com=http://127.0.0.1:1")}), nil)
	if _, err := tls.Dial("tcp", outside.addr, &tls.Config{ServerName: "www.example.org", InsecureSkipVerify: true}); err == nil {
		t.Error("a certificate beyond the limits")
	}
	if o := outside.end(t); o.err == nil || !strings.Contains(o.err.Error(), "--name www.example.org") {
		t.Errorf("beyond the limits: %v", o.err)
	}

	// No CA.
	if _, err := tls.Dial("tcp", bare.addr, &tls.Config{ServerName: "login.live.com", InsecureSkipVerify: true}); err == nil {
		t.Error("TLS without a CA")
	}
	if o := bare.end(t); o.err == nil || !strings.Contains(o.err.Error(), "msnproxy ca init") {
		t.Errorf("without a CA: %v", o.err)
	}

	// A client that does not trust the CA, in both ways in which that shows.
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if _, err := tls.Dial("tcp", d.addr, &tls.Config{ServerName: "login.live.com", RootCAs: x509.NewCertPool(), MinVersion: version, MaxVersion: version}); err == nil {
			t.Error("trusted by a client that trusts nobody")
		}
		if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), w.CA.Name()) || !strings.Contains(o.err.Error(), "msnproxy ca export") {
			t.Errorf("not trusted: %v", o.err)
		}
	}

	// Something else than HTTP inside, and a host that is not served.
	conn = client(t, d, w)
	fmt.Fprint(conn, "VER 1 MSNP15 CVR0\r\n")
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "MSNP: only HTTP/1 is served") {
		t.Errorf("MSNP inside: %v", o.err)
	}
	conn, err = tls.Dial("tcp", d.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, ask, "www.example.org")
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if b, _ := io.ReadAll(conn); !strings.HasPrefix(string(b), "HTTP/1.1 421 ") {
		t.Errorf("the client gets %q", b)
	}
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "www.example.org:443") {
		t.Errorf("another host: %v", o.err)
	}

	// Gone before it said anything, and in the middle.
	conn = client(t, d, w)
	_ = conn.Close()
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "without a request") {
		t.Errorf("gone at once: %v", o.err)
	}
	conn = client(t, d, w)
	fmt.Fprint(conn, "GET / HT")
	_ = conn.Close()
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "in the middle of an HTTP request") {
		t.Errorf("gone in the middle: %v", o.err)
	}
	// Only versions that are too old.
	conn = dial(t, d)
	fmt.Fprint(conn, ssl3Hello)
	if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), "SSL 3.0") || !strings.Contains(o.err.Error(), "TLS 1.0") {
		t.Errorf("SSL 3.0: %v", o.err)
	}
}

// ssl3Hello offers SSL 3.0 and no more.
var ssl3Hello = "\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00" + strings.Repeat("\x5a", 32) + "\x00\x00\x04\x00\x0a\x00\x05\x01\x00"

// client is one that trusts the CA, inside TLS.
func client(t *testing.T, d *door, w *Web) net.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{ServerName: "login.live.com", RootCAs: trusting(w.CA)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Another way goes on inside TLS.
func TestInner(t *testing.T) {
	w := newWeb(t, behind(t, false))
	w.Inner = []entrance.Entrance{inside{}}
	d := open(t, w, nil)
	conn := client(t, d, w)
	fmt.Fprint(conn, "GET /gateway HTTP/1.1\r\n")
	if o := d.end(t); o.err == nil || o.err.Error() != "inside login.live.com:443" {
		t.Errorf("%+v, %v", o.wish, o.err)
	}
}

type inside struct{}

func (inside) Name() string { return "inside" }

func (inside) Takes(c *entrance.Caller) decode.Guess {
	if strings.HasPrefix(string(c.Buffered()), "GET /gateway") {
		return decode.Yes
	}
	return decode.No
}

func (inside) Enter(_ context.Context, c *entrance.Caller) (*entrance.Wish, error) {
	return nil, fmt.Errorf("inside %s", c.Asked.Target)
}

// Handshakes that come to nothing are said to, each by its reason.
func TestHandshakesThatFail(t *testing.T) {
	w := newWeb(t, behind(t, false))
	d := open(t, w, nil)
	export := "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x01" + strings.Repeat("\x5a", 32) + "\x00\x00\x04\x00\x03\x00\x06\x01\x00" // RC4 and RC2 with 40 bits
	for name, c := range map[string]struct{ say, want string }{
		"export suites alone": {export, "offers no cipher suite that the proxy knows"},
		"gone after a hello":  {helloFor(t, "login.live.com"), "without a word: does it trust"},
		"not TLS any more":    {helloFor(t, "login.live.com") + "VER 1 MSNP15 CVR0\r\n", "something else than TLS"},
		"a broken hello":      {helloFor(t, "login.live.com")[:200], "in the middle of the TLS handshake"},
	} {
		conn := dial(t, d)
		_, _ = io.WriteString(conn, c.say)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		if o := d.end(t); o.err == nil || !strings.Contains(o.err.Error(), c.want) {
			t.Errorf("%s: %v", name, o.err)
		}
	}
	if err := handshakeError(os.ErrDeadlineExceeded, w.CA); !strings.Contains(err.Error(), "fell silent") {
		t.Error(err)
	}
}
