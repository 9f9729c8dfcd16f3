package capture

import (
	"bytes"

	"msnproxy/decode/preamble"
)

// maxPreface bounds what is kept of a side that may be speaking to a proxy.
const maxPreface = 32 << 10

// preface is what the two sides of a connection say for a SOCKS or HTTP proxy, before
// MSNP begins behind it: that is no part of what the server gets, and not shown.
type preface struct {
	found   bool
	request preamble.Request // no more than its way, if the client was not captured
	from    side             // who asks
	begins  [2]words         // as bytes come,
	told    [2]words         // and as they are made records
}

// words are the first bytes of a side, until it is known what they are.
type words struct {
	buf  []byte
	done bool
}

// asks looks whether bytes of an undecided connection go on a request to a proxy, and
// returns those of them that come behind it.
func (f *flow) asks(from side, b []byte) []byte {
	q := &f.preface
	w := &q.begins[from]
	if q.found || w.done {
		return b
	}
	w.buf = append(w.buf, b...)
	r, n, state := preamble.ReadRequest(w.buf)
	if r.Strange || state == preamble.Whole && r.Command != preamble.Connect {
		state = preamble.Foreign
	}
	if state != preamble.Whole && !f.streams[from.peer()].seen {
		state = min(f.answers(from, w), state)
	}
	if state == preamble.Short && len(w.buf) < maxPreface || q.found {
		return b
	}
	before := len(w.buf) - len(b)
	w.done, w.buf = true, nil
	if state != preamble.Whole || r.Way == "" {
		return b
	}
	r.User, r.Password = nil, ""
	q.found, q.request, q.from = true, r, from
	f.known, f.client = true, from
	return b[max(0, n-before):]
}

// answers looks whether a side begins with a proxy's answer to a client that was not
// captured. It keeps to the answers that no gateway gives.
func (f *flow) answers(from side, w *words) preamble.State {
	best := preamble.Foreign
	for _, way := range []string{preamble.SOCKS5, preamble.SOCKS4, preamble.CONNECT} {
		a, n, state := preamble.ReadAnswer(w.buf, way)
		best = min(best, state)
		if state != preamble.Whole || !a.Granted || way == preamble.CONNECT && bytes.Contains(bytes.ToLower(w.buf[:n]), []byte("\ncontent-")) {
			continue
		}
		w.done, w.buf = true, nil
		f.preface.found, f.preface.request, f.preface.from = true, preamble.Request{Way: way}, from.peer()
		f.known, f.client = true, from.peer()
		return state
	}
	return best
}

// behind returns what of the next bytes of a side is not for the proxy, or by it.
func (q *preface) behind(from side, b []byte) []byte {
	w := &q.told[from]
	if !q.found || w.done {
		return b
	}
	w.buf = append(w.buf, b...)
	for len(w.buf) > 0 {
		n, more, state := q.part(from, w.buf)
		if state == preamble.Short && len(w.buf) < maxPreface {
			return nil
		}
		w.buf = w.buf[n:]
		if state != preamble.Whole || !more {
			return q.give(from)
		}
	}
	return nil
}

// part reads the next request of a side, or answer to it. more: another may follow.
func (q *preface) part(from side, b []byte) (n int, more bool, state preamble.State) {
	if from != q.from {
		a, n, state := preamble.ReadAnswer(b, q.request.Way)
		return n, !a.Granted, state
	}
	if q.request.Host == "" {
		return 0, false, preamble.Foreign
	}
	r, n, state := preamble.ReadRequest(b)
	if state == preamble.Whole && r.Way != q.request.Way {
		return 0, false, preamble.Foreign
	}
	// Who was asked for a password asks again.
	return n, r.Way == preamble.CONNECT, state
}

// give returns what is kept of a side, of which nothing is for the proxy any more.
func (q *preface) give(from side) []byte {
	w := &q.told[from]
	b := w.buf
	w.done, w.buf = true, nil
	return b
}

// setOut makes a connection that went through a proxy one with the server that was asked
// for.
func (q *preface) setOut(c *Conn) {
	if !q.found {
		return
	}
	c.Way, c.Via = q.request.Way, c.Server
	if q.request.Host != "" {
		c.Asked = printableLine(q.request.Target())
		c.Server = c.Asked
	}
}

// text says what was asked of the proxy.
func (q *preface) text() string {
	what := "asked a " + q.request.Way + " proxy"
	if q.request.Way == preamble.CONNECT {
		what = "asked an HTTP proxy (CONNECT)"
	}
	if q.request.Host == "" {
		return what + " for a server that only the client's packets name, which are not here"
	}
	return what + " for " + printableLine(q.request.Target())
}
