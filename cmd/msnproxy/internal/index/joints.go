package index

import (
	"slices"
	"sort"

	"msnproxy/decode"
)

// What the tracker says of few rows and their bytes alone do not tell: of which message a
// row is the copy, and to which conversations of a notification server it belongs. Both
// lists are in order of rows.

// joint says that a row is a copy of a message, or that a copy of it stands before it.
type joint struct {
	row, to uint32 // the number of the other message
	kind    jointKind
}

// jointKind is a [decode.DeliveryKind], or what follows.
type jointKind uint8

const (
	beside jointKind = 100 + iota // the same came to somebody else
	ahead                         // a copy stands before it
)

// said is a row of a conversation of a notification server.
type said struct{ row, talk uint32 }

// copied notes what the message is a copy of. The lock is held.
func (x *Index) copied(row int, m *decode.Message) {
	d := &m.Delivery
	switch {
	case d.Kind != decode.NoDelivery:
		x.joints = append(x.joints, joint{uint32(row), uint32(d.Of), jointKind(d.Kind)})
	case d.First > 0:
		x.joints = append(x.joints, joint{uint32(row), uint32(d.First), beside})
	}
	for _, e := range m.Ahead {
		x.joints = append(x.joints, joint{uint32(row), uint32(e.Number), ahead})
	}
}

// spoken notes to which conversations of its notification server the message belongs: a
// reply to those of what it answers. The lock is held.
func (x *Index) spoken(c *conn, row int, m *decode.Message) {
	if m.Conn.Conversation != nil || len(m.Conn.Talks) == 0 {
		return
	}
	n := len(x.said)
	for v := range m.Conversations() {
		x.said = append(x.said, said{uint32(row), uint32(v.Number)})
	}
	if len(x.said) == n && m.ReplyTo > 0 {
		for _, s := range x.saidAt(x.rowOf(m.ReplyTo)) {
			x.said = append(x.said, said{uint32(row), s.talk})
		}
	}
	for _, s := range x.said[n:] {
		if i := slices.Index(c.talks, int(s.talk)); i >= 0 {
			c.said[i]++
		}
	}
}

// saidAt returns the entries of a row. The lock is held.
func (x *Index) saidAt(row int) []said {
	if row < 0 {
		return nil
	}
	i := sort.Search(len(x.said), func(i int) bool { return x.said[i].row >= uint32(row) })
	j := i
	for j < len(x.said) && x.said[j].row == uint32(row) {
		j++
	}
	return x.said[i:j]
}

// TalkOf returns the number of the first conversation of a notification server that a row
// belongs to; 0: none.
func (x *Index) TalkOf(row int) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, s := range x.saidAt(row) {
		return int(s.talk)
	}
	return 0
}

// inTalk reports whether a row belongs to a conversation of a notification server. The
// lock is held.
func (x *Index) inTalk(row, conversation int) bool {
	return slices.ContainsFunc(x.saidAt(row), func(s said) bool { return int(s.talk) == conversation })
}

// jointsAt appends the entries of a row. The lock is held.
func (x *Index) jointsAt(dst []joint, row int) []joint {
	i := sort.Search(len(x.joints), func(i int) bool { return x.joints[i].row >= uint32(row) })
	for ; i < len(x.joints) && x.joints[i].row == uint32(row); i++ {
		dst = append(dst, x.joints[i])
	}
	return dst
}

// rejoin tells the message what it is a copy of. The lock is held.
func (r *Reader) rejoin(m *decode.Message, k *record, joints []joint) {
	x := r.x
	r.ahead = r.ahead[:0]
	for _, j := range joints {
		row := x.rowOf(int64(j.to))
		if row < 0 {
			continue
		}
		other := x.at(row)
		conn := x.conns[other.conn].facts.Facts.ID
		switch j.kind {
		case ahead:
			r.ahead = append(r.ahead, decode.Early{Number: int64(j.to), Conn: conn})
		case beside:
			m.Delivery = decode.Delivery{First: int64(j.to), After: max(0, k.since(other)), Conn: conn}
		default:
			m.Delivery = decode.Delivery{Kind: decode.DeliveryKind(j.kind), Of: int64(j.to), After: max(0, k.since(other)), Conn: conn}
		}
	}
	m.Ahead = r.ahead
}
