package decode

import (
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// between follows the bytes of a direct connection between two clients, and reports
// whether m is a piece of one, or may be its beginning.
func (c *Connection) between(m *Message) bool {
	if o := m.Opening; o != nil && o.Direct() {
		c.Direct = c.Direct || !o.Partial
		if c.sides == nil {
			c.sides = new([2]p2p.Direct)
		}
	} else if !c.Direct {
		c.sides = nil
		return false
	}
	side := &c.sides[0]
	if m.From == Server {
		side = &c.sides[1]
	}
	if m.Frame.Gap || m.Frame.Offset != side.Fed() {
		side.Gap()
	}
	m.Direct = side.Fork()
	side.Feed(m.Frame.Raw)
	for f, ok := side.Next(); ok; f, ok = side.Next() {
		if f.Packet != nil {
			c.joined(m, m.From.Letter(), "", f.Packet)
		}
	}
	return true
}

// join puts an invitation, or what else MSNSLP says, together that is too long for one
// packet of P2P, and gives the whole to the message that ends it.
func (c *Connection) join(m *Message) {
	if m.Form == nil || m.Form.Payload != string(payload.MIME) || !m.Frame.Complete() || m.Fate == Withheld || m.Fate == Held {
		return
	}
	body, ok := payload.PeerPacket(m.Frame.Payload())
	if !ok {
		return
	}
	packet, err := p2p.Parse(body)
	if err != nil {
		return
	}
	dest, _ := payload.Header(m.Frame.Payload(), "P2P-Dest")
	c.joined(m, m.From.Letter()+string(m.Raw("handle")), string(dest), &packet)
}

// joined takes a packet of somebody to somebody.
func (c *Connection) joined(m *Message, from, to string, packet *p2p.Packet) {
	if packet.SessionID != 0 || len(packet.Data) == 0 || packet.First() && packet.Last() {
		return
	}
	if c.joiner == nil {
		c.joiner = new(p2p.Joiner)
	}
	r := c.joiner.Add(from, to, packet)
	if r.Blob != nil && p2p.IsSLP(r.Blob) {
		m.Joined = r.Blob
	}
}
