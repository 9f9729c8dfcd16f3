package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// DifferenceKind tells how a live server differs from the recorded one.
type DifferenceKind string

// The kinds.
const (
	// DiffMissing: a message does not come. DiffUnanswered: nothing at all answers a
	// request.
	DiffMissing    DifferenceKind = "missing"
	DiffUnanswered DifferenceKind = "unanswered"
	// DiffExtra: the recording does not have the message.
	DiffExtra DifferenceKind = "extra"
	// DiffDifferent: the message says something else. DiffRefused: an error, or another
	// one, came instead. DiffAccepted: none came where one was recorded.
	DiffDifferent DifferenceKind = "different"
	DiffRefused   DifferenceKind = "refused"
	DiffAccepted  DifferenceKind = "accepted"
	// DiffReordered: the message comes in another place.
	DiffReordered DifferenceKind = "reordered"
	// DiffRedirect: it leads nowhere, or where it may not.
	DiffRedirect DifferenceKind = "redirect"
	// DiffEnded: the connection ends, or does not, where the recorded one did otherwise.
	DiffEnded DifferenceKind = "ended"
	// DiffGarbage is what is no MSNP.
	DiffGarbage DifferenceKind = "garbage"
	// DiffSkipped: something of the recording could not be played.
	DiffSkipped DifferenceKind = "skipped"
)

// Difference is one thing that a live server does otherwise than the recorded one.
// Its strings may hold whatever the peers have sent: escape them before they reach a
// terminal.
type Difference struct {
	Kind DifferenceKind
	// Note: it does not count. A server's own ideas (an alert, new mail, a challenge)
	// are not to be expected again.
	Note bool
	// Conn is the recorded connection, Role and Account are what is known of it.
	Conn    uint32
	Role    decode.Role
	Account string
	// Number is that of the recorded message, 0 if there is none; After is that of
	// the newest one before it that was heard on the connection.
	Number, After int64
	// Verb is that of the recorded message, or else of the live one. Request and
	// RequestNumber are what it answers: "" and 0 for what comes unasked.
	Verb, Request string
	RequestNumber int64
	// Fields say what is different: A is recorded, B live.
	Fields []compare.FieldDifference
	// Text says in words what is wrong.
	Text string
}

// String returns the difference in one line.
func (d *Difference) String() string {
	var b strings.Builder
	switch {
	case d.Number > 0:
		fmt.Fprintf(&b, "message %d ", d.Number)
	case d.After > 0:
		fmt.Fprintf(&b, "after message %d ", d.After)
	}
	fmt.Fprintf(&b, "#%d %s", d.Conn, d.Role)
	if d.Account != "" {
		b.WriteString(" " + d.Account)
	}
	fmt.Fprintf(&b, ": %s", d.Kind)
	if d.Verb != "" {
		fmt.Fprintf(&b, " %s", d.Verb)
	}
	if d.Request != "" {
		fmt.Fprintf(&b, " (answers %s", d.Request)
		if d.RequestNumber > 0 {
			fmt.Fprintf(&b, " of message %d", d.RequestNumber)
		}
		b.WriteByte(')')
	}
	fmt.Fprintf(&b, ": %s", d.Text)
	return b.String()
}

func ordinal(m *story.Message) string { return fmt.Sprintf("message %d", m.Number) }

// report fills in where a difference is, counts it and tells of it. mu is held.
func (p *performance) report(d *Difference, k *clientConn, r *story.Message) {
	if p.stopping != "" {
		return
	}
	c := k.recorded
	d.Conn, d.Role, d.Account, d.After = c.ID, c.Role, c.Account, k.heard
	if r != nil {
		d.Number = r.Number
		if q := r.Request; q != nil {
			d.Request, d.RequestNumber = q.Name, q.Number
		}
	}
	if d.Note {
		p.result.Notes++
	} else {
		p.result.Differences++
	}
	p.held = append(p.held, d)
	if p.reports++; p.reports >= mostReports {
		p.stop(fmt.Sprintf("after %d differences and notes", mostReports))
	}
	if p.config.StopOnDiff && !d.Note {
		p.stand()
	}
}

// missing says that a message does not come. mu is held.
func (p *performance) missing(k *clientConn, r *story.Message) {
	if k.done[r.Index] {
		return
	}
	note := k.own[r]
	k.settle(r)
	if p.lostTo[r] {
		p.add(&p.result.Skipped, 1, r.Number)
		return
	}
	d := &Difference{Kind: DiffMissing, Verb: r.Name, Note: note, Text: "it does not come: " + p.summary(r)}
	q := r.Request
	switch {
	case note:
		d.Text = "it does not come, which is for the server to decide: " + p.summary(r)
	case q == nil:
		p.lonely++
	default:
		if k.unanswered(q) {
			k.silent++
			p.add(&p.result.Unanswered, 1, r.Number)
			d.Kind, d.Text = DiffUnanswered, fmt.Sprintf("nothing answers; recorded was: %s", p.summary(r))
			if k.state == connOpen {
				d.Text = fmt.Sprintf("nothing answers within %v; recorded was: %s", p.config.Timeout, p.summary(r))
			}
			for _, other := range q.Replies {
				k.settle(other)
			}
		}
	}
	p.report(d, k, r)
	switch {
	case q == nil || note || k.state != connOpen:
	case !k.facts.SignedIn:
		p.lose(k, fmt.Sprintf("without the answer to %s the sign-in can't go on", q.Name), true)
	case k.silent >= gaveUp:
		p.lose(k, fmt.Sprintf("%d requests in a row are not answered", k.silent), true)
	}
}

// unanswered reports whether no reply to a recorded request has come.
func (k *clientConn) unanswered(q *story.Message) bool {
	for _, a := range k.asked {
		if a.recorded == q {
			return !a.heard
		}
	}
	return false
}

// passedBy reports, at the end of a connection, what was given up and has not come,
// and what was not said although its turn had come; early: only what need not have
// come. mu is held.
func (p *performance) passedBy(k *clientConn, early bool) {
	var unsaid []*story.Message
	for _, r := range k.recorded.Messages[k.lo:] {
		if r.From == decode.Client && r.Number < p.at && !k.done[r.Index] {
			unsaid = append(unsaid, r)
			k.settle(r)
			for _, other := range r.Replies {
				k.settle(other)
			}
		}
	}
	for _, r := range k.late {
		if !k.done[r.Index] && (k.own[r] || !early) {
			p.missing(k, r)
		}
	}
	for _, r := range unsaid {
		p.add(&p.result.Skipped, 1, r.Number)
		p.report(&Difference{Kind: DiffSkipped, Note: true, Verb: r.Name, Text: "not sent, as the server has not asked for it"}, k, r)
	}
}

// summary returns a recorded message in one line. mu is held.
func (p *performance) summary(r *story.Message) string {
	d, _, err := p.reader.Decode(r)
	if err != nil {
		p.fail(err)
		return ""
	}
	return d.Summary()
}

// extra reports a live message that the recording does not have. mu is held.
func (p *performance) extra(k *clientConn, m *decode.Message, q *request) {
	d := &Difference{Kind: DiffExtra, Verb: m.Name(), Note: m.Own() && k.whims < mostWhims, Text: "the recording does not have it: " + m.Summary()}
	if m.Own() {
		k.whims++
	}
	trid, hasTrID := m.TrID()
	switch {
	case q != nil:
		d.Request = q.verb
		if q.recorded != nil {
			d.RequestNumber = q.recorded.Number
		} else {
			d.Note = m.Error() == ""
		}
		if m.Error() != "" {
			d.Kind, d.Text = DiffRefused, fmt.Sprintf("the server refuses it: %s %s", m.Name(), decode.ErrorName(m.Error()))
			if q.answer != "" {
				d.Text += "; " + q.answer
			}
		}
	case hasTrID && trid != 0:
		d.Text = fmt.Sprintf("no request has the TrID %d: %s", trid, m.Summary())
	}
	p.report(d, k, nil)
}

// differs reports that a message says something else. mu is held.
func (p *performance) differs(k *clientConn, r *story.Message, m *decode.Message, q *request, diffs []compare.FieldDifference) {
	d := &Difference{Kind: DiffDifferent, Verb: r.Name, Fields: diffs}
	recorded, live := isError(r.Name), m.Error() != ""
	switch {
	case live:
		d.Kind, d.Text = DiffRefused, fmt.Sprintf("the server answers %s (%s), recorded was: %s", m.Name(), decode.ErrorName(m.Error()), p.words(r))
		if q != nil && q.answer != "" {
			d.Text += "; " + q.answer
		}
	case recorded:
		d.Kind, d.Text = DiffAccepted, fmt.Sprintf("the server answers %s: %s; recorded was %s (%s)", m.Name(), m.Summary(), r.Name, decode.ErrorName(r.Name))
	case diffs[0].Name == "verb":
		if _, leads := p.leads[r]; leads && k.recorded.Role != decode.SB {
			p.leads[r] = &lead{addr: p.config.Server} // the server does without a dispatch server
		}
		d.Text = fmt.Sprintf("the server answers %s: %s; recorded was: %s", m.Name(), m.Summary(), p.words(r))
	default:
		d.Text = fields(diffs)
	}
	p.report(d, k, r)
	if !live || recorded || q == nil || q.recorded == nil {
		return
	}
	for _, other := range q.recorded.Replies {
		if other.From == decode.Server {
			k.settle(other) // nothing else answers what is refused
		}
	}
	if !k.facts.SignedIn && k.state == connOpen {
		p.lose(k, fmt.Sprintf("%s is refused", q.verb), true)
	}
}

// words returns a recorded message's verb and summary.
func (p *performance) words(r *story.Message) string { return r.Name + " (" + p.summary(r) + ")" }

// fields says in words what is different.
func fields(diffs []compare.FieldDifference) string {
	var parts []string
	for _, f := range diffs {
		switch {
		case f.A == nil:
			parts = append(parts, fmt.Sprintf("%s is %q, which the recording does not have", f.Name, *f.B))
		case f.B == nil:
			parts = append(parts, fmt.Sprintf("%s is missing, recorded was %q", f.Name, *f.A))
		default:
			parts = append(parts, fmt.Sprintf("%s is %q, recorded was %q", f.Name, *f.B, *f.A))
		}
	}
	return strings.Join(parts, "; ")
}

// closedEarly reports that the server has ended a connection on which something was
// still to come: in one line, whatever is left out because of it. mu is held.
func (p *performance) closedEarly(k *clientConn, how string) {
	k.state = connOver
	var words []*story.Message // what the client has still to say
	first, next := p.firstUnheard(k), (*story.Message)(nil)
	for _, r := range k.recorded.Messages[k.lo:] {
		// How far the recording was gone through by now is chance: it does not matter here.
		if k.done[r.Index] || k.conditional(r) || r.From == decode.Server && (p.isLost(r) || r.Request == nil && p.own(r)) {
			continue
		}
		words = append(words, r)
		if r.From == decode.Client && (first == nil || r.Number < first.Number) {
			first = r
		}
		// What the client had still to say depends on how fast it is; what it has
		// heard does not.
		if next == nil && r.From == decode.Client && p.atOnce(first, r) {
			continue
		}
		if next == nil || next.From == decode.Client && r.From == decode.Server {
			next = r
		}
	}
	if next == nil {
		// Whether its last words, after which nothing comes, still went out is chance.
		for _, r := range words {
			k.settle(r)
			p.add(&p.result.Sent, 1, r.Number)
		}
		p.passedBy(k, true)
		return
	}
	for _, q := range k.unheard {
		p.add(&p.result.Sent, -1, k.placeOf(q))
		p.add(&p.result.Skipped, 1, k.placeOf(q))
	}
	left := k.left()
	p.add(&p.result.Skipped, left, next.Number)
	p.report(&Difference{Kind: DiffEnded, Verb: next.Name, Text: fmt.Sprintf("%s before this message (%s)%s",
		how, p.summary(next), leftOut(left+len(k.unheard)))}, k, next)
	p.lostConn(k)
}

// firstUnheard is the first message that was sent since the server has said something;
// nil: there is none. mu is held.
func (p *performance) firstUnheard(k *clientConn) *story.Message {
	for _, q := range k.unheard {
		if q.recorded != nil {
			return q.recorded
		}
	}
	return nil
}

// atOnce reports whether two client messages are said in one go: there is nothing to
// wait for in between. mu is held.
func (p *performance) atOnce(first, m *story.Message) bool {
	i, _ := slices.BinarySearchFunc(p.order, first, func(a, b *story.Message) int { return cmp.Compare(a.Number, b.Number) })
	for last := first; i < len(p.order) && p.order[i].Number <= m.Number; i++ {
		next := p.order[i]
		if next.From == decode.Server && p.counts(next) {
			return false
		}
		if p.config.Speed > 0 && p.paced(next.Time.Sub(last.Time)) >= stillness {
			return false
		}
		last = next
	}
	return true
}

// placeOf is the number of the recorded message that a request is; of one that is not
// recorded that of the newest before it. mu is held.
func (k *clientConn) placeOf(q *request) int64 {
	if q.recorded != nil {
		return q.recorded.Number
	}
	return k.heard
}

// conditional reports whether a message answers what the server need not ask, or comes
// of such an answer that was not given.
func (k *clientConn) conditional(r *story.Message) bool {
	if r.From == decode.Server && r.Request != nil && !k.done[r.Request.Index] {
		r = r.Request
	}
	return r.From == decode.Client && r.Request != nil && r.Request.From == decode.Server && !k.done[r.Index]
}

// leftOut says how many messages are not played.
func leftOut(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "; it is left out"
	}
	return fmt.Sprintf("; %d messages are left out", n)
}

// garbage reports bytes that are no MSNP, and gives the connection up. mu is held.
func (p *performance) garbage(k *clientConn, fr *decode.Frame) {
	shown := fr.Raw[:min(len(fr.Raw), 40)]
	p.report(&Difference{Kind: DiffGarbage, Text: fmt.Sprintf("%d bytes that are no MSNP: %q", len(fr.Raw), shown)}, k, nil)
	p.lose(k, "what follows bytes that are no MSNP makes no sense", true)
}
