package payload

import (
	"bytes"
	"strconv"

	"msnproxy/decode/p2p"
)

// peerToPeer is a packet of MSNP2P (MSNP9): what can be said of it without opening it.
func (p *Payload) peerToPeer(at int) {
	b := p.raw[at:]
	packet, err := p2p.Parse(b)
	if err != nil {
		p.problem("%v", err)
		p.other(at)
		if packet.Version == 0 {
			return
		}
	}
	p.Summary = peerSummary(&packet)
}

// PeerType is the media type of packets of P2P.
const PeerType = "application/x-msnmsgrp2p"

// peerSummary says in one line what a packet is for.
func peerSummary(p *p2p.Packet) string {
	s := "P2P " + p.What()
	switch {
	case len(p.Data) == 0:
	case p.SessionID == 0 && p.First():
		if summary, ok := p2p.SummaryOf(p.Data); ok {
			s += " " + summary
		}
	case p.SessionID != 0:
		s += " of session " + strconv.FormatUint(uint64(p.SessionID), 10)
	}
	if n := len(p.Data); n > 0 && !(p.First() && p.Last()) {
		s += ", " + byteCount(n)
		if p.Version == p2p.V1 {
			s += " at " + strconv.FormatUint(p.Offset, 10) + " of " + strconv.FormatUint(p.Total, 10)
		} else {
			s += ", " + strconv.FormatUint(p.Remaining, 10) + " behind them"
		}
	} else if p.Content() {
		s += ", " + byteCount(n)
	}
	return s
}

// p2p opens a packet of either version, which its lengths give away; of anything else
// it returns nothing. ofPackets: it is said to be one, and is read though its length is
// wrong.
func (u *Payload) p2p(at int, ofPackets bool) []Node {
	packet, err := p2p.Parse(u.raw[at:])
	if err != nil && (packet.Version == 0 || !ofPackets) {
		return nil
	}
	nodes := nodesOf(packet.Fields(), at)
	from := at + packet.DataStart()
	switch to := from + len(packet.Data); {
	case from == to:
	case packet.SessionID == 0 && packet.First() && p2p.IsSLP(packet.Data):
		// What is cut off here goes on in other packets: only the whole has a right length.
		nodes = append(nodes, u.slp(from, to, packet.Last())...)
	default:
		n := u.bytes("data", from, to)
		if packet.Prepares() {
			n.Meaning = "data preparation: the object comes next"
		}
		nodes = append(nodes, n)
	}
	if err != nil && !packet.HasApp {
		if to := from + len(packet.Data); to < len(u.raw) {
			n := u.bytes("rest", to, len(u.raw))
			n.Meaning = "not announced by the header"
			nodes = append(nodes, n)
		}
		return nodes
	}
	return append(nodes, nodesOf(packet.Footer(), at)...)
}

// nodesOf makes nodes of fields whose places count from at.
func nodesOf(fields []p2p.Field, at int) []Node {
	nodes := make([]Node, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		n := Node{Name: f.Name, Value: f.Value, Meaning: f.Meaning, Children: nodesOf(f.Children, at)}
		if f.End > f.Start {
			n.Start, n.End = at+f.Start, at+f.End
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// bytes is a node of bytes that are no text.
func (u *Payload) bytes(name string, start, end int) Node {
	return Node{Name: name, Value: byteCount(end - start), Start: start, End: end}
}

// isSLP reports whether b begins as a message of MSNSLP does.
func isSLP(b []byte) bool { return p2p.IsSLP(b) }

// slp opens a message of MSNSLP; whole: all of it is here.
func (u *Payload) slp(start, end int, whole bool) []Node {
	m, ok := p2p.ParseSLP(u.raw[start:end])
	if !ok {
		return nil
	}
	if whole {
		for _, problem := range m.Problems {
			u.problem("%s", problem)
		}
	}
	return nodesOf(m.Fields(), start)
}

// SLP returns the nodes of a message of MSNSLP that came in several packets. They have
// no places: it stands in none of them.
func SLP(b []byte) []Node {
	m, ok := p2p.ParseSLP(b)
	if !ok {
		return nil
	}
	nodes := nodesOf(m.Fields(), 0)
	unplace(nodes)
	return nodes
}

// PeerPacket returns the packet of MSNP2P that a MIME message carries, as a window into
// it; false if it carries none. For any other message that costs nearly nothing.
func PeerPacket(message []byte) (packet []byte, ok bool) {
	if bytes.IndexByte(message, 0) < 0 {
		return nil, false // every packet has a zero byte
	}
	packet = Walk(message, func(name, value []byte) bool {
		if isName(name, "Content-Type") {
			kind, _, _ := bytes.Cut(value, []byte{';'})
			ok = isName(bytes.TrimSpace(kind), PeerType)
		}
		return true
	})
	return packet, ok && packet != nil
}

// Objects returns the descriptions in a message that defines custom emoticons.
func Objects(message []byte) (list []p2p.Object) {
	body := Walk(message, func(_, _ []byte) bool { return true })
	for part := range bytes.SplitSeq(body, []byte{'\t'}) {
		if o, ok := p2p.ParseObject(part); ok && len(list) < maxNodes {
			list = append(list, o)
		}
	}
	return list
}
