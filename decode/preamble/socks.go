package preamble

import "net/netip"

// Methods of SOCKS5 by which a client says who it is.
const (
	NoLogin  = 0
	Login    = 2
	NoMethod = 0xff // the proxy takes none of those that were offered
)

const (
	socks4Version, socks5Version, loginVersion = 4, 5, 1

	atypIPv4, atypName, atypIPv6 = 1, 3, 4

	maxUser = 255 // of SOCKS4; SOCKS5 has lengths of a byte
)

// Codes with which SOCKS5 answers a request.
const (
	Reply5Granted     = 0
	Reply5Failed      = 1
	Reply5Forbidden   = 2
	Reply5NoNetwork   = 3
	Reply5NoHost      = 4
	Reply5Refused     = 5
	Reply5Expired     = 6
	Reply5NoCommand   = 7
	Reply5NoAddresses = 8
)

// Codes with which SOCKS4 answers a request.
const (
	Reply4Granted = 0x5a
	Reply4Refused = 0x5b
	reply4Last    = 0x5d
)

// Methods returns the length of a SOCKS5 client's greeting, from whom nothing else is
// expected: whatever it offers, which are the bytes from the third on.
func Methods(b []byte) (n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != socks5Version {
		return 0, Foreign
	}
	if c.take(c.byte()); c.short {
		return 0, Short
	}
	return c.n, Whole
}

// ReadMethods reads the greeting of a SOCKS5 client, the methods that it offers, where
// other things begin with the same bytes: what no client offers is Foreign.
func ReadMethods(b []byte) (methods []byte, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != socks5Version {
		return nil, 0, Foreign
	}
	count := c.byte()
	if !c.short && (count == 0 || count == NoMethod) {
		return nil, 0, Foreign // as a proxy's answer
	}
	for _, m := range b[min(2, len(b)):min(len(b), 2+count)] {
		// Methods are small numbers, or private ones from 128 on.
		if m > 9 && m < 0x80 {
			return nil, 0, Foreign
		}
	}
	if methods = c.take(count); c.short {
		return nil, 0, Short
	}
	return methods, c.n, Whole
}

// ReadLogin reads what a SOCKS5 client says of itself (RFC 1929).
func ReadLogin(b []byte) (user, password string, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != loginVersion {
		return "", "", 0, Foreign
	}
	user = string(c.take(c.byte()))
	password = string(c.take(c.byte()))
	if c.short {
		return "", "", 0, Short
	}
	return user, password, c.n, Whole
}

// ReadSOCKS5 reads a SOCKS5 request.
func ReadSOCKS5(b []byte) (r Request, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != socks5Version {
		return r, 0, Foreign
	}
	r.Way, r.Command = SOCKS5, Command(c.byte())
	c.byte()
	kind := c.byte()
	if c.short {
		return r, 0, Short
	}
	if r.Host, r.Strange = c.host(kind); r.Strange {
		return r, len(b), Whole // how long it is nobody knows
	}
	if r.Port = c.port(); c.short {
		return Request{Way: SOCKS5}, 0, Short
	}
	return r, c.n, Whole
}

// host takes an address of a kind of SOCKS5.
func (c *cutter) host(kind int) (host string, strange bool) {
	var b []byte
	switch kind {
	case atypIPv4:
		b = c.take(4)
	case atypIPv6:
		b = c.take(16)
	case atypName:
		return string(c.take(c.byte())), false
	default:
		return "", true
	}
	if c.short {
		return "", false
	}
	return ipText(b), false
}

// ReadSOCKS4 reads a SOCKS4 or SOCKS4a request. A client that hides a length of MSN's
// direct connections (port 0 of no name) is Foreign.
func ReadSOCKS4(b []byte) (r Request, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != socks4Version {
		return r, 0, Foreign
	}
	command := Command(c.byte())
	if !c.short && command != Connect && command != Bind {
		return r, 0, Foreign
	}
	port := c.port()
	ip := c.take(4)
	if c.short {
		return r, 0, Short
	}
	named := ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0
	if port == 0 && !named {
		return r, 0, Foreign
	}
	r = Request{Way: SOCKS4, Command: command, Port: port, Host: ipText(ip)}
	if named {
		r.Way = SOCKS4a
	}
	known := Request{Way: r.Way}
	user, foreign := c.until(maxUser)
	if foreign {
		return Request{}, 0, Foreign
	}
	if named {
		name, foreign := c.until(maxUser)
		if foreign {
			return Request{}, 0, Foreign
		}
		r.Host = string(name)
	}
	if c.short {
		return known, 0, Short
	}
	if len(user) > 0 {
		u := string(user)
		r.User = &u
	}
	return r, c.n, Whole
}

// AppendReply5 appends a SOCKS5 proxy's answer to a request. bound is the address that it
// connects from; the zero value stands for one that is not told.
func AppendReply5(dst []byte, code byte, bound netip.AddrPort) []byte {
	dst = append(dst, socks5Version, code, 0)
	ip := bound.Addr().Unmap().WithZone("")
	switch {
	case !ip.IsValid():
		dst = append(dst, atypIPv4, 0, 0, 0, 0)
	case ip.Is4():
		dst = append(append(dst, atypIPv4), ip.AsSlice()...)
	default:
		dst = append(append(dst, atypIPv6), ip.AsSlice()...)
	}
	return append(dst, byte(bound.Port()>>8), byte(bound.Port()))
}

// AppendReply4 appends a SOCKS4 proxy's answer.
func AppendReply4(dst []byte, code byte) []byte {
	return append(dst, 0, code, 0, 0, 0, 0, 0, 0)
}

// AppendMethod appends a SOCKS5 proxy's choice of a method.
func AppendMethod(dst []byte, method byte) []byte { return append(dst, socks5Version, method) }

// AppendLogin appends a SOCKS5 proxy's answer to a login.
func AppendLogin(dst []byte, ok bool) []byte {
	if ok {
		return append(dst, loginVersion, 0)
	}
	return append(dst, loginVersion, 1)
}
