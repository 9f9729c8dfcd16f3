package capture

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/gateway"
)

// Blocks and options of pcapng that are written and not read elsewhere.
const (
	blockStatistics = 5
	optionComment   = 1
	optionUserAppl  = 4
	optionIfName    = 2
	optionFlags     = 2
	optionReceived  = 4
	optionDropped   = 5
	linkRaw         = 101 // LINKTYPE_RAW: packets begin with the IP header
)

// userAppl is what the files say that wrote them; the reader takes the way back
// for files that begin with it.
const userAppl = "msnproxy"

// ackEvery is how many bytes one side sends before the other is made to
// acknowledge: less than the window that a reader of the file believes in.
const (
	ackEvery          = 1 << 29
	ackEveryMidStream = 1 << 15
)

// maxComment is the most that an option holds.
const maxComment = 0xffff

// Writer writes records as a pcapng file: one section, nanoseconds, made-up IP and
// TCP around the bytes as they were received, between the client and the server as
// if there were no proxy. What packets can't say stands in their comments.
//
// Each record goes out with one Write. A Writer is not safe for concurrent use.
type Writer struct {
	w       io.Writer
	buf     []byte
	conns   map[*Conn]*written
	ends    map[pair]*written // the connection of these addresses, client first
	packets uint64
	bytes   int64
	place   int64 // where the record that was written last begins
	last    time.Time
}

// written is a connection as far as it was written.
type written struct {
	client, server netip.AddrPort
	next           [2]uint32 // sequence numbers
	acked          [2]uint32 // what the other end has acknowledged
	offset         [2]int64  // where the next frame should begin in its link
	midStream      bool
	id             uint32  // of its Conn
	shared         bool    // another connection has its addresses: notes tell them apart
	done           [2]bool // its FIN is written
}

// NewWriter writes the head of a file, with a comment for people.
func NewWriter(w io.Writer, comment string) (*Writer, error) {
	out := newWriter(comment)
	out.w = w
	return out, out.flush()
}

// newWriter makes a writer with the head of a file in its buffer.
func newWriter(comment string) *Writer {
	out := &Writer{conns: make(map[*Conn]*written), ends: make(map[pair]*written)}
	head := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	head = append(head, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	if comment != "" {
		head = appendOption(head, optionComment, printableLines(comment))
	}
	head = appendOption(head, optionUserAppl, []byte(userAppl))
	head = appendOption(head, optionEnd, nil)
	out.buf = appendBlock(out.buf, magicSection, head)
	iface := binary.LittleEndian.AppendUint16(nil, linkRaw)
	iface = append(iface, 0, 0, 0, 0, 0, 0)
	iface = appendOption(iface, optionIfName, []byte(userAppl))
	iface = appendOption(iface, optionTSResol, []byte{9})
	iface = appendOption(iface, optionEnd, nil)
	out.buf = appendBlock(out.buf, blockInterface, iface)
	return out
}

// Size returns the bytes written so far.
func (w *Writer) Size() int64 { return w.bytes }

// flush hands what was made to the file, with one Write.
func (w *Writer) flush() error {
	n, err := w.w.Write(w.buf)
	w.bytes += int64(n)
	w.buf = w.buf[:0]
	return err
}

// WriteRecord writes one record.
func (w *Writer) WriteRecord(r *Record) error {
	w.append(r)
	return w.flush()
}

// append appends the packets of a record to the buffer.
func (w *Writer) append(r *Record) {
	w.last, w.place = r.Time, w.bytes
	switch {
	case r.Kind == Remark && r.About != nil:
		// On no connection: that may be closed.
		w.datagram(r.Time, annotation(r))
		return
	case r.Conn == nil:
		n := note{Remark: &r.Text}
		w.datagram(r.Time, n.comment(r.Text))
		return
	case r.Kind == Opened:
		w.open(r, false)
		return
	}
	c := w.conns[r.Conn]
	if c == nil && r.Kind == Became {
		// What became of a frame tells of no connection; it may be over.
		text := r.BecameOf()
		w.append(&Record{Time: r.Time, Kind: Remark, Text: text})
		return
	}
	if c == nil {
		c = w.open(&Record{Time: r.Time, Conn: r.Conn, Kind: Opened}, true)
		w.place += int64(len(w.buf))
	}
	switch r.Kind {
	case Data:
		if w.plain(c, r) {
			w.segment(r.Time, c, r.From, tcpPSH|tcpACK, r.Frame.Raw, nil)
			return
		}
		w.data(c, r)
	case Became:
		w.became(c, r)
	case Lost:
		w.lost(c, r)
	case HalfClosed:
		w.halfClose(c, r.From, r.Time, r.Text)
	case Closed:
		w.close(c, r)
	default:
		n := note{Remark: &r.Text, Folded: r.Folded, In: c.in(), From: senderName(r.From)}
		w.segment(r.Time, c, decode.Server, tcpACK, nil, n.comment(r.Text))
	}
}

// plain reports whether a frame needs no note, as nearly all; then it is counted.
func (w *Writer) plain(c *written, r *Record) bool {
	f, expected := &r.Frame, &c.offset[index(r.From)]
	if f.Offset != *expected || f.Kind != decode.Command || f.Resync || f.Gap || f.TextLine != 0 || c.shared || r.Sent != nil || r.Text != "" || r.Verdict != "" || r.Fate != Passed || r.ChangedBy != nil || r.HeldFor != 0 || len(f.Raw) > maxSegment {
		return false
	}
	*expected += int64(len(f.Raw))
	return true
}

// Close writes the statistics: dropped counts records that were not written.
func (w *Writer) Close(dropped int64) error {
	w.end(dropped)
	return w.flush()
}

// end appends the statistics to the buffer.
func (w *Writer) end(dropped int64) {
	body := make([]byte, 4)
	body = appendTime(body, w.last)
	body = appendOption(body, optionReceived, binary.LittleEndian.AppendUint64(nil, w.packets+uint64(dropped)))
	body = appendOption(body, optionDropped, binary.LittleEndian.AppendUint64(nil, uint64(dropped)))
	body = appendOption(body, optionEnd, nil)
	w.buf = appendBlock(w.buf, blockStatistics, body)
}

// carry appends, at the head of a new file, the connections that are open already.
func (w *Writer) carry(from *Writer, at time.Time) {
	open := slices.SortedFunc(maps.Keys(from.conns), func(a, b *Conn) int { return cmp.Compare(a.ID, b.ID) })
	for _, conn := range open {
		c := from.conns[conn]
		w.conns[conn] = c
		w.ends[pair{c.client, c.server}] = c
		c.midStream = true
		c.offset = [2]int64{} // a reader of this file knows nothing of the one before
		// A FIN is written once more, as it came.
		done := c.done
		c.done = [2]bool{}
		for i := range done {
			if done[i] {
				c.next[i]--
				c.acked[i] = c.next[i]
			}
		}
		w.announce(c, &Record{Time: at, Conn: conn})
		for i, from := range [2]decode.Sender{decode.Client, decode.Server} {
			if done[i] {
				w.halfClose(c, from, at, "")
			}
		}
	}
}

// open makes a connection's addresses, and its handshake if it was seen.
func (w *Writer) open(r *Record, midStream bool) *written {
	c := &written{midStream: midStream || r.Conn.MidStream}
	c.client, c.server = endpoints(r.Conn)
	if r.Conn.Way == gateway.Way {
		w.ownPort(c)
	}
	// Different for each connection, so that a port used again is told apart.
	c.next = [2]uint32{r.Conn.ID * 0x9e3779b1, r.Conn.ID * 0x85ebca6b}
	c.acked = c.next
	w.conns[r.Conn] = c
	c.id = r.Conn.ID
	if other := w.ends[pair{c.client, c.server}]; other != nil {
		other.shared, c.shared = true, true
	}
	w.ends[pair{c.client, c.server}] = c
	if c.midStream {
		w.announce(c, r)
		return c
	}
	comment := w.opening(c, r)
	w.segment(r.Time, c, decode.Client, tcpSYN, nil, comment)
	c.next[0]++
	w.segment(r.Time, c, decode.Server, tcpSYN|tcpACK, nil, nil)
	c.next[1]++
	w.segment(r.Time, c, decode.Client, tcpACK, nil, nil)
	return c
}

// ownPort gives a session of an HTTP gateway a client's port that no other open connection to
// its server has: several may be open over one connection of the client, and every reader
// is to tell their packets apart. The comment has the port as it was.
func (w *Writer) ownPort(c *written) {
	const first = 1024
	for range 1<<16 - first {
		if w.ends[pair{c.client, c.server}] == nil {
			return
		}
		c.client = netip.AddrPortFrom(c.client.Addr(), max(first, c.client.Port()+1))
	}
}

// announce writes a packet that only says that the connection is open.
func (w *Writer) announce(c *written, r *Record) {
	w.segment(r.Time, c, decode.Client, tcpACK, nil, w.opening(c, r))
}

func (w *Writer) opening(c *written, r *Record) []byte {
	n := note{Text: r.Text, Open: &noteOpen{Conn: r.Conn.ID, Client: r.Conn.Client, Server: r.Conn.Server,
		Via: r.Conn.Via, MidStream: c.midStream, Way: r.Conn.Way, Asked: r.Conn.Asked}}
	what := "opened"
	if c.midStream {
		what = "was open already"
	}
	text := fmt.Sprintf("connection %d %s: %s to %s via %s", r.Conn.ID, what, r.Conn.Client, r.Conn.Server, r.Conn.Via)
	if came := r.Conn.Came(); came != "" {
		text += ", " + came
	}
	return n.comment(text)
}

// data writes a frame: one packet, or more where it is too long for one.
func (w *Writer) data(c *written, r *Record) {
	n := note{Resync: r.Frame.Resync, Gap: r.Frame.Gap, Line: r.Frame.TextLine, Omitted: r.Frame.Omitted, In: c.in(), Text: r.Text}
	people := ""
	expected := &c.offset[index(r.From)]
	if r.Frame.Offset != *expected {
		n.Offset = &r.Frame.Offset
		*expected = r.Frame.Offset
	}
	if r.Fate != Injected {
		*expected += int64(len(r.Frame.Raw))
	}
	if r.Frame.Kind != decode.Command {
		n.Kind = r.Frame.Kind.String()
		people = n.Kind
	}
	if r.Sent != nil {
		n.Sent = difference(r.Frame.Raw, r.Sent)
		people = "sent on as: " + string(r.Sent)
	}
	switch r.Fate {
	case Withheld:
		n.Fate, people = r.Fate.String(), "not sent on"
	case Injected:
		n.Fate, people = r.Fate.String(), "made by the proxy"
	case Held:
		n.Fate, people = r.Fate.String(), "held"
	}
	n.ChangedBy, n.Held, n.Verdict = r.ChangedBy, millis(r.HeldFor), r.Verdict
	if len(n.ChangedBy) > 0 {
		people += ", by " + strings.Join(n.ChangedBy, ", ")
	}
	raw := r.Frame.Raw
	if len(raw) > maxSegment {
		n.Size = len(raw)
	}
	var comment []byte
	if n.Sent != nil || n.Offset != nil || n.Resync || n.Gap || n.Line != 0 || n.In != 0 || n.Text != "" || n.Verdict != "" || n.Kind != "" || n.Fate != "" || n.ChangedBy != nil || n.Held != 0 || n.Size != 0 {
		if comment = n.comment(people); len(comment) > maxComment {
			n.Sent, n.Text = nil, fmt.Sprintf("sent on otherwise: %d bytes, too many for this note", len(r.Sent))
			comment = n.comment(people)
		}
	}
	for first := true; first || len(raw) > 0; first = false {
		part := raw[:min(len(raw), maxSegment)]
		raw = raw[len(part):]
		w.segment(r.Time, c, r.From, tcpPSH|tcpACK, part, comment)
		comment = nil
	}
}

// maxPut is how many bytes of what was sent on go into one comment: Base64 makes four
// of three, and what else stands there needs the rest.
const maxPut = 24 << 10

// became writes packets without data that say what became of a frame.
func (w *Writer) became(c *written, r *Record) {
	people, rest := r.BecameOf(), r.Sent
	for first := true; first || len(rest) > 0; first = false {
		b := noteBecame{From: senderName(r.From), Offset: r.Frame.Offset, Other: r.Sent != nil}
		b.Put = rest[:min(len(rest), maxPut)]
		rest = rest[len(b.Put):]
		b.More = len(rest) > 0
		n := note{Became: &b, In: c.in()}
		if first {
			n.Fate, n.ChangedBy, n.Held, n.Text = becameFate(r.Fate), r.ChangedBy, millis(r.HeldFor), r.Text
		}
		w.segment(r.Time, c, r.From, tcpACK, nil, n.comment(people))
	}
}

// becameFate is the fate in a note: nothing, where the frame was sent on.
func becameFate(f Fate) string {
	if f == Passed {
		return ""
	}
	return f.String()
}

// fateOf is the fate that a note, or a JSON line, names.
func fateOf(name string) Fate {
	for _, f := range [...]Fate{Withheld, Injected, Held} {
		if f.String() == name {
			return f
		}
	}
	return Passed
}

// lost notes that bytes are missing; the sequence numbers leave room for them.
func (w *Writer) lost(c *written, r *Record) {
	n := note{Lost: &r.Lost, In: c.in(), Text: r.Text}
	c.next[index(r.From)] += uint32(max(r.Lost, 0))
	c.offset[index(r.From)] += max(r.Lost, 0)
	w.segment(r.Time, c, r.From, tcpACK, nil, n.comment(fmt.Sprintf("%d bytes of the %s are missing", r.Lost, r.From)))
}

// halfClose writes the FIN of one end, when the other goes on.
func (w *Writer) halfClose(c *written, from decode.Sender, at time.Time, text string) {
	n := note{Text: text, In: c.in(), Half: true}
	w.fin(c, from, at, n.comment(fmt.Sprintf("the %s has finished sending", from)))
	w.segment(at, c, from.Peer(), tcpACK, nil, nil)
}

// fin writes the FIN of one end, or, where that stands already, a packet for the
// comment.
func (w *Writer) fin(c *written, from decode.Sender, at time.Time, comment []byte) {
	i := index(from)
	if c.done[i] {
		w.segment(at, c, from, tcpACK, nil, comment)
		return
	}
	w.segment(at, c, from, tcpFIN|tcpACK, nil, comment)
	c.next[i]++
	c.done[i] = true
}

// close ends the connection as it ended: by FINs, the one who ended it first, or
// by a reset. A FIN that stands already is not written again.
func (w *Writer) close(c *written, r *Record) {
	n := note{Text: r.Text, In: c.in(), Close: &noteClose{From: senderName(r.From), Reset: r.Reset}}
	comment := n.comment("closed: " + r.Text)
	first := r.From
	if first == 0 {
		first = decode.Server
	}
	switch {
	case r.Reset:
		w.segment(r.Time, c, first, tcpRST|tcpACK, nil, comment)
	case c.done[index(first)]:
		w.fin(c, first.Peer(), r.Time, comment)
		w.segment(r.Time, c, first, tcpACK, nil, nil)
	default:
		w.fin(c, first, r.Time, comment)
		w.fin(c, first.Peer(), r.Time, nil)
		w.segment(r.Time, c, first, tcpACK, nil, nil)
	}
	delete(w.conns, r.Conn)
	if ends := (pair{c.client, c.server}); w.ends[ends] == c {
		delete(w.ends, ends)
	}
}

// in is the number that a note needs to tell which connection it is of, or 0.
func (c *written) in() uint32 {
	if c.shared {
		return c.id
	}
	return 0
}

// endpoints returns the two ends of a connection for its packets. An address that
// is not known, or a name, gets one of those set aside for documentation, with a
// port of the connection's own; the comment on the first packet has it as it was.
func endpoints(c *Conn) (client, server netip.AddrPort) {
	client, err := netip.ParseAddrPort(c.Client)
	if err != nil {
		client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(c.ID >> 14)}), uint16(1024+c.ID&0x3fff))
	}
	server, err = netip.ParseAddrPort(c.Server)
	if err != nil {
		server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 1}), 1863)
	}
	client = netip.AddrPortFrom(client.Addr().Unmap().WithZone(""), client.Port())
	server = netip.AddrPortFrom(server.Addr().Unmap().WithZone(""), server.Port())
	if client.Addr().Is4() != server.Addr().Is4() {
		client = netip.AddrPortFrom(netip.AddrFrom16(client.Addr().As16()), client.Port())
		server = netip.AddrPortFrom(netip.AddrFrom16(server.Addr().As16()), server.Port())
	}
	return client, server
}
