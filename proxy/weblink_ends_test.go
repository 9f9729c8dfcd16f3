package proxy

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

// wantsAll is a stage that may want whatever comes, and leaves it.
func wantsAll(t testing.TB) *gate.Gate {
	t.Helper()
	g := gate.New(gate.Options{})
	g.Add(looks(func(*decode.Message, *action.Effect) gate.Waiter { return nil }))
	return g
}

// The answer to a HEAD is whole with its head, also where the connection goes on.
func TestWebAnswerToHead(t *testing.T) {
	for _, gated := range []bool{false, true} {
		for _, announced := range []string{"Content-Type: text/xml\r\nContent-Length: 4000\r\n", "Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n", "Content-Type: text/xml\r\n", "Content-Type: image/png\r\nContent-Length: 9\r\n"} {
			u := newUpstream(t)
			cfg := Config{}
			if gated {
				cfg.Gate = wantsAll(t)
			}
			p, seen := webProxy(t, u, cfg)
			client := dial(t, p.Addr().String())
			const ask = "%s / HTTP/1.1\r\nHost: %s\r\n\r\n"
			send(t, client, fmt.Sprintf(ask+ask, "HEAD", u.Addr(), "GET", u.Addr()))
			server := u.next(t)
			expect(t, server, fmt.Sprintf(ask+ask, "HEAD", u.Addr(), "GET", u.Addr()))
			head := "HTTP/1.1 200 OK\r\n" + announced + "\r\n"
			send(t, server, head)
			expect(t, client, head)
			send(t, server, answering("<a/>"))
			expect(t, client, answering("<a/>"))
			client.Close()
			server.Close()
			seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
			for _, text := range seen.remarks() {
				if strings.Contains(text, "is no HTTP") {
					t.Error(text)
				}
			}
		}
	}
}

// An answer that ends with the connection names hosts as any other does.
func TestWebHostsAtTheEnd(t *testing.T) {
	for _, gated := range []bool{false, true} {
		for _, answer := range []string{
			"HTTP/1.0 302 Found\r\nContent-Type: text/html\r\nLocation: http://%s/foo\r\n\r\n<a>moved</a>",
			"HTTP/1.0 302 Found\r\nLocation: http://%s/foo\r\n\r\n",
			"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nPassportURLs: DALogin=%s/a\r\n\r\n",
		} {
			u, other := newUpstream(t), newUpstream(t)
			cfg := Config{KeepSecrets: true}
			if gated {
				cfg.Gate = wantsAll(t)
			}
			p, seen := webProxy(t, u, cfg, "contacts.example.com="+"http://"+other.Addr().String())
			client := dial(t, p.Addr().String())
			send(t, client, "GET / HTTP/1.0\r\nHost: login.example.com\r\n\r\n")
			server := u.next(t)
			send(t, server, fmt.Sprintf(answer, other.Addr()))
			server.CloseWrite()
			want := fmt.Sprintf(answer, "contacts.example.com")
			expect(t, client, want)
			expectEOF(t, client)
			r := seen.wait(t, "answer", func(r *capture.Record) bool { return r.Kind == capture.Data && r.From == decode.Server })
			if string(r.Sent) != want {
				t.Errorf("recorded as sent: %q, want %q", r.Sent, want)
			}
			seen.waitRemark(t, "as contacts.example.com")
		}
	}
}

// Whatever becomes of the body of a request: its head tells the server its own name.
func TestWebHeadOfBrokenRequests(t *testing.T) {
	long := strings.Repeat("x", 200000)
	for _, gated := range []bool{false, true} {
		for name, rest := range map[string]string{
			"long":          "Content-Length: 200000\r\n\r\n" + long,
			"long chunks":   "Transfer-Encoding: chunked\r\n\r\n30d40\r\n" + long + "\r\n0\r\n\r\n",
			"two lengths":   "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
			"no length":     "Content-Length: +3\r\n\r\nabc",
			"broken chunks": "Transfer-Encoding: chunked\r\n\r\nzz\r\nfoo",
			"half":          "Content-Length: 90\r\n\r\nabc",
		} {
			u := newUpstream(t)
			cfg := Config{MaxPayload: 1000}
			if gated {
				cfg.Gate = wantsAll(t)
			}
			p, seen := webProxy(t, u, cfg)
			client := dial(t, p.Addr().String())
			const head = "POST /%s HTTP/1.1\r\nHost: %s\r\n"
			go func() {
				_, _ = client.Write([]byte(fmt.Sprintf(head, "a", "login.example.com") + rest))
				client.CloseWrite()
			}()
			server := u.next(t)
			expect(t, server, fmt.Sprintf(head, "a", u.Addr().String())+rest)
			expectEOF(t, server)
			if strings.HasPrefix(name, "long") {
				seen.waitRemark(t, "longer than is read: it passes as it comes")
			}
			client.Close()
			server.Close()
			end := seen.wait(t, "end", func(r *capture.Record) bool { return r.Kind == capture.Closed })
			_ = end
			for _, text := range seen.remarks() {
				if strings.Contains(text, "is no HTTP") && strings.HasPrefix(name, "long") {
					t.Errorf("%s: %s", name, text)
				}
			}
		}
	}
}

// A body that names no host goes on as it comes, though its type might.
func TestWebStreams(t *testing.T) {
	u := newUpstream(t)
	p, _ := webProxy(t, u, Config{})
	for _, b := range []string{
		"Content-Type: text/event-stream\r\n\r\n", "Content-Type: text/html\r\n\r\nabc",
		"Content-Type: text/html\r\n\r\n <!DOCTYPE HTML><p>", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	} {
		client := dial(t, p.Addr().String())
		send(t, client, "GET / HTTP/1.1\r\nHost: "+u.Addr().String()+"\r\n\r\n")
		server := u.next(t)
		head := "HTTP/1.1 200 OK\r\n" + b
		send(t, server, head)
		expect(t, client, head)
		send(t, server, "data: 1\n\n")
		expect(t, client, "data: 1\n\n")
		client.Close()
		server.Close()
	}
}

// A web server that ends without a word is spoken of as one.
func TestWebWordless(t *testing.T) {
	u := newUpstream(t)
	p, seen := webProxy(t, u, Config{})
	client := dial(t, p.Addr().String())
	send(t, client, "GET / HTTP/1.0\r\nHost: login.example.com\r\n\r\n")
	server := u.next(t)
	if _, err := http.ReadRequest(bufio.NewReader(server)); err != nil {
		t.Fatal(err)
	}
	server.Close()
	expectEOF(t, client)
	client.Close()
	seen.waitRemark(t, "in --web https:// is for one of TLS")
}
