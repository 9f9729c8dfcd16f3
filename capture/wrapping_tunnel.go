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
				if inner[0]>>4 == 6 && int(binary.BigEndian.Uint16(inner[4:])) == len(inner)-40 {
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
