package payload

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
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

// appendQuick is AppendSummary for text in UTF-8 and for typing.
func appendQuick(dst, b []byte) (out []byte, ok bool) {
	var contentType, typing []byte
	headers, types := 0, 0
	body := Walk(b, func(name, value []byte) bool {
		headers++
		switch {
		case len(name) == len("Content-Type") && bytes.EqualFold(name, []byte("Content-Type")):
			contentType = value
			types++
		case typing == nil && len(name) == len("TypingUser") && bytes.EqualFold(name, []byte("TypingUser")):
			typing = value
		}
		return headers < 64
	})
	if headers >= 64 || types != 1 {
		return dst, false
	}
	switch {
	case bytes.EqualFold(contentType, []byte("text/plain; charset=UTF-8")), bytes.EqualFold(contentType, []byte("text/plain")):
		if !utf8.Valid(body) {
			return dst, false
		}
		return appendQuote(dst, body), true
	case bytes.EqualFold(contentType, []byte("text/x-msmsgscontrol")):
		if len(typing) == 0 || !utf8.Valid(typing) {
			return dst, false
		}
		return append(dst, "is typing"...), true
	}
	return dst, false
}

// Typing reports whether a MIME message does nothing but tell that somebody is
// typing or recording. Nothing is allocated.
func Typing(b []byte) bool {
	control, typed, who := false, false, false
	body := Walk(b, func(name, value []byte) bool {
		switch {
		case isName(name, "Content-Type") && !typed:
			typed = true
			if i := bytes.IndexByte(value, ';'); i >= 0 {
				value = bytes.TrimRight(value[:i], " \t")
			}
			control = isName(value, "text/x-msmsgscontrol")
		case isName(name, "TypingUser"), isName(name, "RecordingUser"):
			who = who || len(value) > 0
		}
		return !typed || control
	})
	return control && who && len(bytes.TrimSpace(body)) == 0
}

// isName reports whether b is the name, whatever its case.
func isName(b []byte, name string) bool {
	return len(b) == len(name) && strings.EqualFold(string(b), name)
}

// quote shortens a text to one line for a list.
func quote(s string) string { return string(appendQuote(nil, s)) }

// appendQuote appends quote(s): the words parted by single blanks, in quotation
// marks, cut where it is long.
func appendQuote[T string | []byte](dst []byte, s T) []byte {
	const most = 120
	dst = append(dst, '"')
	start, blank := len(dst), false
	for i := 0; i < len(s) && len(dst)-start <= most; {
		if c := s[i]; '!' <= c && c < utf8.RuneSelf {
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
