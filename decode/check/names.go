package check

import (
	"unicode/utf8"

	"msnproxy/decode"
)

// The limits of the protocol, in bytes as they stand on the line.
const (
	maxHandle    = 129
	maxFriendly  = 387
	maxGroupName = 61  // ADG
	maxGroupReg  = 127 // REG
)

// names looks at the names and values on a line.
func (k *Checker) names(c *conn, m *decode.Message) {
	line := m.Frame.Line()
	odd := false
	for _, b := range line {
		if b >= utf8.RuneSelf || b == '%' {
			odd = true
			break
		}
	}
	if !odd && len(line) <= maxHandle {
		return
	}
	for i := range m.Len() {
		f := m.Field(i)
		if f.Param == nil {
			continue
		}
		switch f.Param.Kind.Name {
		case "handle":
			if len(f.Raw) > maxHandle && f.Param.Name == "handle" {
				k.add(c, m, "name.handle", "the handle has %d bytes", len(f.Raw))
			}
		case "friendly":
			if len(f.Raw) > maxFriendly {
				k.add(c, m, "name.length", "the friendly name has %d bytes", len(f.Raw))
			}
			k.encoding(c, m, f)
		case "groupname", "value":
			k.encoding(c, m, f)
		}
	}
}

// encoding looks how a name is encoded. Each name is spoken of once on a
// connection.
func (k *Checker) encoding(c *conn, m *decode.Message, f decode.Field) {
	if again(&c.links[m.From&1].name, f.Raw) {
		return
	}
	bad, raw, decoded := -1, false, false
	for i, b := range f.Raw {
		switch {
		case b >= utf8.RuneSelf:
			raw = true
		case b != '%':
		case i+2 < len(f.Raw) && hex(f.Raw[i+1]) && hex(f.Raw[i+2]):
			decoded = true
		case bad < 0:
			bad = i
		}
	}
	if bad < 0 && !raw && !decoded {
		return
	}
	key := m.From.Letter() + string(f.Raw[:min(len(f.Raw), maxFriendly)])
	if bad >= 0 && c.once("name.escape "+key) {
		k.add(c, m, "name.escape", "the %% at byte %d of %s %s is no escape", bad, f.Name, clip(f.Raw))
	}
	// Microsoft's own servers sent names that were not escaped.
	if raw && m.From == decode.Client && c.once("name.raw "+key) {
		k.add(c, m, "name.raw", "%s %s has bytes that are neither ASCII nor escaped", f.Name, clip(f.Raw))
	}
	if !utf8.ValidString(unescape(f.Raw)) && c.once("name.utf-8 "+key) {
		k.add(c, m, "name.utf-8", "%s %s is not UTF-8", f.Name, clip(f.Raw))
	}
}

// unescape undoes the percent-encoding, and leaves the bytes as they are then.
func unescape(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) && hex(b[i+1]) && hex(b[i+2]) {
			out = append(out, nibble(b[i+1])<<4|nibble(b[i+2]))
			i += 2
			continue
		}
		out = append(out, b[i])
	}
	return string(out)
}

func hex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// nibble returns the value of a hex digit.
func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// groupName looks at the length of a new name of a group.
func (k *Checker) groupName(c *conn, m *decode.Message, limit int) {
	if n := len(m.Raw("groupname")); n > limit && m.From == decode.Client {
		k.add(c, m, "name.group", "the group name has %d bytes; %s allows %d", n, m.Verb.Name, limit)
	}
}
