package entrance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"msnproxy/decode"
)

// errNotKnown says that the kernel has no connection that was redirected to the socket.
var errNotKnown = errors.New("the kernel knows of no redirection to it")

// transparent is the way of who does not know of the proxy: a rule of the firewall of this
// machine led it here, and the kernel says where it was going.
type transparent struct {
	direct bool
	aimed  func(net.Conn) (netip.AddrPort, error)
}

// Transparent is the way in of clients that the firewall has redirected to the proxy. Who
// was not is refused, unless direct lets it in by the other ways, and as to its server. The
// error says that this system does not tell where a redirected client was going, and what
// to do instead.
func Transparent(direct bool) (Entrance, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	return &transparent{direct, originalDst}, nil
}

// Name implements Entrance.
func (*transparent) Name() string { return "transparent" }

// Takes implements Entrance: by the socket.
func (t *transparent) Takes(c *Caller) decode.Guess {
	if c.Asked != nil {
		return decode.No
	}
	if _, err := t.target(c); err != nil {
		return decode.No
	}
	return decode.Yes
}

// Enter implements Entrance.
func (t *transparent) Enter(_ context.Context, c *Caller) (*Wish, error) {
	to, err := t.target(c)
	if err != nil {
		return nil, &Error{Forbidden, err}
	}
	return &Wish{Way: "transparent", Target: to.String(), By: "the firewall's redirection", Redirected: true}, nil
}

// Admit implements Keeper.
func (t *transparent) Admit(c *Caller) error {
	if t.direct || c.Asked != nil {
		return nil
	}
	if _, err := t.target(c); err != nil {
		return &Error{Forbidden, err}
	}
	return nil
}

// target is where the client was going. The error says why that can't be told, or that it
// was going nowhere else.
func (t *transparent) target(c *Caller) (netip.AddrPort, error) {
	at := endpointOf(c.LocalAddr())
	to, err := t.aimed(c.Conn)
	switch {
	case errors.Is(err, errNotKnown):
		return to, fmt.Errorf("refused %s, which was not redirected here (--transparent): %w; is the rule in force on this machine, also for %s? --print-rules prints it", c.RemoteAddr(), err, family(at.Addr()))
	case err != nil:
		return to, fmt.Errorf("refused %s: cannot tell where it was going (--transparent): %w", c.RemoteAddr(), err)
	}
	if to == at {
		return to, fmt.Errorf("refused %s, which was not redirected here (--transparent) but came to %s of its own: let the firewall lead it here, by its server's address, or leave --transparent out", c.RemoteAddr(), at)
	}
	return to, nil
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// endpointOf returns the IP address and port of a socket's end.
func endpointOf(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	p := t.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
}
