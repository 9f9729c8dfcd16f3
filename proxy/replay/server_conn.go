package replay

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// outSoft is how much is made ready to be written, outMost how many bytes a client
// may leave unread.
const (
	outSoft = 64 << 10
	outMost = 1 << 20
)

// conn is a live connection. One goroutine reads and takes requests, one says what is
// due; the server's lock guards all but nc.
type conn struct {
	s      *Server
	id     int
	nc     net.Conn
	target string // the recorded server whose port it came to; "": not known
	nudged chan struct{}

	account string
	role    decode.Role
	dialect int
	run     *run
	part    *part
	// trial: it is not known yet who this is; part is only the likeliest. early are
	// the requests until then.
	trial bool
	early []decode.Frame
	begun bool

	out  []byte
	last time.Time // of the last thing said by either end
	// stalled: it was said that the client says nothing.
	stalled bool
	known   *Values
	posed   []string // challenges
	salt    string   // of the sign-in

	held    hold
	since   time.Time // since when it is held
	waits   bool      // for what others do
	came    cause     // of the unasked message that comes next
	leaving bool      // the client has said that it goes
	closing bool
	gone    bool      // the client is
	ended   bool      // the part of the recording is
	allSaid time.Time // since when all is said; zero: it is not

	front *Relay // nil: the client itself has come
	maker string // who at the gate made the frame in hand; "": the client did

	senseless, unknown int
	msg                decode.Message
}

func newConn(s *Server, nc net.Conn, target string) *conn {
	return &conn{s: s, id: s.lastConn, nc: nc, target: target, nudged: make(chan struct{}, 1), known: s.values.Within(), last: time.Now()}
}

// nudge has the writer look what is due.
func (c *conn) nudge() {
	select {
	case c.nudged <- struct{}{}:
	default:
	}
}

// serve serves the client to its end.
func (c *conn) serve() {
	defer c.s.work.Done()
	var writing sync.WaitGroup
	writing.Go(c.write)
	err := c.read()
	c.s.mu.Lock()
	c.gone = true
	c.end(err)
	delete(c.s.conns, c)
	c.s.mu.Unlock()
	c.nudge()
	writing.Wait()
	c.nc.Close()
}

// end takes note that nothing more is said, once.
func (c *conn) end(err error) {
	if c.ended {
		return
	}
	c.ended = true
	c.detach()
	switch {
	case c.closing:
		c.report(Closed, 0, "closed by us")
	case c.s.down:
		c.report(Closed, 0, "closed: the server ends")
	case err == nil || errors.Is(err, io.EOF):
		c.report(Closed, 0, "closed by the client")
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.report(Broken, 0, "closed: no first line in %v", firstLine)
	default:
		c.report(Closed, 0, "lost: %v", bareError(err))
	}
}

// read takes what the client says. It returns when the client is gone.
func (c *conn) read() error {
	_ = c.nc.SetReadDeadline(time.Now().Add(firstLine))
	framer := decode.Framer{MaxPayload: maxPayload}
	var fr decode.Frame
	buf := make([]byte, 8<<10)
	for begun := false; ; {
		n, err := c.nc.Read(buf)
		framer.Feed(buf[:n])
		if n > 0 {
			c.s.mu.Lock()
			for framer.Next(&fr) {
				c.take(&fr)
			}
			c.limit()
			if !begun && c.begun {
				begun = true
				_ = c.nc.SetReadDeadline(time.Time{})
			}
			c.s.mu.Unlock()
			c.nudge()
		}
		if err != nil {
			c.s.mu.Lock()
			for framer.Flush(&fr) {
				c.take(&fr)
			}
			c.s.mu.Unlock()
			return err
		}
	}
}

// limit ends a client that asks and does not read.
func (c *conn) limit() {
	if len(c.out) > outMost && !c.closing {
		c.report(Broken, 0, "closed: %d bytes are unread", len(c.out))
		c.out, c.closing = nil, true
		c.nc.Close() // the writer may be at work
	}
}

// write says what is due, when it is due.
func (c *conn) write() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var spare []byte
	for {
		c.s.mu.Lock()
		wake := c.step(time.Now())
		out, closing, gone := c.out, c.closing, c.gone
		c.out, spare = spare[:0], out
		c.s.mu.Unlock()
		if len(out) > 0 && !gone {
			_ = c.nc.SetWriteDeadline(time.Now().Add(unread))
			if _, err := c.nc.Write(out); err != nil {
				c.nc.Close() // the reader sees it
				if errors.Is(err, os.ErrDeadlineExceeded) {
					c.s.mu.Lock()
					c.report(Broken, 0, "closed: the client has read nothing for %v", unread)
					c.s.mu.Unlock()
				}
				return
			}
		}
		if gone {
			return
		}
		if closing {
			c.hangUp()
			return
		}
		timer.Reset(max(0, time.Until(wake)))
		select {
		case <-c.nudged:
		case <-timer.C:
		}
	}
}

// hangUp closes the connection: by a reset if the recorded server did, else so that
// the client gets all that was said.
func (c *conn) hangUp() {
	c.s.mu.Lock()
	reset := c.part != nil && c.part.conn.Reset && c.part.conn.End == decode.Server
	c.end(nil)
	c.s.mu.Unlock()
	tcp, ok := c.nc.(interface {
		SetLinger(sec int) error
		CloseWrite() error
	})
	if !ok || reset {
		if ok {
			_ = tcp.SetLinger(0)
		}
		c.nc.Close()
		return
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(drained))
	if tcp.CloseWrite() != nil {
		c.nc.Close()
	}
}

// hour is how long a connection sleeps at most.
const hour = time.Hour

// step makes ready what is due, and returns when to look again.
func (c *conn) step(now time.Time) (wake time.Time) {
	c.waits = false
	for p := c.part; p != nil && !c.closing && !c.gone; {
		if len(c.out) >= outSoft {
			return now
		}
		m, h := p.due(c.s.script, c.ready)
		if m == nil {
			if wake, again := c.wait(h, now); !again {
				return c.stall(h.on, now, wake)
			}
			continue
		}
		c.held = hold{}
		if at := c.when(m); at.After(now) {
			return at
		}
		c.say(m)
		c.last = now
		c.came = cause{}
	}
	return now.Add(hour)
}

// stall says that the client does not say what it said when it was recorded, once for
// each silence; on is what is waited for. It returns when to look again.
func (c *conn) stall(on *story.Message, now, wake time.Time) time.Time {
	if c.stalled || c.leaving || c.closing || on == nil || on.From != decode.Client {
		return wake
	}
	until := c.last.Add(paced(gap(on), c.s.cfg.Speed) + stalls)
	if now.Before(until) {
		if until.Before(wake) {
			return until
		}
		return wake
	}
	c.stalled = true
	c.report(Stalled, on.Number, "the client has said nothing for %v; in the recording it says %s (message %d) next", now.Sub(c.last).Round(time.Second), name(on), on.Number)
	return wake
}

// when says when a message is due: at the recorded pace after what was said last, at
// once if it waited for what somebody else did.
func (c *conn) when(m *story.Message) time.Time {
	if c.came.met && c.came.of == m {
		return time.Time{}
	}
	return c.last.Add(paced(gap(m), c.s.cfg.Speed))
}

// wait decides what to do while nothing is due. again: something has changed.
func (c *conn) wait(h hold, now time.Time) (wake time.Time, again bool) {
	p := c.part
	c.waits = h.waits != nil
	if p.over() || c.leaving && len(p.asked) == 0 {
		return c.finish(now, c.waits && !p.over()), false
	}
	if h.on == nil {
		return c.linger(now), false
	}
	if h.waits != nil && p.done.has(h.waits.Index) {
		return now, true // it lapsed just now
	}
	c.allSaid = time.Time{}
	if h.waits == nil {
		if h.waits = p.waiting(c.s.script, h.on); h.waits == nil {
			return now.Add(hour), false
		}
	}
	if c.held != h {
		c.held, c.since = h, now
	}
	until := c.since.Add(c.s.cfg.Patience)
	if at := c.last.Add(paced(gap(h.waits), c.s.cfg.Speed)); at.After(c.since) {
		until = at.Add(c.s.cfg.Patience)
	}
	if now.Before(until) {
		return until, false
	}
	if h.on == h.waits {
		c.report(Waited, h.waits.Number, "%s comes although %s in message %d did not come in %v", name(h.waits), c.came.name(), c.came.number(), c.s.cfg.Patience)
		c.came.waived = true
	} else {
		c.report(Waited, h.waits.Number, "%s comes although %s in message %d was not asked in %v", name(h.waits), name(h.on), h.on.Number, c.s.cfg.Patience)
		p.newest = max(p.newest, h.waits.Index)
	}
	return now, true
}

// finish ends a connection on which all is said as the recorded one ended. Where the
// client was the one to close it is waited for; so it is if it hears of somebody who
// may be leaving, too.
func (c *conn) finish(now time.Time, hears bool) (wake time.Time) {
	rec := c.part.conn
	if !hears && rec.Ended && rec.End == decode.Server {
		c.closing = true
		return now
	}
	if !c.leaving {
		return now.Add(hour)
	}
	return c.closeIn(drained, now)
}

// linger waits for the client's last messages, to which nothing is said: where the
// recorded server closed after them not for ever.
func (c *conn) linger(now time.Time) (wake time.Time) {
	if rec := c.part.conn; rec.Ended && rec.End == decode.Server && len(c.part.asked) == 0 {
		return c.closeIn(c.s.cfg.Patience, now)
	}
	return now.Add(hour)
}

// closeIn closes the connection when all has been said for so long.
func (c *conn) closeIn(d time.Duration, now time.Time) (wake time.Time) {
	if c.allSaid.IsZero() {
		c.allSaid = now
	}
	if until := c.allSaid.Add(d); now.Before(until) {
		return until
	}
	c.closing = true
	return now
}

// name is what a recorded message is called.
func name(m *story.Message) string {
	if m.Kind != decode.Command {
		return m.Kind.String()
	}
	return m.Name
}
