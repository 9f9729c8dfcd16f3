package gateway

import "strings"

// Header is the value of X-MSN-Messenger.
type Header struct {
	// Session is the id that the client's next request has to name.
	Session string
	// GWIP is the address of the gateway that it has to go to.
	GWIP string
	// Close: the session ends with the body of this answer.
	Close bool
}

// String returns the value as clients need it: they part it at "; ", with the blank.
func (h Header) String() string {
	s := "SessionID=" + h.Session + "; GW-IP=" + h.GWIP
	if h.Close {
		s += "; Session=close"
	}
	return s
}

// ParseHeader reads a value of X-MSN-Messenger, with and without blanks, in any order and
// case. ok is false where it names no session.
func ParseHeader(value string) (h Header, ok bool) {
	for part := range strings.SplitSeq(value, ";") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "sessionid":
			h.Session = strings.TrimSpace(v)
		case "gw-ip":
			h.GWIP = strings.TrimSpace(v)
		case "session":
			h.Close = strings.EqualFold(strings.TrimSpace(v), "close")
		}
	}
	return h, h.Session != ""
}

// WithGWIP returns a value in which GW-IP is another address; every other byte stays.
func WithGWIP(value, address string) string {
	parts := strings.Split(value, ";")
	for i, part := range parts {
		name, v, found := strings.Cut(part, "=")
		if found && strings.EqualFold(strings.TrimSpace(name), "gw-ip") {
			end := v[len(strings.TrimRight(v, " \t")):]
			parts[i] = name + "=" + address + end
		}
	}
	return strings.Join(parts, ";")
}

// Stem returns what of a session's id stays when it changes with each answer: what stands
// before its dot, or all of it.
func Stem(id string) string {
	stem, _, _ := strings.Cut(id, ".")
	return stem
}
