package proxy

import (
	"bytes"
	"regexp"
	"sync"

	"msnproxy/decode"
	"msnproxy/decode/http1"
	"msnproxy/decode/service"
)

// maxExact is how many bytes of messages are kept that the gate may send on.
const maxExact = 64 << 20

// exact keeps messages of HTTP as they came while the gate has them, as it sees secrets
// only masked: what it lets go goes as it came.
type exact struct {
	mu    sync.Mutex
	by    map[string][]byte // by the masked message
	order []string
	bytes int
}

// put keeps a message. The bytes are its own from then on.
func (e *exact) put(masked, raw []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil {
		e.by = make(map[string][]byte)
	}
	key := string(masked)
	if old, known := e.by[key]; known {
		e.bytes -= len(key) + len(old)
	} else {
		e.order = append(e.order, key)
	}
	e.by[key] = raw
	e.bytes += len(key) + len(raw)
	for e.bytes > maxExact && len(e.order) > 1 {
		oldest := e.order[0]
		e.order = e.order[1:]
		e.bytes -= len(oldest) + len(e.by[oldest])
		delete(e.by, oldest)
	}
}

// of returns the message that was masked like that.
func (e *exact) of(masked []byte) ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, ok := e.by[string(masked)]
	return b, ok
}

// webExact returns what goes out for bytes that the gate sends through a link of HTTP.
func (c *conn) webExact(l *link, b []byte) []byte {
	if raw, ok := l.web.exact.of(b); ok {
		return raw
	}
	request := l.from == decode.Client
	if n, g := http1.Size(b, request, true); g != http1.Yes || n != len(b) {
		return b
	}
	whole := l.web.exact.unmask(b)
	if request {
		if n := http1.HeadLen(whole); n > 0 {
			if head, _ := l.web.http.Request(whole[:n]); head != nil {
				return append(head, whole[n:]...)
			}
		}
		return whole
	}
	if instead, _ := l.web.http.Answer(whole); instead != nil {
		return instead
	}
	return whole
}

// standIns finds what stands for secrets.
var standIns = regexp.MustCompile(`masked-[0-9a-f]{16}`)

// unmask puts the secrets back into a message that was changed after they were masked.
func (e *exact) unmask(b []byte) []byte {
	if !standIns.Match(b) {
		return b
	}
	secrets := make(map[string][]byte)
	e.mu.Lock()
	for masked, raw := range e.by {
		pairUp([]byte(masked), raw, secrets)
	}
	e.mu.Unlock()
	back := func(b []byte) []byte {
		return standIns.ReplaceAllFunc(b, func(s []byte) []byte {
			if secret, ok := secrets[string(s)]; ok {
				return secret
			}
			return s
		})
	}
	n := http1.HeadLen(b)
	m, ok := http1.Parse(append(back(b[:n]), b[n:]...))
	if !ok {
		return b
	}
	if len(m.Sent()) == 0 {
		return m.Raw
	}
	return m.WithBody(back(m.Sent()))
}

// pairUp adds what the stand-ins in a masked message stand for, by the message as it came.
func pairUp(masked, raw []byte, into map[string][]byte) {
	m, ok := http1.Parse(masked)
	r, ok2 := http1.Parse(raw)
	if !ok || !ok2 {
		return
	}
	align(m.Raw[:m.Line], r.Raw[:r.Line], into)
	seen := make(map[string]int)
	for _, h := range m.Headers {
		name := string(m.Text(h.Name))
		nth := seen[name]
		seen[name]++
		for _, o := range r.Headers {
			if string(r.Text(o.Name)) != name {
				continue
			}
			if nth == 0 {
				align(m.Text(h.Value), r.Text(o.Value), into)
			}
			nth--
		}
	}
	if body, err := r.Body(service.MaxBody); err == nil {
		align(m.Sent(), body, into)
	}
}

// align adds what the stand-ins in a text stand for: what is in their place in the other
// text, which is the same but for that.
func align(masked, raw []byte, into map[string][]byte) {
	places := standIns.FindAllIndex(masked, -1)
	at, from := 0, 0 // in masked, in raw
	for i, p := range places {
		before := masked[at:p[0]]
		if !bytes.HasPrefix(raw[from:], before) {
			return
		}
		from += len(before)
		end := len(masked)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		n := len(raw) - from
		if after := masked[p[1]:end]; len(after) > 0 {
			if n = bytes.Index(raw[from:], after); n < 0 {
				return
			}
		}
		into[string(masked[p[0]:p[1]])] = raw[from : from+n]
		at, from = p[1], from+n
	}
}
