package payload

import (
	"bytes"
	"fmt"
	"strings"
)

// customPictures decodes the pictures that a message is going to use: pairs of a shortcut
// and a picture's description, each followed by a tab; the last may lack it.
func (p *Payload) customPictures(at int) {
	p.other(at)
	p.Summary = p.pictureWords(at)
	body := bytes.TrimRight(p.raw[at:], "\r\n\x00")
	if len(body) == 0 {
		p.problem("no emoticon")
		return
	}
	parts := bytes.Split(bytes.TrimSuffix(body, []byte{'\t'}), []byte{'\t'})
	if len(parts)%2 != 0 {
		p.problem("an emoticon without a picture")
	}
	for i := 0; i+1 < len(parts); i += 2 {
		switch {
		case len(parts[i]) == 0:
			p.problem("an emoticon without a shortcut")
		case !IsObject(parts[i+1]) && string(parts[i+1]) != "0": // redaction leaves a 0
			p.problem("the picture of emoticon %s is no msnobj", quote(string(parts[i])))
		default:
			continue
		}
		return
	}
}

// pictureWords names the shortcuts of a message's pictures.
func (p *Payload) pictureWords(at int) string {
	const most = 8
	what := "emoticon"
	if strings.Contains(p.ReadAs+p.ContentType, "anim") {
		what = "animated emoticon"
	}
	rest := bytes.TrimRight(p.raw[at:], "\r\n\x00")
	n, names := 0, ""
	for more := len(rest) > 0; more; n++ {
		var shortcut []byte
		shortcut, rest, _ = bytes.Cut(rest, []byte{'\t'})
		if n < most {
			names += " " + oneWord(shortcut)
		}
		if _, rest, more = bytes.Cut(rest, []byte{'\t'}); len(rest) == 0 {
			more = false
		}
	}
	switch {
	case n == 0:
		return "no " + what
	case n > most:
		names += fmt.Sprintf(" and %d more", n-most)
	}
	if n > 1 {
		what += "s"
	}
	return what + names
}

// oneWord is a short text that stands in a list of such: in quotation marks where it would
// be none of one word.
func oneWord(b []byte) string {
	const most = 24
	if s := valid(b); s != "" && len(s) <= most && !strings.ContainsAny(s, " \t\r\n\"") {
		return s
	}
	return quote(valid(b[:min(len(b), most)]))
}

// IsObject reports whether b looks like the description of a picture.
func IsObject(b []byte) bool {
	b = bytes.Trim(b, " \t\r\n\x00")
	return bytes.HasPrefix(b, []byte("<msnobj ")) && bytes.HasSuffix(b, []byte(">"))
}
