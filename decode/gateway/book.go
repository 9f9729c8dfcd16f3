package gateway

import (
	"bytes"
	"hash/maphash"
	"slices"
)

const (
	// maxIDs bounds the ids by which a session is known: those of its last answers.
	maxIDs = 8
	// maxKept bounds the requests of a session among which one may come again.
	maxKept = 16
)

// maxKnown bounds the ids that a book knows: with more it begins anew, as no recording of
// real clients comes near.
const maxKnown = 1 << 16

// Book finds the sessions that the exchanges of a recording belong to. Its memory is that
// of the sessions that were not forgotten.
type Book struct {
	ids   map[key]*Session
	stems map[key]*Session
	opens map[int]*Session // by the connection that they were opened on, without an answer
	seed  maphash.Seed
}

// sum stands for bytes: equal ones have equal sums.
type sum struct {
	n    int
	hash uint64
}

func (b *Book) sum(p []byte) sum { return sum{len(p), maphash.Bytes(b.seed, p)} }

// key is a session's id, or what of it stays, at one client.
type key struct{ client, id string }

// Session is one session of a gateway, over however many connections and exchanges.
type Session struct {
	// Data is the caller's.
	Data any
	// Begun: its beginning is known.
	Begun bool
	// Closed: an answer has said that it is the last.
	Closed bool
	// Exchanges counts the requests, Polls those of them that brought nothing and got
	// nothing, Repeats those that were sent again, Unanswered those without an answer.
	Exchanges, Polls, Repeats, Unanswered int

	client string
	stem   string
	ids    []string
	kept   []*Exchange // that brought something, the last ones
	// The client takes up the ids that answers give, or, it seems, stays with an old one.
	follows, stays bool

	torn   []byte // the beginning of an answer that came no further
	tornOf *Exchange
}

// Exchange is a request with its answer.
type Exchange struct {
	Query
	Session *Session
	// Up is what the client says with it: the body, or nothing where it was said before.
	Up []byte
	// Before is what the server has said before it, in an answer that was cut short.
	Before []byte
	// Repeat: the request was sent before, and its answer not read.
	Repeat bool
	// Over, if it is set, reports whether the connection has ended, where that is not
	// told yet by Gone.
	Over func() bool

	conn     int
	conns    []int // by which it came, and came again
	body     sum
	of       *Exchange // that it repeats
	repeated bool      // by a later one
	answered bool
	known    bool // the client has used the id of the answer
	failed   bool // the answer is that of no session
	gone     bool // without a whole answer
	next     string
	down     sum
}

// NewBook returns a book without sessions.
func NewBook() *Book {
	return &Book{ids: make(map[key]*Session), stems: make(map[key]*Session), opens: make(map[int]*Session), seed: maphash.MakeSeed()}
}

// Ask takes a request that a client has sent on a connection, whose number tells it from
// others. The body is the caller's.
func (b *Book) Ask(client string, conn int, q Query, body []byte) *Exchange {
	x := &Exchange{Query: q, Up: body, conn: conn, conns: []int{conn}, body: b.sum(body)}
	if q.Action == Open {
		x.Session = &Session{client: client, Begun: true}
		b.opens[conn] = x.Session
	} else {
		x.Session = b.asked(client, conn, q.Session)
	}
	s := x.Session
	s.Exchanges++
	if x.of = s.repeated(x); x.of != nil {
		x.Repeat, x.Up, x.of.repeated = true, nil, true
		x.of.conns = append(x.of.conns, conn)
		s.Repeats++
	}
	if s.torn != nil {
		if !s.tornOf.unread(x) {
			x.Before = s.torn
		}
		s.torn, s.tornOf = nil, nil
	}
	if len(body) > 0 && !x.Repeat {
		if n := len(s.kept); n > 0 { // what was said is told
			s.kept[n-1].Up, s.kept[n-1].Before = nil, nil
		}
		if s.kept = append(s.kept, x); len(s.kept) > maxKept {
			s.kept = s.kept[1:]
		}
	}
	return x
}

// repeated returns the exchange that a request repeats; nil: it repeats none. It decides as
// the live gateway does, by which ids the client can have had.
func (s *Session) repeated(x *Exchange) *Exchange {
	for i, l := range s.kept {
		fresh := l.answered && l.next != "" && l.next != l.Query.Session && l.Query.Action != Open
		switch {
		case fresh && l.next == x.Query.Session:
			s.follows, l.known = true, true
		case fresh && i == len(s.kept)-1 && l.Query.Session == x.Query.Session && x.body.n > 0 && l.body != x.body && l.conn != x.conn:
			s.stays = true
		}
	}
	if x.body.n == 0 || x.Query.Action == Open {
		return nil
	}
	for i, l := range s.kept {
		if l.Query != x.Query || l.body != x.body {
			continue
		}
		moved := l.next != "" && l.next != l.Query.Session
		switch {
		case l.failed:
			return l
		case slices.Contains(l.conns, x.conn):
		case !l.answered && !s.wentOn(i), l.answered && moved && (s.follows || !s.stays):
			return l
		}
	}
	return nil
}

// wentOn reports whether the client has had the answer to a later request than s.kept[i]: it
// does not come back to that one.
func (s *Session) wentOn(i int) bool {
	return slices.ContainsFunc(s.kept[i+1:], func(l *Exchange) bool {
		return l.answered && (l.known || l.next == l.Query.Session)
	})
}

// unread reports whether a later request is the same again, as the answer to this one was
// not read: it did not come, or the later one has not the id that it gave. Two on one
// connection are not: there the answers come in turn.
func (x *Exchange) unread(later *Exchange) bool {
	if x.conn == later.conn || x.Query != later.Query || x.body != later.body {
		return false
	}
	return x.gone || !x.answered && x.Over != nil && x.Over() || x.answered && x.next != "" && x.next != x.Query.Session
}

// find returns the session that an id stands for, a new one if it is not known.
func (b *Book) find(client, id string) *Session {
	if s := b.ids[key{client, id}]; s != nil {
		return s
	}
	if s := b.stems[key{client, Stem(id)}]; s != nil && Stem(id) != id {
		return s
	}
	s := &Session{client: client}
	b.know(s, id)
	return s
}

// asked returns the session that a request is for. The first one with an id on a connection
// on which a session was opened, of which no answer was seen, is for that.
func (b *Book) asked(client string, conn int, id string) *Session {
	opened := b.opens[conn]
	if opened == nil || id == "" || b.ids[key{client, id}] != nil || b.stems[key{client, Stem(id)}] != nil {
		return b.find(client, id)
	}
	delete(b.opens, conn)
	b.know(opened, id)
	return opened
}

// know takes note of an id of a session.
func (b *Book) know(s *Session, id string) {
	if id == "" {
		return
	}
	k := key{s.client, id}
	if b.ids[k] == s {
		return
	}
	if len(b.ids) >= maxKnown {
		clear(b.ids)
		clear(b.stems)
	}
	b.ids[k] = s
	s.ids = append(s.ids, id)
	if len(s.ids) > maxIDs {
		b.drop(s, s.ids[0])
		s.ids = s.ids[1:]
	}
	s.stem = Stem(id)
	b.stems[key{s.client, s.stem}] = s
}

func (b *Book) drop(s *Session, id string) {
	if k := (key{s.client, id}); b.ids[k] == s {
		delete(b.ids, k)
	}
}

// Answer takes the answer to x, whose header names the session; x is nil where the request
// is not known. It returns the session, and what the server has said: the body, or nothing
// where it was said before. What of the header is empty is not known.
func (b *Book) Answer(client string, x *Exchange, h Header, body []byte) (*Session, []byte) {
	if x == nil {
		s := b.find(client, h.Session)
		s.Closed = s.Closed || h.Close
		return s, body
	}
	s := x.Session
	if b.opens[x.conn] == s {
		delete(b.opens, x.conn)
	}
	if other := b.ids[key{client, h.Session}]; other != nil && other != s && x.Query.Action != Open {
		s = other // a request is missing between the two
	}
	b.know(s, h.Session)
	s.Closed = s.Closed || h.Close
	if len(body) == 0 && x.body.n == 0 && x.Query.Action != Open {
		s.Polls++
	}
	first := x
	if x.of != nil {
		first = x.of
	}
	if first.repeated && first.answered && !first.failed && first.down == b.sum(body) {
		return s, nil
	}
	first.failed = h.Session == ""
	first.answered, first.next, first.down = true, h.Session, b.sum(body)
	return s, body
}

// Gone takes note that no whole answer to x has come; body is what came of it.
func (b *Book) Gone(x *Exchange, body []byte) {
	x.gone = true
	if b.opens[x.conn] == x.Session {
		delete(b.opens, x.conn)
	}
	x.Session.Unanswered++
	if len(body) > 0 && !x.repeated {
		x.Session.torn, x.Session.tornOf = bytes.Clone(body), x
	}
}

// Rest returns, at the end, what a session's server has said in an answer that was cut
// short.
func (s *Session) Rest() []byte {
	rest := s.torn
	s.torn, s.tornOf = nil, nil
	return rest
}

// ID is the session's id without what changes; empty where it was never told.
func (s *Session) ID() string { return s.stem }

// Forget has the book know a session no longer.
func (b *Book) Forget(s *Session) {
	for _, id := range s.ids {
		b.drop(s, id)
	}
	if k := (key{s.client, s.stem}); b.stems[k] == s {
		delete(b.stems, k)
	}
	for conn, o := range b.opens {
		if o == s {
			delete(b.opens, conn)
		}
	}
}
