package capture

import (
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
)

// What packets come wrapped in: link layers, tags, tunnels, copies of mirror ports.
// Each wrapping has a function that looks at its header and returns what is inside,
// and of which kind that is. gopacket's decoders are used for IP and TCP only:
// those of wrappings refuse what a snap length has cut, want a check sequence where
// there is none, and allocate (gopacket 1.7.7).

// maxWrappings is how many headers a packet may have around its TCP segment. Those
// with more are hostile.
const maxWrappings = 32

// Kinds of content, beside the link types of files.
const (
	linkNone      layers.LinkType = 0xfff0 + iota // nothing that is looked into
	linkEtherType                                 // what dissector.etherType says
	linkLLC                                       // IEEE 802.2
	linkTCP                                       // a TCP segment in the IP packet seen last
	linkPPPoE                                     // a PPPoE header, then PPP
)

// Link types of files that gopacket has no names for.
const (
	linkRawBSD      layers.LinkType = 12 // without a link layer; elsewhere it is 101
	linkRawOpenBSD  layers.LinkType = 14
	linkPktap2      layers.LinkType = 149 // of old macOS
	linkAVS         layers.LinkType = 163
	linkPPI         layers.LinkType = 192
	linkPPPDir      layers.LinkType = 204
	linkHDLCDir     layers.LinkType = 205
	linkFrelayDir   layers.LinkType = 206
	linkMPLS        layers.LinkType = 219
	linkNFLog       layers.LinkType = 239
	linkNetAnalyzer layers.LinkType = 240
	linkPktap       layers.LinkType = 258
	linkMPacket     layers.LinkType = 274
)

type unwrap func(d *dissector, b []byte) ([]byte, layers.LinkType)

// linkWrappings are the link layers.
var linkWrappings map[layers.LinkType]unwrap

func init() {
	linkWrappings = map[layers.LinkType]unwrap{
		layers.LinkTypeNull: skip(4), layers.LinkTypeLoop: skip(4), // the family's number differs by system
		layers.LinkTypeRaw: inIP, linkRawBSD: inIP, linkRawOpenBSD: inIP,
		layers.LinkTypeEthernet:  (*dissector).inEthernet,
		layers.LinkTypeTokenRing: (*dissector).inTokenRing,
		layers.LinkTypeFDDI: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return from(b, 13, linkLLC)
		},
		layers.LinkTypePPP: inPPP, linkPPPDir: within1(inPPP), layers.LinkTypePPP_HDLC: inPPP,
		linkPPPoverEthernet: inPPP, layers.LinkTypePPPEthernet: (*dissector).inPPPoE, linkPPPoE: (*dissector).inPPPoE,
		layers.LinkTypeC_HDLC: (*dissector).inHDLC, linkHDLCDir: within1((*dissector).inHDLC),
		layers.LinkTypeATM_RFC1483: func(d *dissector, b []byte) ([]byte, layers.LinkType) { return b, linkLLC },
		layers.LinkTypeIPOverFC: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return from(b, 16, linkLLC)
		},
		layers.LinkTypeFRelay: (*dissector).inFrameRelay, linkFrelayDir: within1((*dissector).inFrameRelay),
		layers.LinkTypeIEEE802_11: (*dissector).inWiFi, layers.LinkTypePrismHeader: inPrism,
		layers.LinkTypeIEEE80211Radio: (*dissector).inRadiotap, linkAVS: inAVS, linkPPI: inPPI,
		layers.LinkTypeLinuxSLL:  (*dissector).inSLL,
		layers.LinkTypeLinuxSLL2: (*dissector).inSLL2,
		layers.LinkTypePFLog: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			if len(b) == 0 {
				return nil, linkNone
			}
			return from(b, (int(b[0])+3)&^3, layers.LinkTypeRaw)
		},
		layers.LinkTypeIPOver1394: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return d.typed(b, 16)
		},
		linkMPLS: (*dissector).inMPLS, linkNFLog: inNFLog, linkPktap: inPktap, linkPktap2: inPktap,
		linkNetAnalyzer: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return from(b, 4, layers.LinkTypeEthernet)
		},
		linkMPacket: func(d *dissector, b []byte) ([]byte, layers.LinkType) {
			return from(b, 8, layers.LinkTypeEthernet)
		},
		linkLLC:       (*dissector).inLLC,
		linkEtherType: (*dissector).inEtherType,
	}
}

// from is what begins at byte n of b, if there is that much.
func from(b []byte, n int, link layers.LinkType) ([]byte, layers.LinkType) {
	if n < 0 || len(b) <= n {
		return nil, linkNone
	}
	return b[n:], link
}

// typed is what begins behind the EtherType at byte n of b.
func (d *dissector) typed(b []byte, n int) ([]byte, layers.LinkType) {
	if len(b) <= n+2 {
		return nil, linkNone
	}
	d.etherType = binary.BigEndian.Uint16(b[n:])
	return b[n+2:], linkEtherType
}

func skip(n int) unwrap {
	return func(d *dissector, b []byte) ([]byte, layers.LinkType) { return from(b, n, layers.LinkTypeRaw) }
}

// within1 is what is behind one more byte, of a direction.
func within1(u unwrap) unwrap {
	return func(d *dissector, b []byte) ([]byte, layers.LinkType) {
		if len(b) == 0 {
			return nil, linkNone
		}
		return u(d, b[1:])
	}
}

// inIP tells the versions of IP apart.
func inIP(d *dissector, b []byte) ([]byte, layers.LinkType) {
	switch {
	case len(b) > 0 && b[0]>>4 == 4:
		return b, layers.LinkTypeIPv4
	case len(b) > 0 && b[0]>>4 == 6:
		return b, layers.LinkTypeIPv6
	}
	return nil, linkNone
}

func (d *dissector) inEthernet(b []byte) ([]byte, layers.LinkType) { return d.typed(b, 12) }

func (d *dissector) inTokenRing(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 16 {
		return nil, linkNone
	}
	n := 14
	if b[8]&0x80 != 0 { // routing information
		n += int(b[14] & 0x1f)
	}
	return from(b, n, linkLLC)
}

func (d *dissector) inSLL(b []byte) ([]byte, layers.LinkType) { return d.typed(b, 14) }

func (d *dissector) inSLL2(b []byte) ([]byte, layers.LinkType) {
	if len(b) <= 20 {
		return nil, linkNone
	}
	d.etherType = binary.BigEndian.Uint16(b)
	return b[20:], linkEtherType
}

// inEtherType goes on by the EtherType that was read last.
func (d *dissector) inEtherType(b []byte) ([]byte, layers.LinkType) {
	t := d.etherType
	switch t {
	case 0x0800, 0x86dd:
		return inIP(d, b)
	case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300: // VLAN tags
		if len(b) >= 2 {
			d.place = d.place.in('v', uint32(binary.BigEndian.Uint16(b)&0xfff))
		}
		return d.typed(b, 2)
	case 0x8847, 0x8848:
		return d.inMPLS(b)
	case 0x8864:
		return d.inPPPoE(b)
	case 0x880b:
		return inPPP(d, b)
	case 0x6558:
		return b, layers.LinkTypeEthernet
	case 0x894f:
		return d.inNSH(b)
	case 0x8926, 0xf1c1: // VN-Tag; redundancy tag
		return d.typed(b, 4)
	case 0x893f: // E-Tag
		return d.typed(b, 6)
	case 0x8909: // Cisco metadata
		return d.typed(b, 6)
	case 0x88e7: // provider backbone bridging
		return from(b, 4, layers.LinkTypeEthernet)
	case 0x88e5:
		return d.named("MACsec: encrypted or signed, not looked into")
	}
	switch {
	case t <= 4: // of Linux: frames of 802.3 and 802.2
		return b, linkLLC
	case t <= 1500: // a length
		return b[:min(len(b), int(t))], linkLLC
	}
	return nil, linkNone
}

// inLLC goes on behind a header of IEEE 802.2, with SNAP or without.
func (d *dissector) inLLC(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 3 {
		return nil, linkNone
	}
	switch [2]byte(b) {
	case [2]byte{0xaa, 0xaa}:
		if len(b) < 8 {
			return nil, linkNone
		}
		if b[3] == 0 && b[4] == 0 && (b[5] == 0 || b[5] == 0xf8) {
			return d.typed(b, 6)
		}
		if b[3] == 0 && b[4] == 0x80 && b[5] == 0xc2 { // bridged: Ethernet, with its check sequence or without
			switch b[7] {
			case 1, 7:
				// Padding to a multiple of four is there in ATM.
				return from(b, 10, layers.LinkTypeEthernet)
			}
		}
	case [2]byte{0x06, 0x06}:
		return inIP(d, b[3:])
	case [2]byte{0xfe, 0xfe}:
		return d.inNLPID(b[3:])
	}
	return nil, linkNone
}

func (d *dissector) inNLPID(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 2 {
		return nil, linkNone
	}
	switch b[0] {
	case 0xcc, 0x8e:
		return inIP(d, b[1:])
	case 0xcf:
		return inPPP(d, b[1:])
	case 0x80:
		if len(b) >= 6 && b[1] == 0 && b[2] == 0 && b[3] == 0 {
			return d.typed(b, 4)
		}
	}
	return nil, linkNone
}

func (d *dissector) inFrameRelay(b []byte) ([]byte, layers.LinkType) {
	n := 0
	for n < len(b) && n < 4 && b[n]&1 == 0 { // address: the last byte has bit 0 set
		n++
	}
	n++
	if len(b) < n+3 {
		return nil, linkNone
	}
	if b[n] != 3 { // as Cisco does it
		return d.typed(b, n)
	}
	b = b[n+1:]
	if b[0] == 0 { // padding
		b = b[1:]
	}
	return d.inNLPID(b)
}

func (d *dissector) inHDLC(b []byte) ([]byte, layers.LinkType) { return d.typed(b, 2) }

// inPPP goes on behind a PPP header. Address and control field may be there or not
// (RFC 1661, RFC 1662); Cisco's HDLC, which shares the link type, begins otherwise.
func inPPP(d *dissector, b []byte) ([]byte, layers.LinkType) {
	if len(b) > 4 && (b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0 {
		return d.inHDLC(b)
	}
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	protocol := 0
	switch {
	case len(b) >= 1 && b[0]&1 == 1: // compressed to one byte
		protocol, b = int(b[0]), b[1:]
	case len(b) >= 2:
		protocol, b = int(binary.BigEndian.Uint16(b)), b[2:]
	}
	switch protocol {
	case 0x21, 0x57:
		return inIP(d, b)
	case 0x281, 0x283:
		return d.inMPLS(b)
	case 0x31: // bridging
		return from(b, 2, layers.LinkTypeEthernet)
	case 0xfd:
		return d.named("PPP, compressed or encrypted (MPPE): not looked into")
	case 0x2d, 0x2f:
		return d.named("PPP with compressed TCP headers (Van Jacobson): not looked into")
	}
	return nil, linkNone
}

func (d *dissector) inPPPoE(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 6 || b[1] != 0 {
		return nil, linkNone
	}
	d.place = d.place.in('p', uint32(binary.BigEndian.Uint16(b[2:])))
	return b[6:], linkPPPoverEthernet
}

// inMPLS goes on behind a stack of labels. What is below is not said there.
func (d *dissector) inMPLS(b []byte) ([]byte, layers.LinkType) {
	for n := 0; n < maxWrappings && len(b) > 4; n++ {
		last := b[2]&1 == 1
		label := binary.BigEndian.Uint32(b) >> 12
		if b = b[4:]; !last {
			continue
		}
		d.place = d.place.in('m', label)
		switch b[0] >> 4 {
		case 4, 6:
			if inner, link := inIP(d, b); link == layers.LinkTypeIPv4 && b[0]&15 >= 5 || link == layers.LinkTypeIPv6 {
				return inner, link
			}
		case 0: // a control word
			if len(b) > 4+14 && binary.BigEndian.Uint16(b[4+12:]) > 1500 {
				return b[4:], layers.LinkTypeEthernet
			}
		}
		return b, layers.LinkTypeEthernet
	}
	return nil, linkNone
}

// inNSH goes on behind a network service header (RFC 8300).
func (d *dissector) inNSH(b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 {
		return nil, linkNone
	}
	return d.byNext(b[3], b, int(binary.BigEndian.Uint16(b)&0x3f)*4)
}

// byNext goes on at byte n by the numbers of "next protocol" of NSH and VXLAN-GPE.
func (d *dissector) byNext(next byte, b []byte, n int) ([]byte, layers.LinkType) {
	if n <= 0 || len(b) <= n {
		return nil, linkNone
	}
	switch next {
	case 1, 2:
		return inIP(d, b[n:])
	case 3:
		return b[n:], layers.LinkTypeEthernet
	case 4:
		d.etherType = 0x894f
		return b[n:], linkEtherType
	case 5:
		d.etherType = 0x8847
		return b[n:], linkEtherType
	}
	return nil, linkNone
}

// inNFLog finds the packet among the attributes of Linux's packet log.
func inNFLog(d *dissector, b []byte) ([]byte, layers.LinkType) {
	const payload = 9
	for b = b[min(len(b), 4):]; len(b) >= 4; {
		// Lengths are in the byte order of the machine, which nothing tells.
		n, typ := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])
		if n > len(b) || n < 4 {
			n, typ = int(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint16(b[2:])
		}
		if n < 4 {
			break
		}
		if typ&0x7fff == payload {
			return inIP(d, b[4:min(n, len(b))])
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil, linkNone
}

// inPktap goes on behind the header of macOS's pseudo interface for all others.
func inPktap(d *dissector, b []byte) ([]byte, layers.LinkType) {
	if len(b) < 12 {
		return nil, linkNone
	}
	n, link := binary.LittleEndian.Uint32(b), layers.LinkType(binary.LittleEndian.Uint32(b[8:]))
	if n < 12 || n > 4096 || linkWrappings[link] == nil {
		return nil, linkNone
	}
	if len(b) >= 32 {
		for _, c := range b[12:32] { // the interface's name
			d.place = d.place.in('i', uint32(c))
		}
	}
	return from(b, int(n), link)
}

// named notes what a packet is that is not looked into.
func (d *dissector) named(what string) ([]byte, layers.LinkType) {
	d.notRead = what
	return nil, linkNone
}
