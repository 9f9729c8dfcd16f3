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
	// emptyWait is how long one lives that has brought nothing.
	emptyWait = 15 * time.Second
	// lingerWait is how long the last answer of one that has ended is kept.
	lingerWait = 30 * time.Second
	// maxGatewaySessions bounds the sessions that are open, and maxClientSessions those of
	// one address, so that one client can't keep the others out.
	maxGatewaySessions = 4096
	maxClientSessions  = 1024
	// fullWait is how long nothing more is said of sessions that there is no room for.
	fullWait = time.Minute
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
	return &gatewayWay{GatewayOptions: o, sessions: make(map[sessionID]*session), clients: make(map[netip.Addr]int)}
}

type gatewayWay struct {
	GatewayOptions
	lastConn  atomic.Int64
	elsewhere atomic.Bool // that the other gateway names another address was told

	mu       sync.Mutex
	sessions map[sessionID]*session // by the stem of their ids, or by their ids
	count    int                    // that are open,
	clients  map[netip.Addr]int     // and of each client
	fullTold time.Time
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
	// Those that are refused, too: a server of MSNP has no use for them.
	for _, m := range []string{http.MethodPost, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace} {
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
	hc := newHTTPConn(g.lastConn.Add(1), c, c.Host)
	one := newOneConn(newWatchedConn(c, hc))
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
	first := hc.first()
	switch {
	case !ok && !first:
		// Another way in may be for it: the client asks anew, on a new connection.
		panic(http.ErrAbortHandler)
	case !ok:
		hc.host.Remark(fmt.Sprintf("a client at %v asked the HTTP gateway for %.100q, which is no request to a gateway: refused (--web serves the services of MSN)", hc.client, r.Method+" "+r.RequestURI))
		say(w, http.StatusNotFound, "this is msnproxy, as MSN's HTTP gateway; it serves no other pages")
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, POST")
		say(w, http.StatusMethodNotAllowed, "requests to the gateway are POST or GET")
		return
	case coded(r):
		hc.host.Remark(fmt.Sprintf("a client at %v sent the HTTP gateway a body with Content-Encoding %.40q, which no gateway takes: refused with 415; it has to send what it says as it is", hc.client, r.Header.Get("Content-Encoding")))
		w.Header().Set("Connection", "close")
		say(w, http.StatusUnsupportedMediaType, "bodies are taken as they are, without Content-Encoding")
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

// coded reports whether the body of a request is not what the client says as it is.
func coded(r *http.Request) bool {
	code := strings.ToLower(strings.TrimSpace(strings.Join(r.Header["Content-Encoding"], ",")))
	return code != "" && code != "identity"
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
	if g.takePlace(hc) != nil {
		g.makeRoom(ipOf(hc.client))
		if err := g.takePlace(hc); err != nil {
			g.tellFull(hc, err)
			return nil, err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := newSession(g, hc, q)
	if g.Pass == "" {
		s.know(s.stem)
	} else {
		s.know(q.Session)
	}
	return s, nil
}

// takePlace takes the place of one more session; the error says that there is none.
func (g *gatewayWay) takePlace(hc *httpConn) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch ip := ipOf(hc.client); {
	case g.clients[ip] >= maxClientSessions:
		return &statusError{http.StatusServiceUnavailable, fmt.Sprintf("%d gateway sessions of %v are open, the limit for one client", maxClientSessions, ip)}
	case g.count >= maxGatewaySessions:
		return &statusError{http.StatusServiceUnavailable, fmt.Sprintf("%d gateway sessions are open, the limit", maxGatewaySessions)}
	}
	g.count++
	g.clients[ipOf(hc.client)]++
	return nil
}

// makeRoom ends a session that has brought nothing, the client's own if it has too many.
func (g *gatewayWay) makeRoom(client netip.Addr) {
	g.mu.Lock()
	own := g.clients[client] >= maxClientSessions
	var idle *session
	for _, s := range g.sessions {
		if own && s.client != client {
			continue
		}
		s.mu.Lock()
		empty := !s.started && !s.over && s.busy == 0 && s.count.exchanges > 0
		s.mu.Unlock()
		if empty && (idle == nil || s.begun.Before(idle.begun)) {
			idle = s
		}
	}
	g.mu.Unlock()
	if idle != nil {
		idle.end()
	}
}

// tellFull says, now and then, that there is no room.
func (g *gatewayWay) tellFull(hc *httpConn, err error) {
	g.mu.Lock()
	now := time.Now()
	told := !g.fullTold.IsZero() && now.Sub(g.fullTold) < fullWait
	if !told {
		g.fullTold = now
	}
	g.mu.Unlock()
	if !told {
		hc.host.Remark(fmt.Sprintf("%v: one more of %v was refused with 503 (each ends %v after it was last heard of)", err, hc.client, silenceWait))
	}
}

// leave takes note that a session of a client is over. g.mu is held.
func (g *gatewayWay) leave(client netip.Addr) {
	g.count--
	if g.clients[client]--; g.clients[client] == 0 {
		delete(g.clients, client)
	}
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
