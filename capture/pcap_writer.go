package capture

import (
	"encoding/binary"
	"fmt"
	"io"
)

// PcapWriter writes records as a pcap file, with the packets that [Writer] makes:
// nanoseconds, LINKTYPE_RAW. A pcap has no comments, so what packets can't say is
// lost: what was sent on instead of what was received, remarks, names of hosts.
type PcapWriter struct {
	w   io.Writer
	ng  *Writer
	buf []byte
}

// NewPcapWriter writes the head of a file.
func NewPcapWriter(w io.Writer) (*PcapWriter, error) {
	p := &PcapWriter{w: w}
	head := binary.LittleEndian.AppendUint32(nil, magicNano)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, 1<<18)
	head = binary.LittleEndian.AppendUint32(head, linkRaw)
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	var err error
	p.ng, err = NewWriter(p, "")
	return p, err
}

// WriteRecord writes one record.
func (p *PcapWriter) WriteRecord(r *Record) error {
	if r.Conn == nil || r.Kind == Remark || r.Kind == Became {
		return nil
	}
	return p.ng.WriteRecord(r)
}

// Write takes the blocks of the pcapng writer, and writes their packets.
func (p *PcapWriter) Write(b []byte) (int, error) {
	p.buf = p.buf[:0]
	for at := 0; at < len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+4:]))
		if n < blockOverhead || at+n > len(b) {
			return 0, fmt.Errorf("a block of %d bytes at %d of %d", n, at, len(b))
		}
		if block := b[at : at+n]; binary.LittleEndian.Uint32(block) == blockPacket {
			ns := uint64(binary.LittleEndian.Uint32(block[12:]))<<32 | uint64(binary.LittleEndian.Uint32(block[16:]))
			size := binary.LittleEndian.Uint32(block[20:])
			p.buf = binary.LittleEndian.AppendUint32(p.buf, uint32(ns/1e9))
			p.buf = binary.LittleEndian.AppendUint32(p.buf, uint32(ns%1e9))
			p.buf = append(p.buf, block[20:28]...)
			p.buf = append(p.buf, block[packetHead:packetHead+size]...)
		}
		at += n
	}
	if len(p.buf) > 0 {
		if _, err := p.w.Write(p.buf); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
