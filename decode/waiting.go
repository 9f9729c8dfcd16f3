package decode

import (
	"container/list"
	"net"
	"strings"
	"time"

	"msnproxy/decode/address"
)

// redirectGood is how long a client that was sent to another NS is waited for.
const redirectGood = 5 * time.Minute

// directory finds sessions by what a new connection tells of itself, however many
// there are: those that are there by host and account, those whose client was sent
// to another server by where it comes from and whom it is expected at.
type directory struct {
	present map[string]*list.List // by host and account, oldest first
	away    map[string]*list.List // by host; host and account; host and server
	gone    list.List             // all that are away, in the order of their redirects
}

// entry is a session's place in one of the lists.
type entry struct {
	list *list.List
	at   *list.Element
	in   map[string]*list.List
	key  string
}

// put adds a session to the list of the key.
func put(in map[string]*list.List, key string, s *Session) entry {
	l := in[key]
	if l == nil {
		l = list.New()
		in[key] = l
	}
	return entry{l, l.PushBack(s), in, key}
}

// remove takes it out again.
func (e *entry) remove() {
	if e.at == nil {
		return
	}
	e.list.Remove(e.at)
	if e.in != nil && e.list.Len() == 0 {
		delete(e.in, e.key)
	}
	e.at = nil
}

// named keeps a session under its account; called again when that changes.
func (d *directory) named(s *Session) {
	s.entry.remove()
	if d.present == nil {
		d.present = make(map[string]*list.List)
	}
	s.entry = put(d.present, whose(s.ClientHost, s.Account), s)
}

// forget takes a session out of all lists.
func (d *directory) forget(s *Session) {
	s.entry.remove()
	d.back(s)
}

// sent notes that the session's client was sent to the server at addr.
func (d *directory) sent(s *Session, addr string, at time.Time, by int64) {
	d.back(s)
	s.redirected, s.at, s.by = addr, at, by
	if d.away == nil {
		d.away = make(map[string]*list.List)
	}
	s.away = [...]entry{
		put(d.away, s.ClientHost, s),
		put(d.away, whose(s.ClientHost, s.Account), s),
		put(d.away, where(s.ClientHost, addr), s),
		{list: &d.gone, at: d.gone.PushBack(s)},
	}
}

// back notes that the session's client is waited for no more.
func (d *directory) back(s *Session) {
	s.redirected = ""
	for i := range s.away {
		s.away[i].remove()
	}
}

// newest returns the newest session of the account whose client is at host, or nil. If
// the end point is told it is that one's, or one of which it is not known.
func (d *directory) newest(host, account, endPoint string) *Session {
	l := d.present[whose(host, account)]
	if l == nil {
		return nil
	}
	var other *Session
	for e := l.Back(); e != nil; e = e.Prev() {
		switch s := e.Value.(*Session); {
		case endPoint == "" || sameEndPoint(s.EndPoint, endPoint):
			return s
		case s.EndPoint == "" && other == nil:
			other = s
		}
	}
	return other
}

// sameEndPoint compares GUIDs, which some write without braces.
func sameEndPoint(a, b string) bool {
	return strings.EqualFold(strings.Trim(a, "{}"), strings.Trim(b, "{}"))
}

// expected returns the session whose client was sent away, is expected at server, and
// comes from host: the only one, or nil. An empty server is any.
func (d *directory) expected(host, server string, at time.Time) (only *Session) {
	key := host
	if server != "" {
		key = where(host, server)
	}
	for s := range d.waiting(key, at) {
		if only != nil {
			return nil
		}
		only = s
	}
	return only
}

// returning returns the session of the account, at that host, that was sent away
// first, or nil.
func (d *directory) returning(host, account string, at time.Time) *Session {
	for s := range d.waiting(whose(host, account), at) {
		return s
	}
	return nil
}

// waiting walks those in a list that are still waited for.
func (d *directory) waiting(key string, at time.Time) func(yield func(*Session) bool) {
	return func(yield func(*Session) bool) {
		l := d.away[key]
		if l == nil {
			return
		}
		for e := l.Front(); e != nil; e = e.Next() {
			if s := e.Value.(*Session); !s.overdue(at) && !yield(s) {
				return
			}
		}
	}
}

// overdue reports whether the client is waited for no more.
func (s *Session) overdue(at time.Time) bool { return !at.IsZero() && at.Sub(s.at) > redirectGood }

// whose is what sessions of an account, from a host, are found by.
func whose(host, account string) string { return host + " " + address.Identity(account) }

// where is what sessions that were sent to a server are found by. No account has the
// blank in front.
func where(host, server string) string {
	if _, _, err := net.SplitHostPort(server); err != nil {
		server += ":1863"
	}
	return host + "  " + strings.ToLower(server)
}
