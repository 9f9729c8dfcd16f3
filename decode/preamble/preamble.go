// Package preamble reads and writes what a client says to a SOCKS or HTTP proxy before its
// own protocol begins, and what the proxy answers. It does no input or output: the reading
// functions take the bytes that are here and say how far a part of it reaches.
package preamble

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
)

// State says what bytes are of the part that is looked for.
type State uint8

// The states.
const (
	Short   State = iota // its beginning
	Whole                // it, and maybe more behind it
	Foreign              // something else
)

// The ways in which a proxy is asked, as records call them.
const (
	SOCKS4  = "SOCKS4"
	SOCKS4a = "SOCKS4a"
	SOCKS5  = "SOCKS5"
	CONNECT = "CONNECT"
)

// Command is what a SOCKS request is for.
type Command uint8

// The commands of SOCKS: 4 has the first two.
const (
	Connect   Command = 1
	Bind      Command = 2
	Associate Command = 3
)

// String names the command as the specifications do.
func (c Command) String() string {
	switch c {
	case Connect:
		return "CONNECT"
	case Bind:
		return "BIND"
	case Associate:
		return "UDP ASSOCIATE"
	}
	return "command " + strconv.Itoa(int(c))
}

// Request is what a client asks a proxy for.
type Request struct {
	// Way is SOCKS4, SOCKS4a, SOCKS5 or CONNECT.
	Way     string
	Command Command
	// Host is a name or an IP address without brackets, as the client sent it: any bytes.
	Host string
	Port uint16
	// Strange: the address is of a type that SOCKS5 does not have, and was not read.
	Strange bool
	// User, if it is not nil, and Password are what the client gave for its own.
	User     *string
	Password string
	// Proto is the version of HTTP that CONNECT came with: "HTTP/1.0".
	Proto string
}

// Target returns "host:port".
func (r *Request) Target() string {
	return net.JoinHostPort(r.Host, strconv.Itoa(int(r.Port)))
}

// cutter takes bytes from the front of b. short turns true, and stays so, where there are
// not enough.
type cutter struct {
	b     []byte
	n     int
	short bool
}

func (c *cutter) take(n int) []byte {
	if c.short || n > len(c.b)-c.n {
		c.short = true
		return nil
	}
	c.n += n
	return c.b[c.n-n : c.n]
}

func (c *cutter) byte() int {
	if b := c.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cutter) port() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// until takes what comes before a NUL, and the NUL. most bounds it.
func (c *cutter) until(most int) (b []byte, foreign bool) {
	if c.short {
		return nil, false
	}
	for i, v := range c.b[c.n:] {
		if v == 0 {
			b = c.b[c.n : c.n+i]
			c.n += i + 1
			return b, false
		}
		if i == most {
			return nil, true
		}
	}
	c.short = true
	return nil, false
}

func ipText(b []byte) string {
	ip, _ := netip.AddrFromSlice(b)
	return ip.String()
}

// ReadRequest reads what a client says to a proxy, from its first byte to the end of its
// request, as far as no answer of the proxy is needed to understand it. n is its length.
// While it is Short r tells what is known: its Way is set once the bytes can be nothing
// else.
func ReadRequest(b []byte) (r Request, n int, s State) {
	if len(b) == 0 {
		return r, 0, Short
	}
	switch b[0] {
	case 4:
		return ReadSOCKS4(b)
	case 5:
		return readSOCKS5(b)
	}
	return ReadCONNECT(b)
}

// readSOCKS5 reads greeting, login and request, one behind the other.
func readSOCKS5(b []byte) (r Request, n int, s State) {
	_, n, s = ReadMethods(b)
	if s != Whole {
		return r, 0, s
	}
	r.Way = SOCKS5
	if len(b) > n && b[n] == loginVersion {
		user, password, m, s := ReadLogin(b[n:])
		if s != Whole {
			return r, 0, s
		}
		r.User, r.Password = &user, password
		n += m
	}
	q, m, s := ReadSOCKS5(b[n:])
	q.User, q.Password = r.User, r.Password
	if s != Whole {
		return r, 0, s
	}
	return q, n + m, Whole
}
