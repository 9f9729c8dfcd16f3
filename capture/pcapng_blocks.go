package capture

import (
	"encoding/binary"
	"time"

	"msnproxy/decode"
)

// segment appends a TCP segment as a packet block.
func (w *Writer) segment(at time.Time, c *written, from decode.Sender, flags byte, data, comment []byte) {
	i := index(from)
	s := madeSegment{from: c.client, to: c.server, seq: c.next[i], flags: flags, data: data}
	if from == decode.Server {
		s.from, s.to = c.server, c.client
	}
	if flags&tcpACK != 0 {
		s.ack = c.next[1-i]
		c.acked[1-i] = s.ack
	}
	start := w.beginPacket(at)
	w.buf = appendSegment(w.buf, &s)
	w.endPacket(start, from, comment)
	c.next[i] += uint32(len(data))
	limit := uint32(ackEvery)
	if c.midStream {
		limit = ackEveryMidStream
	}
	if c.next[i]-c.acked[i] > limit {
		w.segment(at, c, from.Peer(), tcpACK, nil, nil)
	}
}

// datagram appends a packet of no connection, for its comment.
func (w *Writer) datagram(at time.Time, comment []byte) {
	start := w.beginPacket(at)
	w.buf = appendDatagram(w.buf)
	w.endPacket(start, 0, comment)
}

// packetHead is the length of an enhanced packet block before its data.
const packetHead = 8 + packetFixed

// beginPacket begins an enhanced packet block; the packet is to be appended to
// buf, and endPacket ends the block.
func (w *Writer) beginPacket(at time.Time) (start int) {
	w.packets++
	start = len(w.buf)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, blockPacket)
	w.buf = append(w.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	w.buf = appendTime(w.buf, at)
	w.buf = append(w.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	return start
}

func (w *Writer) endPacket(start int, from decode.Sender, comment []byte) {
	b := w.buf
	n := uint32(len(b) - start - packetHead)
	binary.LittleEndian.PutUint32(b[start+packetHead-8:], n)
	binary.LittleEndian.PutUint32(b[start+packetHead-4:], n)
	b = pad4(b, start)
	if comment != nil {
		b = appendOption(b, optionComment, comment)
	}
	switch from {
	case decode.Client: // inbound: to the server
		b = append(b, optionFlags, 0, 4, 0, 1, 0, 0, 0)
	case decode.Server:
		b = append(b, optionFlags, 0, 4, 0, 2, 0, 0, 0)
	}
	b = append(b, 0, 0, 0, 0) // end of options
	w.buf = endBlock(b, start)
}

// appendTime appends a timestamp in nanoseconds. A time that is not known is 0,
// 1970.
func appendTime(b []byte, at time.Time) []byte {
	ns := uint64(0)
	if !at.IsZero() {
		ns = uint64(at.UnixNano())
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(ns>>32))
	return binary.LittleEndian.AppendUint32(b, uint32(ns))
}

func appendBlock(b []byte, typ uint32, body []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, typ)
	b = append(b, 0, 0, 0, 0)
	return endBlock(append(b, body...), start)
}

// endBlock writes the length of the block that begins at start, before and behind
// its body.
func endBlock(b []byte, start int) []byte {
	b = pad4(b, start)
	n := uint32(len(b) - start + 4)
	binary.LittleEndian.PutUint32(b[start+4:], n)
	return binary.LittleEndian.AppendUint32(b, n)
}

// appendOption appends an option; values that are too long for one are cut.
func appendOption(b []byte, code uint16, value []byte) []byte {
	value = value[:min(len(value), 0xffff)]
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	start := len(b)
	return pad4(append(b, value...), start)
}

func pad4(b []byte, start int) []byte {
	for (len(b)-start)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
