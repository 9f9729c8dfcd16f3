package entrance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"msnproxy/decode/gateway"
)

const (
	// replyWait is how long the answer to what a client says waits for the server's reply,
	// and gatherWait for more of it.
	replyWait  = 200 * time.Millisecond
	gatherWait = 10 * time.Millisecond
)

// here answers a request as a gateway, of which the session is a connection with a server
// of MSNP. Nil: the client is gone. release is to be called when the answer was written:
// until then no other exchange of the session gets any of what the server says.
func (s *session) here(x *exchange) (r *reply, release func()) {
	t := s.enter()
	release = func() { s.leave(t) }
	select {
	case <-t.ready:
	case <-x.ctx.Done():
		return nil, release
	case <-s.ctx.Done():
		return s.gone(), release
	}
	wish := s.wish()
	if len(x.body) > 0 || wish.Target != "" {
		s.start(wish)
	}
	s.mu.Lock()
	started, near := s.started, s.near
	s.mu.Unlock()
	if !started {
		return s.reply(x, nil, false), release
	}
	if len(x.body) > 0 {
		_ = near.SetWriteDeadline(time.Now().Add(bodyWait))
		if _, err := near.Write(x.body); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			s.end()
			return fail(&statusError{http.StatusGatewayTimeout, "the server does not take what is sent to it"}), release
		}
		s.mu.Lock()
		x.kept.taken = true
		s.mu.Unlock()
	}
	s.wait(x, t, near)
	if x.ctx.Err() != nil {
		return nil, release
	}
	b, over := near.in.take()
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	if failed != nil && len(b) == 0 {
		s.end()
		return fail(failed), release
	}
	return s.reply(x, b, over), release
}

// wait waits for what the server says, for as long as the request may wait.
func (s *session) wait(x *exchange, t *turn, near *virtualConn) {
	patience := x.q.Lifespan
	if x.brief {
		patience = replyWait
	}
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	ended := x.conn.ended
	if x.brief {
		ended = nil // it may have ended its half of the connection only
	}
	go func() {
		select {
		case <-t.hurry:
			cancel()
		case <-ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	if x.q.Action == gateway.Open && len(x.body) == 0 {
		select {
		case <-s.dialled:
		case <-ctx.Done():
		}
		return
	}
	if patience == 0 || !near.in.some(ctx) {
		return
	}
	more := time.NewTimer(gatherWait)
	defer more.Stop()
	select {
	case <-more.C:
	case <-ctx.Done():
	}
}

// wish is where the session leads.
func (s *session) wish() *Wish {
	w := &Wish{Rewrite: true}
	q := s.opened
	if q.Server == "SB" && q.IP != "" && !s.g.isHere(s.first, q.IP) {
		w.By = "an HTTP gateway request"
		w.Target = q.IP
		// The port of HTTP is the gateway's.
		if host, port, err := net.SplitHostPort(q.IP); err == nil && port == "80" {
			w.Target = host
			if strings.Contains(host, ":") {
				w.Target = "[" + host + "]"
			}
		}
	}
	return w
}

// reply makes an answer of what the server has said. over: it will say nothing more.
func (s *session) reply(x *exchange, b []byte, over bool) *reply {
	s.mu.Lock()
	s.number++
	next := fmt.Sprintf("%s.%d", s.stem, s.number)
	if lost := s.undelivered(x); len(lost) > 0 {
		b = append(lost, b...)
	}
	s.mu.Unlock()
	h := gateway.Header{Session: next, GWIP: s.g.gwIP(x.conn), Close: over}
	return &reply{status: http.StatusOK, body: b, next: next, last: over, isMSNP: true, header: http.Header{
		gateway.HeaderName: {h.String()}, // in this spelling: clients look for it
		"Content-Type":     {gateway.ContentType},
		"Cache-Control":    {"no-cache"},
	}}
}

// gone is the answer to a request for a session that has ended.
func (s *session) gone() *reply {
	return fail(&statusError{http.StatusBadRequest, "the session has ended"})
}

// fail is an answer that says what went wrong.
func fail(err error) *reply {
	return &reply{failed: true, status: statusOf(err), body: []byte(err.Error() + "\r\n"), header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}
}
