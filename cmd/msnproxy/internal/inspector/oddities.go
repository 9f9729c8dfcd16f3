package inspector

import (
	"bytes"
	"fmt"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// oddities says what is odd about what would be sent. Nothing of it is forbidden.
func oddities(held *gate.Held, frame []byte, m *decode.Message) (odd []string) {
	was := held.Message
	switch {
	case frame == nil:
		return []string{"nothing is sent"}
	case bytes.Equal(frame, held.Received):
		return nil
	case m == nil:
		return []string{fmt.Sprintf("these %d bytes are not one message: the %s may lose step", len(frame), held.From.Peer())}
	}
	if n := m.Frame.Missing; n > 0 {
		odd = append(odd, fmt.Sprintf("length: %s (right is %d): the %s waits for %s more", value(m, "length"), len(m.Frame.Payload()), held.From.Peer(), plural(n, "byte")))
	} else if old, now := value(was, "length"), value(m, "length"); old != now {
		odd = append(odd, fmt.Sprintf("length: %s (was %s)", or(now, "none"), or(old, "none")))
	}
	switch {
	case m.Verb == nil:
		odd = append(odd, "no command is called "+m.Name())
	case m.Form == nil:
		odd = append(odd, "the "+m.From.String()+" never says "+m.Name()+" here")
	case !m.Fits() && was.Fits():
		odd = append(odd, "the line does not fit: "+m.Form.Usage())
	}
	if p := m.Payload(); p != nil {
		before := 0
		if q := was.Payload(); q != nil {
			before = len(q.Problems)
		}
		if len(p.Problems) > before {
			odd = append(odd, p.Problems...)
		}
	}
	if old := value(was, "challenge"); m.From == decode.Server && old != "" && value(m, "challenge") != old {
		odd = append(odd, "the client answers this challenge, and the server expects the answer to its own")
	}
	if a, ok := m.TrID(); ok {
		if b, had := was.TrID(); had && a != b {
			odd = append(odd, fmt.Sprintf("TrID %d (was %d): the %s does not know it", a, b, held.From.Peer()))
		}
	}
	return odd
}

// value is that of a parameter; "" if there is none.
func value(m *decode.Message, name string) string {
	v, _ := m.Value(name)
	return v
}
