package p2p

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// Renumbering says what takes the place of the values in a packet that the two ends of a
// talk make up. What is nil stays.
type Renumbering struct {
	// Session is given a session id that is not 0.
	Session func(uint32) uint32
	// ID is given the packet's own number. In version 2, where that counts bytes, those
	// after one that Data makes longer are to be moved by that much.
	ID func(uint32) uint32
	// Ack is given what a packet acknowledges, or says not to have received, and
	// returns that number, and for version 1 the AckID and the size of what has it.
	Ack func(a Acked) Acked
	// Data is given the data of a message of MSNSLP, or of what of it is in the packet.
	// Its length may change only if the whole message is in the packet.
	Data func(data []byte, whole bool) []byte
}

// Acked is what an acknowledgement names: Unique and Size in version 1 alone.
type Acked struct {
	ID, Unique uint32
	Size       uint64
}

// Renumber returns the packet b with other values, its lengths counted anew, and by how
// many bytes it is longer. A packet that makes no sense comes back as it is.
func (r *Renumbering) Renumber(b []byte) (out []byte, longer int) {
	p, err := Parse(b)
	if err != nil {
		return b, 0
	}
	out = bytes.Clone(b)
	if r.Data != nil && p.SessionID == 0 && len(p.Data) > 0 {
		data := r.Data(bytes.Clone(p.Data), p.First() && p.Last())
		start := p.DataStart()
		longer = len(data) - len(p.Data)
		out = append(append(out[:start:start], data...), b[start+len(p.Data):]...)
	}
	if p.Version == V1 {
		r.v1(&p, out, longer)
	} else {
		r.v2(&p, out, longer)
	}
	return out, longer
}

func (r *Renumbering) v1(p *Packet, out []byte, longer int) {
	le := binary.LittleEndian
	le.PutUint64(out[16:], p.Total+uint64(longer))
	if p.Length > 0 {
		le.PutUint32(out[24:], p.Length+uint32(longer))
	}
	if r.Session != nil && p.SessionID != 0 {
		le.PutUint32(out, r.Session(p.SessionID))
	}
	if r.ID != nil {
		le.PutUint32(out[4:], r.ID(p.ID))
	}
	if _, _, acks := p.Acks(); acks && r.Ack != nil {
		a := r.Ack(Acked{p.AckID, p.AckUnique, p.AckSize})
		le.PutUint32(out[32:], a.ID)
		le.PutUint32(out[36:], a.Unique)
		le.PutUint64(out[40:], a.Size)
	}
}

func (r *Renumbering) v2(p *Packet, out []byte, longer int) {
	be := binary.BigEndian
	be.PutUint16(out[2:], uint16(p.Length)+uint16(longer))
	if r.ID != nil {
		be.PutUint32(out[4:], r.ID(p.ID))
	}
	if r.Session != nil && p.SessionID != 0 {
		be.PutUint32(out[p.header+4:], r.Session(p.SessionID))
	}
	for _, t := range p.TLVs {
		if (t.Type == tlvAck || t.Type == tlvNak) && len(t.Value) == 4 && r.Ack != nil {
			be.PutUint32(out[t.start:], r.Ack(Acked{ID: be.Uint32(t.Value)}).ID)
		}
	}
}

// Recount sets the Content-Length of a message of MSNSLP to what follows its headers,
// where there is one.
func Recount(slp []byte) []byte {
	s, ok := ParseSLP(slp)
	if !ok {
		return slp
	}
	for _, h := range s.Headers {
		if h.Name == "Content-Length" && h.End > h.Start {
			return fmt.Appendf(nil, "%s%s%s", slp[:h.Start], strconv.Itoa(s.bodyEnd-s.bodyStart), slp[h.End:])
		}
	}
	return slp
}
