package capture

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// The first four bytes of a pcap file, read as a number: in the byte order of
// the machine that wrote it.
const (
	magicMicro = 0xa1b2c3d4 // timestamps in microseconds
	magicNano  = 0xa1b23c4d // in nanoseconds
)

func swapped(m uint32) uint32 { return bits.ReverseBytes32(m) }

const (
	pcapHeader   = 24
	packetHeader = 16
)

// pcap reads the classic format of libpcap, in either byte order.
type pcap struct {
	f     *file
	order binary.ByteOrder
	link  layers.LinkType
	unit  int64 // nanoseconds in a unit of the second timestamp word
}

func newPcap(f *file) (*pcap, error) {
	h, err := f.r.Peek(pcapHeader)
	if err != nil {
		return nil, &FormatError{f.name, fmt.Sprintf("a pcap cut short in its file header (%d of %d bytes)", len(h), pcapHeader)}
	}
	p := &pcap{f: f, order: binary.LittleEndian, unit: 1000}
	m := binary.LittleEndian.Uint32(h)
	if m == swapped(magicMicro) || m == swapped(magicNano) {
		p.order = binary.BigEndian
	}
	if p.order.Uint32(h) == magicNano {
		p.unit = 1
	}
	if major := p.order.Uint16(h[4:]); major != 2 {
		return nil, &FormatError{f.name, fmt.Sprintf("a pcap of version %d.%d; 2 is understood", major, p.order.Uint16(h[6:]))}
	}
	// The upper bits tell the length of a frame check sequence.
	p.link = layers.LinkType(p.order.Uint32(h[20:]) & 0xffff)
	f.taken = pcapHeader
	return p, nil
}

func (p *pcap) format() string { return "pcap" }

func (p *pcap) next(pkt *packet) error {
	p.f.done()
	h, err := p.f.peek(packetHeader, "the header of a packet")
	if err != nil {
		return err
	}
	sec, sub := p.order.Uint32(h), p.order.Uint32(h[4:])
	n := p.order.Uint32(h[8:])
	if n > maxRecord {
		return p.f.corrupt("a packet of %d bytes: too large to be true", n)
	}
	b, err := p.f.take(packetHeader+int(n), "a packet")
	if err != nil {
		return err
	}
	pkt.time = time.Unix(int64(sec), int64(sub)*p.unit).UTC()
	pkt.link = p.link
	pkt.data = b[packetHeader:]
	return nil
}
