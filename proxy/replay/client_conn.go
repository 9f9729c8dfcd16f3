package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// connState is how far a connection of a replay is.
type connState uint8

const (
	connWaiting connState = iota
	connOpen
	connLeaving // closed from this side; what still comes counts
	connOver    // closed, by whomever, or given up
	connSkipped // never opened
)

// clientConn is a recorded connection and the live one that is made of it. Its
// fields are guarded by the performance's mu, but for recorded, endsAfter, out and nc.
type clientConn struct {
	p         *performance
	recorded  *story.Conn
	endsAfter int64 // number of the message after which it is closed

	state   connState
	nc      net.Conn
	live    *capture.Conn
	facts   *decode.Connection
	out     outbox
	ended   chan struct{} // closed when the server has ended the connection
	offset  int64         // bytes sent
	values  *Values       // of the connection
	account *Values       // of the account: list-versions, groups
	salt    string        // of the sign-in challenge
	// done tells by index which recorded messages were said, or heard, or can't be any
	// more. Everything before lo is.
	done []bool
	lo   int
	own  map[*story.Message]bool
	late []*story.Message // given up, but may still come
	// asked are the newest requests by the follower's number.
	asked map[int64]*request
	queue []int64
	// posed are live challenges by the recorded ones that they took the place of.
	posed map[*story.Message]string
	trid  uint32 // highest sent
	fresh uint32 // highest of the recording, or made for this connection
	// silent counts requests in a row that were not answered.
	silent int
	whims  int   // messages of the server's own in a row that the recording does not have
	heard  int64 // number of the newest recorded message that was heard
	// unheard is what was sent since the server has said something.
	unheard []*request
	lost    bool // the server, or what it did, has ended it early
}

// request is a live one that may be answered.
type request struct {
	recorded *story.Message // nil: the recording does not have it
	verb     string
	from     int      // replies of the recorded one before this are done
	answer   string   // what is to be said of the answer to a challenge in it
	heard    bool     // something has answered it
	offer    []string // the words of a VER in which some dialects were left out, in upper case
}

// maxAsked is how many requests of a connection are remembered: as many as the
// tracker does.
const maxAsked = 64

func newClientConn(p *performance, c *story.Conn) *clientConn {
	handle := strings.ToLower(c.Account)
	if p.accounts[handle] == nil {
		p.accounts[handle] = p.values.Within()
	}
	k := &clientConn{p: p, account: p.accounts[handle], recorded: c, ended: make(chan struct{}), done: make([]bool, len(c.Messages)),
		own: make(map[*story.Message]bool), asked: make(map[int64]*request), posed: make(map[*story.Message]string)}
	k.values = k.account.Within()
	k.out.init()
	for _, m := range c.Messages {
		if !p.counts(m) {
			k.done[m.Index] = true
		}
		if m.From == decode.Client && m.HasTrID {
			k.fresh = max(k.fresh, m.TrID)
		}
	}
	return k
}

// open connects to where the live server sent the client, or to the server of the
// replay.
func (p *performance) open(ctx context.Context, k *clientConn) error {
	target, from, why := p.target(k)
	if why != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		k.state = connSkipped
		p.drop(k)
		if came := k.recorded.Came; came != nil && (p.lostTo[came] || p.conns[came.Conn] != nil && p.conns[came.Conn].lost) {
			p.add(&p.result.Skipped, len(k.recorded.Messages), k.begins()) // why is told
		} else {
			p.skipConn(k, why)
		}
		p.lostConn(k)
		return p.stopped()
	}
	dialing, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	if p.config.Waiting != nil {
		defer time.AfterFunc(sayAfter, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if dialing.Err() == nil {
				p.config.Waiting(fmt.Sprintf("waiting for %s to take the connection", target))
			}
		}).Stop()
	}
	word := ""
	nc, err := p.guard.Dial(dialing, target, from, func(ctx context.Context, network, address string) (net.Conn, error) {
		if at, err := netip.ParseAddrPort(address); err == nil {
			word = p.guard.Word(target, at.Addr(), from)
		}
		return p.config.Dialer(ctx, network, address)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if word != "" && !p.followed[word] {
		p.followed[word] = true
		p.report(&Difference{Kind: DiffRedirect, Note: true, Text: word}, k, k.recorded.Came)
	}
	if err == nil && p.stopping != "" {
		nc.Close()
		return p.stopped()
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.unreachable(k, err)
	}
	k.nc, k.state = nc, connOpen
	p.opened++
	p.add(&p.result.Conns, 1, k.begins())
	now := time.Now()
	k.live = &capture.Conn{ID: p.opened, Client: nc.LocalAddr().String(), Server: nc.RemoteAddr().String()}
	opened := &capture.Record{Time: now, Conn: k.live, Kind: capture.Opened}
	k.facts = p.follow.Record(opened).Conn
	k.record(opened)
	p.work.Go(k.read)
	p.work.Go(k.write)
	return nil
}

// target says where a connection leads, and which server named that address; or why
// it can't be opened.
func (p *performance) target(k *clientConn) (addr string, from netip.Addr, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	came := k.recorded.Came
	if came == nil {
		if k.recorded.Role == decode.SB {
			return "", from, "what admitted the client to this switchboard is not in the recording"
		}
		return p.config.Server, from, ""
	}
	l := p.leads[came]
	if l == nil {
		return "", from, fmt.Sprintf("the %s in message %d that leads here has not come", came.Name, came.Number)
	}
	if l.from != nil {
		if t, ok := l.from.nc.RemoteAddr().(*net.TCPAddr); ok {
			from = t.AddrPort().Addr().Unmap()
		}
	}
	return l.addr, from, ""
}

// unreachable says that a connection could not be opened. For the first one nothing
// else can be done. mu is held.
func (p *performance) unreachable(k *clientConn, err error) error {
	if p.opened == 0 {
		return err
	}
	p.drop(k)
	k.state = connSkipped
	p.lostConn(k)
	p.add(&p.result.Skipped, len(k.recorded.Messages), k.begins())
	d := &Difference{Kind: DiffRedirect, Text: err.Error()}
	if c := k.recorded.Came; c != nil {
		d.Text = fmt.Sprintf("%s leads nowhere: %v", c.Name, err)
	}
	p.report(d, k, k.recorded.Came)
	return p.stopped()
}

// drop lets go of all that is expected on the connection. mu is held.
func (p *performance) drop(k *clientConn) {
	for w := range p.waiting {
		if w.Conn == k.recorded {
			delete(p.waiting, w)
		}
	}
	p.wake()
}

// record passes a record on. mu is held.
func (k *clientConn) record(r *capture.Record) {
	if to := k.p.config.Recorder; to != nil {
		to.Commit(to.Put([]capture.Record{*r}))
	}
}

// read takes what the server says until the connection is at its end.
func (k *clientConn) read() {
	defer close(k.ended)
	var framer decode.Framer
	var fr decode.Frame
	buf := make([]byte, 16<<10)
	for {
		n, err := k.nc.Read(buf)
		framer.Feed(buf[:n])
		k.p.mu.Lock()
		for framer.Next(&fr) {
			k.p.hear(k, &fr)
		}
		if err != nil {
			for framer.Flush(&fr) {
				k.p.hear(k, &fr)
			}
			k.gone(err)
			k.p.wake()
			k.p.mu.Unlock()
			k.out.close()
			k.nc.Close()
			return
		}
		k.p.mu.Unlock()
	}
}

// gone notes the end of the connection. mu is held.
func (k *clientConn) gone(err error) {
	p := k.p
	from, reset := decode.Server, !errors.Is(err, io.EOF)
	if k.state != connOpen {
		from, reset = decode.Client, false // it was closed here
	}
	closed := &capture.Record{Time: time.Now(), Conn: k.live, Kind: capture.Closed, From: from, Reset: reset}
	k.record(closed)
	if k.state == connOpen {
		// Whether a reset or an end arrives may depend on what was sent meanwhile.
		how := "the server ends the connection"
		if reset && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, syscall.EPIPE) {
			how = fmt.Sprintf("the connection is lost (%v)", bareError(err))
		}
		p.closedEarly(k, how)
	}
	p.follow.Record(closed)
	p.drop(k)
}

// bareError takes the addresses off a network error.
func bareError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// write sends what the outbox holds until that is closed. What the server does not
// take in time ends the connection.
func (k *clientConn) write() {
	for {
		b, more := k.out.take()
		if len(b) > 0 {
			k.nc.SetWriteDeadline(time.Now().Add(k.p.config.Timeout))
			if _, err := k.nc.Write(b); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					k.p.mu.Lock()
					k.p.lose(k, "the server does not read what it is sent", false)
					k.p.mu.Unlock()
					k.nc.Close()
				}
				k.out.close() // the reader finds out how it ended
				return
			}
			k.p.wake()
		}
		if !more {
			k.bye()
			return
		}
	}
}

// bye closes the connection, and hears before that what the server says to the end of
// it, as that it would otherwise be chance whether that is heard.
func (k *clientConn) bye() {
	k.p.mu.Lock()
	leaving := k.state == connLeaving
	k.p.mu.Unlock()
	if half, ok := k.nc.(interface{ CloseWrite() error }); ok && leaving && half.CloseWrite() == nil {
		t := time.NewTimer(settling)
		defer t.Stop()
		select {
		case <-k.ended:
		case <-t.C:
		}
	}
	k.nc.Close()
}

// heardOf notes that the server has taken the first n of what was not known to be, as it
// says something; not so requests of which the recorded answer is still to come. mu is held.
func (k *clientConn) heardOf(n int) {
	taken := func(q *request) bool {
		return q.heard || q.recorded == nil || !slices.ContainsFunc(q.recorded.Replies, func(m *story.Message) bool {
			return m.From == decode.Server && !k.done[m.Index]
		})
	}
	later := slices.Clone(k.unheard[n:])
	k.unheard = append(slices.DeleteFunc(k.unheard[:n], taken), later...)
}

// begins is the number of its first recorded message.
func (k *clientConn) begins() int64 { return k.recorded.Messages[0].Number }

// close ends the connection from this side, when everything is sent; as is connLeaving
// or connOver. mu is held.
func (k *clientConn) close(as connState) {
	if k.state == connOpen {
		k.state = as
		k.p.drop(k)
		k.out.close()
	}
}

// lose gives a connection up; note: why is told already. mu is held.
func (p *performance) lose(k *clientConn, why string, note bool) {
	if k.state == connOpen {
		left := k.left()
		p.add(&p.result.Skipped, left, k.heard)
		p.report(&Difference{Kind: DiffEnded, Note: note, Text: why + leftOut(left)}, k, nil)
		p.lostConn(k)
		k.close(connOver)
	}
}

// left counts the recorded messages that were neither said nor heard.
func (k *clientConn) left() (n int) {
	for _, done := range k.done[k.lo:] {
		if !done {
			n++
		}
	}
	return n
}

// awaitEnd waits so long for the connection to end. The error says that the context is
// at its end.
func (k *clientConn) awaitEnd(ctx context.Context, limit time.Duration) error {
	if k.nc == nil {
		return nil
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-k.ended:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// hangUp ends the connection at once, whatever is on its way, if it was opened.
func (k *clientConn) hangUp() {
	k.p.mu.Lock()
	defer k.p.mu.Unlock()
	if k.nc == nil {
		return
	}
	if k.state == connOpen || k.state == connLeaving {
		k.state = connOver
	}
	k.out.close()
	// What was sent last goes out; who does not take it does not keep us.
	k.nc.SetDeadline(time.Now().Add(settling))
}
