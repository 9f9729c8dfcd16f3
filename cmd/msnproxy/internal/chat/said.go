package chat

import (
	"fmt"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// message takes MSG, or what a notification server passes on.
func (b *Builder) message(row int, m *decode.Message) {
	_, account := link(m)
	who := account
	if m.From == decode.Server {
		who = m.Peer().Account
		b.person(who).learn(value(m, "friendly"))
	}
	if n := b.find(m); b.line(n) != nil {
		b.copied(row, m, n)
		return
	}
	n := b.content(row, m, b.person(who))
	if l := b.line(n); l != nil && l.Row == row && (m.Fate == decode.Withheld || m.Fate == decode.Injected) {
		b.setText(l, l.Text+" ["+m.Fate.String()+"]")
	}
	b.sent.put(m.Number, n)
	if m.From == decode.Client && m.Fate != decode.Withheld {
		b.asks(m, n)
	}
}

// content makes a line of what a message holds, or changes one.
func (b *Builder) content(row int, m *decode.Message, p *person) ref {
	_, account := link(m)
	body := m.Payload()
	if body == nil {
		body = &payload.Payload{}
	}
	l := p.of(Service, row, m.Time, m.From == decode.Client || identity(account) == identity(p.who))
	if n := b.part(row, p, body); n != 0 {
		return n
	}
	var n ref
	switch body.ReadAs {
	case "text/plain":
		l.Kind, l.Text, l.Format = Said, body.Text, format(body)
		if alias := body.Find("P4-Context"); alias != nil && alias.Value != "" {
			l.Name = clip(alias.Value, maxName)
		}
		b.says(p)
		n = b.add(l)
	case "text/x-msmsgscontrol":
		return b.types(row, l, p, body)
	case "text/x-msmsgsinvite":
		return b.invite(row, l, p, body)
	case "application/x-msnmsgrp2p":
		var ok bool
		if n, ok = b.packet(row, l, p, m); ok {
			return n
		}
		l.Text = words(body)
		n = b.add(l)
	case "application/x-msmsgssystemmessage", "text/x-msmsgssystemmessage":
		l.Kind, l.Text = Notice, body.Summary
		n = b.add(l)
	default:
		if l.Text = words(body); l.Text == "" {
			return 0
		}
		n = b.add(l)
	}
	b.begins(n, m, p, body)
	return n
}

// says ends all bursts of typing, and what the person typed is said.
func (b *Builder) says(p *person) {
	b.said++
	for _, n := range p.bursts {
		if l := b.line(n); l != nil {
			l.Superseded = true
		}
	}
	p.bursts = p.bursts[:0]
}

// types takes typing: one line for a burst of it.
func (b *Builder) types(row int, l Line, p *person, body *payload.Payload) ref {
	what := "is typing"
	if body.Find("TypingUser") == nil && body.Find("RecordingUser") != nil {
		what = "is recording a voice clip"
	}
	if old := b.line(p.burst); old != nil && p.said == b.said && strings.HasPrefix(old.Text, what) {
		p.typed++
		old.addRow(row)
		b.setText(old, fmt.Sprintf("%s (x%d)", what, p.typed))
		return p.burst
	}
	l.Kind, l.Text = Typing, what
	p.burst, p.typed, p.said = b.add(l), 1, b.said
	if len(p.bursts) >= maxRows {
		p.bursts = append(p.bursts[:0], p.bursts[1:]...)
	}
	p.bursts = append(p.bursts, p.burst)
	return p.burst
}

// format reads X-MMS-IM-Format.
func format(body *payload.Payload) (f Format) {
	header := body.Find("X-MMS-IM-Format")
	if header == nil {
		return f
	}
	for _, n := range header.Children {
		switch n.Name {
		case "FN":
			f.Font = clip(n.Value, maxName)
		case "EF":
			f.Bold, f.Italic = strings.Contains(n.Value, "B"), strings.Contains(n.Value, "I")
			f.Underline, f.Strike = strings.Contains(n.Value, "U"), strings.Contains(n.Value, "S")
		case "CO":
			f.Color = n.Meaning
		case "RL":
			f.RightToLeft = n.Value == "1"
		}
	}
	return f
}
