package proxy

import (
	"strings"

	"msnproxy/decode/http1"
	"msnproxy/proxy/entrance"
)

// withoutLogin takes the proxy's own login out of what a client began with that no way took:
// a request to an HTTP proxy for a host that is not served here. No server is to see it, and
// no recording.
func (c *conn) withoutLogin(b []byte) []byte {
	m, ok := http1.Parse(b)
	if !ok || !m.Request {
		return b
	}
	var changes []http1.Change
	for i := range m.Headers {
		h := &m.Headers[i]
		if strings.EqualFold(string(m.Text(h.Name)), "Proxy-Authorization") && c.p.asks(strings.TrimSpace(string(m.Text(h.Value)))) {
			changes = append(changes, m.Without(h))
		}
	}
	if len(changes) == 0 {
		return b
	}
	return m.WithHead(changes...)
}

// asks reports whether a value of Proxy-Authorization is what a way asks for.
func (p *Proxy) asks(value string) bool {
	for _, w := range p.cfg.Ways {
		if k, ok := w.(entrance.Keyed); ok && k.Asks(value) {
			return true
		}
	}
	return false
}
