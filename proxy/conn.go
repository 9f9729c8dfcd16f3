package proxy

import (
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
	heard    chan struct{}  // closed when a client that was late has said something; nil: it was not
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
