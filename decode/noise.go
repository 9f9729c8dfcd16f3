package decode

import (
	"hash/maphash"

	"msnproxy/decode/payload"
)

// Noise says why a message may be folded away in a list; NoNoise: it may not.
type Noise uint8

// The kinds of noise. Of a table's row Repeated means that messages of it are
// noise where they say again what was said before.
const (
	NoNoise   Noise = iota
	KeepAlive       // PNG, QNG
	Typing          // somebody is typing or recording
	Repeated        // presence that says what was said before
	EmptyLine       // between commands
)

// String returns the noise in words; "" for NoNoise.
func (n Noise) String() string {
	return [...]string{"", "keep-alive", "typing", "repeated presence", "empty line"}[n]
}

// maxSaid is how many contacts of a connection are remembered: several times what
// a list may hold. What is said of others is never taken for repeated.
const maxSaid = 4096

// said is what was last said of each contact on a connection: a hash of it, by a
// hash of the handle, so that nothing of the wire is kept.
type said map[uint64]uint64

// saidSeed is of this process, so that no peer can make two statements collide.
var saidSeed = maphash.MakeSeed()

// noise says whether the message is noise, and remembers what it says.
func (c *Connection) noise(m *Message) Noise {
	fr := m.Frame
	switch {
	case fr.Kind == Blank:
		return EmptyLine
	case m.Form == nil || !fr.Complete():
		return NoNoise
	case m.Form.Noise == Repeated:
		return c.repeated(m)
	case m.Form.Payload == string(payload.MIME):
		if m.typing = payload.Typing(fr.Payload()); m.typing != "" {
			return Typing
		}
	case !m.Fits():
		return NoNoise
	}
	return m.Form.Noise
}

// repeated compares what is said of a contact with what was said last. The verb
// and the TrID do not count: an NLN may repeat an ILN.
func (c *Connection) repeated(m *Message) Noise {
	handle := m.Raw("handle")
	if len(handle) == 0 {
		return NoNoise
	}
	first := 1
	if _, ok := m.TrID(); ok {
		first = 2
	}
	what := maphash.Bytes(saidSeed, m.Frame.Raw[m.tokens[first].Start:m.tokens[len(m.tokens)-1].End])
	who := contactHash(handle)
	last, known := c.said[who]
	switch {
	case known && last == what:
		return Repeated
	case m.Fate == Withheld: // nobody has heard it
	case known || len(c.said) < maxSaid:
		if c.said == nil {
			c.said = make(said)
		}
		c.said[who] = what
	}
	return NoNoise
}

// contactHash is the same for a handle in upper and in lower case.
func contactHash(handle []byte) uint64 {
	var room [128]byte
	b := append(room[:0], handle...)
	for i, ch := range b {
		if 'A' <= ch && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		}
	}
	return maphash.Bytes(saidSeed, b)
}
