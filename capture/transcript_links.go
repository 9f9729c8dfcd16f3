package capture

import "msnproxy/decode"

// spoken is a connection of a transcript.
type spoken struct {
	conn    *Conn
	closer  decode.Sender // who has closed it, while the other end may still speak
	reset   bool
	over    bool
	offset  [2]int64
	resync  [2]bool
	waiting bool // closer is set, or its end is unknown
	told    bool // that closer has finished
}

// index is the place of a sender in an array.
func index(s decode.Sender) int {
	if s == decode.Client {
		return 0
	}
	return 1
}

// open starts a connection and makes it the one that lines are about.
func (t *transcript) open(server string, midStream bool) {
	if t.current != nil {
		t.end(t.current)
	}
	c := &spoken{conn: &Conn{ID: uint32(len(t.conns) + 1), Server: server, MidStream: midStream}}
	c.resync = [2]bool{midStream, midStream}
	t.conns = append(t.conns, c)
	t.current = c
	t.give(Record{Conn: c.conn, Kind: Opened})
}

// end says that a connection is closed, if a line has said so.
func (t *transcript) end(c *spoken) {
	if c.waiting && !c.over {
		c.over = true
		t.give(Record{Conn: c.conn, Kind: Closed, From: c.closer, Reset: c.reset})
	}
}

// speaker returns the connection that the sender speaks on. It is a new one if that end
// has closed the last: one that was open already, if what comes first on it, nil if it is
// no command, is nothing to begin with.
func (t *transcript) speaker(from decode.Sender, first []byte) *spoken {
	if c := t.current; c == nil || c.over || c.waiting && c.closer == from {
		t.open("", first != nil && !mayBegin(from, first))
	} else if c.waiting && c.closer != 0 && !c.told {
		// The other end goes on.
		c.told = true
		t.give(Record{Conn: c.conn, Kind: HalfClosed, From: c.closer})
	}
	return t.current
}

// finishes takes a line that says that an end has sent its last.
func (t *transcript) finishes(from decode.Sender, text string) error {
	c := t.current
	if c == nil || c.over {
		t.give(Record{Kind: Remark, Text: text})
		return nil
	}
	c.told = true
	t.give(Record{Conn: c.conn, Kind: HalfClosed, From: from})
	return nil
}

// closes takes a line that says that an end has closed the connection. The other
// end may go on: the connection is closed when that has closed it, too, or when
// the transcript goes on with another one.
func (t *transcript) closes(from decode.Sender, whole bool, text string) error {
	c := t.current
	if c == nil || c.over {
		t.give(Record{Kind: Remark, Text: text})
		return nil
	}
	if c.waiting && c.closer != from {
		t.end(c)
		return nil
	}
	c.waiting, c.closer, c.reset = true, from, whole && from != 0
	if whole {
		t.end(c)
	}
	return nil
}

// turnTo makes connection n the one that lines are about.
func (t *transcript) turnTo(n int) error {
	if n < 1 || n > len(t.conns) {
		return t.wrong(t.number, "connection %d, but only %d are opened before", n, len(t.conns))
	}
	if t.current != nil && t.current != t.conns[n-1] {
		t.end(t.current)
	}
	t.current = t.conns[n-1]
	return nil
}
