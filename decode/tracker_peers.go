package decode

import (
	"bytes"

	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// join puts an invitation, or what else MSNSLP says, together that is too long for one
// packet of P2P, and gives the whole to the message that ends it.
func (c *Connection) join(m *Message) {
	body, ok := payload.PeerPacket(m.Frame.Payload())
	if !ok || m.Fate == Withheld || m.Frame.Missing > 0 {
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

// mayJoin reports whether the message may be a packet of P2P: a look that costs nearly
// nothing, as all messages get it.
func mayJoin(m *Message) bool {
	const headers = 512
	if m.Form == nil || m.Form.Payload != string(payload.MIME) || !m.Frame.Complete() {
		return false
	}
	b := m.Frame.Payload()
	return len(b) > 48 && bytes.Contains(b[:min(len(b), headers)], []byte("msnmsgrp2p"))
}
