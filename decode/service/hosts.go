package service

import (
	"bytes"
	"strings"

	"msnproxy/decode/http1"
)

// Span is a place in an answer that names a host which the client dials next.
type Span struct {
	// Place is where the host stands, with its port if it has one: in the message, or where
	// InBody is set in its body without chunks and decompressed (see [http1.Message.Body]).
	http1.Place
	InBody bool
	// Scheme is "http" or "https", "" where it is not said. Host is "host" or "host:port".
	Scheme, Host string
	// Why is what names it: "PassportURLs", "Location", "PreferredHostName", "MsgrConfig".
	Why string
}

// Hosts returns the places in an answer that name a host which the client dials next, in
// order: those in the head first. Names that it only shows or compares are none.
func Hosts(raw []byte) []Span {
	c, ok := Read(raw, nil)
	if ok {
		return c.Hosts()
	}
	if m, ok := http1.Parse(raw); ok && !m.Request {
		return hostsInHead(m)
	}
	return nil
}

// Hosts returns the places in the answer that name a host which the client dials next.
func (c *Call) Hosts() (list []Span) {
	if c.HTTP.Request {
		return nil
	}
	list = hostsInHead(c.HTTP)
	config := strings.EqualFold(c.Action.Service, "MsgrConfig")
	s := scanner{b: c.Body, value: func(s *scanner, attribute string, start, end int) {
		switch {
		case config:
			urls(c.Body, start, end, func(scheme string, from, to int) {
				list = append(list, span(c.Body, true, scheme, from, to, "MsgrConfig"))
			})
		case attribute != "":
		case s.in([]string{"PreferredHostName"}, ""):
			list = append(list, span(c.Body, true, "", start, end, "PreferredHostName"))
		case s.in([]string{"redirectUrl"}, ""):
			urls(c.Body, start, end, func(scheme string, from, to int) {
				list = append(list, span(c.Body, true, scheme, from, to, "redirectUrl"))
			})
		}
	}}
	s.run()
	return list
}

func span(b []byte, body bool, scheme string, start, end int, why string) Span {
	return Span{http1.Place{Start: start, End: end}, body, scheme, strings.ToValidUTF8(string(b[start:end]), "\ufffd"), why}
}

func hostsInHead(m *http1.Message) (list []Span) {
	eachInHead(m, ":Location", func(start, end int) {
		if n := scheme(m.Raw[start:end]); n > 0 {
			to := start + n + hostEnd(m.Raw[start+n:end])
			list = append(list, span(m.Raw, false, string(bytes.ToLower(m.Raw[start:start+n-3])), start+n, to, "Location"))
		}
	})
	eachInHead(m, ":PassportURLs", func(start, end int) {
		eachKey(m.Raw[start:end], func(name string, s, e int) {
			from, to := start+s, start+e
			n := scheme(m.Raw[from:to])
			host := m.Raw[from+n : to]
			k := hostEnd(host)
			if n == 0 && (k == len(host) || !bytes.Contains(host[:k], []byte{'.'}) && string(host[:k]) != "localhost" && !bytes.Contains(host[:k], []byte{':'})) {
				return // a realm or a number, and no address
			}
			list = append(list, span(m.Raw, false, strings.TrimSuffix(string(m.Raw[from:from+n]), "://"), from+n, from+n+k, "PassportURLs"))
		})
	})
	return list
}

// scheme returns the length of http:// or https:// at the start of b, or 0.
func scheme(b []byte) int {
	for _, s := range []string{"https://", "http://"} {
		if len(b) >= len(s) && strings.EqualFold(string(b[:len(s)]), s) {
			return len(s)
		}
	}
	return 0
}

// hostEnd returns where a host, with its port, ends.
func hostEnd(b []byte) int {
	if i := bytes.IndexAny(b, "/?#\"'<>&;, \t\r\n"); i >= 0 {
		return i
	}
	return len(b)
}

// urls tells of the host of each web address in b from start to end.
func urls(b []byte, start, end int, tell func(scheme string, from, to int)) {
	for at := start; at < end; {
		i := bytes.Index(b[at:end], []byte("://"))
		if i < 0 {
			return
		}
		from := at + i + 3
		for _, s := range []string{"https", "http"} {
			if p := at + i - len(s); p >= start && strings.EqualFold(string(b[p:at+i]), s) {
				if n := hostEnd(b[from:end]); n > 0 {
					tell(s, from, from+n)
				}
				break
			}
		}
		at = from
	}
}

// WithHosts returns the answer with the hosts of [Hosts] swapped: swap is given each and
// says what stands in its stead, or false to leave it. The length is counted anew. Where
// nothing is swapped raw is returned as it is; n is how many were.
func WithHosts(raw []byte, swap func(Span) (string, bool)) (out []byte, n int) {
	var head, body []http1.Change
	for _, s := range Hosts(raw) {
		to, ok := swap(s)
		if !ok || to == s.Host {
			continue
		}
		c := http1.Change{Place: s.Place, To: []byte(to)}
		if n++; s.InBody {
			body = append(body, c)
		} else {
			head = append(head, c)
		}
	}
	if n == 0 {
		return raw, 0
	}
	m, _ := http1.Parse(raw)
	if len(body) == 0 {
		return m.WithHead(head...), n
	}
	b, _ := m.Body(MaxBody)
	return m.WithBody(http1.Splice(b, body), head...), n
}
