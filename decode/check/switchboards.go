package check

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/address"
)

const (
	// maxCookies is how many cookies are remembered, the newest.
	maxCookies = 4096
	// maxPeople bounds what a hostile switchboard can make us remember.
	maxPeople = 256
	// maxOwners is how many accounts one cookie is remembered to be given to.
	maxOwners = 8
	// maxMessage is the longest payload that a switchboard takes, in bytes.
	maxMessage = 1664
	// cookieTime is how long a cookie is good for, by the most patient source: the
	// client may wait for two minutes, and has one to show it.
	cookieTime = 3 * time.Minute
)

// pass is a cookie that was given out.
type pass struct {
	given, used int
	accounts    []string // to whom; "": to somebody not known
	conn        uint32   // on which connection, the newest time
	session     string   // of RNG
	servers     []string // where it is good, by XFR or RNG
	at          place
}

// room is what is remembered of a switchboard connection.
type room struct {
	people  []string // who else is in
	calls   []call
	joined  bool   // somebody was in
	session string // as CAL or ANS named it
	soon    place  // a JOI before the switchboard has let the client in
	roster  int64  // IROs that have come
	total   int64  // IROs that were announced
}

// call is a CAL.
type call struct {
	place
	trid    uint32
	handle  string
	ringing bool
}

// uncall forgets a call that was refused.
func (r *room) uncall(trid uint32) {
	for i := range r.calls {
		if r.calls[i].trid == trid {
			r.calls = append(r.calls[:i], r.calls[i+1:]...)
			return
		}
	}
}

// find returns the place of somebody in the room, or -1. Somebody with end
// points (MSNP16 and later) is found by any of them if loose is set.
func (r *room) find(handle string, loose bool) int {
	for i, p := range r.people {
		if p == handle {
			return i
		}
	}
	if !loose {
		return -1
	}
	handle = address.Identity(handle)
	for i, p := range r.people {
		if address.Identity(p) == handle {
			return i
		}
	}
	return -1
}

// give takes a cookie that a server gives out.
func (k *Checker) give(c *conn, m *decode.Message, r decode.Redirect) {
	if got := m.Arrived(); got == nil {
		return
	} else if sent, ok := got.Redirect(); ok {
		r.Cookie = sent.Cookie
	}
	cookie, owner := head([]byte(r.Cookie)), account([]byte(c.info.Account))
	if cookie == "" {
		return
	}
	p, known := k.cookies.Get(cookie)
	if !known {
		p = &pass{}
		k.cookies.Put(cookie, p)
	} else if p.conn == c.info.ID || !slices.Contains(p.accounts, owner) {
		// Otherwise it is the other leg of a relay, which was recorded, too.
		k.add(c, m, "switchboard.shared", "this cookie was given out in message %d already", p.at.number)
	}
	const most = 64
	if len(c.given) >= most {
		c.given = append(c.given[:0], c.given[1:]...)
	}
	c.given = append(c.given, cookie)
	p.given++
	p.at, p.conn = here(m), c.info.ID
	if len(p.accounts) < maxOwners && !slices.Contains(p.accounts, owner) {
		p.accounts = append(p.accounts, owner)
	}
	if addr := string(m.Frame.Raw[r.Addr.Start:r.Addr.End]); len(p.servers) < maxOwners && !slices.Contains(p.servers, addr) {
		p.servers = append(p.servers, addr)
	}
	if r.SessionID != "" {
		p.session = head([]byte(r.SessionID))
	}
}

// enter takes the first line on a switchboard: USR of the caller, ANS of who is
// called.
func (k *Checker) enter(c *conn, m *decode.Message) {
	handle, session := account(m.Raw("handle")), head(m.Raw("session"))
	c.room.session = session
	p, known := k.cookies.Get(head(m.Raw("cookie")))
	if !known {
		if k.watched[handle+" "+clientHost(c)] > 0 {
			k.add(c, m, "switchboard.cookie", "nobody gave this cookie to %s", clip([]byte(handle)))
		}
		return
	}
	p.used++
	if p.used > p.given {
		k.add(c, m, "switchboard.reused", "this cookie, given out in message %d, has been used already", p.at.number)
	}
	if session != "" && p.session != "" && session != p.session {
		k.add(c, m, "switchboard.session", "the session is %s; RNG in message %d named %s", clip([]byte(session)), p.at.number, clip([]byte(p.session)))
	}
	if c.info.Server != "" && !slices.ContainsFunc(p.servers, func(s string) bool { return !elsewhere(s, c.info.Server) }) && len(p.servers) > 0 && len(p.servers) < maxOwners {
		k.add(c, m, "redirect.elsewhere", "the client comes to %s; message %d has sent it to %s", c.info.Server, p.at.number, clip([]byte(p.servers[0])))
	}
	if !p.belongs(handle) {
		k.add(c, m, "switchboard.handle", "%s comes with a cookie given to %s", clip([]byte(handle)), clip([]byte(p.accounts[0])))
	}
	if late := m.Time.Sub(p.at.left); !p.at.left.IsZero() && !m.Time.IsZero() && late > cookieTime {
		k.add(c, m, "switchboard.late", "the cookie is %v old", late.Round(time.Second))
	}
}

// belongs reports whether the cookie was given to the account, as far as that is
// known.
func (p *pass) belongs(handle string) bool {
	for _, a := range p.accounts {
		if a == "" || a == handle {
			return true
		}
	}
	return len(p.accounts) >= maxOwners
}

// answer takes ANS, of either side.
func (k *Checker) answer(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		c.asked = account(m.Raw("handle"))
		k.enter(c, m)
		return
	}
	if r := &c.room; r.roster != r.total && c.whole() {
		k.add(c, m, "switchboard.roster", "IRO announced %d people, but named %d", r.total, r.roster)
	}
	c.in = true
}

// call takes CAL, of either side.
func (k *Checker) call(c *conn, m *decode.Message) {
	trid, _ := m.TrID()
	r := &c.room
	if m.From == decode.Client {
		if len(r.calls) < maxPeople {
			r.calls = append(r.calls, call{place: here(m), trid: trid, handle: account(m.Raw("handle"))})
		}
		return
	}
	for i := range r.calls {
		if r.calls[i].trid == trid {
			r.calls[i].ringing = true
		}
	}
	session := head(m.Raw("session"))
	if r.session != "" && session != "" && session != r.session {
		k.add(c, m, "switchboard.session", "the session is %s; it was %s before", clip([]byte(session)), clip([]byte(r.session)))
	}
	if session != "" {
		r.session = session
	}
}

// joins takes IRO and JOI.
func (k *Checker) joins(c *conn, m *decode.Message) {
	r := &c.room
	if total := m.Raw("total"); total != nil { // IRO
		r.total, _ = number(total)
		r.roster++
	} else if !c.in && r.soon.number == 0 {
		r.soon = here(m)
	}
	handle := lower(m.Raw("handle"))
	base := account([]byte(handle))
	for i := range r.calls {
		if r.calls[i].handle == base {
			r.calls = append(r.calls[:i], r.calls[i+1:]...)
			break
		}
	}
	if base == c.asked {
		return // some servers tell who joins, too; and one's own other end points
	}
	r.joined = true
	if r.find(handle, false) >= 0 {
		if c.info.Dialect >= 16 {
			return // each end point may be told of by the handle alone
		}
		k.add(c, m, "switchboard.present", "%s is in the conversation already", clip([]byte(handle)))
		return
	}
	if len(r.people) < maxPeople {
		r.people = append(r.people, handle)
	}
}

// leaves takes BYE.
func (k *Checker) leaves(c *conn, m *decode.Message) {
	handle := lower(m.Raw("handle"))
	k.gone(c, account([]byte(handle)))
	if i := c.room.find(handle, true); i >= 0 {
		c.room.people = append(c.room.people[:i], c.room.people[i+1:]...)
	} else {
		k.stranger(c, m, handle)
	}
}

// stranger notes that somebody does something in a conversation who is not in it.
func (k *Checker) stranger(c *conn, m *decode.Message, handle string) {
	if !c.whole() || !c.switchboard() || !c.in || len(c.room.people) >= maxPeople || !strings.Contains(handle, "@") ||
		account([]byte(handle)) == c.asked {
		return
	}
	if c.once("switchboard.stranger " + handle) {
		k.add(c, m, "switchboard.stranger", "%s from %s, who is not in the conversation", m.Verb.Name, clip([]byte(handle)))
	}
}

// message takes MSG on a switchboard.
func (k *Checker) message(c *conn, m *decode.Message) {
	if !c.switchboard() {
		return
	}
	if n := len(m.Frame.Payload()); n > maxMessage {
		k.add(c, m, "switchboard.size", "the message has %d bytes", n)
	}
	if m.From == decode.Server {
		if raw := m.Raw("handle"); !c.room.has(raw) {
			k.stranger(c, m, lower(raw))
		}
		k.delivered(c, m)
		return
	}
	k.dispatch(c, m)
	if string(m.Raw("ack")) == "D" {
		k.add(c, m, "switchboard.mode", "D asks for an acknowledgement that MSNP%d does not have", c.info.Dialect)
	}
	if c.whole() && c.in && !c.room.joined && c.once("switchboard.nobody") {
		k.add(c, m, "switchboard.nobody", "a message before anybody has joined")
	}
}

// has is find for the many messages, most of them from the first in the room.
func (r *room) has(handle []byte) bool {
	for _, p := range r.people {
		if len(p) == len(handle) && bytes.EqualFold([]byte(p), handle) {
			return true
		}
	}
	return r.find(lower(handle), true) >= 0
}

// acknowledged takes ACK and NAK.
func (k *Checker) acknowledged(c *conn, m *decode.Message) {
	q := c.answers(m)
	if q == nil || q.ack == 0 {
		return
	}
	switch {
	case m.Refuses():
		if q.ack == 'U' {
			k.add(c, m, "switchboard.nak", "%s for message %d, which asks for U", m.Name(), q.number)
		}
	case q.ack == 'U', q.ack == 'N':
		k.add(c, m, "switchboard.ack", "%s for message %d, which asks for %c", m.Name(), q.number, q.ack)
	}
	k.acknowledges(q.number, m.Form.Refuses)
}

// unused says at the end of a connection which cookies that came on it nobody
// has shown.
func (k *Checker) unused(c *conn, how string) {
	for _, cookie := range c.given {
		if p, ok := k.cookies.Get(cookie); ok && p.used == 0 {
			k.put(c, p.at, "switchboard.unused", how+" before anybody came to the switchboard with this cookie")
			p.used = 1
		}
	}
}

// unjoined says at the end of a connection who was called and did not come.
func (k *Checker) unjoined(c *conn, how string) {
	for _, call := range c.room.calls {
		if call.ringing && call.handle != c.asked { // inviters of MSNP18 call themselves, too
			k.put(c, call.place, "switchboard.ringing", how+" before "+clip([]byte(call.handle))+" answered the call")
		}
	}
}
