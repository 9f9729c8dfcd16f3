package check

import (
	"strconv"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
	"msnproxy/decode/transfer"
)

// maxTransfers is how many transfers are followed at a time, the newest.
const maxTransfers = 512

// handed is what is remembered of a transfer: where it began, and which connections
// that it came by are open.
type handed struct {
	c     *conn
	first place
	over  map[*conn]bool
	said  map[string]bool
}

// once reports whether something is said of the transfer for the first time.
func (h *handed) once(rule string) bool {
	if h.said[rule] {
		return false
	}
	if h.said == nil {
		h.said = make(map[string]bool)
	}
	h.said[rule] = true
	return true
}

// huge finds fault with numbers that no packet can have.
func (k *Checker) huge(c *conn, m *decode.Message, p *transfer.Packet, once func(string) bool) {
	for _, f := range []struct {
		name string
		n    uint64
	}{{"offset", p.Offset}, {"total size", p.Total}, {"size of an acknowledgement", p.AckSize}, {"number of remaining bytes", p.Remaining}} {
		if f.n >= 1<<63 && once("p2p.range") {
			k.add(c, m, "p2p.range", "the %s is %d, 2^63 or more", f.name, f.n)
		}
	}
	if n := uint64(len(p.Data)); p.Version == p2p.V1 && n > 0 && p.Offset < 1<<63 && p.Offset+n > p.Total && once("p2p.range") {
		k.add(c, m, "p2p.range", "%s at %d stand beyond the %d of the blob", byteCount(n), p.Offset, p.Total)
	}
}

// peers applies the rules of P2P.
func (k *Checker) peers(c *conn, m *decode.Message) {
	k.seals(c, m)
	if m.Fate != decode.Held {
		k.handedOn(c, m)
	}
}

// handedOn looks at what came of it to the other end by P2P.
func (k *Checker) handedOn(c *conn, m *decode.Message) {
	e := k.transfers.Message(m)
	if e == nil {
		return
	}
	for i := range e.Packets {
		k.packet(c, m, &e.Packets[i])
	}
	if e.WrongNonce != "" {
		k.add(c, m, "p2p.nonce", "%s", e.WrongNonce)
	}
	if e.NoPacket != "" {
		k.add(c, m, "p2p.direct", "%s", e.NoPacket)
	}
}

func (k *Checker) packet(c *conn, m *decode.Message, p *transfer.Packet) {
	if p.TotalWas > 0 {
		k.add(c, m, "p2p.total", "the blob has %d bytes here, and had %d before", totalOf(p), p.TotalWas)
	}
	if p.WrongAck != "" && c.whole() {
		k.add(c, m, "p2p.ack", "%s", p.WrongAck)
	}
	if p.SLP != nil && !p.Again {
		for _, problem := range p.SLP.Problems {
			k.add(c, m, "p2p.slp", "%s", problem)
		}
		if inv, ok := p.SLP.Invitation(); ok {
			if inv.Object != nil {
				k.seal(c, m, inv.Object)
			}
			if inv.Huge() {
				k.add(c, m, "p2p.range", "the %s is to have 2^63 bytes or more", inv.Kind)
			}
		}
	}
	t := p.Transfer
	if t == nil {
		k.huge(c, m, p, c.once)
		return
	}
	h := k.handed[t]
	if h == nil {
		h = &handed{c: c, first: here(m), over: make(map[*conn]bool)}
		k.remember(t, h)
	}
	h.over[c] = true
	k.huge(c, m, p, h.once)
	if t.State == transfer.WrongSize && h.once("p2p.size") {
		k.add(c, m, "p2p.size", "transfer %d (%s of %s): %s", t.Number, t.Kind, clip([]byte(t.From)), t.Reason)
	}
	if p.Altered && h.once("p2p.altered") {
		k.add(c, m, "p2p.altered", "byte %d of transfer %d (%s of %s) came before, and was another", p.AlteredAt, t.Number, t.Kind, clip([]byte(t.From)))
	}
	if t.Hash == p2p.Wrong && h.once("p2p.sha1d") {
		k.add(c, m, "p2p.sha1d", "the data of transfer %d (%s of %s) has the SHA-1 %s, and SHA1D is %s", t.Number, t.Kind, clip([]byte(t.From)), t.SHA1, clip([]byte(t.Object.SHA1D)))
	}
	if p.SLP != nil && p.SLP.Is("BYE") {
		k.lacks(c, here(m), t)
	}
}

// totalOf is the size that a packet gives its blob.
func totalOf(p *transfer.Packet) uint64 {
	if p.Version == p2p.V1 {
		return p.Total
	}
	return uint64(len(p.Data)) + p.Remaining
}

// remember keeps what is known of a transfer, of the newest ones.
func (k *Checker) remember(t *transfer.Transfer, h *handed) {
	if k.handed == nil {
		k.handed = make(map[*transfer.Transfer]*handed)
	}
	k.handed[t] = h
	if list := k.transfers.Transfers(); len(k.handed) > maxTransfers && len(list) > 0 {
		for old := range k.handed {
			if old.Number < list[0].Number {
				delete(k.handed, old)
			}
		}
	}
}

// lacks says what never came of a transfer that is over, if later data did.
func (k *Checker) lacks(c *conn, at place, t *transfer.Transfer) {
	start, end, ok := t.Missing()
	if total := t.Size; !ok || t.Unseen || len(t.Addresses) > 0 || !c.whole() || end >= uint64(max(total, 0)) || !c.once("p2p.gap "+strconv.Itoa(t.Number)) {
		return
	}
	k.put(c, at, "p2p.gap", "bytes "+strconv.FormatUint(start, 10)+" to "+strconv.FormatUint(end-1, 10)+" of the "+strconv.FormatInt(t.Size, 10)+
		" of transfer "+strconv.Itoa(t.Number)+" ("+t.Kind+") never came, though later ones did")
}

// handedOver says what is to say on transfers that came by a connection which ends;
// cut: not it, but the recording.
func (k *Checker) handedOver(c *conn, cut bool) {
	for _, t := range k.transfers.Transfers() {
		h := k.handed[t]
		if h == nil || !h.over[c] {
			continue
		}
		if delete(h.over, c); len(h.over) > 0 {
			continue
		}
		delete(k.handed, t)
		if cut || t.Bye || t.Received() == 0 || !h.c.whole() || !c.whole() || len(t.Addresses) > 0 || t.Unseen {
			continue
		}
		k.lacks(h.c, h.first, t)
		k.put(h.c, h.first, "p2p.bye", "transfer "+strconv.Itoa(t.Number)+" ("+t.Kind+") was never ended by a BYE")
	}
	k.transfers.Closed(c.info.ID)
}

// seals looks at the descriptions of objects among the parameters, and of emoticons.
func (k *Checker) seals(c *conn, m *decode.Message) {
	if m.Form == nil {
		return
	}
	for i := range m.Form.Params {
		p := &m.Form.Params[i]
		if p.Kind.Name != "msnobj" {
			continue
		}
		if raw := m.Raw(p.Name); len(raw) > 1 {
			if o, ok := p2p.ParseObject([]byte(decode.Unescape(raw))); ok {
				k.seal(c, m, &o)
			}
		}
	}
	if is(k.head.media, "text/x-mms-emoticon") || is(k.head.media, "text/x-mms-animemoticon") {
		for _, o := range payload.Objects(m.Frame.Payload()) {
			k.seal(c, m, &o)
		}
	}
}

func (k *Checker) seal(c *conn, m *decode.Message, o *p2p.Object) {
	if o.Sealed() != p2p.Wrong || !c.once("p2p.sha1c "+clip([]byte(o.SHA1C))+clip([]byte(o.Creator))) {
		return
	}
	k.add(c, m, "p2p.sha1c", "SHA1C of the %s of %s is %s, and its attributes give %s", o.Kind(), clip([]byte(o.Creator)), clip([]byte(o.SHA1C)), o.SHA1COf())
}

func byteCount(n uint64) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.FormatUint(n, 10) + " bytes"
}
