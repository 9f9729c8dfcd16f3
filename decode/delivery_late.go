package decode

import (
	"slices"
	"strings"
	"time"

	"msnproxy/decode/address"
)

// A recording that begins in mid-stream does not tell which switchboard connections belong
// together, nor always whose they are: what is said on one and comes on another does.

// maxStrays is how many messages of such connections are remembered, the newest.
const maxStrays = 64

// stray is a message on a switchboard whose beginning was not seen.
type stray struct {
	conn *Connection
	hash uint64
	size int
	at   time.Time
}

// stray remembers a message of a client on a connection that was met in mid-stream.
func (t *Tracker) stray(m *Message) {
	got := m.Arrived()
	if got == nil || !m.Conn.late {
		return
	}
	if len(t.strays) >= maxStrays {
		t.strays = append(t.strays[:0], t.strays[1:]...)
	}
	s := stray{conn: m.Conn, at: m.Left()}
	s.hash, s.size = essence(got.Frame.Payload())
	t.strays = append(t.strays, s)
}

// reunite finds the conversation of which the message is, which came on a connection that
// was met in mid-stream, by who said the same on another one; it makes the two
// conversations one, and reports whether it did.
func (t *Tracker) reunite(m *Message) bool {
	c := m.Conn
	if len(t.strays) == 0 || !c.late && (c.Conversation != nil || c.Role != NS|SB) {
		return false
	}
	hash, size := essence(m.Frame.Payload())
	who := m.Peer().Account
	var found *Conversation
	for i := range t.strays {
		s := &t.strays[i]
		v := s.conn.Conversation
		switch {
		case s.hash != hash || s.size != size || s.conn.closed || v == nil || v == c.Conversation:
		case s.conn.Account != "" && !address.Same(s.conn.Account, who), !within(s.at, m.Time, deliveryTime):
		case !strings.EqualFold(hostOf(s.conn.Server), hostOf(c.Server)):
		case found != nil && found != v:
			return false // it may be of either
		default:
			found = v
		}
	}
	if found == nil {
		return false
	}
	old := c.Conversation
	if old == nil {
		// Nobody but the server has said anything here: a switchboard it is.
		c.Role, c.firm, c.late = SB, 1, true
		m.Role = SB
		t.attend(c, found)
		found.takePart(who)
		return true
	}
	found.mail.take(&old.mail)
	for _, h := range old.Participants {
		found.takePart(h)
	}
	for _, member := range slices.Clone(old.members) {
		t.attend(member, found)
	}
	return true
}

// know learns from a copy whose the connection is that the message was sent on, if the
// recording begins too late to tell.
func (t *Tracker) know(m *Message) {
	if d := &m.Delivery; d.Kind == Delivered {
		if c := t.conns[d.Conn]; c != nil && c.Account == "" && c.Session == nil && c.Role == SB {
			if a := m.Peer(); a.Account != "" {
				t.belong(c, a)
				c.takePart(c.Account)
			}
		}
	}
}
