package entrance

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"msnproxy/decode/gateway"
)

// session is one session of a gateway.
type session struct {
	g      *gatewayWay
	opened gateway.Query
	first  *httpConn // that it was opened on
	client netip.Addr
	stem   string
	near   *virtualConn // the client's end of what is relayed
	ctx    context.Context
	cancel context.CancelFunc
	pass   *passing // nil: the gateway is here

	mu      sync.Mutex
	ids     []string // that it is known by
	number  int      // of the last id
	started bool
	failed  error // why it could not be relayed
	over    bool
	turns   []*turn
	last    *exchange
	steady  bool // the client does not take up new ids
	busy    int  // exchanges that wait for their answer
	quiet   *time.Timer
	dialled chan struct{} // closed when it is known whether there is a server
	count   struct{ exchanges, polls, repeats int }
	conns   map[int64]bool
}

// exchange is a request and its answer.
type exchange struct {
	r     *http.Request
	q     gateway.Query
	conn  *httpConn
	body  []byte
	ctx   context.Context // ends when the client is gone
	given *reply          // nil: it was not answered
	done  chan struct{}   // closed when it is over

	// The session's lock is held for these.
	settled bool // it is answered, or will not be,
	gone    bool // and the client was gone before it had the answer
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   []byte
	next   string // the session's id from now on
	last   bool   // the session ends with it
}

func newSession(g *gatewayWay, hc *httpConn, q gateway.Query) *session {
	n, err := rand.Int(rand.Reader, big.NewInt(9e9))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	s := &session{g: g, opened: q, first: hc, client: ipOf(hc.client), dialled: make(chan struct{}), conns: make(map[int64]bool)}
	s.stem = strconv.FormatInt(1e9+n.Int64(), 10)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.quiet = time.AfterFunc(silenceWait, s.silent)
	if g.Pass != "" {
		s.pass = newPassing(s)
	}
	return s
}

// know has the session found by an id. g.mu is held.
func (s *session) know(id string) {
	const most = 8
	k := sessionID{s.client, id}
	if id == "" || s.g.sessions[k] == s {
		return
	}
	s.g.sessions[k] = s
	if s.ids = append(s.ids, id); len(s.ids) > most {
		s.unknow(s.ids[0])
		s.ids = s.ids[1:]
	}
}

func (s *session) unknow(id string) {
	if k := (sessionID{s.client, id}); s.g.sessions[k] == s {
		delete(s.g.sessions, k)
	}
}

// end forgets the session, and closes what is relayed.
func (s *session) end() {
	s.g.mu.Lock()
	for _, id := range s.ids {
		s.unknow(id)
	}
	s.g.mu.Unlock()
	s.mu.Lock()
	s.over = true
	s.quiet.Stop()
	near := s.near
	s.mu.Unlock()
	s.cancel()
	if near != nil {
		_ = near.Close()
	}
	if s.pass != nil {
		s.pass.close()
	}
}

// silent ends a session of which nothing is heard any more.
func (s *session) silent() {
	s.mu.Lock()
	over := s.over || s.busy > 0
	s.mu.Unlock()
	if over {
		return
	}
	s.first.host.Remark(fmt.Sprintf("nothing was heard of gateway session %s of %s for %v: ended", s.stem, s.client, silenceWait))
	s.end()
}

// answer answers a request.
func (s *session) answer(w http.ResponseWriter, x *exchange) {
	x.done = make(chan struct{})
	again := s.begin(x)
	defer s.finish(x)
	var release func()
	if again != nil {
		select {
		case <-again.done:
		case <-x.ctx.Done():
			return
		}
		x.given = again.given
		x.body = nil // it was taken
	}
	if x.given == nil {
		if s.pass != nil {
			x.given = s.pass.exchange(x)
		} else {
			x.given, release = s.here(x)
		}
	}
	if release != nil {
		defer release()
	}
	if x.given == nil {
		return
	}
	if x.given.next != "" {
		s.g.mu.Lock()
		if s.pass != nil {
			s.know(x.given.next)
		}
		s.g.mu.Unlock()
	}
	for name, values := range x.given.header {
		w.Header()[name] = values
	}
	// From here on the client may have it, and go: that says nothing.
	s.mu.Lock()
	x.settled, x.gone = true, x.ctx.Err() != nil
	s.mu.Unlock()
	w.Header().Set("Content-Length", strconv.Itoa(len(x.given.body)))
	w.WriteHeader(x.given.status)
	_, err := w.Write(x.given.body)
	if ferr := http.NewResponseController(w).Flush(); err == nil {
		err = ferr
	}
	s.mu.Lock()
	x.gone = x.gone || err != nil
	over := x.given.last && !x.gone
	s.mu.Unlock()
	if over {
		s.end()
	}
}

// begin takes note of a request. It returns the exchange that it repeats, if it does.
func (s *session) begin(x *exchange) (again *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet.Stop()
	s.busy++
	s.count.exchanges++
	s.conns[x.conn.number] = true
	l := s.last
	if l == nil || x.q.Action == gateway.Open || l.q.Session != x.q.Session || l.q.Action == gateway.Open {
		s.last = x
		return nil
	}
	same := bytes.Equal(l.body, x.body) && l.q == x.q
	if l.settled && l.given != nil && l.given.next != l.q.Session && len(x.body) > 0 && !same {
		s.steady = true // it goes on, and with an old id
	}
	if same && l.conn.number != x.conn.number && s.unread(l, x) {
		s.count.repeats++
		return l
	}
	s.last = x
	return nil
}

// unread reports whether the answer to l was not read, so that x is the same request once
// more. s.mu is held.
func (s *session) unread(l, x *exchange) bool {
	switch {
	case !l.settled:
		return l.ctx.Err() != nil
	case l.gone, l.given == nil:
		return true
	case s.steady || l.given.next == l.q.Session:
		return false
	}
	// The client has not the id that the answer gave. A poll without an answer to lose
	// may as well be one of two at once.
	return len(x.body) > 0 || len(l.given.body) > 0
}

// finish takes note that a request was answered, or not.
func (s *session) finish(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.given == nil {
		x.settled, x.gone = true, true
	}
	if x.given != nil && len(x.given.body) == 0 && len(x.body) == 0 && x.q.Action != gateway.Open {
		s.count.polls++
	}
	x.r = nil
	close(x.done)
	if s.busy--; s.busy == 0 && !s.over {
		s.quiet.Reset(silenceWait)
	}
}

// sum says in a line what passed.
func (s *session) sum() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "through MSN's HTTP gateway: %s over %s", plural(s.count.exchanges, "HTTP exchange"), plural(len(s.conns), "connection"))
	if n := s.count.polls; n > 0 {
		b.WriteString(", " + plural(n, "empty poll"))
	}
	if n := s.count.repeats; n > 0 {
		b.WriteString(", " + plural(n, "repetition"))
	}
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// relayed is the end of a session that is relayed.
type relayed struct {
	*virtualConn
	s *session
}

// Parting says, when it is closed, what there was to it.
func (r relayed) Parting() string { return r.s.sum() }

// Close implements net.Conn. What is passed on ends with it; as a gateway we still owe the
// client what the server has said.
func (r relayed) Close() error {
	err := r.virtualConn.Close()
	if r.s.pass != nil {
		r.s.end()
	}
	return err
}

// start has the session relayed, if it is not yet. The wish says where to.
func (s *session) start(w *Wish) {
	s.mu.Lock()
	if s.started || s.over {
		s.mu.Unlock()
		return
	}
	near, far := virtualPair(s.first.client, s.first.local)
	s.started, s.near = true, near
	s.mu.Unlock()
	w.Way = "HTTP gateway"
	w.Conn = relayed{far, s}
	var once sync.Once
	known := func(err error) {
		once.Do(func() {
			s.mu.Lock()
			s.failed = err
			s.mu.Unlock()
			close(s.dialled)
		})
	}
	w.Answer = func(err error) error {
		known(err)
		return nil
	}
	if err := s.first.host.Carry(w); err != nil {
		known(&statusError{http.StatusServiceUnavailable, err.Error()})
	}
}

// turn is an exchange's place in the order of the answers.
type turn struct {
	ready chan struct{}
	hurry chan struct{} // closed when another exchange waits behind it
}

// enter takes the last place.
func (s *session) enter() *turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &turn{ready: make(chan struct{}), hurry: make(chan struct{})}
	for _, o := range s.turns {
		select {
		case <-o.hurry:
		default:
			close(o.hurry)
		}
	}
	if s.turns = append(s.turns, t); len(s.turns) == 1 {
		close(t.ready)
	}
	return t
}

// leave gives a place up, and lets the next one go on if it is the first.
func (s *session) leave(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, o := range s.turns {
		if o != t {
			continue
		}
		s.turns = append(s.turns[:i], s.turns[i+1:]...)
		if i == 0 && len(s.turns) > 0 {
			close(s.turns[0].ready)
		}
		return
	}
}
