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
	recent    []*flow // that were found to be MSNP
	recentAt  int     // the next to be forgotten
	told      [maxAbouts]bool
	memory    int   // bytes that streams and links hold
	limit     int   // of them, and of those that undecided connections hold
	ended     bool  // every packet has been read
	err       error // and why

	current event // being made records
	busy    bool
	stage   int
}

// farFuture is later than any packet.
var farFuture = time.Unix(1<<40, 0)

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
	what := p.dissect.dissect(pkt, s)
	for more := true; more; what, more = p.dissect.again(pkt, s) {
		p.take(what, pkt, s)
	}
	for p.memory+p.queue.parked > p.limit || p.table.len() > maxFlows {
		if !p.giveUpOldest() {
			break
		}
	}
}

// take takes what a packet turned out to hold.
func (p *packets) take(what found, pkt *packet, s *segment) {
	switch {
	case what == aTCP:
		if s.cut > 0 {
			p.count.Cut++
			p.count.CutAt = max(p.count.CutAt, len(pkt.data))
		}
		p.segment(s, pkt.time)
	case what == aPiece:
		p.count.Fragments++
	case what == strange:
		tally(&p.count.Strange, linkName(pkt.link))
	case p.dissect.notRead != "":
		tally(&p.count.NotRead, p.dissect.notRead)
	default:
		p.count.NotTCP++
	}
}

func tally(m *map[string]int64, name string) {
	if *m == nil {
		*m = make(map[string]int64)
	}
	(*m)[name]++
}

// segment takes a TCP segment.
func (p *packets) segment(s *segment, at time.Time) {
	f, old := p.choose(s)
	if f == nil {
		if s.rst && len(s.data) == 0 {
			return // the answer to something that was not captured
		}
		f = p.start(s, old, at)
	}
	f.places.add(s.place)
	p.table.touch(f, at)
	if f.open == nil || f.closed || f.verdict == isOther {
		if len(s.data) > keepAliveLength && f.closed {
			p.count.Late++
		}
		return
	}
	f.packets++
	p.handshake(f, s)
	p.clocks(f, s, at)
	f.streams[s.from].seen = true
	if s.has && !s.rst {
		f.streams[s.from.peer()].acknowledge(s.ack)
	}
	for p.releaseReady(f) {
	}
	if f.open == nil || f.closed {
		return
	}
	if says := len(s.data) > 0 || s.cut > 0 || s.fin || s.rst; says && (f.blocked(s) || f.behind(s)) {
		p.park(f, s, at)
	} else {
		p.accept(f, s, at)
	}
	p.settle(f, at)
}

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
	if f.twin = p.findTwin(f); f.twin != nil {
		f.verdict = undecided
		return
	}
	p.count.MSNP++
	p.remember(f)
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
	return f.halfDue && f.waits == 0 && until.Sub(f.halfAt) >= f.acceptable()
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
	p.settleUntil(f, farFuture)
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
			n, acked := f.hole(s)
			if n > 0 {
				p.observe(f)
			}
			if !f.streams[s].impatient(n, acked, p.now, f.packets, f.acceptable(), !f.streams[s.peer()].seen) {
				break
			}
			p.skip(f, s, n, p.skipTime(f, s, at))
		}
	}
}

// skip notes that n bytes are lost, and goes on behind them.
func (p *packets) skip(f *flow, s side, n int, at time.Time) {
	p.replace(f)
	f.streams[s].giveUp(n)
	p.queue.push(event{flow: f, kind: Lost, from: s, time: at, lost: n})
	p.drain(f, s, at, true)
}

// skipTime returns when what is missing was first missed: what is behind it, or
// answers it, tells.
func (p *packets) skipTime(f *flow, s side, at time.Time) time.Time {
	if h := f.streams[s].held; len(h) > 0 && h[0].at.Before(at) {
		at = h[0].at
	}
	if w := f.waiting[s.peer()]; len(w) > 0 && w[0].at.Before(at) {
		at = w[0].at
	}
	return at
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
	if f.reset && p.now.Sub(f.resetAt) >= f.acceptable() {
		p.conclude(f, p.now, "")
		return true
	}
	if p.settle(f, p.now); f.open == nil || f.closed {
		return true
	}
	a, _ := f.hole(0)
	b, _ := f.hole(1)
	f.watched = f.reset || f.halfDue || a > 0 || b > 0 || f.waits > 0
	return !f.watched
}

// flush delivers all that is held of a connection, past what is missing.
func (p *packets) flush(f *flow, at time.Time) {
	for s := range side(2) {
		for f.open != nil && !f.closed {
			n, _ := f.hole(s)
			if n <= 0 {
				break
			}
			p.skip(f, s, n, p.skipTime(f, s, at))
		}
	}
}

// close ends a connection. The event says how.
func (p *packets) close(f *flow, e event) {
	if f.closed {
		return
	}
	p.replace(f)
	if f.twin != nil && f.verdict == undecided {
		if p.resembles(f, true); f.open == nil {
			f.closed = true
			return
		}
	}
	f.closed = true
	p.forgetWaiting(f)
	if f.verdict != isMSNP {
		f.verdict = isOther
		p.passOver(f)
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

// passOver drops a connection that is not MSNP, and says of what kind it is.
func (p *packets) passOver(f *flow) {
	if f.data && f.open != nil {
		p.count.foreign(f.beganWith())
	}
	p.drop(f)
}

// drop lets go of what a connection that is not MSNP holds.
func (p *packets) drop(f *flow) {
	p.replace(f)
	p.forgetWaiting(f)
	p.queue.forget(f)
	for i := range f.streams {
		p.memory -= f.streams[i].memory
	}
	f.begins = nil
	f.release()
}

// forgetWaiting lets go of what waits.
func (p *packets) forgetWaiting(f *flow) {
	if f.open != nil {
		p.memory -= f.waits
		f.waits, f.waiting = 0, [2][]waiting{}
	}
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
	p.settleAll()
	for f := range p.table.all() {
		if f.open == nil || f.closed {
			continue
		}
		p.replace(f)
		if f.twin != nil && f.verdict == undecided {
			p.resembles(f, true)
		}
		if f.verdict == undecided {
			f.verdict = isOther
			p.passOver(f)
		}
		if f.open == nil {
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
			p.forgetWaiting(f)
		}
	}
}
