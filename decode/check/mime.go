package check

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// finer are the rules that a payload's problem belongs to, by how package payload
// begins to speak of it. What is not here stays with payload.form.
var finer = []struct{ prefix, rule string }{
	{"a line without a colon", "mime.colon"},
	{"neither TypingUser", "mime.typing"},
	{"charset ", "mime.charset-unknown"},
	{"text is not valid UTF-8", "mime.text"},
	{"the answer to a challenge", "challenge.form"},
	{"XML ", "payload.xml"},
	{"Content-Length is ", "payload.inner"},
}

// refine gives a finding on a payload the rule that it belongs to. Bodies have
// lines without a colon, too; h tells whether the headers have one.
func refine(f decode.Finding, h *headers) decode.Finding {
	if f.Rule != "payload.form" {
		return f
	}
	for _, x := range finer {
		if hasPrefix(f.Text, x.prefix) && (x.rule != "mime.colon" || h.colonless) {
			f.Rule, f.Severity = x.rule, Lookup(x.rule).Severity
			break
		}
	}
	return f
}

// judge has the message judge its payload, before its findings are taken over.
// Where a look at the headers shows that nothing can come of it, as with most
// messages, that is left out.
func (k *Checker) judge(m *decode.Message) {
	if m.Form.Payload == "" || m.Frame.Missing > 0 {
		return
	}
	if !isMIME(m) {
		m.JudgePayload()
		return
	}
	h, body := readHeaders(m.Frame.Payload())
	k.head = h
	switch {
	case h.colonless, h.twice, h.lines > payload.MaxHeaders:
	case is(h.media, "text/plain"):
		if h.utf8() && (h.charset == nil || utf8.Valid(body)) {
			return
		}
	case is(h.media, "text/x-msmsgscontrol"):
		if len(h.typing) > 0 {
			return
		}
	case is(h.media, payload.PeerType) && body != nil:
		if _, err := p2p.Parse(body); err == nil {
			return
		}
	}
	m.JudgePayload()
}

// isMIME reports whether the payload is one header block and a body.
func isMIME(m *decode.Message) bool {
	switch m.Verb.Act {
	case decode.ActSay, decode.ActForward:
		return m.Form.Payload != ""
	}
	return false
}

// headers are what is looked at in the header block of a MIME message: windows
// into it.
type headers struct {
	lines                   int
	version, kind           int    // which line it is, from 1
	media, charset          []byte // of Content-Type
	format, typing          []byte
	chunk, colonless, ended bool
	twice                   bool // one of those that the whole is judged by
}

// utf8 reports whether the text is UTF-8 as far as the headers tell.
func (h *headers) utf8() bool {
	return len(h.charset) == 0 || is(h.charset, "utf-8") || is(h.charset, "utf8")
}

func readHeaders(b []byte) (h headers, body []byte) {
	body = payload.Walk(b, func(name, value []byte) bool {
		h.lines++
		switch {
		case value == nil:
			h.colonless = true
		case is(name, "content-type"):
			h.twice = h.twice || h.kind > 0
			kind, params, _ := bytes.Cut(value, []byte{';'})
			h.kind, h.media, h.charset = h.lines, bytes.TrimSpace(kind), charsetOf(params)
		case is(name, "mime-version"):
			h.version = h.lines
		case is(name, "x-mms-im-format"):
			h.format = value
		case is(name, "typinguser"), is(name, "recordinguser"):
			h.twice = h.twice || h.typing != nil
			h.typing = value
		case is(name, "chunk"):
			h.chunk = true
		}
		return true
	})
	h.ended = body != nil
	return h, body
}

// is compares a header's name, whatever its case.
func is(name []byte, lower string) bool {
	return len(name) == len(lower) && bytes.EqualFold(name, []byte(lower))
}

// mime looks at the headers of a MIME message.
func (k *Checker) mime(c *conn, m *decode.Message) {
	h := &k.head
	if h.chunk && h.kind == 0 {
		return // the continuation of a message has no more headers
	}
	unknown := slices.ContainsFunc(k.out, func(l Located) bool { return l.Rule == "mime.charset-unknown" && l.Number == m.Number })
	if is(h.media, "text/plain") && !h.utf8() && !unknown {
		k.add(c, m, "mime.charset", "the charset is %s", clip(h.charset))
	}
	k.headerBlock(c, m, h)
	if len(h.format) > 0 && !again(&c.links[m.From&1].format, h.format) {
		if what := oddFormat(h.format); what != "" && c.once("mime.format "+m.From.Letter()+what) {
			k.add(c, m, "mime.format", "X-MMS-IM-Format: %s", what)
		}
	}
	k.typist(c, m, h.typing)
}

// headerBlock looks whether the header block has what it must have.
func (k *Checker) headerBlock(c *conn, m *decode.Message, h *headers) {
	switch {
	case h.kind == 0:
		k.add(c, m, "mime.type", "no Content-Type")
	case h.version == 0:
		k.add(c, m, "mime.version", "no MIME-Version")
	case h.version != 1 || h.kind != 2:
		if c.once("mime.order " + m.From.Letter()) {
			k.add(c, m, "mime.order", "MIME-Version and Content-Type are lines %d and %d of the headers", h.version, h.kind)
		}
	}
	if !h.ended && h.lines > 0 {
		k.add(c, m, "mime.end", "no empty line after the headers")
	}
}

// typist compares TypingUser with the sender.
func (k *Checker) typist(c *conn, m *decode.Message, typing []byte) {
	if len(typing) == 0 || m.Verb.Act != decode.ActSay || !c.switchboard() {
		return
	}
	who := m.Raw("handle")
	if m.From == decode.Client {
		who = []byte(c.asked)
	}
	if len(who) > 0 && !bytes.EqualFold(address.Bare(who), address.Bare(typing)) && c.once("mime.typing-user "+m.From.Letter()+string(typing[:min(len(typing), maxHandle)])) {
		k.add(c, m, "mime.typing-user", "TypingUser is %s, the sender is %s", clip(typing), clip(who))
	}
}

// charsetOf returns the charset of a Content-Type's parameters.
func charsetOf(params []byte) []byte {
	for len(params) > 0 {
		var param []byte
		param, params, _ = bytes.Cut(params, []byte{';'})
		name, value, _ := bytes.Cut(param, []byte{'='})
		if is(bytes.TrimSpace(name), "charset") {
			return bytes.Trim(bytes.TrimSpace(value), `"`)
		}
	}
	return nil
}

// oddFormat says what is odd about the value of X-MMS-IM-Format, or nothing.
func oddFormat(v []byte) string {
	empty := true
	for len(v) > 0 {
		var part []byte
		part, v, _ = bytes.Cut(v, []byte{';'})
		if part = bytes.TrimSpace(part); len(part) == 0 {
			continue
		}
		name, value, found := bytes.Cut(part, []byte{'='})
		if !found {
			return clip(part) + " has no ="
		}
		empty = false
		ok := true
		switch string(bytes.TrimSpace(name)) {
		case "EF":
			ok = len(bytes.Trim(value, "BISU")) == 0
		case "CO":
			ok = len(value) <= 6 && allHex(value)
		case "CS", "PF":
			ok = len(value) <= 2 && allHex(value)
		case "RL":
			ok = string(value) == "0" || string(value) == "1"
		}
		if !ok {
			return string(bytes.TrimSpace(name)) + " is " + clip(value)
		}
	}
	if empty {
		return "it is empty"
	}
	return ""
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !hex(c) {
			return false
		}
	}
	return len(b) > 0
}
