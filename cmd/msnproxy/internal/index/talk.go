package index

import (
	"math/bits"

	"msnproxy/decode"
)

// TalkRows appends the rows, from one up to but not including another, of which a
// chat of the conversation is made: messages and ends of its connections, those of
// all MSNFTP connections, and every RNG, of which the chat takes what is its own.
func (x *Index) TalkRows(dst []int, from, to, conversation int) []int {
	for from < to {
		end := min(to, from+chunkRows-from%chunkRows)
		dst = x.talkRows(dst, from, end, conversation)
		from = end
	}
	return dst
}

// rings is the verb by which a notification server tells of a call.
var rings = verbCode("RNG")

// talkRows is TalkRows within a chunk: the lock is not held for longer.
func (x *Index) talkRows(dst []int, from, to, conversation int) []int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := from; i < min(to, x.n); i++ {
		r := x.at(i)
		if k := r.kind(); r.conn == 0 || k != Message && k != Closed {
			continue
		}
		c := x.conns[r.conn].facts
		v := c.Facts.Conversation
		if v != nil && v.Number == conversation || c.Facts.Role == decode.FTP || r.verb == rings && r.kind() == Message {
			dst = append(dst, i)
		}
	}
	return dst
}

// Matches reports whether the row is wanted, be it folded away or not.
func (v *View) Matches(row int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := row / chunkRows
	return row >= 0 && k < len(v.parts) && v.parts[k].match[row%chunkRows/64]>>(row%64)&1 != 0
}

// Matched appends the rows, from one up to but not including another, that are
// wanted, be they folded away or not.
func (v *View) Matched(dst []int, from, to int) []int {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := max(from, 0) / chunkRows; k < len(v.parts) && k*chunkRows < to; k++ {
		for w, word := range v.parts[k].match {
			base := k*chunkRows + w*64
			for ; word != 0; word &= word - 1 {
				if row := base + bits.TrailingZeros64(word); row >= from && row < to {
					dst = append(dst, row)
				}
			}
		}
	}
	return dst
}

// CountMatched returns how many rows before the given one are wanted, be they
// folded away or not.
func (v *View) CountMatched(before int) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := 0; k < len(v.parts) && k*chunkRows < before; k++ {
		n += v.parts[k].match.before(min(before-k*chunkRows, chunkRows))
	}
	return n
}
