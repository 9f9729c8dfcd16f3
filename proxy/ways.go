package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/entrance"
)

const (
	// firstByteWait is how long a client's first byte is waited for before its server is
	// dialled anyway.
	firstByteWait = 300 * time.Millisecond
	// greetingWait limits what a client takes for the greeting of a way in.
	greetingWait = 30 * time.Second
	// partingWait is how long a client that was told no may take to hang up.
	partingWait = time.Second
	// maxNested bounds the ways inside one another.
	maxNested = 4
)

// entry is how a client came in.
type entry struct {
	caller *entrance.Caller // nil: only one way leads in
	wish   *entrance.Wish   // nil: it came as to its server
	late   bool             // and has said nothing yet
	own    bool             // what it asked for is the proxy itself
}

// forget lets go of what only the coming in needed: a connection may stay for days.
func (e *entry) forget() {
	e.caller = nil
	if e.wish != nil {
		e.wish.Answer = nil
	}
}

// asks reports whether the client has named a server.
func (e *entry) asks() bool { return e.wish != nil && (e.wish.Target != "" || e.wish.Dial != nil) }

// pieces takes what was read of what is relayed.
func (e *entry) pieces(c *conn) (list [][]byte) {
	if e.wish != nil && len(e.wish.Early) > 0 {
		list = append(list, e.wish.Early)
		e.wish.Early = nil
	}
	if e.caller != nil && (e.wish == nil || e.wish.Conn == nil) {
		if b := e.caller.Take(len(e.caller.Buffered())); len(b) > 0 {
			list = append(list, c.withoutLogin(b))
		}
	}
	return list
}

// nests reports whether another way may go on inside this one.
func (e *entry) nests() bool {
	return e.caller != nil && !e.own && e.wish != nil && e.wish.Target != "" && e.wish.Conn == nil && e.wish.Dial == nil
}

// comeIn finds the way by which the client came, and its wish. wait limits the wait for
// its first byte; 0 is none. ok is false if the connection has ended.
func (c *conn) comeIn(in *entry, wait time.Duration) (ok bool) {
	way, late, err := c.choose(in.caller, wait)
	if err != nil {
		c.gone(err)
		return false
	}
	in.late = late && in.wish == nil
	if way == nil && !c.admitted(in) {
		return false
	}
	return c.follow(in, way, wait)
}

// follow has a way speak with the client, and those inside it. ok is false if the connection
// has ended.
func (c *conn) follow(in *entry, way entrance.Entrance, wait time.Duration) (ok bool) {
	var err error
	for range maxNested {
		if way == nil {
			return true
		}
		if ok := c.enter(in, way); !ok {
			return false
		}
		if way, err = c.further(in, wait); err != nil {
			c.gone(err)
			return false
		}
		if way != nil && in.wish.Answer != nil { // nothing is dialled for it
			if err := in.wish.Answer(nil); err != nil {
				c.gone(err)
				return false
			}
		}
	}
	return true
}

// admitted reports whether a client that no way took may come in as to its server. If not
// the connection has ended.
func (c *conn) admitted(in *entry) bool {
	if in.wish != nil {
		return true
	}
	for _, w := range c.p.cfg.Ways {
		k, ok := w.(entrance.Keeper)
		if !ok {
			continue
		}
		if err := k.Admit(in.caller); err != nil {
			c.p.count.refused.Add(1)
			c.fill()
			c.part(err.Error(), nil)
			return false
		}
	}
	return true
}

// further returns the way that goes on inside the one that the client came by, and for which
// nothing is dialled; nil: none does. Who waits for an answer says nothing before it; who
// does not has its first bytes waited for.
func (c *conn) further(in *entry, wait time.Duration) (way entrance.Entrance, err error) {
	switch {
	case !in.nests():
		return nil, nil
	case in.wish.Answer != nil || in.late:
		return c.claimed(in.caller), nil
	}
	way, in.late, err = c.choose(in.caller, wait)
	return way, err
}

// enter has a way speak with the client. ok is false if the connection has ended.
func (c *conn) enter(in *entry, way entrance.Entrance) (ok bool) {
	wish, err := way.Enter(c.p.ctx, in.caller)
	_ = in.caller.SetDeadline(time.Time{})
	switch {
	case err == nil && wish == nil: // its connections were told of one by one
		_ = c.client.Close()
		c.p.drop(c)
		return false
	case c.isStopped():
		c.fill()
		c.end(0, proxyClosed, nil)
		return false
	case err != nil:
		c.fill()
		c.part(err.Error(), nil)
		return false
	}
	if err := c.ledHere(wish); err != nil {
		c.p.count.refused.Add(1)
		c.fill()
		c.part(err.Error(), nil)
		return false
	}
	if c.rec.Way != "" && wish.Way != "" {
		c.rec.Way += ", "
	}
	c.rec.Way += wish.Way
	if wish.Target != "" && c.rec.Asked == "" {
		c.rec.Asked = printable(wish.Target)
	}
	in.wish, in.caller.Asked = wish, wish
	if wish.Conn != nil {
		c.mu.Lock()
		c.client = wish.Conn
		c.mu.Unlock()
		c.up.src = newReader(wish.Conn)
	}
	return true
}

// choose returns the way that takes the client; nil: none does. late says that the client
// has said nothing. The error says that it is gone.
func (c *conn) choose(caller *entrance.Caller, wait time.Duration) (way entrance.Entrance, late bool, err error) {
	defer func() { _ = caller.SetReadDeadline(time.Time{}) }()
	for start := time.Now(); ; {
		var greeted entrance.Entrance
		more := false
		for _, w := range c.p.cfg.Ways {
			switch w.Takes(caller) {
			case decode.Yes:
				return w, false, nil
			case decode.Maybe:
				more = true
				if g, ok := w.(entrance.Greeter); ok && greeted == nil && g.Greets(caller) {
					greeted = w
				}
			}
		}
		if !more {
			return nil, false, nil
		}
		begun := len(caller.Buffered()) > 0
		if begun {
			wait = c.p.cfg.FirstLineWait
		}
		if greeted != nil {
			wait = max(wait, caller.Patience)
		}
		if wait > 0 {
			_ = caller.SetReadDeadline(start.Add(wait))
		}
		err := caller.More()
		if !begun {
			start = time.Now()
		}
		switch {
		case err == nil:
		case c.isStopped():
			return nil, false, err
		case greeted != nil && !isReset(err): // there may be a password in it
			caller.Patience = 0
			return greeted, false, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, !begun, nil
		case errors.Is(err, io.EOF), begun && !isReset(err):
			return nil, false, nil
		default:
			return nil, false, err
		}
	}
}

// claimed returns a way that takes the client for what it asked for.
func (c *conn) claimed(caller *entrance.Caller) entrance.Entrance {
	for _, w := range c.p.cfg.Ways {
		if w.Takes(caller) == decode.Yes {
			return w
		}
	}
	return nil
}

// inside sees, once the client was told that it is connected with server, whether another
// way goes on there. again means that one does, for which server is not needed.
func (c *conn) inside(in *entry, server net.Conn) (again, ok bool) {
	if !in.nests() || in.late {
		return false, true
	}
	outer := in.wish
	if ok := c.comeIn(in, firstByteWait); !ok {
		_ = server.Close()
		return false, false
	}
	if in.wish != outer {
		_ = server.Close()
	}
	return in.wish != outer, true
}

// fill sets the server of a connection that got none.
func (c *conn) fill() {
	if c.rec.Server == "" {
		c.rec.Server = c.p.cfg.upstream.String()
		if c.rec.Asked != "" {
			c.rec.Server = c.rec.Asked
		}
	}
}

// gone ends a connection of which the client went, or that was stopped, before it was
// connected.
func (c *conn) gone(err error) {
	c.fill()
	if c.isStopped() {
		c.end(0, proxyClosed, nil)
		return
	}
	c.fail(decode.Client, fmt.Sprintf("the client went before it was connected: %v", cause(err)), nil)
}

// turnAway ends a connection that cannot be made. A client that waits for an answer gets
// one, any other is reset.
func (c *conn) turnAway(in *entry, err error, remarks []string) {
	if in.wish == nil || in.wish.Answer == nil {
		c.fail(0, err.Error(), remarks)
		return
	}
	_ = in.wish.Answer(err)
	c.part(err.Error(), remarks)
}

// part ends a connection whose client got its answer, so that the answer arrives.
func (c *conn) part(text string, remarks []string) {
	c.say(capture.Record{Time: c.accepted, Kind: capture.Opened})
	for _, r := range append(remarks, text) {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: r})
	}
	if cw, ok := c.client.(interface{ CloseWrite() error }); ok {
		_ = cw.CloseWrite()
		c.deadline(time.Now().Add(partingWait))
		_, _ = io.Copy(io.Discard, io.LimitReader(c.client, 1<<20))
	}
	_ = c.client.Close()
	c.say(capture.Record{Time: time.Now(), Kind: capture.Closed, Text: text})
	c.p.drop(c)
}

// host is the proxy as ways in see it.
type host struct{ p *Proxy }

// Carry implements entrance.Host.
func (h host) Carry(w *entrance.Wish) error {
	c := newConn(h.p, w.Conn, nil)
	c.in = entry{wish: w}
	c.rec.Way, c.rec.Asked = w.Way, printable(w.Target)
	return h.p.admit(c)
}

// Remark implements entrance.Host.
func (h host) Remark(text string) { h.p.remark(text) }

// Closing implements entrance.Host.
func (h host) Closing() <-chan struct{} { return h.p.closed }

// dialFor connects to the server that the client belongs to.
func (c *conn) dialFor(in *entry, rt route) (net.Conn, error) {
	ctx := context.WithValue(c.p.ctx, dialling{}, c.rec)
	if in.wish == nil || in.wish.Dial == nil {
		return c.p.dial(ctx, rt)
	}
	ctx, cancel := context.WithTimeout(ctx, c.p.cfg.DialTimeout)
	defer cancel()
	return in.wish.Dial(entrance.WithConnector(ctx, c.p.connectTo(in.wish.By)))
}

// connectTo connects where a way says by itself, as the user has told it.
func (p *Proxy) connectTo(by string) entrance.Connector {
	return func(ctx context.Context, address string) (net.Conn, error) {
		to, err := parseAddress(address, DefaultPort)
		if err != nil {
			return nil, err
		}
		return p.dial(ctx, route{target: to, by: by})
	}
}
