package capture

import (
	"bytes"
	"strings"

	"msnproxy/decode/p2p"
)

// publicSLP are the headers and keys of MSNSLP whose values tell nothing of a person.
var publicSLP = func() map[string]bool {
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(`content-type content-length cseq max-forwards euf-guid sessionid appid
		schannelstate capabilities-flags requestflags bridges bridge listening conn-type tcp-conn-type upnpnat icf
		nat-trav-msg-type needconnectingendpointinfo`) {
		m[name] = true
	}
	return m
}()

// peers makes a packet of P2P unreadable, but for what says which it is: no length
// changes, as those of other packets depend on it.
func (r *Redactor) peers(b []byte) []byte {
	out := bytes.Clone(b)
	packet, err := p2p.Parse(b)
	if packet.Version == 0 {
		blot(out)
		return out
	}
	if packet.Nonce != nil {
		const nonce = 32
		r.nonce(out[nonce : nonce+len(packet.Nonce)])
	}
	start := packet.DataStart()
	data := out[start : start+len(packet.Data)]
	switch {
	case packet.Prepares():
	case packet.SessionID == 0 && packet.First() && p2p.IsSLP(data):
		r.blotSLP(data)
	default:
		blotAll(data)
	}
	if err != nil {
		blotAll(out[start+len(data):])
	}
	return out
}

// blotAll makes bytes unreadable, the line ends in them, too: they are none.
func blotAll(b []byte) {
	for i := range b {
		b[i] = 'x'
	}
}

// namedByGUID are the headers and keys of MSNSLP whose value is a GUID that somebody made
// up: it becomes another one.
var namedByGUID = map[string]bool{"call-id": true, "via": true, "nonce": true, "hashed-nonce": true}

// blotSLP makes the values in a message of MSNSLP unreadable, the public ones not.
func (r *Redactor) blotSLP(b []byte) {
	for first := true; len(b) > 0; first = false {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		if first {
			if _, to, ok := bytes.Cut(line, []byte(":")); ok {
				uri, _, _ := bytes.Cut(to, []byte{' '})
				blot(uri)
			}
			continue
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		key := strings.ToLower(string(bytes.TrimSpace(name)))
		switch {
		case ok && publicSLP[key], ok && namedByGUID[key] && r.ids(value):
			continue
		case ok && key == "context":
			r.context(bytes.TrimSpace(value))
			continue
		}
		if !ok {
			value = line
		}
		blotText(value)
	}
}

// blotText is blot, but blanks around and the NUL at the end stay.
func blotText(b []byte) { blot(bytes.Trim(b, " \t\x00")) }
