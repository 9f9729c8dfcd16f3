package replay

import (
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// farthest is how many recorded messages of a connection are looked at to find the
// one that a live message is.
const farthest = 256

// hear takes a live frame from a server. mu is held.
func (p *performance) hear(k *clientConn, fr *decode.Frame) {
	now := time.Now()
	heard := &capture.Record{Time: now, Conn: k.live, Kind: capture.Data, From: decode.Server, Frame: *fr}
	k.record(heard)
	p.heard = now
	defer k.heardOf(len(k.unheard))
	if k.state != connOpen && k.state != connLeaving || fr.Kind == decode.Blank || p.stopped() != nil {
		return
	}
	entered := k.facts.SignedIn
	m := p.follow.Record(heard).Message
	if k.facts.SignedIn && !entered && k.facts.Role&decode.NS != 0 {
		p.result.SignedIn++
	}
	switch {
	case fr.Kind != decode.Command:
		p.garbage(k, fr)
	case m.Torn():
		p.report(&Difference{Kind: DiffGarbage, Verb: m.Name(), Text: "the connection ends in the middle of a command: " + m.Summary()}, k, nil)
	case p.config.Rules.Skips(m.Name()):
	default:
		p.place(k, m)
	}
	p.wake()
}

// place finds the recorded message that m is, and compares the two.
func (p *performance) place(k *clientConn, m *decode.Message) {
	q := k.asked[m.ReplyTo]
	if q != nil {
		k.silent, q.heard = 0, true
	}
	recorded, diffs := p.find(k, m, q)
	verb, posed := poses(m)
	if m.Form != nil && verb == "" {
		for _, name := range []string{"challenge", "nonce"} {
			if raw := m.Raw(name); raw != nil {
				k.salt = string(raw)
			}
		}
	}
	if p.failure != nil {
		return
	}
	if recorded == nil {
		p.extra(k, m, q)
		if verb != "" && p.stopped() == nil && !p.standing {
			p.answer(k, verb, posed)
		}
		return
	}
	p.compared(k, recorded, m, q, diffs)
	if verb == "" {
		return
	}
	k.posed[recorded] = posed
	for _, r := range recorded.Replies {
		if r.Number < p.at && !k.done[r.Index] {
			p.say(k, r) // its place has gone by
		}
	}
}

// poses returns the challenge of a message that poses one, and the verb that answers
// it.
func poses(m *decode.Message) (verb, posed string) {
	if m.Form == nil || m.Form.Reply == "" || m.Raw("challenge") == nil {
		return "", ""
	}
	return m.Form.Reply, string(m.Raw("challenge"))
}

// likeness is a recorded message that a live one may be.
type likeness struct {
	m     *story.Message
	diffs []compare.FieldDifference
}

// find returns the recorded message that m is, and how the two differ; nil if there
// is none.
func (p *performance) find(k *clientConn, m *decode.Message, q *request) (*story.Message, []compare.FieldDifference) {
	var best likeness
	same := 0 // candidates with the verb that are due
	var first *story.Message
	try := func(r *story.Message, due bool) (stop bool) {
		if !alike(r.Name, m.Name()) {
			if first == nil {
				first = r
			}
			return false
		}
		d, _, err := p.reader.Decode(r)
		if err != nil {
			p.fail(err)
			return true
		}
		diffs := compare.Messages(d, m, p.config.Rules)
		if diffs = q.forced(m, k.sameGroups(d, m, diffs)); r.Noise == decode.KeepAlive {
			diffs = nil // what matters is that it comes
		}
		if len(diffs) == 0 {
			best = likeness{r, nil}
			return true
		}
		if !due {
			return false
		}
		same++
		if (best.m == nil || len(diffs) < len(best.diffs)) && (p.sameSubject(d, m) || only(r)) {
			best = likeness{r, diffs}
		}
		return false
	}
	if q != nil && q.recorded != nil {
		p.replies(k, q, try)
	} else if q == nil {
		p.unasked(k, try)
	}
	if best.m == nil && q != nil && first != nil && (isError(m.Name()) || isError(first.Name) || len(first.Request.Replies) == 1) {
		d, _, err := p.reader.Decode(first)
		if err != nil {
			p.fail(err)
			return nil, nil
		}
		best = likeness{first, compare.Messages(d, m, p.config.Rules)}
	}
	return best.m, best.diffs
}

// alike reports whether two messages are of one kind: the same verb, or both errors.
func alike(a, b string) bool { return a == b || isError(a) && isError(b) }

// only reports whether the message is the only one of its verb that answers its
// request: then it is meant, whatever it says.
func only(r *story.Message) bool {
	if r.Request == nil {
		return false
	}
	for _, other := range r.Request.Replies {
		if other != r && other.Name == r.Name {
			return false
		}
	}
	return true
}

// replies tries the recorded replies that have not come yet, until try says stop.
func (p *performance) replies(k *clientConn, q *request, try func(*story.Message, bool) bool) {
	list := q.recorded.Replies
	for q.from < len(list) && k.done[list[q.from].Index] {
		q.from++
	}
	for i := q.from; i < len(list) && i < q.from+farthest; i++ {
		if !k.done[list[i].Index] && list[i].From == decode.Server && try(list[i], true) {
			return
		}
	}
}

// unasked tries the recorded messages that no TrID tells, and that have not come yet:
// those that are due, and others that are near.
func (p *performance) unasked(k *clientConn, try func(*story.Message, bool) bool) {
	list := k.recorded.Messages
	for i := k.lo; i < len(list) && i < k.lo+farthest; i++ {
		r := list[i]
		if r.From != decode.Server || k.done[i] || r.Request != nil && r.HasTrID && r.TrID != 0 {
			continue
		}
		if try(r, r.Number <= p.at) {
			return
		}
	}
}

// sameSubject reports whether both messages are about the same: whatever in them is
// the name of somebody or something is the same.
func (p *performance) sameSubject(a, b *decode.Message) bool {
	for i := range a.Len() {
		f := a.Field(i)
		if f.Param == nil || !f.Param.Kind.Subject {
			continue
		}
		want := f.Value()
		if idKinds[f.Param.Kind.Name] {
			continue // the live server makes its own
		}
		if live, ok := p.rename(want); ok {
			want = live
		}
		if got, ok := b.Value(f.Name); !ok || !strings.EqualFold(got, want) {
			return false
		}
	}
	return true
}

// idKinds are the kinds of ids that a server makes for contacts and groups (MSNP10 and
// later).
var idKinds = map[string]bool{"guid": true, "groupid": true, "groupids": true}

// groupFields are the parameters whose values are ids of groups, or of contacts.
var groupFields = map[string]bool{"group": true, "groups": true, "guid": true}

// sameGroups takes differences off that are none: the live server numbers groups, and
// contacts, in its own way.
func (k *clientConn) sameGroups(a, b *decode.Message, diffs []compare.FieldDifference) []compare.FieldDifference {
	out := diffs[:0]
	for _, d := range diffs {
		if d.A == nil || d.B == nil || !groupFields[d.Name] {
			out = append(out, d)
			continue
		}
		if k.mapGroups(*d.A) == *d.B || d.Name != "guid" && named(a) != "" && named(a) == named(b) || d.Name == "guid" && k.p.sameHandle(a, b) {
			continue
		}
		out = append(out, d)
	}
	return out
}

// named returns the name of the group that the message is about, or "".
func named(m *decode.Message) string {
	v, _ := m.Value("groupname")
	return v
}

// sameHandle reports whether both name the same account, by the name that it has on its
// side.
func (p *performance) sameHandle(a, b *decode.Message) bool {
	want, ok := a.Value("handle")
	if live, renamed := p.rename(want); renamed {
		want = live
	}
	got, also := b.Value("handle")
	return ok && also && strings.EqualFold(want, got)
}

// mapGroups returns the live ids for recorded ones, parted by commas.
func (k *clientConn) mapGroups(recorded string) string {
	ids := strings.Split(recorded, ",")
	for i, id := range ids {
		for _, kind := range []string{"group", "groupid", "guid"} {
			if live, ok := k.values.Live(kind, id); ok {
				ids[i] = live
			}
		}
	}
	return strings.Join(ids, ",")
}

// compared notes what came of a message, and learns the values in it.
func (p *performance) compared(k *clientConn, r *story.Message, m *decode.Message, q *request, diffs []compare.FieldDifference) {
	late := p.overtaken[r]
	p.overtake(k, r, q)
	k.settle(r)
	k.heard = max(k.heard, r.Number)
	p.add(&p.result.Compared, 1, r.Number)
	p.matched = time.Now()
	if k.whims = 0; r.Request == nil {
		p.lonely = 0
	}
	d, _, err := p.reader.Decode(r)
	if err != nil {
		p.fail(err)
		return
	}
	p.learn(k, d, m, r)
	if p.config.Answered != nil {
		p.config.Answered(r, m)
	}
	switch {
	case len(diffs) > 0:
		p.differs(k, r, m, q, diffs)
	case late != nil:
		p.report(&Difference{Kind: DiffReordered, Verb: r.Name, Text: "it comes after the " + late.Name + " of " + ordinal(late) + ", which the recording has after it"}, k, r)
	}
}

// learn maps the recorded values of a message to the live ones.
func (p *performance) learn(k *clientConn, d, m *decode.Message, r *story.Message) {
	for i := range min(d.Len(), m.Len()) {
		a, b := d.Field(i), m.Field(i)
		if a.Param == nil || b.Param == nil || a.Name != b.Name {
			continue
		}
		kind := a.Param.Kind
		switch {
		case kind.Linked:
			p.values.Set(kind.Name, string(a.Raw), string(b.Raw))
		case kind.Name == "listver", (kind.Name == "group" || kind.Name == "groupid") && named(d) != "" && named(d) == named(m),
			kind.Name == "guid" && p.sameHandle(d, m):
			k.account.Set(kind.Name, string(a.Raw), string(b.Raw))
		}
	}
	if _, leads := p.leads[r]; !leads {
		return
	}
	if redirect, ok := m.Redirect(); ok {
		raw := m.Frame.Raw
		p.leads[r] = &lead{addr: string(raw[redirect.Addr.Start:redirect.Addr.End]), from: k}
	}
}

// overtake notes which messages should have come before r.
func (p *performance) overtake(k *clientConn, r *story.Message, q *request) {
	note := func(other *story.Message) {
		if p.overtaken[other] == nil && !k.own[other] {
			p.overtaken[other] = r
		}
	}
	if q != nil && q.recorded != nil {
		for i := q.from; i < len(q.recorded.Replies) && q.recorded.Replies[i] != r; i++ {
			if other := q.recorded.Replies[i]; !k.done[other.Index] && other.Name != r.Name {
				note(other)
			}
		}
		return
	}
	for i := k.lo; i < int(r.Index); i++ {
		// What one person says comes in the order in which it was said.
		other := k.recorded.Messages[i]
		if other.From != decode.Server || k.done[i] || other.Name != r.Name || other.Request != nil {
			continue
		}
		if p.subject(other) == p.subject(r) {
			note(other)
		}
	}
}

// subject returns what a recorded message is about. mu is held.
func (p *performance) subject(m *story.Message) string {
	d, _, err := p.reader.Decode(m)
	if err != nil {
		p.fail(err)
		return ""
	}
	s := ""
	for i := range d.Len() {
		if f := d.Field(i); f.Param != nil && f.Param.Kind.Subject {
			s += strings.ToLower(f.Value()) + " "
		}
	}
	return s
}
