package transfer

import (
	"fmt"
	"strconv"
	"strings"

	"msnproxy/decode/p2p"
)

// sent is what is remembered of a blob, or of all that somebody has sent in version 2,
// for acknowledgements.
type sent struct {
	unique   uint32 // AckID of its newest packet
	others   bool   // its packets differ in that
	total    uint64
	end      uint32 // version 2: the number of the byte behind all
	transfer *Transfer
}

func blobKey(from string, version int, id uint32) string {
	if version == p2p.V2 {
		id = 0 // one count for all
	}
	var room [64]byte
	key := strconv.AppendInt(room[:0], int64(version), 10)
	key = strconv.AppendUint(append(key, ' '), uint64(id), 10)
	return string(append(append(key, ' '), strings.ToLower(from)...))
}

// sent remembers a packet with data.
func (k *Tracker) sent(p *Packet) {
	k.blobs.Max = maxBlobs
	key := blobKey(p.From, p.Version, p.ID)
	s, known := k.blobs.Get(key)
	switch {
	case p.Version == p2p.V2:
		end := p.ID + p.Length
		if !known || int32(end-s.end) > 0 {
			s.end = end
		}
	case known:
		s.others = s.others || s.unique != p.AckID
		s.unique, s.total = p.AckID, p.Total
	default:
		s.unique, s.total = p.AckID, p.Total
	}
	if p.Transfer != nil {
		s.transfer = p.Transfer
	}
	k.blobs.Put(key, s)
}

// acks returns the transfer that an acknowledgement is about, or nil.
func (k *Tracker) acks(p *Packet) *Transfer {
	id, _, ok := p.Acks()
	if !ok {
		return nil
	}
	if p.SessionID != 0 {
		if t := k.find(p.SessionID, p.From, p.To); t != nil {
			return t
		}
	}
	s, _ := k.blobs.Get(blobKey(p.To, p.Version, id))
	return s.transfer
}

// acknowledged says what is wrong with an acknowledgement of what was seen.
func (k *Tracker) acknowledged(p *Packet) {
	id, nak, ok := p.Acks()
	if !ok || nak || p.To == "" {
		return
	}
	s, known := k.blobs.Get(blobKey(p.To, p.Version, id))
	switch {
	case !known:
	case p.Version == p2p.V2:
		if ahead := int32(id - s.end); ahead > 0 {
			p.WrongAck = fmt.Sprintf("it acknowledges what was sent up to %d, and nothing was sent beyond %d", id, s.end)
		}
	case p.AckUnique != s.unique && !s.others:
		p.WrongAck = fmt.Sprintf("it acknowledges %d with the unique id %d, and that blob's is %d", id, p.AckUnique, s.unique)
	case p.AckSize != s.total:
		p.WrongAck = fmt.Sprintf("it acknowledges %d bytes of %d, which has %d", p.AckSize, id, s.total)
	}
}
