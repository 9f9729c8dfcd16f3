package capture

import (
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
)

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
	case len(b) >= 32 && b[1]|b[2]|b[3] == 0 && (b[0] == 1 && len(b) == 148 || b[0] == 2 && len(b) == 92 || b[0] == 4 && len(b)%16 == 0):
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
