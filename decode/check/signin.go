package check

import (
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// version takes VER, of either side.
func (k *Checker) version(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		if c.version && m.Fate != decode.Injected {
			k.add(c, m, "version.repeated", "the client sends VER again")
		}
		c.version = c.version || m.Fate != decode.Injected
		c.verTrID, _ = m.TrID()
		c.offers = dialects(m)
		if !c.reset && !slices.ContainsFunc(c.offers, decode.IsCVR0) {
			k.add(c, m, "version.cvr0", "the client does not offer CVR0")
		}
		c.offered = dialects(m.Arrived())
		return
	}
	if m.Len() < 2 {
		return
	}
	first := string(m.Field(1).Raw)
	switch {
	case first == "0":
		if c.offered == nil || slices.Equal(c.offers, c.offered) { // else the offer was narrowed on purpose
			k.add(c, m, "version.refused", "the server speaks none of the dialects that the client offers")
		}
		return
	case c.offered != nil && !slices.Contains(c.offered, strings.ToUpper(first)) && slices.Contains(c.offers, strings.ToUpper(first)):
		k.add(c, m, "version.choice", "the server chooses %s, which was taken out of what the client offers", clip([]byte(first)))
	case c.offered != nil && !slices.Contains(c.offered, strings.ToUpper(first)):
		k.add(c, m, "version.choice", "the server chooses %s, which the client does not offer", clip([]byte(first)))
	default:
		c.speaks = here(m)
	}
	n := 0
	for i := 1; i < m.Len(); i++ {
		if decode.IsCVR0(string(m.Field(i).Raw)) {
			c.speaks = place{}
		} else {
			n++
		}
	}
	if n > 1 {
		k.add(c, m, "version.several", "the reply names %d dialects; the first one counts", n)
	}
}

// versionGot takes what came to the server of a VER that was held.
func (k *Checker) versionGot(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		c.offered = dialects(m.Arrived())
	}
}

// left says at the end of a connection that the client left after a VER without
// CVR0, if it said nothing more.
func (k *Checker) left(c *conn, how string) {
	said := c.links[decode.Client&1].commands
	if c.links[decode.Client&1].out {
		said--
	}
	if !c.over || c.speaks.number == 0 || !c.whole() || said != 1 || !slices.ContainsFunc(c.offered, decode.IsCVR0) {
		return
	}
	k.put(c, c.speaks, "version.cvr0-reply", how+" with nothing said after this VER, which does not name CVR0 as the client did; aMSN up to 0.94 and others leave then")
}

// dialects returns what a VER offers, in upper case; nil if there is none.
func dialects(m *decode.Message) (list []string) {
	if m == nil {
		return nil
	}
	list = []string{}
	for i := 1; i < m.Len() && i <= 64; i++ {
		list = append(list, strings.ToUpper(string(m.Field(i).Raw)))
	}
	return list
}

// clientVersion takes CVR.
func (k *Checker) clientVersion(c *conn, m *decode.Message) {
	if m.From != decode.Client {
		return
	}
	c.cvr = true
	if m.Raw("handle") != nil {
		k.arrives(c, m)
	}
	if !c.in && c.whole() {
		k.add(c, m, "signin.cvr", "CVR before the sign-in is at its end")
	}
}

// packages takes INF.
func (k *Checker) packages(c *conn, m *decode.Message) {
	if m.From == decode.Client {
		k.instead(c, m, "version.command", "", "signin.inf", "INF in MSNP%d", c.info.Dialect)
		return
	}
	c.packs = c.packs[:0]
	for i := 1; i < m.Len() && i <= 16; i++ {
		c.packs = append(c.packs, strings.Split(strings.ToUpper(string(m.Field(i).Raw)), ",")...)
	}
}

// user takes USR, of either side, on any server.
func (k *Checker) user(c *conn, m *decode.Message) {
	handle, pack := m.Raw("handle"), string(m.Raw("package"))
	switch {
	case m.From == decode.Server && handle != nil:
		k.admitted(c, m, account(handle))
	case m.From == decode.Server:
		c.nonce = m.Raw("nonce") != nil
		if pack == "SSO" && !c.nonce {
			k.add(c, m, "signin.nonce", "no nonce comes with the policy")
		}
	case pack == "" && m.Raw("cookie") != nil:
		c.asked = account(handle)
		k.enter(c, m)
	case handle != nil:
		if c.in {
			k.add(c, m, "signin.repeated", "the client starts to sign in again")
		}
		c.asked = account(handle)
		c.proven = m.Raw("password") != nil
		k.pack(c, m, pack)
		if trid, _ := m.TrID(); !c.cvr && !c.reset && c.whole() && trid <= c.verTrID+1 {
			k.add(c, m, "signin.no-cvr", "USR before CVR")
		}
		k.arrives(c, m)
	case m.Form.Says("ticket") || m.Form.Says("response") || m.Form.Says("password"):
		c.proven = true
		k.proof(c, m, pack)
	}
}

// pack looks whether the authentication package is one for the dialect, and one
// that the server offers.
func (k *Checker) pack(c *conn, m *decode.Message, pack string) {
	d := c.info.Dialect
	switch {
	case d != 0 && (pack == "MD5" && d >= 8 || pack == "TWN" && (d < 8 || d > 14) || pack == "SSO" && d < 15):
		k.instead(c, m, "version.form", "", "signin.package", "%s is no way to sign in with MSNP%d", pack, d)
	case len(c.packs) > 0 && !slices.Contains(c.packs, pack):
		k.add(c, m, "signin.not-offered", "the client signs in by %s; the server offers %s", pack, strings.Join(c.packs, ", "))
	}
}

// proof looks at what a client shows to be let in: a ticket, and by SSO also that it has
// the key to it, and which end point it is.
func (k *Checker) proof(c *conn, m *decode.Message, pack string) {
	if m.Form.Says("ticket") && emptyTickets[string(m.Raw("ticket"))] {
		k.instead(c, m, "line.missing", "ticket", "signin.ticket", "no ticket comes with %s", pack)
	} else if m.Form.Says("machine") && m.Raw("ticket") != nil {
		if c.nonce && m.Raw("blob") == nil {
			k.add(c, m, "signin.key", "the ticket comes without an answer to the nonce")
		} else if _, err := challenge.ParseSSO(string(m.Raw("blob"))); err == nil && m.Raw("machine") == nil {
			k.add(c, m, "signin.machine", "no GUID of the machine comes with the ticket")
		}
	}
	c.machine = bareGUID(m.Raw("machine"))
}

// emptyTickets are tickets that are none.
var emptyTickets = map[string]bool{"": true, "t=": true, "t=&p=": true, "t=&amp;p=": true}

// bareGUID returns a GUID in lower case without braces.
func bareGUID(b []byte) string { return strings.Trim(lower(b), "{}") }

// admitted takes the server's USR OK.
func (k *Checker) admitted(c *conn, m *decode.Message, handle string) {
	if c.asked != "" && handle != c.asked {
		k.add(c, m, "signin.other", "%s wants in, %s is let in", clip([]byte(c.asked)), clip([]byte(handle)))
	}
	if c.in && m.ReplyVerb == m.Verb.Name {
		k.add(c, m, "signin.repeated", "the server lets the client in again")
	}
	if !c.in && !c.proven && c.asked != "" && c.whole() && !c.switchboard() {
		k.add(c, m, "signin.unproven", "%s is let in without an answer or a ticket", clip([]byte(handle)))
	}
	c.in = true
	if !c.switchboard() {
		k.watch(c, handle)
	}
}
