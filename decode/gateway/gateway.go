// Package gateway is what MSN's HTTP gateway puts around MSNP: the query of gateway.dll,
// the header X-MSN-Messenger, and the streams of a session in the bodies of requests and
// answers. It does no I/O: the live gateway and the readers of captures use it.
package gateway

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Path is what the path of a gateway's address ends in, in lower case.
const Path = "/gateway/gateway.dll"

// Way is how recordings call the way in of a session.
const Way = "HTTP gateway"

// Hosts are the gateways that Microsoft's clients knew, without those below them that the
// first ones named.
func Hosts() []string {
	return []string{"gateway.messenger.hotmail.com", "geo.gateway.messenger.live.com", "gateway.edge.messenger.live.com", "s.gateway.messenger.live.com"}
}

// IsHost reports whether a name is that of one of [Hosts], or of one below it.
func IsHost(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, h := range Hosts() {
		if name == h || strings.HasSuffix(name, "."+h) {
			return true
		}
	}
	return false
}

// ContentType is that of bodies that hold MSNP.
const ContentType = "application/x-msn-messenger"

// HeaderName is the header of an answer that names the session.
const HeaderName = "X-MSN-Messenger"

// MaxLifespan is the longest that a poll may ask to be kept waiting.
const MaxLifespan = 180 * time.Second

// Action is what a request is for.
type Action uint8

const (
	// Data brings what the client says, and takes what the server has said. Without a
	// body it is a poll.
	Data Action = iota
	// Open begins a session.
	Open
	// Poll takes what the server has said.
	Poll
)

// String returns "data", "open" or "poll".
func (a Action) String() string {
	switch a {
	case Open:
		return "open"
	case Poll:
		return "poll"
	}
	return "data"
}

// Query is what a request to a gateway asks for.
type Query struct {
	Action Action
	// Session is the SessionID; empty when a session is opened.
	Session string
	// Server is the kind of server that is wanted, "NS" or "SB", and IP which one: both
	// are for Open.
	Server, IP string
	// Lifespan is how long a poll may wait for something to come; 0: not at all.
	Lifespan time.Duration
}

// ParseTarget reads the target of a request, a path or an absolute URL. ok is false where
// it is no request to a gateway. Names and words are taken in any case, and what is
// missing is concluded: without Action a request with a SessionID is for that, and one
// without opens a session.
func ParseTarget(target string) (q Query, ok bool) {
	path, query, _ := strings.Cut(target, "?")
	if i := strings.Index(path, "://"); i >= 0 {
		rest := path[i+len("://"):]
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return q, false
		}
		path = rest[slash:]
	}
	if !strings.HasSuffix(strings.ToLower(path), Path) {
		return q, false
	}
	action := ""
	for name, value := range parameters(query) {
		switch strings.ToLower(name) {
		case "action":
			action = strings.ToLower(value)
		case "sessionid":
			q.Session = value
		case "server":
			q.Server = strings.ToUpper(value)
		case "ip":
			q.IP = value
		case "lifespan":
			q.Lifespan = lifespan(value)
		}
	}
	switch {
	case action == "open", action == "" && q.Session == "":
		q.Action = Open
	case action == "poll":
		q.Action = Poll
	}
	return q, true
}

// lifespan reads a number of seconds; what is none is 0.
func lifespan(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, MaxLifespan)
}

// parameters goes through a query. What is not escaped as it should be stays as it is.
func parameters(query string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if !yield(unescaped(name), unescaped(value)) {
				return
			}
		}
	}
}

func unescaped(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// WithParameter returns a target in which a parameter, in whatever case it is named, has
// another value; every other byte stays. A target without it is returned as it is.
func WithParameter(target, name, value string) string {
	path, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		n, _, _ := strings.Cut(pair, "=")
		if strings.EqualFold(unescaped(n), name) {
			pairs[i] = n + "=" + escaped(value)
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

// WithoutParameter returns a target without a parameter.
func WithoutParameter(target, name string) string {
	path, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if n, _, _ := strings.Cut(pair, "="); !strings.EqualFold(unescaped(n), name) {
			pairs = append(pairs, pair)
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

// escaped escapes what would end a value, and no more: clients write addresses as they are.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("%&#+", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Target returns the target of a request, as clients write it, on a gateway at a host; an
// empty host gives a path.
func (q Query) Target(host string) string {
	var b strings.Builder
	if host != "" {
		b.WriteString("http://" + host)
	}
	b.WriteString(Path + "?")
	switch q.Action {
	case Open:
		b.WriteString("Action=open&Server=" + escaped(q.Server) + "&IP=" + escaped(q.IP))
		return b.String()
	case Poll:
		b.WriteString("Action=poll&")
		if q.Lifespan > 0 {
			b.WriteString("Lifespan=" + strconv.Itoa(int(q.Lifespan/time.Second)) + "&")
		}
	}
	b.WriteString("SessionID=" + escaped(q.Session))
	return b.String()
}
