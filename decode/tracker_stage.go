package decode

import (
	"cmp"
	"time"

	"msnproxy/decode/address"
)

// begins has a connection begin a sign-in of its own: which session it belongs to is
// known later.
func (c *Connection) begins(at time.Time) {
	c.SignIn = &SignIn{Reached: StageCame, At: at, Client: c.Client, Server: c.Server, Conn: c.ID, First: c.ID, Conns: 1, Last: at, seen: 1 << StageCame}
}

// reach notes a stage.
func (s *SignIn) reach(stage Stage, m *Message) {
	if s.seen |= 1 << stage; stage > s.Reached {
		s.Reached, s.Number, s.At = stage, m.Number, m.Time
	}
	s.changes++
}

// shares makes the sign-in of the connection that of its session, which may have one.
func (c *Connection) shares(s *Session, alone bool) {
	own := c.SignIn
	defer func() { s.SignIn.Session = s.Number }()
	switch {
	case s.SignIn == own:
		return
	case s.SignIn == nil && alone:
		s.SignIn = own
		return
	case s.SignIn == nil: // one more on the same connection
		c.begins(c.Opened)
		c.SignIn.Dialect, c.SignIn.MidStream = c.Dialect, own.MidStream
		s.SignIn = c.SignIn
		return
	}
	c.SignIn = s.SignIn
	if !alone || c.Role&(SB|WEB) != 0 && c.Role&(DS|NS) == 0 {
		return
	}
	all := s.SignIn
	all.Conns++
	all.seen |= own.seen
	if all.Main = all.Main || own.Main; own.Reached > all.Reached {
		all.Reached, all.Number, all.At = own.Reached, own.Number, own.At
	}
	all.turn(c)
	all.waiting, all.waits = own.waiting, own.waits
	all.Dialect = cmp.Or(own.Dialect, all.Dialect)
}

// turn goes on with another connection: what was said last on the one before matters no more.
func (s *SignIn) turn(c *Connection) {
	s.Conn, s.Client, s.Server = c.ID, c.Client, c.Server
	s.waits, s.Error, s.End, s.Foreign, s.ForeignFrom, s.Out, s.Left, s.Declined = 0, Refusal{}, End{}, nil, 0, "", false, false
	s.changes++
}

// withdraw takes back what was concluded before the connection was known to be a switchboard:
// it lets in with USR OK as well, and where the beginning is cut or missing they look alike.
// Where the sign-in has other connections it stays what it was.
func (c *Connection) withdraw() {
	s := c.SignIn
	if !s.Main || s.Conns != 1 || s.Conn != c.ID {
		return
	}
	admitted := s.Has(StageAdmitted)
	*s = SignIn{Reached: StageCame, At: c.Opened, Account: s.Account, Client: s.Client, Server: s.Server, Conn: s.Conn, First: s.First, Conns: s.Conns,
		Session: s.Session, Last: s.Last, End: s.End, seen: 1 << StageCame, changes: s.changes + 1}
	if admitted {
		s.Reached, s.seen = StageTalking, s.seen|1<<StageTalking
	}
}

// strange notes the first bytes that are no MSNP.
func (c *Connection) strange(m *Message) {
	s := c.SignIn
	if m.Opening == nil || c.Direct || s.ForeignFrom != 0 || s.Conn != c.ID || s.Reached >= StageOnline || m.Opening.Direct() {
		return
	}
	s.Foreign, s.ForeignFrom = m.Opening, m.From
	s.changes++
}

// proceed learns from a message that has come to the other end how far the sign-in is.
func (t *Tracker) proceed(m *Message) {
	c := m.Conn
	s := c.SignIn
	if c.Role == FTP || c.Direct || m.Arrived() == nil || m.Opening != nil {
		return
	}
	if c.Role == SB {
		c.withdraw()
	} else {
		if s.Conn != c.ID {
			s.turn(c)
		}
		if !s.Main {
			s.Main, s.MidStream = true, !m.Form.Opens && m.Verb.Act != ActVersion
		}
		s.Last = m.Time
	}
	for _, p := range proofsOf[m.Verb.Act] {
		if (!s.Has(p.stage) || p.stage == StageSentOn) && p.holds(m) {
			s.reach(p.stage, m)
			s.notes(p.stage, m)
		}
	}
	if c.Role == SB {
		if !s.Main && !s.Has(StageTalking) && m.From == Server && m.Error() == "" && m.Verb.Act != ActEnd {
			s.reach(StageTalking, m) // nobody is told anything there before being let in
		}
		return
	}
	if m.Token.Issued > 0 && !s.Has(StageTicket) {
		s.reach(StageTicket, m)
	}
	if c.Came > 0 && !s.Has(StageFollowed) {
		s.reach(StageFollowed, m)
	}
	if c.Came > 0 && s.SentTo != "" && m.From == Client {
		s.SentTo = ""
		s.changes++
	}
	s.ends(m)
	if s.Reached < StageOnline {
		s.queue(m)
	}
}

// ticketed notes that a web service has issued a ticket for an account: which sign-in that
// is for is known by the ticket itself when the client shows it.
func (t *Tracker) ticketed(c *Connection, account string, m *Message) {
	s := c.Session
	if s == nil || !address.Same(s.Account, account) {
		s = t.sessions.newest(hostOf(c.Client), account, "")
	}
	if s != nil && s.SignIn != nil && s.SignIn.Reached < StageProven && !s.SignIn.Has(StageTicket) {
		s.SignIn.reach(StageTicket, m)
	}
}

// notes takes what a message says besides the stage that it proves.
func (s *SignIn) notes(stage Stage, m *Message) {
	switch stage {
	case StageAgreed:
		s.Dialect = cmp.Or(m.Conn.Dialect, s.Dialect)
	case StageNamed, StageAdmitted:
		s.Account = m.Conn.Account
	case StageSentOn:
		if r, ok := m.Redirect(); ok {
			s.SentTo = string(m.Frame.Raw[r.Addr.Start:r.Addr.End])
		}
	}
}

// ends takes what says that it is over.
func (s *SignIn) ends(m *Message) {
	switch {
	case m.Verb.Act == ActVersion && m.From == Server && !speaks(m.chosen()):
		s.Declined, s.CheckOnly = m.chosen() == "", m.chosen() != ""
	case m.Error() != "" && s.Reached < StageOnline:
		s.Error = Refusal{m.Error(), m.ReplyVerb, m.Number}
	case m.Verb.Act == ActEnd && (s.Left || s.Out != ""):
		return // who said it first has ended it; the other repeats it
	case m.Verb.Act == ActEnd && m.From == Server:
		s.Out = m.Verb.Name + " (" + m.Summary() + ")"
	case m.Verb.Act == ActEnd:
		s.Left = true
	default:
		return
	}
	s.changes++
}

// queue keeps count of the requests that have no reply.
func (s *SignIn) queue(m *Message) {
	if m.From == Client {
		if m.WantsReply() && s.waits < maxWaiting {
			s.waiting[s.waits] = Request{m.Verb.Name, m.Number}
			s.waits++
			s.changes++
		}
		return
	}
	for i, q := range s.Waiting() {
		if q.Number == m.ReplyTo {
			copy(s.waiting[i:], s.waiting[i+1:s.waits])
			s.waits--
			s.changes++
			return
		}
	}
}

// Ended tells how the connection ends, before [Tracker.Close]: by whom, 0 if that is not
// known, and why, if there are words for it.
func (t *Tracker) Ended(id uint32, how Occurrence, by Sender, text string, at time.Time) {
	c := t.conns[id]
	if c == nil || c.SignIn.Conn != id {
		return
	}
	c.SignIn.End = End{how, by, text, at}
	c.SignIn.changes++
}
