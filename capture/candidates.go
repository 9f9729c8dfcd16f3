package capture

// A pair of addresses may stand for several connections at a time: two virtual
// machines behind NATs of their own have the same address, and a capture of two
// interfaces, VLANs or tunnels has both. A packet may also be there several times,
// as on two interfaces of one machine. Where it was captured makes a difference
// only if the sequence numbers do.

const (
	// maxSame is how many connections may have the same ends at a time.
	maxSame = 16
	// farOff is a distance of sequence numbers that no connection has left open,
	// farElsewhere one that makes another connection of what was captured
	// elsewhere.
	farOff       = 16 << 20
	farElsewhere = 256 << 10
)

// place stands for where a packet was captured: interface, VLAN, tunnel. Equal
// places have equal numbers.
type place uint64

// in returns the place within p that has the number n.
func (p place) in(kind byte, n uint32) place {
	const prime = 1099511628211 // FNV-1a
	h := uint64(p) ^ 14695981039346656037
	h = (h ^ uint64(kind)) * prime
	for range 4 {
		h = (h ^ uint64(n&0xff)) * prime
		n >>= 8
	}
	return place(h)
}

// places are those that a connection was seen at. The newest are kept.
type places struct {
	at [4]place
	n  int
}

func (p *places) has(x place) bool {
	for i := range min(p.n, len(p.at)) {
		if p.at[i] == x {
			return true
		}
	}
	return false
}

func (p *places) add(x place) {
	if !p.has(x) {
		p.at[p.n%len(p.at)] = x
		p.n++
	}
}

// trace is what is known of the sequence numbers of one side.
type trace struct {
	started, hasAck bool
	begun, next     uint32
	firstAck, acked uint32
}

func (s *stream) trace() trace {
	t := trace{started: s.started, begun: s.begun, next: s.next, hasAck: s.hasAck, firstAck: s.firstAck, acked: s.acked}
	if s.ended {
		t.next = s.end
	}
	if n := len(s.held); n > 0 && after(s.held[n-1].seq, t.next) > 0 {
		t.next = s.held[n-1].seq
	}
	return t
}

// far returns how far a sequence number is from what is known of its side.
func (t trace) far(seq uint32) (int, bool) {
	switch {
	case t.started:
		d := after(seq, t.next)
		if d < 0 && after(seq, t.begun) >= -keepAliveLength {
			return 0, true // seen before
		}
		return abs(d), true
	case t.hasAck:
		if after(seq, t.firstAck) >= 0 && after(seq, t.acked) <= 0 {
			return 0, true
		}
		return min(abs(after(seq, t.acked)), abs(after(seq, t.firstAck))), true
	}
	return 0, false
}

func abs(n int) int { return max(n, -n) }

// ofSYN reports whether a segment with SYN is of the connection.
func (f *flow) ofSYN(s *segment) bool {
	if f.sawSYN[s.from] {
		return f.isn[s.from] == s.seq
	}
	peer := s.from.peer()
	if s.has && f.sawSYN[peer] {
		if d := after(s.ack, f.isn[peer]+1); d < 0 || d > farElsewhere {
			return false
		}
	}
	t := f.trace(s.from)
	switch {
	case t.started:
		return t.begun == s.seq+1
	case t.hasAck:
		d := after(t.firstAck, s.seq+1)
		return d >= 0 && d < maxAckReach
	}
	return true
}

// distance returns how far the sequence and acknowledgment numbers of a segment
// without SYN are from those of the connection: the least and the greatest of the
// two, or of what is known of them.
func (f *flow) distance(s *segment) (least, most int) {
	a, known := f.trace(s.from).far(s.seq)
	if s.rst && !s.has {
		return a, a
	}
	if !s.has {
		return a, a
	}
	t := f.trace(s.from.peer())
	if t.hasAck && !t.started {
		// Acknowledgments are their own measure.
		if b := abs(after(s.ack, t.acked)); known {
			return min(a, b), max(a, b)
		} else {
			return b, b
		}
	}
	b, knownB := t.far(s.ack)
	switch {
	case known && knownB:
		return min(a, b), max(a, b)
	case knownB:
		return b, b
	}
	return a, a
}

// near reports whether one of the numbers is not far off: that of the bytes, as nearly
// always, or the other one.
func (f *flow) near(s *segment) bool {
	if a, known := f.trace(s.from).far(s.seq); known && a < farOff {
		return true
	}
	least, _ := f.distance(s)
	return least < farOff
}

// choose finds the connection that a segment is of: nil if it begins another one.
// old is the one that this ends, as it takes its place.
func (p *packets) choose(s *segment) (f, old *flow) {
	first := p.table.find(&s.key)
	if first == nil {
		return nil, nil
	}
	if s.syn {
		for f := first; f != nil; f = f.same {
			if f.ofSYN(s) {
				return f, nil
			}
			if f.places.has(s.place) && (old == nil || f.seen.After(old.seen)) {
				old = f
			}
		}
		return nil, old
	}
	if first.same == nil && first.places.has(s.place) {
		if len(s.data) <= keepAliveLength || s.rst || first.near(s) {
			return first, nil
		}
		return nil, nil
	}
	var best *flow
	bestHere, bestMost := false, 0
	for f := first; f != nil; f = f.same {
		here := f.places.has(s.place)
		least, most := f.distance(s)
		if here && least >= farOff || !here && most >= farElsewhere {
			continue
		}
		// Two at one place differ by their numbers, wherever they are.
		if best == nil || here == bestHere && most < bestMost || here && !bestHere {
			best, bestHere, bestMost = f, here, most
		}
	}
	if best == nil && (len(s.data) <= keepAliveLength || s.rst) {
		return first, nil // nothing to begin another one with
	}
	return best, nil
}
