package story

import (
	"slices"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// Peer is what a message that carries P2P means beyond its packets, whose number, sizes
// and ids are others each time.
type Peer struct {
	// SLP is a message of MSNSLP that is whole with this one; nil: none is.
	SLP []byte
	// Transfer is that whose content begins here, as it is at the end of the recording;
	// nil: none begins. On the connection of the other client it begins once more.
	Transfer *transfer.Transfer
	// Rest: it holds nothing but what belongs to what other messages stand for: pieces
	// of content and of MSNSLP, acknowledgements.
	Rest bool
}

// Peer returns what a message means that carries P2P; nil for all others, and for
// sessions that hand nothing over, as that of a webcam.
func (s *Story) Peer(m *Message) *Peer { return s.peers[m] }

// lead is the content that one end of a connection sends.
type lead struct {
	conn     uint32
	from     decode.Sender
	transfer *transfer.Transfer
}

// peer notes what a message means that carries P2P.
func (t *teller) peer(m *Message, d *decode.Message) {
	e := t.transfers.Message(d)
	if e == nil && d.Direct == nil {
		return
	}
	p := &Peer{Rest: true}
	if e != nil {
		for i := range e.Packets {
			if !t.packet(p, &e.Packets[i], d) {
				return
			}
		}
	}
	if len(d.Joined) > 0 {
		p.SLP, p.Rest = slices.Clone(d.Joined), false
	}
	if t.story.peers == nil {
		t.story.peers = make(map[*Message]*Peer)
	}
	t.story.peers[m] = p
}

// packet notes what one packet means; false: it means something by itself.
func (t *teller) packet(p *Peer, x *transfer.Packet, d *decode.Message) bool {
	switch {
	case len(x.Data) == 0:
		return !x.Closes()
	case x.SessionID == 0:
		if x.First() && x.Last() && p2p.IsSLP(x.Data) {
			p.SLP, p.Rest = slices.Clone(x.Data), false
		}
		return true
	case x.Transfer == nil || !x.Transfer.HasContent():
		return false
	case x.Prepares():
		return true
	}
	k := lead{d.Conn.ID, d.From, x.Transfer}
	if !t.leads[k] {
		if t.leads == nil {
			t.leads = make(map[lead]bool)
		}
		t.leads[k] = true
		p.Transfer, p.Rest = x.Transfer, false
	}
	return true
}
