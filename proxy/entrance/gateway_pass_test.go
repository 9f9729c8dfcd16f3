package entrance

import (
	"bufio"
	"bytes"
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
type relayHost struct {
	gwHost
	relayed bytes.Buffer // what clients say; mu is held for it
}

// up is what clients have said.
func (h *relayHost) up() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.relayed.String()
}

// Write takes what a client says.
func (h *relayHost) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.relayed.Write(b)
}

func (h *relayHost) Carry(w *Wish) error {
	go func() {
		server, err := w.Dial(context.Background())
		_ = w.Answer(err)
		if err != nil {
			_ = w.Conn.Close()
			return
		}
		go func() {
			_, _ = io.Copy(io.MultiWriter(h, server), w.Conn)
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
		host := &relayHost{gwHost: gwHost{closing: make(chan struct{})}}
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
		synctest.Wait()
		way := c.g.way.(*gatewayWay)
		if way.count != 0 || len(way.clients) != 0 {
			t.Errorf("%d sessions are open, %v", way.count, way.clients)
		}
		time.Sleep(lingerWait)
		synctest.Wait()
		if len(way.sessions) > 0 {
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

// What a gateway fails at is done when the client asks again, and told once of a kind.
func TestTroubleBehind(t *testing.T) {
	for name, tt := range map[string]struct {
		fail   http.HandlerFunc
		status int
		said   string
	}{
		"500":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500, "answered 500 Internal Server Error"},
		"302":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }, 302, "answered 302 Found"},
		"no header": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "QNG 1\r\n") }, 200, "answered 200 OK without X-MSN-Messenger"},
		"close":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 502, "ended the connection without an answer"},
		"short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			_, _ = io.WriteString(w, "VER 1")
		}, 502, "ended the connection in the middle of its answer"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			fails := 0
			passedOn(t, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				asked = append(asked, string(b))
				if string(b) == "PNG\r\n" && fails < 2 {
					fails++
					tt.fail(w, r)
					return
				}
				reply200(w, fmt.Sprintf("SessionID=17.%d; GW-IP=203.0.113.4", len(asked)), "re "+string(b))
			}, func(dial func() *gwClient, host *relayHost) {
				c := dial()
				_, header, _ := c.ask("Action=open&Server=NS&IP=x", "VER 1 MSNP7\r\n")
				for range 2 {
					c = dial()
					c.write(request("SessionID="+id(header), "PNG\r\n"))
					resp, err := http.ReadResponse(c.in, nil)
					if err != nil || resp.StatusCode != tt.status {
						t.Errorf("%+v, %v", resp, err)
					}
				}
				if _, _, body := dial().ask("SessionID="+id(header), "PNG\r\n"); body != "re PNG\r\n" {
					t.Errorf("%q", body)
				}
				if _, _, body := dial().ask("SessionID="+id(header), "PNG\r\n"); body != "re PNG\r\n" {
					t.Errorf("again %q", body)
				}
				if got := strings.Join(asked, ""); got != "VER 1 MSNP7\r\nPNG\r\nPNG\r\nPNG\r\n" {
					t.Errorf("the gateway was asked %q", got)
				}
				said := host.said()
				if len(said) != 1 || !strings.Contains(said[0], tt.said) || !strings.Contains(said[0], "in exchange 2 of its session") {
					t.Errorf("%q", said)
				}
				for _, s := range c.g.way.(*gatewayWay).sessions {
					if got := s.sum(); !strings.HasSuffix(got, "5 HTTP exchanges over 5 connections, 3 repetitions, 2 failures") {
						t.Errorf("%s", got)
					}
				}
				if up := host.up(); up != "VER 1 MSNP7\r\nPNG\r\n" {
					t.Errorf("the relay was given %q", up)
				}
			})
		})
	}
}

// A gateway that says nothing is told of, and at last the client gets an answer.
func TestGatewayBehindThatHangs(t *testing.T) {
	passedOn(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}, func(dial func() *gwClient, host *relayHost) {
		c := dial()
		start := time.Now()
		c.write(request("Action=open&Server=NS&IP=x", "VER 1 MSNP7\r\n"))
		time.Sleep(slowWait - time.Millisecond)
		synctest.Wait()
		if len(host.said()) > 0 {
			t.Errorf("%q", host.said())
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if said := host.said(); len(said) != 1 || !strings.Contains(said[0], "in exchange 1 of its session, has not answered for 10s") {
			t.Errorf("%q", said)
		}
		if status, _, text := c.read(); status != 504 || time.Since(start) != passWait || !strings.Contains(text, "no answer came for 3m30s") {
			t.Errorf("%d %q after %v", status, text, time.Since(start))
		}
	})
}

func TestGatewayBehindThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	host := &relayHost{gwHost: gwHost{closing: make(chan struct{})}}
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
