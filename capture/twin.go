package capture

import (
	"bytes"
	"fmt"
	"time"
)

// A capture of all interfaces of a router, or of a host of containers, has a
// connection twice: before and after its addresses were translated. Sequence
// numbers and bytes stay, and the packets of both come at the same time.

const (
	maxBeginning   = 256 // bytes of either side that are compared
	enoughTwin     = 96  // so many bytes of both sides that agree are proof
	leastTwin      = 24  // and so many if that is all
	maxRecent      = 256 // connections that a new one may be another capture of
	twinsBeginSoon = 2 * time.Second
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
// nothing differs as far as both go, how many bytes that are, and whether both go
// equally far.
func (b *beginning) agree(a side, o *beginning, oa side) (n int, same, equal bool) {
	equal = true
	for range 2 {
		x, y := b.side[a], o.side[oa]
		m := min(len(x), len(y))
		if m > 0 && b.begun[a] != o.begun[oa] || !bytes.Equal(x[:m], y[:m]) {
			return 0, false, false
		}
		equal = equal && len(x) == len(y)
		n += m
		a, oa = a.peer(), oa.peer()
	}
	return n, true, equal
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

// findTwin returns the connection that f, which is new, may be another capture of.
func (p *packets) findTwin(f *flow) *flow {
	for _, o := range p.recent {
		if o == f || o.key == f.key || o.verdict != isMSNP || o.begins == nil || f.sameClient(o) || o.seen.Before(f.began) {
			continue
		}
		if d := f.began.Sub(o.began); d > twinsBeginSoon || d < -twinsBeginSoon {
			continue
		}
		if f.sawSYN[f.client] && o.sawSYN[o.client] && f.isn[f.client] != o.isn[o.client] {
			continue
		}
		if _, same, _ := f.begins.agree(f.client, o.begins, o.client); same {
			return o
		}
	}
	return nil
}

// sameClient reports whether both are of one address of a client and not of one
// port of it: no translation of addresses makes that of one connection.
func (f *flow) sameClient(o *flow) bool {
	a, b := f.client, o.client
	return f.key.addr[a] == o.key.addr[b] && f.key.port[a] != o.key.port[b]
}

// resembles looks whether f, which may be another capture of f.twin, still may; at
// the end of f what agrees is enough.
func (p *packets) resembles(f *flow, end bool) {
	both := len(f.begins.side[0]) > 0 && len(f.begins.side[1]) > 0
	n, same, equal := f.begins.agree(f.client, f.twin.begins, f.twin.client)
	switch {
	case !same || end && (n < leastTwin || !equal || !both):
		f.twin = nil
		f.verdict = isMSNP
		p.count.MSNP++
		p.remember(f)
	case n >= enoughTwin && both || n >= maxBeginning || end:
		p.count.Twins++
		f.verdict = isOther
		p.queue.push(event{flow: f.twin, kind: Remark, time: f.seen, text: fmt.Sprintf(
			"this connection was captured a second time with other addresses, as before or behind a translation of addresses (NAT): %s to %s; it is shown once",
			f.key.address(f.client), f.key.address(f.client.peer()))})
		p.drop(f)
	}
}
