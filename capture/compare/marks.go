package compare

import (
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// mark is what is needed of a message to find its partner: 48 bytes.
type mark struct {
	m *story.Message
	// key is the same for messages that mean the same. subject is the same for
	// events of which the order matters.
	key, subject uint64
	// partner is the index of the other side's message, -1 for none.
	partner int32
	skip    bool // not compared
	rest    bool // as it belongs to what another message of P2P stands for
	linked  bool // holds values that other messages repeat
	leaves  bool // after it the connection ends, whoever ends it
	moved   bool
	item    bool // one of several of its kind, in no order
}

// side is one connection with marks for its messages.
type side struct {
	conn  *story.Conn
	marks []mark
}

// mark2 is mark for both sides at once: reading is most of the work. Each side has a
// reader of its own; [Options.Keep] is asked by one at a time.
func (c *comparison) mark2(a, b *story.Conn) (sa, sb *side, err error) {
	var errA error
	done := make(chan struct{})
	go func() {
		defer close(done)
		sa, errA = c.mark(a, true)
	}()
	sb, err = c.mark(b, false)
	<-done
	if errA != nil {
		err = errA
	}
	return sa, sb, err
}

// keeps asks Options.Keep.
func (c *comparison) keeps(d *decode.Message) bool {
	if c.options.Keep == nil {
		return true
	}
	c.keeping.Lock()
	defer c.keeping.Unlock()
	return c.options.Keep(d)
}

// mark reads all messages of a connection.
func (c *comparison) mark(conn *story.Conn, first bool) (*side, error) {
	s := &side{conn: conn, marks: make([]mark, len(conn.Messages))}
	r := c.b
	if first {
		r = c.a
	}
	of := c.report.B
	if first {
		of = c.report.A
	}
	var last uint64
	var x meanings
	for i, m := range conn.Messages {
		k := &s.marks[i]
		*k = mark{m: m, partner: -1}
		if i%256 == 0 && c.stopped() {
			return nil, story.ErrStopped
		}
		if k.skip = c.options.ignoresNoise(m.Noise) || c.options.Rules.skips(m.Name); k.skip {
			continue
		}
		peer := of.Peer(m)
		if k.rest = peer != nil && peer.Rest || s.answersRest(m); k.rest {
			k.skip = true
			continue
		}
		d, _, err := r.Decode(m)
		if err != nil {
			return nil, err
		}
		if !c.keeps(d) {
			k.skip = true
			continue
		}
		k.read(told{d, peer}, &x, c.options.Rules, first)
		if follows(d) {
			k.subject = last
		}
		if m.From == decode.Server {
			last = k.subject
		}
	}
	return s, nil
}

// read works out what a message means.
func (k *mark) read(d told, x *meanings, r *Rules, first bool) {
	key := digest(offset64, kind(k.m))
	for _, f := range x.of(d, r, first) {
		if f.Link != "" {
			k.linked = true
		}
		v := f.norm
		if f.Volatile {
			v = ""
		}
		// The order of headers means nothing, that of parameters is in their names.
		key += digest(digest(offset64, f.id), v)
	}
	k.key = key
	subject, found := uint64(offset64), false
	for i := range d.Len() {
		f := d.Field(i)
		if f.Param != nil && f.Param.Kind.Subject {
			v := r.accountIf(first, f.Value())
			subject, found = digest(subject, lower(v)), true
		}
	}
	k.item = found && d.From == decode.Server
	if !found {
		subject = digest(subject, kind(k.m))
	}
	k.subject = subject
	redirect, ok := d.Redirect()
	k.leaves = d.Act() == decode.ActEnd || ok && redirect.Kind == decode.RedirectNS
}

// kind names what a message is, and all errors alike.
func kind(m *story.Message) string {
	switch {
	case m.Name == "" || m.Kind != decode.Command && m.Kind != decode.Web:
		return m.Kind.String()
	case len(m.Name) == 3 && m.Name[0] >= '0' && m.Name[0] <= '9':
		return "error"
	}
	return m.From.Letter() + m.Name
}

// follows reports whether the message is about what the one before it was about:
// it has a property, and neither a TrID nor somebody who has it (BPR of MSNP7).
func follows(d *decode.Message) bool {
	if d.Form == nil || d.From != decode.Server {
		return false
	}
	property := false
	for i := range d.Form.Params {
		switch k := d.Form.Params[i].Kind; {
		case k.Name == "property":
			property = true
		case k.Subject, k.Name == "trid":
			return false
		}
	}
	return property
}

// roots returns the messages that answer none that is compared: the client's
// requests, and what came unasked by subject. Subjects are in order of appearance.
func (s *side) roots() (asked []int32, unasked map[uint64][]int32, subjects []uint64) {
	unasked = make(map[uint64][]int32)
	for i := range s.marks {
		k := &s.marks[i]
		if k.skip || s.request(k.m) != nil {
			continue
		}
		if k.m.From == decode.Client {
			asked = append(asked, int32(i))
			continue
		}
		if unasked[k.subject] == nil {
			subjects = append(subjects, k.subject)
		}
		unasked[k.subject] = append(unasked[k.subject], int32(i))
	}
	return asked, unasked, subjects
}

// answersRest reports whether a message answers one that belongs to what another one
// stands for.
func (s *side) answersRest(m *story.Message) bool {
	q := m.Request
	return q != nil && q.Conn == s.conn && s.marks[q.Index].rest
}

// request returns the message that m answers, if that is compared.
func (s *side) request(m *story.Message) *story.Message {
	q := m.Request
	if q == nil || q.Conn != s.conn || s.marks[q.Index].skip {
		return nil
	}
	return q
}

// replies returns what answers the message, as compared: items of one verb in a
// row are in an order that depends on nothing but what they are about.
func (s *side) replies(i int32) []int32 {
	var out []int32
	for _, m := range s.marks[i].m.Replies {
		if m.Conn == s.conn && !s.marks[m.Index].skip {
			out = append(out, m.Index)
		}
	}
	s.inOrder(out)
	return out
}
