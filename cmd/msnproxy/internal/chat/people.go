package chat

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/address"
)

// person is somebody of the chat.
type person struct {
	who, name string
	// here: came and has not left. join and leave are the lines that tell so.
	here        bool
	join, leave ref
	words       string // of the join line
	// places are the end points that the account is here with (MSNP16 and later),
	// links its own connections that were seen.
	places []string
	links  []uint32

	burst  ref // of typing
	typed  int // messages in it
	said   int // Builder.said when it began
	bursts []ref
	stray  ref // packets of P2P that belong to nothing
	strays int
}

const maxPlaces = 16

// bare returns the account of an address.
func bare(handle string) string { return address.Bare(handle) }

// identity is what a handle is compared by.
func identity(handle string) string { return clip(address.Identity(handle), maxName) }

// person returns who the handle names. Of too many, the rest are nobody that is
// remembered.
func (b *Builder) person(handle string) *person {
	id := identity(handle)
	p := b.people[id]
	if p == nil {
		// A connection's account stands as it was on the wire, which may be no UTF-8.
		p = &person{who: strings.ToValidUTF8(clip(bare(handle), maxName), "\ufffd")}
		if len(b.people) < maxPeople && id != "" {
			b.people[id] = p
			b.order = append(b.order, p)
		}
	}
	return p
}

// learn takes a friendly name. A handle in its place is none.
func (p *person) learn(name string) {
	if name != "" && !strings.EqualFold(name, p.who) {
		p.name = clip(name, maxName)
	}
}

func (p *person) display() string { return display(p.name, p.who) }

func display(name, who string) string { return cmp.Or(name, who, "somebody") }

// of returns the start of a line of that person.
func (p *person) of(kind Kind, row int, at time.Time, own bool) Line {
	return Line{Kind: kind, Time: at, Row: row, Who: p.who, Name: p.name, Own: own}
}

// notice adds a line on what went wrong or what the server says.
func (b *Builder) notice(row int, at time.Time, p *person, text string) ref {
	l := p.of(Notice, row, at, false)
	l.Text = text
	return b.add(l)
}

// comes tells that somebody is here: one line, however many connections tell.
func (b *Builder) comes(row int, m *decode.Message, p *person, words string) ref {
	_, account := link(m)
	if p.here {
		if l := b.attach(p.join, row); l != nil {
			b.size += len(p.name) - len(l.Name)
			l.Name = p.name
			if words == "joined" && p.words == "is entering" {
				p.words = words
			}
			b.setText(l, p.display()+" "+p.words)
		}
		return p.join
	}
	p.here, p.words, p.leave = true, words, 0
	l := p.of(Join, row, m.Time, strings.EqualFold(p.who, account))
	l.Text = p.display() + " " + words
	p.join = b.add(l)
	return p.join
}

// enter takes USR and ANS: the account of the connection comes in.
func (b *Builder) enter(row int, m *decode.Message) {
	id, account := link(m)
	if m.From == decode.Server {
		b.entered(row, m)
		return
	}
	p := b.person(cmp.Or(value(m, "handle"), account))
	if len(p.links) < maxPlaces && !slices.Contains(p.links, id) {
		p.links = append(p.links, id)
	}
	b.requests.put(m.Number, request{line: b.comes(row, m, p, "is entering")})
}

func (b *Builder) entered(row int, m *decode.Message) {
	_, account := link(m)
	p := b.person(cmp.Or(value(m, "handle"), account))
	p.learn(value(m, "friendly"))
	words := "joined"
	if m.Act() == decode.ActSignIn {
		words = "opened the chat"
	}
	if p.words == "is entering" {
		p.words = words
	}
	b.comes(row, m, p, words)
}

// joins takes IRO and JOI.
func (b *Builder) joins(row int, m *decode.Message) {
	handle := value(m, "handle")
	if handle == "" {
		return
	}
	p := b.person(handle)
	p.learn(value(m, "friendly"))
	words := "joined"
	if m.Form.Says("index") {
		words = "is already here"
	}
	b.comes(row, m, p, words)
	if place := m.Peer().EndPoint; place != "" && len(p.places) < maxPlaces && !slices.Contains(p.places, place) {
		p.places = append(p.places, clip(place, maxName))
	}
}

// call takes CAL and the answer that it rings.
func (b *Builder) call(row int, m *decode.Message) {
	id, account := link(m)
	trid, _ := m.TrID()
	if m.From == decode.Server {
		l := b.attach(b.requests.get(m.ReplyTo).line, row)
		if l == nil {
			b.rang = early{id, trid, row}
		} else if !strings.HasSuffix(l.Text, ringing) {
			b.setText(l, l.Text+ringing)
		}
		return
	}
	p, callee := b.person(account), clip(bare(value(m, "handle")), maxName)
	l := p.of(Call, row, m.Time, true)
	l.Text = p.display() + " called " + callee
	if b.rang.conn != 0 && b.rang.conn == id && b.rang.trid == trid {
		l.Text += ringing
		l.addRow(b.rang.row)
	}
	b.rang = early{}
	b.requests.put(m.Number, request{b.add(l), callee})
}

// early is an answer that a recording has before its request.
type early struct {
	conn, trid uint32
	row        int
}

const ringing = ", ringing"

// rings takes RNG, which a notification server sends to who is called. If the
// call was seen, it is part of that line.
func (b *Builder) rings(row int, m *decode.Message) {
	_, account := link(m)
	p := b.people[identity(value(m, "handle"))]
	for i := len(b.lines) - 1; i >= max(0, len(b.lines)-16) && p != nil; i-- {
		l := &b.lines[i]
		if l.Kind == Call && strings.EqualFold(l.Who, p.who) && strings.HasPrefix(strings.TrimSuffix(l.Text, ringing)+"\n", p.display()+" called "+account+"\n") {
			p.learn(value(m, "friendly"))
			l.addRow(row)
			return
		}
	}
	if len(b.lines) > 0 || account == "" {
		return
	}
	p = b.person(value(m, "handle"))
	p.learn(value(m, "friendly"))
	l := p.of(Call, row, m.Time, false)
	l.Text = p.display() + " called " + account + ringing
	b.add(l)
}

// refused takes an error.
func (b *Builder) refused(row int, m *decode.Message) {
	_, account := link(m)
	p, q := b.person(account), b.requests.get(m.ReplyTo)
	words := cmp.Or(decode.ErrorName(m.Error()), "error "+m.Error())
	l := b.attach(q.line, row)
	var text string
	switch asked := decode.ActOf(m.ReplyVerb); {
	case l != nil && l.Delivery.State != Unknown:
		text = "could not be delivered: " + words
		l.Delivery.State, l.Delivery.Row, l.Delivery.Latency = Failed, row, m.Latency
	case asked == decode.ActSay:
		text = "could not be delivered: " + words
	case asked == decode.ActCall, q.callee != "":
		text = cmp.Or(q.callee, "somebody") + " could not be called: " + words
	case asked == decode.ActSignIn, asked == decode.ActAnswer:
		text = p.display() + " could not enter: " + words
		p.here = false
	default:
		return
	}
	asked := 0
	if l != nil {
		asked = l.Row
	}
	n := b.notice(row, m.Time, p, text)
	if q.line != 0 && l != nil {
		b.line(n).addRow(asked)
	}
}

// bye takes BYE.
func (b *Builder) bye(row int, m *decode.Message) {
	handle := value(m, "handle")
	if handle == "" {
		return
	}
	p := b.person(handle)
	if place := m.Peer().EndPoint; place != "" {
		if i := slices.Index(p.places, place); i >= 0 {
			p.places = slices.Delete(p.places, i, i+1)
		}
		if len(p.places) > 0 {
			b.attach(p.join, row)
			return // still here with another
		}
	}
	words := "left"
	if value(m, "idle") == "1" {
		words = "left (idle)"
	}
	b.goes(row, m.Time, p, words, false)
}

// out takes OUT: of the client, that it leaves; of the server, that it closes.
func (b *Builder) out(row int, m *decode.Message) {
	id, account := link(m)
	p, words := b.person(account), "left"
	if m.From == decode.Server && m.ReplyTo == 0 {
		words = "was disconnected by the server"
		for i := range m.Len() {
			if f := m.Field(i); f.Name == "reason" {
				words += ": " + cmp.Or(f.Means(), f.Value())
			}
		}
	}
	b.unlink(row, p, id, m.Time, words)
}

// unlink tells that one of the person's own connections ends; with the last, the
// person leaves.
func (b *Builder) unlink(row int, p *person, id uint32, at time.Time, words string) {
	if i := slices.Index(p.links, id); i >= 0 {
		p.links = slices.Delete(p.links, i, i+1)
	}
	if len(p.links) == 0 {
		b.goes(row, at, p, words, true)
	}
}

// goes tells that somebody leaves: one line, however many connections tell.
func (b *Builder) goes(row int, at time.Time, p *person, words string, own bool) {
	if l := b.line(p.leave); l != nil && !p.here {
		l.addRow(row)
		if words == "left (idle)" {
			b.setText(l, p.display()+" "+words)
		}
		return
	}
	p.here, p.places, p.burst = false, nil, 0
	l := p.of(Leave, row, at, own)
	l.Text = p.display() + " " + words
	p.leave = b.add(l)
}
