package decode

import (
	"fmt"
	"time"
)

// maxRequests is how many requests of one connection are remembered, the newest,
// to find what a reply belongs to. Clients have a handful open.
const maxRequests = 64

// request is one that a reply may still come to.
type request struct {
	number   int64
	verb     *Verb
	reply    string // verb of the answer where no TrID tells
	trid     uint32
	hasTrID  bool
	replied  bool
	from     Sender
	at       time.Time
	accepted int8   // of an answer: 1 right, -1 wrong, as computed here
	signIn   bool   // of an answer: to a sign-in challenge
	side     string // of an answer: by what it is right, or what it is instead
}

// requests are the newest of a connection, oldest first.
type requests struct{ list []request }

func (r *requests) add(q request) {
	if len(r.list) >= maxRequests {
		n := copy(r.list, r.list[len(r.list)-maxRequests/2:])
		r.list = r.list[:n]
	}
	r.list = append(r.list, q)
}

// byTrID returns the newest request of that sender with the TrID, or nil.
func (r *requests) byTrID(from Sender, trid uint32) *request {
	for i := len(r.list) - 1; i >= 0; i-- {
		if q := &r.list[i]; q.hasTrID && q.trid == trid && q.from == from {
			return q
		}
	}
	return nil
}

// leading returns the open request of the verb whose TrID a server has put first, and
// left out the list-version behind it, so that the line fits the row that has a
// list-version in that place; or nil.
func (r *requests) leading(m *Message) *request {
	if m.Form == nil || len(m.Form.Params) == 0 || m.Form.Params[0].Name != "listver" || m.Len() == 0 {
		return nil
	}
	trid, ok := decimal(m.Field(0).Raw)
	if !ok || trid == 0 || trid > 1<<32-1 {
		return nil
	}
	q := r.byTrID(Client, uint32(trid))
	if q == nil || q.replied || q.verb != m.Verb {
		return nil
	}
	return q
}

// byVerb returns the oldest request of that sender that waits for the verb, or
// nil.
func (r *requests) byVerb(from Sender, verb string) *request {
	for i := range r.list {
		if q := &r.list[i]; !q.replied && q.reply == verb && q.from == from {
			return q
		}
	}
	return nil
}

// pair finds the request that the message answers, by TrID or by the table's
// rule for its verb, and remembers the message if it is a request itself.
func (t *Tracker) pair(m *Message) {
	c := m.Conn
	trid, hasTrID := m.TrID()
	var q *request
	if m.From == Server && hasTrID {
		q = c.requests.byTrID(Client, trid)
		if q != nil && trid == 0 && q.verb != m.Verb && m.Error() == "" {
			q = nil // unsolicited: TrID 0 is also the server's own
		}
	}
	if q == nil && m.From == Server && !hasTrID {
		q = c.requests.leading(m)
	}
	if q == nil {
		q = c.requests.byVerb(m.From.Peer(), m.Name())
	}
	if q == nil && m.Error() != "" && !hasTrID {
		q = c.requests.unanswered(Client)
	}
	if q != nil {
		m.ReplyTo, m.ReplyVerb = q.number, q.verb.Name
		if !m.Time.IsZero() && !q.at.IsZero() {
			m.Latency = m.Time.Sub(q.at)
		}
		m.FirstReply = !q.replied
		q.replied = true
		t.disagrees(m, q)
	}
	got := m.Arrived()
	if got == nil {
		return // who never got a request owes no reply
	}
	if got != m {
		trid, hasTrID = got.TrID()
	}
	if m.Form.Reply != "" && m.Form.Reply != "none" || m.From == Client && hasTrID {
		c.requests.add(request{number: m.Number, verb: m.Verb, reply: m.Form.Reply,
			trid: trid, hasTrID: hasTrID, from: m.From, at: m.Time, signIn: m.Raw("response") != nil})
	}
}

// unanswered returns the only request that has no reply yet, or nil if there is
// none or several: what an error without a TrID must mean.
func (r *requests) unanswered(from Sender) (one *request) {
	for i := range r.list {
		if q := &r.list[i]; !q.replied && q.from == from && q.reply != "none" {
			if one != nil {
				return nil
			}
			one = q
		}
	}
	return one
}

// judged notes what is thought here of the answer in m, the newest request: 1 right,
// -1 wrong, and in words by what.
func (r *requests) judged(m *Message, verdict int8, side string) {
	if n := len(r.list); n > 0 && m.Arrived() == m && r.list[n-1].number == m.Number {
		r.list[n-1].accepted, r.list[n-1].side = verdict, side
	}
}

// disagrees notes where the server's judgement of an answer, to a challenge or to a
// sign-in challenge, is not the one that was computed here.
func (t *Tracker) disagrees(m *Message, q *request) {
	if q.accepted == 0 || !m.FirstReply {
		return
	}
	add := func(rule string, s Severity, format string) {
		m.Findings = append(m.Findings, Finding{rule, s, fmt.Sprintf(format, q.number) + q.side})
	}
	accepted, signIn := m.Error() == "", q.signIn
	switch {
	case signIn && accepted && q.accepted < 0 && m.Verb == q.verb:
		add("signin.accepted", Warning, "the server accepts the answer in message %d, which is wrong for the password given: probably another one holds")
	case signIn && !accepted && q.accepted > 0 && m.Error() == q.verb.Refusal:
		add("signin.rejected", Error, "the server refuses the answer in message %d, which is right for the password given")
	case signIn:
	case accepted && q.accepted < 0:
		add("challenge.accepted", Warning, "the server accepts the answer in message %d, which is wrong")
	case !accepted && q.accepted > 0:
		add("challenge.refused", Error, "the server refuses the answer in message %d, which is right")
	}
}

// WantsReply reports whether the message is a request that is to be answered also
// when all is well: one that reached the other end.
func (m *Message) WantsReply() bool {
	if m.Fate == Withheld || m.Form == nil || m.Form.Reply == "none" || m.Form.Reply == m.Verb.Name {
		return false // an echo, as of OUT, is a courtesy
	}
	if ack := m.Raw("ack"); ack != nil {
		return string(ack) == "A" || string(ack) == "D"
	}
	_, hasTrID := m.TrID()
	return m.Form.Reply != "" || hasTrID && m.From == Client
}
