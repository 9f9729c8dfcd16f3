package capture

import "msnproxy/decode"

// begin starts to make records of an event.
func (p *packets) begin(e event) {
	f := e.flow
	if f.open != nil && f.preface.found {
		e = p.goPast(e)
	}
	p.current, p.busy, p.stage = e, true, 0
	if e.kind == Data {
		l := f.links[e.from]
		if l == nil {
			l = f.addLink(e.from)
		}
		l.framer.Feed(e.data)
		l.last = e.time
	}
}

// goPast leaves out what is for a proxy. What seemed to be, and turns out not to be, comes
// before the event that tells so.
func (p *packets) goPast(e event) event {
	q := &e.flow.preface
	switch e.kind {
	case Data:
		e.data = q.behind(e.from, e.data)
	case Lost, HalfClosed, Closed:
		for s := range side(2) {
			if e.kind != Closed && s != e.from {
				continue
			}
			if b := q.give(s); len(b) > 0 {
				p.gateways.events = append([]event{e}, p.gateways.events...)
				return event{flow: e.flow, kind: Data, from: s, time: e.time, data: b}
			}
		}
	}
	return e
}

// addLink makes the link of one side.
func (f *flow) addLink(s side) *link {
	l := &link{}
	l.framer.MidStream = f.midStream()
	f.links[s] = l
	return l
}

// record makes the next record of the current event. It reports false when there
// is none.
func (p *packets) record(rec *Record) bool {
	e := &p.current
	f := e.flow
	*rec = Record{Time: e.time, Conn: f.conn, Kind: e.kind}
	switch e.kind {
	case Opened:
		if p.stage++; p.stage > 1 {
			p.busy = false
			rec.Kind, rec.Text = Remark, f.preface.text()
			return true
		}
		p.busy = f.open != nil && f.preface.found
		p.lastID++
		f.conn = &Conn{ID: p.lastID, MidStream: f.midStream(),
			Client: f.key.address(f.client), Server: f.key.address(f.client.peer())}
		if p.busy {
			f.preface.setOut(f.conn)
		}
		rec.Conn = f.conn
		return true
	case Data:
		l := f.links[e.from]
		if l.framer.Next(&rec.Frame) {
			rec.From = f.sender(e.from)
			return true
		}
		p.reckon(l)
	case Lost:
		return p.recordLost(rec)
	case HalfClosed:
		return p.recordHalf(rec)
	case Closed:
		return p.recordEnd(rec)
	case Remark:
		p.busy = false
		return p.remark(rec)
	}
	p.busy = false
	return false
}

// recordLost gives what was pending before the hole, then the hole.
func (p *packets) recordLost(rec *Record) bool {
	e := &p.current
	l := e.flow.links[e.from]
	if l == nil {
		l = e.flow.addLink(e.from)
	}
	rec.From = e.flow.sender(e.from)
	if l.framer.Gap(int64(e.lost), &rec.Frame) {
		rec.Kind, rec.Time = Data, l.last
		return true
	}
	p.reckon(l)
	p.busy = false
	rec.Lost = int64(e.lost)
	return true
}

// recordHalf gives what was pending of the side that is done, then that it is.
func (p *packets) recordHalf(rec *Record) bool {
	e := &p.current
	rec.From = e.flow.sender(e.from)
	if l := e.flow.links[e.from]; l != nil {
		if l.framer.Flush(&rec.Frame) {
			rec.Kind, rec.Time = Data, l.last
			return true
		}
		p.reckon(l)
	}
	p.busy = false
	return true
}

// recordEnd gives what is pending at the end of a connection, says which bytes
// the other end has acknowledged and no packet brought, and then that the
// connection is closed, if it is.
func (p *packets) recordEnd(rec *Record) bool {
	e := &p.current
	f := e.flow
	order := [2]side{f.client, f.client.peer()}
	if a, b := f.links[order[0]], f.links[order[1]]; a != nil && b != nil && b.last.Before(a.last) {
		order[0], order[1] = order[1], order[0]
	}
	for _, s := range order {
		if l := f.links[s]; l != nil && l.framer.Flush(&rec.Frame) {
			rec.Kind, rec.Time, rec.From = Data, l.last, f.sender(s)
			if e.end && rec.Frame.Missing > 0 {
				rec.Frame.Gap = true // the recording ends, not what was said
			}
			return true
		}
	}
	for p.stage < 2 {
		s := order[p.stage]
		p.stage++
		// An acknowledged FIN counts as a byte; there is no telling.
		if st := &f.streams[s]; !st.seen && st.hasAck {
			if n := after(st.acked, st.firstAck); n > 0 {
				rec.Kind, rec.From, rec.Lost = Lost, f.sender(s), int64(n)
				return true
			}
		}
	}
	p.busy = false
	for _, l := range f.links {
		if l != nil {
			p.memory -= l.memory
		}
	}
	rec.Reset, rec.Text = e.reset, e.text
	if e.known {
		rec.From = f.sender(e.from)
	}
	f.release()
	return !e.end
}

// reckon keeps account of what the link holds: the framer makes room at once for
// a payload whose length it has read.
func (p *packets) reckon(l *link) {
	n := 0
	if pending := l.framer.Pending(); len(pending) > 0 {
		n = max(len(pending), announced(pending))
	}
	p.memory += n - l.memory
	l.memory = n
}

// announced returns what length the line that b begins with may announce: the
// number at its end.
func announced(b []byte) int {
	for i, c := range b[:min(len(b), decode.DefaultMaxLine)] {
		if c != '\n' {
			continue
		}
		line := b[:i]
		if i > 0 && b[i-1] == '\r' {
			line = b[:i-1]
		}
		n, unit := 0, 1
		for j := len(line) - 1; j >= 0 && '0' <= line[j] && line[j] <= '9' && unit <= decode.DefaultMaxPayload; j-- {
			n += int(line[j]-'0') * unit
			unit *= 10
		}
		if n <= decode.DefaultMaxPayload {
			return i + 1 + n
		}
		return 0
	}
	return 0
}
