package capture

import (
	"bufio"
	"encoding/binary"
	"net/netip"
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
	all    int
	count  int64
	rec    Record
	framer decode.Framer
	part   []byte // of a frame that takes several packets
	want   int    // its length
	head   note   // the note on its first packet
	// partEnds are the sender of that frame and its peer.
	partEnds pair
	err      error
	pkt      packet
	again    bool // pkt is to be looked at once more
	// unknown counts connections whose opening note is missing.
	unknown uint32
}

// pair are the two ends of a packet, the sender first.
type pair struct{ from, to netip.AddrPort }

type ownConn struct {
	conn   *Conn
	client netip.AddrPort
	offset [2]int64
}

func newOwn(f *file) *own {
	p := newPcapng(f)
	p.comments = true
	return &own{p: p, conns: make(map[pair]*ownConn), known: make(map[*Conn]*ownConn)}
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
		o.frame(rec, o.part, &o.head)
		o.part = nil
		return nil
	}
	return o.err
}

// packet makes a record of a packet, and reports false if it is only there for
// others.
func (o *own) packet(pkt *packet, rec *Record) bool {
	n, noted := parseNote(pkt.comment)
	*rec = Record{Time: pkt.time, Text: n.Text}
	if pkt.time.Equal(time.Unix(0, 0)) {
		rec.Time = time.Time{}
	}
	ends, data, tcp := parseSegment(pkt.data)
	if !tcp {
		if n.Remark == nil {
			return false
		}
		rec.Kind, rec.Text = Remark, *n.Remark
		return true
	}
	if o.part != nil && (noted || len(data) > 0 && ends != o.partEnds) {
		// The rest of a frame of several packets is not here.
		o.frame(rec, o.part, &o.head)
		o.part, o.again = nil, true
		return true
	}
	c := o.conns[ends]
	if n.Open != nil {
		c = o.open(ends, n.Open)
	}
	if c == nil {
		if len(data) == 0 {
			return false
		}
		// The packet that announced it is lost, as in a file that was mended.
		rec.Kind, rec.Conn, rec.Text = Opened, o.unannounced(ends), ""
		o.again = true
		return true
	}
	rec.Conn = c.conn
	rec.From = decode.Server
	if ends.from == c.client {
		rec.From = decode.Client
	}
	switch {
	case n.Open != nil:
		rec.Kind, rec.From = Opened, 0
	case n.Close != nil:
		rec.Kind, rec.From, rec.Reset = Closed, senderOf(n.Close.From), n.Close.Reset
		delete(o.conns, ends)
		delete(o.conns, pair{ends.to, ends.from})
		delete(o.known, c.conn)
	case n.Remark != nil:
		rec.Kind, rec.From, rec.Text = Remark, senderOf(n.From), *n.Remark
	case n.Lost != nil:
		rec.Kind, rec.Lost = Lost, *n.Lost
		c.offset[index(rec.From)] += max(*n.Lost, 0)
	case len(data) > 0:
		return o.data(rec, &n, ends, data)
	default:
		return false // handshake, FIN, acknowledgement
	}
	return true
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
	c := &ownConn{client: ends.from, conn: &Conn{ID: n.Conn, Client: n.Client, Server: n.Server, Via: n.Via, MidStream: n.MidStream}}
	o.conns[ends] = c
	if old := o.conns[pair{ends.to, ends.from}]; old != nil && (o.part == nil || old.conn != o.rec.Conn) {
		delete(o.known, old.conn)
	}
	o.conns[pair{ends.to, ends.from}] = c
	o.known[c.conn] = c
	o.all++
	return c
}

// data takes the bytes of a packet: a frame, or a part of one.
func (o *own) data(rec *Record, n *note, ends pair, data []byte) bool {
	if o.part == nil {
		if n.Size <= len(data) || n.Size > maxRecord {
			o.frame(rec, data, n)
			return true
		}
		o.head, o.want, o.partEnds = *n, n.Size, ends
		o.part = make([]byte, 0, n.Size)
		o.rec = *rec
	}
	o.part = append(o.part, data...)
	if len(o.part) < o.want {
		return false
	}
	o.frame(rec, o.part, &o.head)
	o.part = nil
	return true
}

// frame makes the frame of its bytes and what the note says.
func (o *own) frame(rec *Record, raw []byte, n *note) {
	if o.part != nil {
		*rec = o.rec
	}
	rec.Kind, rec.Sent, rec.Text = Data, n.Sent.apply(raw), n.Text
	switch n.Fate {
	case "withheld":
		rec.Fate = Withheld
	case "injected":
		rec.Fate = Injected
	}
	rec.Frame = reframe(&o.framer, n.Kind, raw)
	rec.Frame.Resync = n.Resync
	link := &o.known[rec.Conn].offset[index(rec.From)]
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
	if !framer.Next(&fr) && !framer.Flush(&fr) || len(fr.Raw) != len(raw) {
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
