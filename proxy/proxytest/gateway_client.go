package proxytest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"msnproxy/decode/gateway"
)

// GatewayDialer connects a client through MSN's HTTP gateway: its Dial is for
// [Options.Dial]. Each connection is a session; its exchanges go one after another over one
// connection with the gateway, or over a new one each time.
type GatewayDialer struct {
	// Address is where the gateway is, "host:port".
	Address string
	// Host is what the gateway is called in URLs. Empty: requests name a path only.
	Host string
	// Every is how often the gateway is asked when there is nothing to say. 0: 10 ms.
	Every time.Duration
	// Often has each exchange go over a connection of its own.
	Often bool
	// Split says, for tests, how many of the bytes that wait go with the next request, and
	// how many bytes of a request go with one write; nil: all.
	Split func(n int) int
	// Connect connects to the gateway; nil: net.Dialer.
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// gatewayConn is a session of a [GatewayDialer].
type gatewayConn struct {
	d       *GatewayDialer
	target  string // of the session
	outside *MemoryConn
	session string
	conn    net.Conn
	in      *bufio.Reader
}

// Dial returns a session with a server; it is opened when the first bytes are written, as
// those tell what kind of server it is. The error is always nil.
func (d *GatewayDialer) Dial(_ context.Context, _, address string) (net.Conn, error) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: 80}
	inside, outside := MemoryPair(at, at)
	c := &gatewayConn{d: d, target: address, outside: outside}
	go c.run()
	return inside, nil
}

// run carries what the client writes to the gateway, and what comes back.
func (c *gatewayConn) run() {
	defer func() {
		if c.conn != nil {
			c.conn.Close()
		}
		c.outside.Close()
	}()
	every := c.d.Every
	if every == 0 {
		every = 10 * time.Millisecond
	}
	buf := make([]byte, 16<<10)
	var waits []byte
	for gone := false; !gone || len(waits) > 0; {
		if len(waits) == 0 {
			if c.session != "" {
				_ = c.outside.SetReadDeadline(time.Now().Add(every))
			}
			n, err := c.outside.Read(buf)
			waits = append(waits, buf[:n]...)
			if gone = err != nil && !errors.Is(err, os.ErrDeadlineExceeded); gone && len(waits) == 0 {
				return
			}
		}
		n := len(waits)
		if c.d.Split != nil && n > 0 {
			n = c.d.Split(n)
		}
		over, err := c.exchange(waits[:n])
		waits = waits[n:]
		if err != nil || over {
			return
		}
	}
}

// exchange sends a request and writes what its answer brings to the client.
func (c *gatewayConn) exchange(body []byte) (over bool, err error) {
	q := gateway.Query{Session: c.session}
	switch {
	case c.session == "":
		q = gateway.Query{Action: gateway.Open, Server: "SB", IP: c.target}
		if bytes.HasPrefix(body, []byte("VER ")) {
			q.Server = "NS"
		}
	case len(body) == 0:
		q.Action = gateway.Poll
	}
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nAccept: */*\r\nUser-Agent: MSMSGS\r\nHost: %s\r\nProxy-Connection: Keep-Alive\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\nContent-Type: application/x-msn-messenger\r\nContent-Length: %d\r\n\r\n%s",
		q.Target(c.d.Host), c.host(), len(body), body)
	resp, err := c.send(request)
	if err != nil {
		return false, err
	}
	said, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return false, err
	case resp.StatusCode != http.StatusOK:
		return false, fmt.Errorf("the gateway answered %s", resp.Status)
	case resp.ContentLength != int64(len(said)):
		return false, fmt.Errorf("the gateway's answer has Content-Length %d and %d bytes", resp.ContentLength, len(said))
	}
	// As libpurple looks for it.
	h, ok := gateway.ParseHeader(resp.Header.Get(gateway.HeaderName))
	if !ok || !strings.Contains(resp.Header.Get(gateway.HeaderName), "; GW-IP=") {
		return false, fmt.Errorf("the gateway's answer has the header %q", resp.Header.Get(gateway.HeaderName))
	}
	c.session = h.Session
	if c.d.Often {
		c.conn.Close()
		c.conn = nil
	}
	_, err = c.outside.Write(said)
	return h.Close, err
}

func (c *gatewayConn) host() string {
	if c.d.Host != "" {
		return c.d.Host
	}
	return c.d.Address
}

// send sends a request and returns its answer.
func (c *gatewayConn) send(request string) (*http.Response, error) {
	if c.conn == nil {
		connect := c.d.Connect
		if connect == nil {
			connect = new(net.Dialer).DialContext
		}
		conn, err := connect(context.Background(), "tcp", c.d.Address)
		if err != nil {
			return nil, err
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	for len(request) > 0 {
		n := len(request)
		if c.d.Split != nil {
			n = c.d.Split(n)
		}
		if _, err := io.WriteString(c.conn, request[:n]); err != nil {
			return nil, err
		}
		request = request[n:]
	}
	return http.ReadResponse(c.in, &http.Request{Method: http.MethodPost})
}
