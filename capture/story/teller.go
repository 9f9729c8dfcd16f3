package story

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/decode/transfer"
)

// slab is how many messages are allocated together.
const slab = 512

// teller makes a story of records.
type teller struct {
	story   *Story
	options Options
	follow  *capture.Follower
	open    map[uint32]*Conn
	// slabs hold the messages by number. That of what a proxy has injected has no
	// connection, and stands for none.
	slabs []*[slab]Message
	names map[string]string // of verbs that the table does not have

	transfers transfer.Tracker
	leads     map[lead]bool
}

func newTeller(name string, o Options) *teller {
	t := &teller{story: &Story{Name: name}, options: o, follow: capture.NewFollower(capture.FollowOptions{Passwords: o.Passwords, Check: o.Check}),
		open: make(map[uint32]*Conn), names: make(map[string]string)}
	return t
}

// read takes all records. What is read when the recording turns out to be damaged
// stays.
func (t *teller) read(in *capture.Reader, file io.ReaderAt) error {
	s := t.story
	for n := 0; ; n++ {
		if n%256 == 0 && t.stopped() {
			return ErrStopped
		}
		r, err := in.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.Damage = err
			}
			return nil
		}
		if r.Conn == nil || r.Kind == capture.Remark {
			continue
		}
		place := in.Place()
		if s.bytes == nil {
			if err := t.source(file, place); err != nil {
				return err
			}
		}
		if s.spool != nil && r.Kind == capture.Data && r.Fate != capture.Injected {
			if place, err = s.spool.Put(r); err != nil {
				return err
			}
		}
		t.record(r, place)
	}
}

func (t *teller) stopped() bool {
	select {
	case <-t.options.Stop:
		return true
	default:
		return false
	}
}

// source decides where bytes are read again: a recording gives a place for all of
// its records or for none.
func (t *teller) source(file io.ReaderAt, place int64) (err error) {
	s := t.story
	if file != nil && place >= 0 {
		s.bytes = func() *capture.Places { return capture.NewPlaces(file, s.Name) }
		return nil
	}
	if s.spool, err = capture.NewSpool(t.options.SpoolDir); err == nil {
		s.bytes = s.spool.Places
	}
	return err
}

func (t *teller) record(r *capture.Record, place int64) {
	e := t.follow.Record(r)
	if t.options.Check {
		t.found(t.follow.Findings(e))
	}
	if e.New {
		t.conn(e)
	}
	if e.Became {
		t.became(e)
	}
	c := t.open[r.Conn.ID]
	switch r.Kind {
	case capture.Data:
		t.message(c, e, place)
	case capture.Lost:
		c.gap |= r.From
		t.transfers.Lost(c.ID, r.From)
	case capture.Closed:
		t.transfers.Closed(c.ID)
		c.Closed, c.Ended, c.End, c.Reset = r.Time, true, r.From, r.Reset
		delete(t.open, c.ID)
	}
}

// found keeps findings on messages.
func (t *teller) found(list []check.Located) {
	s := t.story
	if s.findings == nil {
		s.findings = make(capture.Hindsight)
	}
	for i := range list {
		if l := &list[i]; l.Number > 0 {
			s.findings[l.Number] = append(s.findings[l.Number], l.Finding)
		}
	}
}

// conn begins a connection.
func (t *teller) conn(e *capture.Event) {
	r := e.Record
	c := &Conn{ID: r.Conn.ID, Client: r.Conn.Client, Server: r.Conn.Server, MidStream: r.Conn.MidStream,
		Opened: r.Time, Record: r.Conn, facts: e.Conn}
	t.open[c.ID] = c
	t.story.Conns = append(t.story.Conns, c)
}

func (t *teller) message(c *Conn, e *capture.Event, place int64) {
	d, r := e.Message, e.Record
	i := d.Number - 1
	if i%slab == 0 {
		t.slabs = append(t.slabs, new([slab]Message))
	}
	t.story.Messages++
	t.story.start = d.Start
	if r.Fate == capture.Injected {
		return
	}
	m := &t.slabs[i/slab][i%slab]
	*m = Message{Conn: c, Number: d.Number, Name: t.name(d), Time: r.Time, place: place, offset: r.Frame.Offset,
		Index: int32(len(c.Messages)), Size: int32(len(r.Frame.Raw)), From: r.From, Kind: r.Frame.Kind, Noise: d.Noise,
		Fate: r.Fate, Gap: c.gap&r.From != 0, Missing: r.Frame.Missing > 0, WantsReply: d.WantsReply(),
		role: d.Role, dialect: uint8(d.Dialect), signIn: d.SignIn, sso: d.SSO}
	m.TrID, m.HasTrID = d.TrID()
	if d.Challenge != nil {
		m.challenge = uint8(d.Challenge.Result) + 1
	}
	if q := t.byNumber(d.ReplyTo); q != nil {
		m.Request = q
		q.Replies = append(q.Replies, m)
	}
	if r.From == decode.Client && m.HasTrID {
		adopt(c, m)
	}
	c.gap &^= r.From
	c.Messages = append(c.Messages, m)
	t.peer(m, d)
}

// became takes what became of a message that was held.
func (t *teller) became(e *capture.Event) {
	if d, m := e.Message, t.byNumber(e.Message.Number); m != nil {
		m.Fate, m.WantsReply, m.Noise = d.Fate, d.WantsReply(), d.Noise
	}
}

// earliest and shortly are how many messages, and how long, an answer may stand before
// its request.
const (
	earliest = 4
	shortly  = 10 * time.Millisecond
)

// adopt finds the answers to a request that a capture has before it: where both
// directions are captured apart their times are not exact.
func adopt(c *Conn, q *Message) {
	for _, m := range c.Messages[max(0, len(c.Messages)-earliest):] {
		if m.From == decode.Server && m.Request == nil && m.Name == q.Name && m.HasTrID && m.TrID == q.TrID && m.TrID != 0 &&
			!m.Time.IsZero() && q.Time.Sub(m.Time) < shortly {
			m.Request = q
			q.Replies = append(q.Replies, m)
		}
	}
}

// byNumber returns the message of that number, or nil.
func (t *teller) byNumber(n int64) *Message {
	if n == 0 {
		return nil
	}
	if m := &t.slabs[(n-1)/slab][(n-1)%slab]; m.Conn != nil {
		return m
	}
	return nil
}

// maxNames bounds what unknown verbs may cost.
const maxNames = 4096

// name returns the verb without a copy of its own for each message.
func (t *teller) name(d *decode.Message) string {
	if !d.Named() {
		return ""
	}
	name := d.Name()
	if d.Form != nil && d.Error() == "" {
		return name
	}
	if known, ok := t.names[name]; ok {
		return known
	}
	if len(t.names) < maxNames {
		t.names[name] = name
	}
	return name
}

// finish says of connections and sessions what is known of them at the end.
func (t *teller) finish() {
	s := t.story
	t.transfers.Finish(time.Time{})
	if t.options.Check {
		t.found(t.follow.Finish())
	}
	sessions := make(map[*decode.Session]*Session)
	for _, c := range s.Conns {
		f := c.facts
		c.Role, c.Dialect, c.Account, c.Came = f.Role, f.Dialect, f.Account, t.byNumber(f.Came)
		c.SignedIn = f.SignedIn
		if v := f.Conversation; v != nil {
			c.Conversation, c.SessionID, c.Participants = v.Number, v.SessionID, v.Participants
		}
		for _, v := range f.Talks {
			c.Talks = append(c.Talks, &decode.Conversation{Number: v.Number, Key: v.Key, Circle: v.Circle, Name: v.Name, Participants: v.Participants})
		}
		c.facts = nil
		if f.Session == nil {
			continue
		}
		own := sessions[f.Session]
		if own == nil {
			own = &Session{Number: f.Session.Number, Account: cmp.Or(f.Session.Account, f.Account), Dialect: f.Session.Dialect}
			sessions[f.Session] = own
			s.Sessions = append(s.Sessions, own)
		}
		c.Session = own
		own.Conns = append(own.Conns, c)
	}
	slices.SortFunc(s.Sessions, func(a, b *Session) int { return cmp.Compare(a.Number, b.Number) })
	t.slabs, t.open, t.follow = nil, nil, nil
}
