package entrance

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// echo answers each line that comes, and keeps all.
type echo struct {
	mu  sync.Mutex
	got strings.Builder
}

func (e *echo) serve(server io.ReadWriter) {
	in := bufio.NewReader(server)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		e.mu.Lock()
		e.got.WriteString(line)
		e.mu.Unlock()
		_, _ = io.WriteString(server, "re "+line)
	}
}

func (e *echo) expect(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if got := e.got.String(); got != want {
		t.Errorf("the server was told %q, want %q", got, want)
	}
}

// retrying does f with a client that has opened a session with a server that echoes.
func retrying(t *testing.T, name string, f func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t, GatewayOptions{})
			defer g.close()
			c := g.dial()
			session, server := c.open()
			e := new(echo)
			go e.serve(server)
			f(t, g, e, c, session)
		})
	})
}

// reset ends a connection as a client does that has not read all.
func (c *gwClient) reset() {
	_ = c.conn.SetLinger(0)
	_ = c.conn.Close()
}

// want asks, and says if the answer has another body. It returns the session's next id.
func (c *gwClient) want(t *testing.T, query, body, want string) string {
	t.Helper()
	status, header, got := c.ask(query, body)
	if status != 200 || got != want {
		t.Errorf("%s %q: %d %q, want %q", query, body, status, got, want)
	}
	return id(header)
}

func TestRequestsThatComeAgain(t *testing.T) {
	ends := map[string]func(*gwClient){"reset": (*gwClient).reset, "closed": func(c *gwClient) { _ = c.conn.Close() }, "open": func(*gwClient) {}}
	for how, end := range ends {
		for _, after := range []time.Duration{0, time.Millisecond, time.Second} {
			retrying(t, fmt.Sprint(how, " after ", after), func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
				for i := range 3 {
					body := fmt.Sprintf("CHG %d NLN\r\n", i)
					a := g.dial()
					a.write(request("SessionID="+session, body))
					time.Sleep(after)
					end(a)
					session = c.want(t, "SessionID="+session, body, "re "+body)
				}
				e.expect(t, "CHG 0 NLN\r\nCHG 1 NLN\r\nCHG 2 NLN\r\n")
			})
		}
	}
	retrying(t, "after a poll beside it", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a, b := g.dial(), g.dial()
		a.write(request("SessionID="+session, "CHG 9 NLN\r\n"))
		synctest.Wait()
		b.write(request("Action=poll&SessionID="+session, ""))
		_, _, first := b.read()
		a.reset()
		_, _, again := g.dial().ask("SessionID="+session, "CHG 9 NLN\r\n")
		if first+again != "re CHG 9 NLN\r\n" {
			t.Errorf("%q, %q", first, again)
		}
		e.expect(t, "CHG 9 NLN\r\n")
	})
	retrying(t, "after two by one connection", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		c.write(request("SessionID="+session, "INF 2\r\n") + request("SessionID="+session, "PNG\r\n"))
		c.read()
		_, header, _ := c.read()
		session = c.want(t, "SessionID="+id(header), "PNG\r\n", "re PNG\r\n")
		a := g.dial()
		a.write(request("SessionID="+session, "CHG 5 NLN\r\n"))
		synctest.Wait()
		c.want(t, "SessionID="+session, "CHG 5 NLN\r\n", "re CHG 5 NLN\r\n")
		e.expect(t, "INF 2\r\nPNG\r\nPNG\r\nCHG 5 NLN\r\n")
	})
	retrying(t, "both of two by one connection", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "PNG\r\n") + request("SessionID="+session, "PNG\r\n"))
		time.Sleep(time.Second)
		a.reset()
		b := g.dial()
		b.want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
		session = b.want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
		b.want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
		e.expect(t, "PNG\r\nPNG\r\nPNG\r\n")
	})
	retrying(t, "after two by two connections", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		c.want(t, "SessionID="+session, "INF 2\r\n", "re INF 2\r\n")
		session = g.dial().want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
		session = c.want(t, "SessionID="+session, "CHG 5 NLN\r\n", "re CHG 5 NLN\r\n")
		a := g.dial()
		a.write(request("SessionID="+session, "CHG 6 NLN\r\n"))
		time.Sleep(time.Second)
		c.want(t, "SessionID="+session, "CHG 6 NLN\r\n", "re CHG 6 NLN\r\n")
		e.expect(t, "INF 2\r\nPNG\r\nCHG 5 NLN\r\nCHG 6 NLN\r\n")
	})
	retrying(t, "no more when the client has gone on", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "PNG\r\n"))
		synctest.Wait()
		a.reset() // before it is answered
		time.Sleep(time.Second)
		c.ask("SessionID="+session, "CHG 5 NLN\r\n")
		c.ask("SessionID="+session, "PNG\r\n")
		e.expect(t, "PNG\r\nCHG 5 NLN\r\nPNG\r\n")
	})
	retrying(t, "first one late", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		next := c.want(t, "SessionID="+session, "INF 2\r\n", "re INF 2\r\n")
		last := c.want(t, "SessionID="+next, "PNG\r\n", "re PNG\r\n")
		g.dial().ask("SessionID="+next, "PNG\r\n")
		c.want(t, "SessionID="+last, "PNG\r\n", "re PNG\r\n")
		g.dial().ask("SessionID="+next, "PNG\r\n")
		e.expect(t, "INF 2\r\nPNG\r\nPNG\r\n")
	})
}

// A session's last exchanges are kept.
func TestHowMuchIsKept(t *testing.T) {
	for others, want := range map[int]int{maxKept - 1: 1, maxKept: 2} {
		retrying(t, fmt.Sprint(others), func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
			next := c.want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
			for i := range others {
				body := fmt.Sprintf("CHG %d NLN\r\n", i)
				next = c.want(t, "SessionID="+next, body, "re "+body)
			}
			g.dial().ask("SessionID="+session, "PNG\r\n")
			synctest.Wait()
			e.mu.Lock()
			defer e.mu.Unlock()
			if n := strings.Count(e.got.String(), "PNG"); n != want {
				t.Errorf("it went on %d times", n)
			}
		})
	}
	s := &session{}
	for _, size := range []int{1, maxKeptBytes - 1, 1} {
		s.kept = append(s.kept, &kept{reply: &reply{body: make([]byte, size)}})
	}
	s.trim()
	if s.kept[0].reply.body != nil || s.kept[1].reply.body == nil || s.kept[2].reply.body == nil {
		t.Error("what is kept is not the last MiB")
	}
}

// What the server has said in an answer that is lost comes with the next one.
func TestAnswersThatAreLost(t *testing.T) {
	retrying(t, "a poll's", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "CHG 1 NLN\r\n"))
		time.Sleep(time.Second)
		a.reset()
		next := c.want(t, "Action=poll&SessionID="+session, "", "re CHG 1 NLN\r\n")
		c.want(t, "SessionID="+session, "CHG 1 NLN\r\n", "") // it has come
		c.want(t, "SessionID="+next, "PNG\r\n", "re PNG\r\n")
		e.expect(t, "CHG 1 NLN\r\nPNG\r\n")
	})
	retrying(t, "of a connection that is ended later", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "CHG 1 NLN\r\n"))
		time.Sleep(time.Second)
		time.AfterFunc(noticeWait-time.Millisecond, a.reset)
		c.want(t, "Action=poll&SessionID="+session, "", "re CHG 1 NLN\r\n")
	})
	retrying(t, "of a connection that was ended before", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "CHG 1 NLN\r\n"))
		_ = a.conn.CloseWrite()
		time.Sleep(time.Second)
		c.want(t, "Action=poll&SessionID="+session, "", "re CHG 1 NLN\r\n")
	})
	retrying(t, "read, and the connection reset", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		next := a.want(t, "SessionID="+session, "CHG 1 NLN\r\n", "re CHG 1 NLN\r\n")
		a.reset()
		c.want(t, "Action=poll&SessionID="+next, "", "")
	})
	synctest.Test(t, func(t *testing.T) { // the last one
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		session, server := g.dial().open()
		_, _ = io.WriteString(server, "OUT OTH\r\n")
		_ = server.Close()
		a := g.dial()
		a.write(request("Action=poll&SessionID="+session, ""))
		time.Sleep(time.Second)
		a.reset()
		for range 2 {
			a = g.dial()
			if _, header, body := a.ask("Action=poll&Lifespan=1&SessionID="+session, ""); body != "OUT OTH\r\n" || !strings.HasSuffix(header, "Session=close") {
				t.Errorf("%q %q", header, body)
			}
			a.reset()
		}
		synctest.Wait()
		way := g.way.(*gatewayWay)
		way.mu.Lock()
		if way.count != 0 || len(way.sessions) == 0 {
			t.Errorf("%d open, %d known", way.count, len(way.sessions))
		}
		way.mu.Unlock()
		time.Sleep(lingerWait)
		if status, _, _ := g.dial().ask("Action=poll&SessionID="+session, ""); status != 400 {
			t.Errorf("%d after its time", status)
		}
	})
}

// A client that has ended its half of a connection gets its answer; a poll is answered then.
func TestHalfClosed(t *testing.T) {
	retrying(t, "", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		a := g.dial()
		a.write(request("SessionID="+session, "INF 2\r\n"))
		_ = a.conn.CloseWrite()
		status, header, body := a.read()
		if status != 200 || body != "re INF 2\r\n" {
			t.Errorf("%d %q %q", status, header, body)
		}
		if _, err := a.in.ReadByte(); err != io.EOF {
			t.Errorf("then %v", err)
		}
		b := g.dial()
		start := time.Now()
		b.write(request("Action=poll&Lifespan=60&SessionID="+id(header), ""))
		_ = b.conn.CloseWrite()
		if status, _, body = b.read(); status != 200 || body != "" || time.Since(start) > time.Second {
			t.Errorf("%d %q after %v", status, body, time.Since(start))
		}
	})
}

// Clients do not keep one another out, nor does one that opens sessions for nothing.
func TestTooManySessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, GatewayOptions{})
		defer g.close()
		way := g.way.(*gatewayWay)
		c := g.dial()
		busy, _ := c.open()
		set := func(clients, all int) {
			way.mu.Lock()
			defer way.mu.Unlock()
			if clients > 0 {
				way.clients[ipOf(tcpAt("192.0.2.9", 1))] = clients
			}
			if all > 0 {
				way.count = all
			}
		}
		set(maxClientSessions-1, 0)
		status, header, _ := c.ask("Action=open&Server=NS&IP=x", "")
		if status != 200 {
			t.Errorf("%d at the limit", status)
		}
		empty := id(header)
		if status, _, _ := c.ask("Action=open&Server=NS&IP=x", ""); status != 200 { // the empty one went
			t.Errorf("%d beyond it", status)
		}
		if status, _, _ := c.ask("Action=poll&SessionID="+empty, ""); status != 400 {
			t.Errorf("%d for one that has to go", status)
		}
		if status, _, _ := c.ask("Action=poll&SessionID="+busy, ""); status != 200 {
			t.Errorf("%d for one in use", status)
		}
		time.Sleep(emptyWait)
		synctest.Wait()
		set(maxClientSessions, 0)
		for range 2 {
			if status, _, text := c.ask("Action=open&Server=NS&IP=x", ""); status != 503 || !strings.Contains(text, "the limit for one client") {
				t.Errorf("%d %q", status, text)
			}
		}
		if said := g.host.said(); len(said) != 1 || !strings.Contains(said[0], "1024 gateway sessions of 192.0.2.9 are open") {
			t.Errorf("%q", said)
		}
		g.dialFrom("192.0.2.8").open()
		time.Sleep(fullWait + time.Second) // those end
		synctest.Wait()
		set(0, maxGatewaySessions-1)
		if status, _, _ := g.dialFrom("192.0.2.7").ask("Action=open&Server=NS&IP=x", "VER 1\r\n"); status != 200 {
			t.Errorf("%d at the limit of all", status)
		}
		if status, _, _ := g.dialFrom("192.0.2.7").ask("Action=open&Server=NS&IP=x", "VER 1\r\n"); status != 503 {
			t.Errorf("%d beyond the limit of all", status)
		}
		if said := g.host.said(); !strings.Contains(said[len(said)-1], "4096 gateway sessions are open") {
			t.Errorf("%q", said)
		}
		<-g.host.carried
	})
}

// What is no request to the gateway another way in may take, on another connection.
func TestTheClientAsksAnew(t *testing.T) {
	retrying(t, "", func(t *testing.T, g *gwTest, e *echo, c *gwClient, session string) {
		c.write("POST http://login.example.com/RST.srf HTTP/1.1\r\nHost: login.example.com\r\nContent-Length: 0\r\n\r\n")
		if b, err := c.in.ReadByte(); err == nil {
			t.Errorf("it was answered %q...", b)
		}
		if said := g.host.said(); len(said) > 0 {
			t.Errorf("%q", said)
		}
		g.dial().want(t, "SessionID="+session, "PNG\r\n", "re PNG\r\n")
	})
}
