package replay

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// run is a session of the recording as it is played once, the last time that
// somebody signed in for it.
type run struct {
	session *story.Session
	parts   map[*story.Conn]*part
	live    int // connections that are open
	times   int // how often the session was played
	told    bool
}

// account is one that is here, or was.
type account struct {
	live int // connections that are open
	// sent are the redirects to another notification server that were not followed
	// yet: the newest few.
	sent []sentNS
}

// sentNS is an XFR NS that a client was sent.
type sentNS struct {
	run   *run
	via   *story.Message
	host  string // of the client
	until time.Time
}

const (
	// maxSent bounds the redirects that an account may have open, and redirectGood
	// how long one is good for.
	maxSent      = 8
	redirectGood = 2 * time.Minute
	// maxCookies is how many cookies are good, the newest.
	maxCookies = 4096
)

// admission is what a cookie is good for: once, for one account.
type admission struct {
	run     *run
	account string
	via     *story.Message // the XFR or RNG that gave it out
}

// admissions are the cookies given out.
type admissions struct {
	byCookie map[string]admission
	order    []string
}

func (a *admissions) add(cookie string, ad admission) {
	if a.byCookie == nil {
		a.byCookie = make(map[string]admission)
	}
	a.byCookie[cookie] = ad
	if a.order = append(a.order, cookie); len(a.order) > maxCookies {
		delete(a.byCookie, a.order[0])
		a.order = slices.Delete(a.order, 0, 1)
	}
}

// take returns what a cookie is good for; it is then used.
func (a *admissions) take(cookie string) (admission, bool) {
	ad, ok := a.byCookie[cookie]
	delete(a.byCookie, cookie)
	return ad, ok
}

// account returns the account of that name, in any case.
func (s *Server) account(name string) *account {
	name = strings.ToLower(name)
	a := s.accounts[name]
	if a == nil {
		a = &account{}
		s.accounts[name] = a
	}
	return a
}

// isHere reports whether an account is connected, or on its way from one
// notification server to another.
func (s *Server) isHere(name string) bool {
	a := s.accounts[strings.ToLower(name)]
	if a == nil {
		return false
	}
	now := time.Now()
	a.sent = slices.DeleteFunc(a.sent, func(p sentNS) bool { return now.After(p.until) })
	return a.live > 0 || len(a.sent) > 0
}

// candidate is a recorded connection that a client may be about to play.
type candidate struct {
	run     *run // nil: nobody has begun the session
	session *story.Session
	conn    *story.Conn
}

// candidates returns, the likeliest first, what a client that does not come with a
// cookie may be: one that was sent to another notification server, else a new
// sign-in. Name is the account, "" if that is not known yet.
func (s *Server) candidates(c *conn, name string) (all []candidate) {
	host := hostOf(c.nc.RemoteAddr())
	now := time.Now()
	for who, a := range s.accounts {
		if name != "" && !strings.EqualFold(who, name) {
			continue
		}
		for _, p := range a.sent {
			if p.host == host && now.Before(p.until) {
				if next := s.script.after(p.run.session, p.via); next != nil {
					all = append(all, candidate{p.run, p.run.session, next})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return a.session.Number - b.session.Number })
	for _, n := range s.inOrder(name) {
		for _, first := range n.Conns {
			if isPlayed(first) && first.Role&decode.SB == 0 {
				all = append(all, candidate{nil, n, first})
				break
			}
		}
	}
	if c.target == "" {
		return all
	}
	// With a port for each server the one that was dialled is known.
	slices.SortStableFunc(all, func(a, b candidate) int { return c.foreign(a) - c.foreign(b) })
	return all
}

func (c *conn) foreign(x candidate) int {
	if sameServer(x.conn.Server, c.target) {
		return 0
	}
	return 1
}

// inOrder returns the sessions of an account in the order in which they are played:
// those that were played least first, those that nobody plays now before others.
func (s *Server) inOrder(name string) (all []*story.Session) {
	for _, n := range s.script.sessions {
		if name == "" || strings.EqualFold(n.Account, name) {
			all = append(all, n)
		}
	}
	weight := func(n *story.Session) int {
		r := s.runs[n]
		if r == nil {
			return 0
		}
		if r.live > 0 {
			return r.times + 1<<20
		}
		return r.times
	}
	slices.SortStableFunc(all, func(a, b *story.Session) int { return weight(a) - weight(b) })
	return all
}

// after returns the connection that a redirect led to: nil if the recording has none.
func (x *script) after(n *story.Session, via *story.Message) *story.Conn {
	if c := x.came[via]; c != nil {
		return c
	}
	i := slices.Index(n.Conns, via.Conn)
	for _, c := range n.Conns[i+1:] {
		if isPlayed(c) && c.Role&decode.SB == 0 {
			return c
		}
	}
	return nil
}

// begin starts to play a session.
func (s *Server) begin(n *story.Session) *run {
	times := 1
	if old := s.runs[n]; old != nil {
		times = old.times + 1
	}
	r := &run{session: n, parts: make(map[*story.Conn]*part), times: times}
	s.runs[n] = r
	return r
}

// attach makes the connection the one that plays a recorded connection.
func (c *conn) attach(r *run, rec *story.Conn, p *part) {
	c.run, c.part, c.trial = r, p, false
	c.role, c.dialect = rec.Role, rec.Dialect
	r.parts[rec] = p
	r.live++
	c.login(r.session.Account)
	c.report(Playing, 0, "plays connection %d of the recording (%s), session %d", rec.ID, rec.Role, r.session.Number)
}

// login says who the client is.
func (c *conn) login(name string) {
	if c.account == "" {
		c.account = name
		c.s.account(name).live++
	}
}

// followed takes note that a redirect was followed.
func (s *Server) followed(name string, x candidate) {
	a := s.account(name)
	for i, p := range a.sent {
		if p.run == x.run && s.script.after(x.session, p.via) == x.conn {
			a.sent = slices.Delete(a.sent, i, i+1)
			return
		}
	}
}

// sendNS remembers that the client is told to go to another notification server.
func (c *conn) sendNS(via *story.Message) {
	a := c.s.account(c.account)
	if c.run == nil {
		return
	}
	a.sent = append(a.sent, sentNS{c.run, via, hostOf(c.nc.RemoteAddr()), time.Now().Add(redirectGood)})
	if len(a.sent) > maxSent {
		a.sent = slices.Delete(a.sent, 0, 1)
	}
}

// hostOf returns an address without its port.
func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// detach ends the connection's part.
func (c *conn) detach() {
	s := c.s
	if c.account != "" {
		s.account(c.account).live--
	}
	if c.part != nil {
		c.part.ended = true
	}
	if r := c.run; r != nil {
		if r.live--; r.live == 0 && !r.told && !s.isHere(r.session.Account) {
			p := Played{Session: r.session.Number, Account: r.session.Account, Times: r.times}
			for _, rec := range r.session.Conns {
				if isPlayed(rec) {
					p.count(rec, r)
				}
			}
			p.Whole = len(p.Unasked) == 0 && p.Unsaid == 0 && p.Withheld == 0
			r.told = true
			c.report(Finished, 0, "%s", p)
		}
	}
	s.stir()
}

// stir wakes the connections that wait for what others do.
func (s *Server) stir() {
	for c := range s.conns {
		if c.waits {
			c.nudge()
		}
	}
}

// offers reports whether the client's VER names the dialect.
func offers(m *decode.Message, dialect int) bool {
	if dialect == 0 || m.Raw("dialects") == nil {
		return true
	}
	want := "MSNP" + strconv.Itoa(dialect)
	for i := range m.Len() {
		if strings.EqualFold(string(m.Field(i).Raw), want) {
			return true
		}
	}
	return false
}
