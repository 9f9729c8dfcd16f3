package chat

import (
	"cmp"
	"fmt"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// Bounds on what is remembered of P2P.
const (
	maxHanded = 1024 // transfers
	maxPieces = 64   // packets that belong to what is not whole yet
)

// packet takes a packet of P2P: all of a transfer are one line, and what belongs to none
// that is known here is one for each person.
func (b *Builder) packet(row int, l Line, p *person, m *decode.Message) (n ref, ok bool) {
	b.peers.Max = maxHanded
	e := b.peers.Message(m)
	if e == nil || len(e.Packets) == 0 {
		return 0, false
	}
	t := e.Transfer
	if t == nil {
		return b.stray(row, l, p, &e.Packets[0]), true
	}
	return b.handedOver(row, l, t), true
}

// direct takes what came on a direct connection: what belongs to the chat's transfers.
func (b *Builder) direct(row int, m *decode.Message) {
	b.peers.Max, b.peers.Invited = maxHanded, true
	e := b.peers.Message(m)
	b.peers.Invited = false
	if e == nil || e.Transfer == nil {
		return
	}
	told := false
	for i := range e.Packets {
		t := e.Packets[i].Transfer
		if t == nil || i+1 < len(e.Packets) && e.Packets[i+1].Transfer == t {
			continue
		}
		p := b.person(cmp.Or(t.Inviter, t.From))
		b.handedOver(row, p.of(Service, row, m.Time, false), t)
		told = true
	}
	if n := b.handed.get(e.Transfer); !told && b.line(n) != nil {
		b.attach(n, row)
	}
}

// handedOver adds a row to a transfer's line, or begins one.
func (b *Builder) handedOver(row int, l Line, t *transfer.Transfer) ref {
	n := b.handed.get(t)
	if line := b.line(n); line != nil {
		line.addRow(row)
	} else {
		switch {
		case t.Kind == p2p.KindFile:
			l.Kind = File
		case !t.HasContent():
			l.Kind = Invite
		}
		if l.Kind != Service {
			l.Invitation = &Invitation{Application: t.Kind, File: clip(t.Name, maxName), Cookie: clip(t.CallID, maxName), Size: t.Size}
		}
		n = b.add(l)
		b.handed.put(t, n)
		for _, piece := range b.pieces {
			b.attach(n, piece)
		}
		b.pieces = b.pieces[:0]
	}
	b.describeTransfer(t, n)
	return n
}

// stray takes a packet that belongs to no transfer, or to one that is not whole yet.
func (b *Builder) stray(row int, l Line, p *person, packet *transfer.Packet) ref {
	_, _, acks := packet.Acks()
	if piece := len(packet.Data) > 0 && packet.SessionID == 0 && packet.SLP == nil && !packet.Again; piece || len(packet.Data) == 0 && !acks {
		if len(b.pieces) < maxPieces {
			b.pieces = append(b.pieces, row)
		}
		return 0
	}
	p.strays++
	if old := b.line(p.stray); old != nil {
		old.addRow(row)
		b.setText(old, fmt.Sprintf("sent P2P packets about what is not here (x%d)", p.strays))
		return p.stray
	}
	l.Text = "sent a P2P packet about what is not here"
	p.stray = b.add(l)
	return p.stray
}

// describeTransfer says anew how far a transfer has come.
func (b *Builder) describeTransfer(t *transfer.Transfer, n ref) {
	l := b.line(n)
	if l == nil {
		return
	}
	who := func(handle string) string {
		if handle == "" {
			return "somebody"
		}
		return b.person(handle).display()
	}
	text := "invites to " + t.Kind
	switch {
	case t.Unseen:
		text = "hands over a " + t.Kind + " that was agreed on before"
	case t.Kind == p2p.KindFile:
		text = "offers the file " + cmp.Or(t.Name, "(without a name)")
		if t.Size >= 0 {
			text += fmt.Sprintf(", %d bytes", t.Size)
		}
	case t.HasContent():
		text = "asks for the " + t.Kind + named(t.Name) + " of " + who(t.From)
	case t.Name != "":
		text += named(t.Name)
	}
	state := [...]InviteState{transfer.Offered: Asked, transfer.Accepted: Accepted, transfer.Declined: Declined, transfer.Cancelled: Cancelled,
		transfer.Failed: FailedInvite, transfer.Ended: Transferred, transfer.Incomplete: FailedInvite, transfer.Complete: Transferred, transfer.WrongHash: FailedInvite,
		transfer.WrongSize: FailedInvite, transfer.Unrecorded: Accepted}[t.State]
	switch {
	case t.State == transfer.WrongHash:
		text += ": all of it came, and its hash is wrong"
	case t.State == transfer.Ended:
		text += ": ended"
	case t.State == transfer.Unrecorded:
		text += ": accepted"
	case state != Asked:
		text += ": " + state.String()
	}
	if t.By != "" {
		text += " by " + who(t.By)
	}
	if t.Path == transfer.Direct {
		text += " over a direct connection"
	}
	if t.Reason != "" {
		text += ", " + t.Reason
	}
	if got := t.Received(); got > 0 && state != Transferred && t.State != transfer.WrongHash {
		text += fmt.Sprintf(" (%d", got)
		if t.Size >= 0 {
			text += fmt.Sprintf(" of %d", t.Size)
		}
		text += " bytes came)"
	}
	if inv := l.Invitation; inv != nil {
		inv.State, inv.By, inv.Reason, inv.Moved = state, t.By, t.Reason, int64(t.Received())
	}
	b.setText(l, text)
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return " " + name
}
