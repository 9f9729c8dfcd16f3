package chat

import (
	"bytes"
	"strconv"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// A long message comes in parts (clients of MSNP9 and later): the first has all
// headers and "Chunks: N", the others only the same Message-ID and "Chunk: i".
// A part may end within a character, so that the bytes are kept until all parts
// are there.

type partKey struct{ who, id string }

type parts struct {
	line   ref
	raw    []byte // of the first part, and the bodies of all others behind it
	come   int
	expect int
}

// begins notes that a message is the first part of one.
func (b *Builder) begins(n ref, m *decode.Message, p *person, body *payload.Payload) {
	count, err := strconv.Atoi(find(body, "Chunks"))
	id := find(body, "Message-ID")
	if err != nil || count < 2 || id == "" || len(id) > maxName || len(body.Body) == 0 {
		return
	}
	raw := m.Frame.Payload()
	b.parts.put(partKey{identity(p.who), id}, &parts{line: n, raw: bytes.Clone(raw[:min(len(raw), maxText)]), come: 1, expect: count})
}

// part takes a later part, and returns the line that it belongs to; 0 if it is
// none or its message is not known.
func (b *Builder) part(row int, p *person, body *payload.Payload) ref {
	if body.ContentType != "" || body.Find("Chunk") == nil {
		return 0
	}
	x := b.parts.get(partKey{identity(p.who), find(body, "Message-ID")})
	if x == nil || x.come >= x.expect {
		return 0
	}
	l := b.attach(x.line, row)
	if l == nil {
		return 0
	}
	x.come++
	x.raw = append(x.raw, body.Body[:min(len(body.Body), max(0, maxText-len(x.raw)))]...)
	whole := payload.Decode(payload.MIME, x.raw)
	if l.Kind == Said {
		b.setText(l, whole.Text)
	} else {
		b.setText(l, words(whole))
	}
	if x.come >= x.expect {
		x.raw = nil
	}
	return x.line
}
