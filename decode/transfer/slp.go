package transfer

import (
	"cmp"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
)

// slp takes a message of MSNSLP.
func (k *Tracker) slp(p *Packet, m *decode.Message) {
	s := p.SLP
	if inv, ok := s.Invitation(); ok {
		k.invited(p, &inv, m)
		return
	}
	t := k.calls[s.Header("Call-ID")]
	if t == nil {
		if id := s.SessionID(); id != 0 {
			t = k.find(id, p.From, p.To)
		}
	}
	if t == nil {
		return
	}
	p.Transfer = t
	offer, isOffer := s.Offer()
	if isOffer {
		t.offered(offer)
	}
	switch {
	case s.Is("BYE"):
		t.bye(p.From, m)
	case s.Method != "" || isOffer:
	case s.Status == 200:
		if t.State == Offered {
			t.State = Accepted
		}
	case s.Status == 603:
		if t.State == Offered {
			t.over(Declined, p.From, "", m.Time)
		}
	case s.Status >= 400:
		t.over(Failed, p.From, cmp.Or(s.Reason, "error"), m.Time)
	}
}

// invited takes an invitation to a session.
func (k *Tracker) invited(p *Packet, inv *p2p.Invitation, m *decode.Message) {
	if t := k.calls[inv.CallID]; t != nil && inv.CallID != "" && t.SessionID == inv.SessionID {
		p.Transfer, p.Again = t, true
		return
	}
	t := k.begin(m)
	p.Transfer, p.New = t, true
	t.Kind, t.Name, t.Size, t.CallID, t.SessionID = inv.Kind, inv.Name, inv.Size, inv.CallID, inv.SessionID
	inviter, invitee := p.From, p.To
	if inviter == "" {
		inviter = bare(p.SLP.From())
	}
	if invitee == "" {
		if invitee = bare(p.SLP.To()); strings.EqualFold(invitee, inviter) {
			invitee = ""
		}
	}
	t.Inviter, t.From, t.To = inviter, inviter, invitee
	if inv.Pull() {
		t.From, t.To = invitee, inviter
	}
	if t.Object = inv.Object; t.Object != nil {
		t.Seal = t.Object.Sealed()
	}
	k.know(t)
}

// offered takes an offer of a direct connection, or the answer to one.
func (t *Transfer) offered(o p2p.Offer) {
	if len(t.offers) < maxOffers {
		t.offers = append(t.offers, o)
	}
	for _, a := range o.Addresses {
		if len(t.Addresses) < maxAddresses && !slices.Contains(t.Addresses, a) {
			t.Addresses = append(t.Addresses, a)
		}
	}
}

// bye takes the end of a session.
func (t *Transfer) bye(by string, m *decode.Message) {
	if t.Bye {
		return
	}
	t.Bye = true
	switch {
	case t.State >= Declined:
		if t.State == Complete || t.State == WrongHash {
			t.Over = m.Time
		}
	case !t.HasContent() && t.State == Accepted:
		t.over(Ended, by, "", m.Time)
	case t.Size == 0 && t.State == Accepted:
		t.over(Complete, "", "", m.Time)
	default:
		t.over(Cancelled, by, "", m.Time)
	}
}
