// Package chat makes of the messages of a conversation what its people saw of
// it: who came and went, who said what, and whether it arrived.
package chat

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/decode/transfer"
)

// Bounds on what a chat takes of memory, whoever is at the other end.
const (
	maxLines    = 20_000
	maxBytes    = 32 << 20 // of all texts and names
	maxText     = 16 << 10 // of one text: a message has at most 1,664 bytes, in parts more
	maxName     = 512
	maxRows     = 256
	maxPeople   = 1024
	maxRequests = 1024
)

// Builder makes the chat of a conversation. It is fed with the messages of all
// its switchboard connections in order of time, or with those that notification servers
// pass on between its people (MSNP14 and later). It does no I/O, and is not safe
// for concurrent use.
type Builder struct {
	lines   []Line
	dropped int
	size    int

	people   map[string]*person // by handle, in lower case
	order    []*person
	requests ring[int64, request] // by decode.Message.Number
	sent     ring[int64, ref]     // what was said, by decode.Message.Number
	waiting  map[uint32][]ref     // for an acknowledgement, by connection
	heard    map[uint32]bool      // connections on which the server was
	parts    ring[partKey, *parts]
	invites  ring[string, *invitation] // by cookie
	files    ring[uint32, *invitation] // by MSNFTP connection
	said     int                       // how many lines of it
	peers    transfer.Tracker
	handed   ring[*transfer.Transfer, ref]
	pieces   []int // rows of packets that belong to what is not whole yet
	rang     early
	number   int // of the conversation; 0: any
}

// ref is the number of a line, from 1, of all that there were; 0 is none.
type ref int

// request is one that an answer may still come to.
type request struct {
	line   ref
	callee string
}

// New returns a chat of nobody.
func New() *Builder {
	return &Builder{people: make(map[string]*person), sent: ring[int64, ref]{most: maxCopies},
		requests: ring[int64, request]{most: maxRequests}, parts: ring[partKey, *parts]{most: 16},
		invites: ring[string, *invitation]{most: 256}, files: ring[uint32, *invitation]{most: 256},
		handed: ring[*transfer.Transfer, ref]{most: maxHanded}}
}

// Of returns a chat of nobody, of the conversation of that number
// ([decode.Conversation.Number]): of what is told to several it takes its own.
func Of(number int) *Builder {
	b := New()
	b.number = number
	return b
}

// takers say what becomes of a message on a switchboard, by the part that it plays. Others
// tell nothing that people see.
var takers = [decode.Acts]func(*Builder, int, *decode.Message){
	decode.ActSignIn:      (*Builder).enter,
	decode.ActAnswer:      (*Builder).enter,
	decode.ActCall:        (*Builder).call,
	decode.ActJoin:        (*Builder).joins,
	decode.ActLeave:       (*Builder).bye,
	decode.ActEnd:         (*Builder).out,
	decode.ActSay:         (*Builder).message,
	decode.ActAcknowledge: (*Builder).acknowledged,
}

// Message takes the next message of the conversation. row is the caller's number
// for it. Nothing of m is kept.
//
// Three kinds of messages are none of a switchboard's and yet may be given to every
// chat, which takes what is its own: those of MSNFTP and of direct connections, and RNG.
func (b *Builder) Message(row int, m *decode.Message) {
	if m.Conn != nil && m.Torn() {
		b.Lost(m.Conn)
	} else if id, _ := link(m); m.From == decode.Server && m.Form != nil {
		b.hears(id)
	}
	switch {
	case m.Role == decode.FTP:
		b.transfer(row, m)
	case m.Direct != nil:
		b.direct(row, m)
	case m.Frame.Kind != decode.Command || m.Form == nil:
	case m.Act() == decode.ActInvite:
		b.rings(row, m)
	case m.Role&decode.SB == 0:
		b.passedOn(row, m)
	case m.Error() != "":
		b.refused(row, m)
	default:
		if take := takers[m.Act()]; take != nil {
			take(b, row, m)
		}
	}
}

// Closed tells that a connection, of a switchboard or MSNFTP, is at its end. row is
// the caller's number for that, negative if it has none. Connections that have
// nothing to do with the chat are passed over.
func (b *Builder) Closed(row int, c *decode.Connection, at time.Time) {
	if c.Role == decode.FTP {
		b.transferClosed(row, c.ID)
		return
	}
	if c.Direct {
		b.peers.Closed(c.ID)
		return
	}
	p := b.people[identity(c.Account)]
	if c.Role&decode.SB == 0 || p == nil || !slices.Contains(p.links, c.ID) {
		return
	}
	b.unlink(row, p, c.ID, at, "left: the connection closed")
}

// Lines returns the chat so far. The slice and what it points to are the
// builder's, and hold until the next call of Message or Closed, which may also
// change earlier lines.
func (b *Builder) Lines() []Line { return b.lines }

// Dropped returns how many lines were let go, the oldest, as there were too many.
func (b *Builder) Dropped() int { return b.dropped }

// line returns a line, or nil if it was let go.
func (b *Builder) line(n ref) *Line {
	i := int(n) - 1 - b.dropped
	if n == 0 || i < 0 || i >= len(b.lines) {
		return nil
	}
	return &b.lines[i]
}

func (b *Builder) add(l Line) ref {
	l.Text = clip(l.Text, maxText)
	size := len(l.Text) + len(l.Name) + len(l.Who)
	if len(b.lines) >= maxLines || b.size+size > maxBytes && len(b.lines) > 0 {
		b.drop()
	}
	b.size += size
	b.lines = append(b.lines, l)
	return ref(b.dropped + len(b.lines))
}

// drop lets the oldest quarter of the lines go: a few at a time would cost a
// move of all others each time.
func (b *Builder) drop() {
	n := (len(b.lines) + 3) / 4
	for i := range b.lines[:n] {
		l := &b.lines[i]
		b.size -= len(l.Text) + len(l.Name) + len(l.Who)
	}
	b.lines = slices.Delete(b.lines, 0, n)
	b.dropped += n
}

// setText changes what a line says.
func (b *Builder) setText(l *Line, text string) {
	text = clip(text, maxText)
	b.size += len(text) - len(l.Text)
	l.Text = text
}

func (l *Line) addRow(row int) {
	if row >= 0 && row != l.Row && len(l.Rows) < maxRows && !slices.Contains(l.Rows, row) {
		l.Rows = append(l.Rows, row)
	}
}

// attach notes on a line, if it is still there, that a message belongs to it.
func (b *Builder) attach(n ref, row int) *Line {
	l := b.line(n)
	if l != nil {
		l.addRow(row)
	}
	return l
}

// clip returns a copy of s, cut where it is too long.
func clip(s string, most int) string {
	if len(s) <= most {
		return strings.Clone(s)
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// link returns the number of the message's connection, and its account.
func link(m *decode.Message) (id uint32, account string) {
	if m.Conn == nil {
		return 0, ""
	}
	// The account stands as it was on the wire, which may be no UTF-8; handles are read as it.
	return m.Conn.ID, strings.ToValidUTF8(bare(m.Conn.Account), "\ufffd")
}

// value returns a parameter decoded, or "".
func value(m *decode.Message, name string) string {
	v, _ := m.Value(name)
	return v
}

// ring is a map that forgets the oldest of too many.
type ring[K comparable, V any] struct {
	most  int
	m     map[K]V
	order []K
}

func (r *ring[K, V]) get(k K) V { return r.m[k] }

func (r *ring[K, V]) put(k K, v V) {
	if r.m == nil {
		r.m = make(map[K]V)
	}
	if _, known := r.m[k]; !known {
		if len(r.order) >= r.most {
			delete(r.m, r.order[0])
			r.order = append(r.order[:0], r.order[1:]...)
		}
		r.order = append(r.order, k)
	}
	r.m[k] = v
}
