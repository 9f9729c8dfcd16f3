package p2p

import (
	"net"
	"strconv"
	"strings"
)

// Invitation is what an INVITE to a session says.
type Invitation struct {
	CallID    string
	SessionID uint32
	// EUF is the EUF-GUID, without braces, in upper case; AppID the number given, 0 if
	// there is none.
	EUF   string
	AppID uint32
	// Kind is what it is about: one of the Kind constants, or what ObjectType names.
	Kind string
	// Name is that of a file, an object or an activity; Size its bytes, -1 if that is
	// not known.
	Name string
	Size int64
	Context
}

// Invitation returns what an INVITE to a session says; false for anything else.
func (s *SLP) Invitation() (inv Invitation, ok bool) {
	if !s.Is(invite) || s.Key("EUF-GUID") == "" {
		return inv, false
	}
	inv = Invitation{CallID: s.Header("Call-ID"), EUF: bareGUID(s.Key("EUF-GUID")), Size: -1, Kind: KindUnknown}
	inv.SessionID = s.number("SessionID")
	inv.AppID = s.number("AppID")
	if p := purposes[inv.EUF]; p.kind != "" {
		inv.Kind = p.kind
	}
	inv.Context = ParseContext(s.Key("Context"))
	switch c := inv.Context; {
	case c.Object != nil:
		inv.Size = c.Object.Size
		if inv.Kind == KindObject {
			inv.Kind = c.Object.Kind()
		}
		if inv.Name = c.Object.Friendly; inv.Name == "" && c.Object.Location != "0" {
			inv.Name = c.Object.Location
		}
	case c.File != nil:
		inv.Name = c.File.Name
		if c.File.Size < 1<<63 {
			inv.Size = int64(c.File.Size)
		}
	case inv.Kind == KindActivity:
		inv.Name = c.Text
	}
	return inv, true
}

// SessionID returns that of the body, 0 if there is none.
func (s *SLP) SessionID() uint32 { return s.number("SessionID") }

func (s *SLP) number(key string) uint32 {
	n, _ := strconv.ParseUint(s.Key(key), 10, 32)
	return uint32(n)
}

// Huge reports whether the size of a file or an object is said to be 2^63 bytes or more,
// which Size can't hold.
func (inv *Invitation) Huge() bool {
	if inv.File != nil {
		return inv.File.Size >= 1<<63
	}
	if inv.Object == nil || inv.Object.Size >= 0 {
		return false
	}
	v := strings.TrimLeft(strings.TrimSpace(first(inv.Object.Attributes, "Size")), "0")
	return len(v) >= len("9223372036854775808") && strings.Trim(v, "0123456789") == ""
}

// Pull reports whether the one who is invited is to send what the invitation is about:
// so it is with objects, which are asked for, and where a webcam is asked for.
func (inv *Invitation) Pull() bool {
	return inv.Object != nil && inv.EUF != "5D3E02AB-6190-11D3-BBBB-00C04F795683" || purposes[inv.EUF].kind == KindObject || inv.EUF == "1C9AA97E-9C05-4583-A3BD-908A196F1E92"
}

// Offer is what a message says of a direct connection.
type Offer struct {
	// Bridges are what the sender can do, ConnType what it knows of its way to the
	// network.
	Bridges, ConnType string
	// Bridge is the one chosen, Listening whether the sender waits for a connection
	// (reply).
	Bridge    string
	Listening bool
	// Nonce lets in who connects; Hashed: it is the SHA-1 of that.
	Nonce  string
	Hashed bool
	// Addresses are where the sender listens, "host:port".
	Addresses []string
}

// maxAddresses is how many addresses of one offer are read.
const maxAddresses = 32

// Offer returns what the message says of a direct connection; false if it says
// nothing of one.
func (s *SLP) Offer() (o Offer, ok bool) {
	kind := strings.ToLower(s.Header("Content-Type"))
	if !strings.HasPrefix(kind, "application/x-msnmsgr-trans") {
		return o, false
	}
	o = Offer{Bridges: s.Key("Bridges"), ConnType: s.Key("Conn-Type"), Bridge: s.Key("Bridge"), Listening: strings.EqualFold(s.Key("Listening"), "true"), Nonce: s.Key("Nonce")}
	if h := s.Key("Hashed-Nonce"); h != "" && o.Nonce == "" {
		o.Nonce, o.Hashed = h, true
	}
	for _, where := range []string{"IPv4Internal", "IPv4External", "IPv6", "IPv6-global"} {
		o.pairs(s.Key(where+"-Addrs"), s.Key(where+"-Port"))
		o.both(s.Key(where + "-AddrsAndPorts"))
		o.both(s.Key(where + "AddrsAndPorts"))
	}
	o.pairs(s.Key("IPv6-Addrs"), s.Key("IPv6-Port"))
	o.pairs(s.Key("IPv6-global"), s.Key("IPv6-Port"))
	return o, true
}

// pairs takes hosts parted by blanks, and their common port.
func (o *Offer) pairs(hosts, port string) {
	for host := range strings.FieldsSeq(hosts) {
		if port != "" {
			o.add(net.JoinHostPort(strings.Trim(host, "[]"), port))
		}
	}
}

// both takes "host:port" parted by blanks.
func (o *Offer) both(list string) {
	for a := range strings.FieldsSeq(list) {
		if host, port, err := net.SplitHostPort(a); err == nil {
			o.add(net.JoinHostPort(host, port))
		}
	}
}

func (o *Offer) add(address string) {
	for _, a := range o.Addresses {
		if a == address {
			return
		}
	}
	if len(o.Addresses) < maxAddresses {
		o.Addresses = append(o.Addresses, address)
	}
}
