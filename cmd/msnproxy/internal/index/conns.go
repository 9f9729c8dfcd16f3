package index

import (
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// Conn is what is known of a connection. It does not change: what is learned makes
// a new one, so that any goroutine may hold on to it.
type Conn struct {
	// Facts is what the tracker knows; its Session and Conversation are copies, too.
	Facts *decode.Connection
	// Via is the proxy's address that the client dialled: live recordings only.
	Via       string
	MidStream bool
	// Index is its place among the connections, from 1.
	Index int
	// Record is what records of it point to, always the same.
	Record *capture.Conn
}

// ConnState is the part that changes with every message.
type ConnState struct {
	*Conn
	// Messages and Bytes are by sender: the client's first.
	Messages, Bytes [2]int64
	// Folded counts the noise.
	Folded int64
	// Findings counts by severity.
	Findings [decode.Error + 1]int
	// First and Last are rows.
	First, Last int
	Closed      bool
	ClosedAt    time.Time
	// End says how it ended.
	End      decode.Sender
	Reset    bool
	EndText  string
	LostSize int64
}

// conn is a connection as the index keeps it.
type conn struct {
	facts    *Conn
	live     *decode.Connection // the tracker's; nil when it has ended
	seen     told
	messages [2]int64
	bytes    [2]int64
	folded   int64
	findings [decode.Error + 1]int
	first    int
	last     int
	closed   bool
	closedAt int64
	end      decode.Sender
	reset    bool
	endText  string
	lost     int64
}

// told is what the facts of a connection were made of.
type told struct {
	role         decode.Role
	dialect      int
	account      string
	signedIn     bool
	session      *decode.Session
	conversation *decode.Conversation
	sessionID    string
	participants int
}

func tell(c *decode.Connection) told {
	t := told{role: c.Role, dialect: c.Dialect, account: c.Account, signedIn: c.SignedIn, session: c.Session, conversation: c.Conversation}
	if v := c.Conversation; v != nil {
		t.sessionID, t.participants = v.SessionID, len(v.Participants)
	}
	return t
}

// open makes a connection known. The lock is held.
func (x *Index) open(r *capture.Record) *conn {
	d := x.tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
	x.checker.Opened(d, r.Conn.MidStream)
	c := &conn{live: d, first: x.n}
	c.facts = &Conn{Facts: &decode.Connection{ID: r.Conn.ID, Client: r.Conn.Client, Server: r.Conn.Server, Opened: r.Time},
		Via: r.Conn.Via, MidStream: r.Conn.MidStream, Index: len(x.conns)}
	kept := *r.Conn
	c.facts.Record = &kept
	x.alive++
	x.conns = append(x.conns, c)
	x.byID[r.Conn.ID] = c
	return c
}

// learn makes new facts where the tracker knows more than it did. The lock is
// held.
func (x *Index) learn(c *conn) {
	d := c.live
	now := tell(d)
	session := d.Session
	if now == c.seen && (session == nil || x.sessions[session.Number-1].same(session)) {
		return
	}
	c.seen = now
	if session != nil {
		x.learnSession(session)
	}
	x.restate(c)
	x.retouch(c)
}

// session is one as it was last seen.
type session struct {
	copy  *decode.Session
	conns []*conn
}

func (s *session) same(d *decode.Session) bool {
	return s.copy != nil && s.copy.Account == d.Account && s.copy.Dialect == d.Dialect
}

// learnSession makes a new copy of a session that has changed, for all of its
// connections.
func (x *Index) learnSession(d *decode.Session) {
	for len(x.sessions) < d.Number {
		x.sessions = append(x.sessions, &session{})
	}
	s := x.sessions[d.Number-1]
	if s.same(d) {
		return
	}
	s.copy = &decode.Session{Number: d.Number, Account: d.Account, Dialect: d.Dialect, ClientHost: d.ClientHost}
	for _, other := range s.conns {
		x.restate(other)
	}
}

// restate makes new facts of a connection.
func (x *Index) restate(c *conn) {
	f := *c.facts
	facts := *f.Facts
	facts.Role, facts.Dialect, facts.Account, facts.SignedIn = c.seen.role, c.seen.dialect, c.seen.account, c.seen.signedIn
	facts.Session, facts.Conversation = nil, nil
	if d := c.seen.session; d != nil {
		s := x.sessions[d.Number-1]
		facts.Session = s.copy
		if !slices.Contains(s.conns, c) {
			s.conns = append(s.conns, c)
		}
	}
	if v := c.seen.conversation; v != nil {
		facts.Conversation = &decode.Conversation{Number: v.Number, SessionID: v.SessionID, Participants: slices.Clone(v.Participants)}
	}
	f.Facts = &facts
	c.facts = &f
	x.version++
}

// retouch has the views look at the rows of a connection again: a filter may have
// asked what has just become known.
func (x *Index) retouch(c *conn) {
	for k := c.first / chunkRows; k < len(x.chunks); k++ {
		x.chunks[k].version++
	}
}

// Conns returns the connections, with their state, in order of appearance.
func (x *Index) Conns() []ConnState {
	x.mu.RLock()
	defer x.mu.RUnlock()
	list := make([]ConnState, 0, len(x.conns)-1)
	for _, c := range x.conns[1:] {
		list = append(list, c.state())
	}
	return list
}

// ConnState returns the state of a connection.
func (x *Index) ConnState(c *Conn) ConnState {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.conns[c.Index].state()
}

func (c *conn) state() ConnState {
	s := ConnState{Conn: c.facts, Messages: c.messages, Bytes: c.bytes, Folded: c.folded, Findings: c.findings,
		First: c.first, Last: c.last, Closed: c.closed, End: c.end, Reset: c.reset, EndText: c.endText, LostSize: c.lost}
	if c.closedAt != 0 {
		s.ClosedAt = time.Unix(0, c.closedAt).UTC()
	}
	return s
}
