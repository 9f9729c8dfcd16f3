package capture

import (
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
)

// protocol goes on in what an IP packet carries.
func (d *dissector) protocol(p layers.IPProtocol, b []byte) ([]byte, layers.LinkType) {
	switch p {
	case layers.IPProtocolTCP:
		return b, linkTCP
	case layers.IPProtocolIPv4, layers.IPProtocolIPv6, 94:
		return inIP(d, b)
	case layers.IPProtocolGRE:
		return d.inGRE(b)
	case layers.IPProtocolUDP, layers.IPProtocolUDPLite:
		return d.inUDP(b)
	case layers.IPProtocolMPLSInIP:
		return d.inMPLS(b)
	case layers.IPProtocolEtherIP:
		return from(b, 2, layers.LinkTypeEthernet)
	case layers.IPProtocolAH:
		if len(b) < 12 {
			return nil, linkNone
		}
		n := (int(b[1]) + 2) * 4
		if len(b) <= n {
			return nil, linkNone
		}
		return d.protocol(layers.IPProtocol(b[0]), b[n:])
	case layers.IPProtocolESP:
		return d.inESP(b, "ESP (IPsec): encrypted, not looked into")
	case 115: // L2TPv3
		return d.inL2TP3(b)
	case 108:
		return d.named("IPComp: compressed, not looked into")
	case 55:
		return d.named("IP with minimal encapsulation (protocol 55): not looked into")
	}
	return nil, linkNone
}

// inGRE goes on behind a GRE header (RFC 2784, 2890), that of PPTP (RFC 2637), or
// of a mirror port (ERSPAN).
func (d *dissector) inGRE(b []byte) ([]byte, layers.LinkType) {
	const hasSum, hasRouting, hasKey, hasSeq, hasAck = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	if len(b) < 4 {
		return nil, linkNone
	}
	flags, typ, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), 4
	if flags&7 == 0 && flags&(hasSum|hasRouting) != 0 {
		n += 4
	}
	if flags&hasKey != 0 {
		if len(b) < n+4 {
			return nil, linkNone
		}
		key := binary.BigEndian.Uint32(b[n:])
		switch {
		case flags&7 == 1:
			key &= 0xffff // the length stands before it
		case typ == 0x6558:
			key >>= 8 // NVGRE: a flow's number stands behind it
		}
		d.place = d.place.in('g', key)
		n += 4
	}
	if flags&hasSeq != 0 {
		n += 4
	}
	if flags&7 == 1 && flags&hasAck != 0 {
		n += 4
	}
	for flags&7 == 0 && flags&hasRouting != 0 && len(b) >= n+4 { // source routes, and a last one of length 0
		size := int(b[n+3])
		if n += 4 + size; size == 0 {
			break
		}
	}
	if len(b) <= n {
		return nil, linkNone
	}
	b = b[n:]
	switch typ {
	case 0x88be:
		if flags&hasSeq == 0 { // type I has no header
			return b, layers.LinkTypeEthernet
		}
		return d.inERSPAN(b)
	case 0x22eb:
		return d.inERSPAN(b)
	case 0x883e: // WCCP: version 2 has four bytes of its own
		if b[0]>>4 != 4 {
			b = b[min(4, len(b)):]
		}
		return inIP(d, b)
	}
	d.etherType = typ
	return b, linkEtherType
}

func (d *dissector) inERSPAN(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 {
		return nil, linkNone
	}
	d.place = d.place.in('e', uint32(binary.BigEndian.Uint16(b[2:])&0x3ff))
	switch b[0] >> 4 {
	case 1: // type II
		return from(b, 8, layers.LinkTypeEthernet)
	case 2: // type III
		if len(b) < 12 {
			return nil, linkNone
		}
		n := 12
		if b[11]&1 != 0 {
			n += 8
		}
		if b[10]>>2&31 == 2 {
			return from(b, n, layers.LinkTypeRaw)
		}
		return from(b, n, layers.LinkTypeEthernet)
	}
	return b, layers.LinkTypeEthernet
}

// inUDP goes on in a datagram, by its ports.
func (d *dissector) inUDP(b []byte) ([]byte, layers.LinkType) {
	if len(b) <= 8 {
		return nil, linkNone
	}
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	b = b[8:]
	for _, port := range [2]uint16{dst, src} {
		if u := udpWrappings[port]; u != nil {
			if inner, link := u(d, b); link != linkNone || d.notRead != "" {
				return inner, link
			}
		}
	}
	switch {
	case len(b) > 8+14 && binary.BigEndian.Uint32(b) == 0x08000000 && b[7] == 0:
		return d.inVXLAN(b) // on a port of one's own
	case isTeredo(b):
		return b, layers.LinkTypeIPv6
	case len(b) >= 13 && b[0] >= 20 && b[0] <= 23 && b[1] == 0xfe && b[2] >= 0xfd:
		return d.named("DTLS (UDP): encrypted, not looked into")
	case len(b) >= 7 && b[0]&0xc0 == 0xc0 && isQUIC(binary.BigEndian.Uint32(b[1:])):
		return d.named("QUIC (UDP): encrypted, not looked into")
	case len(b) >= 32 && b[0] >= 1 && b[0] <= 4 && b[1]|b[2]|b[3] == 0 && (b[0] == 1 && len(b) == 148 || b[0] == 2 && len(b) == 92 || b[0] == 4 && len(b)%16 == 0):
		return d.named(wireGuard)
	}
	return nil, linkNone
}

const wireGuard = "WireGuard (UDP): encrypted, not looked into"

func isQUIC(version uint32) bool {
	return version == 1 || version == 0x6b3343cf || version>>8 == 0xff0000 || version>>24 == 'Q'
}

// udpWrappings are the tunnels in UDP, by port.
var udpWrappings map[uint16]unwrap

func init() {
	udpWrappings = map[uint16]unwrap{
		4789: (*dissector).inVXLAN, 8472: (*dissector).inVXLAN, 4790: (*dissector).inVXLAN,
		6081: (*dissector).inGeneve,
		2152: (*dissector).inGTP,
		3544: (*dissector).inTeredo,
		// Sniffers that send what they see.
		37008: (*dissector).inTZSP,
		30030: skip(8), // Juniper's mirror
		1701:  (*dissector).inL2TP,
		6635:  (*dissector).inMPLS,
		4754:  (*dissector).inGRE,
		6080:  (*dissector).inGUE,
		4341:  skip(8), // LISP
		5247:  (*dissector).inCAPWAP,
		4500: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			if len(b) < 8 || binary.BigEndian.Uint32(b) == 0 {
				return nil, linkNone // a key exchange, or a keep-alive
			}
			return d.inESP(b, "UDP 4500, ESP (IPsec): encrypted, not looked into")
		},
		51820: func(d *dissector, b []byte) ([]byte, layers.LinkType) { return d.named(wireGuard) },
		1194: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return d.named("OpenVPN (UDP 1194): encrypted, not looked into")
		},
		443: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return d.named("QUIC (UDP): encrypted, not looked into")
		},
	}
}

func (d *dissector) inVXLAN(b []byte) ([]byte, layers.LinkType) {
	const hasVNI, hasNext = 0x08, 0x04
	if len(b) <= 8 {
		return nil, linkNone
	}
	if b[0]&hasVNI != 0 {
		d.place = d.place.in('x', binary.BigEndian.Uint32(b[4:])>>8)
	}
	if b[0]&hasNext != 0 {
		return d.byNext(b[3], b, 8)
	}
	return b[8:], layers.LinkTypeEthernet
}

func (d *dissector) inGeneve(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 || b[0]>>6 != 0 {
		return nil, linkNone
	}
	n := 8 + int(b[0]&0x3f)*4
	if len(b) <= n {
		return nil, linkNone
	}
	d.place = d.place.in('n', binary.BigEndian.Uint32(b[4:])>>8)
	d.etherType = binary.BigEndian.Uint16(b[2:])
	return b[n:], linkEtherType
}

// inGTP goes on in a packet of a mobile network (3GPP TS 29.281).
func (d *dissector) inGTP(b []byte) ([]byte, layers.LinkType) {
	const data = 255
	if len(b) < 8 || b[0]>>5 != 1 || b[1] != data {
		return nil, linkNone
	}
	d.place = d.place.in('t', binary.BigEndian.Uint32(b[4:]))
	n := 8
	if b[0]&7 != 0 {
		n += 4
		for next := 0; b[0]&4 != 0 && len(b) > n && b[n-1] != 0 && next < maxWrappings; next++ {
			n += max(1, int(b[n])) * 4
		}
	}
	if len(b) <= n {
		return nil, linkNone
	}
	if inner, link := inIP(d, b[n:]); link != linkNone {
		return inner, link
	}
	return b[n:], layers.LinkTypeEthernet
}

// inTeredo goes on behind what may stand before IPv6 in UDP (RFC 4380).
func (d *dissector) inTeredo(b []byte) ([]byte, layers.LinkType) {
	if len(b) >= 4 && b[0] == 0 && b[1] == 1 { // authentication
		b = b[min(len(b), 13+int(b[2])+int(b[3])):]
	}
	if len(b) >= 8 && b[0] == 0 && b[1] == 0 { // origin
		b = b[8:]
	}
	if len(b) > 0 && b[0]>>4 == 6 {
		return b, layers.LinkTypeIPv6
	}
	return nil, linkNone
}

// isTeredo reports whether a datagram is an IPv6 packet of Teredo.
func isTeredo(b []byte) bool {
	return len(b) > 40 && b[0]>>4 == 6 && int(binary.BigEndian.Uint16(b[4:])) == len(b)-40 &&
		(binary.BigEndian.Uint32(b[8:]) == 0x20010000 || binary.BigEndian.Uint32(b[24:]) == 0x20010000)
}

// inTZSP goes on in what a sniffer of MikroTik and others sends.
func (d *dissector) inTZSP(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 5 || b[0] != 1 || b[1] > 1 {
		return nil, linkNone
	}
	protocol := binary.BigEndian.Uint16(b[2:])
	b = b[4:]
	for len(b) > 0 && b[0] != 1 { // tags: 0 is padding, 1 the last
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil, linkNone
		}
		b = b[2+int(b[1]):]
	}
	if len(b) < 2 {
		return nil, linkNone
	}
	b = b[1:]
	switch protocol {
	case 1:
		return b, layers.LinkTypeEthernet
	case 0x12:
		return b, layers.LinkTypeIEEE802_11
	case 0x77:
		return b, layers.LinkTypePrismHeader
	case 0x7f:
		return b, linkAVS
	}
	return nil, linkNone
}

// inL2TP goes on behind a header of L2TP, version 2 or 3.
func (d *dissector) inL2TP(b []byte) ([]byte, layers.LinkType) {
	const control, hasLength, hasSeq, hasOffset = 0x8000, 0x4000, 0x0800, 0x0200
	if len(b) < 6 {
		return nil, linkNone
	}
	flags, n := binary.BigEndian.Uint16(b), 2
	switch {
	case flags&control != 0:
		return nil, linkNone
	case flags&15 == 3:
		return d.inL2TP3(b[4:])
	case flags&15 != 2:
		return nil, linkNone
	}
	if flags&hasLength != 0 {
		n += 2
	}
	if len(b) < n+4 {
		return nil, linkNone
	}
	d.place = d.place.in('l', binary.BigEndian.Uint32(b[n:]))
	if n += 4; flags&hasSeq != 0 {
		n += 4
	}
	if flags&hasOffset != 0 {
		if len(b) < n+2 {
			return nil, linkNone
		}
		n += 2 + int(binary.BigEndian.Uint16(b[n:]))
	}
	return from(b, n, layers.LinkTypePPP)
}

// inL2TP3 finds the frame behind a session's number. How long the cookie is, and
// whether there is a sublayer of four bytes, was agreed on elsewhere.
func (d *dissector) inL2TP3(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 4 || binary.BigEndian.Uint32(b) == 0 {
		return nil, linkNone
	}
	for _, n := range []int{8, 4, 12, 16} {
		if len(b) <= n+14 {
			continue
		}
		switch binary.BigEndian.Uint16(b[n+12:]) {
		case 0x0800, 0x86dd, 0x8100:
			return b[n:], layers.LinkTypeEthernet
		}
		if _, link := inPPP(d, b[n:]); link != linkNone && b[n] == 0xff {
			return b[n:], layers.LinkTypePPP
		}
	}
	return nil, linkNone
}

// inGUE goes on in generic UDP encapsulation.
func (d *dissector) inGUE(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 5 {
		return nil, linkNone
	}
	if b[0]>>6 == 1 {
		return inIP(d, b)
	}
	n := 4 + int(b[0]&31)*4
	if len(b) <= n || b[0]>>5 != 0 {
		return nil, linkNone
	}
	return d.protocol(layers.IPProtocol(b[1]), b[n:])
}

// inCAPWAP goes on in what an access point sends to its controller (RFC 5415).
func (d *dissector) inCAPWAP(b []byte) ([]byte, layers.LinkType) {
	const native, fragment = 0x01, 0x80
	if len(b) < 8 {
		return nil, linkNone
	}
	if b[0]&15 != 0 {
		return d.named("CAPWAP (UDP 5247) with DTLS: encrypted, not looked into")
	}
	n := int(b[1]>>3) * 4
	if n < 8 || b[3]&fragment != 0 {
		return nil, linkNone
	}
	if b[2]&native != 0 {
		return from(b, n, layers.LinkTypeIEEE802_11)
	}
	return from(b, n, layers.LinkTypeEthernet)
}

// inESP looks whether ESP is not encrypted (RFC 2410): only then its trailer makes
// sense. How long the check value behind that is was agreed on elsewhere.
func (d *dissector) inESP(b []byte, name string) ([]byte, layers.LinkType) {
	const header = 8
	for _, icv := range []int{12, 16, 0, 24, 32, 20} {
		end := len(b) - icv - 2
		if end < header+20 {
			continue
		}
		pad, next := int(b[end]), layers.IPProtocol(b[end+1])
		if end -= pad; end < header+20 || !isPadding(b[end:end+pad]) {
			continue
		}
		for _, start := range []int{header, header + 8} { // without and with an initialization vector
			if end < start+20 {
				continue
			}
			switch inner := b[start:end]; next {
			case layers.IPProtocolIPv4:
				if inner[0]>>4 == 4 && int(binary.BigEndian.Uint16(inner[2:])) == len(inner) {
					return inner, layers.LinkTypeIPv4
				}
			case layers.IPProtocolIPv6:
				if len(inner) >= 40 && inner[0]>>4 == 6 && int(binary.BigEndian.Uint16(inner[4:])) == len(inner)-40 {
					return inner, layers.LinkTypeIPv6
				}
			case layers.IPProtocolTCP:
				if size := int(inner[12]>>4) * 4; size >= 20 && size <= len(inner) && inner[12]&0x0e == 0 && inner[13]&0xc0 == 0 {
					return inner, linkTCP
				}
			}
		}
	}
	return d.named(name)
}

// isPadding reports whether b is 1, 2, 3 and so on.
func isPadding(b []byte) bool {
	for i, c := range b {
		if int(c) != i+1 {
			return false
		}
	}
	return true
}
