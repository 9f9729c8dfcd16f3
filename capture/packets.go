package capture

import "time"

const (
	// maxFlows and maxWaiting are what a Reader holds at most: connections, and
	// bytes that wait for others.
	maxFlows   = 16 << 10
	maxWaiting = 24 << 20
)

// packets is the recording that a capture's packets make.
type packets struct {
	src       packetSource
	dissect   *dissector
	packet    packet  // the one read last,
	tcp       segment // and what it holds
	table     table
	queue     queue
	watched   []*flow   // with bytes missing, or reset
	watchedAt time.Time // when watch looked at them
	now       time.Time
	count     Stats
	lastID    uint32
	memory    int   // bytes that streams and links hold
	limit     int   // of them, and of those that undecided connections hold
	ended     bool  // every packet has been read
	err       error // and why

	current event // being made records
	busy    bool
	stage   int
}

func newPackets(src packetSource) *packets {
	return &packets{src: src, dissect: newDissector(), count: Stats{Format: src.format()}, table: newTable(), limit: maxWaiting}
}

func (p *packets) stats() Stats {
	s := p.count
	s.Defragmented = p.dissect.pieces.whole
	return s
}

// next turns packets into events, and events into records.
func (p *packets) next(rec *Record) error {
	for {
		if p.busy {
			if p.record(rec) {
				return nil
			}
			continue
		}
		if e, ok := p.queue.pop(p.now); ok {
			p.begin(e)
			continue
		}
		if p.ended {
			return p.err
		}
		p.queue.own()
		p.read()
	}
}

// read reads a packet.
func (p *packets) read() {
	pkt, s := &p.packet, &p.tcp
	if err := p.src.next(pkt); err != nil {
		p.finish(err)
		return
	}
	p.count.Packets++
	if pkt.time.After(p.now) {
		p.now = pkt.time
	}
	p.watch()
	switch p.dissect.dissect(pkt, s) {
	case aTCP:
		p.segment(s, pkt.time)
	case aPiece:
		p.count.Fragments++
	case strange:
		if p.count.Strange == nil {
			p.count.Strange = make(map[string]int64)
		}
		p.count.Strange[linkName(pkt.link)]++
	default:
		p.count.NotTCP++
	}
	for p.memory+p.queue.parked > p.limit || p.table.len() > maxFlows {
		if !p.giveUpOldest() {
			break
		}
	}
}

// segment takes a TCP segment.
func (p *packets) segment(s *segment, at time.Time) {
	f := p.table.find(&s.key)
	if f != nil && s.syn && f.reused(s) {
		p.retire(f, at, "a new connection has the same addresses and ports")
		f = nil
	}
	if f == nil {
		if s.rst && len(s.data) == 0 {
			return // the answer to something that was not captured
		}
		f = p.table.add(&s.key)
		p.count.Connections++
		p.count.Empty++
		p.queue.push(event{flow: f, kind: Opened, time: at})
	}
	p.table.touch(f, at)
	if f.open == nil || f.closed || f.verdict == isOther {
		if len(s.data) > keepAliveLength && f.closed {
			p.count.Late++
		}
		return
	}
	p.handshake(f, s)
	st := &f.streams[s.from]
	st.seen = true
	if s.has && !s.rst {
		f.streams[s.from.peer()].acknowledge(s.ack)
	}
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
		p.deliver(f, s.from, st.add(seq, s.data), at)
	}
	if s.fin {
		st.finish(seq + uint32(len(s.data)+s.cut))
	}
	p.memory += st.memory - held
	p.drain(f, s.from, at)
	p.patience(f, at)
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
	if f.verdict == undecided {
		f.look(from, b)
		switch f.verdict {
		case isMSNP:
			p.count.MSNP++
		case isOther:
			p.drop(f)
		}
	}
	if f.verdict != isOther {
		p.queue.push(event{flow: f, kind: Data, from: from, time: at, data: b})
	}
}

// drain delivers what was held and is next now, and notes the end of a link.
func (p *packets) drain(f *flow, from side, at time.Time) {
	if f.open == nil {
		return
	}
	st := &f.streams[from]
	for len(st.held) > 0 {
		held := st.memory
		b := st.pop()
		p.memory += st.memory - held
		if b == nil {
			break
		}
		if p.deliver(f, from, b, at); f.open == nil {
			return
		}
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

// tellHalf tells that a side has finished, now that it is known that the other goes
// on. An end that the other answers with its own is no more than that.
func (p *packets) tellHalf(f *flow, done side) {
	if f.halfDue && f.first == done {
		f.halfDue = false
		p.queue.push(event{flow: f, kind: HalfClosed, from: done, time: f.halfAt})
	}
}

// halfLasts reports whether one side has been done for so long that the other's
// end is another matter.
func (p *packets) halfLasts(f *flow) bool {
	until := p.now
	if f.reset {
		until = f.resetAt
	}
	return f.halfDue && until.Sub(f.halfAt) >= ackedPatience
}

// reset takes a RST, if its place in the link is believable. The connection stays
// open for as long as a capture may shuffle packets: bytes of either end may have
// been on their way.
func (p *packets) reset(f *flow, s *segment, at time.Time) {
	st := &f.streams[s.from]
	if st.started && st.given > 0 {
		d := after(s.seq, st.next)
		if (d < -keepAliveLength || d > maxHeld) && (!s.has || s.seq != 0) {
			return
		}
	}
	if f.reset {
		return
	}
	f.reset, f.first, f.resetAt = true, s.from, at
	if !f.data {
		p.conclude(f, at, "")
		return
	}
	p.observe(f)
}

// observe puts the connection on the list of those that watch looks after.
func (p *packets) observe(f *flow) {
	if !f.watched {
		f.watched = true
		p.watched = append(p.watched, f)
	}
}

// conclude delivers what is held and closes the connection: as reset, if it was,
// else for the reason given.
func (p *packets) conclude(f *flow, at time.Time, why string) {
	p.flush(f, at)
	if f.open == nil || f.closed {
		return
	}
	e := event{time: at, text: why}
	if f.reset {
		e = event{time: f.resetAt, from: f.first, known: true, reset: true}
	}
	p.close(f, e)
}

// patience gives up missing bytes of the connection that were waited for long
// enough.
func (p *packets) patience(f *flow, at time.Time) {
	for s := range side(2) {
		for f.open != nil && !f.closed {
			n, giveUp := f.streams[s].impatient(p.now, f.alone(s))
			if n > 0 {
				p.observe(f)
			}
			if !giveUp {
				break
			}
			p.skip(f, s, n, at)
		}
	}
}

// skip notes that n bytes are lost, and goes on behind them.
func (p *packets) skip(f *flow, s side, n int, at time.Time) {
	f.streams[s].skip(n)
	p.queue.push(event{flow: f, kind: Lost, from: s, time: at, lost: n})
	p.drain(f, s, at)
}

// watch looks after the connections with missing bytes, and those that
// are done by half or reset: they may have no more packets that would do it.
func (p *packets) watch() {
	if len(p.watched) == 0 || p.count.Packets%64 != 0 && p.now.Sub(p.watchedAt) < ackedPatience/4 {
		return
	}
	p.watchedAt = p.now
	kept := p.watched[:0]
	for _, f := range p.watched {
		if p.settled(f) {
			continue
		}
		kept = append(kept, f)
	}
	clear(p.watched[len(kept):])
	p.watched = kept
}

// settled does for a watched connection what time has come for. It reports
// whether it need not be watched any longer.
func (p *packets) settled(f *flow) bool {
	if f.open == nil || f.closed {
		return true
	}
	if p.halfLasts(f) {
		p.tellHalf(f, f.first)
	}
	if f.reset && p.now.Sub(f.resetAt) >= ackedPatience {
		p.conclude(f, p.now, "")
		return true
	}
	if p.patience(f, p.now); f.open == nil || f.closed {
		return true
	}
	a, _ := f.streams[0].missing()
	b, _ := f.streams[1].missing()
	f.watched = f.reset || f.halfDue || a > 0 || b > 0
	return !f.watched
}

// flush delivers all that is held of a connection, past what is missing.
func (p *packets) flush(f *flow, at time.Time) {
	for s := range side(2) {
		for f.open != nil && !f.closed {
			n, _ := f.streams[s].missing()
			if n <= 0 {
				break
			}
			p.skip(f, s, n, at)
		}
	}
}

// close ends a connection. The event says how.
func (p *packets) close(f *flow, e event) {
	if f.closed {
		return
	}
	f.closed = true
	if f.verdict != isMSNP {
		f.verdict = isOther
		p.drop(f)
		return
	}
	for i := range f.streams {
		p.memory -= f.streams[i].memory
		f.streams[i].held, f.streams[i].memory = nil, 0
		if l := f.links[i]; l != nil {
			p.memory -= l.memory // its bytes come out with the event
			l.memory = 0
		}
	}
	e.flow, e.kind = f, Closed
	p.queue.push(e)
}

// drop lets go of what a connection that is not MSNP holds.
func (p *packets) drop(f *flow) {
	p.queue.forget(f)
	for i := range f.streams {
		p.memory -= f.streams[i].memory
	}
	f.open = nil
}

// retire ends a connection that is over for a reason that no packet of it tells.
func (p *packets) retire(f *flow, at time.Time, why string) {
	if f.open != nil && !f.closed {
		p.conclude(f, at, why)
	}
	p.table.remove(f)
}

// giveUpOldest retires the connection that was silent for the longest.
func (p *packets) giveUpOldest() bool {
	f := p.table.oldest()
	if f == nil {
		return false
	}
	p.retire(f, p.now, "given up: the longest silent of more than can be kept open")
	return true
}

// finish ends the recording: what the open connections hold comes out.
func (p *packets) finish(err error) {
	p.ended, p.err = true, err
	for f := range p.table.all() {
		if f.open == nil || f.closed {
			continue
		}
		if f.verdict == undecided {
			f.verdict = isOther
			p.drop(f)
			continue
		}
		if f.reset {
			p.conclude(f, p.now, "")
			continue
		}
		p.flush(f, p.now)
		if f.open != nil && !f.closed {
			p.tellHalf(f, f.first)
			p.queue.push(event{flow: f, kind: Closed, end: true, time: p.now})
			f.closed = true
		}
	}
}
