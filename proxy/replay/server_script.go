package replay

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// script is what is known of a recording before anybody comes. It does not change.
type script struct {
	// sessions are those that have a connection to play.
	sessions []*story.Session
	// servers are the addresses of the recorded servers, the first one first.
	servers []string
	// came tells which connection a redirect (XFR, RNG) led to.
	came map[*story.Message]*story.Conn
	// within are messages without a TrID that stand amid the replies to a request and
	// belong to them, as the BPR in the answer to SYN; amid is the other way.
	within map[*story.Message]*story.Message
	amid   map[*story.Message][]*story.Message
	// told are, by account and place, the requests that others were told of, and the
	// ends of connections, in order of Number.
	told map[place][]told
	// requests are, by verb, those that were answered: the first of them.
	requests map[string][]*story.Message
}

// place is where others see what an account does: at the notification server (in
// is ""), or in a conversation.
type place struct{ account, in string }

// told is something that others were told of.
type told struct {
	number int64 // of the message; of an end that of the last message before it
	m      *story.Message
	conn   *story.Conn
}

// maxAnswered bounds how many answers to a verb are looked through.
const maxAnswered = 64

func newScript(st *story.Story) *script {
	x := &script{came: make(map[*story.Message]*story.Conn),
		within: make(map[*story.Message]*story.Message), amid: make(map[*story.Message][]*story.Message),
		told: make(map[place][]told), requests: make(map[string][]*story.Message)}
	for _, n := range st.Sessions {
		if n.Account != "" && slices.ContainsFunc(n.Conns, func(c *story.Conn) bool { return isPlayed(c) && c.Role&(decode.DS|decode.NS) != 0 }) {
			x.sessions = append(x.sessions, n)
		}
	}
	var ends []told
	for _, c := range st.Conns {
		if !isPlayed(c) {
			continue
		}
		if c.Server != "" && !slices.ContainsFunc(x.servers, func(s string) bool { return sameServer(s, c.Server) }) {
			x.servers = append(x.servers, c.Server)
		}
		if c.Came != nil {
			x.came[c.Came] = c
		}
		if x.messages(c) && c.Ended && !c.Closed.IsZero() && c.Account != "" {
			ends = append(ends, told{conn: c})
		}
	}
	x.ends(st, ends)
	return x
}

// messages takes note of the messages of a connection, and reports whether it ended
// without a farewell of the client.
func (x *script) messages(c *story.Conn) (abrupt bool) {
	at := whereabouts(c)
	abrupt = true
	for _, m := range c.Messages {
		if m.From == decode.Server {
			continue
		}
		v := decode.LookupVerb(m.Name)
		if m.Name == "" || v == nil {
			continue
		}
		if v.Told && m.Fate != capture.Withheld {
			x.told[at] = append(x.told[at], told{m.Number, m, c})
		}
		abrupt = abrupt && !farewell(v)
		x.enclose(m)
		if len(m.Replies) > 0 && len(x.requests[m.Name]) < maxAnswered {
			x.requests[m.Name] = append(x.requests[m.Name], m)
		}
	}
	return abrupt
}

// farewell reports whether the verb ends a connection: the server's courtesy is to
// say it, too.
func farewell(v *decode.Verb) bool {
	for i := range v.Forms {
		if v.Forms[i].Reply == v.Name {
			return true
		}
	}
	return false
}

// enclose finds what stands amid the replies to a request. Presence and calls come of
// what others do, wherever they stand.
func (x *script) enclose(q *story.Message) {
	const least = 3
	n := len(q.Replies)
	if n < least {
		return
	}
	for _, m := range q.Conn.Messages[q.Replies[0].Index:q.Replies[n-1].Index] {
		if m.From == decode.Client || m.Request != nil || m.HasTrID || m.Kind != decode.Command {
			continue
		}
		v := decode.LookupVerb(m.Name)
		if v != nil && !v.Redirects() && v.Forms[0].Noise == decode.NoNoise && v.PayloadFrom == 0 {
			x.within[m] = q
			x.amid[q] = append(x.amid[q], m)
		}
	}
}

// whereabouts is the place where others see what is said on the connection.
func whereabouts(c *story.Conn) place {
	if c.Role&decode.SB == 0 {
		return place{account: strings.ToLower(c.Account)}
	}
	return place{strings.ToLower(c.Account), fmt.Sprintf("%d %s", c.Conversation, c.SessionID)}
}

// ends puts the ends of connections among what others are told, at the number of the
// last message before them.
func (x *script) ends(st *story.Story, ends []told) {
	slices.SortFunc(ends, func(a, b told) int { return a.conn.Closed.Compare(b.conn.Closed) })
	for _, c := range st.Conns {
		for _, m := range c.Messages {
			i, _ := slices.BinarySearchFunc(ends, m.Time, func(e told, at time.Time) int { return e.conn.Closed.Compare(at) })
			if i < len(ends) && !m.Time.IsZero() {
				ends[i].number = max(ends[i].number, m.Number)
			}
		}
	}
	last := int64(0)
	for _, e := range ends {
		last = max(last, e.number)
		e.number = last
		at := whereabouts(e.conn)
		x.told[at] = append(x.told[at], e)
	}
	for _, list := range x.told {
		slices.SortStableFunc(list, func(a, b told) int { return cmp.Compare(a.number, b.number) })
	}
}

// before returns what others were told of at a place before a message, the newest
// last.
func (x *script) before(at place, number int64) []told {
	list := x.told[at]
	i, _ := slices.BinarySearchFunc(list, number, func(t told, n int64) int { return cmp.Compare(t.number, n) })
	return list[:i]
}

// request returns what a message of the server answers: nil if it came unasked.
func (x *script) request(m *story.Message) *story.Message {
	if q := m.Request; q != nil && q.From == decode.Client {
		return q
	}
	return x.within[m]
}

// replies returns the answers to a client's request, in order.
func (x *script) replies(q *story.Message) []*story.Message {
	if amid := x.amid[q]; amid != nil {
		all := slices.Concat(q.Replies, amid)
		slices.SortFunc(all, func(a, b *story.Message) int { return cmp.Compare(a.Index, b.Index) })
		return all
	}
	return q.Replies
}

// gap is the time between a message and the one before it on its connection.
func gap(m *story.Message) time.Duration {
	if m.Index == 0 || m.Time.IsZero() {
		return 0
	}
	before := m.Conn.Messages[m.Index-1].Time
	if before.IsZero() {
		return 0
	}
	return max(0, m.Time.Sub(before))
}

// paced is a recorded pause at the speed; it does not overflow.
func paced(d time.Duration, speed float64) time.Duration {
	if speed == 0 {
		return 0
	}
	return time.Duration(min(float64(d)/speed, math.MaxInt64/4))
}
