package decode

import (
	"cmp"
	"slices"
	"strings"

	"msnproxy/decode/address"
)

// maxCalls is how many people one caller is remembered to have called at once.
const maxCalls = 64

// call is what somebody is found by who answers a call before the caller has heard
// that it rings: ANS names the session, and the caller's CAL reply may be behind.
type call struct{ server, handle string }

func callOf(server, handle string) call {
	return call{strings.ToLower(server), address.Identity(handle)}
}

// calling notes whom a connection calls, as long as its session id is not known.
func (t *Tracker) calling(c *Connection, handle string) {
	v := c.Conversation
	if v == nil || v.SessionID != "" || handle == "" || len(v.calls) >= maxCalls {
		return
	}
	k := callOf(c.Server, handle)
	if slices.Contains(v.calls, k) {
		return
	}
	v.calls = append(v.calls, k)
	if t.calls == nil {
		t.calls = make(map[call]map[*Conversation]string)
	}
	if t.calls[k] == nil {
		t.calls[k] = make(map[*Conversation]string)
	}
	t.calls[k][v] = address.Identity(c.Account)
}

// called forgets whom a conversation calls: its session id is known, or it is over.
func (t *Tracker) called(v *Conversation) {
	for _, k := range v.calls {
		if delete(t.calls[k], v); len(t.calls[k]) == 0 {
			delete(t.calls, k)
		}
	}
	v.calls = nil
}

// caller returns the conversation that c's client, which names the session id,
// answers a call of, if its caller does not know that id yet: the one of the inviter,
// if RNG was seen, else the only one in which that account is called. Nil if there is
// none, if the id is known, or if nothing tells which of several it is.
func (t *Tracker) caller(c *Connection, id, inviter string) (only *Conversation) {
	if id == "" || t.conversations[conversationKey(c, id)] != nil {
		return nil
	}
	inviter = address.Identity(inviter)
	for v, by := range t.calls[callOf(c.Server, c.Account)] {
		if inviter != "" && by != "" && by != inviter {
			continue
		}
		if only != nil {
			return nil
		}
		only = v
	}
	return only
}

func conversationKey(c *Connection, id string) string { return id + " " + strings.ToLower(c.Server) }

// converse puts the connection into the conversation of that session id, or into
// a new one as long as the id is not known.
func (t *Tracker) converse(c *Connection, id string) {
	v := c.Conversation
	if v != nil && (id == "" || v.SessionID == id) {
		return
	}
	key := ""
	if id != "" {
		key = conversationKey(c, id)
		if known := t.conversations[key]; known != nil {
			t.unite(c, v, known)
			return
		}
	}
	if v == nil || v.SessionID != "" {
		t.lastConvers++
		v = &Conversation{Number: t.lastConvers}
		t.attend(c, v)
	}
	if id != "" {
		v.SessionID, v.key = id, key
		t.conversations[key] = v
		t.called(v)
	}
}

// unite puts a connection, which is in v, into the conversation whose session id has
// become known. If v had none it is the same conversation: all of v move.
func (t *Tracker) unite(c *Connection, v, known *Conversation) {
	if v == nil || v.SessionID != "" {
		t.attend(c, known)
		return
	}
	t.called(v)
	known.mail.take(&v.mail)
	for _, h := range v.Participants {
		known.takePart(h)
	}
	for _, member := range slices.Clone(v.members) {
		t.attend(member, known)
	}
}

// attend makes the connection one of the conversation, and of no other.
func (t *Tracker) attend(c *Connection, v *Conversation) {
	if c.Conversation != v {
		t.depart(c)
		c.Conversation = v
		v.members = append(v.members, c)
	}
}

// depart takes the connection out of its conversation, which ends with the last.
func (t *Tracker) depart(c *Connection) {
	v := c.Conversation
	if v == nil {
		return
	}
	if i := slices.Index(v.members, c); i >= 0 {
		v.members = slices.Delete(v.members, i, i+1)
	}
	if len(v.members) == 0 {
		t.called(v)
		if v.key != "" && t.conversations[v.key] == v {
			delete(t.conversations, v.key)
		}
	}
}

// speaks takes what is said on a switchboard whose beginning was not seen: that makes it
// one, and says who is in the conversation.
func (t *Tracker) speaks(c *Connection, m *Message) {
	if c.Role != SB || c.Conversation != nil && !c.late {
		return
	}
	if c.Conversation == nil {
		t.converse(c, "")
		c.late = true
	}
	if m.From == Server {
		c.Conversation.heard(m.Raw(handleKind))
	} else if p := m.Payload(); c.Account == "" && p != nil {
		if n := p.Find("TypingUser"); n != nil && n.Value != "" {
			t.belong(c, address.Parse(n.Value))
		}
	}
	c.takePart(c.Account)
}

// belong takes the connection, which was met in mid-stream, for that of the account.
func (t *Tracker) belong(c *Connection, a address.Address) {
	c.Account, c.EndPoint, c.SignedIn = a.Account, a.EndPoint, true
	s := t.sessions.newest(hostOf(c.Client), a.Account, a.EndPoint)
	if known := a.EndPoint != "" && s != nil && sameEndPoint(s.EndPoint, a.EndPoint); s == nil || c.Role == NS && !known && t.occupied(s, c) {
		s = t.newSession(c, a.Account)
	}
	t.join(c, s)
	s.EndPoint = cmp.Or(s.EndPoint, a.EndPoint)
}

// occupied reports whether another connection of the session to a notification server is
// open: a session has one at a time.
func (t *Tracker) occupied(s *Session, c *Connection) bool {
	for _, other := range t.conns {
		if other != c && other.Session == s && other.Role == NS {
			return true
		}
	}
	return false
}

// noSwitchboard takes a connection out of its conversation that turns out to be none to a
// switchboard.
func (t *Tracker) noSwitchboard(c *Connection) {
	if c.Role&SB == 0 && c.Conversation != nil {
		t.depart(c)
		c.Conversation, c.late = nil, false
	}
}

func (c *Connection) takePart(handle string) {
	if c.Conversation != nil {
		c.Conversation.takePart(handle)
	}
}

// maxParticipants bounds what a hostile switchboard can make us remember.
const maxParticipants = 256

// heard is takePart for what stands on the wire; nothing is allocated for who is known.
func (v *Conversation) heard(handle []byte) {
	for _, h := range v.Participants {
		if h == string(handle) {
			return
		}
	}
	v.takePart(string(handle))
}

func (v *Conversation) takePart(handle string) {
	if handle == "" || slices.Contains(v.Participants, handle) {
		return
	}
	handle = address.Bare(handle)
	for _, h := range v.Participants {
		if address.Same(h, handle) {
			return
		}
	}
	if handle != "" && len(v.Participants) < maxParticipants {
		v.Participants = append(v.Participants, handle)
	}
}
