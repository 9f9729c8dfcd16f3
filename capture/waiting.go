package capture

import (
	"bytes"
	"slices"
	"time"
)

// What a side sends is an answer to what it has acknowledged. Where that is not
// here yet, the answer waits: so records come in the order of the conversation,
// also if captures were merged whose clocks differ, and a hole is told before what
// lies behind it.

const (
	// How long a side is waited for of which there is no packet at all. Both must
	// have passed.
	unseenPatience        = 60 * time.Second
	unseenPatiencePackets = 256
	// What of one side may wait for the other at most.
	maxWaitingBytes  = 1 << 20
	maxWaitingPieces = 4096
)

// waiting is a segment that waits for what it answers.
type waiting struct {
	segment
	at     time.Time // its own
	since  time.Time // when it was read
	packet int64     // how many there were then
}

func (w *waiting) memory() int { return len(w.data) + pieceOverhead }

// end is the place behind a segment.
func (s *segment) end() uint32 {
	n := uint32(len(s.data) + s.cut)
	if s.syn {
		n++
	}
	if s.fin {
		n++
	}
	return s.seq + n
}

// blocked reports whether the segment answers what is not here yet.
func (f *flow) blocked(s *segment) bool {
	peer := &f.streams[s.from.peer()]
	if !peer.seen {
		return s.has && !f.alone
	}
	if w := f.waiting[s.from.peer()]; !peer.started {
		return s.has && len(w) > 0 && after(s.ack, w[0].seq) > 0
	}
	need := s.ack
	if !s.has {
		if !peer.hasAck {
			return false
		}
		need = peer.acked
	}
	d := after(need, peer.next)
	// One more may be a FIN.
	return d > 0 && d <= maxAckReach && !(d == 1 && (peer.ended || len(f.waiting[s.from.peer()]) == 0))
}

// park lets a segment wait. Its bytes are copied.
func (p *packets) park(f *flow, s *segment, at time.Time) {
	list := f.waiting[s.from]
	i := len(list)
	for i > 0 && after(list[i-1].seq, s.seq) > 0 {
		i--
	}
	if i > 0 {
		if l := &list[i-1]; l.seq == s.seq && len(l.data) >= len(s.data) && l.fin == s.fin && l.rst == s.rst {
			return // a copy
		}
	}
	w := waiting{segment: *s, at: at, since: p.now, packet: p.count.Packets}
	w.data = bytes.Clone(s.data)
	f.waiting[s.from] = slices.Insert(list, i, w)
	p.memory += w.memory()
	f.waits += w.memory()
	p.observe(f)
}

// unpark takes the first of a side that wait.
func (p *packets) unpark(f *flow, from side) waiting {
	w := f.waiting[from][0]
	f.waiting[from][0] = waiting{}
	if f.waiting[from] = f.waiting[from][1:]; len(f.waiting[from]) == 0 {
		f.waiting[from] = nil
	}
	p.memory -= w.memory()
	f.waits -= w.memory()
	return w
}

// hole returns how many bytes of a side are known to be missing next, and whether
// the other has acknowledged them.
func (f *flow) hole(s side) (n int, acked bool) {
	ahead := 0
	if w := f.waiting[s]; len(w) > 0 {
		if ahead = after(w[0].seq, f.streams[s].next); ahead <= 0 {
			return 0, false
		}
	}
	return f.streams[s].missing(ahead)
}

// acceptable is how long bytes may come after their acknowledgment.
func (f *flow) acceptable() time.Duration { return ackedPatience + 2*f.late }

// settle takes the segments whose time has come: those that answer what is here,
// and those that have waited for too long.
func (p *packets) settle(f *flow, at time.Time) {
	for f.open != nil && !f.closed {
		p.patience(f, at)
		if f.open == nil || f.closed || !p.release(f) {
			return
		}
	}
}

// releaseReady takes one segment that need not wait, and reports false if there is
// none.
func (p *packets) releaseReady(f *flow) bool {
	if f.open == nil || f.closed || f.waits == 0 {
		return false
	}
	from, any := f.eldest(true)
	if any {
		w := p.unpark(f, from)
		p.accept(f, &w.segment, w.at)
	}
	return any
}

// release takes one segment, or gives up one hole that it waits for. It reports
// false if none is ready.
func (p *packets) release(f *flow) bool {
	if p.releaseReady(f) {
		return true
	}
	if f.open == nil || f.closed || f.waits == 0 {
		return false
	}
	from, any := f.eldest(false)
	if !any {
		return false
	}
	w := &f.waiting[from][0]
	waited, packets := p.now.Sub(w.since), p.count.Packets-w.packet
	switch {
	case f.waits > maxWaitingBytes || len(f.waiting[0])+len(f.waiting[1]) > maxWaitingPieces:
	case f.streams[from.peer()].seen:
		// patience gives up holes; what waits for none must not wait for ever.
		if waited < 2*f.acceptable() || packets < 2*ackedPatiencePackets && !p.live {
			return false
		}
	case p.live:
		if waited < unseenPatienceLive {
			return false
		}
	case waited < unseenPatience || packets < unseenPatiencePackets:
		return false
	}
	p.force(f, from)
	return true
}

// force takes the first segment that waits of a side, past the hole that it waits
// for, if there is one.
func (p *packets) force(f *flow, from side) {
	peer := from.peer()
	if !f.streams[peer].seen {
		f.alone = true
	} else if n, _ := f.hole(peer); n > 0 {
		p.skip(f, peer, n, f.waiting[from][0].at)
		return
	}
	w := p.unpark(f, from)
	p.accept(f, &w.segment, w.at)
}

// eldest returns the side of the segment that waits for the longest, of those that
// need not wait any longer if ready is set.
func (f *flow) eldest(ready bool) (from side, any bool) {
	for s := range side(2) {
		w := f.waiting[s]
		if len(w) == 0 || ready && f.blocked(&w[0].segment) {
			continue
		}
		if !any || w[0].at.Before(f.waiting[from][0].at) {
			from, any = s, true
		}
	}
	return from, any
}

// settleAll takes what waits in all connections, in the order of time: there are
// no more packets.
func (p *packets) settleAll() {
	type due struct {
		f  *flow
		at time.Time
	}
	var all []due
	for f := range p.table.all() {
		if f.open == nil || f.closed {
			continue
		}
		for s := range side(2) {
			for i := range f.waiting[s] {
				all = append(all, due{f, f.waiting[s][i].at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b due) int { return a.at.Compare(b.at) })
	for _, d := range all {
		p.settleUntil(d.f, d.at)
	}
}

// settleUntil takes what waits in a connection and is not later than a time.
func (p *packets) settleUntil(f *flow, until time.Time) {
	for f.open != nil && !f.closed {
		if from, any := f.eldest(true); any && !f.waiting[from][0].at.After(until) {
			p.releaseReady(f)
			continue
		}
		from, any := f.eldest(false)
		if !any || f.waiting[from][0].at.After(until) {
			return
		}
		p.force(f, from)
	}
}
