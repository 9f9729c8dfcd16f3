package entrance

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"msnproxy/decode/gateway"
)

const (
	// maxKept is how many exchanges of a session are kept, so that a request that comes
	// again is known and gets its answer again.
	maxKept = 16
	// maxKeptBytes bounds the answers that are kept of a session.
	maxKeptBytes = 1 << 20
	// noticeWait is how long the end of a connection may take to be noticed, by which an
	// answer went that may be lost.
	noticeWait = 30 * time.Millisecond
)

// kept is what is kept of an exchange. The session's lock is held for all of it.
type kept struct {
	id    string // that the request named
	open  bool
	sum   [sha256.Size]byte
	size  int           // of what the request brought; 0: it is a poll
	conns []int64       // the connections by which it came
	busy  chan struct{} // an exchange is to answer it; closed when that is over
	taken bool          // the server has, or will have, what it brought

	// What the relay made of what it brought, while that is not yet with the gateway behind.
	out    []byte
	passed bool
	failed bool // that gateway did not do what it was asked for

	reply *reply    // nil: it was not answered
	conn  *httpConn // by which the answer went
	read  int64     // what of that had been read then
	lost  bool      // the client was gone before
	known bool      // the client has the answer
	seen  bool      // whether the connection ended was waited for
}

// keep finds what is kept of a request, if it comes again, and else begins to keep it.
// s.mu is held.
func (s *session) keep(x *exchange) (k *kept, again bool) {
	sum := sha256.Sum256(x.body)
	s.learn(x, sum)
	if x.q.Action != gateway.Open {
		for _, k := range s.kept {
			if !k.open && k.id == x.q.Session && k.size == len(x.body) && k.sum == sum && s.repeats(k, x) {
				k.conns = append(k.conns, x.conn.number)
				return k, true
			}
		}
	}
	k = &kept{id: x.q.Session, open: x.q.Action == gateway.Open, sum: sum, size: len(x.body), conns: []int64{x.conn.number}}
	s.kept = append(s.kept, k)
	if len(s.kept) > maxKept {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	return k, false
}

// learn concludes from a request which answers the client has read, and whether it takes up
// the ids that they give.
func (s *session) learn(x *exchange, sum [sha256.Size]byte) {
	_, _, read := x.conn.state()
	for i, k := range s.kept {
		if k.reply == nil {
			continue
		}
		fresh := k.reply.next != "" && k.reply.next != k.id
		inTurn := k.conn == x.conn && read > k.read // else it was sent before the answer
		switch {
		case fresh && k.reply.next == x.q.Session:
			k.know()
			s.follows = s.follows || !k.open
		case inTurn:
			k.know()
		}
		last := k == s.lastPost(i)
		if last && fresh && !k.open && k.id == x.q.Session && len(x.body) > 0 && k.sum != sum && (inTurn || k.conn != x.conn) {
			s.stays = true // it goes on, and with an old id
		}
	}
}

// lastPost returns s.kept[i] if no later one brought anything, else nil.
func (s *session) lastPost(i int) *kept {
	if s.kept[i].size == 0 {
		return nil
	}
	for _, later := range s.kept[i+1:] {
		if later.size > 0 {
			return nil
		}
	}
	return s.kept[i]
}

// know takes note that the client has read the answer: that need not be given again.
func (k *kept) know() {
	k.known = true
	if len(k.reply.body) > 0 {
		r := *k.reply
		r.body = nil
		k.reply = &r
	}
}

// repeats reports whether x, of the same id and bytes, is the request of k once more, not
// another one. One connection carries a request once.
func (s *session) repeats(k *kept, x *exchange) bool {
	switch {
	case k.failed:
		return true
	case slices.Contains(k.conns, x.conn.number):
		return false
	case k.size == 0 && (k.reply == nil || k.known || len(k.reply.body) == 0 && !k.reply.last):
		return false // polls may come at once, and have nothing to lose
	case k.reply == nil:
		return k.busy != nil || !s.wentOn(k)
	case k.reply.next != k.id && (s.follows || !s.stays):
		return true // the client has not the id that the answer gave
	}
	// By its id it can't be told.
	for i, o := range s.kept {
		if o == k && (k.size == 0 || s.lastPost(i) == k) {
			return !k.known && s.isLost(k, x)
		}
	}
	return false
}

// wentOn reports whether the client has had the answer to a later request than that of k: it
// does not come back to this one.
func (s *session) wentOn(k *kept) bool {
	later := s.kept[slices.Index(s.kept, k)+1:]
	return slices.ContainsFunc(later, func(l *kept) bool {
		return l.size > 0 && l.reply != nil && (l.known || l.reply.next == l.id)
	})
}

// isLost reports whether the answer of k did not reach the client.
func (s *session) isLost(k *kept, x *exchange) bool {
	if k.lost {
		return true
	}
	over, reset, _ := k.conn.state()
	return reset || over && s.follows && k.id == x.q.Session && k.reply.next != k.id
}

// undelivered takes what the server has said in answers that are lost. s.mu is held.
func (s *session) undelivered(x *exchange) []byte {
	var all [][]byte
	for _, k := range s.kept {
		if k != x.kept && k.reply != nil && !k.known && len(k.reply.body) > 0 && k.reply.isMSNP && s.isLost(k, x) {
			all = append(all, k.reply.body)
			r := *k.reply
			r.body = nil
			k.reply = &r
		}
	}
	return bytes.Join(all, nil)
}

// farewell is the last answer of a session that has ended, if it is lost; else nil.
func (s *session) farewell(x *exchange) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kept {
		if k.reply != nil && k.reply.last && !k.known && s.isLost(k, x) {
			return k.reply
		}
	}
	return nil
}

// notice waits, for a moment, until it is known of the answers that went by other
// connections whether these have ended: that may be what the client comes again for.
func (s *session) notice(x *exchange) {
	var list []*httpConn
	s.mu.Lock()
	for _, k := range s.kept {
		if k.reply == nil || k.known || k.lost || k.seen || k.conn == x.conn || len(k.reply.body) == 0 && k.size == 0 {
			continue
		}
		if next := k.reply.next; next == x.q.Session && next != k.id {
			continue // it was read
		}
		if same := k.id == x.q.Session; same && k.size == len(x.body) && k.size > 0 && k.reply.next != k.id && (s.follows || !s.stays) {
			continue // it comes again, and needs no more to tell
		}
		k.seen = true
		list = append(list, k.conn)
	}
	s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	late := time.NewTimer(noticeWait)
	defer late.Stop()
	for _, c := range list {
		select {
		case <-c.ended:
		case <-late.C:
			return
		}
	}
}

// trim forgets the oldest answers where they are too long to be kept. s.mu is held.
func (s *session) trim() {
	sum := 0
	for _, k := range slices.Backward(s.kept) {
		if k.reply == nil {
			continue
		}
		if sum += len(k.reply.body); sum > maxKeptBytes && sum > len(k.reply.body) {
			k.know()
		}
	}
}
