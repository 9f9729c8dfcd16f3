package chat

import (
	"slices"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// circle takes what tells who is in a circle or a group chat (MSNP18 and later): rosters
// that clients publish and servers pass on, and the presence of members by way of it.
func (b *Builder) circle(row int, m *decode.Message, body *payload.Payload) {
	change := m.CircleChange()
	if body == nil {
		b.circlePresence(row, m, change)
		return
	}
	r := body.Roster()
	if m.From == decode.Server && m.ReplyTo > 0 {
		b.circleAnswer(row, m, change)
		return
	}
	if r == nil {
		return
	}
	_, account := link(m)
	for _, member := range r.Members {
		p := b.person(member)
		own := address.Same(member, account)
		switch {
		case change == decode.CircleGone && m.From == decode.Client && !own:
			b.goes(row, m.Time, p, "was removed by "+b.person(account).display(), false)
		case change == decode.CircleGone:
			b.goes(row, m.Time, p, "left", own)
		case m.From == decode.Client && !own:
			b.asksIn(row, m, p)
		case r.Full:
			b.comes(row, m, p, "is already here")
		default:
			b.comes(row, m, p, "joined")
		}
	}
	if r.Full && change == decode.CircleHere {
		b.onlyThese(row, m, r.Members)
	}
}

// onlyThese lets those go whom a whole roster does not name.
func (b *Builder) onlyThese(row int, m *decode.Message, members []string) {
	for _, p := range b.order {
		if p.here && !slices.ContainsFunc(members, func(h string) bool { return address.Same(h, p.who) }) {
			b.goes(row, m.Time, p, "left", false)
		}
	}
}

// asksIn tells that somebody is asked to come.
func (b *Builder) asksIn(row int, m *decode.Message, callee *person) {
	_, account := link(m)
	p := b.person(account)
	l := p.of(Call, row, m.Time, true)
	l.Text = p.display() + " invited " + callee.display()
	b.requests.put(m.Number, request{b.add(l), callee.who})
}

// circleAnswer takes the answer to what was published: who is told where the new circle is
// has come into it.
func (b *Builder) circleAnswer(row int, m *decode.Message, change decode.CircleChange) {
	_, account := link(m)
	b.attach(b.requests.get(m.ReplyTo).line, row)
	if p := b.person(account); account != "" && change == decode.CircleHere {
		b.comes(row, m, p, "joined")
	}
}

// circlePresence takes what the server tells of somebody in a circle, or of it.
func (b *Builder) circlePresence(row int, m *decode.Message, change decode.CircleChange) {
	peer := m.Peer()
	if m.From != decode.Server || peer.Via == "" {
		return
	}
	p := b.person(peer.Account)
	p.learn(value(m, "friendly"))
	if change == decode.CircleGone {
		if p.here {
			b.goes(row, m.Time, p, "went offline", false)
		}
		return
	}
	b.comes(row, m, p, "is here")
}
