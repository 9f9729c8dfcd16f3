package capture

import (
	"bytes"
	"fmt"
	"time"
)

// A capture of all interfaces of a router, or of a host of containers, has a
// connection twice: before and after its addresses were translated. Sequence
// numbers and bytes stay, and the packets of both come at the same time. Either may
// lack packets that the other has.

const (
	maxBeginning   = 256 // bytes of either side that are compared
	enoughTwin     = 96  // so many bytes of both sides that agree are proof
	leastTwin      = 24  // and so many if that is all
	maxRecent      = 256 // connections that a new one may be another capture of
	twinsBeginSoon = 2 * time.Second
	twinLag        = 250 * time.Millisecond // how much later a packet is seen again
	// Sequence numbers of one connection are no farther apart than twinReach where
	// packets are missing. Those of both sides prove it, but not where they are so
	// low as whoever writes packets by hand begins with.
	twinReach  = 64 << 10
	lowNumbers = 1 << 20
)

// beginning is what a connection that may be MSNP begins with.
type beginning struct {
	side  [2][]byte
	begun [2]uint32 // sequence numbers of that
}

func (b *beginning) take(s side, begun uint32, data []byte) {
	if len(b.side[s]) == 0 {
		b.begun[s] = begun
	}
	b.side[s] = append(b.side[s], data[:min(len(data), maxBeginning-len(b.side[s]))]...)
}

// agree compares two beginnings, side a of one being side b of the other: whether
// nothing differs where both have bytes, how many bytes that are, and whether both
// have the same.
func (b *beginning) agree(a side, o *beginning, oa side) (n int, same, equal bool) {
	equal = true
	for range 2 {
		x, y := b.side[a], o.side[oa]
		if d := after(b.begun[a], o.begun[oa]); d != 0 && len(x) > 0 && len(y) > 0 {
			equal = false
			x, y = x[min(max(-d, 0), len(x)):], y[min(max(d, 0), len(y)):]
		}
		m := min(len(x), len(y))
		if !bytes.Equal(x[:m], y[:m]) {
			return 0, false, false
		}
		equal = equal && len(x) == len(y)
		n += m
		a, oa = a.peer(), oa.peer()
	}
	return n, true, equal
}

// numbers compares the sequence numbers of two connections: whether they may be those
// of one, and whether they must.
func (f *flow) numbers(a side, o *flow, oa side) (may, must bool) {
	must = true
	for range 2 {
		t := f.trace(a)
		at := t.begun
		if !t.started {
			at = t.firstAck
		}
		d, known := o.trace(oa).far(at)
		known = known && (t.started || t.hasAck)
		if known && d > twinReach {
			return false, false
		}
		must = must && known && at >= lowNumbers
		a, oa = a.peer(), oa.peer()
	}
	return true, must
}

// remember notes that a connection is MSNP, for those that may be the same one.
func (p *packets) remember(f *flow) {
	if len(p.recent) < maxRecent {
		p.recent = append(p.recent, f)
		return
	}
	p.recent[p.recentAt] = f
	p.recentAt = (p.recentAt + 1) % maxRecent
}

// findTwin returns the connection that f, whose client is its side a, may be another
// capture of.
func (p *packets) findTwin(f *flow, a side) *flow {
	for _, o := range p.recent {
		if o == f || o.key == f.key || o.verdict != isMSNP || o.begins == nil || f.sameClient(a, o) || f.began.Sub(o.seen) > twinLag {
			continue
		}
		may, must := f.numbers(a, o, o.client)
		if d := f.began.Sub(o.began); !may || !must && (d > twinsBeginSoon || d < -twinsBeginSoon) {
			continue
		}
		if f.sawSYN[a] && o.sawSYN[o.client] && f.isn[a] != o.isn[o.client] {
			continue
		}
		if _, same, _ := f.begins.agree(a, o.begins, o.client); same {
			return o
		}
	}
	return nil
}

// sameClient reports whether both are of one address of a client, which f's side a
// is, and not of one port of it: no translation of addresses makes that of one
// connection.
func (f *flow) sameClient(a side, o *flow) bool {
	b := o.client
	return f.key.addr[a] == o.key.addr[b] && f.key.port[a] != o.key.port[b]
}

// resembles looks whether f, which may be another capture of f.twin, still may; at
// the end of f what agrees is enough.
func (p *packets) resembles(f *flow, end bool) {
	both := !f.oneWay()
	n, same, equal := f.begins.agree(f.client, f.twin.begins, f.twin.client)
	may, must := f.numbers(f.client, f.twin, f.twin.client)
	switch {
	case !same || !may:
		// What it is not was the first that it might have been.
		if f.twin = p.findTwin(f, f.client); f.twin == nil {
			p.isAlone(f)
		} else {
			p.resembles(f, end)
		}
	case n >= enoughTwin && both || n >= maxBeginning,
		end && must && p.complete(f), end && n >= leastTwin && equal && both,
		end && n >= enoughTwin && equal && f.oneWay() && f.twin.oneWay():
		p.isTwin(f, f.client, f.twin)
	case end:
		p.isAlone(f)
	}
}

// sureTwin returns the connection that f, which does not tell that it is MSNP, is
// another capture of, and which side of f the client is: nil if that is not sure.
func (p *packets) sureTwin(f *flow) (o *flow, client side) {
	for a := range side(2) {
		if f.known && a != f.client {
			continue
		}
		if o := p.findTwin(f, a); o != nil {
			if _, must := f.numbers(a, o, o.client); must {
				return o, a
			}
		}
	}
	return nil, 0
}

// oneWay reports whether there is nothing that one side has sent.
func (f *flow) oneWay() bool { return len(f.begins.side[0]) == 0 || len(f.begins.side[1]) == 0 }

// isAlone takes note that f is no other capture of a connection that is known.
func (p *packets) isAlone(f *flow) {
	f.twin = nil
	f.verdict = isMSNP
	p.count.MSNP++
	p.remember(f)
}

// isTwin drops f, whose client is its side a, as another capture of o.
func (p *packets) isTwin(f *flow, a side, o *flow) {
	p.count.Twins++
	f.verdict = isOther
	p.queue.push(event{flow: o, kind: Remark, time: f.seen, text: fmt.Sprintf(
		"this connection was captured a second time with other addresses, as before or behind a translation of addresses (NAT): %s to %s; it is shown once",
		f.key.address(a), f.key.address(a.peer()))})
	p.drop(f)
}

// complete gives to the twin of f, which ends, what bytes it lacks at its end. It
// reports false if it lacks some that it can't be given.
func (p *packets) complete(f *flow) bool {
	o := f.twin
	for i, a := range []side{f.client, f.client.peer(), f.client, f.client.peer()} {
		oa := o.client
		if a != f.client {
			oa = o.client.peer()
		}
		st, b := &f.streams[a], f.begins.side[a]
		lacks := len(b) > 0 && after(st.next, o.trace(oa).next) > 0
		switch {
		case !lacks:
		case o.open == nil || o.closed || st.given > int64(len(b)):
			return false
		case i > 1: // both can be given
			p.accept(o, &segment{key: o.key, from: oa, seq: f.begins.begun[a], data: b}, f.seen)
		}
	}
	return true
}
