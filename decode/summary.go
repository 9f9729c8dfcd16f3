package decode

import (
	"fmt"
	"strings"

	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// piece is one part of a summary: text, a field, or a group of pieces that is
// left out where a field in it is missing.
type piece struct {
	text    string
	param   int // index of the parameter; -1: none
	special string
	means   bool // {name=}: what the value means, rather than the value
	empty   bool // {name?}: missing counts as empty
	group   []piece
}

// parseSummary reads the notation of summaries:
//
//	{name}    the decoded value of a parameter
//	{name=}   what the value means, or the value if that is not known
//	{name?}   the value, or "empty" if it is missing or empty
//	{payload} the payload's own summary
//	{peer}    the other end of a routed payload
//	{error}   what the error code means
//	[...]     left out if a value in it is missing
func parseSummary(s string, params []Param) ([]piece, error) {
	var pieces []piece
	for s != "" {
		i := strings.IndexAny(s, "{[")
		if i < 0 {
			pieces = append(pieces, piece{text: s, param: -1})
			break
		}
		if i > 0 {
			pieces = append(pieces, piece{text: s[:i], param: -1})
		}
		group, shut := s[i] == '[', "}"
		if group {
			shut = "]"
		}
		inner, rest, whole := strings.Cut(s[i+1:], shut)
		if !whole {
			return nil, fmt.Errorf("no %s", shut)
		}
		s = rest
		if group {
			within, err := parseSummary(inner, params)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, piece{group: within})
			continue
		}
		p, err := parseRef(inner, params)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

func parseRef(name string, params []Param) (piece, error) {
	var p piece
	if name == "payload" || name == "error" || name == "peer" {
		p.special = name
		return p, nil
	}
	name, p.means = strings.CutSuffix(name, "=")
	if !p.means {
		name, p.empty = strings.CutSuffix(name, "?")
	}
	for i := range params {
		if params[i].Name == name {
			p.param = i
			return p, nil
		}
	}
	return p, fmt.Errorf("no parameter %q", name)
}

// Summary returns one line for a person: who does what. It may hold control
// characters from the wire.
func (m *Message) Summary() string { return string(m.AppendSummary(nil)) }

// AppendSummary appends the summary to dst. That of a command that a gap in the
// recording cuts short says so: its last value may lack its end, and others are missing.
func (m *Message) AppendSummary(dst []byte) []byte {
	dst = m.appendWhole(dst)
	if m.Cut() {
		dst = append(dst, "… (cut)"...)
	}
	return dst
}

func (m *Message) appendWhole(dst []byte) []byte {
	fr := m.Frame
	switch {
	case fr.Kind == Blank:
		return append(dst, "empty line"...)
	case fr.Kind == Block:
		if len(fr.Raw) > 0 && fr.Raw[0] == 1 {
			return append(dst, "end of the file's blocks"...)
		}
		return fmt.Appendf(dst, "block of the file, %d bytes", len(fr.Payload()))
	case m.Direct != nil:
		return m.appendJoined(append(dst, m.Payload().Summary...))
	case m.Call != nil:
		return m.appendWeb(dst)
	case fr.Kind == Opaque, fr.Kind == Web:
		if len(fr.Raw) == 1 {
			dst = append(dst, "1 byte that is no MSNP"...)
		} else {
			dst = fmt.Appendf(dst, "%d bytes that are no MSNP", len(fr.Raw))
		}
		if m.Opening != nil && m.Opening.Text != "" {
			dst = append(append(dst, ": "...), m.Opening.Text...)
		}
		return dst
	case m.Form == nil:
		for i := 1; i < len(m.tokens); i++ {
			if i > 1 {
				dst = append(dst, ' ')
			}
			t := m.tokens[i]
			dst = append(dst, fr.Raw[t.Start:t.End]...)
		}
		return dst
	}
	dst, _ = m.appendPieces(dst, m.Form.pieces)
	dst = m.appendJoined(dst)
	if n := m.extra(); n > 0 {
		dst = fmt.Appendf(dst, " +%d more", n)
	}
	return dst
}

// appendJoined appends what the message makes whole of P2P, if it does.
func (m *Message) appendJoined(dst []byte) []byte {
	if len(m.Joined) > 0 {
		if slp, ok := p2p.ParseSLP(m.Joined); ok {
			dst = append(append(dst, ": "...), slp.Summary()...)
		}
	}
	return dst
}

// appendPieces appends the pieces and reports whether all values were there.
func (m *Message) appendPieces(dst []byte, pieces []piece) ([]byte, bool) {
	complete := true
	for i := range pieces {
		p := &pieces[i]
		switch {
		case p.group != nil:
			n := len(dst)
			var ok bool
			if dst, ok = m.appendPieces(dst, p.group); !ok {
				dst = dst[:n]
			}
		case p.special == "payload":
			n := len(dst)
			if dst = m.appendPayload(dst); len(dst) == n {
				complete = false
			}
		case p.special == "peer":
			if peer := m.Peer(); peer.Account != "" {
				dst = peer.Append(dst)
			} else {
				complete = false
			}
		case p.special == "error":
			code := m.Error()
			if name := ErrorName(code); name != "" {
				dst = append(dst, name...)
			} else {
				dst = append(dst, "error "...)
				dst = append(dst, code...)
			}
		case p.param < 0:
			dst = append(dst, p.text...)
		default:
			n := len(dst)
			if at := m.absent.argument(p.param); m.absent.holds(p.param) || at >= m.Len() {
				if !m.Form.Params[p.param].Optional && !p.empty {
					dst = append(dst, '?')
				}
			} else {
				dst = m.appendValue(dst, p, at)
			}
			switch {
			case len(dst) > n:
			case p.empty:
				dst = append(dst, "empty"...)
			default:
				complete = false
			}
		}
	}
	return dst, complete
}

// appendPayload appends the payload's summary, if there is a payload.
func (m *Message) appendPayload(dst []byte) []byte {
	if m.typing != "" {
		return append(dst, m.typing...)
	}
	if p := m.Frame.Payload(); m.Cut() && (len(p) == 0 || m.payloadKind() == payload.MIME && !payload.Headed(p)) {
		if m.Frame.EOL == 0 {
			return dst
		}
		return payload.AppendCut(dst, m.payloadKind(), p, m.Frame.Missing)
	}
	if m.payload != nil {
		return append(dst, m.payload.Summary...)
	}
	if len(m.Frame.Payload()) == 0 {
		return dst
	}
	return payload.AppendSummary(dst, m.payloadKind(), m.Frame.Payload())
}

// appendValue appends the value that a piece stands for, which is that of the argument
// first or begins there.
func (m *Message) appendValue(dst []byte, p *piece, first int) []byte {
	param := &m.Form.Params[p.param]
	last := first
	if param.Repeat {
		last = m.Len() - 1
	}
	for i := first; i <= last; i++ {
		t := param.value(m.Frame.Raw, m.tokens[i+1])
		raw := m.Frame.Raw[t.Start:t.End]
		if i > first {
			dst = append(dst, ' ')
		}
		if p.means && !m.torn(i) {
			if s := param.Kind.Means(string(raw)); s != "" {
				dst = append(dst, s...)
				continue
			}
		}
		f := Field{Param: param, Raw: raw}
		switch {
		case param.Kind.Encoded:
			dst = append(dst, f.Value()...)
		case param.Kind == addresses:
			dst = appendPeer(dst, raw)
		default:
			dst = append(dst, raw...)
		}
	}
	return dst
}
