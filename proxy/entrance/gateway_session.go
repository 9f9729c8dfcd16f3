package entrance

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"slices"
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
	begun  time.Time
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
	lingers bool // it is over, and its last answer is kept for a while
	turns   []*turn
	kept    []*kept
	follows bool // the client takes up the ids that answers give,
	stays   bool // or, it seems, stays with an old one
	busy    int  // exchanges that wait for their answer
	quiet   *time.Timer
	dialled chan struct{} // closed when it is known whether there is a server
	count   struct{ exchanges, polls, repeats, failed int }
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
	kept  *kept
	brief bool // it waits for no more than a reply
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   []byte
	next   string // the session's id from now on
	last   bool   // the session ends with it
	isMSNP bool   // the body is what the server has said
	failed bool   // the request was not done
}

func newSession(g *gatewayWay, hc *httpConn, q gateway.Query) *session {
	n, err := rand.Int(rand.Reader, big.NewInt(9e9))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	s := &session{g: g, opened: q, first: hc, client: ipOf(hc.client), begun: time.Now(), dialled: make(chan struct{}), conns: make(map[int64]bool)}
	s.stem = strconv.FormatInt(1e9+n.Int64(), 10)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.quiet = time.AfterFunc(emptyWait, s.silent)
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

// end closes what is relayed and forgets the session.
func (s *session) end() {
	s.shut(false)
	s.mu.Lock()
	lingers := s.lingers
	s.mu.Unlock()
	if !lingers {
		s.forget()
	}
}

// shut closes what is relayed. linger: the session is found for a while yet, as its last
// answer may be lost.
func (s *session) shut(linger bool) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.over = true
	s.quiet.Stop()
	if linger {
		s.lingers = true
		s.quiet = time.AfterFunc(lingerWait, s.forget)
	}
	near := s.near
	s.mu.Unlock()
	s.g.mu.Lock()
	s.g.leave(s.client)
	s.g.mu.Unlock()
	s.cancel()
	if near != nil {
		_ = near.Close()
	}
	if s.pass != nil {
		s.pass.close()
	}
}

// forget has the session found no more.
func (s *session) forget() {
	s.g.mu.Lock()
	defer s.g.mu.Unlock()
	for _, id := range s.ids {
		s.unknow(id)
	}
}

// silent ends a session of which nothing is heard any more.
func (s *session) silent() {
	s.mu.Lock()
	over, started := s.over || s.busy > 0, s.started
	s.mu.Unlock()
	if over {
		return
	}
	if !started { // nobody has seen anything of it
		s.end()
		return
	}
	s.first.host.Remark(fmt.Sprintf("nothing was heard of gateway session %s of %s for %v: ended", s.stem, s.client, silenceWait))
	s.end()
}

// answer answers a request.
func (s *session) answer(w http.ResponseWriter, x *exchange) {
	s.notice(x)
	own := s.begin(x)
	defer s.finish(x, own)
	if own {
		release := s.make(x)
		defer release()
	}
	if x.given == nil {
		return
	}
	if s.pass != nil && x.given.next != "" {
		s.g.mu.Lock()
		s.know(x.given.next)
		s.g.mu.Unlock()
	}
	for name, values := range x.given.header {
		w.Header()[name] = values
	}
	over, _, read := x.conn.state()
	s.mu.Lock()
	k := x.kept
	if own && !x.given.failed {
		k.reply = x.given
		s.trim()
	}
	k.failed = own && x.given.failed
	k.conn, k.read, k.seen, k.lost = x.conn, read, false, over
	s.mu.Unlock()
	w.Header().Set("Content-Length", strconv.Itoa(len(x.given.body)))
	w.WriteHeader(x.given.status)
	_, err := w.Write(x.given.body)
	if ferr := http.NewResponseController(w).Flush(); err == nil {
		err = ferr
	}
	s.mu.Lock()
	if k.conn == x.conn {
		k.lost = k.lost || err != nil
	}
	last := x.given.last && err == nil && !over
	s.mu.Unlock()
	switch {
	case x.given.failed && (last || s.pass != nil && x.q.Action == gateway.Open):
		s.end() // after a failed beginning no request can name it
	case last:
		s.shut(true)
	}
}

// make makes the answer to a request. release is to be called when it was written.
func (s *session) make(x *exchange) (release func()) {
	release = func() {}
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	switch {
	case over:
		if x.given = s.farewell(x); x.given == nil {
			x.given = s.gone()
		}
	case s.pass != nil:
		x.given = s.pass.exchange(x)
	default:
		x.given, release = s.here(x)
	}
	return release
}

// begin takes note of a request. own: it is to be answered; else it has the answer of the
// one that it repeats, or its client is gone.
func (s *session) begin(x *exchange) (own bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lingers {
		s.quiet.Stop()
	}
	s.busy++
	s.count.exchanges++
	s.conns[x.conn.number] = true
	k, again := s.keep(x)
	x.kept, x.brief = k, len(x.body) > 0 || x.q.Action == gateway.Open
	if again {
		s.count.repeats++
	}
	for {
		switch {
		case k.reply != nil:
			x.given = k.reply
			return false
		case k.busy == nil:
			if k.busy = make(chan struct{}); k.taken {
				x.body = nil
			}
			return true
		}
		busy := k.busy
		s.mu.Unlock()
		select {
		case <-busy:
		case <-x.ctx.Done():
		}
		s.mu.Lock()
		if x.ctx.Err() != nil {
			return false
		}
	}
}

// finish takes note that a request was answered, or not.
func (s *session) finish(x *exchange, own bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.given != nil && len(x.given.body) == 0 && x.kept.size == 0 && x.q.Action != gateway.Open {
		s.count.polls++
	}
	x.r = nil
	if own {
		close(x.kept.busy)
		x.kept.busy = nil
		if x.kept.reply == nil && x.kept.size == 0 {
			s.kept = slices.DeleteFunc(s.kept, func(k *kept) bool { return k == x.kept })
		}
	}
	if s.busy--; s.busy == 0 && !s.over {
		wait := silenceWait
		if !s.started {
			wait = emptyWait
		}
		s.quiet.Reset(wait)
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
	if n := s.count.failed; n > 0 {
		b.WriteString(", " + plural(n, "failure"))
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
	w.Way = gateway.Way
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
