package proxytest

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"msnproxy/decode/gateway"
)

// Gateway is a small gateway of MSNP over HTTP: a handler whose sessions are connections
// with servers. The zero value has none to connect to.
type Gateway struct {
	// NS is the server of sessions that name none of Servers, which are those that a
	// session may name: "host:port".
	NS      string
	Servers []string
	// Steady leaves the ids of sessions as they are, without a dot.
	Steady bool
	// Dial connects to servers; nil: net.Dial.
	Dial func(network, address string) (net.Conn, error)

	mu       sync.Mutex
	sessions map[string]*gatewaySession
	last     int
}

// gatewaySession is a session, and what its server has said that is not fetched yet.
type gatewaySession struct {
	conn   net.Conn
	stem   string
	number int

	mu    sync.Mutex
	said  []byte
	over  bool
	comes chan struct{}
}

// replyTime is how long an answer waits for what the server replies.
const replyTime = 200 * time.Millisecond

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, ok := gateway.ParseTarget(r.RequestURI)
	body, err := io.ReadAll(r.Body)
	if !ok || err != nil {
		http.Error(w, "no request to a gateway", http.StatusBadRequest)
		return
	}
	s, err := g.find(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if len(body) > 0 {
		_, _ = s.conn.Write(body)
	}
	wait := q.Lifespan
	if len(body) > 0 {
		wait = replyTime
	}
	said, over := s.fetch(wait)
	g.mu.Lock()
	s.number++
	h := gateway.Header{Session: fmt.Sprintf("%s.%d", s.stem, s.number), GWIP: "192.0.2.80", Close: over}
	if g.Steady {
		h.Session = s.stem
	}
	if over {
		delete(g.sessions, s.stem)
	}
	g.mu.Unlock()
	w.Header()[gateway.HeaderName] = []string{h.String()}
	w.Header().Set("Content-Type", gateway.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(said)))
	_, _ = w.Write(said)
}

// find returns the session that is asked for, opened now if so wanted.
func (g *Gateway) find(q gateway.Query) (*gatewaySession, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q.Action != gateway.Open {
		if s := g.sessions[gateway.Stem(q.Session)]; s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("no session %q", q.Session)
	}
	to := g.NS
	if slices.Contains(g.Servers, q.IP) {
		to = q.IP
	}
	dial := g.Dial
	if dial == nil {
		dial = net.Dial
	}
	conn, err := dial("tcp", to)
	if err != nil {
		return nil, err
	}
	if g.sessions == nil {
		g.sessions = make(map[string]*gatewaySession)
	}
	g.last++
	s := &gatewaySession{conn: conn, stem: fmt.Sprintf("%s-%d", rand.Text()[:8], g.last), comes: make(chan struct{}, 1)}
	g.sessions[s.stem] = s
	go s.read()
	return s, nil
}

// Close ends all sessions.
func (g *Gateway) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		s.conn.Close()
	}
	g.sessions = nil
}

// read keeps what the server says.
func (s *gatewaySession) read() {
	b := make([]byte, 4<<10)
	for {
		n, err := s.conn.Read(b)
		s.mu.Lock()
		s.said = append(s.said, b[:n]...)
		s.over = s.over || err != nil
		s.mu.Unlock()
		select {
		case s.comes <- struct{}{}:
		default:
		}
		if err != nil {
			s.conn.Close()
			return
		}
	}
}

// fetch takes what the server has said, and waits for it that long.
func (s *gatewaySession) fetch(wait time.Duration) (said []byte, over bool) {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		s.mu.Lock()
		said, over = s.said, s.over
		if len(said) > 0 || over {
			s.said = nil
			s.mu.Unlock()
			return said, over
		}
		s.mu.Unlock()
		select {
		case <-s.comes:
		case <-late.C:
			return nil, false
		}
	}
}
