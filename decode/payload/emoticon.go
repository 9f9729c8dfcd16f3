package payload

import "bytes"

// customPictures decodes the pictures that a message is going to use: pairs of a shortcut
// and a picture's description, each followed by a tab; the last may lack it.
func (p *Payload) customPictures(at int) {
	p.other(at)
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

// IsObject reports whether b looks like the description of a picture.
func IsObject(b []byte) bool {
	b = bytes.Trim(b, " \t\r\n\x00")
	return bytes.HasPrefix(b, []byte("<msnobj ")) && bytes.HasSuffix(b, []byte(">"))
}
