package check

import (
	"fmt"
	"time"

	"msnproxy/decode"
)

// order looks whether this is the time for the command at all.
func (k *Checker) order(c *conn, m *decode.Message) {
	if l := &c.links[m.From&1]; l.out && c.once("out "+m.From.Letter()) {
		k.add(c, m, "session.after-out", "the %s goes on with %s after its own OUT", m.From, m.Name())
	}
	if m.From != decode.Client {
		return
	}
	name := m.Verb.Name
	if c.sentAway && m.Form.Reply != name {
		c.sentAway = false
		k.add(c, m, "redirect.ignored", "the client goes on with %s although XFR NS sends it to another server", name)
	}
	if !c.whole() {
		return
	}
	if !c.heard(decode.Client) && m.Form.Roles&(decode.DS|decode.NS) != 0 && m.Form.Roles&decode.SB == 0 && !m.Form.Opens {
		k.add(c, m, "version.first", "the first command is %s, not VER", name)
		return
	}
	if c.in {
		return
	}
	switch {
	case m.Verb.SignedIn && m.Form.First <= decode.LastFollowed && c.info.Role&decode.NS != 0 && c.once("signin.order"):
		k.later(c, m, "signin.order", "%s before the sign-in is at its end", name)
	case m.Form.Roles != decode.SB || m.Form.Opens || !c.switchboard() || !c.once("switchboard.order"):
	case c.room.soon.number != 0:
		k.put(c, c.room.soon, "switchboard.order", fmt.Sprintf("JOI comes before the switchboard has let the client in; the client takes it for that, and goes on with %s in message %d", name, m.Number))
	default:
		k.later(c, m, "switchboard.order", "%s before the switchboard has let the client in", name)
	}
}

// leave takes OUT.
func (k *Checker) leave(c *conn, m *decode.Message) {
	c.parted = true
	k.unreachable(c)
	if m.Fate != decode.Injected {
		c.links[m.From&1].out = true
	}
	reason := string(m.Raw("reason"))
	since, known := map[string]int{"": 2, "OTH": 2, "SSD": 2, "MIG": 10, "TOU": 10, "RCT": 11}[reason]
	switch d := c.info.Dialect; {
	case !known:
		k.add(c, m, "session.reason", "the reason %s of OUT is not known", clip([]byte(reason)))
	case d != 0 && d < since:
		k.add(c, m, "session.reason", "the reason %s of OUT is of MSNP%d; this connection speaks MSNP%d", reason, since, d)
	}
}

// ping takes PNG.
func (k *Checker) ping(c *conn, m *decode.Message) {
	if c.pings > 0 && c.heard(decode.Server) && !c.holes && c.lastPing.number != 0 {
		k.put(c, c.lastPing, "session.ping", "PNG has no QNG when the client asks again")
		c.pings = 0
	}
	c.pings++
	c.lastPing = place{} // who has injected it need not wait for the answer
	if m.Fate != decode.Injected {
		c.lastPing = here(m)
	}
}

// pong takes QNG. One that comes before its PNG is put down to a server that
// answers before the line is at its end.
func (k *Checker) pong(c *conn, m *decode.Message) {
	c.pings--
	if c.pings < -1 && c.whole() {
		c.pings = 0
		if !c.heard(decode.Client) {
			return // only the server was recorded
		}
		k.add(c, m, "session.pong", "QNG without a PNG")
	}
}

// challengeTime is how long servers wait for the answer to a challenge.
const challengeTime = 50 * time.Second

// challenged takes CHL of the server.
func (k *Checker) challenged(c *conn, m *decode.Message) {
	const most = 8
	if len(c.challenges) >= most {
		c.challenges = append(c.challenges[:0], c.challenges[1:]...)
	}
	c.challenges = append(c.challenges, here(m))
	c.busy = false
}

// answered takes QRY of the client.
func (k *Checker) answered(c *conn, m *decode.Message) {
	if m.From != decode.Client {
		return
	}
	if n := len(m.Frame.Payload()); n != 32 {
		k.instead(c, m, "challenge.form", "", "challenge.form", "the answer to a challenge has %d bytes, not 32", n)
	}
	if n := len(c.challenges); n > 0 {
		asked := c.challenges[n-1].left
		if late := m.Time.Sub(asked); !asked.IsZero() && !m.Time.IsZero() && late > challengeTime {
			k.add(c, m, "challenge.late", "the answer comes %v after the challenge", late.Round(time.Second))
		}
	}
	c.challenges = c.challenges[:0]
}

// unchallenged says at the end of a connection which challenges had no answer,
// if there was time for one.
func (k *Checker) unchallenged(c *conn, at time.Time, how string) {
	for _, p := range c.challenges {
		timed := !p.left.IsZero() && !at.IsZero()
		if timed && at.Sub(p.left) < challengeTime && !c.busy {
			continue
		}
		if !c.heard(decode.Client) {
			continue // only the server was recorded
		}
		text := how + " before the challenge had an answer"
		if timed {
			text += ", " + at.Sub(p.left).Round(time.Second).String() + " after it"
		}
		k.put(c, p, "challenge.unanswered", text)
	}
}

// file is what is remembered of a file transfer (MSNFTP).
type file struct {
	size, got int64
	announced bool
}

// transfer takes a line of MSNFTP.
func (k *Checker) transfer(c *conn, m *decode.Message) {
	switch code := m.Raw("code"); {
	case m.Verb.Blocks:
		n, ok := number(m.Raw("size"))
		c.file = file{size: n, announced: ok}
	case code != nil:
		// 16777989: received, says who gets the file.
		if string(code) == "16777989" && c.file.announced && c.file.got != c.file.size && c.whole() {
			k.add(c, m, "transfer.size", "the file is received with %d bytes, but FIL announced %d", c.file.got, c.file.size)
		}
		c.file = file{}
	}
}
