package proxytest

import (
	"encoding/binary"
	"errors"
)

// Packets of P2P version 1 (MSNP9 to 15): a header of 48 bytes, the data, a footer.
// Numbers are little-endian, but for the footer.

const (
	headerV1       = 48
	mostDataV1     = 1202 // in a packet, as the official client has it
	ackFlag        = 0x02
	objectFlag     = 0x20
	pictureSession = 1 // a display picture, in the footer and in AppID
)

type packetsV1 struct {
	carrier
	id uint32 // of the newest blob
}

func (p *packetsV1) keys() string { return "AppID: 1\n" }

// packetV1 is the header of a packet.
type packetV1 struct {
	session, id   uint32
	offset, total uint64
	size, flags   uint32
	ackID, unique uint32
	ackSize       uint64
}

func (h packetV1) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(le.AppendUint32(b, h.session), h.id)
	b = le.AppendUint64(le.AppendUint64(b, h.offset), h.total)
	b = le.AppendUint32(le.AppendUint32(b, h.size), h.flags)
	return le.AppendUint64(le.AppendUint32(le.AppendUint32(b, h.ackID), h.unique), h.ackSize)
}

func parseV1(b []byte) (h packetV1, data []byte, err error) {
	if len(b) < headerV1+4 {
		return h, nil, errors.New("what came is no P2P packet of version 1")
	}
	le := binary.LittleEndian
	h = packetV1{le.Uint32(b), le.Uint32(b[4:]), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint32(b[24:]), le.Uint32(b[28:]),
		le.Uint32(b[32:]), le.Uint32(b[36:]), le.Uint64(b[40:])}
	if data = b[headerV1 : len(b)-4]; uint64(len(data)) != uint64(h.size) {
		return h, nil, errors.New("the lengths of a P2P packet do not agree")
	}
	return h, data, nil
}

// say sends a blob.
func (p *packetsV1) say(session uint32, data []byte, object bool) error {
	p.id++
	h := packetV1{session: session, id: p.id, total: uint64(len(data)), ackID: p.id * 2654435761} // anything that is another each time
	if object {
		h.flags = objectFlag
	}
	for len(data) > 0 {
		n := min(len(data), mostDataV1)
		h.size = uint32(n)
		if err := p.put(h, data[:n]); err != nil {
			return err
		}
		data, h.offset = data[n:], h.offset+uint64(n)
	}
	return nil
}

func (p *packetsV1) put(h packetV1, data []byte) error {
	footer := uint32(0)
	if h.session != 0 && h.flags&ackFlag == 0 {
		footer = pictureSession
	}
	return p.send(binary.BigEndian.AppendUint32(append(h.append(nil), data...), footer))
}

func (p *packetsV1) acked() error {
	said := p.id
	return p.await(func(b []byte) bool {
		h, _, err := parseV1(b)
		return err == nil && h.flags&ackFlag != 0 && h.ackID == said
	})
}

func (p *packetsV1) receive() (data []byte, ack func() error, err error) {
	for {
		b, err := p.next()
		if err != nil {
			return nil, nil, err
		}
		h, data, err := parseV1(b)
		switch {
		case err != nil:
			return nil, nil, err
		case len(data) == 0:
			continue // an acknowledgement
		}
		return data, func() error {
			if h.offset+uint64(len(data)) < h.total {
				return nil // a blob is acknowledged when it is whole
			}
			p.id++
			return p.put(packetV1{session: h.session, id: p.id, total: h.total, flags: ackFlag, ackID: h.id, unique: h.ackID, ackSize: h.total}, nil)
		}, nil
	}
}
