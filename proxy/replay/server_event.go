package replay

import (
	"fmt"
	"strings"
)

// EventKind says what kind of thing happened.
type EventKind string

// The kinds of events.
const (
	Opened    EventKind = "opened"    // a client has connected
	Playing   EventKind = "playing"   // it is known which recorded connection this is
	Different EventKind = "different" // a request is not quite the recorded one
	ByRule    EventKind = "by-rule"   // a request is not in the recording, the protocol tells the answer
	Refused   EventKind = "refused"   // nothing tells the answer, or an account is not in the recording
	Waited    EventKind = "waited"    // a message came although what was before it did not
	Stalled   EventKind = "stalled"   // a client does not go on
	Wrong     EventKind = "wrong"     // an answer to a challenge or to the sign-in
	Broken    EventKind = "broken"    // no MSNP, half a command, a limit exceeded
	Trouble   EventKind = "trouble"   // the recording can't be read, or can't be followed
	Closed    EventKind = "closed"    // the connection has ended
	Finished  EventKind = "finished"  // a session was played to its end
	Changed   EventKind = "changed"   // the gate did something, or this comes of what it did
)

// Event is something that happened to a live client.
type Event struct {
	Kind EventKind
	// Conn is the number of the live connection, from 1.
	Conn int
	// Account is who signs in there; "" as long as that is not known.
	Account string
	// Message is the number of the recorded message that it is about; 0: none.
	Message int64
	// Text is one line for people. Peers have a say in it: escape it.
	Text string
}

// String returns the event as one line, not escaped.
func (e Event) String() string {
	who := e.Account
	if who == "" {
		who = "?"
	}
	return fmt.Sprintf("#%d %s: %s", e.Conn, who, e.Text)
}

// report tells of something. The lock is held. What is wrong with a request that the gate
// made is not the client's.
func (c *conn) report(kind EventKind, message int64, format string, args ...any) {
	if c.s.cfg.Report == nil {
		return
	}
	switch kind {
	case Different, ByRule, Refused, Wrong, Broken:
		if c.maker != "" {
			kind, format, args = Changed, "made by %s: "+format, append([]any{c.maker}, args...)
		}
	}
	c.s.cfg.Report(Event{Kind: kind, Conn: c.id, Account: c.account, Message: message, Text: fmt.Sprintf(format, args...)})
}

// Asked is a request of the recording that a client never made.
type Asked struct {
	// Message is its number in the recording, Name its verb.
	Message int64
	Name    string
}

// Played says how far a session of the recording was played, the last time.
type Played struct {
	// Session is its number, Account who signs in.
	Session int
	Account string
	// Times is how often somebody signed in for it; 0: nobody did.
	Times int
	// Whole: all was asked and all was said.
	Whole bool
	// Unasked are requests that did not come, without keep-alive and typing. Unsaid is
	// how many messages of the server were not sent.
	Unasked []Asked
	Unsaid  int
	// Withheld is how many requests came that the gate kept from the server.
	Withheld int
}

// Summary says how far each session of the recording was played.
func (s *Server) Summary() []Played {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Played
	for _, n := range s.script.sessions {
		p := Played{Session: n.Number, Account: n.Account}
		r := s.runs[n]
		if r != nil {
			p.Times = r.times
		}
		for _, c := range n.Conns {
			if isPlayed(c) {
				p.count(c, r)
			}
		}
		p.Whole = r != nil && len(p.Unasked) == 0 && p.Unsaid == 0 && p.Withheld == 0
		all = append(all, p)
	}
	return all
}

// String returns one line: how far, and what was never asked.
func (p Played) String() string {
	who := fmt.Sprintf("session %d, %s: ", p.Session, p.Account)
	switch {
	case p.Times == 0:
		return who + "nobody signed in"
	case p.Whole:
		return who + "played to the end"
	}
	var names []string
	for i, a := range p.Unasked {
		if i == 8 {
			names = append(names, "...")
			break
		}
		names = append(names, fmt.Sprintf("%s in message %d", a.Name, a.Message))
	}
	if p.Withheld > 0 {
		who += fmt.Sprintf("the gate withheld %d requests, ", p.Withheld)
	}
	if len(names) == 0 {
		return fmt.Sprintf("%severything was asked, %d messages were not sent", who, p.Unsaid)
	}
	return fmt.Sprintf("%s%d requests never came (%s), %d messages were not sent", who, len(p.Unasked), strings.Join(names, ", "), p.Unsaid)
}
