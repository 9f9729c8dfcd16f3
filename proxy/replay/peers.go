package replay

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
	"msnproxy/decode/recent"
)

// mostPeerValues bounds what is remembered of one peer.
const mostPeerValues = 4096

// peer is what is known of one live end of talks by P2P (MSNC): the numbers and GUIDs
// that it made up, by those that the recorded one had. Whoever answers it from the
// recording has to name the live ones.
type peer struct {
	sessions, guids recent.Map[string]
	// acked is by what a recorded acknowledgement names: see p2p.Acked.
	acked recent.Map[p2p.Acked]
	// longer is by how many bytes more was said to it than recorded (version 2, which
	// counts them), by who says it.
	longer recent.Map[uint32]
}

func newPeer() *peer {
	p := new(peer)
	p.sessions.Max, p.guids.Max, p.acked.Max, p.longer.Max = mostPeerValues, mostPeerValues, mostPeerValues, mostPeerValues
	return p
}

// cargo finds what of P2P a payload carries: a packet, or a message of MSNSLP without one
// around it, from a place to the end.
func cargo(b []byte) (at int, slp, ok bool) {
	if packet, ok := payload.PeerPacket(b); ok {
		return len(b) - len(packet), false, true
	}
	if p2p.IsSLP(b) {
		return 0, true, true
	}
	if !payload.Routed(b) {
		return 0, false, false
	}
	p := payload.Decode(payload.MIME, b)
	at = len(b) - len(p.Body)
	switch {
	case p2p.IsSLP(p.Body):
		return at, true, true
	case strings.EqualFold(p.ContentType, "application/x-msnmsgrp2p") && p.Find("Bridging-Offsets") == nil:
		return at, false, true
	}
	return 0, false, false
}

// learn takes note of what a live peer says where the recorded one said something: both
// are payloads.
func (p *peer) learn(recorded, live []byte) {
	a, slp, ok := cargo(recorded)
	b, same, also := cargo(live)
	if !ok || !also || slp != same {
		return
	}
	p.names(recorded[:a], live[:b])
	recorded, live = recorded[a:], live[b:]
	if slp {
		p.names(recorded, live)
		return
	}
	was, err := p2p.Parse(recorded)
	is, wrong := p2p.Parse(live)
	if err != nil || wrong != nil || was.Version != is.Version {
		return
	}
	if was.SessionID != 0 && is.SessionID != 0 {
		p.session(strconv.FormatUint(uint64(was.SessionID), 10), strconv.FormatUint(uint64(is.SessionID), 10))
	}
	if was.SessionID == 0 && is.SessionID == 0 {
		p.names(was.Data, is.Data)
	}
	switch {
	case was.Version == p2p.V1:
		p.acked.Put(fmt.Sprint(was.ID), p2p.Acked{ID: is.ID, Unique: is.AckID, Size: is.Total})
	case was.Length > 0 && is.Length > 0:
		p.acked.Put(fmt.Sprint(was.ID+was.Length), p2p.Acked{ID: is.ID + is.Length})
	}
}

func (p *peer) session(recorded, live string) { p.sessions.Put(recorded, live) }

var (
	guids = regexp.MustCompile(`[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}`)
	// sessionLine is where MSNSLP names a session.
	sessionLine = regexp.MustCompile(`(?mi)^(SessionID:[ \t]*)([0-9]{1,10})`)
)

// names takes note of the GUIDs and the sessions in two texts of lines "Name: value":
// what stands behind the same name takes the place of the other.
func (p *peer) names(recorded, live []byte) {
	said := make(map[string][]string)
	for line := range strings.SplitSeq(string(live), "\n") {
		name, value, _ := strings.Cut(line, ":")
		said[strings.ToLower(name)] = guids.FindAllString(value, -1)
	}
	for line := range strings.SplitSeq(string(recorded), "\n") {
		name, value, _ := strings.Cut(line, ":")
		list := said[strings.ToLower(name)]
		for i, id := range guids.FindAllString(value, -1) {
			if i < len(list) {
				p.guids.Put(strings.ToLower(id), list[i])
			}
		}
	}
	if a, b := sessionLine.FindSubmatch(recorded), sessionLine.FindSubmatch(live); a != nil && b != nil {
		p.session(string(a[2]), string(b[2]))
	}
}

// live returns a recorded payload as the live peer is to hear it from who, and whether
// that is another one.
func (p *peer) live(recorded []byte, who string) ([]byte, bool) {
	at, slp, ok := cargo(recorded)
	if !ok {
		return nil, false
	}
	out := p.named(recorded[:at:at])
	if slp {
		out = append(out, p.text(recorded, true)...)
	} else {
		moved, _ := p.longer.Get(who)
		r := p2p.Renumbering{Session: p.number, Ack: p.ack, Data: p.text}
		if packet, err := p2p.Parse(recorded[at:]); err == nil && packet.Version == p2p.V2 {
			r.ID = func(id uint32) uint32 { return id + moved }
		}
		packet, longer := r.Renumber(recorded[at:])
		if longer != 0 {
			p.longer.Put(who, moved+uint32(longer))
		}
		out = append(out, packet...)
	}
	return out, !bytes.Equal(out, recorded)
}

func (p *peer) number(recorded uint32) uint32 {
	if s, ok := p.sessions.Get(strconv.FormatUint(uint64(recorded), 10)); ok {
		if n, err := strconv.ParseUint(s, 10, 32); err == nil {
			return uint32(n)
		}
	}
	return recorded
}

func (p *peer) ack(recorded p2p.Acked) p2p.Acked {
	if a, ok := p.acked.Get(fmt.Sprint(recorded.ID)); ok {
		return a
	}
	return recorded
}

// named is a text with the live GUIDs.
func (p *peer) named(b []byte) []byte {
	return guids.ReplaceAllFunc(b, func(id []byte) []byte {
		if live, ok := p.guids.Get(strings.ToLower(string(id))); ok {
			return []byte(live)
		}
		return id
	})
}

// text is a message of MSNSLP, or a piece of one, with the live values.
func (p *peer) text(b []byte, whole bool) []byte {
	out := p.named(b)
	if !whole || !p2p.IsSLP(out) {
		return out
	}
	changed := sessionLine.ReplaceAllFunc(out, func(line []byte) []byte {
		m := sessionLine.FindSubmatch(line)
		if live, ok := p.sessions.Get(string(m[2])); ok {
			return append(bytes.Clone(m[1]), live...)
		}
		return line
	})
	if len(changed) == len(out) {
		return changed
	}
	return p2p.Recount(changed)
}

// peerOf returns what is known of the peer whose connection it is.
func (c *conn) peerOf() *peer {
	key := strings.ToLower(c.account)
	p := c.s.peers[key]
	if p == nil {
		if c.s.peers == nil {
			c.s.peers = make(map[string]*peer)
		}
		p = newPeer()
		c.s.peers[key] = p
	}
	return p
}

// peerSays learns from a live message that is the recorded one q.
func (c *conn) peerSays(q *story.Message, m *decode.Message) {
	if len(m.Frame.Payload()) == 0 {
		return
	}
	if _, _, ok := cargo(m.Frame.Payload()); !ok {
		return
	}
	if d, _, err := c.s.other.Decode(q); err == nil {
		c.peerOf().learn(d.Frame.Payload(), m.Frame.Payload())
	}
}

// stands reports whether what a client said in place of the payload of q, and what others
// hear of that, still holds: a packet of P2P speaks to what the others said when that
// client was there.
func (s *Server) stands(q *story.Message, payload []byte) bool {
	if _, _, ok := cargo(payload); !ok {
		return true
	}
	return s.isHere(strings.ToLower(q.Conn.Account))
}

// forPeer returns the payload of a recorded message as the live peer is to hear it.
func (c *conn) forPeer(d *decode.Message) ([]byte, bool) {
	if c.s.peers[strings.ToLower(c.account)] == nil || len(d.Frame.Payload()) == 0 {
		return nil, false
	}
	return c.peerOf().live(d.Frame.Payload(), string(d.Raw("handle")))
}
