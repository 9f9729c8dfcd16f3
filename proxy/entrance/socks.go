package entrance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"msnproxy/decode"
	"msnproxy/decode/preamble"
)

// Login is what a client has to say of itself.
type Login struct{ User, Password string }

// is reports whether a client may come in that said this of itself. Nil: anybody may.
func (l *Login) is(user *string, password string) bool {
	return l == nil || user != nil && *user == l.User && password == l.Password
}

// SOCKS returns the way in by SOCKS 4, 4a and 5. need is the login without which nobody
// comes in; nil: any will do, or none. SOCKS4 has no passwords, so that with a login it is
// refused.
func SOCKS(need *Login) Entrance { return socks{need} }

type socks struct{ need *Login }

func (socks) Name() string { return "socks" }

func (socks) Takes(c *Caller) decode.Guess {
	b := c.Buffered()
	switch {
	case c.Asked != nil:
		return decode.No
	case len(b) == 0:
		return decode.Maybe
	case b[0] == 4:
		return guess(preamble.ReadSOCKS4(b))
	}
	if _, s := preamble.Methods(b); s == preamble.Foreign {
		return decode.No
	} else if len(b) < 2 {
		return decode.Maybe
	}
	return decode.Yes
}

// Greets implements Greeter: neither MSNP nor HTTP begins like that.
func (socks) Greets(c *Caller) bool { return len(c.Buffered()) > 0 }

// guess says whether a request may be one, or is, by what is known of its beginning.
func guess(r preamble.Request, _ int, s preamble.State) decode.Guess {
	switch {
	case s == preamble.Foreign:
		return decode.No
	case r.Way == "":
		return decode.Maybe
	}
	return decode.Yes
}

func (s socks) Enter(_ context.Context, c *Caller) (*Wish, error) {
	c.Hurry()
	if c.Buffered()[0] == 4 {
		return s.enter4(c)
	}
	return s.enter5(c)
}

// await reads from the client until what is looked for is whole, and takes it. read is
// given what is buffered.
func await(c *Caller, what string, read func(b []byte) (n int, s preamble.State)) error {
	for {
		n, s := read(c.Buffered())
		switch s {
		case preamble.Whole:
			c.Take(n)
			return nil
		case preamble.Foreign:
			return fmt.Errorf("%s that goes on as none does: see what the client is set to", what)
		}
		if err := c.More(); err != nil {
			return Left(what, err)
		}
	}
}

func (s socks) enter4(c *Caller) (*Wish, error) {
	var r preamble.Request
	err := await(c, "a SOCKS4 request", func(b []byte) (n int, st preamble.State) {
		r, n, st = preamble.ReadSOCKS4(b)
		return n, st
	})
	if err != nil {
		return nil, err
	}
	say := func(code byte) error {
		_, err := c.Write(preamble.AppendReply4(nil, code))
		return err
	}
	switch {
	case s.need != nil:
		_ = say(preamble.Reply4Refused)
		return nil, fmt.Errorf("refused a %s request for %s: a user name and a password are asked for (--socks-user), which %s does not have: set the client to SOCKS5", r.Way, shown(&r), r.Way)
	case r.Command != preamble.Connect:
		_ = say(preamble.Reply4Refused)
		return nil, notServed(&r)
	}
	return wish(&r, func(err error) error {
		if err != nil {
			return say(preamble.Reply4Refused)
		}
		return say(preamble.Reply4Granted)
	}), nil
}

func (s socks) enter5(c *Caller) (*Wish, error) {
	if err := s.login(c); err != nil {
		return nil, err
	}
	var r preamble.Request
	err := await(c, "a SOCKS5 request", func(b []byte) (n int, st preamble.State) {
		r, n, st = preamble.ReadSOCKS5(b)
		return n, st
	})
	if err != nil {
		return nil, err
	}
	say := func(code byte) error {
		_, err := c.Write(preamble.AppendReply5(nil, code, netip.AddrPort{}))
		return err
	}
	switch {
	case r.Command != preamble.Connect:
		_ = say(preamble.Reply5NoCommand)
		return nil, notServed(&r)
	case r.Strange:
		_ = say(preamble.Reply5NoAddresses)
		return nil, errors.New("refused a SOCKS5 request for an address of a type that SOCKS5 does not have: only IPv4, IPv6 and names are known")
	}
	return wish(&r, func(err error) error { return say(reply5(err)) }), nil
}

// login agrees with a SOCKS5 client on a method, and hears who it is.
func (s socks) login(c *Caller) error {
	var methods []byte
	err := await(c, "the greeting of SOCKS5", func(b []byte) (n int, st preamble.State) {
		if n, st = preamble.Methods(b); st == preamble.Whole {
			methods = slices.Clone(b[2:n])
		}
		return n, st
	})
	if err != nil {
		return err
	}
	method, why := byte(preamble.NoLogin), ""
	switch {
	case s.need == nil && slices.Contains(methods, preamble.NoLogin):
	case slices.Contains(methods, preamble.Login):
		method = preamble.Login
	case s.need != nil:
		method, why = preamble.NoMethod, "it offers no user name and password, which are asked for (--socks-user)"
	default:
		method, why = preamble.NoMethod, "it offers none of the ways to sign in that are known, neither none at all nor user name and password"
	}
	if _, err := c.Write(preamble.AppendMethod(nil, method)); err != nil {
		return Left("the greeting of SOCKS5", err)
	}
	switch method {
	case preamble.NoLogin:
		return nil
	case preamble.NoMethod:
		return fmt.Errorf("refused a client of SOCKS5: %s", why)
	}
	var user, password string
	err = await(c, "the login of SOCKS5", func(b []byte) (n int, st preamble.State) {
		user, password, n, st = preamble.ReadLogin(b)
		return n, st
	})
	if err != nil {
		return err
	}
	ok := s.need.is(&user, password)
	if _, err := c.Write(preamble.AppendLogin(nil, ok)); err != nil {
		return Left("the login of SOCKS5", err)
	}
	if !ok {
		return errors.New("refused a client of SOCKS5: its user name or password is not that of --socks-user")
	}
	return nil
}

// reply5 is how SOCKS5 says why a client is not connected.
func reply5(err error) byte {
	if err == nil {
		return preamble.Reply5Granted
	}
	switch ReasonOf(err) {
	case Forbidden:
		return preamble.Reply5Forbidden
	case Unreachable:
		return preamble.Reply5NoNetwork
	case NoSuchHost, TimedOut:
		return preamble.Reply5NoHost
	case Refused:
		return preamble.Reply5Refused
	}
	return preamble.Reply5Failed
}

// notServed says what a request is for that is not served.
func notServed(r *preamble.Request) error {
	return fmt.Errorf("refused a %s request for %s (%s): only connections to a server are made (CONNECT); turn file transfer through the proxy off, or see what else uses it", r.Way, r.Command, shown(r))
}

// wish makes a wish of a request.
func wish(r *preamble.Request, answer func(error) error) *Wish {
	return &Wish{Way: r.Way, Target: r.Target(), By: "a " + r.Way + " request", Answer: answer}
}

// shown is the target of a request for people: what the client sent may be anything.
func shown(r *preamble.Request) string { return fmt.Sprintf("%.100q", r.Target()) }
