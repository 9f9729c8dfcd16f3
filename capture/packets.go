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
	live      bool  // the capture is being made
	ended     bool  // every packet has been read
	err       error // and why

	gateways gateways

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
		if len(p.gateways.events) > 0 {
			e := p.gateways.events[0]
			p.gateways.events = p.gateways.events[1:]
			p.begin(e)
			continue
		}
		if e, ok := p.queue.pop(p.now); ok {
			if e.flow.open != nil && e.flow.carrier != nil {
				p.unwrap(e)
			} else {
				p.begin(e)
			}
			continue
		}
		if p.ended {
			if p.endSessions() {
				continue
			}
			return p.err
		}
		p.queue.own()
		p.read()
	}
}

// read reads a packet.
func (p *packets) read() {
	if !p.arrives() {
		return
	}
	pkt, s := &p.packet, &p.tcp
	if err := p.src.next(pkt); err != nil {
		p.finish(err)
		return
	}
	p.count.Packets++
	if pkt.time.After(p.now) {
		p.now = pkt.time
	}
	p.isLive(pkt)
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

// finish ends the recording: what the open connections hold comes out.
func (p *packets) finish(err error) {
	p.ended, p.err = true, err
	p.settleAll()
	for f := range p.table.all() {
		if f.open != nil && !f.closed && f.twin != nil && f.verdict == undecided {
			p.resembles(f, true)
		}
	}
	for f := range p.table.all() {
		if f.open == nil || f.closed {
			continue
		}
		p.replace(f)
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
