package decode

import "bytes"

// RedirectKind tells where a redirect sends the client.
type RedirectKind uint8

// The three redirects of MSNP2-20.
const (
	RedirectNS  RedirectKind = iota + 1 // XFR NS: to a notification server
	RedirectSB                          // XFR SB: to the switchboard it asked for
	RedirectRNG                         // RNG: to a switchboard where somebody calls
)

// String returns the redirect as protocol documents call it.
func (k RedirectKind) String() string {
	switch k {
	case RedirectNS:
		return "XFR NS"
	case RedirectSB:
		return "XFR SB"
	case RedirectRNG:
		return "RNG"
	}
	return "none"
}

// Redirect is what an XFR or RNG from a server says. Addresses are places in the
// frame, so that a rewrite replaces exactly one token.
type Redirect struct {
	Kind RedirectKind
	// Addr is where to go: host{:port}.
	Addr Token
	// Current is the address of the server that is talking (XFR NS of MSNP7-12);
	// zero if the line has none.
	Current Token
	// CurrentOdd: what stands there is no address.
	CurrentOdd bool
	// Cookie admits to the switchboard (XFR SB, RNG).
	Cookie string
	// SessionID and Inviter are RNG's.
	SessionID, Inviter string
	// Gateway is set where the server wants the client to go on over HTTP (MSNP21,
	// "G" in XFR NS): no rewritten address keeps it on TCP.
	Gateway bool
}

// ParseRedirect reads a frame from a server. It returns false if that is no
// redirect, or one with nothing to rewrite (XFR 0 NS 0). Which commands are
// redirects, and which of their parameters are addresses, stands in the command
// table.
func ParseRedirect(fr *Frame) (Redirect, bool) {
	if fr.Kind != Command {
		return Redirect{}, false
	}
	v := lookup(fr.Line())
	if v == nil || !v.Redirects() {
		return Redirect{}, false
	}
	var m Message
	m.Decode(fr, Server, 0, 0)
	return m.Redirect()
}

// UnclearRedirect reports whether a frame from a server is of a command that
// redirects, and yet [ParseRedirect] finds no address in it that can be followed: a
// client that reads it otherwise goes where nobody knows. It returns what stands
// where the address should, or nil if nothing does.
func UnclearRedirect(fr *Frame) (addr []byte, unclear bool) {
	if fr.Kind != Command {
		return nil, false
	}
	v := lookup(fr.Line())
	if v == nil || !v.Redirects() {
		return nil, false
	}
	var m Message
	m.Decode(fr, Server, 0, 0)
	if _, ok := m.Redirect(); ok {
		return nil, false
	}
	if !m.Fits() {
		return m.Raw("address"), true
	}
	if m.Payload() == nil {
		return nil, false
	}
	// The address stands in the payload (MSNP24).
	if target := m.Payload().Find("target"); target != nil {
		addr = []byte(target.Value)
	}
	return addr, true
}

// Redirects reports whether the verb, from a server, can carry an address to
// rewrite.
func (v *Verb) Redirects() bool {
	for i := range v.Forms {
		if v.Forms[i].From&Server != 0 && v.Forms[i].addresses() {
			return true
		}
	}
	return false
}

func (f *Form) addresses() bool {
	for i := range f.Params {
		if f.Params[i].Kind.Address {
			return true
		}
	}
	return false
}

// MayRedirect reports whether b, the beginning of a line from a server, may turn
// out to be a redirect: the line must be held until it is whole.
func MayRedirect(b []byte) bool {
	if len(b) >= 3 {
		v := lookup(b)
		return v != nil && v.Redirects() && (len(b) == 3 || b[3] == ' ')
	}
	for _, v := range redirecting {
		if len(b) > 0 && v.Name[:len(b)] == string(b) {
			return true
		}
	}
	return false
}

var redirecting = func() (list []*Verb) {
	for _, v := range verbs {
		if v.Redirects() {
			list = append(list, v)
		}
	}
	return list
}()

// Redirect returns what the message, if it is a redirect, says of the way: see
// [ParseRedirect].
func (m *Message) Redirect() (Redirect, bool) {
	var r Redirect
	if m.From != Server || m.Form == nil || !m.Form.addresses() {
		return r, false
	}
	for i := range m.Len() {
		f := m.Field(i)
		if f.Param == nil {
			continue
		}
		value := bytes.TrimRight(f.Raw, strayEnd)
		f.Token.End -= len(f.Raw) - len(value)
		switch f.Param.Name {
		case "address":
			r.Addr = f.Token
			if !isAddress(value) || string(value) == "0" {
				return Redirect{}, false
			}
		case "current":
			if len(value) > 0 {
				r.Current, r.CurrentOdd = f.Token, !isAddress(value)
			}
		case "cookie":
			r.Cookie = string(value)
		case "session":
			r.SessionID = string(f.Raw)
		case "handle":
			r.Inviter = string(f.Raw)
		case "way":
			r.Gateway = string(f.Raw) == "G"
		}
	}
	if r.Addr.End == 0 {
		return Redirect{}, false
	}
	r.Kind = m.Form.redirectKind()
	return r, true
}

// strayEnd is what may stand at the end of a token by mistake, and is no part of it
// to a client that takes the line's end for more than it is.
const strayEnd = "\r\t\v\f"

// redirectKind reads from the row where its redirect leads: to a call if it
// names a session, else where its literal says.
func (f *Form) redirectKind() RedirectKind {
	kind := RedirectNS
	for i := range f.Params {
		p := &f.Params[i]
		if p.Name == "session" {
			return RedirectRNG
		}
		if len(p.Literals) == 1 && p.Literals[0] == "SB" {
			kind = RedirectSB
		}
	}
	return kind
}
