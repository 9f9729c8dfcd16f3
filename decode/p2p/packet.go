package p2p

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// The versions of packets.
const (
	V1 = 1
	V2 = 2
)

// headerV1 is the size of the header of version 1, footer that of the application id
// behind a packet.
const (
	headerV1 = 48
	footer   = 4
)

// The flags of version 1.
const (
	FlagNak            = 0x01 // out of order, or not received
	FlagAck            = 0x02
	FlagWaits          = 0x04 // for an acknowledgement
	FlagError          = 0x08
	FlagFile           = 0x10
	FlagObject         = 0x20
	FlagClose          = 0x40
	FlagTransportError = 0x80
	FlagHandshake      = 0x100 // of a direct connection
	FlagEncrypted      = 0x200
	FlagLive2009       = 0x1000000 // set in addition by Windows Live Messenger 2009
)

// Packet is one packet of either version. Data and the values of TLVs are windows into
// what was parsed.
type Packet struct {
	// Version is V1 or V2.
	Version int
	// SessionID is that of the invitation; 0 for MSNSLP. A packet of version 2
	// without data has none.
	SessionID uint32
	// ID is the blob's number (version 1), or the number of the packet's first byte in
	// all that the sender has sent (version 2).
	ID uint32

	// Offset and Total say where in a blob of how many bytes the data stands; Flags
	// are the bits above. Version 1.
	Offset, Total uint64
	Flags         uint32
	// AckID is random, in an acknowledgement the ID of what it is for, AckUnique 0,
	// there the AckID of what it is for, AckSize 0, there its Total. Version 1.
	AckID, AckUnique uint32
	AckSize          uint64
	// Nonce is what a direct connection is let in by, in place of these: version 1
	// with FlagHandshake.
	Nonce []byte

	// Op are the bits OpSyn and OpRak, TLVs the pieces in the header. Version 2.
	Op   uint8
	TLVs []TLV
	// TF says what the data is, Package of which blob; DataTLVs are the pieces in the
	// header of the data, Remaining the bytes of the blob behind this packet. Version
	// 2, where there is data.
	TF        uint8
	Package   uint16
	DataTLVs  []TLV
	Remaining uint64
	// Length is what the header announces: bytes of the data, in version 2 with their
	// header.
	Length uint32

	Data []byte
	// HasApp: there is an application id behind the data.
	HasApp bool
	AppID  uint32

	header, dataHeader int // their lengths; DataStart is their sum
}

// DataStart is where the data begins in the packet.
func (p *Packet) DataStart() int { return p.header + p.dataHeader }

// Parse takes a packet apart, of a switchboard or, without the application id, of a
// direct connection. Its version is that of which the lengths agree: version 1, if
// both do. The error says in which way neither does; if it looks like version 1 all the
// same, the packet is that, with Version set, and has what data it announces, if there
// is so much.
func Parse(b []byte) (Packet, error) {
	p1, why1 := parseV1(b)
	if why1.none() {
		return p1, nil
	}
	p2, why2 := parseV2(b)
	switch {
	case why2.none():
		return p2, nil
	case p1.likely():
		return p1, fmt.Errorf("a P2P packet of version 1 in which %s", why1)
	}
	return Packet{}, fmt.Errorf("no P2P packet: as version 1 %s; as version 2 %s", why1, why2)
}

// fault is what is wrong with a packet, as format and numbers: nothing is made of them
// but for who wants to read it, as each packet of version 2 is none of version 1.
type fault struct {
	format string
	number [3]int64
}

func faulty(format string, number ...int64) (f fault) {
	f.format = format
	copy(f.number[:], number)
	return f
}

func (f fault) none() bool { return f.format == "" }

func (f fault) String() string {
	args := []any{f.number[0], f.number[1], f.number[2]}
	return fmt.Sprintf(f.format, args[:strings.Count(f.format, "%d")]...)
}

// likely reports whether the header makes sense as one of version 1, though its length
// does not.
func (p *Packet) likely() bool {
	const most = 1 << 40 // nobody sent that much
	known := uint32(0)
	for _, f := range flags {
		known |= f.bit
	}
	return p.header > 0 && p.Flags&^known == 0 && p.Offset <= p.Total && p.Total > 0 && p.Total < most
}

// tail takes what is behind the header, of which size bytes are announced.
func (p *Packet) tail(b []byte, size uint64) (wrong fault) {
	rest := b[p.header:]
	switch n := uint64(len(rest)); {
	case n == size:
	case n == size+footer:
		p.HasApp = true
		p.AppID = binary.BigEndian.Uint32(rest[size:])
	default:
		wrong = faulty("%d bytes are announced behind the header, and there are %d", int64(size), int64(n))
		if n > size {
			p.Data = rest[:size]
		}
		return wrong
	}
	p.Data = rest[:size]
	return wrong
}

func parseV1(b []byte) (p Packet, wrong fault) {
	if len(b) < headerV1 {
		return p, faulty("it has %d bytes, and a header has %d", int64(len(b)), headerV1)
	}
	le := binary.LittleEndian
	p = Packet{Version: V1, header: headerV1,
		SessionID: le.Uint32(b), ID: le.Uint32(b[4:]), Offset: le.Uint64(b[8:]), Total: le.Uint64(b[16:]),
		Flags: le.Uint32(b[28:]), AckID: le.Uint32(b[32:]), AckUnique: le.Uint32(b[36:]), AckSize: le.Uint64(b[40:])}
	if p.Flags&FlagHandshake != 0 {
		p.Nonce, p.AckID, p.AckUnique, p.AckSize = b[32:48], 0, 0, 0
	}
	p.Length = le.Uint32(b[24:])
	if wrong = p.tail(b, uint64(p.Length)); !wrong.none() && p.Length == 0 && p.Flags == 0 && p.Offset == 0 {
		p.unsized(b)
	}
	return p, wrong
}

// unsized finds the data of a message in one packet whose header does not say how long
// it is there, but in all: so libpurple sends MSNSLP (MSNP18).
func (p *Packet) unsized(b []byte) {
	rest := b[p.header:]
	if n := uint64(len(rest)); n >= footer && n-footer == p.Total {
		p.Data, p.HasApp, p.AppID = rest[:p.Total], true, binary.BigEndian.Uint32(rest[p.Total:])
	}
}

// Acks returns what the packet acknowledges, or says not to have received: in version
// 1 the number of a blob, in version 2 that of the byte behind what came.
func (p *Packet) Acks() (id uint32, nak, ok bool) {
	if p.Version == V1 {
		if len(p.Data) > 0 || p.Flags&(FlagAck|FlagNak) == 0 || p.Nonce != nil {
			return 0, false, false
		}
		return p.AckID, p.Flags&FlagAck == 0, true
	}
	for _, t := range p.TLVs {
		if (t.Type == tlvAck || t.Type == tlvNak) && len(t.Value) == 4 {
			return binary.BigEndian.Uint32(t.Value), t.Type == tlvNak, true
		}
	}
	return 0, false, false
}

// Closes reports whether the sender breaks off by this packet (version 1).
func (p *Packet) Closes() bool {
	return p.Version == V1 && p.Flags&(FlagClose|FlagTransportError|FlagError) != 0
}

// Content reports whether the data is part of an object or a file, as the flags or
// their like say.
func (p *Packet) Content() bool {
	if len(p.Data) == 0 || p.SessionID == 0 {
		return false
	}
	if p.Version == V1 {
		return p.Flags&(FlagObject|FlagFile) != 0
	}
	return p.TF >= tfObject
}

// Prepares reports whether this is the data preparation: four zero bytes that say that
// the object comes next.
func (p *Packet) Prepares() bool {
	return p.SessionID != 0 && !p.Content() && len(p.Data) == 4 && string(p.Data) == "\x00\x00\x00\x00" && p.First() && p.Last()
}

// First reports whether the packet begins a blob, Last whether it ends one.
func (p *Packet) First() bool {
	if p.Version == V1 {
		return p.Offset == 0
	}
	return p.TF&1 != 0
}

// Last reports whether the packet ends a blob.
func (p *Packet) Last() bool { return p.Behind() == 0 }

// Behind returns how many bytes of the blob are behind the packet's.
func (p *Packet) Behind() uint64 {
	if p.Version == V2 {
		return p.Remaining
	}
	if end := p.Offset + uint64(len(p.Data)); end >= p.Offset && end <= p.Total {
		return p.Total - end
	}
	return 0
}

// What says in a few words what the packet is for.
func (p *Packet) What() string {
	id, nak, acks := p.Acks()
	switch {
	case p.Nonce != nil:
		return "handshake of a direct connection"
	case acks && nak:
		return "NAK of " + strconv.FormatUint(uint64(id), 10)
	case acks && len(p.Data) == 0:
		return "ACK of " + strconv.FormatUint(uint64(id), 10)
	case p.Closes() && len(p.Data) == 0:
		return flagNames(p.Flags)
	case len(p.Data) == 0:
		return "empty packet"
	case p.SessionID == 0:
		return "MSNSLP"
	case p.Prepares():
		return "data preparation"
	case p.Content():
		return "data"
	}
	return "message of a session"
}

// Fields returns everything in the packet but its data, in order.
func (p *Packet) Fields() []Field {
	if p.Version == V2 {
		return p.fieldsV2()
	}
	var b builder
	b.number("SessionID", uint64(p.SessionID), "", 4)
	b.number("Identifier", uint64(p.ID), "", 4)
	b.number("DataOffset", p.Offset, "", 8)
	b.number("TotalSize", p.Total, "bytes", 8)
	b.number("MessageLength", uint64(p.Length), "bytes in this packet", 4)
	b.add("Flag", fmt.Sprintf("0x%x", p.Flags), flagNames(p.Flags), 4)
	if p.Nonce != nil {
		b.add("Nonce", guid(p.Nonce), "lets in: a secret", 16)
	} else {
		b.number("AckIdentifier", uint64(p.AckID), "", 4)
		b.number("AckUniqueID", uint64(p.AckUnique), "", 4)
		b.number("AckDataSize", p.AckSize, "bytes", 8)
	}
	return []Field{{Name: "header", Value: byteCount(headerV1), End: headerV1, Children: b.fields}}
}

// Footer returns the application id as a field, if there is one.
func (p *Packet) Footer() []Field {
	if !p.HasApp {
		return nil
	}
	at := p.DataStart() + len(p.Data)
	return []Field{{Name: "AppID", Value: strconv.FormatUint(uint64(p.AppID), 10), Meaning: Application(p.AppID), Start: at, End: at + footer}}
}
