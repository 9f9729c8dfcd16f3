package proxy

import (
	"bytes"
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

// open finds out where a client belongs, connects there and starts the links.
func (c *conn) open() {
	in := &c.in
	if in.caller != nil && !c.comeIn(in, firstByteWait) {
		return
	}
	for {
		if in.late && in.wish == nil && c.to == nil && c.p.routes.waiting(c.clientIP) {
			if again, ok, err := c.otherwise(in); err != nil {
				c.gone(err)
				return
			} else if again && !ok {
				return
			}
		}
		rt, pieces, doubts, err := c.where(in)
		if c.rec.ID == 0 {
			c.rec.ID = c.p.lastID.Add(1)
		}
		if err != nil {
			c.gone(err)
			return
		}
		server, ok := c.reach(in, rt, doubts)
		if !ok {
			return
		}
		if server == nil {
			continue
		}
		again, ok := c.inside(in, server)
		if !ok {
			return
		}
		if !again {
			c.start(in, server, append(pieces, in.pieces(c)...), doubts)
			return
		}
	}
}

// reach connects to the server that a client belongs to, and tells the client. ok is false
// if the connection has ended. No server: the client belongs elsewhere.
func (c *conn) reach(in *entry, rt route, doubts []string) (server net.Conn, ok bool) {
	c.rec.Server = rt.target.String()
	if rt.refused != "" {
		if rt.by != "" {
			c.p.count.refused.Add(1)
		}
		c.turnAway(in, &entrance.Error{Reason: entrance.Forbidden, Err: &refusal{target: rt.target, by: rt.by, why: rt.refused}}, doubts)
		return nil, false
	}
	server, err := c.dialFor(in, rt)
	if err != nil && in.late && !c.isStopped() {
		if again, ok, _ := c.otherwise(in); again {
			return nil, ok
		}
	}
	if err != nil {
		var refused *refusal
		switch {
		case c.isStopped():
			c.end(0, proxyClosed, doubts)
			return nil, false
		case errors.As(err, &refused):
			c.p.count.refused.Add(1)
		default:
			c.p.count.dialErrors.Add(1)
		}
		c.turnAway(in, err, doubts)
		return nil, false
	}
	if err := c.goesOut(server); err != nil {
		_ = server.Close()
		c.p.count.refused.Add(1)
		c.turnAway(in, err, doubts)
		return nil, false
	}
	if end := endpoint(server.RemoteAddr()); end.IsValid() {
		c.rec.Server = end.String()
	}
	if in.wish != nil && in.wish.Answer != nil {
		if err := in.wish.Answer(nil); err != nil {
			_ = server.Close()
			c.gone(err)
			return nil, false
		}
	}
	return server, true
}

// start tells that the connection is made, and starts its links. pieces were read from the
// client.
func (c *conn) start(in *entry, server net.Conn, pieces [][]byte, doubts []string) {
	c.say(capture.Record{Time: c.accepted, Kind: capture.Opened})
	if in.wish != nil && in.wish.Remark != "" {
		doubts = append(doubts, in.wish.Remark)
	}
	for _, d := range doubts {
		c.say(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: d})
	}
	c.down = link{c: c, from: decode.Server, src: newReader(server), dst: c.client, bytes: &c.p.count.fromServers}
	c.down.framer.MaxPayload = c.p.cfg.MaxPayload
	c.up.dst = server
	if in.wish != nil && in.wish.Web != nil {
		c.openWeb(in.wish.Web)
	}
	c.mu.Lock()
	if g := c.p.cfg.Gate; g != nil {
		c.done = make(chan struct{})
		c.gate = g.Conn(c.rec, outlet{&c.up}, outlet{&c.down})
		c.up.lane, c.down.lane = c.gate.Lane(decode.Client), c.gate.Lane(decode.Server)
	}
	c.server, c.links = server, 2
	if c.stopped {
		c.wake()
	}
	c.mu.Unlock()
	if in.late {
		c.up.late, c.heard = in.caller, make(chan struct{})
	}
	in.forget()
	if c.up.web == nil {
		c.silence.begin(c)
	}
	go c.up.run(pieces)
	go c.down.run(nil)
}

// where decides where a client belongs that came in like that. pieces are what was read
// from it.
func (c *conn) where(in *entry) (rt route, pieces [][]byte, doubts []string, err error) {
	c.asIs = !c.p.cfg.rewritesFor(in.wish)
	if !in.asks() {
		return c.route(in.pieces(c))
	}
	if in.wish.Target == "" {
		return route{target: c.p.cfg.upstream}, nil, nil, nil
	}
	rt, in.own = c.asked(in.wish)
	if !in.own || in.wish.Dial != nil {
		return rt, nil, nil, nil
	}
	// The answer comes before the first line does.
	if in.wish.Answer != nil {
		if err := in.wish.Answer(nil); err != nil {
			return rt, nil, nil, err
		}
		in.wish.Answer = nil
	}
	return c.route(in.pieces(c))
}

// route decides where the client belongs that came as to its server. begun and pieces are
// what was read from it. The error says that the client is gone.
func (c *conn) route(begun [][]byte) (rt route, pieces [][]byte, doubts []string, err error) {
	upstream := route{target: c.p.cfg.upstream}
	if c.to != nil {
		return c.p.routeOf(c.to), begun, nil, nil
	}
	if !c.p.routes.waiting(c.clientIP) {
		c.up.first = true
		return upstream, begun, nil, nil
	}
	o, pieces, err := c.firstLine(begun)
	if err != nil {
		return rt, nil, nil, err
	}
	if decode.ActOf(o.verb) == decode.ActVersion {
		rt, others, ok := c.p.routes.takeNS(c.clientIP)
		if !ok {
			return upstream, pieces, nil, nil
		}
		if len(others) > 0 {
			doubts = append(doubts, fmt.Sprintf("%s was redirected to %s and to %s: whose connection this is cannot be told, so it went to the first", c.clientIP, rt.target, others[0]))
		}
		return rt, pieces, doubts, nil
	}
	if o.cookie != "" {
		if rt, ok := c.p.routes.find(c.clientIP, cookieKey(o.cookie)); ok {
			return rt, pieces, nil, nil
		}
	}
	if o.session != "" {
		if rt, ok := c.p.routes.find(c.clientIP, sessionKey(o.session)); ok {
			return rt, pieces, nil, nil
		}
	}
	if o.cookie != "" {
		doubts = append(doubts, unknownCookie(o, upstream.target.String()))
	}
	return upstream, pieces, doubts, nil
}

func unknownCookie(o opening, to string) string {
	return fmt.Sprintf("%s with a cookie that no redirect gave to this client address: it went to the upstream %s", o.verb, to)
}

// firstLine reads as much from the client as routing needs. begun was read already.
func (c *conn) firstLine(begun [][]byte) (o opening, pieces [][]byte, err error) {
	c.deadline(c.accepted.Add(c.p.cfg.FirstLineWait))
	defer c.deadline(time.Time{})
	pieces = begun
	all := bytes.Join(begun, nil)
	if len(all) > 0 {
		o = readOpening(all)
	}
	for !o.whole {
		w, err := c.up.src.next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded) && !c.isStopped():
			return o, pieces, nil
		case err != nil:
			return o, nil, err
		}
		piece := append([]byte(nil), w.in...)
		w.free()
		pieces = append(pieces, piece)
		all = append(all, piece...)
		o = readOpening(all)
	}
	return o, pieces, nil
}
