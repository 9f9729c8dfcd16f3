package capture

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"msnproxy/decode"
)

// own reads back what [Writer] has written: time, connection, sender, bytes and
// notes of each record as they were. It needs no reassembly, as each frame has
// packets of its own; where the file is not as the writer makes them, it says so.
type own struct {
	p      *pcapng
	conns  map[pair]*ownConn
	known  map[*Conn]*ownConn
	ids    map[uint32]*ownConn // by the number that their notes give
	all    int
	count  int64
	rec    Record
	framer decode.Framer
	part   []byte // of a frame that takes several packets
	want   int    // its length
	head   note   // the note on its first packet
	// partEnds are the sender of that frame and its peer.
	partEnds pair
	partAt   int64  // the place of its first packet
	spare    []byte // memory for the next such frame
	place    int64  // of the record that was given last
	err      error
	pkt      packet
	again    bool // pkt is to be looked at once more
	// anybody, if set, stands for every connection: reading began in the middle,
	// and what was said of connections before is not known. See [Places].
	anybody *ownConn
	// becoming is what became of a frame, in parts.
	becoming struct {
		rec   Record
		place int64
		more  bool
	}
	// unknown counts connections whose opening note is missing.
	unknown uint32
}

// keepPart is how much memory is kept for the next frame of several packets.
const keepPart = 1 << 20

// ownInterface is the interface of every file that [Writer] writes.
var ownInterface = iface{link: linkRaw, resol: 9}

// pair are the two ends of a packet, the sender first.
type pair struct{ from, to netip.AddrPort }

type ownConn struct {
	conn   *Conn
	client netip.AddrPort
	ends   pair // the client first
	offset [2]int64
}

func newOwn(f *file) *own {
	p := newPcapng(f)
	p.comments = true
	return &own{p: p, place: -1, conns: make(map[pair]*ownConn), known: make(map[*Conn]*ownConn), ids: make(map[uint32]*ownConn)}
}

// isOwn reports whether a pcapng file, of which nothing is taken, begins with a
// section header that names msnproxy as its writer.
func isOwn(src *bufio.Reader) bool {
	const most = 4 << 10
	head, err := src.Peek(blockOverhead)
	if err != nil || binary.LittleEndian.Uint32(head[8:]) != byteOrderMagic {
		return false
	}
	n := int(binary.LittleEndian.Uint32(head[4:]))
	if n < blockOverhead+sectionFixed || n > most {
		return false
	}
	if head, err = src.Peek(n); err != nil {
		return false
	}
	found := false
	p := &pcapng{f: &file{}, order: binary.LittleEndian}
	_ = p.options(head[8+sectionFixed:n-4], func(code uint16, value []byte) {
		found = found || code == optionUserAppl && string(value) == userAppl
	})
	return found
}

func (o *own) stats() Stats {
	return Stats{Format: "pcapng", Packets: o.count, Connections: o.all, MSNP: o.all}
}

func (o *own) next(rec *Record) error {
	for o.err == nil {
		if o.again {
			o.again = false
		} else if o.err = o.p.next(&o.pkt); o.err != nil {
			break
		}
		o.count++
		if o.packet(&o.pkt, rec) {
			return nil
		}
	}
	if o.part != nil {
		// The file ends within a frame of several packets.
		o.whole(rec)
		return nil
	}
	return o.err
}

// packet makes a record of a packet, and reports false if it is only there for
// others.
func (o *own) packet(pkt *packet, rec *Record) bool {
	n, noted := parseNote(pkt.comment)
	ends, data, tcp := parseSegment(pkt.data)
	if o.part != nil && (noted || len(data) > 0 && ends != o.partEnds) {
		// The rest of a frame of several packets is not here.
		o.whole(rec)
		o.again = true
		return true
	}
	o.place = o.p.f.at
	*rec = Record{Time: pkt.time, Text: n.Text}
	if pkt.time.Equal(time.Unix(0, 0)) {
		rec.Time = time.Time{}
	}
	if !tcp {
		if n.Remark == nil {
			return false
		}
		rec.Kind, rec.Text, rec.About = Remark, *n.Remark, n.About.about()
		return true
	}
	c := o.party(ends, &n)
	if c == nil {
		if len(data) == 0 && !noted {
			return false
		}
		// The packet that announced it is lost, as in a file that was mended.
		rec.Kind, rec.Conn, rec.Text = Opened, o.unannounced(ends), ""
		o.again = true
		return true
	}
	rec.Conn, rec.From = c.conn, decode.Server
	if ends.from == c.client || o.anybody != nil && pkt.inbound {
		rec.From = decode.Client
	}
	return o.told(rec, &n, c, ends, data)
}

// told makes a record of a packet of a connection.
func (o *own) told(rec *Record, n *note, c *ownConn, ends pair, data []byte) bool {
	switch {
	case n.Open != nil:
		rec.Kind, rec.From = Opened, 0
	case n.Close != nil:
		rec.Kind, rec.From, rec.Reset = Closed, senderOf(n.Close.From), n.Close.Reset
		for _, ends := range [2]pair{ends, {ends.to, ends.from}} {
			if o.conns[ends] == c {
				delete(o.conns, ends)
			}
		}
		delete(o.ids, c.conn.ID)
		delete(o.known, c.conn)
	case n.Became != nil:
		return o.became(rec, n)
	case n.Half:
		rec.Kind = HalfClosed
	case n.Remark != nil:
		rec.Kind, rec.From, rec.Text, rec.Folded = Remark, senderOf(n.From), *n.Remark, n.Folded
	case n.Lost != nil:
		rec.Kind, rec.Lost = Lost, *n.Lost
		c.offset[index(rec.From)] += max(*n.Lost, 0)
	case len(data) > 0:
		return o.data(rec, n, ends, data)
	default:
		return false // handshake, FIN, acknowledgement
	}
	return true
}

// became takes what became of a frame: all of it, or the next part. A part whose beginning
// is not here is nothing.
func (o *own) became(rec *Record, n *note) bool {
	b := n.Became
	from := cmp.Or(senderOf(b.From), rec.From)
	p := &o.becoming
	if p.rec.Conn != rec.Conn || p.rec.From != from || p.rec.Frame.Offset != b.Offset || !p.more {
		p.rec = Record{Time: rec.Time, Conn: rec.Conn, Kind: Became, From: from, Fate: fateOf(n.Fate), ChangedBy: n.ChangedBy,
			HeldFor: time.Duration(n.Held), Text: n.Text}
		p.rec.Frame.Offset = b.Offset
		p.place = o.place
		if b.Other {
			p.rec.Sent = []byte{}
		}
	}
	if b.Other && len(p.rec.Sent)+len(b.Put) <= maxRecord {
		p.rec.Sent = append(p.rec.Sent, b.Put...)
	}
	if p.more = b.More; p.more {
		return false
	}
	*rec, o.place = p.rec, p.place
	p.rec = Record{}
	return true
}

// party returns the connection that a packet is of, or nil if it was not
// announced.
func (o *own) party(ends pair, n *note) *ownConn {
	open := n.Open
	switch {
	case o.anybody != nil && open != nil:
		return &ownConn{conn: open.conn()}
	case o.anybody != nil:
		return o.anybody
	case open != nil:
		return o.open(ends, open)
	case o.part != nil:
		return o.known[o.rec.Conn]
	case n.In != 0 && o.ids[n.In].isOf(ends):
		c := o.ids[n.In]
		o.known[c.conn] = c
		return c
	}
	return o.conns[ends]
}

// unannounced makes a connection of what its packets tell. Which end is the
// client is told by the port of the server, or else the lower one is that.
func (o *own) unannounced(ends pair) *Conn {
	client, server := ends.from, ends.to
	if p := client.Port(); p == 1863 || server.Port() != 1863 && p < server.Port() {
		client, server = server, client
	}
	o.unknown++
	return o.open(pair{client, server}, &noteOpen{Conn: 1<<31 + o.unknown, Client: client.String(),
		Server: server.String(), MidStream: true}).conn
}

func (o *own) open(ends pair, n *noteOpen) *ownConn {
	c := &ownConn{client: ends.from, ends: ends, conn: n.conn()}
	o.conns[ends] = c
	if old := o.conns[pair{ends.to, ends.from}]; old != nil && (o.part == nil || old.conn != o.rec.Conn) {
		delete(o.known, old.conn)
	}
	o.conns[pair{ends.to, ends.from}] = c
	o.known[c.conn] = c
	o.ids[n.Conn] = c
	o.all++
	return c
}

// isOf reports whether a packet of these ends can be of the connection.
func (c *ownConn) isOf(ends pair) bool {
	return c != nil && (ends == c.ends || ends == pair{c.ends.to, c.ends.from})
}

// data takes the bytes of a packet: a frame, or a part of one.
func (o *own) data(rec *Record, n *note, ends pair, data []byte) bool {
	if o.part == nil {
		if n.Size <= len(data) || n.Size > maxRecord {
			o.frame(rec, data, n)
			return true
		}
		o.head, o.want, o.partEnds, o.partAt = *n, n.Size, ends, o.place
		// The size is the file's word: much is believed as the bytes come.
		o.part = slices.Grow(o.spare[:0], min(n.Size, keepPart))
		o.rec = *rec
	}
	o.part = append(o.part, data...)
	if len(o.part) < o.want {
		return false
	}
	o.whole(rec)
	return true
}

// whole makes the frame of several packets of what there is of it.
func (o *own) whole(rec *Record) {
	raw := o.part
	if o.part, o.spare = nil, nil; cap(raw) <= 2*keepPart {
		o.spare = raw
	}
	*rec, o.place = o.rec, o.partAt
	o.frame(rec, raw, &o.head)
}

// frame makes the frame of its bytes and what the note says.
func (o *own) frame(rec *Record, raw []byte, n *note) {
	rec.Kind, rec.Sent, rec.Text = Data, n.Sent.apply(raw), n.Text
	rec.Fate, rec.ChangedBy, rec.HeldFor, rec.Verdict = fateOf(n.Fate), n.ChangedBy, time.Duration(n.Held), n.Verdict
	rec.Frame = reframe(&o.framer, n.Kind, raw)
	rec.Frame.Resync, rec.Frame.Gap, rec.Frame.TextLine, rec.Frame.Omitted = n.Resync, n.Gap, n.Line, n.Omitted
	c := o.anybody
	if c == nil {
		c = o.known[rec.Conn]
	}
	link := &c.offset[index(rec.From)]
	if n.Offset != nil {
		*link = *n.Offset
	}
	rec.Frame.Offset = *link
	if rec.Fate != Injected {
		*link += int64(len(raw))
	}
}

// reframe makes a frame of the bytes of one, and its kind if that is no command.
func reframe(framer *decode.Framer, kind string, raw []byte) decode.Frame {
	var fr decode.Frame
	switch kind {
	case "opaque":
		return decode.Frame{Kind: decode.Opaque, Raw: raw}
	case "block":
		return decode.Frame{Kind: decode.Block, Raw: raw, Missing: decode.BlockMissing(raw)}
	}
	*framer = decode.Framer{MaxLine: len(raw), MaxPayload: maxRecord}
	framer.Feed(raw)
	if !framer.Next(&fr) && !framer.Flush(&fr) {
		return decode.Frame{Kind: decode.Opaque, Raw: raw}
	}
	if more := len(raw) - len(fr.Raw); more > 0 && fr.Kind == decode.Command && len(fr.Payload()) > 0 && !plausible(raw[len(fr.Raw):]) {
		// A text had more than the line announces.
		fr.Raw, fr.Missing = raw, -more
	} else if more > 0 {
		return decode.Frame{Kind: decode.Opaque, Raw: raw}
	}
	fr.Resync = false
	return fr
}

// parseSegment reads a packet as appendSegment makes them.
func parseSegment(b []byte) (ends pair, data []byte, ok bool) {
	if len(b) < ip4Header {
		return ends, nil, false
	}
	var from, to netip.Addr
	var tcp []byte
	switch {
	case b[0] == 0x45 && b[9] == 6:
		from, to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		tcp = b[ip4Header:]
	case b[0]>>4 == 6 && len(b) >= ip6Header && b[6] == 6:
		from, to = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		tcp = b[ip6Header:]
	default:
		return ends, nil, false
	}
	if len(tcp) < tcpHeader || len(tcp) < int(tcp[12]>>4)*4 {
		return ends, nil, false
	}
	ends.from = netip.AddrPortFrom(from, binary.BigEndian.Uint16(tcp))
	ends.to = netip.AddrPortFrom(to, binary.BigEndian.Uint16(tcp[2:]))
	return ends, tcp[int(tcp[12]>>4)*4:], true
}
