package capture

import (
	"encoding/binary"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// The blocks of pcapng (draft-ietf-opsawg-pcapng) that are understood. Others
// are passed over, as the draft says.
const (
	magicSection   = 0x0a0d0d0a // the same in either byte order
	blockInterface = 1
	blockOldPacket = 2
	blockSimple    = 3
	blockPacket    = 6
	byteOrderMagic = 0x1a2b3c4d
	optionEnd      = 0
	optionTSResol  = 9
	optionTSOffset = 14
	maxInterfaces  = 64 << 10
	blockOverhead  = 12 // type, length, and the length again
	packetFixed    = 20 // of a packet block, before its data
	sectionFixed   = 16
	interfaceFixed = 8
	defaultTSResol = resolution(6)
	simpleFixed    = 4
)

// pcapng reads the blocks of a pcapng file, of any number of sections and
// interfaces.
type pcapng struct {
	f      *file
	order  binary.ByteOrder
	ifaces []iface
	before uint32 // interfaces of earlier sections
	// comments: give the comments of packets, too.
	comments bool
}

// iface is an interface that packets were captured on.
type iface struct {
	link    layers.LinkType
	snaplen uint32
	resol   resolution
	offset  int64 // seconds to add to each timestamp
}

func newPcapng(f *file) *pcapng { return &pcapng{f: f, order: binary.LittleEndian} }

func (p *pcapng) format() string { return "pcapng" }

func (p *pcapng) next(pkt *packet) error {
	for {
		typ, body, err := p.block()
		if err != nil {
			return err
		}
		switch typ {
		case magicSection:
			p.before += uint32(len(p.ifaces))
			p.ifaces = p.ifaces[:0]
		case blockInterface:
			err = p.addInterface(body)
		case blockPacket, blockOldPacket:
			return p.packet(typ, body, pkt)
		case blockSimple:
			return p.simple(body, pkt)
		}
		if err != nil {
			return err
		}
	}
}

// block returns the next block without its lengths.
func (p *pcapng) block() (typ uint32, body []byte, err error) {
	p.f.done()
	h, err := p.f.peek(blockOverhead, "the header of a block")
	if err != nil {
		return 0, nil, err
	}
	typ = p.order.Uint32(h)
	if typ == magicSection {
		switch uint32(byteOrderMagic) {
		case binary.LittleEndian.Uint32(h[8:]):
			p.order = binary.LittleEndian
		case binary.BigEndian.Uint32(h[8:]):
			p.order = binary.BigEndian
		default:
			return 0, nil, p.f.corrupt("a section header without its byte order mark")
		}
	}
	n := p.order.Uint32(h[4:])
	if n < blockOverhead || n%4 != 0 || n > maxRecord {
		return 0, nil, p.f.corrupt("a block of type %#x and length %d: impossible", typ, n)
	}
	b, err := p.f.take(int(n), "a block")
	if err != nil {
		return 0, nil, err
	}
	if again := p.order.Uint32(b[n-4:]); again != n {
		return 0, nil, p.f.corrupt("a block of length %d that ends with length %d", n, again)
	}
	if typ == magicSection {
		if n < blockOverhead+sectionFixed {
			return 0, nil, p.f.corrupt("a section header of %d bytes: too short", n)
		}
		if major := p.order.Uint16(b[12:]); major != 1 {
			return 0, nil, p.f.corrupt("a section of pcapng version %d.%d: 1 is understood", major, p.order.Uint16(b[14:]))
		}
	}
	return typ, b[8 : n-4], nil
}

func (p *pcapng) addInterface(b []byte) error {
	if len(b) < interfaceFixed {
		return p.f.corrupt("an interface description of %d bytes: too short", len(b))
	}
	if len(p.ifaces) == maxInterfaces {
		return p.f.corrupt("more than %d interfaces", maxInterfaces)
	}
	i := iface{link: layers.LinkType(p.order.Uint16(b)), snaplen: p.order.Uint32(b[4:]), resol: defaultTSResol}
	err := p.options(b[interfaceFixed:], func(code uint16, value []byte) {
		switch {
		case code == optionTSResol && len(value) >= 1:
			i.resol = resolution(value[0])
		case code == optionTSOffset && len(value) >= 8:
			i.offset = int64(p.order.Uint64(value))
		}
	})
	if err != nil {
		return err
	}
	if !i.resol.valid() {
		return p.f.corrupt("an interface with a timestamp resolution of %#x: not supported", uint8(i.resol))
	}
	p.ifaces = append(p.ifaces, i)
	return nil
}

// options calls each for every option in b.
func (p *pcapng) options(b []byte, each func(code uint16, value []byte)) error {
	for len(b) >= 4 {
		code, n := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
		if code == optionEnd {
			return nil
		}
		padded := (n + 3) &^ 3
		if 4+padded > len(b) {
			return p.f.corrupt("an option of %d bytes in a block that has %d left", n, len(b)-4)
		}
		each(code, b[4:4+n])
		b = b[4+padded:]
	}
	return nil
}

// packet reads an enhanced packet block, or a packet block as older programs
// write it, which differs in its first four bytes.
func (p *pcapng) packet(typ uint32, b []byte, pkt *packet) error {
	if len(b) < packetFixed {
		return p.f.corrupt("a packet block of %d bytes: too short", len(b))
	}
	id := int(p.order.Uint32(b))
	if typ == blockOldPacket {
		id = int(p.order.Uint16(b))
	}
	if id < 0 || id >= len(p.ifaces) {
		return p.f.corrupt("a packet of interface %d, but %d are described", id, len(p.ifaces))
	}
	i := &p.ifaces[id]
	sec, nsec := i.resol.split(uint64(p.order.Uint32(b[4:]))<<32 | uint64(p.order.Uint32(b[8:])))
	n := p.order.Uint32(b[12:])
	if uint64(n) > uint64(len(b)-packetFixed) {
		return p.f.corrupt("a packet of %d bytes in a block that has %d", n, len(b)-packetFixed)
	}
	pkt.time = time.Unix(sec+i.offset, nsec).UTC()
	pkt.link, pkt.iface = i.link, p.before+uint32(id)
	pkt.data = b[packetFixed : packetFixed+n]
	pkt.comment, pkt.inbound = nil, false
	if p.comments {
		return p.options(b[min(len(b), packetFixed+(int(n)+3)&^3):], func(code uint16, value []byte) {
			switch {
			case code == optionComment && pkt.comment == nil:
				pkt.comment = value
			case code == optionFlags && len(value) == 4:
				pkt.inbound = p.order.Uint32(value)&3 == 1
			}
		})
	}
	return nil
}

// simple reads a simple packet block: it has no time, and is of the first
// interface.
func (p *pcapng) simple(b []byte, pkt *packet) error {
	if len(b) < simpleFixed {
		return p.f.corrupt("a packet block of %d bytes: too short", len(b))
	}
	if len(p.ifaces) == 0 {
		return p.f.corrupt("a packet before any interface is described")
	}
	i := &p.ifaces[0]
	n := p.order.Uint32(b)
	if i.snaplen > 0 {
		n = min(n, i.snaplen)
	}
	if uint64(n) > uint64(len(b)-simpleFixed) {
		return p.f.corrupt("a packet of %d bytes in a block that has %d", n, len(b)-simpleFixed)
	}
	pkt.time = time.Time{}
	pkt.link, pkt.iface = i.link, p.before
	pkt.data = b[simpleFixed : simpleFixed+n]
	return nil
}
