package transfer

import (
	"cmp"
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"
	"time"

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
		k.bye(t, p.From, m)
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
func (k *Tracker) bye(t *Transfer, by string, m *decode.Message) {
	if t.Bye {
		return
	}
	t.Bye = true
	switch {
	case t.State >= Declined:
		if t.State == Complete || t.State == WrongHash || t.State == WrongSize {
			t.Over = m.Time
		}
	case !t.HasContent() && t.State == Accepted:
		t.over(Ended, by, "", m.Time)
	case t.Size == 0 && t.State == Accepted:
		k.empty(t, m.Time)
	case t.Received() == 0 && t.State == Accepted:
		t.ended(by, "the session ends, and nothing has come", m.Time)
	default:
		t.over(Cancelled, by, "", m.Time)
	}
}

// empty takes a content without bytes, which is whole by being agreed on.
func (k *Tracker) empty(t *Transfer, at time.Time) {
	if k.Sink != nil {
		if t.stream.Out = k.Sink(t); t.stream.Out != nil {
			_, t.stream.Err = t.stream.Out.Write(nil)
		}
	}
	t.over(Complete, "", "", at)
	sum := sha1.Sum(nil)
	t.SHA1 = base64.StdEncoding.EncodeToString(sum[:])
	if t.Object != nil {
		if t.Hash = t.Object.Judge(sum[:]); t.Hash == p2p.Wrong {
			t.State = WrongHash
		}
	}
}
