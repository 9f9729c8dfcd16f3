package web

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"

	"msnproxy/decode/http1"
	"msnproxy/decode/service"
	"msnproxy/proxy/entrance"
)

// carried is one client's HTTP on its way to a server: what is changed in it so that the
// server knows its name, and the client comes back.
type carried struct {
	routes *Routes
	route  *Route
	asked  string // host:port, as the client came
	named  bool   // with the port, as it is not the usual one
}

var _ entrance.HTTP = (*carried)(nil)

// Request implements entrance.HTTP: where the URL names another host than the client did it
// stands in the Host header, and in no first line.
func (c *carried) Request(head []byte) (instead []byte, stray string) {
	m, ok := http1.Parse(head)
	if !ok || !m.Request {
		return nil, ""
	}
	name, absolute := Named(m)
	if c.strays(name) {
		return nil, name
	}
	var changes []http1.Change
	if absolute {
		changes = asServer(m)
	}
	if h := m.Find("Host"); h != nil && !c.isServer(string(m.Text(h.Value))) {
		changes = append(changes, http1.Change{Place: h.Value, To: []byte(c.route.Authority())})
	}
	changes = append(changes, withoutLogin(m)...)
	if len(changes) == 0 {
		return nil, ""
	}
	return m.WithHead(changes...), ""
}

// asServer makes of a request to an HTTP proxy one to the server: with a path rather than a
// whole URL, and the last one of its connection, as the next may be for another server.
func asServer(m *http1.Message) (changes []http1.Change) {
	start := bytes.Index(m.Raw[:m.Line], []byte(m.Target))
	changes = append(changes, http1.Change{Place: http1.Place{Start: start, End: start + len(m.Target)}, To: []byte(originForm(m.Target))})
	closing := "close"
	for _, name := range []string{"Connection", "Proxy-Connection"} {
		if h := m.Find(name); h != nil {
			to := name[strings.Index(name, "C"):] + ": " + closing
			return append(changes, http1.Change{Place: http1.Place{Start: h.Name.Start, End: h.Value.End}, To: []byte(to)})
		}
	}
	at := bytes.IndexByte(m.Raw, '\n') + 1
	return append(changes, http1.Change{Place: http1.Place{Start: at, End: at}, To: append([]byte("Connection: "+closing), m.Raw[m.Line:at]...)})
}

// withoutLogin takes away what a client says of itself to an HTTP proxy: the password is the
// proxy's own, and no server's business.
func withoutLogin(m *http1.Message) (changes []http1.Change) {
	for i := range m.Headers {
		if h := &m.Headers[i]; strings.EqualFold(string(m.Text(h.Name)), "Proxy-Authorization") {
			changes = append(changes, m.Without(h))
		}
	}
	return changes
}

// originForm is the path and query of a URL.
func originForm(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		if rest[i] == '?' {
			return "/" + rest[i:]
		}
		return rest[i:]
	}
	return "/"
}

// isServer reports whether a Host header is the server's own.
func (c *carried) isServer(host string) bool {
	h, port, err := splitHost(strings.TrimSpace(host))
	if port == 0 {
		port = standardPort(c.route.TLS)
	}
	return err == nil && h == c.route.Server && port == c.route.ServerPort
}

// strays reports whether a request is for another host than the one that the connection
// was made for.
func (c *carried) strays(name string) bool {
	host, port, err := splitHost(name)
	if err != nil || c.isServer(name) {
		return false // who names none means this one
	}
	mine, minePort, _ := splitHost(c.asked)
	if host == mine && (port == 0 || port == minePort) {
		return false
	}
	if port == 0 {
		port = minePort
	}
	return c.routes.Find(host, port) != c.route
}

// Holds implements entrance.HTTP: an answer waits until it is whole if its head says a host,
// or if its body may be XML, in which hosts are looked for.
func (c *carried) Holds(begun []byte) bool {
	m, ok := http1.Parse(begun)
	if !ok || m.Request {
		return false
	}
	if m.Find("Location") != nil || m.Find("PassportURLs") != nil {
		return true
	}
	kind := strings.ToLower(m.Value("Content-Type"))
	if kind != "" && !strings.Contains(kind, "xml") && !strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "text/event-stream") {
		return false
	}
	return mayBeXML(m)
}

// maxPrologue is how many bytes of a body are looked at to see whether it is XML.
const maxPrologue = 1 << 10

// mayBeXML reports whether a body, of which the beginning may have come, can be XML other
// than a web page. One that is compressed, or in UTF-16, can.
func mayBeXML(m *http1.Message) bool {
	if m.Find("Content-Encoding") != nil {
		return true
	}
	some := *m
	some.Raw = m.Raw[:min(len(m.Raw), m.Head+maxPrologue)]
	body, _ := some.Body(maxPrologue) // what is missing of it is no error here
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) == 0 || body[0] == 0 || body[0] >= 0x80 {
		return true
	}
	for _, page := range []string{"<html", "<!doctype html"} {
		if len(body) >= len(page) && strings.EqualFold(string(body[:len(page)]), page) {
			return false
		}
	}
	return body[0] == '<'
}

// Answer implements entrance.HTTP.
func (c *carried) Answer(whole []byte) (instead []byte, told string) {
	var list []string
	out, n := service.WithHosts(whole, func(s service.Span) (string, bool) {
		to, ok := c.back(s.Scheme, s.Host)
		if ok {
			list = append(list, fmt.Sprintf("%s %s as %s", s.Why, s.Host, to))
		}
		return to, ok
	})
	if n == 0 {
		return nil, ""
	}
	return out, strings.Join(list, ", ")
}

// back returns what a client is to be told instead of a host, so that it comes back here:
// a host that is led to that server. ok is false where it comes back anyway, or where
// nothing leads there.
func (c *carried) back(scheme, named string) (to string, ok bool) {
	host, port, err := splitHost(named)
	if err != nil {
		return "", false
	}
	if port == 0 && scheme != "" {
		port = standardPort(scheme == "https")
	}
	if c.routes.Find(host, port) != nil {
		return "", false
	}
	behind := c.routes.Behind(host, port)
	if len(behind) == 0 {
		return "", false
	}
	mine, minePort, _ := splitHost(c.asked)
	at := func(name string, r *Route) (string, bool) {
		p := r.Port
		if p == 0 && c.named {
			p = minePort
		}
		return authority(name, p, scheme), true
	}
	for _, r := range behind {
		if r == c.route {
			return at(mine, r)
		}
	}
	for _, r := range behind {
		if !strings.HasPrefix(r.Host, "*.") {
			return at(r.Host, r)
		}
	}
	return "", false
}

// authority names a host with its port, where that is not the usual one of a scheme, or of
// either where none is said.
func authority(host string, port uint16, scheme string) string {
	usual := port == 0 || port == standardPort(scheme == "https") || scheme == "" && port == portHTTPS
	if !usual {
		return net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
