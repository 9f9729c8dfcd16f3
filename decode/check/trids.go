package check

import (
	"fmt"
	"slices"

	"msnproxy/decode"
)

const (
	// maxRequests is how many requests of a connection are remembered, the newest.
	maxRequests = 128
	// maxEarly is how many replies wait for a request that was not seen yet.
	maxEarly = 16
)

// request is one of the client's with a TrID.
type request struct {
	place
	trid      uint32
	verb      string
	must      bool // a reply has to come
	replied   bool
	made      bool  // by a proxy
	answer    int64 // the message that is the reply to it; 0: none yet
	overtaken bool  // a later one has its reply
	enters    bool  // it signs in, or enters a switchboard
	right     bool  // an answer to the sign-in challenge that is right
	ack       byte  // of MSG: the acknowledgement asked for
	said      []named
}

// early is a reply with a TrID that no request has had yet.
type early struct {
	place
	trid uint32
	name string
	// refuses: it is an error, which may be about any request.
	refuses bool
}

// requested takes a command of the client: its TrID, and that a reply is due.
func (k *Checker) requested(c *conn, m *decode.Message) {
	trid, ok := k.trid(c, m)
	if !ok {
		return
	}
	c.busy = true
	q := request{place: here(m), trid: trid, verb: m.Verb.Name,
		made: m.Fate == decode.Injected, enters: decode.RefusalOf(m.Verb.Name) == "911", right: m.SignIn == decode.SignInRight}
	if ack := m.Raw("ack"); len(ack) == 1 {
		q.ack = ack[0]
	}
	if m.Fate != decode.Injected {
		k.ordered(c, m, &q)
	}
	q.got(m)
	if m.Fate != decode.Held {
		k.tooEarly(c, m, &q)
	}
	if len(c.requests) >= maxRequests {
		if old := &c.requests[0]; old.must && !old.replied && old.overtaken {
			k.ignored(c, old)
		}
		c.requests = append(c.requests[:0], c.requests[1:]...)
		c.forgot = true
	}
	c.requests = append(c.requests, q)
}

// got notes what came of the request to the server.
func (q *request) got(m *decode.Message) {
	q.must = m.WantsReply()
	got := m.Arrived()
	if got == nil {
		q.must = false
	} else if sent, ok := got.TrID(); ok {
		q.trid = sent
	}
	q.said = forEcho(got)
}

// received takes what came to the server of a request that was held.
func (k *Checker) received(c *conn, m *decode.Message) {
	for i := range c.requests {
		if q := &c.requests[i]; q.number == m.Number {
			q.got(m)
			k.tooEarly(c, m, q)
			return
		}
	}
}

// trid judges the TrID of a client's command, and returns it.
func (k *Checker) trid(c *conn, m *decode.Message) (uint32, bool) {
	if len(m.Form.Params) == 0 || m.Form.Params[0].Name != "trid" || m.Len() == 0 {
		return 0, false
	}
	if trid, ok := m.TrID(); ok {
		return trid, true
	}
	raw := m.Field(0).Raw
	if slices.ContainsFunc(raw, func(b byte) bool { return b < '0' || b > '9' }) {
		k.instead(c, m, "line.parameter", "trid of ", "trid.form", "the TrID of %s is %s, not a number", m.Name(), clip(raw))
	} else {
		k.instead(c, m, "line.parameter", "trid of ", "trid.range", "the TrID of %s is %s, more than 4294967295", m.Name(), clip(raw))
	}
	return 0, false
}

// ordered compares the TrID with those before.
func (k *Checker) ordered(c *conn, m *decode.Message, q *request) {
	last, had := c.lastTrID, c.hasTrID
	c.lastTrID, c.hasTrID = q.trid, true
	if !had || q.trid > last {
		return
	}
	for i := len(c.requests) - 1; i >= 0; i-- {
		old := &c.requests[i]
		if old.trid != q.trid || old.made {
			continue
		}
		if old.must && !old.replied {
			k.later(c, m, "trid.reused", "%s has the TrID %d of %s in message %d, which has no reply yet", q.verb, q.trid, old.verb, old.number)
			old.must = false // whose reply it is can't be told from now on
		} else if c.once("trid.order") {
			k.add(c, m, "trid.order", "%s has the TrID %d, which %s in message %d has had", q.verb, q.trid, old.verb, old.number)
		}
		return
	}
}

// tooEarly looks whether the reply to this request has been seen already: some
// servers answer before a line has its end.
func (k *Checker) tooEarly(c *conn, m *decode.Message, q *request) {
	for i := range c.early {
		if e := c.early[i]; e.trid == q.trid && (e.name == q.verb || e.refuses) {
			if c.whole() {
				k.put(c, e.place, "trid.early", fmt.Sprintf("%s answers %s in message %d before its line is at its end", e.name, q.verb, q.number))
			}
			q.replied = true
			c.early = append(c.early[:i], c.early[i+1:]...)
			break
		}
	}
	k.unknown(c)
}

// unknown says of the replies that wait for a request that there is none.
func (k *Checker) unknown(c *conn) {
	for _, e := range c.early {
		if !c.heard(decode.Client) || !c.whole() {
			break // the request may have been, where nothing was recorded
		}
		k.put(c, e.place, "trid.unknown", fmt.Sprintf("%s has the TrID %d, which no request has had", e.name, e.trid))
	}
	c.early = c.early[:0]
}

// replied takes a command of the server: what it answers.
func (k *Checker) replied(c *conn, m *decode.Message) {
	if q := c.answers(m); q != nil {
		if !q.replied {
			for i := range c.requests {
				if &c.requests[i] == q {
					break
				}
				c.requests[i].overtaken = true
			}
		}
		if l := &c.lists; l.contacts.begun && q.number > l.at.number {
			l.later = true
		}
		q.replied = true
		k.repeated(c, m, q)
		k.echoed(c, m, q)
		if _, ok := m.TrID(); !ok && m.Error() != "" {
			k.add(c, m, "trid.missing", "the error has no TrID; it is probably about %s in message %d", q.verb, q.number)
		}
		return
	}
	trid, ok := m.TrID()
	if !ok || trid == 0 || m.ReplyTo != 0 || len(c.early) >= maxEarly {
		return
	}
	if c.forgot && trid < c.requests[0].trid {
		return
	}
	if q := c.meant(m); q != nil && c.heard(decode.Client) && c.whole() {
		q.replied = true // told once
		k.add(c, m, "trid.unknown", "%s has the TrID %d, which no request has had; %s in message %d waits for its reply with TrID %d", m.Name(), trid, q.verb, q.number, q.trid)
		return
	}
	if !slices.ContainsFunc(c.early, func(e early) bool { return e.trid == trid }) {
		c.early = append(c.early, early{here(m), trid, m.Name(), m.Refuses()})
	}
}

// meant returns the request that a reply of its verb is probably meant for whose TrID
// is another one: the only one of that verb that has no reply. nil: there is none.
func (c *conn) meant(m *decode.Message) (q *request) {
	if m.Error() != "" {
		return nil
	}
	for i := range c.requests {
		if old := &c.requests[i]; old.must && !old.replied && old.verb == m.Name() {
			if q != nil {
				return nil
			}
			q = old
		}
	}
	return q
}

// repeated looks whether the reply is the second one to its request. Items of lists,
// and what says that the request is being seen to, come as often as they like.
func (k *Checker) repeated(c *conn, m *decode.Message, q *request) {
	trid, ok := m.TrID()
	if !ok || trid == 0 || m.Form.Interim || m.Raw("total") != nil || m.Raw("list") != nil {
		return
	}
	if _, sent := m.Redirect(); !sent && !m.Refuses() && m.Verb.Name != q.verb && q.ack == 0 {
		return
	}
	if q.answer != 0 {
		text := ""
		if r, sent := m.Redirect(); sent && r.Kind == decode.RedirectNS && c.moved {
			text = ": the client is on its way to another server already"
		}
		k.add(c, m, "trid.again", "%s in message %d has had its reply in message %d%s", q.verb, q.number, q.answer, text)
		return
	}
	q.answer = m.Number
}

// answers returns the request that a message of the server is a reply to, or
// nil: the one that the tracker says, or if it has forgotten that, the newest
// with the TrID.
func (c *conn) answers(m *decode.Message) *request {
	trid, ok := m.TrID()
	for i := len(c.requests) - 1; i >= 0; i-- {
		if q := &c.requests[i]; m.ReplyTo != 0 && q.number == m.ReplyTo || m.ReplyTo == 0 && ok && trid != 0 && q.trid == trid {
			return q
		}
	}
	return nil
}

// unanswered says which requests had no reply when the connection was at its end.
func (k *Checker) unanswered(c *conn, how string) {
	if !c.heard(decode.Server) {
		return // only one direction was recorded
	}
	for i := range c.requests {
		switch q := &c.requests[i]; {
		case !q.must || q.replied:
		case q.overtaken:
			k.ignored(c, q)
		case !c.told:
			k.put(c, q.place, "trid.abandoned", fmt.Sprintf("%s before %s with TrID %d had its reply", how, q.verb, q.trid))
		}
	}
}

// ignored says that a request had no reply although later ones had.
func (k *Checker) ignored(c *conn, q *request) {
	k.put(c, q.place, "trid.unanswered", fmt.Sprintf("%s with TrID %d has no reply, but later requests have", q.verb, q.trid))
}

// refused takes an error of the server.
func (k *Checker) refused(c *conn, m *decode.Message) {
	code := m.Error()
	name := decode.ErrorName(code)
	if name == "" {
		k.add(c, m, "line.error", "the error code %s is not known", code)
		name = "not known"
	}
	q := c.answers(m)
	if q == nil {
		return
	}
	c.room.uncall(q.trid)
	if q.enters && !slices.ContainsFunc(m.Findings, func(f decode.Finding) bool { return f.Rule == "signin.rejected" }) {
		text := ""
		if q.right {
			text = "; the answer was right for the password given"
		}
		k.add(c, m, "signin.refused", "the server refuses %s in message %d: %s (%s)%s", m.ReplyVerb, m.ReplyTo, code, name, text)
	}
}

// clip makes a value fit for a message.
func clip(b []byte) string { return decode.Quote(b) }
