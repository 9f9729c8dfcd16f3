package capture

import (
	"bytes"
	"math"
	"slices"
	"time"
)

// gopacket/reassembly is not used: it gives up a hole only when told to flush
// all connections, whatever the other end has acknowledged; a FIN or RST that
// comes ahead of a hole is dropped; a SYN on a connection that it takes for open
// is ignored, so that two connections with one pair of ports run together; and it
// takes some three times as long (gopacket 1.7.7).

const (
	// maxHeld and maxHeldPieces bound what of one link waits for missing bytes.
	maxHeld       = 1 << 20
	maxHeldPieces = 4096
	// Bytes that the other end has acknowledged were on the wire: they are waited
	// for only as long as a capture may shuffle packets.
	ackedPatience        = 200 * time.Millisecond
	ackedPatiencePackets = 64
	// Bytes that were not may still be sent again.
	patience        = 60 * time.Second
	patienceAlone   = 5 * time.Second // when the other end can't be seen
	maxReach        = 1 << 30         // a sequence number farther off is a stray
	maxAckReach     = 64 << 20        // an acknowledgment farther off is
	keepAliveLength = 1               // bytes of a keep-alive, at most
)

// stream puts the bytes of one link in order. Sequence numbers are modulo 2^32.
type stream struct {
	seen     bool // there was a packet
	started  bool
	begun    uint32 // the first byte
	next     uint32 // the first byte that was not delivered
	given    int64  // bytes delivered
	hinted   bool   // a segment without data was seen before the first with data,
	hint     uint32 // at this place
	hasAck   bool
	firstAck uint32 // what the other end acknowledged first,
	acked    uint32 // and last
	ended    bool   // a FIN was seen,
	end      uint32 // at this place,
	done     bool   // and everything up to it delivered
	held     []piece
	memory   int // of held

	hole      bool      // next is missing,
	holeSince time.Time // since then,
	holeCount int       // when the connection had so many packets

	lost             bool // bytes were given up,
	lostFrom, lostTo uint32

	clock clock
}

// piece is a part of the stream that came too early.
type piece struct {
	seq  uint32
	data []byte
	cut  int // bytes behind it that the capture has left out
	at   time.Time
}

// after returns how far a lies after b: negative if it lies before. It is never so
// far before that an int of 32 bits has no opposite of it.
func after(a, b uint32) int { return int(max(int32(a-b), -math.MaxInt32)) }

// start sets the place where the stream begins.
func (s *stream) start(seq uint32) {
	s.started, s.begun, s.next = true, seq, seq
}

// startMiddle starts a stream of which no SYN was seen, at a segment at seq. What
// the other end has acknowledged first tells where the bytes begin that the
// capture should have, and so do segments without data. Those, and a single NUL,
// may be a keep-alive, which repeats the last byte's place: they start nothing.
func (s *stream) startMiddle(seq uint32, b []byte, fin bool) {
	if (len(b) == 0 || len(b) == keepAliveLength && b[0] == 0) && !fin {
		if !s.hinted {
			s.hinted, s.hint = true, seq
		}
		return
	}
	switch {
	case s.hasAck && within(after(seq, s.firstAck), 0):
		seq = s.firstAck
	case s.hinted && within(after(seq, s.hint), keepAliveLength):
		seq = s.hint
	}
	s.start(seq)
}

// within reports whether a distance is more than least, and believable.
func within(d, least int) bool { return d > least && d <= maxAckReach }

// acknowledge takes the other end's acknowledgment number.
func (s *stream) acknowledge(ack uint32) {
	if !s.hasAck {
		s.hasAck, s.firstAck, s.acked = true, ack, ack
	} else if d := after(ack, s.acked); d > 0 && d < maxAckReach {
		s.acked = ack
	}
}

// add takes the bytes of a segment at seq, of which the capture has left out cut
// at the end. It returns what of them is next in the stream; bytes that come too
// early are copied and held.
func (s *stream) add(seq uint32, b []byte, cut int, at time.Time) []byte {
	d := after(seq, s.next)
	if d > maxReach || len(b) == 0 && cut == 0 {
		return nil
	}
	if d > 0 {
		s.hold(piece{seq, b, cut, at})
		return nil
	}
	if -d >= len(b) {
		return nil
	}
	b = b[-d:]
	s.advance(len(b))
	return b
}

// adds reports whether n bytes at seq go on behind all that were seen.
func (s *stream) adds(seq uint32, n int) bool {
	end := s.next
	if last := len(s.held) - 1; last >= 0 {
		end = s.held[last].seq + uint32(len(s.held[last].data))
	}
	return n > 0 && within(after(seq+uint32(n), end), 0)
}

func (s *stream) advance(n int) {
	s.next += uint32(n)
	s.given += int64(n)
	s.hole = false
}

// pop returns the next bytes of the stream if they are held. There may be none in
// the piece it returns, but more of them missing behind it.
func (s *stream) pop() (piece, bool) {
	for len(s.held) > 0 {
		p := s.held[0]
		d := after(p.seq, s.next)
		if d > 0 {
			return piece{}, false
		}
		s.held[0] = piece{}
		s.held = s.held[1:]
		s.memory -= len(p.data) + pieceOverhead
		if -d < len(p.data)+p.cut {
			p.data = p.data[min(-d, len(p.data)):]
			s.advance(len(p.data))
			return p, true
		}
	}
	s.held = nil
	return piece{}, false
}

// hold keeps bytes that came too early, in the order of their sequence numbers.
// Of two copies of a byte the one that is held already counts, as it is met
// first, unless the new one begins earlier.
func (s *stream) hold(p piece) {
	i := len(s.held)
	for i > 0 && after(s.held[i-1].seq, p.seq) > 0 {
		i--
	}
	if i > 0 {
		before := s.held[i-1]
		if after(p.seq, before.seq)+len(p.data) <= len(before.data) && p.cut <= before.cut {
			return // a copy
		}
	}
	p.data = bytes.Clone(p.data)
	s.held = slices.Insert(s.held, i, p)
	s.memory += len(p.data) + pieceOverhead
}

// finish takes the place of a FIN.
func (s *stream) finish(seq uint32) {
	if d := after(seq, s.next); !s.ended && d >= 0 && d <= maxReach {
		s.ended, s.end = true, seq
	}
}

// over reports, once, that everything up to the FIN has been delivered.
func (s *stream) over() bool {
	if s.ended && !s.done && after(s.next, s.end) >= 0 {
		s.done = true
		return true
	}
	return false
}

// missing returns how many bytes are known to be missing at next, before the
// next bytes that are here or the end. acked says that the other end has them;
// ahead, if it is positive, that there are bytes so far ahead of next.
func (s *stream) missing(ahead int) (n int, acked bool) {
	if !s.started || s.done {
		return 0, false
	}
	if len(s.held) > 0 {
		n = after(s.held[0].seq, s.next)
	} else if s.ended {
		n = after(s.end, s.next)
	}
	if ahead > 0 && (n == 0 || ahead < n) {
		n = ahead
	}
	if !s.hasAck {
		return n, false
	}
	a := after(s.acked, s.next)
	if a <= 0 || a > maxAckReach {
		return n, false
	}
	if n == 0 {
		if a == 1 {
			a = 0 // it may be a FIN that the capture has lost
		}
		return a, a > 0
	}
	return min(n, a), true
}

// impatient reports whether the n missing bytes have been waited for long enough:
// those that were acknowledged for the time that is given. It is called when the
// connection has had so many packets, and when time has passed.
func (s *stream) impatient(n int, acked bool, now time.Time, packets int, acceptable time.Duration, alone, live bool) bool {
	if n <= 0 {
		s.hole = false
		return false
	}
	if !s.hole {
		s.hole, s.holeSince, s.holeCount = true, now, packets
	}
	waited := now.Sub(s.holeSince)
	switch {
	case s.memory > maxHeld || len(s.held) > maxHeldPieces:
	case acked && (waited >= acceptable || acceptable == ackedPatience && packets-s.holeCount >= ackedPatiencePackets):
	case waited >= patience || live && (waited >= patienceLive || alone && waited >= alonePatienceLive):
	case alone && waited >= patienceAlone:
	default:
		return false
	}
	return true
}

// giveUp goes past n missing bytes that may come yet.
func (s *stream) giveUp(n int) {
	s.lostFrom, s.lostTo, s.lost = s.next, s.next+uint32(n), true
	s.skip(n)
}

// gaveUp returns how many of n bytes at seq were given up last.
func (s *stream) gaveUp(seq uint32, n int) int {
	if !s.lost {
		return 0
	}
	from, to := max(after(s.lostFrom, seq), 0), min(after(s.lostTo, seq), n)
	return max(0, to-from)
}

// skip goes past n missing bytes.
func (s *stream) skip(n int) {
	s.next += uint32(n)
	s.hole = false
}
