package compare

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// sessionPair is a sign-in on both sides, or on one; or all connections that belong
// to none.
type sessionPair struct {
	a, b           *story.Session
	connsA, connsB []*story.Conn
}

// sessions pairs sign-ins by account, the first with the first.
func (c *comparison) sessions(a, b *story.Story) []sessionPair {
	waiting := make(map[string][]*story.Session)
	for _, s := range b.Sessions {
		waiting[lower(s.Account)] = append(waiting[lower(s.Account)], s)
	}
	taken := make(map[*story.Session]bool)
	var out []sessionPair
	for _, s := range a.Sessions {
		p := sessionPair{a: s, connsA: s.Conns}
		account := lower(c.options.Rules.account(s.Account))
		if list := waiting[account]; len(list) > 0 {
			p.b, p.connsB = list[0], list[0].Conns
			waiting[account], taken[list[0]] = list[1:], true
		}
		out = append(out, p)
	}
	for _, s := range b.Sessions {
		if !taken[s] {
			out = append(out, sessionPair{b: s, connsB: s.Conns})
		}
	}
	rest := sessionPair{connsA: homeless(a), connsB: homeless(b)}
	if len(rest.connsA)+len(rest.connsB) > 0 {
		out = append(out, rest)
	}
	return out
}

// homeless returns the connections that belong to no session.
func homeless(s *story.Story) (out []*story.Conn) {
	for _, c := range s.Conns {
		if c.Session == nil && len(c.Messages) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// connections pairs the connections of a session: by role, by who takes part and
// who called, and in order; then what is left by role alone. They come in the order
// of A, those that only B has at the end.
func (c *comparison) connections(a, b []*story.Conn) (out [][2]*story.Conn) {
	partner := make(map[*story.Conn]*story.Conn)
	taken := make(map[*story.Conn]bool)
	for _, of := range []func(*story.Conn, bool) string{c.meeting, func(conn *story.Conn, _ bool) string { return roleName(conn.Role) }} {
		waiting := make(map[string][]*story.Conn)
		for _, conn := range b {
			if !taken[conn] {
				waiting[of(conn, false)] = append(waiting[of(conn, false)], conn)
			}
		}
		for _, conn := range a {
			key := of(conn, true)
			if list := waiting[key]; partner[conn] == nil && len(list) > 0 {
				partner[conn], taken[list[0]] = list[0], true
				waiting[key] = list[1:]
			}
		}
	}
	for _, conn := range a {
		out = append(out, [2]*story.Conn{conn, partner[conn]})
	}
	for _, conn := range b {
		if !taken[conn] {
			out = append(out, [2]*story.Conn{nil, conn})
		}
	}
	return out
}

// roleName does not tell a dispatch server that did not get to redirect from a
// notification server.
func roleName(r decode.Role) string {
	if r == decode.DS|decode.NS {
		r = decode.NS
	}
	return r.String()
}

// meeting says what a connection is for: of a switchboard also who is there, and
// whether this client was called.
func (c *comparison) meeting(conn *story.Conn, first bool) string {
	if conn.Role&decode.SB == 0 {
		return roleName(conn.Role)
	}
	var who []string
	for _, p := range conn.Participants {
		who = append(who, lower(c.options.Rules.accountIf(first, p)))
	}
	slices.Sort(who)
	called := conn.Came != nil && conn.Came.Request == nil
	return fmt.Sprintf("%s %t %s", conn.Role, called, strings.Join(who, " "))
}

// accountIf is account for the first side.
func (r *Rules) accountIf(first bool, value string) string {
	if first {
		return r.account(value)
	}
	return value
}
