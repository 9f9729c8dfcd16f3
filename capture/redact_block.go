package capture

import (
	"bytes"
	"regexp"
	"slices"

	"msnproxy/decode/payload"
)

// lines redacts what the nodes of the header blocks (or keys) from start to stop leave
// out: lines without a colon, names that are none, and what is after the last line that
// was decoded. The values of nodes are collected by now.
func (r *Redactor) lines(e *edits, start, stop int) {
	var known []int // where values begin
	for _, list := range [...][]edit{e.values, e.list} {
		for _, x := range list {
			known = append(known, x.start)
		}
	}
	slices.Sort(known)
	for next := start; start < stop; start = next {
		line, _, _ := bytes.Cut(e.raw[start:stop], []byte{'\n'})
		next = start + len(line) + 1
		name, value, ok := bytes.Cut(bytes.TrimSuffix(line, []byte{'\r'}), []byte{':'})
		if !ok || r.all && !headerName.Match(name) {
			e.put(start, name, r.noHeader(name))
		}
		at := start + len(name) + 1
		if i, _ := slices.BinarySearch(known, at); len(bytes.TrimSpace(value)) == 0 || i < len(known) && known[i] < next {
			continue // none, or a node's
		}
		bare := bytes.TrimLeft(value, " \t")
		at += len(value) - len(bare)
		bare = bytes.TrimRight(bare, " \t")
		e.put(at, bare, r.value(string(name), bare))
	}
}

// noHeader redacts a line without a colon, which has none then, either.
func (r *Redactor) noHeader(b []byte) []byte {
	out := r.loose(b)
	if bytes.IndexByte(out, ':') >= 0 {
		return r.word(b)
	}
	return out
}

// headerName is what the names of headers and keys look like.
var headerName = regexp.MustCompile(`^[ \t]*([A-Za-z][A-Za-z0-9_-]{0,63})?[ \t]*$`)

// put replaces what stands at a place.
func (e *edits) put(at int, old, with []byte) {
	if !bytes.Equal(old, with) {
		e.list = append(e.list, edit{at, at + len(old), with})
	}
}

// emoticons redacts pairs of a shortcut and a picture's description, if it is one.
func (r *Redactor) emoticons(body []byte) []byte {
	parts := bytes.Split(body, []byte{'\t'})
	for i, part := range parts {
		if i%2 == 1 && payload.IsObject(part) {
			parts[i] = r.object(part)
		} else {
			parts[i] = r.loose(part)
		}
	}
	return bytes.Join(parts, []byte{'\t'})
}

// holdsEmoticons reports whether the body of the payload is pictures for a message.
func holdsEmoticons(p *payload.Payload) bool {
	return p.ReadAs == "text/x-mms-emoticon" || p.ReadAs == "text/x-mms-animemoticon"
}
