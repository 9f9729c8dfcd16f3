package capture

import "time"

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
			} else if !f.streams[s].hole {
				break // as nearly always
			}
			if !f.streams[s].impatient(n, acked, p.now, f.packets, f.acceptable(), !f.streams[s.peer()].seen, p.live) {
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
	if f.verdict == undecided {
		f.tear(s, false)
	}
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
		if o, a := p.sureTwin(f); o != nil {
			p.isTwin(f, a, o)
			return
		}
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
