package capture

import (
	"container/heap"
	"errors"
	"io"
	"time"
)

// packetMerge gives the packets of several captures in order of time, so that a
// connection may go on from one into the next.
type packetMerge struct {
	sources    []*packetsFrom
	given      *packetsFrom
	errs       []error
	formatName string
}

// packetsFrom is one capture of several.
type packetsFrom struct {
	name   string
	number int
	r      *Reader
	src    packetSource
	pkt    packet
	at     time.Time
	early  bool
}

// begin reads the first packet of each. Where there are many files they are closed
// until their turn.
func (m *packetMerge) begin() {
	all := m.sources
	m.sources = nil
	for i, s := range all {
		if !m.read(s) {
			continue
		}
		if i >= manyOpen {
			s.r.Close()
			s.r, s.src, s.pkt, s.early = nil, nil, packet{}, true
		}
		m.sources = append(m.sources, s)
	}
	heap.Init(m)
}

func (m *packetMerge) format() string { return m.formatName }

// read reads the next packet of a source, and reports false if there is none.
func (m *packetMerge) read(s *packetsFrom) bool {
	err := s.src.next(&s.pkt)
	if err == nil {
		if s.pkt.time.After(s.at) {
			s.at = s.pkt.time
		}
		return true
	}
	if !errors.Is(err, io.EOF) {
		m.errs = append(m.errs, err)
	}
	s.r.Close()
	return false
}

func (m *packetMerge) next(pkt *packet) error {
	if s := m.given; s != nil {
		m.given = nil
		if m.read(s) {
			heap.Fix(m, 0)
		} else {
			heap.Pop(m)
		}
	}
	for len(m.sources) > 0 {
		s := m.sources[0]
		if s.early {
			s.early = false
			if !m.reopen(s) {
				heap.Pop(m)
				continue
			}
		}
		m.given = s
		*pkt = s.pkt
		return nil
	}
	if len(m.errs) > 0 {
		return errors.Join(m.errs...)
	}
	return io.EOF
}

// reopen opens a capture again, at its first packet.
func (m *packetMerge) reopen(s *packetsFrom) bool {
	r, err := Open(s.name)
	if err != nil {
		m.errs = append(m.errs, err)
		return false
	}
	p, ok := r.in.(*packets)
	if !ok {
		r.Close()
		m.errs = append(m.errs, &FormatError{s.name, "another kind of file than a moment ago"})
		return false
	}
	s.r, s.src = r, p.src
	return m.read(s)
}

// Close lets go of the files.
func (m *packetMerge) Close() error {
	var errs []error
	for _, s := range m.sources {
		if s.r != nil {
			errs = append(errs, s.r.Close())
		}
	}
	m.sources = nil
	return errors.Join(errs...)
}

// Len, Less, Swap, Push and Pop are those of a heap.
func (m *packetMerge) Len() int { return len(m.sources) }

// Less compares times.
func (m *packetMerge) Less(i, j int) bool {
	a, b := m.sources[i], m.sources[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.number < b.number
}

// Swap swaps two captures.
func (m *packetMerge) Swap(i, j int) { m.sources[i], m.sources[j] = m.sources[j], m.sources[i] }

// Push adds a capture.
func (m *packetMerge) Push(x any) { m.sources = append(m.sources, x.(*packetsFrom)) }

// Pop takes off the last.
func (m *packetMerge) Pop() any {
	last := len(m.sources) - 1
	x := m.sources[last]
	m.sources = m.sources[:last]
	return x
}
