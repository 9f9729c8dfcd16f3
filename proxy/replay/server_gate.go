package replay

import (
	"bytes"

	"msnproxy/capture"
	"msnproxy/decode"
)

// Relay is a connection of the server that comes by way of a proxy with a gate in front of
// it: what the gate makes of the client's requests is not counted as the client's. See
// [ServerConfig.Relay] and package gated. The server's lock guards it but for client.
type Relay struct {
	client string // as it came to the proxy
	c      *conn  // nil: the server has not taken it yet
	// came are the frames on which the gate has not decided, by place; made is what it
	// made of some of them, and by whom.
	came map[int64][]byte
	made []made
	// spoilt is who had bytes sent that are no frame.
	spoilt string
}

type made struct {
	frame []byte
	by    string
}

// maxMade bounds what is remembered of what the gate did on one connection, in frames.
const maxMade = 256

// NewRelay makes a relayed connection of the client at an address.
func NewRelay(client string) *Relay {
	return &Relay{client: client, came: make(map[int64][]byte)}
}

// Relayed tells what the proxy records of a relayed connection, before the bytes go on.
func (s *Server) Relayed(o *Relay, r *capture.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.put(r)
}

// put takes a record of what the gate did. The server's lock is held.
func (o *Relay) put(r *capture.Record) {
	by := ""
	if n := len(r.ChangedBy); n > 0 {
		by = r.ChangedBy[n-1]
	}
	switch {
	case r.Kind == capture.Data && r.Fate == capture.Injected:
		o.tell("%s sends %s as the %s", by, r.Frame.Verb(), r.From)
		if r.From == decode.Client {
			o.make(r.Frame.Raw, by)
		}
	case r.Kind == capture.Data && r.Frame.Kind != decode.Command:
	case r.Kind == capture.Data && r.Fate == capture.Held:
		if len(o.came) < maxMade {
			o.came[key(r)] = bytes.Clone(r.Frame.Raw)
		}
	case r.Kind == capture.Data:
		o.became(r, r.Frame.Raw, by)
	case r.Kind == capture.Became:
		frame := o.came[key(r)]
		delete(o.came, key(r))
		o.became(r, frame, by)
	}
}

// became takes what the gate made of a frame.
func (o *Relay) became(r *capture.Record, frame []byte, by string) {
	if by == "" || len(frame) < 3 {
		return
	}
	switch verb := frame[:3]; {
	case r.Fate == capture.Withheld:
		o.tell("%s withholds %s of the %s", by, verb, r.From)
		if r.From == decode.Client && o.c != nil {
			o.c.withheld(frame)
		}
	case r.Sent != nil:
		o.tell("%s changes %s of the %s", by, verb, r.From)
		if r.From == decode.Client {
			o.make(r.Sent, by)
		}
	default:
		o.tell("%s keeps %s of the %s waiting for %v", by, verb, r.From, r.HeldFor)
	}
}

// key is the place of a frame: those of the server have the numbers below 0.
func key(r *capture.Record) int64 {
	if r.From == decode.Server {
		return -1 - r.Frame.Offset
	}
	return r.Frame.Offset
}

func (o *Relay) tell(format string, args ...any) {
	if o.c != nil {
		o.c.report(Changed, 0, format, args...)
	}
}

// make remembers what the gate sends to the server.
func (o *Relay) make(sent []byte, by string) {
	if len(o.made) >= maxMade {
		o.made = append(o.made[:0], o.made[1:]...)
	}
	o.made = append(o.made, made{bytes.Clone(sent), by})
	var f decode.Framer
	var fr decode.Frame
	f.Feed(sent)
	if !f.Next(&fr) || len(fr.Raw) != len(sent) || fr.Kind != decode.Command {
		o.spoilt = by
	}
}

// maker returns who made a frame that has come to the server, and forgets it; "": the
// client said it.
func (o *Relay) maker(frame []byte) string {
	if o == nil {
		return ""
	}
	for i := range o.made {
		if m := o.made[i]; bytes.Equal(m.frame, frame) {
			o.made = append(o.made[:i], o.made[i+1:]...)
			return m.by
		}
	}
	return o.spoilt
}

// withheld takes note that the client has asked something of which the server hears
// nothing. The lock is held.
func (c *conn) withheld(frame []byte) {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(frame)
	if c.part == nil || !f.Next(&fr) {
		return
	}
	var m decode.Message
	m.Decode(&fr, decode.Client, c.role, c.dialect)
	if q, _ := c.find(c.part, &m); q != nil {
		if c.part.withheld == nil {
			c.part.withheld = newBits(len(c.part.msgs()))
		}
		c.part.withheld.set(q.Index)
		c.nudge()
		c.s.stir()
	}
}
