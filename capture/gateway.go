package capture

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/gateway"
	"msnproxy/decode/http1"
)

// A connection with MSN's HTTP gateway is none of MSNP: it carries sessions, one after
// another or several at a time, and a session may go over many of them. So a session is
// what is shown as a connection. Its two streams are the bodies of requests and answers;
// the rest of HTTP is told in remarks that are folded away.

const (
	// maxSessions bounds the sessions that are followed at a time, maxExchange the bytes
	// of a message of HTTP that is waited for to be whole, and of its body.
	maxSessions = 1024
	maxExchange = decode.DefaultMaxPayload + http1.MaxHead
)

// gateways is what is known of the sessions of a recording.
type gateways struct {
	book     *gateway.Book
	sessions []*webSession      // in the order in which they were last heard of
	ended    []*gateway.Session // that are still known, the oldest first
	carriers int
	events   []event // of the sessions, to be made records
}

// webSession is a session as a connection.
type webSession struct {
	flow     *flow
	session  *gateway.Session
	carriers map[int]bool
	host     string
	over     bool
}

// carrier is what HTTP there is on a connection with a gateway.
type carrier struct {
	number int
	flow   *flow
	side   [2]webSide
	asked  []asked // without an answer, the oldest first
	loose  bool    // requests may be missing: answers are told apart by their sessions
	last   *webSession
	torn   [2]leftover

	// As what it was shown when it seemed to be MSNP: the first session goes on with it.
	conn  *Conn
	links [2]*link
}

// asked is a request.
type asked struct {
	x        *gateway.Exchange // nil: it is not for the gateway
	line     string
	bytes    int
	at       time.Time
	bodiless bool // the answer has no body
}

// webSide is what one side sends.
type webSide struct {
	buf   []byte
	sizer http1.Sizer
	lost  bool // where the next message begins is to be found,
	torn  bool // and what is before it is the end of one that is not in the capture
	rest  int  // so many bytes are left of a body,
	of    *webSession
	size  int // memory that is reckoned
}

// leftover is the end of a message whose beginning was not captured.
type leftover struct {
	data []byte
	at   time.Time
}

// isGateway reports whether bytes of a connection are those of a gateway's client, or of
// a gateway, and takes the connection for one that carries sessions.
func (f *flow) isGateway(from side, b []byte) bool {
	said := f.leads[from].said
	if !said.Gateway() {
		// It may begin with something else, which was for others, or not captured.
		if len(b) == 0 || b[0] != 'P' && b[0] != 'G' && b[0] != 'H' {
			return false
		}
		if said, _ = decode.ReadOpening(b, f.senderIfKnown(from), false); !said.Gateway() {
			return false
		}
	}
	f.verdict = isMSNP
	if !f.known || f.midStream() {
		f.known, f.client = true, from
		if said.Answer {
			f.client = from.peer()
		}
	}
	f.carrier = &carrier{flow: f, conn: f.conn, links: f.links}
	f.conn, f.links = nil, [2]*link{}
	f.probes, f.leads = [2]probe{}, [2]lead{}
	return true
}

// unwrap takes an event of a connection with a gateway.
func (p *packets) unwrap(e event) {
	c := e.flow.carrier
	g := &p.gateways
	if g.book == nil {
		g.book = gateway.NewBook()
	}
	if c.number == 0 {
		g.carriers++
		c.number = g.carriers
		lost := e.flow.midStream()
		c.loose = lost
		for i := range c.side {
			c.side[i].lost, c.side[i].torn = lost, lost
		}
		c.side[e.flow.client].sizer.Request = true
	}
	switch e.kind {
	case Data:
		s := &c.side[e.from]
		s.buf = append(s.buf, e.data...)
		p.messages(c, e.from, e.time, false)
	case Lost:
		p.hole(c, e)
	case HalfClosed:
		p.messages(c, e.from, e.time, true)
	case Closed:
		p.carrierEnds(c, e)
	case Remark:
		if c.last != nil && !c.last.over && (e.text != "" || e.once == aboutCut) {
			p.tell(event{flow: c.last.flow, kind: Remark, time: e.time, text: e.text, once: e.once})
		}
	}
	for i := range c.side {
		p.memory += len(c.side[i].buf) - c.side[i].size
		c.side[i].size = len(c.side[i].buf)
	}
}

func (p *packets) tell(e event) { p.gateways.events = append(p.gateways.events, e) }

// say tells what one side of a session has said.
func (p *packets) say(in *webSession, from decode.Sender, b []byte, at time.Time) {
	if in == nil || in.over || len(b) == 0 {
		return
	}
	p.tell(event{flow: in.flow, kind: Data, from: sideOf(from), time: at, data: b})
}

// sideOf is the side of a session's client or server.
func sideOf(from decode.Sender) side {
	if from == decode.Client {
		return 0
	}
	return 1
}

// messages takes the messages of HTTP that are whole.
func (p *packets) messages(c *carrier, from side, at time.Time, ended bool) {
	s := &c.side[from]
	for len(s.buf) > 0 {
		if s.rest > 0 {
			n := min(s.rest, len(s.buf))
			p.say(s.of, c.flow.sender(from), s.take(n), at)
			s.rest -= n
			continue
		}
		if s.lost && !p.findMessage(c, from, at, ended) {
			return
		}
		s.sizer.Bodiless = len(c.asked) > 0 && c.asked[0].bodiless
		n, sure := s.sizer.Size(s.buf, ended)
		switch {
		case sure == http1.No, sure == http1.Maybe && len(s.buf) > 2*maxExchange:
			c.lose(from)
		case sure == http1.Yes && n <= len(s.buf):
			p.message(c, from, s.take(n), at, true)
			s.begin()
		case sure == http1.Yes && n > maxExchange:
			if !p.partly(c, from, at) {
				c.lose(from)
			}
		default:
			return
		}
	}
}

// take takes the first bytes of the buffer.
func (s *webSide) take(n int) []byte {
	b := s.buf[:n:n]
	if s.buf = s.buf[n:]; len(s.buf) == 0 {
		s.buf = nil
	}
	return b
}

// begin makes ready for the next message.
func (s *webSide) begin() { s.sizer = http1.Sizer{Request: s.sizer.Request} }

// lose has the next message looked for.
func (c *carrier) lose(from side) {
	s := &c.side[from]
	s.begin()
	s.lost, c.loose = true, true
	if len(s.buf) > 0 {
		s.take(1)
	}
}

// partly takes a message whose body is not all here, and goes on with the rest as it
// comes. It reports false where the body has to be whole to be read.
func (p *packets) partly(c *carrier, from side, at time.Time) bool {
	s := &c.side[from]
	n, sure := s.sizer.Size(s.buf, false)
	m, ok := http1.Parse(s.buf)
	if sure != http1.Yes || !ok || m.Encoded() {
		return false
	}
	have := len(s.buf)
	in := p.message(c, from, s.take(have), at, true)
	s.begin()
	s.rest, s.of = n-have, in
	return true
}

// message takes a message of HTTP; whole: all of its body that will come is here. It
// returns the session that it is of, nil if it is of none.
func (p *packets) message(c *carrier, from side, raw []byte, at time.Time, whole bool) *webSession {
	m, ok := http1.Parse(raw)
	if !ok {
		return nil
	}
	body, _ := m.Body(maxExchange)
	if from == c.flow.client {
		return p.request(c, m, body, at)
	}
	return p.answer(c, m, body, at, whole)
}

// request takes what a client wants of a gateway.
func (p *packets) request(c *carrier, m *http1.Message, body []byte, at time.Time) *webSession {
	q, ok := gateway.ParseTarget(m.Target)
	if !ok {
		c.asked = append(c.asked, asked{bodiless: m.Method == "CONNECT" || m.Method == "HEAD"})
		return nil
	}
	x := p.gateways.book.Ask(c.client(), c.number, q, body)
	x.Over = c.over
	c.asked = append(c.asked, asked{x: x, line: m.Method + " " + m.Target, bytes: len(body), at: at})
	in := p.innerOf(c, x.Session, at, x.Session.Begun || len(body) > 0)
	p.leftover(c, in, c.flow.client.peer(), at)
	p.say(in, decode.Server, x.Before, at)
	p.say(in, decode.Client, x.Up, at)
	if in != nil && in.host == "" {
		in.host = m.Value("Host")
		if _, rest, found := strings.Cut(m.Target, "://"); found {
			in.host, _, _ = strings.Cut(rest, "/")
		}
	}
	return in
}

// answer takes what a gateway says.
func (p *packets) answer(c *carrier, m *http1.Message, body []byte, at time.Time, whole bool) *webSession {
	if m.Status < 200 {
		return nil // 100 Continue: the answer comes yet
	}
	h, named := gateway.ParseHeader(m.Value(gateway.HeaderName))
	a, found := c.answered(h)
	x := a.x
	if found && x == nil || x == nil && !named {
		return nil
	}
	if !whole {
		p.gateways.book.Gone(x, body)
		return nil
	}
	if m.Status != 200 && !named {
		body = nil // a page about an error
	}
	s, down := p.gateways.book.Answer(c.client(), x, h, body)
	in := p.innerOf(c, s, at, len(down) > 0)
	if in == nil {
		return nil
	}
	if x == nil {
		p.leftover(c, in, c.flow.client, at)
	}
	p.say(in, decode.Server, down, at)
	p.exchange(in, a, m, len(body), at)
	if h.Close && !in.over {
		p.sessionEnds(in, event{kind: Closed, from: 1, known: true, time: at})
	}
	return in
}

// answered returns the request that an answer is for.
func (c *carrier) answered(h gateway.Header) (a asked, found bool) {
	if len(c.asked) == 0 {
		return a, false
	}
	a = c.asked[0]
	if x := a.x; c.loose && h.Session != "" && x != nil && x.Query.Action != gateway.Open && gateway.Stem(x.Query.Session) != gateway.Stem(h.Session) {
		return asked{}, false
	}
	c.asked = c.asked[1:]
	return a, true
}

// over reports whether packets have told the end of the connection.
func (c *carrier) over() bool { return c.flow.open == nil || c.flow.reset || c.flow.anyDone }

func (c *carrier) client() string {
	return netip.AddrFrom16(c.flow.key.addr[c.flow.client]).Unmap().String()
}

// innerOf returns the connection that stands for a session, and begins it, if it is wanted
// or has something to tell.
func (p *packets) innerOf(c *carrier, s *gateway.Session, at time.Time, wanted bool) *webSession {
	in, _ := s.Data.(*webSession)
	if in == nil {
		if !wanted {
			return nil
		}
		f := &flow{key: c.flow.key, verdict: isMSNP, client: 0, open: &open{known: true, opening: true}, began: at}
		if k := &f.key; c.flow.client == 1 {
			k.addr[0], k.addr[1] = k.addr[1], k.addr[0]
			k.port[0], k.port[1] = k.port[1], k.port[0]
		}
		f.sawSYN[0] = s.Begun
		in = &webSession{flow: f, session: s, carriers: make(map[int]bool)}
		s.Data = in
		p.gateways.sessions = append(p.gateways.sessions, in)
		if c.conn != nil {
			f.conn, f.links = c.conn, [2]*link{c.links[c.flow.client], c.links[c.flow.client.peer()]}
			c.conn, c.links = nil, [2]*link{}
		} else {
			p.tell(event{flow: f, kind: Opened, time: at})
		}
		if len(p.gateways.sessions) > maxSessions {
			p.sessionEnds(p.gateways.sessions[0], event{kind: Closed, time: at, text: "given up: the oldest of more gateway sessions than can be kept open"})
		}
	}
	in.carriers[c.number] = true
	c.last = in
	return in
}

// leftover tells what one side had said before the first message that is whole.
func (p *packets) leftover(c *carrier, in *webSession, from side, at time.Time) {
	if in == nil {
		return
	}
	if s := &c.side[from]; s.lost && s.torn && len(s.buf) > 0 {
		c.tear(from, len(s.buf), at) // the other side goes on: it is whole
	}
	if l := &c.torn[from]; l.data != nil {
		p.say(in, c.flow.sender(from), l.data, l.at)
		*l = leftover{}
	}
}

// exchange tells of a request and its answer; m is nil where there is none.
func (p *packets) exchange(in *webSession, a asked, m *http1.Message, down int, at time.Time) {
	if in.over {
		return
	}
	text := "an HTTP answer to a request that is not in the capture"
	if a.x != nil {
		text = fmt.Sprintf("HTTP: %s, %s", a.line, count(int64(a.bytes), "byte"))
		if a.x.Repeat {
			text += ", sent again"
		}
	}
	if m == nil {
		text += "; no answer to the end"
	} else {
		text += fmt.Sprintf("; %d", m.Status)
		if !a.at.IsZero() {
			text += fmt.Sprintf(" after %v", at.Sub(a.at).Round(time.Millisecond/10))
		}
		text += ", " + count(int64(down), "byte")
		if v := m.Value(gateway.HeaderName); v != "" {
			text += ", " + v
		}
	}
	p.tell(event{flow: in.flow, kind: Remark, time: at, text: printableLine(text), folded: true})
	if m != nil && m.Status != 200 {
		p.tell(event{flow: in.flow, kind: Remark, time: at, text: printableLine(fmt.Sprintf("the gateway answered %d %s", m.Status, m.Reason))})
	}
}
