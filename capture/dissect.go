package capture

import (
	"net/netip"
	"strconv"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// flowKey names the two ends of a TCP connection, the lower one first.
type flowKey struct {
	addr [2][16]byte // IPv4 as IPv6
	port [2]uint16
}

// side tells the two ends of a flowKey apart.
type side uint8

func (s side) peer() side { return 1 - s }

// address returns one end as "host:port".
func (k *flowKey) address(s side) string {
	return netip.AddrPortFrom(netip.AddrFrom16(k.addr[s]).Unmap(), k.port[s]).String()
}

// segment is one TCP segment.
type segment struct {
	key                flowKey
	from               side
	seq, ack           uint32
	syn, fin, rst, has bool // has: there is an acknowledgment number
	data               []byte
	place              place
	// cut is the number of bytes that the segment has and the capture left out
	// at its end.
	cut int
}

// dissector finds the TCP segment in a packet.
type dissector struct {
	ethernet layers.Ethernet
	vlan     layers.Dot1Q
	sll      layers.LinuxSLL
	sll2     layers.LinuxSLL2
	ip4      layers.IPv4
	ip6      layers.IPv6
	skipped  layers.IPv6ExtensionSkipper
	fragment layers.IPv6Fragment
	tcp      layers.TCP

	parsers map[layers.LinkType]*gopacket.DecodingLayerParser
	layers  []gopacket.LayerType
	pieces  fragments
}

// linkPPPoverEthernet stands for PPP inside PPPoE; no file has it.
const linkPPPoverEthernet layers.LinkType = 0xffff

// The link types of BSD for packets without a link layer; elsewhere it is 101.
const (
	linkRawBSD     layers.LinkType = 12
	linkRawOpenBSD layers.LinkType = 14
)

func newDissector() *dissector {
	d := &dissector{layers: make([]gopacket.LayerType, 0, 8)}
	all := []gopacket.DecodingLayer{
		&d.ethernet, &d.vlan, &d.sll, &d.sll2,
		&d.ip4, &d.ip6, &d.skipped, &d.fragment, &d.tcp,
	}
	d.parsers = make(map[layers.LinkType]*gopacket.DecodingLayerParser)
	for link, first := range map[layers.LinkType]gopacket.LayerType{
		layers.LinkTypeEthernet:  layers.LayerTypeEthernet,
		layers.LinkTypeLinuxSLL:  layers.LayerTypeLinuxSLL,
		layers.LinkTypeLinuxSLL2: layers.LayerTypeLinuxSLL2,
		layers.LinkTypeIPv4:      layers.LayerTypeIPv4,
		layers.LinkTypeIPv6:      layers.LayerTypeIPv6,
	} {
		p := gopacket.NewDecodingLayerParser(first)
		// An array of all layer types is faster than the default map.
		p.SetDecodingLayerContainer(gopacket.DecodingLayerArray(nil))
		for _, l := range all {
			p.AddDecodingLayer(l)
		}
		p.IgnoreUnsupported = true
		d.parsers[link] = p
	}
	return d
}

// found is what a packet turned out to hold.
type found uint8

const (
	noTCP   found = iota
	aTCP          // a segment
	aPiece        // a fragment that was kept, or could not be
	strange       // the link type is not understood
)

// dissect finds the TCP segment of a packet. The segment's bytes are the
// packet's, or hold until the next call.
func (d *dissector) dissect(pkt *packet, s *segment) found {
	data, link := pkt.data, pkt.link
	switch link {
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		// Four bytes of address family, whose values differ from one system to
		// the next; the IP version says the same.
		if len(data) < 4 {
			return noTCP
		}
		data, link = data[4:], layers.LinkTypeRaw
	case linkRawBSD, linkRawOpenBSD:
		link = layers.LinkTypeRaw
	}
	switch link {
	case layers.LinkTypeRaw:
		if len(data) == 0 {
			return noTCP
		}
		link = layers.LinkTypeIPv4
		if data[0]>>4 == 6 {
			link = layers.LinkTypeIPv6
		}
	case layers.LinkTypePPP, linkPPPoverEthernet:
		if data, link = insidePPP(data); link == 0 {
			return noTCP
		}
	}
	p := d.parsers[link]
	if p == nil {
		return strange
	}
	// An error, as of a header that is cut short, leaves the layers before it.
	_ = p.DecodeLayers(data, &d.layers)
	var ip gopacket.LayerType
	for _, t := range d.layers {
		switch t {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			ip = t
		case layers.LayerTypeIPv6Fragment:
			return aPiece
		case layers.LayerTypeTCP:
			d.segment(ip, s)
			return aTCP
		}
	}
	if session := d.pppoeSession(); ip == 0 && len(session) > 6 {
		inner := packet{time: pkt.time, link: linkPPPoverEthernet, data: session[6:]}
		return d.dissect(&inner, s)
	}
	if ip == layers.LayerTypeIPv4 && (d.ip4.Flags&layers.IPv4MoreFragments != 0 || d.ip4.FragOffset > 0) {
		return d.defragment(pkt, s)
	}
	return noTCP
}

// pppoeSession returns the payload of an Ethernet frame that is PPPoE (RFC 2516),
// as of a DSL line: six bytes of header, then PPP.
func (d *dissector) pppoeSession() []byte {
	if len(d.layers) == 0 {
		return nil
	}
	switch last := d.layers[len(d.layers)-1]; {
	case last == layers.LayerTypeEthernet && d.ethernet.EthernetType == layers.EthernetTypePPPoESession:
		return d.ethernet.Payload
	case last == layers.LayerTypeDot1Q && d.vlan.Type == layers.EthernetTypePPPoESession:
		return d.vlan.Payload
	}
	return nil
}

// insidePPP returns what a PPP frame carries, and its link type: 0 if that is
// not IP. Address and control field may be there or not (RFC 1661, RFC 1662).
func insidePPP(b []byte) ([]byte, layers.LinkType) {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	var protocol byte
	switch {
	case len(b) >= 1 && b[0]&1 == 1: // compressed to one byte
		protocol, b = b[0], b[1:]
	case len(b) >= 2 && b[0] == 0:
		protocol, b = b[1], b[2:]
	}
	switch protocol {
	case 0x21:
		return b, layers.LinkTypeIPv4
	case 0x57:
		return b, layers.LinkTypeIPv6
	}
	return nil, 0
}

// segment fills in s from the layers.
func (d *dissector) segment(ip gopacket.LayerType, s *segment) {
	var src, dst []byte
	var announced, there int
	if ip == layers.LayerTypeIPv4 {
		src, dst = d.ip4.SrcIP, d.ip4.DstIP
		announced, there = int(d.ip4.Length), len(d.ip4.Contents)+len(d.ip4.Payload)
	} else {
		src, dst = d.ip6.SrcIP, d.ip6.DstIP
		announced, there = int(d.ip6.Length), len(d.ip6.Payload)
		if d.ip6.HopByHop != nil {
			there += d.ip6.HopByHop.ActualLength
		}
	}
	t := &d.tcp
	s.seq, s.ack = t.Seq, t.Ack
	s.syn, s.fin, s.rst, s.has = t.SYN, t.FIN, t.RST, t.ACK
	s.data = t.Payload
	s.cut = max(0, announced-there)
	s.from = s.key.set(src, dst, uint16(t.SrcPort), uint16(t.DstPort))
}

// set makes the key of a packet from src to dst, and returns which side of it is
// the source.
func (k *flowKey) set(src, dst []byte, srcPort, dstPort uint16) side {
	var a, b [16]byte
	if len(src) == 4 {
		a[10], a[11], b[10], b[11] = 0xff, 0xff, 0xff, 0xff
		copy(a[12:], src)
		copy(b[12:], dst)
	} else {
		copy(a[:], src)
		copy(b[:], dst)
	}
	if c := compare(&a, &b); c < 0 || c == 0 && srcPort <= dstPort {
		k.addr, k.port = [2][16]byte{a, b}, [2]uint16{srcPort, dstPort}
		return 0
	}
	k.addr, k.port = [2][16]byte{b, a}, [2]uint16{dstPort, srcPort}
	return 1
}

func compare(a, b *[16]byte) int {
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

// linkName names a link type for people.
func linkName(t layers.LinkType) string {
	if t < layers.LinkTypeMax {
		if name := t.String(); name != "" && name != "UnknownLinkType" {
			return name + " (" + strconv.Itoa(int(t)) + ")"
		}
	}
	return strconv.Itoa(int(t))
}
