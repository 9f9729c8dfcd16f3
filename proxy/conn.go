package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/gate"
)

// conn is one TCP connection of a client together with the upstream connection
// that carries it on.
type conn struct {
	p        *Proxy
	to       *target // the port it came to; nil: the main listener
	rec      *capture.Conn
	accepted time.Time
	client   net.Conn
	server   net.Conn
	in       entry          // how the client came
	leash    *leash         // nil: only one way leads in
	port     uint16         // of the listener that the client reached; 0: the main one
	asIs     bool           // redirects pass as they come
	begun    []byte         // what the client has said when it moved on: see moveOn
	local    netip.AddrPort // of the client's socket
	clientIP netip.Addr
	came     journey // of a client that the firewall has led here
	went     journey // of the connection to its server
	up, down link
	foreign  atomic.Pointer[decode.Opening] // what a link began with that is no MSNP
	unclear  atomic.Pointer[[]byte]         // what the client began with, as long as more is needed to name it
	roles    atomic.Uint32                  // decode.Role: what the client's first line is for
	nonce    atomic.Pointer[string]         // that the client answers to sign in

	mu      sync.Mutex
	links   int           // that still run
	ends    int           // links that came to their sender's end
	closer  decode.Sender // who ended first; 0: nobody has
	sides   [3]side       // by decode.Sender
	over    bool          // how it ended is known
	reset   bool          // by closer
	cut     bool          // the peers get a reset
	text    string        // why closed
	stopped bool

	half    halfClose
	silence silence
	gate    *gate.Conn    // nil: there is no gate
	done    chan struct{} // closed when the connection is to end; nil without a gate
}

func newConn(p *Proxy, client net.Conn, to *target) *conn {
	c := &conn{p: p, to: to, client: client, accepted: time.Now()}
	c.local = endpoint(client.LocalAddr())
	remote := endpoint(client.RemoteAddr())
	c.clientIP = remote.Addr()
	c.rec = &capture.Conn{Client: remote.String(), Via: c.local.String()}
	if len(p.cfg.Ways) == 0 {
		c.rec.ID = p.lastID.Add(1)
	}
	c.up = link{c: c, from: decode.Client, src: newReader(client), bytes: &p.count.fromClients}
	c.up.framer.MaxPayload = p.cfg.MaxPayload
	return c
}

// greets has the ways in find out by which the client came. begun are bytes that were
// read.
func (c *conn) greets(begun []byte) {
	c.leash = &leash{Conn: c.client}
	c.in.caller = entrance.NewCaller(c.leash, host{c.p}, greetingWait, begun)
}

func addrPort(ip netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(ip, port) }

// deadline sets the client's read deadline unless the connection was stopped.
func (c *conn) deadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		_ = c.client.SetReadDeadline(t)
	}
}

func (c *conn) isStopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// fail ends a connection that no server was found for, which is remarked on. To the
// client that is a reset, as if it had reached a port where nothing listens; the
// server has no part in it.
func (c *conn) fail(who decode.Sender, text string, doubts []string) {
	if who == 0 {
		doubts = append(doubts, text)
	}
	c.end(who, text, doubts)
}

// end ends a connection that has no links.
func (c *conn) end(who decode.Sender, text string, remarks []string) {
	c.say(capture.Record{Time: c.accepted, Kind: capture.Opened})
	for _, r := range remarks {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: r})
	}
	reset(c.client)
	c.p.count.resets.Add(1)
	c.say(capture.Record{Time: time.Now(), Kind: capture.Closed, From: who, Reset: true, Text: text})
	c.p.drop(c)
}

// say publishes a record about the connection.
func (c *conn) say(r capture.Record) {
	if c.rec.ID == 0 {
		c.rec.ID = c.p.lastID.Add(1)
	}
	r.Conn = c.rec
	c.p.publish([]capture.Record{r}, nil)
}

// reset closes a connection so that its peer gets a reset.
func reset(c net.Conn) {
	if below, ok := c.(interface{ NetConn() net.Conn }); ok {
		reset(below.NetConn())
	}
	if t, ok := c.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// proxyClosed is the reason of the ends that nobody but the proxy brought about.
const proxyClosed = "the proxy was closed"

// stop ends the connection for the proxy's own reasons.
func (c *conn) stop(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.stopped = true
	if !c.over {
		c.text = text
		if c.closer != 0 {
			c.text += fmt.Sprintf("; the %s had finished sending before", c.closer)
		}
		c.closer = 0 // it would have gone on without us
	}
	c.wake()
}

// wake makes every read and write of the connection return. c.mu is held.
func (c *conn) wake() {
	if c.done != nil {
		select {
		case <-c.done:
		default:
			close(c.done)
		}
	}
	past := time.Unix(1, 0)
	if c.leash != nil {
		c.leash.pull()
	}
	_ = c.client.SetDeadline(past)
	if c.server != nil {
		_ = c.server.SetDeadline(past)
	}
}

// interrupt makes a watch of one side return.
func (c *conn) interrupt(from decode.Sender) { _ = c.side(from).SetReadDeadline(time.Unix(1, 0)) }

// resume lets one side be read again after an interrupt, unless the connection is to end.
func (c *conn) resume(from decode.Sender) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
	default:
		_ = c.side(from).SetReadDeadline(time.Time{})
	}
}

// side returns the connection with one side.
func (c *conn) side(from decode.Sender) net.Conn {
	if from == decode.Client {
		return c.client
	}
	return c.server
}

// linkDone is called by each link as its last act; the second one closes the
// connection. Closing is left until then because it would wait for a link that is
// reading.
func (c *conn) linkDone() {
	c.mu.Lock()
	c.links--
	if c.links > 0 {
		c.mu.Unlock()
		return
	}
	stopped := c.stopped
	c.stopped = true // what comes now is too late
	end := capture.Record{Kind: capture.Closed, From: c.closer, Reset: c.reset, Text: c.text}
	cut, begun := c.cut, c.begun
	c.mu.Unlock()
	if c.gate != nil {
		c.gate.Close()
	}
	c.half.forget()
	c.silence.end()
	switch {
	case begun != nil:
		_ = c.server.Close()
	case cut:
		c.p.count.resets.Add(1)
		reset(c.client)
		reset(c.server)
	default:
		_ = c.client.Close()
		_ = c.server.Close()
	}
	if x, ok := c.client.(interface{ Parting() string }); ok {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: x.Parting()})
	}
	if why := c.leftEarly(); why != "" && !stopped && end.From == decode.Client {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Client, Text: why})
	}
	if why := c.wordless(end); why != "" && !stopped {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Server, Text: why})
	}
	end.Time = time.Now()
	c.say(end)
	c.p.drop(c)
	if begun != nil {
		_ = c.client.SetDeadline(time.Time{})
		c.p.take(c.client, nil, c.port, begun)
	}
}
