package transfer

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// cargo is a packet in a message, and who sends it to whom as far as the message tells.
type cargo struct {
	bytes    []byte
	slp      bool // a message of MSNSLP without a packet around it
	path     string
	from, to string
}

// carriedBy returns the packets that a message carries.
func carriedBy(m *decode.Message) []cargo {
	b := m.Frame.Payload()
	switch {
	case len(b) == 0 || m.Form.Payload == "":
		return nil
	case m.Role&decode.SB != 0 && m.Form.Payload == string(payload.MIME):
		packet, ok := payload.PeerPacket(b)
		if !ok {
			return nil
		}
		src, _ := payload.Header(b, "P2P-Src")
		dest, _ := payload.Header(b, "P2P-Dest")
		return []cargo{{bytes: packet, path: Switchboard, from: string(src), to: string(dest)}}
	case p2p.IsSLP(b):
		return []cargo{{bytes: b, slp: true, path: Switchboard, to: toOf(m)}}
	case bytes.HasPrefix(b, []byte("Routing:")):
		return routed(b)
	}
	return nil
}

// toOf is whom a client addresses on its command line.
func toOf(m *decode.Message) string {
	if m.From == decode.Server {
		return ""
	}
	return handleOf(m)
}

// routed returns the packets in a message of MSNP21: three blocks of headers, and a body
// that holds one or several, whose places Bridging-Offsets gives.
func routed(b []byte) (list []cargo) {
	var c cargo
	var offsets, kind string
	for range 3 {
		b = payload.Walk(b, func(name, value []byte) bool {
			switch v := string(value); {
			case is(name, "From"):
				c.from = accountOf(v)
			case is(name, "To"):
				c.to = accountOf(v)
			case is(name, "Content-Type"):
				kind = v
			case is(name, "Bridging-Offsets"):
				offsets = v
			}
			return true
		})
	}
	c.path = Routed
	switch {
	case p2p.IsSLP(b):
		c.bytes, c.slp = b, true
		return []cargo{c}
	case !strings.HasPrefix(strings.ToLower(kind), "application/x-msnmsgrp2p"):
		return nil
	}
	at := []int{0}
	for s := range strings.SplitSeq(offsets, ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n > at[len(at)-1] && n < len(b) && len(at) < maxBridged {
			at = append(at, n)
		}
	}
	for i, start := range at {
		end := len(b)
		if i+1 < len(at) {
			end = at[i+1]
		}
		c.bytes = b[start:end]
		list = append(list, c)
	}
	return list
}

// maxBridged is how many packets are read of one message.
const maxBridged = 256

func is(name []byte, want string) bool { return strings.EqualFold(string(name), want) }

// accountOf takes the account out of "1:alice@example.com;epid={GUID}", and keeps the
// end point as other dialects write it.
func accountOf(v string) string {
	a := address.Parse(v)
	if a.EndPoint != "" {
		return a.Account + ";" + a.EndPoint
	}
	return a.Account
}

// handleOf is whom the command line names, with the end point.
func handleOf(m *decode.Message) string { return accountOf(string(m.Raw("handle"))) }

// parties says who sends what a message carries, and to whom.
func (k *Tracker) parties(m *decode.Message, c *cargo) (from, to string) {
	from, to = c.from, c.to
	if m.From == decode.Server {
		if who := handleOf(m); who != "" && !address.Same(who, from) {
			from = who // the server knows better than P2P-Src
		}
		if address.Same(to, from) {
			to = "" // some write themselves there
		}
		if to == "" {
			to = k.account(m.Conn)
		} else if k.account(m.Conn) == "" && m.Conn.Conversation != nil && len(m.Conn.Conversation.Participants) <= 2 {
			k.is(m.Conn, bare(to))
		}
		return from, to
	}
	if from == "" {
		from = k.account(m.Conn)
	} else {
		k.is(m.Conn, bare(from))
	}
	return from, to
}

// account is whose connection it is, "" if that is not known.
func (k *Tracker) account(c *decode.Connection) string {
	if c.Account != "" {
		return bare(c.Account)
	}
	return k.self[c.ID]
}

func (k *Tracker) is(c *decode.Connection, handle string) {
	if k.account(c) == "" && handle != "" {
		if k.self == nil {
			k.self = make(map[uint32]string)
		}
		k.self[c.ID] = handle
	}
}

// direct is a direct connection.
type direct struct {
	sides  [2]p2p.Direct
	who    [2]string // accounts
	t      *Transfer // that it was made for
	unlet  bool      // a nonce came that is of no offer
	judged bool      // and that, or another fault with what lets in, was told
}

// directOf returns the direct connection that a message is a piece of, or nil; begins:
// it is the beginning of what may become one.
func (k *Tracker) directOf(m *decode.Message) (d *direct, begins bool) {
	if d := k.direct[m.Conn.ID]; d != nil {
		return d, false
	}
	before, greets := k.greets(m)
	switch {
	case greets == decode.Maybe:
		return nil, true
	case greets == decode.No || len(k.direct) >= maxDirect:
		return nil, false
	}
	if k.direct == nil {
		k.direct = make(map[uint32]*direct)
	}
	d = &direct{}
	d.sides[side(m.From)].Feed([]byte(p2p.Greeting[:before]))
	k.direct[m.Conn.ID] = d
	for i := len(k.list) - 1; i >= 0 && d.t == nil; i-- {
		if t := k.list[i]; slices.Contains(t.Addresses, m.Conn.Server) {
			d.meets(t)
		}
	}
	return d, false
}

// meets notes for which transfer it was made.
func (d *direct) meets(t *Transfer) { d.t, t.met = t, true }

// greets reports whether the greeting of a direct connection is whole with this message,
// and how much of it came before: TCP may deliver it in several pieces.
func (k *Tracker) greets(m *decode.Message) (before int, g decode.Guess) {
	if m.Frame == nil || m.From != decode.Client {
		return 0, decode.No
	}
	before = k.greeting[m.Conn.ID]
	rest, raw := []byte(p2p.Greeting[before:]), m.Frame.Raw
	if m.Frame.Offset == int64(before) && !m.Frame.Gap {
		if bytes.HasPrefix(raw, rest) {
			delete(k.greeting, m.Conn.ID)
			return before, decode.Yes
		}
		if bytes.HasPrefix(rest, raw) && (before > 0 || len(k.greeting) < maxDirect) {
			if k.greeting == nil {
				k.greeting = make(map[uint32]int)
			}
			k.greeting[m.Conn.ID] = before + len(raw)
			return 0, decode.Maybe
		}
	}
	delete(k.greeting, m.Conn.ID)
	return 0, decode.No
}

// onDirect takes a piece of a direct connection.
func (k *Tracker) onDirect(d *direct, m *decode.Message) {
	side := side(m.From)
	if m.Occurrence != decode.NoOccurrence || m.Frame == nil {
		return
	}
	in := &d.sides[side]
	in.Feed(m.Frame.Raw)
	for f, ok := in.Next(); ok; f, ok = in.Next() {
		switch {
		case f.Err != nil:
			k.event.NoPacket = fmt.Sprintf("at byte %d %v", f.At, f.Err)
		case f.Nonce != "":
			k.admitted(d, f.Nonce)
		case f.Missing && m.From == decode.Client:
			d.unlet = true
		}
		if f.Packet == nil || f.Packet.Nonce != nil {
			continue
		}
		k.onPacket(d, side, f.Packet, m)
	}
	if d.t != nil && d.unlet && !d.judged && d.t.noncesOffered() {
		d.judged = true
		k.event.WrongNonce = fmt.Sprintf("what lets in to the direct connection of transfer %d (%s) is not the nonce that was offered", d.t.Number, d.t.Kind)
	}
	if k.event.Transfer == nil {
		k.event.Transfer = d.t
	}
}

// onPacket takes a packet of one side.
func (k *Tracker) onPacket(d *direct, side int, packet *p2p.Packet, m *decode.Message) {
	p := Packet{Packet: *packet}
	if p.SessionID != 0 && d.who[side] == "" {
		d.learn(k, &p.Packet, side)
	}
	if k.Invited && d.t == nil {
		return
	}
	k.take(&p, d.who[side], d.who[1-side], Direct, m)
	if p.SLP != nil && p.From == "" {
		d.who[side], d.who[1-side] = bare(p.SLP.From()), bare(p.SLP.To())
	}
	if p.Transfer != nil && d.t == nil {
		d.meets(p.Transfer)
	}
}

// admitted finds the transfer by the nonce that a side gives.
func (k *Tracker) admitted(d *direct, nonce string) {
	for i := len(k.list) - 1; i >= 0; i-- {
		for j := range k.list[i].offers {
			if k.list[i].offers[j].Admits(nonce) {
				d.meets(k.list[i])
				return
			}
		}
	}
	d.unlet = true
}

// noncesOffered reports whether any offer of a direct connection had a nonce.
func (t *Transfer) noncesOffered() bool {
	return slices.ContainsFunc(t.offers, func(o p2p.Offer) bool { return o.Nonce != "" })
}

// learn takes over who is at the ends, of whom one sends this packet.
func (d *direct) learn(k *Tracker, p *p2p.Packet, side int) {
	t := d.t
	if t == nil || t.SessionID != p.SessionID {
		if t = k.find(p.SessionID, "", ""); t == nil {
			t = d.t
		}
	}
	if t == nil {
		return
	}
	if d.t == nil {
		d.meets(t)
	}
	if p.Content() {
		d.who[side], d.who[1-side] = t.From, t.To
	}
}
