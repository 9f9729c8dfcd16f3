package payload

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"msnproxy/decode/p2p"
)

// AppendSummary appends what Decode would give as Summary, without decoding the
// whole payload where that is not needed: for what most messages are, text and
// typing.
func AppendSummary(dst []byte, kind Kind, b []byte) []byte {
	if kind == MIME {
		if out, ok := appendQuick(dst, b); ok {
			return out
		}
	}
	return append(dst, Decode(kind, b).Summary...)
}

// Headed reports whether a MIME payload has all its headers: a body begins, be it empty.
func Headed(b []byte) bool {
	for range maxBlocks {
		first, route := true, false
		body := Walk(b, func(name, _ []byte) bool {
			if first {
				first, route = false, isName(name, routing) || isName(name, reliability)
			}
			return true
		})
		if body == nil || !route {
			return body != nil
		}
		if b = body; bytes.IndexByte(b, '\n') >= 0 && !startsBlock(b) {
			return true
		}
	}
	return true
}

// AppendCut is AppendSummary for the beginning of a payload of which so many bytes are
// missing, where it can't be read for what it is.
func AppendCut(dst []byte, kind Kind, b []byte, missing int) []byte {
	if kind == MIME {
		p := Decode(kind, b[:bytes.LastIndexByte(b, '\n')+1]) // whole headers
		if p.ContentType == profileType {
			return append(dst, p.Summary...)
		}
		if words := orWord(p.MessageType, p.ContentType); words != "" {
			dst = append(append(dst, words...), ", "...)
		}
	}
	return fmt.Appendf(dst, "%d of %d bytes", len(b), len(b)+missing)
}

// appendQuick is AppendSummary for text in UTF-8, for typing and for packets of P2P.
func appendQuick(dst, b []byte) (out []byte, ok bool) {
	if typing := Typing(b); typing != "" {
		return append(dst, typing...), true
	}
	if Routed(b) {
		return dst, false // what it is stands in its third block
	}
	var contentType []byte
	headers, types := 0, 0
	body := Walk(b, func(name, value []byte) bool {
		headers++
		if isName(name, "Content-Type") {
			contentType = value
			types++
		}
		return headers < maxQuick
	})
	if body == nil || types != 1 {
		return dst, false
	}
	if isName(contentType, PeerType) {
		packet, err := p2p.Parse(body)
		if err != nil {
			return dst, false
		}
		return append(dst, peerSummary(&packet)...), true
	}
	if !utf8.Valid(body) {
		return dst, false
	}
	if isName(contentType, "text/plain; charset=UTF-8") || isName(contentType, "text/plain") {
		return appendQuote(dst, body), true
	}
	return dst, false
}

// maxQuick is how many headers the quick ways look at.
const maxQuick = 64

// Typing returns the summary of a MIME message that does nothing but tell that
// somebody is typing or recording; "" for any other. Nothing is allocated.
func Typing(b []byte) (summary string) {
	if n := len(b); n == 0 || b[n-1] != '\n' {
		return "" // ends within a text, as what people write does
	}
	if Routed(b) {
		return routedTyping(b)
	}
	headers := 0
	control, typed := false, false
	var typing, recording []byte
	body := Walk(b, func(name, value []byte) bool {
		headers++
		if value == nil {
			value = name[:0] // there, but empty
		}
		switch {
		case !typed && isName(name, "Content-Type"):
			typed = true
			kind, _, _ := bytes.Cut(value, []byte{';'})
			control = isName(bytes.TrimSpace(kind), "text/x-msmsgscontrol")
		case typing == nil && isName(name, "TypingUser"):
			typing = value
		case recording == nil && isName(name, "RecordingUser"):
			recording = value
		}
		return headers < maxQuick && (control || !typed)
	})
	switch {
	case !control || len(bytes.TrimSpace(body)) > 0:
		return ""
	case len(typing) > 0:
		return "is typing"
	case len(recording) > 0:
		return "is recording"
	}
	return ""
}

// routedTyping is Typing for a routed payload, whose block on messaging says so.
func routedTyping(b []byte) (summary string) {
	kind, sub, body, ok := Inner(b)
	if !ok || len(bytes.TrimSpace(body)) > 0 {
		return ""
	}
	return typingTypes[strings.ToLower(string(kind))+"/"+strings.ToLower(string(sub))]
}

// Inner returns what a message in a routed payload is, its type and subtype, and its body;
// not ok: it is no message, or not whole. They are windows into b; nothing is allocated.
func Inner(b []byte) (kind, sub, body []byte, ok bool) {
	if !Routed(b) {
		return nil, nil, nil, false
	}
	for range maxBlocks {
		kind, sub = nil, nil
		headers, route, messaging := 0, false, false
		body = Walk(b, func(name, value []byte) bool {
			if headers++; headers == 1 {
				route = isName(name, routing) || isName(name, reliability)
				messaging = isName(name, "Messaging")
			}
			switch {
			case kind == nil && isName(name, "Message-Type"):
				kind = value
			case sub == nil && isName(name, "Message-Subtype"):
				sub = value
			}
			return headers < maxQuick
		})
		if body == nil || !route {
			return kind, sub, body, body != nil && messaging
		}
		if b = body; !startsBlock(b) {
			break
		}
	}
	return nil, nil, nil, false
}

// typingTypes are message types and subtypes, in lower case, that say that somebody is
// typing or recording.
var typingTypes = map[string]string{
	"control/typing/": "is typing", "control/typing": "is typing", "control/recording/": "is recording", "control/recording": "is recording",
}

// isName reports whether b is the name, whatever its case.
func isName(b []byte, name string) bool {
	return len(b) == len(name) && (string(b) == name || b[0]|0x20 == name[0]|0x20 && strings.EqualFold(string(b), name))
}

// quote shortens a text to one line for a list.
func quote(s string) string { return string(appendQuote(make([]byte, 0, 128), s)) } // it stays on the stack

// appendQuote appends quote(s): the words parted by single blanks, in quotation
// marks, cut where it is long.
func appendQuote[T string | []byte](dst []byte, s T) []byte {
	const most = 120
	dst = append(dst, '"')
	start, blank := len(dst), false
	for i := 0; i < len(s) && len(dst)-start <= most; {
		if c := s[i]; c > ' ' && c < utf8.RuneSelf {
			if blank {
				dst = append(dst, ' ')
				blank = false
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			var window [utf8.UTFMax]byte
			r, n = utf8.DecodeRune(window[:copy(window[:], s[i:min(len(s), i+utf8.UTFMax)])])
		}
		if unicode.IsSpace(r) {
			blank = len(dst) > start
		} else {
			if blank {
				dst = append(dst, ' ')
				blank = false
			}
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	if len(dst)-start > most {
		cut := start + most
		for !utf8.RuneStart(dst[cut]) {
			cut--
		}
		dst = append(dst[:cut], "..."...)
	}
	return append(dst, '"')
}
