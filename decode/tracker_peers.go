package decode

import (
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

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
	if err != nil || packet.SessionID != 0 || len(packet.Data) == 0 || packet.First() && packet.Last() {
		return
	}
	if c.joiner == nil {
		c.joiner = new(p2p.Joiner)
	}
	dest, _ := payload.Header(m.Frame.Payload(), "P2P-Dest")
	r := c.joiner.Add(m.From.Letter()+string(m.Raw("handle")), string(dest), &packet)
	if r.Blob != nil && p2p.IsSLP(r.Blob) {
		m.Joined = r.Blob
	}
}
