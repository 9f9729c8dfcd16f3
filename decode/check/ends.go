package check

import (
	"fmt"
	"strings"

	"msnproxy/decode"
)

// How connections end.
var endRules = []Rule{
	{ID: "end.reset", Severity: warning, First: 2, Source: "TCP, RST",
		About: "The connection is broken off (RST, or an error) while both ends are at it: nobody has said OUT, and neither end had closed its half before. What was under way then may be lost. Servers and routers do that to clients that they think dead, programs when they crash."},
	{ID: "end.unanswered", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The connection ends, without OUT, with requests that have no reply, PNG among them. Servers answer many mistakes by closing the connection, and clients give one up on which nothing comes any more: these requests are the first to look at. Said once for a connection, at its end."},
	{ID: "end.mid-session", Severity: note, First: 2, Source: "MSNP2, OUT",
		About: "The connection of a client that is signed in, or that is in a conversation with others, is closed, and neither end has said OUT. Clients that are ended by force leave like that, and servers that are restarted."},
}

// HalfClosed tells that one end of the connection is done, while the other may go on.
func (k *Checker) HalfClosed(info *decode.Connection, by decode.Sender) {
	c := k.connection(info)
	c.half |= by
	k.unreachable(c)
}

// ended says what is to say of how a connection ends.
func (k *Checker) ended(c *conn, how decode.Occurrence, p place) {
	if c.parted || c.info.Role == decode.FTP || how == decode.NoOccurrence {
		return
	}
	by := ""
	if p.from != 0 {
		by = " by the " + p.from.String()
	}
	state := ""
	switch {
	case c.in && c.switchboard() && len(c.room.people) > 0:
		state = "in a conversation with " + strings.Join(shown(c.room.people), ", ")
	case c.in && !c.switchboard():
		state = "signed in"
	}
	switch {
	case how == decode.Reset && c.half == 0 && c.seen() && !c.deserted():
		text := "the connection is reset" + by
		if state != "" {
			text += " while the client is " + state
		}
		k.put(c, p, "end.reset", text)
	case state != "" && !c.holes:
		k.put(c, p, "end.mid-session", "the connection is closed"+by+" without OUT while the client is "+state)
	}
	if open := c.open(); len(open) > 0 && !c.holes {
		k.put(c, p, "end.unanswered", fmt.Sprintf("the connection ends without a reply to %s", strings.Join(open, ", ")))
		c.told = true
	}
}

// deserted reports whether it is a conversation that all others have left.
func (c *conn) deserted() bool { return c.switchboard() && c.room.joined && len(c.room.people) == 0 }

// seen reports whether there was a command.
func (c *conn) seen() bool { return c.links[0].commands+c.links[1].commands > 0 }

// open names the requests that wait for a reply, the oldest first.
func (c *conn) open() (list []string) {
	const most = 5
	if !c.heard(decode.Server) {
		return nil // only one direction was recorded
	}
	more := 0
	name := func(verb string, number int64) {
		if len(list) < most {
			list = append(list, fmt.Sprintf("%s in message %d", verb, number))
		} else {
			more++
		}
	}
	for i := range c.requests {
		if q := &c.requests[i]; q.must && !q.replied && !q.overtaken {
			name(q.verb, q.number)
		}
	}
	if c.pings > 0 && c.lastPing.number > 0 {
		name(decode.VerbOf(decode.ActPing).Name, c.lastPing.number)
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("%d more", more))
	}
	return list
}

// shown shortens a list of people for a message.
func shown(people []string) []string {
	const most = 3
	list := make([]string, 0, most+1)
	for i, h := range people {
		if i == most {
			return append(list, fmt.Sprintf("%d more", len(people)-most))
		}
		list = append(list, clip([]byte(h)))
	}
	return list
}
