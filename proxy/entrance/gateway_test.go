package entrance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/decode"
)

// gwHost is a proxy for tests: it hands the connections that it is to relay to the test.
type gwHost struct {
	carried chan *Wish
	refuse  error
	closing chan struct{}

	mu      sync.Mutex
	remarks []string
}

func (h *gwHost) Carry(w *Wish) error {
	h.carried <- w
	if w.Answer != nil {
		go w.Answer(h.refuse)
	}
	if h.refuse != nil {
		_ = w.Conn.Close()
	}
	return nil
}

func (h *gwHost) Remark(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remarks = append(h.remarks, text)
}

func (h *gwHost) said() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.remarks)
}

func (h *gwHost) Closing() <-chan struct{} { return h.closing }

// gwTest is a gateway with clients in memory.
type gwTest struct {
	t    *testing.T
	way  Entrance
	host *gwHost
	work sync.WaitGroup
	ctx  context.Context
	end  context.CancelFunc
}

func newGateway(t *testing.T, o GatewayOptions) *gwTest {
	g := &gwTest{t: t, way: Gateway(o), host: &gwHost{carried: make(chan *Wish, 8), closing: make(chan struct{})}}
	g.ctx, g.end = context.WithCancel(t.Context())
	return g
}

// close ends the gateway.
func (g *gwTest) close() {
	close(g.host.closing)
	g.end()
	g.work.Wait()
	for _, s := range g.way.(*gatewayWay).sessions {
		s.end()
	}
	time.Sleep(time.Second) // net/http lingers on what it closes
}

// gwClient is a connection of a client.
type gwClient struct {
	g    *gwTest
	conn *virtualConn
	in   *bufio.Reader
}

func tcpAt(host string, port int) *net.TCPAddr {
	return &net.TCPAddr{IP: net.ParseIP(host), Port: port}
}

func (g *gwTest) dialFrom(ip string) *gwClient {
	here, there := virtualPair(tcpAt(ip, 2000), tcpAt("192.0.2.1", 8080))
	caller := NewCaller(there, g.host, time.Minute, nil)
	g.work.Go(func() {
		if w, err := g.way.Enter(g.ctx, caller); w != nil || err != nil {
			g.t.Errorf("Enter: %v, %v", w, err)
		}
		_ = there.Close()
	})
	return &gwClient{g: g, conn: here, in: bufio.NewReader(here)}
}

func (g *gwTest) dial() *gwClient { return g.dialFrom("192.0.2.9") }

// request is one as clients send it.
func request(query, body string) string {
	return fmt.Sprintf("POST http://gw.example.com/gateway/gateway.dll?%s HTTP/1.1\r\nHost: gw.example.com\r\nContent-Length: %d\r\n\r\n%s", query, len(body), body)
}

// write sends bytes.
func (c *gwClient) write(text string) {
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.g.t.Error(err)
	}
}

// read returns an answer: its status, its X-MSN-Messenger and its body.
func (c *gwClient) read() (status int, header, body string) {
	c.g.t.Helper()
	resp, err := http.ReadResponse(c.in, &http.Request{Method: "POST"})
	if err != nil {
		c.g.t.Errorf("no answer: %v", err)
		return 0, "", ""
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.ContentLength != int64(len(b)) {
		c.g.t.Errorf("%v, Content-Length %d, body of %d", err, resp.ContentLength, len(b))
	}
	return resp.StatusCode, resp.Header.Get("X-MSN-Messenger"), string(b)
}

// ask sends a request and returns its answer.
func (c *gwClient) ask(query, body string) (status int, header, text string) {
	c.g.t.Helper()
	c.write(request(query, body))
	return c.read()
}

// id is the session's id in a header.
func id(header string) string {
	s, _, _ := strings.Cut(strings.TrimPrefix(header, "SessionID="), ";")
	return s
}

// open opens a session, and returns its id and the server's end of it.
func (c *gwClient) open() (string, net.Conn) {
	c.g.t.Helper()
	status, header, body := c.ask("Action=open&Server=NS&IP=ns.example.com", "VER 1 MSNP7\r\n")
	if status != 200 || body != "" {
		c.g.t.Errorf("open: %d %q", status, body)
	}
	w := <-c.g.host.carried
	expectRead(c.g.t, w.Conn, "VER 1 MSNP7\r\n")
	return id(header), w.Conn
}

func expectRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Errorf("%q, %v; want %q", b, err, want)
	}
}

func TestGatewayAnswersToTheByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		c := g.dial()
		c.write(request("Action=open&Server=NS&IP=ns.example.com", "VER 1 MSNP7 CVR0\r\n"))
		w := <-g.host.carried
		if w.Target != "" || !w.Rewrite || w.Way != "HTTP gateway" || w.Conn.RemoteAddr().String() != "192.0.2.9:2000" || w.Conn.LocalAddr().String() != "192.0.2.1:8080" {
			t.Errorf("%+v", w)
		}
		expectRead(t, w.Conn, "VER 1 MSNP7 CVR0\r\n")
		io.WriteString(w.Conn, "VER 1 MSNP7 CVR0\r\n")
		var head strings.Builder
		for {
			line, err := c.in.ReadString('\n')
			if err != nil || line == "\r\n" {
				break
			}
			if !strings.HasPrefix(line, "Date: ") {
				head.WriteString(line)
			}
		}
		stem := ""
		for k := range g.way.(*gatewayWay).sessions {
			stem = k.id
		}
		want := "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nContent-Length: 18\r\nContent-Type: application/x-msn-messenger\r\nX-MSN-Messenger: SessionID=" + stem + ".1; GW-IP=192.0.2.1\r\n"
		if head.String() != want {
			t.Errorf("%q\nwant\n%q", head.String(), want)
		}
		expectRead(t, readerConn{c.in}, "VER 1 MSNP7 CVR0\r\n")
	})
}

// readerConn reads a connection through its buffer.
type readerConn struct{ io.Reader }

func (readerConn) Write([]byte) (int, error)        { return 0, nil }
func (readerConn) Close() error                     { return nil }
func (readerConn) LocalAddr() net.Addr              { return nil }
func (readerConn) RemoteAddr() net.Addr             { return nil }
func (readerConn) SetDeadline(time.Time) error      { return nil }
func (readerConn) SetReadDeadline(time.Time) error  { return nil }
func (readerConn) SetWriteDeadline(time.Time) error { return nil }

func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		c := g.dial()
		session, server := c.open()
		for _, tt := range []struct {
			query string
			says  time.Duration // when the server says something; 0: never
			want  time.Duration
		}{
			{"Action=poll", 0, 0},
			{"Action=poll&Lifespan=3", 0, 3 * time.Second},
			{"Action=poll&Lifespan=60", 5 * time.Second, 5*time.Second + gatherWait},
			{"Action=poll&Lifespan=500", 0, 180 * time.Second},
			{"x=y", 0, 0},
		} {
			if tt.says > 0 {
				time.AfterFunc(tt.says, func() { io.WriteString(server, "NLN NLN bob@example.com Bob\r\n") })
			}
			start := time.Now()
			_, header, body := c.ask(tt.query+"&SessionID="+session, "")
			if got := time.Since(start); got != tt.want || (body != "") != (tt.says > 0) {
				t.Errorf("%s: %q after %v, want it after %v", tt.query, body, got, tt.want)
			}
			session = id(header)
		}
		// A request that brings something waits for the reply, and not for long.
		start := time.Now()
		if _, _, body := c.ask("SessionID="+session, "PNG\r\n"); body != "" || time.Since(start) != replyWait {
			t.Errorf("%q after %v", body, time.Since(start))
		}
		expectRead(t, server, "PNG\r\n")
	})
}

// Of two polls at once the first is answered as the second comes, and nothing that the
// server says is lost or comes twice.
func TestTwoPollsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		a, b := g.dial(), g.dial()
		session, server := a.open()
		start := time.Now()
		a.write(request("Action=poll&Lifespan=60&SessionID="+session, ""))
		time.Sleep(time.Second)
		b.write(request("Action=poll&Lifespan=60&SessionID="+session, ""))
		if _, _, body := a.read(); body != "" || time.Since(start) != time.Second {
			t.Errorf("%q after %v", body, time.Since(start))
		}
		io.WriteString(server, "QNG 40\r\n")
		_, header, body := b.read()
		if body != "QNG 40\r\n" {
			t.Errorf("%q", body)
		}
		session = id(header)
		// A request does not wait for a poll, either.
		a.write(request("Action=poll&Lifespan=60&SessionID="+session, ""))
		time.Sleep(time.Second)
		b.write(request("SessionID="+session, "PNG\r\n"))
		expectRead(t, server, "PNG\r\n")
		io.WriteString(server, "QNG 41\r\n")
		_, _, first := a.read()
		_, _, second := b.read()
		if first+second != "QNG 41\r\n" {
			t.Errorf("%q, %q", first, second)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		c := g.dial()
		session, server := c.open()
		time.Sleep(silenceWait - time.Millisecond)
		if status, _, _ := c.ask("Action=poll&SessionID="+session, ""); status != 200 {
			t.Errorf("%d before the time was over", status)
		}
		time.Sleep(silenceWait - time.Millisecond)
		synctest.Wait()
		if len(g.host.said()) > 0 {
			t.Errorf("%q", g.host.said())
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if _, err := server.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the server was told %v", err)
		}
		if len(g.host.said()) != 1 || !strings.Contains(g.host.said()[0], "of 192.0.2.9 for 1m0s: ended") {
			t.Errorf("%q", g.host.said())
		}
		for _, query := range []string{"Action=poll&SessionID=" + session, "SessionID=17.1", "Action=poll"} {
			status, header, text := c.ask(query, "")
			if query == "Action=poll" {
				query = "" // no id
			}
			if status != 400 || header != "" || !strings.Contains(text, "no session") {
				t.Errorf("%s: %d %q %q", query, status, header, text)
			}
		}
		// The server's end: what it said comes, then the word that it was the last.
		session, server = c.open()
		io.WriteString(server, "OUT OTH\r\n")
		server.Close()
		status, header, text := c.ask("Action=poll&SessionID="+session, "")
		if status != 200 || !strings.HasSuffix(header, "; GW-IP=192.0.2.1; Session=close") || text != "OUT OTH\r\n" {
			t.Errorf("%d %q %q", status, header, text)
		}
		if status, _, _ := c.ask("Action=poll&SessionID="+id(header), ""); status != 400 {
			t.Errorf("%d after the end", status)
		}
		// Nobody else has a part in it.
		session, _ = c.open()
		if status, _, _ := g.dialFrom("192.0.2.8").ask("Action=poll&SessionID="+session, ""); status != 400 {
			t.Errorf("%d for another client", status)
		}
		if status, _, _ := c.ask("Action=poll&SessionID="+session, ""); status != 200 {
			t.Errorf("%d for its own", status)
		}
	})
}

// A request whose answer was not read comes again: its bytes go on once, and its answer is
// given again.
func TestRetriedRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		c := g.dial()
		session, server := c.open()
		said := make(chan string, 8)
		go func() {
			in := bufio.NewReader(server)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					close(said)
					return
				}
				said <- line
				if line == "PNG\r\n" {
					io.WriteString(server, "QNG 50\r\n")
				}
			}
		}()
		c.write(request("SessionID="+session, "PNG\r\n"))
		c.conn.Close() // it was answered, or will be, to nobody
		time.Sleep(time.Second)
		c = g.dial()
		if _, header, body := c.ask("SessionID="+session, "PNG\r\n"); body != "QNG 50\r\n" {
			t.Errorf("%q", body)
		} else {
			session = id(header)
		}
		// The same with the new id is another one.
		if _, header, body := c.ask("SessionID="+session, "PNG\r\n"); body != "QNG 50\r\n" {
			t.Errorf("%q", body)
		} else {
			session = id(header)
		}
		// A poll whose answer is lost.
		io.WriteString(server, "NLN AWY bob@example.com Bob\r\n")
		c.write(request("Action=poll&SessionID="+session, ""))
		time.Sleep(time.Second)
		c = g.dial()
		_, header, body := c.ask("Action=poll&SessionID="+session, "")
		if body != "NLN AWY bob@example.com Bob\r\n" {
			t.Errorf("%q", body)
		}
		c.ask("SessionID="+id(header), "OUT\r\n")
		server.Close()
		got := ""
		for line := range said {
			got += line
		}
		if got != "PNG\r\nPNG\r\nOUT\r\n" {
			t.Errorf("the server was told %q", got)
		}
	})
}

// Clients that keep to the first id are served, too: what looks like a repetition is none.
func TestClientThatKeepsItsId(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		session, server := g.dial().open()
		for i, body := range []string{"INF 2\r\n", "USR 3 MD5 I alice@example.com\r\n", "PNG\r\n", "PNG\r\n", "", ""} {
			reply := fmt.Sprintf("QNG %d\r\n", i)
			io.WriteString(server, reply)
			if _, _, got := g.dial().ask("SessionID="+session, body); got != reply {
				t.Errorf("%d: %q", i, got)
			}
			if body != "" {
				expectRead(t, server, body)
			}
		}
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		c := g.dial()
		session, server := c.open()
		go io.Copy(io.Discard, server)
		full := strings.Repeat("x", maxBody)
		if status, _, _ := c.ask("SessionID="+session, full); status != 200 {
			t.Errorf("%d for %d bytes", status, len(full))
		}
		go io.WriteString(c.conn, request("SessionID="+session, full+"x")) // it may hang up before
		if status, _, text := c.read(); status != 413 || !strings.Contains(text, "1048576 bytes at most") {
			t.Errorf("%d %q", status, text)
		}
		c.conn.Close()
		c = g.dial()
		go func() {
			c.write("POST /gateway/gateway.dll?SessionID=" + session + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n")
			io.WriteString(c.conn, full+"x\r\n0\r\n\r\n")
		}()
		if status, _, _ := c.read(); status != 413 {
			t.Errorf("%d for chunks", status)
		}
		c.conn.Close()
		c = g.dial()
		for text, want := range map[string]int{
			"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n":                                           404,
			"PUT /gateway/gateway.dll?SessionID=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n": 405,
			"GET /gateway/gateway.dll?SessionID=1 HTTP/1.1\r\nHost: x\r\n\r\n":                      400,
		} {
			c = g.dial()
			c.write(text)
			if status, _, _ := c.read(); status != want {
				t.Errorf("%q: %d, want %d", text, status, want)
			}
		}
		c = g.dial()
		c.write("POST /gateway/gateway.dll?SessionID=" + session + " HTTP/1.1\r\nHost: x\r\nContent-Encoding: GZIP\r\nContent-Length: 5\r\n\r\nPNG\r\n")
		if status, _, _ := c.read(); status != 415 {
			t.Errorf("%d for what is packed", status)
		}
		c = g.dial()
		c.write("POST /gateway/gateway.dll?SessionID=" + session + " HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nPNG\r\n")
		if status, _, _ := c.read(); status != 200 {
			t.Errorf("%d for what is not", status)
		}
		if n := len(g.host.said()); n != 4 {
			t.Errorf("%d remarks: %q", n, g.host.said())
		}
		g.host.refuse = &Error{Forbidden, fmt.Errorf("refused for 10.0.0.1:25 (--allow 10.0.0.1:25 lets it pass)")}
		if status, _, text := c.ask("Action=open&Server=SB&IP=10.0.0.1:25", ""); status != 403 || !strings.Contains(text, "--allow 10.0.0.1:25") {
			t.Errorf("%d %q", status, text)
		}
	})
}

// Answers come in the order of requests, however these come, and the connection ends when
// the client wants that.
func TestHTTPForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{Address: "gw.example.com"})
		defer g.close()
		c := g.dial()
		session, server := c.open()
		asked := 0
		go func() {
			in := bufio.NewReader(server)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				asked++
				io.WriteString(server, "re "+line)
			}
		}()
		// The same twice on one connection is no repetition: it has read what comes.
		c.write(request("SessionID="+session, "1\r\n") + request("SessionID="+session, "1\r\n") + request("SessionID="+session, "2\r\n"))
		for _, want := range []string{"re 1\r\n", "re 1\r\n", "re 2\r\n"} {
			if _, header, body := c.read(); body != want || !strings.HasSuffix(header, "; GW-IP=gw.example.com") {
				t.Errorf("%q %q", header, body)
			}
		}
		c.write("POST /gateway/gateway.dll?sessionid=" + session + " HTTP/1.0\r\nContent-Length: 3\r\n\r\n3\r\n")
		if _, _, body := c.read(); body != "re 3\r\n" {
			t.Errorf("%q", body)
		}
		if synctest.Wait(); asked != 4 {
			t.Errorf("the server was asked %d times", asked)
		}
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Errorf("HTTP/1.0 without keep-alive: %v", err)
		}
	})
}

func TestSwitchboardsByTheGateway(t *testing.T) {
	for _, tt := range []struct{ ip, want string }{
		{"192.0.2.77:1863", "192.0.2.77:1863"},
		{"192.0.2.77", "192.0.2.77"},
		{"192.0.2.77:80", "192.0.2.77"}, // of HTTP, which the gateway's clients put there
		{"192.0.2.77:8080", "192.0.2.77:8080"},
		{"[2001:db8::1]:80", "[2001:db8::1]"},
		{"192.0.2.1", ""}, // as redirects are rewritten: the first line leads on
		{"192.0.2.1:80", ""},
		{"192.0.2.1:8080", ""},
		{"192.0.2.1:1863", "192.0.2.1:1863"},
		{"GW.example.com", ""},
		{"gw.example.com:8080", ""},
		{"", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t, GatewayOptions{Address: "gw.example.com"})
			defer g.close()
			g.dial().ask("Action=open&Server=SB&IP="+tt.ip, "ANS 1 alice@example.com 1 2\r\n")
			if w := <-g.host.carried; w.Target != tt.want || (w.By == "") != (w.Target == "") {
				t.Errorf("%s: %q by %q, want %q", tt.ip, w.Target, w.By, tt.want)
			}
		})
	}
}

func TestWhatTheGatewayTakes(t *testing.T) {
	way := Gateway(GatewayOptions{})
	for text, want := range map[string]decode.Guess{
		"":                            decode.Maybe,
		"P":                           decode.Maybe,
		"POST":                        decode.Maybe,
		"POST ":                       decode.Maybe,
		"GET http://h/gateway/gat":    decode.Maybe,
		"PNG\r\n":                     decode.No,
		"POSTER":                      decode.No,
		"VER 1":                       decode.No,
		"GET /\r\n":                   decode.No,
		"GET / HTTP/1.0\r\n":          decode.No,
		"O":                           decode.Maybe,
		"OUT\r\n":                     decode.No,
		"HEAD /index.html HTTP/1.1":   decode.No,
		"HEAD /gateway/gateway.dll H": decode.Yes,
		"OPTIONS /gateway/gateway.dll HTTP/1.1\r\n":                  decode.Yes,
		"POST /Gateway/gateway.DLL ":                                 decode.Yes,
		"POST http://h/gateway/gateway.dll?Action=open HTTP/1.1\r\n": decode.Yes,
		"GET /gateway/gateway.dll?SessionID=1 HTTP/1.0\r\n":          decode.Yes,
	} {
		if got := way.Takes(NewCaller(nil, nil, 0, []byte(text))); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Where MSNP is spoken behind nothing is passed on.
func TestNoGatewayBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{Pass: "192.0.2.50:1863"})
		defer g.close()
		status, _, text := g.dial().ask("Action=open&Server=NS&IP=x", "")
		if status != 502 || !strings.Contains(text, "--gateway") || len(g.host.said()) != 1 {
			t.Errorf("%d %q %q", status, text, g.host.said())
		}
	})
}
