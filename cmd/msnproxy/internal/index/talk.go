package index

import (
	"math/bits"

	"msnproxy/decode"
)

// TalkRows appends the rows, from one up to but not including another, of which a
// chat of the conversation is made: messages, gaps and ends of its connections, those of
// all MSNFTP connections, and every RNG, of which the chat takes what is its own. Of
// connections of a notification server these are messages that may be part of any of its
// chats, and replies: see [Part].
func (x *Index) TalkRows(dst []int, from, to, conversation int) []int {
	for from < to {
		end := min(to, from+chunkRows-from%chunkRows)
		dst = x.talkRows(dst, from, end, conversation)
		from = end
	}
	return dst
}

// rings is the verb by which a notification server tells of a call.
var rings = verbCode(decode.VerbOf(decode.ActInvite).Name)

// talks are the verbs by which a notification server passes on what somebody says.
var talks = func() map[uint16]bool {
	m := make(map[uint16]bool)
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			if v.Forms[i].Talk || v.Forms[i].Circle != decode.NoCircleChange {
				m[verbCode(v.Name)] = true
			}
		}
	}
	return m
}()

// Part reports whether a message that [Index.TalkRows] names is part of the chat of a
// conversation, or may be: a reply is to be compared with what was asked.
func Part(m *decode.Message, conversation int) bool {
	if m.Conn.Conversation != nil || m.Role == decode.FTP || len(m.Conn.Talks) == 0 || verbCode(m.Name()) == rings {
		return true
	}
	return m.In(conversation) || m.ReplyTo != 0 && m.Conversation() == nil
}

// talkRows is TalkRows within a chunk: the lock is not held for longer.
func (x *Index) talkRows(dst []int, from, to, conversation int) []int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := from; i < min(to, x.n); i++ {
		r := x.at(i)
		k := r.kind()
		if r.conn == 0 || k != Message && k != Closed && k != Lost {
			continue
		}
		c := x.conns[r.conn].facts
		switch {
		case k == Lost:
			if c.In(conversation) {
				dst = append(dst, i)
			}
		case c.Facts.Conversation == nil && c.In(conversation):
			if k == Message && (talks[r.verb] || r.reply != 0) {
				dst = append(dst, i)
			}
		case c.In(conversation) || c.Facts.Role == decode.FTP || c.Facts.Direct || r.verb == rings && k == Message:
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
