package replay

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/decode/payload"
)

// defaultProduct is the product id for challenges on connections where the recording
// has no answer to one; laterProduct is that for MSNP11 and later.
const (
	defaultProduct = "msmsgs@msnmsgr.com"
	laterProduct   = "PROD0090YUAUV{2B"
)

// say sends a recorded message with the values of the live session. mu is held.
func (p *performance) say(k *clientConn, m *story.Message) {
	if q := m.Request; q != nil && q.From == decode.Server {
		if _, posed := k.posed[q]; !posed {
			return // it answers what the server has not asked; when it does, it is said
		}
	}
	d, _, err := p.reader.Decode(m)
	if err != nil {
		p.fail(err)
		return
	}
	if k.inClear(d) {
		p.withhold(k, m)
		return
	}
	r := &request{recorded: m, verb: m.Name}
	raw, ok := p.narrow(k, m, k.translate(d, m, r), r)
	if !ok {
		return
	}
	k.settle(m)
	p.send(k, raw, d.Frame.Kind, r)
}

// fail ends the replay with an error that is not the server's. mu is held.
func (p *performance) fail(err error) {
	if p.failure == nil {
		p.failure = err
		p.cancel()
	}
}

// translate returns the bytes of a recorded message for the live server.
func (k *clientConn) translate(d *decode.Message, m *story.Message, r *request) []byte {
	body, replace := k.payload(d, m, r)
	return d.Splice(nil, func(_ int, f decode.Field) ([]byte, bool) {
		if f.Param == nil {
			return nil, false
		}
		kind := f.Param.Kind
		switch {
		case kind.Name == "trid":
			return k.nextTrID(m)
		case kind.Name == "response":
			return k.signIn(d, m, r)
		case kind.Name == "ticket":
			return k.ticket(m, r)
		case kind.Name == "blob":
			return k.proof(m, r)
		case kind.Name == "circleticket":
			return k.circle(m, r)
		case kind.Subject || kind.Name == "password":
			if s, ok := k.p.rename(string(f.Raw)); ok {
				return []byte(s), true
			}
			if kind.Name == "password" {
				return k.password()
			}
		}
		s, ok := k.values.Live(kind.Name, string(f.Raw))
		return []byte(s), ok
	}, body, replace)
}

// nextTrID keeps the recorded TrID where it is free, and makes a new one where not:
// each is used once on a connection, and they go up.
func (k *clientConn) nextTrID(m *story.Message) ([]byte, bool) {
	if !m.HasTrID || m.TrID == 0 {
		return nil, false
	}
	if m.TrID > k.trid {
		k.trid = m.TrID
		return nil, false
	}
	k.fresh++
	return strconv.AppendUint(nil, uint64(k.fresh), 10), true
}

// signIn answers the live sign-in challenge, where the password is known and the
// recorded answer was not refused.
func (k *clientConn) signIn(d *decode.Message, m *story.Message, r *request) ([]byte, bool) {
	a, ok := k.p.config.Accounts[strings.ToLower(k.recorded.Account)]
	switch {
	case wasRefused(m):
		return nil, false
	case !ok || a.Password == nil:
		r.answer = "the recorded answer to another challenge was sent, as no password is known: give --account " + k.recorded.Account + "=:PASSWORD"
		return nil, false
	case k.salt == "":
		return nil, false
	}
	answer := challenge.SignIn(k.salt, *a.Password)
	r.answer = fmt.Sprintf("the answer sent, %s, is the MD5 of the challenge %s and the password given", answer, k.salt)
	return []byte(answer), true
}

// password is what is sent in clear (CTP).
func (k *clientConn) password() ([]byte, bool) {
	a, ok := k.p.config.Accounts[strings.ToLower(k.recorded.Account)]
	if !ok || a.Password == nil {
		return nil, false
	}
	return []byte(*a.Password), true
}

// inClear reports whether the message would show a password, and may not: one that the
// table knows as such, or the given one where the table does not know what stands there.
func (k *clientConn) inClear(d *decode.Message) bool {
	if k.p.config.ClearText {
		return false
	}
	password := k.p.config.Accounts[strings.ToLower(k.recorded.Account)].Password
	for i := range d.Len() {
		f := d.Field(i)
		switch {
		case f.Param != nil && f.Param.Kind.Name == "password" && len(f.Raw) > 0:
			return true
		case f.Param == nil && password != nil && *password != "" && string(f.Raw) == *password:
			return true
		}
	}
	return false
}

// withhold leaves out a message that would show a password. mu is held.
func (p *performance) withhold(k *clientConn, m *story.Message) {
	k.settle(m)
	for _, other := range m.Replies {
		k.settle(other)
	}
	p.add(&p.result.Skipped, 1, m.Number)
	p.report(&Difference{Kind: DiffSkipped, Note: true, Verb: m.Name,
		Text: "not sent: the recorded client gives a password in clear here (--clear-text does that, too)"}, k, m)
	if !k.facts.SignedIn {
		p.lose(k, "without the password the sign-in can't go on", true)
	}
}

// wasRefused reports whether the recorded server answered the request with an error.
func wasRefused(m *story.Message) bool {
	for _, r := range m.Replies {
		if isError(r.Name) {
			return true
		}
	}
	return false
}

func isError(name string) bool { return len(name) == 3 && name[0] >= '0' && name[0] <= '9' }

// payload returns the payload for the live server, and whether it is another one
// than was recorded.
func (k *clientConn) payload(d *decode.Message, m *story.Message, r *request) ([]byte, bool) {
	switch {
	case d.Form == nil || d.Frame.Missing > 0:
	case d.Form.Payload == "challenge":
		if posed, ok := k.posed[m.Request]; ok && m.Request != nil && !wrongAnswer(d) {
			if answer, ok := challenge.Respond(string(d.Raw("product")), posed); ok {
				r.answer = answered(answer, posed)
				return []byte(answer), true
			}
			r.answer = fmt.Sprintf("the recorded answer was sent, as the key of the product id %s is not known here", d.Raw("product"))
		}
	default:
		return k.p.renamePayload(d)
	}
	return nil, false
}

func answered(answer, posed string) string {
	return fmt.Sprintf("the answer sent, %s, is right for the challenge %s", answer, posed)
}

// wrongAnswer reports whether the recorded client answered a challenge wrongly; then
// it does so again.
func wrongAnswer(d *decode.Message) bool {
	return d.Challenge != nil && d.Challenge.Result == challenge.Wrong
}

// rename returns the live handle for a recorded one, which may have the number of a
// network before it and an end point behind it (MSNP16 and later).
func (p *performance) rename(handle string) (string, bool) {
	if len(p.config.Rules.Accounts) == 0 {
		return "", false
	}
	before, after, bare := "", "", handle
	if i := strings.IndexByte(bare, ':'); i >= 0 {
		before, bare = bare[:i+1], bare[i+1:]
	}
	if i := strings.IndexByte(bare, ';'); i >= 0 {
		bare, after = bare[:i], bare[i:]
	}
	live, ok := p.config.Rules.Accounts[strings.ToLower(bare)]
	return before + live + after, ok
}

// renamePayload replaces recorded handles where a header or a key of the payload has
// no other value, and where a list of contacts has them in two parts.
func (p *performance) renamePayload(d *decode.Message) ([]byte, bool) {
	if len(p.config.Rules.Accounts) == 0 || d.Payload() == nil {
		return nil, false
	}
	if d.Payload().List() != nil {
		return renameList(d.Frame.Payload(), p.rename)
	}
	raw, at := d.Frame.Payload(), 0
	var pieces []payload.Piece
	for _, n := range d.Payload().Nodes {
		if n.Start < at || n.End > len(raw) || n.Start >= n.End {
			continue
		}
		if live, ok := p.rename(string(raw[n.Start:n.End])); ok {
			pieces = append(pieces, payload.Piece{Start: n.Start, End: n.End, With: []byte(live)})
			at = n.End
		}
	}
	if at == 0 {
		return nil, false
	}
	return d.Payload().Splice(pieces), true
}

// answer answers a live challenge that the recording does not have. mu is held.
func (p *performance) answer(k *clientConn, verb, posed string) {
	product := defaultProduct
	if k.facts.Dialect >= 11 {
		product = laterProduct
	}
	for _, m := range k.recorded.Messages {
		if m.From == decode.Client && m.Name == verb {
			if d, _, err := p.reader.Decode(m); err == nil && d.Raw("product") != nil {
				product = string(d.Raw("product"))
			}
			break
		}
	}
	answer, ok := challenge.Respond(product, posed)
	if !ok {
		return
	}
	k.fresh++
	line := fmt.Sprintf("%s %d %s 0", verb, k.fresh, product)
	p.send(k, decode.Assemble(line, []byte(answer)), decode.Command, &request{verb: verb, answer: answered(answer, posed)})
}

// send sends one frame. mu is held.
func (p *performance) send(k *clientConn, raw []byte, kind decode.FrameKind, r *request) {
	if k.state != connOpen {
		return
	}
	fr := decode.Frame{Kind: kind, Raw: raw, Offset: k.offset}
	if kind == decode.Command {
		fr.LineLen = bytes.IndexByte(raw, '\n')
		switch {
		case fr.LineLen < 0:
			fr.LineLen = len(raw)
		case fr.LineLen > 0 && raw[fr.LineLen-1] == '\r':
			fr.LineLen, fr.EOL = fr.LineLen-1, 2
		default:
			fr.EOL = 1
		}
	}
	now := time.Now()
	k.offset += int64(len(raw))
	said := &capture.Record{Time: now, Conn: k.live, Kind: capture.Data, From: decode.Client, Frame: fr}
	k.record(said)
	d := p.follow.Record(said).Message
	k.asked[d.Number] = r
	k.queue = append(k.queue, d.Number)
	if len(k.queue) > maxAsked {
		delete(k.asked, k.queue[0])
		k.queue = append(k.queue[:0], k.queue[1:]...)
	}
	p.add(&p.result.Sent, 1, k.placeOf(r))
	k.unheard = append(k.unheard, r)
	k.out.put(raw)
}

// settle notes that a recorded message was said or heard. mu is held.
func (k *clientConn) settle(m *story.Message) {
	k.done[m.Index] = true
	for k.lo < len(k.done) && k.done[k.lo] {
		k.lo++
	}
	if m.From == decode.Server {
		delete(k.own, m)
		delete(k.p.overtaken, m)
		if k.p.waiting[m] {
			delete(k.p.waiting, m)
			k.p.wake()
		}
	}
}
