package p2p

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The bits of the operation code of version 2.
const (
	OpSyn = 1 // the first packet of all
	OpRak = 2 // asks for an acknowledgement
)

// What TLVs of the header and of the data's header are.
const (
	tlvPeer      = 1
	tlvAck       = 2
	tlvNak       = 3
	tlvRemaining = 1 // in the header of the data
	tfObject     = 4 // and 5 for the first packet; 6 and 7: a file
)

// maxTLVs is how many pieces are taken out of one header: it has room for more, but
// nobody sends them.
const maxTLVs = 32

// TLV is a piece of type, length and value in a header of version 2.
type TLV struct {
	Type  uint8
	Value []byte
	start int // of the value, in the packet
}

func parseV2(b []byte) (p Packet, wrong fault) {
	const least, most = 8, 252
	if len(b) < least {
		return p, faulty("it has %d bytes, and a header has %d", int64(len(b)), least)
	}
	be := binary.BigEndian
	p = Packet{Version: V2, header: int(b[0]), Op: b[1], Length: uint32(be.Uint16(b[2:])), ID: be.Uint32(b[4:])}
	switch {
	case p.header < least || p.header > most || p.header%4 != 0:
		return p, faulty("its header has %d bytes, and it has 8 to 252, a multiple of 4", int64(p.header))
	case p.Op > OpSyn|OpRak:
		return p, faulty("its operation code is %d, and it is 0 to 3", int64(p.Op))
	case p.header > len(b):
		return p, faulty("its header has %d bytes, and there are %d", int64(p.header), int64(len(b)))
	}
	if wrong = p.tail(b, uint64(p.Length)); !wrong.none() {
		return p, wrong
	}
	if p.TLVs, wrong = tlvs(b[:p.header], least); !wrong.none() || p.Length == 0 {
		return p, wrong
	}
	d := p.Data
	if len(d) < least || int(d[0]) < least || int(d[0]) > len(d) {
		return p, faulty("the header of the data does not fit into its %d bytes", int64(len(d)))
	}
	p.dataHeader = int(d[0])
	p.TF, p.Package, p.SessionID = d[1], be.Uint16(d[2:]), be.Uint32(d[4:])
	p.DataTLVs, wrong = tlvs(b[:p.DataStart()], p.header+least)
	for _, t := range p.DataTLVs {
		if t.Type == tlvRemaining && len(t.Value) == 8 {
			p.Remaining = be.Uint64(t.Value)
		}
	}
	p.Data = d[p.dataHeader:]
	return p, wrong
}

// tlvs takes the pieces from a place to the end of b. A type of 0 ends them.
func tlvs(b []byte, at int) (list []TLV, wrong fault) {
	for at+1 < len(b) && b[at] != 0 && len(list) < maxTLVs {
		t := TLV{Type: b[at], start: at + 2}
		end := t.start + int(b[at+1])
		if end > len(b) {
			return nil, faulty("a TLV of type %d announces %d bytes, and there are %d", int64(t.Type), int64(end-t.start), int64(len(b)-t.start))
		}
		t.Value = b[t.start:end]
		list = append(list, t)
		at = end
	}
	return list, wrong
}

// Peer is what the first packet of version 2 says of its sender.
type Peer struct {
	Protocol, Implementation, Version, Reserved uint16
	Capabilities                                uint32
	// LowFirst: the capabilities were written with the low byte first, as some
	// clients do.
	LowFirst bool
}

// Peer returns what the packet says of its sender, or false.
func (p *Packet) Peer() (Peer, bool) {
	for _, t := range p.TLVs {
		if t.Type == tlvPeer && len(t.Value) == 12 {
			return peer(t.Value), true
		}
	}
	return Peer{}, false
}

func peer(v []byte) Peer {
	be := binary.BigEndian
	out := Peer{be.Uint16(v), be.Uint16(v[2:]), be.Uint16(v[4:]), be.Uint16(v[6:]), be.Uint32(v[8:]), false}
	if low := binary.LittleEndian.Uint32(v[8:]); low < out.Capabilities {
		out.Capabilities, out.LowFirst = low, true // only the low bits have a meaning
	}
	return out
}

func (p *Packet) fieldsV2() []Field {
	var b builder
	b.number("HeaderLength", uint64(p.header), "bytes", 1)
	b.number("OperationCode", uint64(p.Op), opNames(p.Op), 1)
	b.number("MessageLength", uint64(p.Length), "bytes of the data and their header", 2)
	b.number("Identifier", uint64(p.ID), "sequence number", 4)
	for _, t := range p.TLVs {
		b.fields = append(b.fields, headerTLV(t))
	}
	out := []Field{{Name: "header", Value: byteCount(p.header), End: p.header, Children: b.fields}}
	if p.dataHeader == 0 {
		return out
	}
	d := builder{at: p.header}
	d.number("DataHeaderLength", uint64(p.dataHeader), "bytes", 1)
	d.number("TFCombination", uint64(p.TF), tfNames(p.TF), 1)
	d.number("PackageNumber", uint64(p.Package), "", 2)
	d.number("SessionID", uint64(p.SessionID), "", 4)
	for _, t := range p.DataTLVs {
		if t.Type == tlvRemaining && len(t.Value) == 8 {
			d.fields = append(d.fields, t.field("DataRemaining", strconv.FormatUint(p.Remaining, 10), "bytes behind this packet"))
		} else {
			d.fields = append(d.fields, t.unknown())
		}
	}
	return append(out, Field{Name: "data header", Value: byteCount(p.dataHeader), Start: p.header, End: p.DataStart(), Children: d.fields})
}

func (t TLV) field(name, value, meaning string) Field {
	return Field{Name: name, Value: value, Meaning: meaning, Start: t.start, End: t.start + len(t.Value)}
}

func (t TLV) unknown() Field {
	return t.field("TLV"+strconv.Itoa(int(t.Type)), hex.EncodeToString(t.Value), "hexadecimal")
}

func headerTLV(t TLV) Field {
	switch {
	case t.Type == tlvPeer && len(t.Value) == 12:
		v := peer(t.Value)
		b := builder{at: t.start}
		b.add("ProtocolVersion", fmt.Sprintf("0x%04x", v.Protocol), "", 2)
		b.number("ImplementationID", uint64(v.Implementation), "", 2)
		b.add("Version", fmt.Sprintf("0x%04x", v.Version), "", 2)
		b.number("Reserved", uint64(v.Reserved), "", 2)
		order := "high byte first"
		if v.LowFirst {
			order = "low byte first"
		}
		b.add("Capabilities", fmt.Sprintf("0x%08x", v.Capabilities), order, 4)
		f := t.field("PeerInfo", byteCount(len(t.Value)), "")
		f.Children = b.fields
		return f
	case t.Type == tlvAck && len(t.Value) == 4:
		return t.field("AckIdentifier", strconv.FormatUint(uint64(binary.BigEndian.Uint32(t.Value)), 10), "what came, up to this sequence number")
	case t.Type == tlvNak && len(t.Value) == 4:
		return t.field("NakIdentifier", strconv.FormatUint(uint64(binary.BigEndian.Uint32(t.Value)), 10), "what did not come, up to this sequence number")
	}
	return t.unknown()
}

func opNames(op uint8) string {
	var names []string
	if op&OpSyn != 0 {
		names = append(names, "SYN: the first packet")
	}
	if op&OpRak != 0 {
		names = append(names, "RAK: waits for an acknowledgement")
	}
	return strings.Join(names, ", ")
}

func tfNames(tf uint8) string {
	s := map[uint8]string{0: "MSNSLP, or data preparation", 2: "", 4: "data of an object", 6: "data of a file"}[tf&^1]
	if tf&1 != 0 {
		if s != "" {
			s += ", "
		}
		s += "first packet of a blob"
	}
	return s
}
