package capture

import "time"

// start begins a connection. The one that it takes the place of is over when the
// new one speaks first: two machines may have one address.
func (p *packets) start(s *segment, old *flow, at time.Time) *flow {
	if old != nil && (old.open == nil || old.closed) {
		p.table.remove(old)
		old = nil
	}
	f := p.table.add(&s.key)
	f.began = at
	p.count.Connections++
	p.count.Empty++
	if f.replaces = old; old == nil {
		p.opening(f)
	}
	if last, n := f.last(); n > maxSame {
		p.retire(last, at, "given up: more connections of these addresses and ports than can be kept open")
	}
	return f
}

// opening gives the first event of a connection.
func (p *packets) opening(f *flow) {
	if f.open != nil && !f.opening {
		f.opening = true
		p.queue.push(event{flow: f, kind: Opened, time: f.began})
	}
}

// replace ends the connection that f takes the place of, unless that goes on.
func (p *packets) replace(f *flow) {
	old := f.replaces
	if old == nil {
		return
	}
	f.replaces = nil
	if !old.seen.After(f.began) || old.open == nil || old.closed || old.reset {
		p.retire(old, f.began, "a new connection has the same addresses and ports")
	}
	p.opening(f)
}

// behind reports whether others of its side wait, and the segment is not before
// them.
func (f *flow) behind(s *segment) bool {
	w := f.waiting[s.from]
	return len(w) > 0 && after(s.seq, w[0].seq) >= 0
}

// clocks measures how long acknowledgments take.
func (p *packets) clocks(f *flow, s *segment, at time.Time) {
	if s.rst {
		return
	}
	f.late = max(f.late, f.streams[s.from].clock.arrived(s.seq, s.end(), at))
	if s.has {
		f.streams[s.from.peer()].clock.acknowledged(s.ack, at)
	}
	if offset, remarkable := f.clockOffset(); remarkable && !f.clocksTold && f.opening {
		f.clocksTold = true
		p.queue.push(event{flow: f, kind: Remark, time: at, once: aboutClocks, number: int64(offset)})
	}
}

// accept takes a segment whose turn has come.
func (p *packets) accept(f *flow, s *segment, at time.Time) {
	st := &f.streams[s.from]
	if s.rst {
		p.reset(f, s, at)
		return
	}
	seq := s.seq
	if s.syn {
		seq++
	}
	if !st.started {
		st.startMiddle(seq, s.data, s.fin)
	}
	if st.adds(seq, len(s.data)) {
		p.tellHalf(f, s.from.peer())
	}
	held := st.memory
	if st.started {
		if n := st.gaveUp(seq, len(s.data)); n > 0 {
			p.count.TooLate += int64(n)
		}
		before := st.next
		p.deliver(f, s.from, st.add(seq, s.data, s.cut, at), at)
		if f.open == nil {
			return
		}
		p.cut(f, s.from, seq+uint32(len(s.data)), s.cut, before, at)
	}
	if f.open == nil {
		return
	}
	if s.fin {
		st.finish(seq + uint32(len(s.data)+s.cut))
	}
	p.memory += st.memory - held
	p.drain(f, s.from, at, false)
}

// cut goes past the bytes that a segment had before end and the capture left out.
func (p *packets) cut(f *flow, from side, end uint32, n int, before uint32, at time.Time) {
	st := &f.streams[from]
	if n == 0 || st.next != end || before == end && f.verdict == isOther {
		return
	}
	p.replace(f)
	f.lookTorn(from)
	if f.verdict == undecided {
		f.tear(from, true)
	}
	if f.verdict == isMSNP && !f.counted {
		p.isMSNP(f)
	}
	p.count.CutBytes += int64(n)
	p.queue.push(event{flow: f, kind: Remark, time: at, once: aboutCut})
	st.skip(n)
	p.queue.push(event{flow: f, kind: Lost, from: from, time: at, lost: n})
}

// handshake learns what SYN says: where a link begins, and who the client is.
func (p *packets) handshake(f *flow, s *segment) {
	if !s.syn {
		return
	}
	if f.sawSYN[s.from] {
		return
	}
	f.sawSYN[s.from], f.isn[s.from] = true, s.seq
	if st := &f.streams[s.from]; st.given == 0 && len(st.held) == 0 || !st.started {
		st.start(s.seq + 1)
	}
	if !f.known {
		f.known, f.client = true, s.from
		if s.has {
			f.client = s.from.peer()
		}
	}
}

// deliver takes bytes that come next in a link.
func (p *packets) deliver(f *flow, from side, b []byte, at time.Time) {
	if len(b) == 0 {
		return
	}
	if !f.data {
		f.data = true
		p.count.Empty--
	}
	p.replace(f)
	p.begins(f, from, b)
	if f.verdict == isMSNP && f.carrier == nil && f.midStream() && f.streams[from].given <= maxProbedMiddle {
		f.isGateway(from, b) // what came before was a body
	}
	if f.verdict == undecided && f.twin == nil {
		f.look(from, b)
		switch f.verdict {
		case isMSNP:
			p.isMSNP(f)
		case isOther:
			p.passOver(f)
		}
	}
	if f.open != nil && f.twin != nil {
		p.resembles(f, false)
	}
	if f.verdict != isOther {
		p.queue.push(event{flow: f, kind: Data, from: from, time: at, data: b})
	}
}

// begins keeps what the connection begins with.
func (p *packets) begins(f *flow, from side, b []byte) {
	if f.begins == nil {
		f.begins = &beginning{}
	}
	if len(f.begins.side[from]) < maxBeginning {
		f.begins.take(from, f.streams[from].next-uint32(len(b)), b)
	}
}

// isMSNP takes note of a connection that turned out to be MSNP. If it may be another
// capture of one that is known it stays undecided.
func (p *packets) isMSNP(f *flow) {
	f.counted = true
	if f.twin = p.findTwin(f, f.client); f.twin != nil {
		f.verdict = undecided
		return
	}
	p.isAlone(f)
	p.sameAddress(f)
}

// drain delivers what was held and is next now, and notes the end of a link. What
// is behind bytes that were given up has the time when it came.
func (p *packets) drain(f *flow, from side, at time.Time, gaveUp bool) {
	if f.open == nil {
		return
	}
	st := &f.streams[from]
	for len(st.held) > 0 {
		held, before := st.memory, st.next
		b, ok := st.pop()
		p.memory += st.memory - held
		if !ok {
			break
		}
		when := at
		if gaveUp {
			when = b.at
		}
		if p.deliver(f, from, b.data, when); f.open == nil {
			return
		}
		p.cut(f, from, st.next, b.cut, before, when)
	}
	if !st.over() || f.reset {
		return
	}
	if !f.anyDone {
		f.anyDone, f.first = true, from
		f.halfDue, f.halfAt = true, at
		p.observe(f)
	}
	if other := &f.streams[from.peer()]; other.done || !other.seen && st.given > 0 {
		p.close(f, event{time: at, from: f.first, known: true})
	}
}
