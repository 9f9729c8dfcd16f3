package capture

import (
	"bytes"
	"crypto/rand"

	"msnproxy/decode"
)

// Redactor takes out of records what must not be shared. What it takes out is
// replaced by stand-ins, the same for the same value everywhere, so that cookies
// still join connections and replies still belong to their requests; lengths are
// counted anew. Challenges (CHL and QRY) are left as they are, and still verify.
//
// Secrets are what the command table marks so (password hashes, passwords,
// cookies, tickets) and the secret headers of payloads. With All only what is known
// to be public stays: words and numbers of the protocol. Handles, names, texts, mail,
// files, phone numbers, end points and network addresses get stand-ins, those of
// connections, too. Of messages of HTTP what the table of web services has as secret is
// replaced, with All everything in them but what is known to be public. Bytes that are no MSNP, and lines that are cut, are blotted out:
// there is no telling what is in them.
type Redactor struct {
	all                                bool
	key                                []byte
	handles, phones, names, hosts, ips map[string]string // value -> stand-in
	conns                              map[*Conn]*Conn
	offset                             map[*Conn]*[2]int64
	moved                              map[movedLink]*moves
	msg                                decode.Message
}

// NewRedactor returns a redactor. Stand-ins of one redactor say nothing of those
// of another.
func NewRedactor(all bool) (*Redactor, error) {
	r := &Redactor{
		all: all, key: make([]byte, 32),
		handles: make(map[string]string), phones: make(map[string]string), names: make(map[string]string),
		hosts: make(map[string]string), ips: make(map[string]string),
		conns: make(map[*Conn]*Conn), offset: make(map[*Conn]*[2]int64), moved: make(map[movedLink]*moves),
	}
	if _, err := rand.Read(r.key); err != nil {
		return nil, err
	}
	return r, nil
}

// Redact changes the record: its frame and what was sent on get bytes of their
// own, with All its connection is another one, the same for the same. role and dialect
// are what is known of the connection. An annotation stays on its frame, wherever that
// is now.
func (r *Redactor) Redact(rec *Record, role decode.Role, dialect int) {
	was := rec.Conn
	if was != nil {
		rec.Conn = r.conn(was)
		if rec.Kind == Closed {
			defer delete(r.conns, was)
		}
	}
	switch {
	case rec.Kind == Remark && rec.About != nil:
		r.annotation(rec)
	case r.all:
		rec.Text = string(r.words([]byte(rec.Text)))
	}
	if rec.Kind == Lost && rec.Conn != nil {
		r.link(rec)[index(rec.From)] += max(rec.Lost, 0)
	}
	if rec.Kind == Closed {
		delete(r.offset, rec.Conn)
	}
	switch rec.Kind {
	case Data:
		r.data(rec, role, dialect)
	case Became:
		r.became(rec, role, dialect)
	}
}

// became puts what became of a frame on the frame as it is now.
func (r *Redactor) became(rec *Record, role decode.Role, dialect int) {
	if m := r.moved[movedLink{rec.Conn.ID, rec.From}]; m != nil {
		rec.Frame.Offset = m.now(rec.Frame.Offset)
	}
	r.sent(rec, role, dialect)
}

// sent redacts what was sent on, and who changed it: rules are called as people like.
func (r *Redactor) sent(rec *Record, role decode.Role, dialect int) {
	if rec.Sent != nil {
		var f decode.Framer
		sent := reframe(&f, "", rec.Sent)
		rec.Sent = append([]byte{}, r.frame(&sent, rec.From, role, dialect).Raw...)
	}
	if r.all && rec.ChangedBy != nil {
		by := make([]string, len(rec.ChangedBy))
		for i, name := range rec.ChangedBy {
			by[i] = string(r.words([]byte(name)))
		}
		rec.ChangedBy = by
	}
}

// data redacts a frame, and says where it is now.
func (r *Redactor) data(rec *Record, role decode.Role, dialect int) {
	was := rec.Frame.Offset
	rec.Frame = r.frame(&rec.Frame, rec.From, role, dialect)
	at := &r.link(rec)[index(rec.From)]
	rec.Frame.Offset = *at
	r.move(rec, was)
	*at += int64(len(rec.Frame.Raw))
	r.sent(rec, role, dialect)
}

// conn returns the connection that stands for one.
func (r *Redactor) conn(c *Conn) *Conn {
	if !r.all {
		return c
	}
	out := r.conns[c]
	if out == nil {
		with := *c
		out = &with
		for _, end := range []*string{&out.Client, &out.Server, &out.Via, &out.Asked} {
			if *end != "" {
				*end = r.address(*end)
			}
		}
		r.conns[c] = out
	}
	return out
}

func (r *Redactor) link(rec *Record) *[2]int64 {
	if r.offset[rec.Conn] == nil {
		r.offset[rec.Conn] = new([2]int64)
	}
	return r.offset[rec.Conn]
}

// frame returns a frame with the same meaning and without what is to go.
func (r *Redactor) frame(fr *decode.Frame, from decode.Sender, role decode.Role, dialect int) decode.Frame {
	out := *fr
	switch {
	case fr.Kind == decode.Blank:
		return fr.Clone()
	case fr.Kind == decode.Block:
		out.Raw = bytes.Clone(fr.Raw)
		if r.all {
			blot(out.Raw[min(len(out.Raw), len(out.Raw)-len(fr.Payload())):])
		}
		return out
	case fr.Kind == decode.Web && fr.Missing == 0:
		return r.web(fr)
	case fr.Kind == decode.Opaque, fr.Kind == decode.Web:
		out.Kind, out.LineLen, out.EOL, out.Missing = decode.Opaque, 0, 0, 0
		out.Raw = bytes.Clone(fr.Raw)
		blot(out.Raw)
		return out
	case fr.EOL == 0 && len(fr.Raw) > 3:
		out.Raw = append(bytes.Clone(fr.Raw[:3]), " xxxxxxxx"...)
		out.LineLen = len(out.Raw)
		return out
	}
	m := &r.msg
	m.Decode(fr, from, role, dialect)
	body := r.payload(m)
	out.Raw = r.command(m, body)
	out.LineLen = len(out.Raw) - fr.EOL - len(body)
	return out
}

// blot makes bytes unreadable, but for line ends.
func blot(b []byte) {
	for i, c := range b {
		if c != '\r' && c != '\n' {
			b[i] = 'x'
		}
	}
}
