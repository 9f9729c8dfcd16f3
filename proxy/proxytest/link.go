package proxytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/decode"
)

// writeLimit is how long a server may leave a client's bytes unread where the
// context says nothing.
const writeLimit = 10 * time.Second

// link is a client's connection to one server: it writes requests, matches the
// replies with them and hands on everything else.
type link struct {
	account string
	server  string // role and address, for errors
	nc      net.Conn
	events  func(Event) error // called by the reader with what is no awaited reply
	inbox   *inbox
	trid    *atomic.Uint32

	writing sync.Mutex

	mu      sync.Mutex
	number  int // of the dialect, as soon as it is known
	pending map[uint32]*exchange
	err     error         // why the link ended
	done    chan struct{} // closed when it has
}

// exchange is a request that waits for its replies.
type exchange struct {
	verb  string
	reply func(Event) bool // takes a reply; true: it was the last
	err   error
	done  chan struct{}
}

// dial connects to a server. The port is 1863 unless the address names another.
func dial(ctx context.Context, role decode.Role, addr string, trid *atomic.Uint32, o *Options) (*link, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		addr = net.JoinHostPort(addr, "1863")
	}
	connect := o.Dial
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	nc, err := connect(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: connecting to the %v: %w", o.Account, role, err)
	}
	return &link{
		account: o.Account,
		server:  fmt.Sprintf("%v %s", role, addr),
		nc:      nc,
		inbox:   newInbox(o.MaxEvents),
		trid:    trid,
		pending: map[uint32]*exchange{},
		done:    make(chan struct{}),
	}, nil
}

// read takes what the server sends until the connection ends.
func (l *link) read() {
	var framer decode.Framer
	buf := make([]byte, 4<<10)
	for {
		n, err := l.nc.Read(buf)
		framer.Feed(buf[:n])
		var fr decode.Frame
		for framer.Next(&fr) {
			if failed := l.take(&fr); failed != nil {
				l.end(failed)
				return
			}
		}
		if err != nil {
			for framer.Flush(&fr) {
				if fr.Kind == decode.Command && fr.Missing == 0 {
					l.take(&fr)
				}
			}
			l.end(err)
			return
		}
	}
}

// take brings one frame to whom it may concern.
func (l *link) take(fr *decode.Frame) error {
	switch fr.Kind {
	case decode.Blank:
		return nil
	case decode.Command:
	default:
		return fmt.Errorf("the server sent what is no command: %.40q", fr.Raw)
	}
	ev := newEvent(fr)
	l.mu.Lock()
	id := ev.TrID
	x := l.pending[id]
	if strings.Contains(listed, " "+ev.Verb+" ") && l.number >= ticketFrom {
		if known, sync := l.asked("SYN"); sync != nil {
			id, x, ev = known, sync, untagged(fr)
		}
	}
	l.mu.Unlock()
	if x == nil || id == 0 {
		return l.events(ev)
	}
	last := true
	if code, failed := ev.errorCode(); failed {
		x.err = &ServerError{l.account, x.verb, l.server, code}
	} else {
		last = x.reply(ev)
	}
	if last {
		l.mu.Lock()
		delete(l.pending, id)
		l.mu.Unlock()
		close(x.done)
	}
	return nil
}

// asked returns the request with that verb that waits for its reply. mu is held.
func (l *link) asked(verb string) (uint32, *exchange) {
	for id, x := range l.pending {
		if x.verb == verb {
			return id, x
		}
	}
	return 0, nil
}

// end closes the connection and lets everybody know who waits for it.
func (l *link) end(err error) {
	if errors.Is(err, io.EOF) {
		err = errClosed
	}
	l.nc.Close()
	l.mu.Lock()
	if l.err == nil {
		l.err = fmt.Errorf("%s: the %s: %w", l.account, l.server, err)
	}
	close(l.done)
	l.mu.Unlock()
	l.inbox.end(l.err)
}

// errClosed is the end of a connection that the server closed.
var errClosed = errors.New("connection closed by the server")

// write sends b in one piece.
func (l *link) write(ctx context.Context, b []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	until, ok := ctx.Deadline()
	if limit := time.Now().Add(writeLimit); !ok || until.After(limit) {
		until = limit
	}
	l.nc.SetWriteDeadline(until)
	_, err := l.nc.Write(b)
	return err
}

// command writes one command with a new TrID and returns that.
func (l *link) command(ctx context.Context, x *exchange, verb string, payload []byte, args ...string) (uint32, error) {
	id := l.trid.Add(1)
	b := []byte(verb + " " + strconv.FormatUint(uint64(id), 10))
	for _, a := range args {
		if strings.ContainsAny(a, "\r\n") {
			return 0, fmt.Errorf("%s: %s: a line break in %q", l.account, verb, a)
		}
		b = append(append(b, ' '), a...)
	}
	if payload != nil {
		b = strconv.AppendInt(append(b, ' '), int64(len(payload)), 10)
	}
	b = append(append(b, "\r\n"...), payload...)
	if x != nil {
		l.mu.Lock()
		l.pending[id] = x
		l.mu.Unlock()
	}
	if err := l.write(ctx, b); err != nil {
		l.drop(id)
		return 0, fmt.Errorf("%s: %s: writing to the %s: %w", l.account, verb, l.server, err)
	}
	return id, nil
}

func (l *link) drop(id uint32) {
	l.mu.Lock()
	delete(l.pending, id)
	l.mu.Unlock()
}

// ask writes a command and waits for its replies: reply gets them, in the
// reader's goroutine, until it returns true.
func (l *link) ask(ctx context.Context, reply func(Event) bool, verb string, payload []byte, args ...string) error {
	x := &exchange{verb: verb, reply: reply, done: make(chan struct{})}
	id, err := l.command(ctx, x, verb, payload, args...)
	if err != nil {
		return l.because(err)
	}
	select {
	case <-x.done:
		return x.err
	case <-ctx.Done():
		l.drop(id)
		return fmt.Errorf("%s: waiting for the reply to %s %d from the %s: %w", l.account, verb, id, l.server, ctx.Err())
	case <-l.done:
	}
	select {
	case <-x.done: // the reply was the last thing to come
		return x.err
	default:
		return fmt.Errorf("%s %d: %w", verb, id, l.err)
	}
}

// because prefers the reason why the link has ended to the error of a write
// that failed for that.
func (l *link) because(err error) error {
	select {
	case <-l.done:
		return l.err
	default:
		return err
	}
}

// one asks for a single reply.
func (l *link) one(ctx context.Context, verb string, args ...string) (Event, error) {
	var got Event
	err := l.ask(ctx, func(ev Event) bool { got = ev; return true }, verb, nil, args...)
	if err != nil {
		return Event{}, err
	}
	return got, nil
}

// expect takes the first event that is that command.
func (l *link) expect(ctx context.Context, verb string, args ...string) (Event, error) {
	ev, err := l.inbox.take(ctx, func(ev Event) bool { return ev.is(verb, args) })
	if err != nil {
		return ev, fmt.Errorf("%s: waiting for %s from the %s: %w", l.account,
			strings.Join(append([]string{verb}, args...), " "), l.server, err)
	}
	return ev, nil
}

// expectType takes the first MSG of a content type.
func (l *link) expectType(ctx context.Context, contentType string) (Event, error) {
	ev, err := l.inbox.take(ctx, func(ev Event) bool { return ev.Verb == "MSG" && ev.ContentType() == contentType })
	if err != nil {
		return ev, fmt.Errorf("%s: waiting for a MSG of type %s from the %s: %w", l.account, contentType, l.server, err)
	}
	return ev, nil
}

// quit says OUT and waits until the server has closed.
func (l *link) quit(ctx context.Context) error {
	err := l.write(ctx, []byte("OUT\r\n"))
	if err != nil {
		l.nc.Close()
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		l.nc.Close()
		<-l.done
		return fmt.Errorf("%s: OUT: waiting for the %s to close: %w", l.account, l.server, ctx.Err())
	}
	if errors.Is(l.err, errClosed) {
		return nil
	}
	return l.err
}
