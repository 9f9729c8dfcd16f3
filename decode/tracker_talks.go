package decode

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// Chats without a switchboard: messages that a notification server passes on (SDG, UUM and
// UBM), and what it tells of those that wait for somebody. A conversation is then that of
// two accounts, or of a circle.

// maxTalks bounds the conversations of one connection.
const maxTalks = 256

// circleNetworks are the networks of which an address is that of many.
const circleNetworks = "9 10"

func ofCircle(a address.Address) bool {
	return a.Network != "" && slices.Contains(strings.Fields(circleNetworks), a.Network)
}

// talkKeys returns what tells the conversations that a message of a notification server
// belongs to, with those that take part; own is who is signed in.
func (m *Message) talkKeys(own string) iter.Seq2[string, []string] {
	return func(yield func(key string, who []string) bool) {
		if m.Form == nil || !m.Form.Talk && m.Form.Circle == NoCircleChange || m.Role&SB != 0 {
			return
		}
		if circle := m.Circle(); circle != "" {
			yield(circleKey(circle), m.circleMembers(own))
			return
		}
		if !m.Form.Talk {
			return
		}
		if !payload.Routed(m.Frame.Payload()) {
			if peer := m.Peer(); converses(peer) {
				pair(own, peer.Account, yield)
				return
			}
			m.leftFor(own, yield)
			return
		}
		b1, b2 := payload.Route(m.Frame.Payload())
		from, to := address.Parse(validText(b1)), address.Parse(validText(b2))
		pair(from.Account, to.Account, yield)
	}
}

func circleKey(circle string) string { return "circle " + address.Identity(circle) }

// converses reports whether the address is that of somebody to talk with: not of the
// service, nor nobody's.
func converses(a address.Address) bool {
	return a.Network != "" || strings.Contains(a.Account, "@") || strings.HasPrefix(a.Account, "tel:")
}

// leftFor yields the conversations with those of whose messages a notification tells.
func (m *Message) leftFor(own string, yield func(string, []string) bool) {
	if m.From != Server || !payload.TellsOffline(m.Frame.Payload()) {
		return
	}
	var seen []string
	for _, left := range m.Payload().OfflineMessages() {
		if id := address.Identity(left.From); id != "" && !slices.Contains(seen, id) {
			seen = append(seen, id)
			if !pair(own, left.From, yield) {
				return
			}
		}
	}
}

// pair yields the conversation of two accounts.
func pair(a, b string, yield func(string, []string) bool) bool {
	x, y := address.Identity(a), address.Identity(b)
	if x == "" || y == "" {
		return true
	}
	if x > y {
		x, y = y, x
	}
	return yield("talk "+x+" "+y, []string{a, b})
}

// Conversation returns the chat that the message belongs to: that of its switchboard, or,
// on a notification server, that of those who say something by it. Nil if there is none.
func (m *Message) Conversation() *Conversation {
	switch {
	case m.Conn == nil:
		return nil
	case m.Conn.Conversation != nil || len(m.Conn.Talks) == 0 || m.Form == nil || !m.Form.Talk && m.Form.Circle == NoCircleChange:
		return m.Conn.Conversation
	case m.talked:
		return m.talk
	}
	if m.mine && m.Form.Talk {
		if between, last := m.talkBetween(), m.Conn.lastTalkOf(m.From); last.is(&between) {
			return last.v
		}
	}
	for v := range m.Conversations() {
		return v
	}
	return nil
}

// Conversations returns those that the message belongs to: that of its switchboard, or, on a
// notification server, those of what is said by it; a notification may belong to several.
func (m *Message) Conversations() iter.Seq[*Conversation] {
	return func(yield func(*Conversation) bool) {
		if m.Conn.Conversation != nil {
			yield(m.Conn.Conversation)
			return
		}
		if len(m.Conn.Talks) == 0 {
			return
		}
		for key := range m.talkKeys(m.Conn.Account) {
			for _, v := range m.Conn.Talks {
				if v.Key == key && !yield(v) {
					return
				}
			}
		}
	}
}

// In reports whether the message belongs to the conversation of that number. A
// notification may belong to several.
func (m *Message) In(number int) bool {
	for v := range m.Conversations() {
		if v.Number == number {
			return true
		}
	}
	return false
}

// talks makes the conversations known that a message of a notification server belongs to.
func (t *Tracker) talks(c *Connection, m *Message) {
	switch {
	case c.Conversation != nil, m.Arrived() == nil:
		return
	case m.Form.Talk:
	case m.Form.Circle != NoCircleChange:
		for key, who := range m.talkKeys(c.Account) {
			t.talk(c, key, who).named(m)
		}
		return
	default:
		return
	}
	between, last := m.talkBetween(), c.lastTalkOf(m.From)
	m.talked = true
	if last.is(&between) {
		m.talk = last.v
		return
	}
	for key, who := range m.talkKeys(c.Account) {
		v := t.talk(c, key, who)
		v.named(m)
		if m.talk == nil {
			m.talk = v
		}
	}
	if between.first != nil && m.talk != nil && (between.routed || converses(m.Peer())) {
		last.keep(&between, m.talk)
	}
}

// named notes of which circle the conversation is, and what that is called.
func (v *Conversation) named(m *Message) {
	if circle := m.Circle(); v != nil && circle != "" {
		v.Circle = cmp.Or(v.Circle, circle)
		v.Name = cmp.Or(m.circleName(), v.Name)
	}
}

// talkEnds is what a message of a notification server says by which its conversation is
// found, as it stands on the wire: most say the same as the one before.
type talkEnds struct {
	first, second []byte // nil: not told
	routed        bool
	own           string
	v             *Conversation
}

// lastTalkOf returns what the newest message of the sender was part of.
func (c *Connection) lastTalkOf(from Sender) *talkEnds {
	if from == Server {
		return &c.lastTalk[1]
	}
	return &c.lastTalk[0]
}

// talkBetween returns what talkKeys looks at. The bytes are the frame's.
func (m *Message) talkBetween() (e talkEnds) {
	e.own = m.Conn.Account
	switch p := m.Frame.Payload(); {
	case m.Role&SB != 0:
	case payload.Routed(p):
		e.routed = true
		e.first, e.second = payload.Route(p)
	default:
		e.first, e.second = m.Raw(handleKind), m.Raw("network")
	}
	return e
}

func (e *talkEnds) is(o *talkEnds) bool {
	return e.v != nil && e.routed == o.routed && e.own == o.own && o.first != nil &&
		bytes.Equal(e.first, o.first) && bytes.Equal(e.second, o.second)
}

// keep remembers a copy of o as that of the conversation.
func (e *talkEnds) keep(o *talkEnds, v *Conversation) {
	*e = talkEnds{first: append(e.first[:0], o.first...), second: append(e.second[:0], o.second...),
		routed: o.routed, own: o.own, v: v}
}

// talk puts the connection into the conversation of that key, too, and returns it: nil if
// there are too many.
func (t *Tracker) talk(c *Connection, key string, who []string) *Conversation {
	var v *Conversation
	for _, known := range c.Talks {
		if known.Key == key {
			v = known
		}
	}
	if v == nil {
		if len(c.Talks) >= maxTalks {
			return nil
		}
		if v = t.conversations[key]; v == nil {
			t.lastConvers++
			v = &Conversation{Number: t.lastConvers, Key: key, key: key}
			t.conversations[key] = v
		}
		v.members = append(v.members, c)
		c.Talks = append(c.Talks, v)
	}
	for _, h := range who {
		v.takePart(h)
	}
	return v
}

// silent takes the connection, which is at its end, out of its conversations.
func (t *Tracker) silent(c *Connection) {
	for _, v := range c.Talks {
		if i := slices.Index(v.members, c); i >= 0 {
			v.members = slices.Delete(v.members, i, i+1)
		}
		if len(v.members) == 0 && t.conversations[v.key] == v {
			delete(t.conversations, v.key)
		}
	}
}
