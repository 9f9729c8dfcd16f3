package p2p

import (
	"crypto/sha1"
	"hash"
	"io"
	"slices"
)

// maxHeld is how many bytes of a content are held until what is before them comes.
const maxHeld = 4 << 20

// Stream puts the content of one transfer in order, whatever order it comes in, and
// works out its SHA-1. What comes ahead of its place is held, 4 MiB at most; of what
// comes beyond that it is only known that it came. What came before is passed over.
//
// The zero Stream is ready for use.
type Stream struct {
	// Out is given the content in order; nil: nobody wants it. What it returns as an
	// error ends that, and is Err.
	Out io.Writer
	Err error

	hash  hash.Hash
	next  uint64 // where what was given out ends
	come  ranges
	held  []chunk // ahead of next, in order of their places
	size  int     // of held
	total uint64
	known bool
	early []chunk // their place counts from the end, which is not known yet

	recall  *recall
	altered *uint64
}

// Remember has it remember what comes, as far as it does (see Altered): some 64 KiB, and
// 40 bytes for each packet behind them. Forget ends that.
func (s *Stream) Remember() { s.recall = new(recall) }

// Forget lets go what Remember has kept.
func (s *Stream) Forget() { s.recall = nil }

// Altered returns the place of the first byte that came twice, and the second time was
// another, since it was asked last; false if there is none.
func (s *Stream) Altered() (at uint64, ok bool) {
	if s.altered == nil {
		return 0, false
	}
	at = *s.altered
	s.altered = nil
	return at, true
}

// Reach is where the last of what has come ends.
func (s *Stream) Reach() uint64 { return s.come.reach() }

type chunk struct {
	at   uint64
	data []byte
}

// Expect tells how many bytes there will be, if that is known from elsewhere. What
// packets say comes first.
func (s *Stream) Expect(total uint64) {
	if !s.known {
		s.total, s.known = total, true
		s.settle()
	}
}

// Total returns how many bytes there are to be, as far as that is known.
func (s *Stream) Total() (n uint64, known bool) { return s.total, s.known }

// Received is how many bytes have come, each counted once.
func (s *Stream) Received() uint64 { return s.come.size }

// Whole reports whether everything has come. Of what has no bytes that can't be told.
func (s *Stream) Whole() bool { return s.known && s.come.has(0, s.total) && s.total > 0 }

// Hole returns the first stretch that has not come, from start up to, not including,
// end; false if there is none, or the size is not known.
func (s *Stream) Hole() (start, end uint64, ok bool) {
	if !s.known {
		return 0, 0, false
	}
	h, ok := s.come.hole(s.total)
	return h.start, h.end, ok
}

// Sum returns the SHA-1 of the content; nil if not all of it was seen in order.
func (s *Stream) Sum() []byte {
	if !s.Whole() || s.next != s.total || s.hash == nil {
		return nil
	}
	return s.hash.Sum(nil)
}

// Snapshot returns what has come so far as it is now. No more can be added to it.
func (s *Stream) Snapshot() Stream {
	return Stream{Err: s.Err, next: s.next, come: ranges{slices.Clone(s.come.list), s.come.size}, total: s.total, known: s.known}
}

// Add takes a packet with content. It returns how many of its bytes are new, and what
// the total was before, if the packet says otherwise and that counts from here on.
func (s *Stream) Add(p *Packet) (fresh int, was uint64, changed bool) {
	total, says := p.Total, p.Version == V1
	if p.Version == V2 && p.First() {
		total, says = uint64(len(p.Data))+p.Remaining, true
	}
	if says && total > 0 && (!s.known || s.total != total) {
		was, changed = s.total, s.known
		s.total, s.known = total, true
		s.settle()
	}
	if p.Version == V1 {
		return s.place(p.Offset, p.Data), was, changed
	}
	if !s.known {
		if s.size+len(p.Data) <= maxHeld {
			s.early = append(s.early, chunk{p.Remaining, slices.Clone(p.Data)})
			s.size += len(p.Data)
		}
		return len(p.Data), was, changed
	}
	return s.fromEnd(p.Remaining, p.Data), was, changed
}

// settle puts what came before the total was known where it belongs.
func (s *Stream) settle() {
	early := s.early
	s.early = nil
	for _, c := range early {
		s.size -= len(c.data)
		s.fromEnd(c.at, c.data)
	}
}

// fromEnd places data by the number of bytes behind it.
func (s *Stream) fromEnd(behind uint64, data []byte) int {
	if end := s.total - behind; behind <= s.total && uint64(len(data)) <= end {
		return s.place(end-uint64(len(data)), data)
	}
	return 0
}

// place takes data at a place, and gives out what is in order by it.
func (s *Stream) place(at uint64, data []byte) int {
	end := at + uint64(len(data))
	if end < at || end > 1<<63-1 {
		return 0 // nobody has so much
	}
	if s.recall != nil {
		if i := s.recall.differs(at, data); i >= 0 && s.altered == nil {
			place := at + uint64(i)
			s.altered = &place
		}
	}
	if s.come.has(at, end) {
		return 0
	}
	if at > s.next {
		if s.size+len(data) > maxHeld {
			return int(s.come.add(at, end)) // it came, but is lost to us
		}
		i, _ := slices.BinarySearchFunc(s.held, at, func(c chunk, at uint64) int {
			if c.at < at {
				return -1
			}
			return 1
		})
		fresh := s.come.add(at, end)
		if fresh > 0 {
			s.held = slices.Insert(s.held, i, chunk{at, slices.Clone(data)})
			s.size += len(data)
		}
		return int(fresh)
	}
	fresh := s.come.add(at, end)
	s.give(at, data)
	for len(s.held) > 0 && s.held[0].at <= s.next {
		c := s.held[0]
		s.held = s.held[1:]
		s.size -= len(c.data)
		s.give(c.at, c.data)
	}
	return int(fresh)
}

// give gives out what of the data is behind what was given out.
func (s *Stream) give(at uint64, data []byte) {
	if at > s.next || at+uint64(len(data)) <= s.next {
		return
	}
	data = data[s.next-at:]
	if s.hash == nil {
		s.hash = sha1.New()
	}
	s.hash.Write(data)
	s.next += uint64(len(data))
	if s.Out != nil && s.Err == nil {
		_, s.Err = s.Out.Write(data)
	}
}
