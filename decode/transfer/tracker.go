package transfer

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/p2p"
	"msnproxy/decode/recent"
)

// Bounds on what a tracker takes of memory, whoever is at the other end.
const (
	maxTransfers = 16384
	maxDirect    = 256  // direct connections that are open
	maxBlobs     = 4096 // that an acknowledgement may still come to
	maxOffers    = 8    // of a direct connection, of one transfer
	maxAddresses = 32
	maxRecalls   = 64 // transfers whose content is remembered, to be compared
)

// Tracker follows the transfers of a recording, or of live traffic. The zero Tracker is
// ready for use. It is not safe for concurrent use.
type Tracker struct {
	// Sink, if it is set, is asked once for each transfer, when its first content comes,
	// where that is to go. Content comes in order; what comes behind a hole comes when
	// that is filled, or never. Nil: nowhere.
	Sink func(*Transfer) io.Writer
	// MSNFTP has files followed that were offered and sent as clients did before P2P, too.
	MSNFTP bool
	// Max is how many transfers are kept, the newest; 0: 16,384.
	Max int
	// Invited has content on a direct connection passed over of which the invitation was
	// not seen, and which belongs to nothing that was: it is somebody else's.
	Invited bool

	list     []*Transfer
	dropped  int
	calls    map[string]*Transfer // by Call-ID
	session  map[uint32][]*Transfer
	joiner   p2p.Joiner
	self     map[uint32]string // accounts, by connection
	direct   map[uint32]*direct
	greeting map[uint32]int // how much of a greeting has come, where it is not whole
	files    map[uint32]*ftp
	blobs    recent.Map[sent]
	recalls  []*Transfer
	event    Event
}

// Event is what a message has to do with transfers. It holds until the next call.
type Event struct {
	// Packets are the packets in the message, most often one; a piece of a direct
	// connection may hold none, or many.
	Packets []Packet
	// Transfer is what the message belongs to, the last packet's; nil if that is not
	// known.
	Transfer *Transfer
	// WrongNonce says what is wrong with that by which a side of a direct connection is
	// let in, NoPacket why what came on one is no packet; "": nothing.
	WrongNonce, NoPacket string
}

// Packet is one packet of an event.
type Packet struct {
	p2p.Packet
	// From and To are sender and receiver, without end point; "" if not known.
	From, To string
	// SLP is the message of MSNSLP that this packet makes whole; nil if it makes none.
	SLP *p2p.SLP
	// Transfer is what it belongs to, or nil. New: it begins with this packet.
	Transfer *Transfer
	New      bool
	// Again: it has come before, as on the other client's connection.
	Again bool
	// TotalWas is the size that earlier packets of the same blob gave, if this one gives
	// another; else 0.
	TotalWas uint64
	// Altered: bytes of the content came before, and were others; AlteredAt is the place
	// of the first one in the content.
	Altered   bool
	AlteredAt uint64
	// WrongAck says what is wrong with an acknowledgement, or nothing.
	WrongAck string
}

// Transfers returns all transfers, in the order of their beginnings. The slice is the
// tracker's.
func (k *Tracker) Transfers() []*Transfer { return k.list }

// Dropped is how many transfers were let go, the oldest, as there were too many.
func (k *Tracker) Dropped() int { return k.dropped }

// Message takes the next message, and says what it has to do with transfers: nil if
// nothing. Nothing of m is kept.
func (k *Tracker) Message(m *decode.Message) *Event {
	if m.Conn == nil || m.Fate == decode.Held {
		return nil // it is taken when somebody has got it
	}
	k.event = Event{Packets: k.event.Packets[:0]}
	if m.Occurrence == decode.Lost {
		k.Lost(m.Conn.ID, m.By)
	}
	if k.MSNFTP && m.Conn.Role == decode.FTP {
		return k.onFTP(m)
	}
	if d, begins := k.directOf(m); d != nil {
		k.onDirect(d, m)
		return &k.event
	} else if begins {
		return &k.event
	}
	if m.Occurrence != decode.NoOccurrence || m.Fate == decode.Withheld || m.Form == nil || !m.Frame.Complete() {
		return nil
	}
	if k.MSNFTP {
		if e := k.invitation(m); e != nil {
			return e
		}
	}
	carried := carriedBy(m)
	for i := range carried {
		k.carried(m, &carried[i])
	}
	if len(k.event.Packets) == 0 {
		return nil
	}
	return &k.event
}

// carried takes a packet that a message carries.
func (k *Tracker) carried(m *decode.Message, c *cargo) {
	var p Packet
	if c.slp {
		p.Packet = p2p.Packet{Version: p2p.V1, Data: c.bytes, Total: uint64(len(c.bytes))}
	} else {
		packet, err := p2p.Parse(c.bytes)
		if err != nil && packet.Version == 0 {
			return
		}
		p.Packet = packet
	}
	from, to := k.parties(m, c)
	k.take(&p, from, to, c.path, m)
}

// take takes a packet of a sender. from and to may have end points.
func (k *Tracker) take(p *Packet, from, to, path string, m *decode.Message) {
	p.From, p.To = bare(from), bare(to)
	k.acknowledged(p)
	switch {
	case len(p.Data) == 0 && p.SessionID != 0 && p.Closes():
		if t := k.find(p.SessionID, p.From, p.To); t != nil {
			p.Transfer = t
			t.over(Cancelled, p.From, p.What(), m.Time)
		}
	case len(p.Data) == 0:
		p.Transfer = k.acks(p)
	case p.SessionID == 0:
		r := k.joiner.Add(strings.ToLower(from), strings.ToLower(to), &p.Packet)
		p.Again, p.TotalWas = r.Again, r.Was
		if slp, ok := p2p.ParseSLP(r.Blob); ok {
			p.SLP = &slp
			k.slp(p, m)
		}
		k.sent(p)
	default:
		k.data(p, path, m)
		k.sent(p)
	}
	k.event.Packets = append(k.event.Packets, *p)
	if p.Transfer != nil {
		k.event.Transfer = p.Transfer
	}
}

// data takes what a packet of a session carries.
func (k *Tracker) data(p *Packet, path string, m *decode.Message) {
	t := k.find(p.SessionID, p.From, p.To)
	if t == nil {
		if !p.Content() {
			return
		}
		t = k.begin(m)
		p.New = true
		t.Unseen, t.SessionID, t.Kind = true, p.SessionID, kindOf(&p.Packet)
		t.From, t.To = p.From, p.To
		k.know(t)
	}
	p.Transfer = t
	if p.Prepares() || !t.HasContent() || !p.Content() && !like(t, &p.Packet) {
		if t.State == Offered {
			t.State = Accepted
		}
		return
	}
	if t.From == "" {
		t.From = p.From
	}
	p.TotalWas, p.Again = k.content(t, &p.Packet, path, m)
	p.AlteredAt, p.Altered = t.stream.Altered()
}

// content takes a packet of content. It returns what the size was, if it is another here,
// and whether all of it had come before.
func (k *Tracker) content(t *Transfer, p *p2p.Packet, path string, m *decode.Message) (was uint64, again bool) {
	if !t.started {
		t.started = true
		t.First = m.Time
		k.remember(t)
		if k.Sink != nil {
			t.stream.Out = k.Sink(t)
		}
		if p.Version == p2p.V2 && t.Size >= 0 {
			t.stream.Expect(uint64(t.Size))
		}
	}
	t.start(p)
	fresh, was, _ := t.stream.Add(p)
	if fresh == 0 {
		return was, true
	}
	t.Packets++
	t.Last = m.Time
	t.Mixed = t.Mixed || t.Path != "" && t.Path != path
	t.Path = path
	if t.State == Offered || t.State == Incomplete || t.State == Unrecorded {
		t.State, t.By, t.Reason = Accepted, "", ""
	}
	if total, known := t.stream.Total(); known && t.Size < 0 && total < 1<<63 {
		t.Size = int64(total)
	}
	t.judge(m.Time)
	return was, false
}

// remember has the content of a transfer remembered, of the newest ones: where the
// invitation was not seen, several may go by one number.
func (k *Tracker) remember(t *Transfer) {
	if t.Unseen {
		return
	}
	t.stream.Remember()
	if k.recalls = append(k.recalls, t); len(k.recalls) > maxRecalls {
		k.recalls[0].stream.Forget()
		k.recalls = slices.Delete(k.recalls, 0, 1)
	}
}

// start keeps how the content begins.
func (t *Transfer) start(p *p2p.Packet) {
	if n := len(t.Head); n < maxHead && (p.Version == p2p.V1 && p.Offset == uint64(n) || p.Version == p2p.V2 && n == 0 && p.First()) {
		t.Head = append(t.Head, p.Data[:min(len(p.Data), maxHead-n)]...)
	}
}

// like reports whether data without the flags of content is that, by its size: some
// clients set no flags.
func like(t *Transfer, p *p2p.Packet) bool {
	return p.Version == p2p.V1 && t.Size > 0 && p.Total == uint64(t.Size)
}

// kindOf says what content is of which the invitation was not seen.
func kindOf(p *p2p.Packet) string {
	switch {
	case p.HasApp && p.AppID == 12:
		return p2p.KindPicture
	case p.HasApp && p.AppID == 11:
		return p2p.KindEmoticon
	case p.HasApp && p.AppID == 2, p.Version == p2p.V1 && p.Flags&p2p.FlagFile != 0, p.Version == p2p.V2 && p.TF >= 6:
		return p2p.KindFile
	}
	return p2p.KindObject
}

// begin makes a transfer.
func (k *Tracker) begin(m *decode.Message) *Transfer {
	if len(k.list) >= cmp.Or(k.Max, maxTransfers) {
		k.drop()
	}
	t := &Transfer{Number: k.dropped + len(k.list) + 1, Size: -1, Conn: m.Conn.ID, Message: m.Number, Began: m.Time}
	k.list = append(k.list, t)
	return t
}

// drop lets the oldest quarter go.
func (k *Tracker) drop() {
	n := (len(k.list) + 3) / 4
	for _, t := range k.list[:n] {
		if k.calls[t.CallID] == t {
			delete(k.calls, t.CallID)
		}
		same := slices.DeleteFunc(k.session[t.SessionID], func(o *Transfer) bool { return o == t })
		if k.session[t.SessionID] = same; len(same) == 0 {
			delete(k.session, t.SessionID)
		}
	}
	k.list = slices.Clone(k.list[n:])
	k.dropped += n
}

// know makes a transfer findable.
func (k *Tracker) know(t *Transfer) {
	if k.calls == nil {
		k.calls, k.session = make(map[string]*Transfer), make(map[uint32][]*Transfer)
	}
	if t.CallID != "" {
		k.calls[t.CallID] = t
	}
	if t.SessionID != 0 {
		k.session[t.SessionID] = append(k.session[t.SessionID], t)
	}
}

// find returns the transfer of a session, of which one sends to another: the newest of
// those that may be it, one that goes this way before one that goes the other, as both may
// have chosen the same number, and one that is open before one that has ended.
func (k *Tracker) find(session uint32, from, to string) (best *Transfer) {
	list := k.session[session]
	rank := 0
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		straight, back := same(t.From, from) && same(t.To, to), same(t.From, to) && same(t.To, from)
		if !straight && !back {
			continue
		}
		worth := 1
		if straight {
			worth += 2
		}
		if !t.Bye && t.State < Declined {
			worth++
		}
		if worth > rank {
			best, rank = t, worth
		}
	}
	return best
}

// same reports whether two handles may be those of one person.
func same(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }

func bare(handle string) string { return address.Bare(handle) }

// Lost tells that bytes of a sender are missing in the recording: where nothing but their
// number tells where the next piece begins, as on a direct connection, no more is read.
// Who gives the messages that stand for that need not tell it.
func (k *Tracker) Lost(id uint32, from decode.Sender) {
	if d := k.direct[id]; d != nil {
		d.sides[side(from)].Gap()
	}
	if from == decode.Client {
		delete(k.greeting, id)
	}
	if f := k.files[id]; f != nil {
		f.lost = true
	}
}

// side is the place of a sender in a pair.
func side(from decode.Sender) int {
	if from == decode.Server {
		return 1
	}
	return 0
}

// Closed tells that a connection is at its end. What is known of it only is let go.
func (k *Tracker) Closed(id uint32) {
	if f := k.files[id]; f != nil && f.t != nil && f.t.State == Accepted {
		f.t.over(Incomplete, "", "the connection closed", f.t.Last)
	}
	delete(k.files, id)
	delete(k.self, id)
	delete(k.direct, id)
	delete(k.greeting, id)
}

// Finish tells that the recording is at its end, at that time: what was accepted and is
// not whole never will be.
func (k *Tracker) Finish(at time.Time) {
	for _, t := range k.list {
		if t.State != Accepted {
			continue
		}
		const reason = "the recording ends"
		switch {
		case !t.HasContent():
		case t.Size == 0 && t.Received() == 0:
			k.empty(t, at)
		case t.Received() == 0:
			t.ended("", reason, at)
		case t.elsewhere():
			t.over(Incomplete, "", reason+"; the rest may have gone by a direct connection, which is not in it", at)
		default:
			t.over(Incomplete, "", reason, at)
		}
	}
}
