package capture

import (
	"fmt"
	"time"
)

// about is what a remark is about that stands once in a recording, at the first
// connection that it is true of.
type about uint8

const (
	aboutOne about = iota // said each time
	aboutClocks
	aboutCut
	maxAbouts
)

// remark makes the record of a remark, and reports false if it was made already.
func (p *packets) remark(rec *Record) bool {
	e := &p.current
	if rec.Conn == nil || p.told[e.once] {
		return false
	}
	p.told[e.once] = e.once != aboutOne
	rec.Folded = e.folded
	switch rec.Text = e.text; {
	case e.once == aboutClocks:
		rec.Text = e.flow.clockText(time.Duration(e.number))
	case e.once == aboutCut:
		rec.Text = cutText(p.count.CutAt)
	case e.other != nil && e.other.conn != nil:
		rec.Text = fmt.Sprintf("connection %d has the same addresses and ports at the same time: two machines with one address, told apart by their sequence numbers and by where they were captured", e.other.conn.ID)
	}
	return rec.Text != ""
}

// cutText says that packets are cut, and what to do.
func cutText(at int) string {
	return fmt.Sprintf("packets of this capture are cut at %d bytes: what they had behind that is missing (capture whole packets: -s 0 for tcpdump, no snap length for dumpcap and Wireshark)", at)
}

// sameAddress says of a connection that another one has its addresses.
func (p *packets) sameAddress(f *flow) {
	for o := p.table.flows[f.key]; o != nil; o = o.same {
		if o != f && o.verdict == isMSNP && !o.closed && o.seen.After(f.began) {
			p.queue.push(event{flow: f, kind: Remark, time: f.began, other: o})
			return
		}
	}
}
