package replay

import (
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// loss is an account that says nothing any more: in a conversation, or (0) anywhere.
type loss struct {
	account      string
	conversation int
}

// lostConn notes that a connection is not played to its end, which is told: others
// hear nothing of the account there, and that is no news. mu is held.
func (p *performance) lostConn(k *clientConn) {
	k.lost = true
	c := k.recorded
	if c.Account == "" || c.Role&decode.SB != 0 && c.Conversation == 0 {
		return
	}
	l := loss{account: strings.ToLower(c.Account)}
	if c.Role&decode.SB != 0 {
		l.conversation = c.Conversation
	}
	p.lost[l] = true
	for w := range p.waiting {
		if w.Conn != c && p.isLost(w) {
			p.lostTo[w] = true
			p.conns[w.Conn].late = append(p.conns[w.Conn].late, w)
			delete(p.waiting, w)
		}
	}
	p.wake()
}

// isLost reports whether a message came unasked of an account that says nothing any
// more. mu is held.
func (p *performance) isLost(m *story.Message) bool {
	if len(p.lost) == 0 || m.Request != nil {
		return false
	}
	d, _, err := p.reader.Decode(m)
	if err != nil {
		p.fail(err)
		return false
	}
	for i := range d.Len() {
		f := d.Field(i)
		if f.Param == nil || !f.Param.Kind.Subject {
			continue
		}
		handle := strings.ToLower(f.Value())
		if p.lost[loss{handle, 0}] || m.Conn.Conversation > 0 && p.lost[loss{handle, m.Conn.Conversation}] {
			return true
		}
	}
	return false
}
