package decode

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// DeliveryKind says how a message is the copy of another.
type DeliveryKind uint8

const (
	// NoDelivery: it is no copy, or of nothing that was seen.
	NoDelivery DeliveryKind = iota
	// Delivered: what one client said came to another as it was, or as the server says
	// it in its own words (a ringing for a call).
	Delivered
	// Reworded: the text is the same, the headers of the payload are others.
	Reworded
	// Altered: it is what the sender said in this place, but the text is another.
	Altered
	// DeliveredAgain: a copy has come on this connection before.
	DeliveredAgain
)

// Delivery is the way of a message from one client to another.
type Delivery struct {
	Kind DeliveryKind
	// Of is the number of the message that was sent, After the time from there to
	// here; not known where either has no time.
	Of    int64
	After time.Duration
	// Conn is the connection that it was sent on.
	Conn uint32
	// Was is the text that was sent, if it is another one here. It holds as long as
	// the message.
	Was []byte
}

const (
	// deliveryTime is how long a copy is waited for. Pollers of HTTP gateways get
	// theirs seconds late.
	deliveryTime = 60 * time.Second
	// aheadTime is how much earlier than the message its copy may stand in a
	// recording that was put together of several.
	aheadTime = time.Second
	// mostSent is how many messages of a conversation are remembered, the newest, and
	// mostSaid how many bytes of one: no switchboard takes more.
	mostSent = 64
	mostSaid = 2048
	// mostNews is how many changes of presence, calls and the like are remembered.
	mostNews = 1024
)

// sending is a message to everybody in a conversation.
type sending struct {
	number int64
	at     time.Time
	conn   *Connection
	hash   uint64
	size   int
	body   []byte   // the payload, as far as it is remembered
	seen   []uint32 // connections that it has come to
}

// came is a copy that stands before its message.
type came struct {
	conn   uint32
	handle string
	at     time.Time
	hash   uint64
	size   int
}

// mail is what is on its way in a conversation.
type mail struct {
	sent  []sending
	ahead []came
}

var mailSeed = maphash.MakeSeed()

// Connections returns those that belong to the conversation and are open. The caller
// must not change the slice; it holds until the tracker's next call.
func (v *Conversation) Connections() []*Connection { return v.members }

// deliver finds out whether the message is the copy of another client's, and
// remembers it if copies may follow.
func (t *Tracker) deliver(m *Message) {
	switch {
	case m.Form.Heard == "" && !m.Form.Copy, m.From == Server && m.Fate == Injected:
	case m.Form.Heard != "" && m.Form.Payload != "":
		if v := m.Conn.Conversation; v != nil && len(v.members) > 1 {
			v.mail.post(m)
		}
	case m.Form.Heard != "":
		t.tell(m)
	case m.Form.Copy && m.Form.Payload != "":
		if v := m.Conn.Conversation; v != nil && m.Conn.Role == SB && len(v.members) > 1 {
			v.mail.arrive(m)
		}
	case m.Form.Copy && m.ReplyTo == 0:
		t.hear(m)
	}
}

// take takes over what is on its way in a conversation that turned out to be the same.
func (b *mail) take(other *mail) {
	b.sent = append(b.sent, other.sent...)
	b.sent = b.sent[max(0, len(b.sent)-mostSent):]
}

// post takes a message of a client.
func (b *mail) post(m *Message) {
	got := m.Arrived()
	if got == nil {
		return
	}
	p := got.Frame.Payload()
	if len(b.sent) >= mostSent {
		// What it has allocated serves the next.
		first := b.sent[0]
		copy(b.sent, b.sent[1:])
		b.sent[len(b.sent)-1] = sending{body: first.body[:0], seen: first.seen[:0]}
	} else {
		b.sent = append(b.sent, sending{})
	}
	s := &b.sent[len(b.sent)-1]
	s.number, s.at, s.conn = m.Number, m.Left(), m.Conn
	s.hash, s.size = maphash.Bytes(mailSeed, p), len(p)
	s.body = append(s.body, p[:min(len(p), mostSaid)]...)
	b.ahead = slices.DeleteFunc(b.ahead, func(e came) bool {
		early := e.hash == s.hash && e.size == s.size && e.conn != m.Conn.ID && address.Same(e.handle, m.Conn.Account) &&
			within(e.at, m.Time, aheadTime)
		if early {
			s.seen = append(s.seen, e.conn)
			m.Ahead = append(m.Ahead, e.conn)
		}
		return early
	})
}

// arrive takes a message that a switchboard sends.
func (b *mail) arrive(m *Message) {
	p := m.Frame.Payload()
	hash := maphash.Bytes(mailSeed, p)
	handle := m.Raw("handle")
	var again, next *sending
	for i := range b.sent {
		s := &b.sent[i]
		if s.conn == m.Conn || !s.from(handle) || !within(s.at, m.Time, deliveryTime) {
			continue
		}
		seen, same := slices.Contains(s.seen, m.Conn.ID), s.hash == hash && s.size == len(p)
		switch {
		case same && !seen:
			s.deliver(m, Delivered)
			return
		case same:
			again = s
		case !seen && next == nil:
			next = s
		}
	}
	if b.reworded(m, p, handle) {
		return
	}
	switch {
	case again != nil:
		again.deliver(m, DeliveredAgain)
	case next != nil && contentType(next.body) != "" && contentType(next.body) == contentType(p):
		next.deliver(m, Altered)
	case len(b.ahead) < mostSent:
		b.ahead = append(b.ahead, came{m.Conn.ID, address.Bare(string(handle)), m.Time, hash, len(p)})
	default:
		copy(b.ahead, b.ahead[1:])
		b.ahead[len(b.ahead)-1] = came{m.Conn.ID, address.Bare(string(handle)), m.Time, hash, len(p)}
	}
}

// reworded finds what has the same text under other headers.
func (b *mail) reworded(m *Message, p, handle []byte) bool {
	text, ok := afterHeaders(p)
	if !ok || len(text) == 0 {
		return false
	}
	for i := range b.sent {
		s := &b.sent[i]
		if s.conn == m.Conn || !s.from(handle) || !within(s.at, m.Time, deliveryTime) || slices.Contains(s.seen, m.Conn.ID) {
			continue
		}
		if was, ok := afterHeaders(s.body); ok && len(s.body) == s.size && bytes.Equal(was, text) && contentType(s.body) == contentType(p) {
			s.deliver(m, Reworded)
			return true
		}
	}
	return false
}

// deliver notes that m is a copy of the message.
func (s *sending) deliver(m *Message, kind DeliveryKind) {
	if kind != DeliveredAgain {
		s.seen = append(s.seen, m.Conn.ID)
	}
	m.Delivery = Delivery{Kind: kind, Of: s.number, After: between(s.at, m.Time), Conn: s.conn.ID}
	if kind == Altered {
		m.Delivery.Was = s.body
	}
}

// from reports whether the handle is that of the sender.
func (s *sending) from(handle []byte) bool { return address.Same(s.conn.Account, string(handle)) }

// afterHeaders returns what follows the headers of a MIME payload.
func afterHeaders(p []byte) ([]byte, bool) {
	_, text, ok := bytes.Cut(p, []byte("\r\n\r\n"))
	return text, ok
}

func contentType(p []byte) string {
	v, _ := payload.Header(p, "Content-Type")
	name, _, _ := strings.Cut(strings.ToLower(string(v)), ";")
	return strings.TrimSpace(name)
}

// news is what others will be told of somebody.
type news struct {
	number int64
	at     time.Time
	status string
	conn   uint32
	seen   []uint32
}

// newsKey is what a message and the ways in which others hear of it have in common: by
// which verb, of whom, and who, where it is for one.
func newsKey(verb, actor, target string) string {
	return verb + " " + address.Identity(actor) + " " + address.Identity(target)
}

// tell remembers what others will hear of: presence, a call, a new contact.
func (t *Tracker) tell(m *Message) {
	got := m.Arrived()
	if got == nil || m.Conn.Account == "" {
		return
	}
	if list := got.text("list"); list != "" && !strings.EqualFold(list, "FL") {
		return // who is allowed or blocked does not hear of it
	}
	t.news.Put(newsKey(m.Form.Heard, m.Conn.Account, got.text("handle")),
		&news{number: m.Number, at: m.Left(), status: got.text("status"), conn: m.Conn.ID})
}

// hear finds what the server tells of. Who signs in later is told how things are, not of
// how they came to be so.
func (t *Tracker) hear(m *Message) {
	if t.news.Len() == 0 {
		return
	}
	handle := m.text("handle")
	for _, target := range [...]string{m.Conn.Account, ""} {
		n, ok := t.news.Get(newsKey(m.Name(), handle, target))
		if !ok || n.conn == m.Conn.ID || m.Conn.let == 0 || n.number < m.Conn.let || n.status != "" && n.status != m.text("status") || !within(n.at, m.Time, deliveryTime) ||
			slices.Contains(n.seen, m.Conn.ID) || len(n.seen) >= mostNews {
			continue
		}
		n.seen = append(n.seen, m.Conn.ID)
		m.Delivery = Delivery{Kind: Delivered, Of: n.number, After: between(n.at, m.Time), Conn: n.conn}
		return
	}
}

// between is the time from one to the other; 0 if that is not known.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(0, to.Sub(from))
}

// within reports whether to is at most most after from, as far as that is known.
func within(from, to time.Time, most time.Duration) bool {
	return from.IsZero() || to.IsZero() || to.Sub(from) <= most
}

// String says in words of which message it is a copy; "" if it is none.
func (d Delivery) String() string {
	if d.Kind == NoDelivery {
		return ""
	}
	return map[DeliveryKind]string{Delivered: "comes of", Reworded: "comes with other headers of", Altered: "stands for",
		DeliveredAgain: "comes once more of"}[d.Kind] + " message " + strconv.FormatInt(d.Of, 10)
}
