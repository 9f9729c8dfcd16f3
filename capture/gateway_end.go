package capture

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/http1"
)

// hole takes note that bytes of a side are missing.
func (p *packets) hole(c *carrier, e event) {
	s, from := &c.side[e.from], c.flow.sender(e.from)
	n := e.lost
	lose := func(in *webSession, n int) {
		if in != nil && !in.over && n != 0 {
			p.tell(event{flow: in.flow, kind: Lost, from: sideOf(from), time: e.time, lost: n})
		}
	}
	if s.rest == 0 && !s.lost && len(s.buf) > 0 {
		// Within a body whose length is known the message goes on behind the hole.
		if size, sure := s.sizer.Size(s.buf, false); sure == http1.Yes && size > len(s.buf) {
			p.partly(c, e.from, e.time)
		}
	}
	if s.rest > 0 {
		within := min(n, s.rest)
		lose(s.of, within)
		s.rest -= within
		if n -= within; n == 0 {
			return
		}
	}
	// Where the next message begins is not known, nor whose the missing ones were.
	s.buf, s.rest = nil, 0
	c.lose(e.from)
	s.torn = true
	lose(c.last, -1)
}

// findMessage looks for the beginning of a message. What stands before it may be the end
// of one that was not captured.
func (p *packets) findMessage(c *carrier, from side, at time.Time, ended bool) bool {
	s := &c.side[from]
	i, sure := findHead(s.buf, s.sizer.Request)
	if sure != http1.Yes && len(s.buf) <= maxExchange && !ended {
		return false
	}
	if sure != http1.Yes {
		i = len(s.buf)
	}
	c.tear(from, i, at)
	s.lost, s.torn = sure != http1.Yes, s.torn && sure != http1.Yes
	return !s.lost
}

// tear takes n bytes that stand before a message, and keeps them if they may be the end of
// one.
func (c *carrier) tear(from side, n int, at time.Time) {
	s, l := &c.side[from], &c.torn[from]
	if b := afterHead(s.take(n)); s.torn && len(b) > 0 && len(l.data) < maxExchange {
		*l = leftover{append(l.data, b...), at}
	}
}

// findHead looks for the first line of a request, or of an answer, that is whole.
func findHead(b []byte, request bool) (at int, sure http1.Guess) {
	marks := []string{"HTTP/1."}
	if request {
		marks = []string{"POST ", "GET "}
	}
	best, maybe := len(b), false
	for _, mark := range marks {
		for from := 0; ; {
			i := bytes.Index(b[from:], []byte(mark))
			if i < 0 || from+i >= best {
				break
			}
			from += i
			g := http1.Starts(b[from:], request)
			if g == http1.Yes {
				best = from
				break
			}
			maybe = maybe || g == http1.Maybe
			from++
		}
	}
	switch {
	case best < len(b):
		return best, http1.Yes
	case maybe:
		return 0, http1.Maybe
	}
	return 0, http1.No
}

// begun is what begins with a command, or with an error's number.
var begun = regexp.MustCompile(`^([A-Z][A-Z0-9]{2}[ \r]|\d{3} \d+\r)`)

// afterHead cuts off what may be the end of a head that was not captured.
func afterHead(b []byte) []byte {
	n := http1.HeadLen(b)
	if n == 0 || begun.Match(b) {
		return b
	}
	lines := strings.Split(strings.TrimRight(string(b[:n]), "\r\n"), "\n")
	for _, line := range lines[1:] {
		if strings.IndexByte(line, ':') <= 0 {
			return b
		}
		if name := strings.ToLower(line); strings.HasPrefix(name, "content-encoding:") || strings.HasPrefix(name, "transfer-encoding:") {
			return nil // what is behind it can't be read without the rest
		}
	}
	return b[n:]
}

// carrierEnds takes the end of a connection with a gateway, or of the recording.
func (p *packets) carrierEnds(c *carrier, e event) {
	for _, from := range []side{c.flow.client, c.flow.client.peer()} {
		s := &c.side[from]
		p.messages(c, from, e.time, true)
		answer := from != c.flow.client
		if len(s.buf) > 0 && (answer || e.end) {
			p.message(c, from, s.buf, e.time, e.end)
		}
		s.buf = nil
	}
	for _, a := range c.asked {
		if a.x == nil {
			continue
		}
		p.gateways.book.Gone(a.x, nil)
		if in, _ := a.x.Session.Data.(*webSession); in != nil {
			p.exchange(in, a, nil, 0, e.time)
		}
	}
	c.asked = nil
	c.flow.release()
}

// sessionEnds tells, before a session's end, over what it went.
func (p *packets) sessionEnds(in *webSession, e event) {
	s := in.session
	p.say(in, decode.Server, s.Rest(), e.time)
	p.tell(event{flow: in.flow, kind: Remark, time: e.time, text: printableLine(in.summary())})
	e.flow = in.flow
	p.tell(e)
	in.over = true
	// Who asks once more is not taken for somebody new.
	g := &p.gateways
	if g.ended = append(g.ended, s); len(g.ended) > maxSessions {
		g.book.Forget(g.ended[0])
		g.ended = g.ended[1:]
	}
	list := &p.gateways.sessions
	*list = slices.DeleteFunc(*list, func(o *webSession) bool { return o == in })
}

func (in *webSession) summary() string {
	s := in.session
	var b strings.Builder
	b.WriteString("through MSN's HTTP gateway")
	if in.host != "" {
		b.WriteString(" " + in.host)
	}
	if id := s.ID(); id != "" {
		b.WriteString(", session " + id)
	}
	fmt.Fprintf(&b, ": %s over %s", count(int64(s.Exchanges), "HTTP exchange"), count(int64(len(in.carriers)), "connection"))
	for _, part := range []struct {
		n    int
		what string
	}{{s.Polls, "empty poll"}, {s.Repeats, "request sent again"}, {s.Unanswered, "request without a whole answer"}} {
		if part.n > 0 {
			what := strings.Replace(part.what, "request ", "requests ", min(part.n-1, 1))
			if part.what == "empty poll" {
				b.WriteString(", " + count(int64(part.n), what))
				continue
			}
			fmt.Fprintf(&b, ", %d %s", part.n, what)
		}
	}
	return b.String()
}

// endSessions ends the sessions that are open when the recording ends, and reports whether
// there were any.
func (p *packets) endSessions() bool {
	list := slices.Clone(p.gateways.sessions)
	for _, in := range list {
		p.sessionEnds(in, event{kind: Closed, end: true, time: p.now})
	}
	return len(list) > 0
}
