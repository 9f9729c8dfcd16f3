package entrance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/gateway"
)

const (
	// maxBody bounds what one request may bring, and one answer of a gateway behind this.
	maxBody = 1 << 20
	// bodyWait is how long the body of a request may take, and the server to take it.
	bodyWait = 30 * time.Second
	// idleWait is how long a connection may stay open between two requests.
	idleWait = 3 * time.Minute
	// silenceWait is how long a session lives of which nothing is heard.
	silenceWait = 60 * time.Second
	// maxGatewaySessions bounds the sessions that are open.
	maxGatewaySessions = 4096
)

// GatewayOptions say what is made of the requests to MSN's HTTP gateway.
type GatewayOptions struct {
	// Pass is the gateway that they are passed on to, "host:port". Empty: this is the
	// gateway, and each session a connection with a server of MSNP.
	Pass string
	// Dial connects to that gateway. Nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Address is what clients are told as the gateway's (GW-IP). Empty: the IP address at
	// which they came.
	Address string
}

// Gateway returns the way in by MSN's HTTP gateway: MSNP in the bodies of HTTP. A session
// is relayed as a connection, over however many connections its exchanges come.
func Gateway(o GatewayOptions) Entrance {
	return &gatewayWay{GatewayOptions: o, sessions: make(map[sessionID]*session)}
}

type gatewayWay struct {
	GatewayOptions
	lastConn  atomic.Int64
	elsewhere atomic.Bool // that the other gateway names another address was told

	mu       sync.Mutex
	sessions map[sessionID]*session // by the stem of their ids, or by their ids
}

// httpConn is one connection of a client.
type httpConn struct {
	number        int64
	client, local net.Addr
	host          Host
	foreign       atomic.Bool // it was told that this is no web server
}

// httpConnKey is the key of a request's httpConn in its context.
type httpConnKey struct{}

func (*gatewayWay) Name() string { return "gateway" }

// Takes implements Entrance: requests to a gateway and, if the gateway is here, whoever asked
// an outer way for one of those that clients know, and waits for the answer before it makes
// its request.
func (g *gatewayWay) Takes(c *Caller) decode.Guess {
	guess := requests(c.Buffered())
	if guess == decode.Maybe && g.Pass == "" && wantsGateway(c.Asked) {
		return decode.Yes
	}
	return guess
}

// wantsGateway reports whether a client has asked for a gateway that clients know.
func wantsGateway(asked *Wish) bool {
	if asked == nil {
		return false
	}
	host, port, err := net.SplitHostPort(asked.Target)
	return err == nil && port == "80" && gateway.IsHost(host)
}

// requests says whether bytes begin a request to a gateway.
func requests(b []byte) decode.Guess {
	if len(b) == 0 {
		return decode.Maybe
	}
	method, rest, whole := strings.Cut(string(b[:min(len(b), MaxBuffered)]), " ")
	for _, m := range []string{http.MethodPost, http.MethodGet} {
		switch {
		case !whole && strings.HasPrefix(m, method):
			return decode.Maybe
		case !whole || method != m:
			continue
		}
		target, _, found := strings.Cut(rest, " ")
		if !found && !strings.Contains(rest, "\n") {
			return decode.Maybe
		}
		if _, ok := gateway.ParseTarget(target); ok {
			return decode.Yes
		}
	}
	return decode.No
}

// Enter serves a connection to its end.
func (g *gatewayWay) Enter(ctx context.Context, c *Caller) (*Wish, error) {
	_ = c.SetDeadline(time.Time{})
	hc := &httpConn{number: g.lastConn.Add(1), client: c.RemoteAddr(), local: c.LocalAddr(), host: c.Host}
	one := newOneConn(c)
	srv := &http.Server{
		Handler:           http.HandlerFunc(g.serve),
		ReadHeaderTimeout: bodyWait,
		IdleTimeout:       idleWait,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(ctx, httpConnKey{}, hc) },
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				one.end()
			}
		},
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-c.Host.Closing():
			srv.SetKeepAlivesEnabled(false)
		case <-ended:
			return
		}
		select {
		case <-ctx.Done():
			_ = srv.Close()
		case <-ended:
		}
	}()
	if err := srv.Serve(one); !errors.Is(err, errOver) && !errors.Is(err, http.ErrServerClosed) {
		return nil, fmt.Errorf("the HTTP gateway failed: %w", err)
	}
	return nil, nil
}

// errOver ends a server whose one connection has ended.
var errOver = errors.New("the connection has ended")

// oneConn is a listener with one connection. It ends with that.
type oneConn struct {
	conn net.Conn
	once sync.Once
	over chan struct{}
	mu   sync.Mutex
}

func newOneConn(c net.Conn) *oneConn { return &oneConn{conn: c, over: make(chan struct{})} }

func (o *oneConn) end() { o.once.Do(func() { close(o.over) }) }

// Accept implements net.Listener.
func (o *oneConn) Accept() (net.Conn, error) {
	o.mu.Lock()
	c := o.conn
	o.conn = nil
	o.mu.Unlock()
	if c != nil {
		return c, nil
	}
	<-o.over
	return nil, errOver
}

// Close implements net.Listener.
func (o *oneConn) Close() error { o.end(); return nil }

// Addr implements net.Listener.
func (o *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// serve answers one request.
func (g *gatewayWay) serve(w http.ResponseWriter, r *http.Request) {
	hc := r.Context().Value(httpConnKey{}).(*httpConn)
	q, ok := gateway.ParseTarget(r.RequestURI)
	switch {
	case !ok:
		if !hc.foreign.Swap(true) {
			hc.host.Remark(fmt.Sprintf("a client at %v asked the HTTP gateway for %.100q, which is no request to a gateway: refused (--web serves the services of MSN)", hc.client, r.Method+" "+r.RequestURI))
		}
		say(w, http.StatusNotFound, "this is msnproxy, as MSN's HTTP gateway; it serves no other pages")
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, POST")
		say(w, http.StatusMethodNotAllowed, "requests to the gateway are POST or GET")
		return
	case r.ContentLength > maxBody:
		g.tooLarge(w, hc, fmt.Sprintf("%d bytes", r.ContentLength))
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWait))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		g.tooLarge(w, hc, "more")
		return
	case err != nil:
		w.Header().Set("Connection", "close")
		say(w, http.StatusBadRequest, "the body of the request did not come whole")
		return
	}
	s, err := g.find(hc, q)
	if err != nil {
		say(w, statusOf(err), err.Error())
		return
	}
	s.answer(w, &exchange{r: r, q: q, conn: hc, body: body, ctx: r.Context()})
}

func (g *gatewayWay) tooLarge(w http.ResponseWriter, hc *httpConn, size string) {
	hc.host.Remark(fmt.Sprintf("a client at %v sent the HTTP gateway %s in one request, and %d bytes is the limit: refused", hc.client, size, maxBody))
	w.Header().Set("Connection", "close")
	say(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a request may bring %d bytes at most", maxBody))
}

// say answers with a line for people.
func say(w http.ResponseWriter, status int, text string) {
	text += "\r\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// statusOf is the status of an answer that says what went wrong.
func statusOf(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.status
	}
	switch ReasonOf(err) {
	case Forbidden:
		return http.StatusForbidden
	case TimedOut:
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// statusError is an error with the status that it is answered with.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// find returns the session that a request is for.
func (g *gatewayWay) find(hc *httpConn, q gateway.Query) (*session, error) {
	if q.Action == gateway.Open {
		return g.open(hc, q)
	}
	id := q.Session
	if g.Pass == "" {
		id = gateway.Stem(id)
	}
	g.mu.Lock()
	s := g.sessions[sessionID{ipOf(hc.client), id}]
	g.mu.Unlock()
	switch {
	case s != nil:
		return s, nil
	case g.Pass == "":
		return nil, &statusError{http.StatusBadRequest, fmt.Sprintf("no session %.100q: it has ended, or never was", q.Session)}
	}
	return g.open(hc, q) // the other gateway may know it
}

// sessionID is what a session is found by. Whoever else knows its id has no part in it.
type sessionID struct {
	client netip.Addr
	id     string
}

// open begins a session.
func (g *gatewayWay) open(hc *httpConn, q gateway.Query) (*session, error) {
	select {
	case <-hc.host.Closing():
		return nil, &statusError{http.StatusServiceUnavailable, "the proxy is closing"}
	default:
	}
	if _, port, _ := net.SplitHostPort(g.Pass); port == "1863" || port == "1864" {
		// There MSNP is spoken, and a request would only puzzle the server.
		text := fmt.Sprintf("a client wants MSN's HTTP gateway, which %s is not by its port: start with --gateway, so that the gateway is here, or with --upstream HOST:80, which it is passed on to", g.Pass)
		hc.host.Remark(text)
		return nil, &statusError{http.StatusBadGateway, text}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sessions) >= maxGatewaySessions {
		return nil, &statusError{http.StatusServiceUnavailable, fmt.Sprintf("%d sessions are open, the limit", maxGatewaySessions)}
	}
	s := newSession(g, hc, q)
	if g.Pass == "" {
		s.know(s.stem)
	} else {
		s.know(q.Session)
	}
	return s, nil
}

// ipOf is the IP address of one end; invalid where it is no address of TCP.
func ipOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// gwIP is what a client is told as the gateway's address.
func (g *gatewayWay) gwIP(hc *httpConn) string {
	if g.Address != "" {
		return g.Address
	}
	return ipOf(hc.local).String()
}

// isHere reports whether an address is one that clients are told for the proxy's. Some
// clients leave its port out, or know only that of HTTP.
func (g *gatewayWay) isHere(hc *httpConn, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), ""
	}
	if t, ok := hc.local.(*net.TCPAddr); port != "" && port != "80" && (!ok || port != strconv.Itoa(t.Port)) {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap() == ipOf(hc.local) {
		return true
	}
	return g.Address != "" && strings.EqualFold(host, g.Address)
}
