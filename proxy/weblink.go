package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/http1"
	"msnproxy/decode/service"
	"msnproxy/proxy/entrance"
)

// weblink is what a link of HTTP keeps. Messages of HTTP go on in their pieces, but for
// heads and for answers that may have to be changed, and for all if a stage of the gate may
// want one.
type weblink struct {
	http    entrance.HTTP
	headAt  int64  // the request that begins there went on with another head
	head    []byte // which is this one; nil: none did
	headLen int    // in the stead of so many bytes
	strayAt int64  // where a request for another host begins; below 0: there is none
	told    int    // remarks about hosts
	exact   exact
	went    []byte // the message that is decided on, as it would go on
}

// maxHostRemarks bounds the remarks about hosts in answers that one link makes.
const maxHostRemarks = 8

// errStray ends a link on which a request is for another host.
var errStray = errors.New("a request for another host")

// openWeb has both links carry HTTP.
func (c *conn) openWeb(h entrance.HTTP) {
	c.foreign.Store(&decode.Opening{Name: "HTTP", Text: "HTTP"})
	asked := new(decode.Asked)
	for _, l := range []*link{&c.up, &c.down} {
		l.framer.Asked = asked
		l.web = &weblink{http: h, headAt: -1, strayAt: -1}
		l.footing.known, l.footing.alien = true, true
	}
}

// webHold is hold on a link of HTTP.
func (l *link) webHold(cursor int64) int64 {
	if l.web.strayAt >= 0 {
		return max(cursor, l.web.strayAt)
	}
	b, at := l.framer.Pending(), l.framer.Offset()
	if len(b) == 0 || at < cursor || !l.framer.InStep() {
		return l.in
	}
	head := http1.HeadLen(b)
	switch {
	case http1.Starts(b, l.from == decode.Client) == http1.No:
		return l.in
	case head == 0, l.gateWants(), l.from == decode.Server && l.web.http.Holds(b):
		return at
	}
	return l.in
}

// gateWants reports whether a stage may want whatever comes, or it will have to wait.
func (l *link) gateWants() bool { return l.lane != nil && (!l.lane.Idle() || l.lane.Blocked()) }

// webHead sends the head of a request on, as the server is to get it, while its body is on
// its way.
func (l *link) webHead(w *work) {
	b, at := l.framer.Pending(), l.framer.Offset()
	if l.from != decode.Client || at < w.cursor || !l.framer.InStep() || l.gateWants() {
		return
	}
	n := http1.HeadLen(b)
	if n == 0 {
		return
	}
	if l.webStray(w, b[:n], at) {
		return
	}
	instead, _ := l.web.http.Request(b[:n])
	if instead == nil {
		return
	}
	w.out = append(l.appendInput(w.out, w, w.cursor, at), instead...)
	w.cursor = at + int64(n)
	l.web.headAt, l.web.head, l.web.headLen = at, instead, n
}

// webStray reports whether a request is for another host than the connection was made for,
// or comes behind one that is. It goes nowhere: to the server it is as if the client had
// ended there, so that the client gets the answers that are due, and then the end, upon
// which it asks on a connection of its own.
func (l *link) webStray(w *work, head []byte, at int64) bool {
	if l.web == nil || l.from != decode.Client {
		return false
	}
	if l.web.strayAt >= 0 || head == nil {
		return l.web.strayAt >= 0
	}
	_, stray := l.web.http.Request(head)
	if stray == "" {
		return false
	}
	l.web.strayAt = at
	l.remark(w, fmt.Sprintf("the client asks for %s on a connection that was made for another host: that is not sent on, and the connection ends, so that it asks on one of its own", strings.ToValidUTF8(stray, "\ufffd")))
	return true
}

// webTurn notes that a link of HTTP cannot be followed from this frame on.
func (l *link) webTurn(w *work, fr *decode.Frame) {
	if l.losses++; l.losses <= maxLossRemarks && l.lost {
		l.remark(w, fmt.Sprintf("what the %s sends from byte %d on is no HTTP, or too long to be looked at: it passes as it comes", l.from, fr.Offset))
	}
}

// withhold records a frame that goes nowhere.
func (l *link) withhold(w *work, fr *decode.Frame) {
	r := l.record(w, fr, nil)
	r.Fate = capture.Withheld
	if !w.observed {
		l.dropped += int64(len(r.Frame.Raw))
		return
	}
	w.records = append(w.records, r)
}

// webFlush is [link.flush] on a link of HTTP: an answer that ends with the connection is whole
// only then.
func (l *link) webFlush(w *work) error {
	wake := false
	for l.framer.Flush(&w.fr) {
		l.c.p.count.frames.Add(1)
		if len(w.records) > groupSize-4 {
			wake = l.tell(w) || wake
		}
		if l.web.strayAt >= 0 {
			l.withhold(w, &w.fr)
			continue
		}
		if l.gated(&w.fr) || w.fr.Offset >= w.cursor && l.lane != nil && l.lane.Blocked() {
			wake = l.pass(w, &w.fr) || wake
			continue
		}
		l.webFrame(w, &w.fr)
	}
	wake = l.tell(w) || wake
	l.c.p.commit(w.ticket)
	if wake {
		l.c.p.queue.nudge()
	}
	to := l.in
	if l.web.strayAt >= 0 {
		to = max(w.cursor, l.web.strayAt)
	}
	w.out = l.appendInput(w.out, w, w.cursor, to)
	l.held, l.out = nil, l.in
	return l.write(w, w.out)
}

// webChange returns a message as it is to go on; nil: as it came. A body that was cut short
// is not changed.
func (l *link) webChange(w *work, fr *decode.Frame) []byte {
	if fr.Kind != decode.Web || l.from == decode.Server && fr.Missing > 0 && !fr.Apart {
		return nil
	}
	raw := fr.Raw
	if l.from == decode.Server {
		instead, told := l.web.http.Answer(raw)
		if told != "" && l.web.told < maxHostRemarks {
			l.web.told++
			l.remark(w, "the answer names hosts by which the client would leave the proxy: it is told "+told)
		}
		return instead
	}
	n := http1.HeadLen(raw)
	head, _ := l.web.http.Request(raw[:n])
	if head == nil {
		return nil
	}
	return append(head, raw[n:]...)
}

// webFrame looks at one message of HTTP: it changes it if that is due, and makes a record.
func (l *link) webFrame(w *work, fr *decode.Frame) {
	var sent []byte
	switch {
	case fr.Kind != decode.Web:
	case fr.Offset == l.web.headAt && l.web.head != nil:
		sent = append(l.web.head, fr.Raw[l.web.headLen:]...)
		l.web.headAt, l.web.head = -1, nil
	case fr.Offset >= w.cursor:
		if sent = l.webChange(w, fr); sent != nil {
			w.out = append(l.appendInput(w.out, w, w.cursor, fr.Offset), sent...)
			w.cursor = fr.Offset + int64(len(fr.Raw))
		}
	}
	l.heed(w, fr)
	r := l.record(w, fr, sent)
	if fr.Kind == decode.Web && fr.Apart && fr.Missing > 0 {
		l.webApart(w, fr)
	}
	if !w.observed {
		l.dropped += int64(len(r.Frame.Raw))
		return
	}
	w.records = append(w.records, r)
}

// webApart says that the body of a message passes as it comes.
func (l *link) webApart(w *work, fr *decode.Frame) {
	if l.losses++; l.losses > maxLossRemarks {
		return
	}
	why := fmt.Sprintf("of %d bytes or more, longer than is read", fr.Missing)
	if fr.Missing == 1 {
		why = "whose length can't be told"
	}
	l.remark(w, fmt.Sprintf("the %s sends a body %s: it passes as it comes", l.from, why))
}

// record makes the record of a frame. What of HTTP lets somebody in is masked in it, on
// whatever link it comes.
func (l *link) record(w *work, fr *decode.Frame, sent []byte) capture.Record {
	r := capture.Record{Time: w.now, Conn: l.c.rec, Kind: capture.Data, From: l.from, Frame: *fr, Sent: sent}
	l.http = l.http || l.web != nil || fr.Kind == decode.Web
	if !l.http {
		if fr.Kind == decode.Command && l.seen <= signInFrames && l.c.p.cfg.masker != nil {
			r.Verdict = l.c.judge(fr, l.from, w.now)
		}
		return r
	}
	if m := l.c.p.cfg.masker; m != nil {
		if l.from == decode.Server && fr.Kind == decode.Web {
			l.c.p.vault.keep(fr.Raw, w.now)
		}
		r.Frame.Raw = l.masked(m, fr)
		if sent != nil {
			r.Sent = service.Mask(sent, m)
		}
		r.Frame.LineLen, r.Frame.EOL = firstLineOf(r.Frame.Raw, fr)
	}
	r.Frame.Offset += l.shift
	l.shift += int64(len(r.Frame.Raw) - len(fr.Raw))
	return r
}

// masked returns the bytes of a frame without what lets somebody in. Of what is no whole
// message nobody can tell where that is: it is left out.
func (l *link) masked(m *service.Masker, fr *decode.Frame) []byte {
	switch {
	case fr.Kind == decode.Web && (fr.Missing == 0 || fr.Apart):
		return service.Mask(fr.Raw, m)
	case fr.Kind == decode.Web:
		n := http1.HeadLen(fr.Raw)
		left := fmt.Appendf(nil, "[%d bytes of a body that was cut short are left out, as secrets may be in them]", len(fr.Raw)-n)
		return append(service.Mask(fr.Raw[:n:n], m), left...)
	case len(bytes.TrimSpace(fr.Raw)) == 0:
		return fr.Raw
	}
	return fmt.Appendf(nil, "[%d bytes that are no whole message of HTTP are left out, as secrets may be in them]", len(fr.Raw))
}

// firstLineOf returns the length of the first line of raw, and of its end, if the frame
// had one.
func firstLineOf(raw []byte, fr *decode.Frame) (line, eol int) {
	i := bytes.IndexByte(raw, '\n')
	switch {
	case fr.Kind != decode.Web || i < 0:
		return min(fr.LineLen, len(raw)), fr.EOL
	case i > 0 && raw[i-1] == '\r':
		return i - 1, 2
	}
	return i, 1
}

// webDecided is what [link.pass] does with a message of HTTP that is to go on at once. sent
// is what the stages have made of it, nil: nothing, and empty: it goes nowhere.
func (l *link) webDecided(w *work, fr *decode.Frame, sent []byte) {
	w.piece++
	instead := sent
	if sent != nil && len(sent) == 0 && l.from == decode.Client {
		l.framer.Asked.Withdraw()
	}
	if sent == nil {
		instead = l.web.went
	} else if len(sent) > 0 {
		instead = l.c.webExact(l, sent)
	}
	w.out = append(l.appendInput(w.out, w, w.cursor, fr.Offset), instead...)
	w.cursor = fr.Offset + int64(len(fr.Raw))
}
