package entrance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"msnproxy/decode/gateway"
)

// settleWait bounds the wait until the relay has done what it does with a body.
const settleWait = 5 * time.Second

// slowWait is how long a gateway may take longer than a poll may wait before that is told.
const slowWait = 10 * time.Second

// passing carries the exchanges of a session on to another gateway, one for one. What
// passes in their bodies goes through the relay, there and back.
type passing struct {
	s         *session
	transport *http.Transport

	up   sync.Mutex // held from a request's body until it was sent on
	down sync.Mutex // held while an answer's body goes through the relay

	mu    sync.Mutex
	far   *virtualConn // the gateway's end of what is relayed
	spare net.Conn     // connected, and not used yet
	told  map[string]bool
}

func newPassing(s *session) *passing {
	p := &passing{s: s, told: make(map[string]bool)}
	p.transport = &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     idleWait,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			p.mu.Lock()
			c := p.spare
			p.spare = nil
			p.mu.Unlock()
			if c != nil {
				return c, nil
			}
			return p.connect(ctx, network, address)
		},
	}
	return p
}

func (p *passing) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if dial := p.s.g.Dial; dial != nil {
		return dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// dial gives the relay a server: the far end of what it relays.
func (p *passing) dial(ctx context.Context) (net.Conn, error) {
	c, err := p.connect(ctx, "tcp", p.s.g.Pass)
	if err != nil {
		return nil, &Error{ReasonOf(err), fmt.Errorf("cannot connect to the gateway %s: %w", p.s.g.Pass, err)}
	}
	far, server := virtualPair(c.RemoteAddr(), c.LocalAddr())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.far, p.spare = far, c
	return server, nil
}

func (p *passing) close() {
	p.mu.Lock()
	far, spare := p.far, p.spare
	p.spare = nil
	p.mu.Unlock()
	if far != nil {
		_ = far.Close()
	}
	if spare != nil {
		_ = spare.Close()
	}
	p.transport.CloseIdleConnections()
}

// exchange passes a request on, and its answer back.
func (p *passing) exchange(x *exchange) *reply {
	s := p.s
	s.start(&Wish{Dial: p.dial, Peer: "an HTTP gateway of MSN (its servers of MSNP need --gateway here)"})
	select {
	case <-s.dialled:
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	failed, near := s.failed, s.near
	s.mu.Unlock()
	p.mu.Lock()
	far := p.far
	p.mu.Unlock()
	if failed == nil && (near == nil || far == nil) {
		return s.gone()
	}
	if failed != nil {
		s.end()
		return fail(failed)
	}
	s.mu.Lock()
	number := s.count.exchanges
	s.mu.Unlock()
	wait := x.q.Lifespan + slowWait
	slow := time.AfterFunc(wait, func() {
		p.tell("slow", number, fmt.Sprintf("has not answered for %v, and the client waits: is it up, and a gateway of MSN? It is given %v", wait, passWait))
	})
	resp, body, err := p.send(x, near, far)
	slow.Stop()
	if err != nil {
		if s.ctx.Err() != nil {
			return s.gone()
		}
		why := trouble(err)
		p.failed(why, number, fmt.Sprintf("did not answer as HTTP does: %s: is it a gateway of MSN, and does it answer without the proxy? The client was answered with %d, and its bytes go on when it sends them again", why, statusOf(err)))
		return fail(&Error{ReasonOf(err), fmt.Errorf("the gateway %s: %s", s.g.Pass, why)})
	}
	return p.back(x, resp, body, near, far, number)
}

// tell says, once of a kind, that something is the matter with the gateway.
func (p *passing) tell(kind string, number int, what string) {
	p.mu.Lock()
	was := p.told[kind] || len(p.told) >= maxTrouble
	p.told[kind] = true
	p.mu.Unlock()
	if !was {
		p.s.first.host.Remark(fmt.Sprintf("the gateway %s, asked by %v in exchange %d of its session, %s", p.s.g.Pass, p.s.first.client, number, what))
	}
}

// failed takes note that an exchange failed.
func (p *passing) failed(kind string, number int, what string) {
	p.s.mu.Lock()
	p.s.count.failed++
	p.s.mu.Unlock()
	p.tell(kind, number, what)
}

// maxTrouble is how many kinds of trouble are told of a session.
const maxTrouble = 8

// passWait is how long a gateway may take for an exchange.
const passWait = gateway.MaxLifespan + bodyWait

// trouble says what went wrong with an exchange.
func trouble(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer came for %v", passWait)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ended the connection in the middle of its answer"
	case errors.Is(err, io.EOF):
		return "it ended the connection without an answer"
	}
	return strings.TrimPrefix(err.Error(), "net/http: ")
}

// send takes a request's body through the relay, and what comes out of it to the gateway.
func (p *passing) send(x *exchange, near, far *virtualConn) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(p.s.ctx, passWait)
	defer cancel()
	p.up.Lock()
	var once sync.Once
	sent := func() { once.Do(p.up.Unlock) }
	defer sent()
	body, err := p.relayed(ctx, x, near, far)
	if err != nil {
		return nil, nil, err
	}
	req, err := p.request(x, body)
	if err != nil {
		return nil, nil, err
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent() }}
	resp, err := p.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(answer) > maxBody {
		err = fmt.Errorf("its answer is longer than %d bytes", maxBody)
	}
	return resp, answer, err
}

// relayed takes a request's body through the relay, unless that was done for a request that
// the gateway failed at.
func (p *passing) relayed(ctx context.Context, x *exchange, near, far *virtualConn) ([]byte, error) {
	s, k := p.s, x.kept
	s.mu.Lock()
	body, passed := k.out, k.passed
	s.mu.Unlock()
	if passed {
		x.body = nil
	}
	more, err := through(ctx, near, far, x.body)
	if err != nil {
		return nil, err
	}
	body = append(body, more...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.size > 0 {
		k.out, k.passed = body, true
	}
	return body, nil
}

// through has bytes pass through the relay from one of its ends to the other, and returns
// what comes out.
func through(ctx context.Context, in, out *virtualConn, b []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	var all []byte
	take := func() {
		got, _ := out.in.take()
		all = append(all, got...)
	}
	for {
		part := b[:min(len(b), virtualBuffer/2)]
		b = b[len(part):]
		if len(part) > 0 {
			if _, err := in.Write(part); err != nil {
				return nil, errors.New("the connection was ended here")
			}
		}
		in.out.idle(ctx)
		if take(); len(b) == 0 {
			return all, nil
		}
	}
}

// request makes the gateway's request of the client's.
func (p *passing) request(x *exchange, body []byte) (*http.Request, error) {
	u := &url.URL{Scheme: "http", Host: p.s.g.Pass, Path: x.r.URL.Path, RawPath: x.r.URL.RawPath, RawQuery: x.r.URL.RawQuery}
	method := x.r.Method
	if len(body) > 0 && x.q.Action == gateway.Poll {
		// What waited here goes with it, and that makes it no poll.
		_, u.RawQuery, _ = strings.Cut(gateway.WithoutParameter("?"+u.RawQuery, "Action"), "?")
		_, u.RawQuery, _ = strings.Cut(gateway.WithoutParameter("?"+u.RawQuery, "Lifespan"), "?")
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = x.r.Header.Clone()
	hopByHop(req.Header)
	if method == http.MethodPost && len(body) == 0 {
		req.ContentLength, req.Body = 0, http.NoBody
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = nil // else there would be Go's
	}
	req.Host = hostFor(p.s.g.Pass, x.r.Host)
	return req, nil
}

// hostFor is the host that the gateway is asked as: by the name that it was given, else by
// the one that the client knows.
func hostFor(pass, asked string) string {
	name, port, _ := net.SplitHostPort(pass)
	if _, err := netip.ParseAddr(name); err == nil {
		host := asked
		if h, _, err := net.SplitHostPort(asked); err == nil {
			host = h
		}
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil && host != "" && !strings.EqualFold(host, "localhost") {
			return asked
		}
	}
	if port == "80" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return pass
}

// hopByHop takes away the headers that are about one connection.
func hopByHop(h http.Header) {
	for _, name := range strings.Split(h.Get("Connection"), ",") {
		h.Del(strings.TrimSpace(name))
	}
	for _, name := range []string{"Connection", "Proxy-Connection", "Proxy-Authorization", "Keep-Alive", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Content-Length", "Accept-Encoding"} {
		h.Del(name)
	}
}

// back takes the gateway's answer through the relay, and makes the client's answer of what
// comes out.
func (p *passing) back(x *exchange, resp *http.Response, body []byte, near, far *virtualConn, number int) *reply {
	h, named := gateway.ParseHeader(resp.Header.Get(gateway.HeaderName))
	r := &reply{status: resp.StatusCode, body: body, next: h.Session, header: maps.Clone(resp.Header)}
	hopByHop(r.header)
	r.header.Del(gateway.HeaderName)
	if v := resp.Header.Get(gateway.HeaderName); v != "" {
		r.header[gateway.HeaderName] = []string{gateway.WithGWIP(v, p.s.g.gwIP(x.conn))}
		p.elsewhere(x, h.GWIP)
	}
	if resp.StatusCode == http.StatusOK && named {
		p.down.Lock()
		defer p.down.Unlock()
		out, err := through(p.s.ctx, far, near, body)
		if err != nil {
			return p.s.gone()
		}
		p.s.mu.Lock()
		defer p.s.mu.Unlock()
		x.kept.out = nil
		if lost := p.s.undelivered(x); len(lost) > 0 {
			out = append(lost, out...)
		}
		r.body, r.last, r.isMSNP = out, h.Close, true
		return r
	}
	what := "answered " + resp.Status
	if resp.StatusCode == http.StatusOK {
		what += " without X-MSN-Messenger"
	}
	p.failed(what, number, what+": the client got that as it is; a gateway of MSN answers 200 with the session's id (see its log, and whether the address is right)")
	r.failed, r.last = true, resp.StatusCode == http.StatusBadRequest
	return r
}

// elsewhere remarks, once, on a gateway that has its clients go to another address.
func (p *passing) elsewhere(x *exchange, gwIP string) {
	p.mu.Lock()
	far := p.far
	p.mu.Unlock()
	host, _, _ := net.SplitHostPort(p.s.g.Pass)
	ip, err := netip.ParseAddr(gwIP)
	if gwIP == "" || strings.EqualFold(gwIP, host) || far == nil || err == nil && ip.Unmap() == ipOf(far.local) || p.s.g.elsewhere.Swap(true) {
		return
	}
	p.s.first.host.Remark(fmt.Sprintf("the gateway %s names %.100q as the address for what follows (GW-IP): clients are told %s, and their requests still go to %s", p.s.g.Pass, gwIP, p.s.g.gwIP(x.conn), p.s.g.Pass))
}
