package proxytest

import (
	"encoding/binary"
	"errors"
)

// Packets of P2P version 2 (MSNP16 and later): a header, a header of the data with a
// package number and a session, the data, a footer. Numbers are big-endian.

const (
	objectApplication = 12   // a display picture, in the footer and in AppID
	mostData          = 1222 // in a packet, as the official client has it
	syn, rak          = 1, 2
	ackTLV            = 2
)

type packetsV2 struct {
	carrier
	sequence uint32
	number   uint16 // of the package
	told     bool   // the first packet, with what this program can, is sent
}

func (p *packetsV2) keys() string { return "AppID: 12\nRequestFlags: 18\n" }

// say sends a package.
func (p *packetsV2) say(session uint32, data []byte, object bool) error {
	kind, footer := byte(0), uint32(0)
	if session != 0 {
		footer = objectApplication
	}
	if object {
		kind = 4
	}
	p.number++
	for first := true; len(data) > 0; first = false {
		n := min(len(data), mostData)
		if err := p.packet(session, kind, data[:n], uint32(len(data)-n), footer, first, first && session == 0); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// packet sends one packet. left is what remains of the package after it.
func (p *packetsV2) packet(session uint32, kind byte, data []byte, left, footer uint32, first, ask bool) error {
	dataHeader := []byte{8, kind}
	if first {
		dataHeader[1] |= 1
	}
	dataHeader = binary.BigEndian.AppendUint16(dataHeader, p.number)
	dataHeader = binary.BigEndian.AppendUint32(dataHeader, session)
	if left > 0 {
		dataHeader[0] = 20
		dataHeader = append(dataHeader, 1, 8)
		dataHeader = binary.BigEndian.AppendUint64(dataHeader, uint64(left))
		dataHeader = append(dataHeader, 0, 0)
	}
	header := []byte{8, 0, 0, 0}
	var about []byte
	if !p.told {
		header[1] |= syn
		about = append(about, 1, 12, 2, 0, 0, 0, 0x0e, 0, 0, 0, 0x0f, 1, 0, 0)
		p.told = true
	}
	if ask {
		header[1] |= rak
	}
	return p.put(header, about, append(dataHeader, data...), footer)
}

func (p *packetsV2) put(header, about, body []byte, footer uint32) error {
	for len(about)%4 != 0 {
		about = append(about, 0)
	}
	header[0] = byte(8 + len(about))
	binary.BigEndian.PutUint16(header[2:], uint16(len(body)))
	header = binary.BigEndian.AppendUint32(header, p.sequence)
	p.sequence += uint32(len(body))
	packet := append(append(header, about...), body...)
	return p.send(binary.BigEndian.AppendUint32(packet, footer))
}

func (p *packetsV2) acked() error {
	return p.await(func(b []byte) bool {
		return len(b) >= 14 && b[0] >= 14 && binary.BigEndian.Uint16(b[2:]) == 0 &&
			b[8] == ackTLV && b[9] == 4 && binary.BigEndian.Uint32(b[10:]) == p.sequence
	})
}

func (p *packetsV2) receive() (data []byte, ack func() error, err error) {
	for {
		b, err := p.next()
		if err != nil {
			return nil, nil, err
		}
		if len(b) < 12 || int(b[0])+4 > len(b) {
			return nil, nil, errors.New("what came is no P2P packet of version 2")
		}
		n := binary.BigEndian.Uint16(b[2:])
		if n == 0 {
			continue // an acknowledgement
		}
		body := b[b[0] : len(b)-4]
		if len(body) != int(n) || len(body) < 8 || int(body[0]) > len(body) {
			return nil, nil, errors.New("the lengths of a P2P packet do not agree")
		}
		next := binary.BigEndian.Uint32(b[4:]) + uint32(n)
		return body[body[0]:], func() error {
			return p.put([]byte{8, 0, 0, 0}, binary.BigEndian.AppendUint32([]byte{ackTLV, 4}, next), nil, 0)
		}, nil
	}
}
