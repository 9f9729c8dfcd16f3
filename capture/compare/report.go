package compare

import (
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// Kind tells how two recordings differ in one place.
type Kind uint8

// The kinds. Missing is what only A has, Extra what only B has.
const (
	Same Kind = iota
	Missing
	Extra
	// Different: the same message says something else.
	Different
	// Reordered: it comes in another place where the order means something.
	Reordered
	// Ended: the connection ends in another way.
	Ended
)

// String returns the kind in lower case.
func (k Kind) String() string {
	return [...]string{"same", "missing", "extra", "different", "reordered", "ended"}[k]
}

// Report is what two recordings have in common and what they have not.
type Report struct {
	A, B     *story.Story
	Sessions []*Session
	// Counts are the differences by kind: of messages, and of connections and
	// sessions that only one has.
	Counts [Ended + 1]int
}

// Equal reports whether there is no difference.
func (r *Report) Equal() bool { return r.Differences() == 0 }

// Differences returns how many there are.
func (r *Report) Differences() (n int) {
	for _, c := range r.Counts[Missing:] {
		n += c
	}
	return n
}

// Session is a sign-in on both sides, or on one, or what belongs to none.
type Session struct {
	// A and B are nil where that side does not have it; both are, for connections
	// that belong to no session.
	A, B  *story.Session
	Conns []*Conn
}

// Account is who signed in: "" for connections that belong to no session.
func (s *Session) Account() string {
	switch {
	case s.A != nil:
		return s.A.Account
	case s.B != nil:
		return s.B.Account
	}
	return ""
}

// Kind is Missing or Extra where only one side has the session, else Same.
func (s *Session) Kind() Kind {
	switch {
	case s.A == nil && s.B != nil:
		return Extra
	case s.B == nil && s.A != nil:
		return Missing
	}
	return Same
}

// Conn is a connection on both sides, or on one.
type Conn struct {
	A, B *story.Conn // nil where that side does not have it
	// Steps are the messages of both sides, those of A in order, those that only B
	// has in between. Of a connection that only one side has there are none.
	Steps []Step
	// Ended is how the connection ended on the two sides, if that differs: "".
	EndA, EndB  string
	Differences int
}

// Kind is Missing or Extra where only one side has the connection, else Same.
func (c *Conn) Kind() Kind {
	switch {
	case c.A == nil:
		return Extra
	case c.B == nil:
		return Missing
	}
	return Same
}

// Role is what the server is for.
func (c *Conn) Role() decode.Role {
	if c.A != nil {
		return c.A.Role
	}
	return c.B.Role
}

// Step is one message, on both sides or on one.
type Step struct {
	Kind Kind
	// A and B are nil where that side does not have it.
	A, B *story.Message
	// Fields say what is different. Reordered messages may have them, too.
	Fields []FieldDifference
}
