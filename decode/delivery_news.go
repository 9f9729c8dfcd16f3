package decode

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"msnproxy/decode/address"
	"msnproxy/decode/payload"
)

// What others hear of somebody in the server's own words: presence and personal message, a
// call, a new contact, a note.

const (
	// mostNews is of how many people and things news are remembered, mostOf how many of
	// each, the newest.
	mostNews = 1024
	mostOf   = 8
)

// news is what others will be told of somebody.
type news struct {
	number int64
	at     time.Time
	status string
	shown  *payload.Shown // personal message and the like
	note   uint64         // hash of a note
	conn   uint32
	seen   []uint32
}

// newsKey is what a message and the ways in which others hear of it have in common: by
// which verb, of whom, and who, where it is for one.
func newsKey(verb, actor, target string) string {
	return verb + " " + address.Identity(actor) + " " + address.Identity(target)
}

// tell remembers what others will hear of.
func (t *Tracker) tell(m *Message) {
	got := m.Arrived()
	if got == nil || m.Conn.Account == "" {
		return
	}
	if list := got.text("list"); list != "" && !strings.EqualFold(list, "FL") {
		return // who is allowed or blocked does not hear of it
	}
	n := &news{number: m.Number, at: m.Left(), status: got.text("status"), conn: m.Conn.ID}
	switch payload.Kind(m.Form.Payload) {
	case payload.XML:
		shown := payload.ReadShown(got.Frame.Payload())
		if n.shown = &shown; shown.Private() {
			return // it is for the account's own end points
		}
	case payload.Opaque:
		n.note = noteOf(got)
	}
	key := newsKey(m.Form.Heard, m.Conn.Account, got.text(handleKind))
	list, _ := t.news.Get(key)
	if len(list) >= mostOf {
		list = append(list[:0], list[1:]...)
	}
	t.news.Put(key, append(list, n))
}

// noteOf is what a note is told by.
func noteOf(m *Message) uint64 {
	return maphash.String(mailSeed, m.text("type")+" "+string(m.Frame.Payload()))
}

// hear finds what the server tells of. Who signs in later is told how things are, not of
// how they came to be so.
func (t *Tracker) hear(m *Message) {
	if t.news.Len() == 0 || m.Conn.let == 0 {
		return
	}
	handle := m.text(handleKind)
	for _, target := range [...]string{m.Conn.Account, ""} {
		list, _ := t.news.Get(newsKey(m.Name(), handle, target))
		for _, n := range slices.Backward(list) {
			if n.conn == m.Conn.ID || n.number < m.Conn.let || !within(n.at, m.Time, deliveryTime) ||
				slices.Contains(n.seen, m.Conn.ID) || len(n.seen) >= mostNews || !n.says(m) {
				continue
			}
			n.seen = append(n.seen, m.Conn.ID)
			m.Delivery = Delivery{Kind: Delivered, Of: n.number, After: between(n.at, m.Time), Conn: n.conn}
			return
		}
	}
}

// says reports whether it is what the server tells.
func (n *news) says(m *Message) bool {
	switch {
	case n.shown != nil:
		return n.shown.In(payload.ReadShown(m.Frame.Payload()))
	case n.note != 0:
		return n.note == noteOf(m)
	}
	return n.status == "" || n.status == m.text("status")
}
