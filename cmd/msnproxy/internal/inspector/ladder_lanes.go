package inspector

import (
	"math"
	"net"
	"sort"
	"strconv"
	"strings"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// lane is a column of the ladder: one end of connections, or the proxy between.
type lane struct {
	kind laneKind
	name string
	addr string
	// spans are the gaps between rows in which a connection is open: gap n is the
	// one above row n. In order, and apart.
	spans []span
	talk  *decode.Conversation // of a switchboard
	x     int                  // where it was drawn; -1: out of sight
	near  bool                 // it is among those that can be shown
}

type laneKind int

const (
	clientLane laneKind = iota
	proxyLane
	serverLane
)

// opened notes that a connection is open from one row to another.
func (l *lane) opened(from, to int) {
	s := span{from + 1, to}
	if n := len(l.spans); n > 0 && s.from <= l.spans[n-1].to+1 {
		l.spans[n-1].to = max(l.spans[n-1].to, s.to)
		return
	}
	l.spans = append(l.spans, s)
}

// open reports whether a connection is open in the gap above a row.
func (l *lane) open(gap int) bool {
	n := sort.Search(len(l.spans), func(i int) bool { return l.spans[i].to >= gap })
	return n < len(l.spans) && l.spans[n].from <= gap
}

// ends are the lanes of a connection; nil if it is not in the scope.
type ends struct {
	client, server *lane
	first, last    int // rows
	proxied        bool
}

// lanes are all columns that a scope has.
type lanes struct {
	all   []*lane // clients, the proxy, servers; each in order of appearance
	proxy *lane   // nil: there is none
	ends  []ends  // by Conn.Index
	byKey map[laneKey]*lane
	names map[string]int // of clients: how many have it
	roles map[string]decode.Role
}

// laneKey is what connections have in common whose end is the same lane.
type laneKey struct {
	kind laneKind
	role decode.Role
	n    int
	s    string
}

// newLanes gives the connections in a scope their columns.
func newLanes(conns []index.ConnState, scope index.Scope) *lanes {
	s := &lanes{ends: make([]ends, len(conns)+1), byKey: map[laneKey]*lane{}, names: map[string]int{}, roles: map[string]decode.Role{}}
	for i := range conns {
		if f := conns[i].Facts; (f.Role == decode.DS || f.Role == decode.NS) && s.roles[f.Server] == 0 {
			s.roles[f.Server] = f.Role
		}
	}
	var clients, servers []*lane
	for i := range conns {
		c := &conns[i]
		if !scope.Has(c.Conn) {
			continue
		}
		last := math.MaxInt - 1
		if c.Closed {
			last = c.Last
		}
		e := ends{first: c.First, last: last, proxied: c.Via != ""}
		var fresh bool
		if e.client, fresh = s.client(c); fresh {
			clients = append(clients, e.client)
		}
		if e.server, fresh = s.server(c); fresh {
			servers = append(servers, e.server)
		}
		e.client.opened(e.first, last)
		e.server.opened(e.first, last)
		if e.proxied {
			if s.proxy == nil {
				s.proxy = &lane{kind: proxyLane, name: "proxy", addr: c.Via, x: -1}
			}
			s.proxy.opened(e.first, last)
		}
		s.ends[c.Index] = e
	}
	for _, l := range servers {
		l.nameTalk(clients)
	}
	s.all = clients
	if s.proxy != nil {
		s.all = append(s.all, s.proxy)
	}
	s.all = append(s.all, servers...)
	s.byKey, s.names, s.roles = nil, nil, nil
	return s
}

// lane returns the lane of a key, which may be a new one.
func (s *lanes) lane(k laneKey) (l *lane, fresh bool) {
	if l = s.byKey[k]; l == nil {
		l, fresh = &lane{kind: k.kind, x: -1}, true
		s.byKey[k] = l
	}
	return l, fresh
}

// client returns the lane of the client's end: one for each session. What belongs
// to none, as MSNFTP does, is the account's, or else the host's.
func (s *lanes) client(c *index.ConnState) (*lane, bool) {
	f := c.Facts
	account := laneKey{kind: clientLane, s: strings.ToLower(f.Account)}
	host, _, err := net.SplitHostPort(f.Client)
	if err != nil {
		host = f.Client
	}
	k := account
	name := shortAccount(f.Account)
	switch {
	case f.Session != nil:
		k = laneKey{kind: clientLane, n: f.Session.Number}
		name = or(shortAccount(f.Session.Account), name)
	case f.Account == "":
		k = laneKey{kind: clientLane, n: -1, s: host}
	}
	l, fresh := s.lane(k)
	if f.Session != nil && f.Account != "" {
		s.byKey[account] = l
	}
	if fresh {
		l.name, l.addr = or(name, "client"), host
		if s.names[l.name]++; s.names[l.name] > 1 {
			l.name += " " + strconv.Itoa(s.names[l.name])
		}
	}
	return l, fresh
}

// server returns the lane of the server's end: one for each address that is a DS or
// NS, one for each conversation on a switchboard.
func (s *lanes) server(c *index.ConnState) (*lane, bool) {
	f := c.Facts
	k := laneKey{kind: serverLane, role: f.Role, s: f.Server}
	switch f.Role {
	case decode.DS, decode.NS, decode.FTP:
	case decode.WEB: // one for all services: there may be many hosts
		k.s = ""
	case decode.SB:
		k.n = -c.Index
		if f.Conversation != nil {
			k.n = f.Conversation.Number
		}
	default: // not known yet; it may be by the address
		if r := s.roles[f.Server]; r != 0 {
			k.role = r
		}
	}
	l, fresh := s.lane(k)
	if v := f.Conversation; v != nil && (l.talk == nil || len(v.Participants) > len(l.talk.Participants)) {
		l.talk = v
	}
	if fresh {
		l.name, l.addr = k.role.String(), f.Server
		switch k.role {
		case decode.FTP:
			l.name = shortRole(decode.FTP)
		case 0:
			l.name = "server"
		}
	}
	return l, fresh
}

// nameTalk names a switchboard by who is in its conversation; not by the only
// client, whose name stands there already.
func (l *lane) nameTalk(clients []*lane) {
	if l.talk == nil {
		return
	}
	var who []string
	for _, h := range l.talk.Participants {
		if name := shortAccount(h); len(clients) > 1 || name != clients[0].name {
			who = append(who, name)
		}
	}
	l.name += " " + strconv.Itoa(l.talk.Number) + prefixed(" ", strings.Join(who, ","))
}

// mostLanes is how many columns are offered; with more, those near the selected row
// are.
const mostLanes = 24

// choose returns the columns to offer: all, or those of the rows on the screen and
// of the connections that are open at the selected one. conns are Conn.Index, the
// selected row's first.
func (s *lanes) choose(conns []int, sel int) []*lane {
	if len(s.all) <= mostLanes {
		for _, l := range s.all {
			l.near = true
		}
		return s.all
	}
	for _, l := range s.all {
		l.near = l == s.proxy
	}
	n := 1
	take := func(e *ends) {
		for _, l := range []*lane{e.client, e.server} {
			if l != nil && !l.near && n < mostLanes {
				l.near = true
				n++
			}
		}
	}
	for _, c := range conns {
		take(&s.ends[c])
	}
	const reach = 2000 // connections to look at on each side
	for d := 1; d <= reach && n < mostLanes && len(conns) > 0; d++ {
		for _, c := range []int{conns[0] - d, conns[0] + d} {
			if c > 0 && c < len(s.ends) && s.ends[c].first <= sel && s.ends[c].last >= sel {
				take(&s.ends[c])
			}
		}
	}
	list := make([]*lane, 0, n)
	for _, l := range s.all {
		if l.near {
			list = append(list, l)
		}
	}
	return list
}

// of returns the lanes of a connection.
func (s *lanes) of(c *index.Conn) *ends {
	if c == nil || c.Index >= len(s.ends) || s.ends[c.Index].client == nil {
		return nil
	}
	return &s.ends[c.Index]
}
