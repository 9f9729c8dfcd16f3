package entrance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/decode/gateway"
)

// relayHost is a proxy that relays.
type relayHost struct{ gwHost }

func (h *relayHost) Carry(w *Wish) error {
	go func() {
		server, err := w.Dial(context.Background())
		_ = w.Answer(err)
		if err != nil {
			_ = w.Conn.Close()
			return
		}
		go func() {
			_, _ = io.Copy(server, w.Conn)
			_ = server.Close()
		}()
		_, _ = io.Copy(w.Conn, server)
		_ = w.Conn.Close()
	}()
	return nil
}

// memListener accepts connections in memory.
type memListener chan net.Conn

func (l memListener) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l memListener) Close() error   { return nil }
func (l memListener) Addr() net.Addr { return tcpAt("203.0.113.4", 80) }

// passedOn does f, in a bubble of its own, with a client of a proxy that passes requests on
// to a gateway which answers as behind says.
func passedOn(t *testing.T, behind http.HandlerFunc, f func(dial func() *gwClient, host *relayHost)) {
	synctest.Test(t, func(t *testing.T) {
		l := make(memListener, 8)
		srv := &http.Server{Handler: behind}
		host := &relayHost{gwHost{closing: make(chan struct{})}}
		g := &gwTest{t: t, host: &host.gwHost, way: Gateway(GatewayOptions{Pass: "203.0.113.4:80", Dial: func(context.Context, string, string) (net.Conn, error) {
			here, there := virtualPair(tcpAt("192.0.2.1", 3000), l.Addr())
			l <- there
			return here, nil
		}})}
		g.ctx, g.end = context.WithCancel(t.Context())
		g.work.Go(func() { _ = srv.Serve(l) })
		f(func() *gwClient {
			here, there := virtualPair(tcpAt("192.0.2.9", 2000), tcpAt("192.0.2.1", 8080))
			g.work.Go(func() {
				if w, err := g.way.Enter(g.ctx, NewCaller(there, host, time.Minute, nil)); w != nil || err != nil {
					t.Errorf("Enter: %v, %v", w, err)
				}
				_ = there.Close()
			})
			return &gwClient{g: g, conn: here, in: bufio.NewReader(here)}
		}, host)
		for _, s := range g.way.(*gatewayWay).sessions {
			s.end()
		}
		close(l)
		_ = srv.Close()
		g.close()
	})
}

func reply200(w http.ResponseWriter, header, body string) {
	w.Header()["X-MSN-Messenger"] = []string{header}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = io.WriteString(w, body)
}

func TestPassedOnToAGateway(t *testing.T) {
	var asked *http.Request
	var told string
	passedOn(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked, told = r, string(b)
		switch {
		case strings.Contains(r.RequestURI, "17.9"):
			http.Error(w, "who?", http.StatusBadRequest)
		case strings.Contains(r.RequestURI, "17.2"):
			w.Header().Set("X-MSN-Host", "x")
			reply200(w, "SessionID=17.3; GW-IP=203.0.113.5; Session=close", "OUT\r\n")
		default:
			w.Header().Set("Set-Cookie", "a=b")
			reply200(w, "SessionID=17.2;  GW-IP=203.0.113.5", "VER 1 MSNP7\r\n")
		}
	}, func(dial func() *gwClient, host *relayHost) {
		c := dial()
		c.write("POST http://gw.example.com/Gateway/gateway.dll?action=Open&Server=NS&IP=ns.example.com&x=%41 HTTP/1.1\r\nHost: gw.example.com\r\nContent-Length: 13\r\nX-Own: 1\r\nProxy-Connection: Keep-Alive\r\nProxy-Authorization: Basic YTpi\r\n\r\nVER 1 MSNP7\r\n")
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if string(body) != "VER 1 MSNP7\r\n" || resp.Header.Get("X-MSN-Messenger") != "SessionID=17.2;  GW-IP=192.0.2.1" || resp.Header.Get("Set-Cookie") != "a=b" {
			t.Errorf("%q %v", body, resp.Header)
		}
		r := asked
		if got := told; got != "VER 1 MSNP7\r\n" || r.RequestURI != "/Gateway/gateway.dll?action=Open&Server=NS&IP=ns.example.com&x=%41" || r.Host != "gw.example.com" ||
			r.Header.Get("X-Own") != "1" || len(r.Header["Proxy-Connection"])+len(r.Header["Proxy-Authorization"])+len(r.Header["User-Agent"])+len(r.Header["Accept-Encoding"]) > 0 {
			t.Errorf("%q %s %s %v", got, r.RequestURI, r.Host, r.Header)
		}
		if status, header, body := c.ask("SessionID=17.2", "OUT\r\n"); status != 200 || body != "OUT\r\n" || header != "SessionID=17.3; GW-IP=192.0.2.1; Session=close" {
			t.Errorf("%d %q %q", status, header, body)
		}
		if status, header, body := c.ask("SessionID=17.9", "PNG\r\n"); status != 400 || header != "" || body != "who?\n" {
			t.Errorf("%d %q %q", status, header, body)
		}
		if way := c.g.way.(*gatewayWay); len(way.sessions) > 0 {
			t.Errorf("%d sessions are left", len(way.sessions))
		}
		said := host.said()
		if len(said) != 2 || !strings.Contains(said[0], `names "203.0.113.5"`) || !strings.Contains(said[1], "answered 400 Bad Request") {
			t.Errorf("%q", said)
		}
	})
}

// A client that goes before the answer is there, and comes back, gets it: the gateway is
// asked once.
func TestRetriedWhilePassedOn(t *testing.T) {
	var asked chan string
	var answer chan struct{}
	passedOn(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if asked <- string(b); string(b) == "PNG\r\n" {
			<-answer
		}
		reply200(w, "SessionID=steady; GW-IP=203.0.113.5", "re "+string(b))
	}, func(dial func() *gwClient, _ *relayHost) {
		asked, answer = make(chan string, 8), make(chan struct{})
		c := dial()
		c.ask("Action=open&Server=NS&IP=x", "VER 1 MSNP7\r\n")
		<-asked
		c.write(request("SessionID=steady", "PNG\r\n"))
		<-asked
		c.conn.Close()
		synctest.Wait() // that is noticed
		c = dial()
		c.write(request("SessionID=steady", "PNG\r\n"))
		synctest.Wait()
		close(answer)
		if _, _, body := c.read(); body != "re PNG\r\n" {
			t.Errorf("%q", body)
		}
		if _, _, body := c.ask("SessionID=steady", "OUT\r\n"); body != "re OUT\r\n" {
			t.Errorf("%q", body)
		}
		if got := <-asked; got != "OUT\r\n" {
			t.Errorf("the gateway was asked %q", got)
		}
	})
}

func TestGatewayBehindThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	host := &relayHost{gwHost{closing: make(chan struct{})}}
	way := Gateway(GatewayOptions{Pass: l.Addr().String()}).(*gatewayWay)
	hc := &httpConn{client: tcpAt("192.0.2.9", 1), local: tcpAt("192.0.2.1", 2), host: host}
	s, err := way.open(hc, gateway.Query{Action: gateway.Open, Server: "NS"})
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{conn: hc, ctx: t.Context(), q: s.opened}
	if r := s.pass.exchange(x); r.status != 502 || !strings.Contains(string(r.body), "cannot connect to the gateway") {
		t.Errorf("%d %q", r.status, r.body)
	}
	if s.ctx.Err() == nil {
		t.Error("the session goes on")
	}
}

// What waited in the relay goes with the next request, which is then no poll.
func TestPollThatBringsSomething(t *testing.T) {
	p := newPassing(&session{g: &gatewayWay{GatewayOptions: GatewayOptions{Pass: "192.0.2.50:80"}}})
	u, err := url.Parse("http://gw.example.com/gateway/gateway.dll?Action=poll&Lifespan=60&SessionID=17.1")
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"":        "GET http://192.0.2.50:80/gateway/gateway.dll?Action=poll&Lifespan=60&SessionID=17.1",
		"PNG\r\n": "POST http://192.0.2.50:80/gateway/gateway.dll?SessionID=17.1",
	} {
		x := &exchange{r: &http.Request{Method: "GET", URL: u, Header: http.Header{}}, q: gateway.Query{Action: gateway.Poll}}
		r, err := p.request(x, []byte(body))
		if err != nil || r.Method+" "+r.URL.String() != want || r.ContentLength != int64(len(body)) {
			t.Errorf("%q: %s %s, %d, %v", body, r.Method, r.URL, r.ContentLength, err)
		}
	}
}

func TestHostOfTheGatewayBehind(t *testing.T) {
	for _, tt := range []struct{ pass, asked, want string }{
		{"gw.example.com:80", "gateway.messenger.hotmail.com", "gw.example.com"},
		{"gw.example.com:8080", "x", "gw.example.com:8080"},
		{"192.0.2.50:80", "gateway.messenger.hotmail.com", "gateway.messenger.hotmail.com"},
		{"192.0.2.50:80", "127.0.0.1:8080", "192.0.2.50"},
		{"192.0.2.50:80", "localhost:8080", "192.0.2.50"},
		{"192.0.2.50:80", "", "192.0.2.50"},
		{"[2001:db8::1]:80", "[::1]", "[2001:db8::1]"},
		{"[2001:db8::1]:81", "[::1]:80", "[2001:db8::1]:81"},
	} {
		if got := hostFor(tt.pass, tt.asked); got != tt.want {
			t.Errorf("%s for %q: %q, want %q", tt.pass, tt.asked, got, tt.want)
		}
	}
}
