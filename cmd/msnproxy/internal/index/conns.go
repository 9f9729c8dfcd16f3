package index

import (
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
	"msnproxy/decode/stage"
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
	// Said counts the messages of each of the conversations of a notification server that it
	// has part in, in the order of Facts.Talks.
	Said []int
}

// conn is a connection as the index keeps it.
type conn struct {
	facts    *Conn
	live     *decode.Connection // the tracker's; nil when it has ended
	seen     told
	hearing  tally.Hearing
	messages [2]int64
	bytes    [2]int64
	folded   int64
	findings [decode.Error + 1]int
	chunks   []uint32 // that hold rows of it
	first    int
	last     int
	closedAt int64
	closed   bool
	reset    bool
	end      decode.Sender
	endText  string
	lost     int64
	talks    []int // numbers of conversations of a notification server
	said     []int // how many messages of each
}

// told is what the facts of a connection were made of.
type told struct {
	filtered
	signedIn bool
	endPoint string
}

// filtered is what filters and scopes ask of a connection.
type filtered struct {
	role         decode.Role
	dialect      int
	account      string
	session      int // numbers; 0: none
	conversation int
	talks        int // how many, of a notification server
}

func tell(c *decode.Connection) told {
	t := told{signedIn: c.SignedIn, endPoint: c.EndPoint, filtered: filtered{role: c.Role, dialect: c.Dialect, account: c.Account}}
	if c.Session != nil {
		t.session = c.Session.Number
	}
	if c.Conversation != nil {
		t.conversation = c.Conversation.Number
	}
	t.talks = len(c.Talks)
	return t
}

// open makes a connection known. One that had its number is not heard of any more.
// The lock is held.
func (x *Index) open(r *capture.Record) *conn {
	c := &conn{first: x.n}
	c.facts = &Conn{Facts: &decode.Connection{ID: r.Conn.ID, Client: r.Conn.Client, Server: r.Conn.Server, Opened: r.Time},
		Via: r.Conn.Via, MidStream: r.Conn.MidStream, Index: len(x.conns)}
	kept := *r.Conn
	c.facts.Record = &kept
	x.conns = append(x.conns, c)
	x.byID[r.Conn.ID] = c
	x.version++
	return c
}

// follows notes what is known of a connection, which may have been taken for one at
// its end: a damaged recording has bytes after it. The lock is held.
func (x *Index) follows(c *conn, live *decode.Connection) {
	c.live = live
	c.closed, c.closedAt = false, 0
	x.alive++
}

// ended notes that a connection is not open any more. The lock is held.
func (x *Index) ended(c *conn) {
	if c.live != nil {
		c.live = nil
		x.alive--
	}
}

// learn makes new facts where the tracker knows more than it did. The lock is
// held.
func (x *Index) learn(c *conn) {
	d := c.live
	now := tell(d)
	session := now.session == c.seen.session && (now.session == 0 || x.sessions[now.session-1].same(d.Session))
	for _, v := range d.Talks {
		if v.Number > len(x.talks) || !x.talks[v.Number-1].same(v) || !slices.Contains(x.talks[v.Number-1].conns, c) {
			x.learnTalk(c, v)
			defer x.restate(c)
		}
	}
	talks := now.conversation == c.seen.conversation && (now.conversation == 0 || x.talks[now.conversation-1].same(d.Conversation))
	if session && talks && now == c.seen {
		return
	}
	asked := c.seen.filtered
	c.seen = now
	if !session && now.session > 0 {
		x.learnSession(c, d.Session)
	}
	if !talks && now.conversation > 0 {
		x.learnTalk(c, d.Conversation)
	}
	x.restate(c)
	if asked != now.filtered {
		x.journal.conn(c)
	}
}

// brought learns what has come to light of a connection by a message on another one. It
// may be closed. The lock is held.
func (x *Index) brought(d *decode.Connection) {
	for i := len(x.conns) - 1; i > 0; i-- {
		if c := x.conns[i]; c.facts.Facts.ID == d.ID {
			live := c.live
			c.live = d
			x.learn(c)
			c.live = live
			return
		}
	}
}

// session is one as it was last seen, and the connections that belong or belonged
// to it.
type session struct {
	copy  *decode.Session
	conns []*conn
}

func (s *session) same(d *decode.Session) bool {
	return s.copy != nil && s.copy.Account == d.Account && s.copy.Dialect == d.Dialect
}

// learnSession makes a new copy of a session that has changed, for its connections
// but c, which belongs to it.
func (x *Index) learnSession(c *conn, d *decode.Session) {
	for len(x.sessions) < d.Number {
		x.sessions = append(x.sessions, &session{})
	}
	s := x.sessions[d.Number-1]
	if !slices.Contains(s.conns, c) {
		s.conns = append(s.conns, c)
	}
	if s.same(d) {
		return
	}
	s.copy = &decode.Session{Number: d.Number, Account: d.Account, Dialect: d.Dialect, ClientHost: d.ClientHost}
	for _, other := range s.conns {
		if other != c {
			x.restate(other)
		}
	}
}

// talk is a conversation as it was last seen, and its connections.
type talk struct {
	copy  *decode.Conversation
	conns []*conn
}

func (t *talk) same(d *decode.Conversation) bool {
	return t.copy != nil && t.copy.SessionID == d.SessionID && t.copy.Name == d.Name && len(t.copy.Participants) == len(d.Participants)
}

// learnTalk is learnSession for a conversation.
func (x *Index) learnTalk(c *conn, d *decode.Conversation) {
	for len(x.talks) < d.Number {
		x.talks = append(x.talks, &talk{})
	}
	t := x.talks[d.Number-1]
	if !slices.Contains(t.conns, c) {
		t.conns = append(t.conns, c)
	}
	if d.Key != "" && !slices.Contains(c.talks, d.Number) {
		c.talks, c.said = append(c.talks, d.Number), append(c.said, 0)
	}
	if t.same(d) {
		return
	}
	t.copy = &decode.Conversation{Number: d.Number, SessionID: d.SessionID, Key: d.Key, Circle: d.Circle, Name: d.Name, Participants: slices.Clone(d.Participants)}
	for _, other := range t.conns {
		if other != c {
			x.restate(other)
		}
	}
}

// restate makes new facts of a connection.
func (x *Index) restate(c *conn) {
	f := *c.facts
	facts := *f.Facts
	facts.Role, facts.Dialect, facts.Account, facts.SignedIn = c.seen.role, c.seen.dialect, c.seen.account, c.seen.signedIn
	facts.EndPoint = c.seen.endPoint
	facts.Session, facts.Conversation, facts.Talks = nil, nil, nil
	if n := c.seen.session; n > 0 {
		facts.Session = x.sessions[n-1].copy
	}
	if n := c.seen.conversation; n > 0 {
		facts.Conversation = x.talks[n-1].copy
	}
	for _, n := range c.talks {
		facts.Talks = append(facts.Talks, x.talks[n-1].copy)
	}
	f.Facts = &facts
	c.facts = &f
	x.version++
}

// signs keeps the sign-in of an event's connection. The lock is held.
func (x *Index) signs(e *capture.Event) {
	if e.Conn == nil {
		return
	}
	if e.New {
		x.book.See(e.Conn)
	}
	if e.Record.Kind == capture.Closed {
		x.book.Closed(e.Conn)
	}
}

// SignIn returns how far the sign-in of a session came by now, in words; "" if that is not
// known.
func (x *Index) SignIn(session int) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if s := x.book.Of(session); s != nil {
		return stage.Line(s, time.Time{})
	}
	return ""
}

// SignIns returns how far each sign-in came by now, in order of appearance, and the time
// of the newest record.
func (x *Index) SignIns() (list []decode.SignIn, last time.Time) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, s := range x.book.SignIns() {
		list = append(list, *s)
	}
	return list, x.last
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

// Conn returns what is known of a connection by its [Conn.Index], or nil.
func (x *Index) Conn(index int) *Conn {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if index < 1 || index >= len(x.conns) {
		return nil
	}
	return x.conns[index].facts
}

// Session returns what is known of a session by its number, or nil.
func (x *Index) Session(number int) *decode.Session {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if number < 1 || number > len(x.sessions) {
		return nil
	}
	return x.sessions[number-1].copy
}

// ConnState returns the state of a connection.
func (x *Index) ConnState(c *Conn) ConnState {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.conns[c.Index].state()
}

func (c *conn) state() ConnState {
	s := ConnState{Conn: c.facts, Messages: c.messages, Bytes: c.bytes, Folded: c.folded, Findings: c.findings,
		First: c.first, Last: c.last, Closed: c.closed, End: c.end, Reset: c.reset, EndText: c.endText, LostSize: c.lost, Said: slices.Clone(c.said)}
	if c.closedAt != 0 {
		s.ClosedAt = time.Unix(0, c.closedAt).UTC()
	}
	return s
}
