package capture

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/decode/payload"
)

// payload returns the payload redacted.
func (r *Redactor) payload(m *decode.Message) []byte {
	raw := m.Frame.Payload()
	if len(raw) == 0 {
		return nil
	}
	p := m.Payload()
	switch p.Kind {
	case payload.Challenge:
		return r.answer(m, raw)
	case payload.Opaque, payload.Note:
		return r.loose(raw)
	}
	if p.Kind == payload.MIME && payload.Routed(raw) {
		return r.routed(p, raw)
	}
	e := edits{raw: raw}
	nodes, _ := p.Unfold()
	r.nodes(&e, nodes[:len(p.Nodes)], "") // what the body is made of follows
	if p.Kind != payload.MIME {
		return r.document(&e)
	}
	stop := lastHeader(p)
	if hasKeys(p) {
		stop = len(raw)
	}
	r.lines(&e, 0, stop)
	return r.body(e.end(), p)
}

// answer redacts the answer to a challenge, unless it can be verified: then it says
// nothing but that the client knows the key of its product id.
func (r *Redactor) answer(m *decode.Message, raw []byte) []byte {
	if _, ok := challenge.Lookup(string(m.Raw("product"))); ok && len(raw) == 32 && isHex(raw) {
		return bytes.Clone(raw)
	}
	return r.hash(raw)
}

func isHex(b []byte) bool { return len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0 }

// loose redacts bytes of which nobody knows what they are: tickets in them, with All
// everything.
func (r *Redactor) loose(raw []byte) []byte {
	switch {
	case !r.all:
		return r.tickets(raw)
	case noText(raw):
		out := bytes.Clone(raw)
		blot(out)
		return out
	}
	return r.words(raw)
}

// ticket finds tickets of Passport and its successors where nothing says that there
// are any.
var ticket = regexp.MustCompile(`\bt=[^\s<>"']{16,}`)

// noText reports whether b has bytes that no text has.
func noText(b []byte) bool {
	return bytes.ContainsFunc(b, func(c rune) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' })
}

// body redacts the body of a MIME message where its nodes do not tell what it is.
func (r *Redactor) body(raw []byte, p *payload.Payload) []byte {
	if len(p.Body) == 0 || hasKeys(p) {
		return raw
	}
	at := len(raw) - len(p.Body) // the nodes are before it: the header block
	body := raw[at:]
	switch {
	case r.all && p.ContentType == "application/x-msnmsgrp2p":
		body = r.peers(body)
	case r.all && p.Text == "":
		body = bytes.Clone(body)
		blot(body)
	case r.all && holdsEmoticons(p):
		body = r.emoticons(body)
	default:
		body = r.loose(body)
	}
	return append(bytes.Clone(raw[:at]), body...)
}

// hasKeys reports whether the body is made of keys and values, which are nodes.
func hasKeys(p *payload.Payload) bool {
	n := len(p.Nodes)
	return n > 0 && p.Nodes[n-1].End > 0 && p.Text == "" && p.Nodes[n-1].Start > lastHeader(p)
}

// lastHeader returns where the header block ends.
func lastHeader(p *payload.Payload) int { return p.Len() - len(p.Body) }

// nodes collects what is to be replaced in the values of nodes. A value goes as a whole
// if something secret is nested in it, encoded. In lists of contacts (MSNP13 and later) a
// handle stands in two attributes: domain is that of the element that the nodes are in.
func (r *Redactor) nodes(e *edits, nodes []payload.Node, domain string) {
	for i := range nodes {
		n := &nodes[i]
		if value := e.raw[n.Start:n.End]; len(value) > 0 {
			e.values = append(e.values, edit{start: n.Start, end: n.End})
			with := r.value(n.Name, value)
			if bytes.Equal(with, value) && hidesSecret(n.Children) {
				with = r.secret(value)
			}
			if !bytes.Equal(with, value) {
				e.replace(n, with)
			} else if r.all {
				continue // public, and so are its pieces
			}
		}
		inner := domain
		if r.all && len(n.Children) > 0 {
			inner = r.contact(e, n, domain)
		}
		r.nodes(e, n.Children, inner)
	}
}

// hidesSecret reports whether there is something secret among nodes that do not stand in
// the payload as they are: they were encoded.
func hidesSecret(nodes []payload.Node) bool {
	for i := range nodes {
		n := &nodes[i]
		if n.Start == n.End && n.Value != "" && payload.Secret(strings.TrimPrefix(n.Name, "@")) || hidesSecret(n.Children) {
			return true
		}
	}
	return false
}

// value returns what takes the place of a value: the value itself, if it is public.
func (r *Redactor) value(name string, value []byte) []byte {
	digits := isDigits(string(value))
	switch {
	case payload.Secret(name) && digits:
		return r.number(value)
	case payload.Secret(name):
		return r.secret(value)
	case !r.all:
		return r.tickets(value)
	}
	if object, ok := r.objectWithin(value); ok {
		return object
	}
	if bytes.IndexByte(value, '<') >= 0 {
		return r.between(value)
	}
	if with, ok := payload.Public(name, string(value)); ok {
		return []byte(with)
	}
	if phones[strings.ToLower(strings.TrimPrefix(name, "@"))] {
		if number, ok := r.phoneNumber(string(value)); ok {
			return []byte(number)
		}
	}
	if digits {
		return r.number(value)
	}
	return r.words(value)
}

// phones are the elements, headers and keys that hold telephone numbers.
var phones = map[string]bool{"num": true, "phone": true, "phh": true, "phw": true, "phm": true, "mobile": true}

// tickets redacts the tickets in a text.
func (r *Redactor) tickets(b []byte) []byte {
	return ticket.ReplaceAllFunc(b, func(b []byte) []byte { return append([]byte("t="), r.secret(b)...) })
}

// contact redacts the attribute of <d n="example.com"> and of <c n="alice">, which
// make a handle together, and returns the domain for what is within.
func (r *Redactor) contact(e *edits, n *payload.Node, domain string) string {
	for i := range n.Children {
		c := &n.Children[i]
		if c.Name != "@n" || c.Start == c.End {
			continue
		}
		value := string(e.raw[c.Start:c.End])
		switch n.Name {
		case "d":
			e.replace(c, []byte("example.net"))
			return value
		case "c":
			handle := value
			if domain != "" {
				handle += "@" + domain
			}
			local, _, _ := strings.Cut(string(r.handle([]byte(handle))), "@")
			e.replace(c, []byte(local))
		}
	}
	return domain
}

// between redacts text that has tags in it: all but the tags' names.
func (r *Redactor) between(value []byte) []byte {
	return tags.ReplaceAllFunc(value, func(b []byte) []byte {
		if b[0] == '<' {
			return b
		}
		return r.words(b)
	})
}

// tags finds a tag without attributes, or what is no tag.
var tags = regexp.MustCompile(`</?[A-Za-z0-9:]+/?>|[^<]+|<`)

// edits are replacements in a payload.
type edits struct {
	raw    []byte
	list   []edit
	values []edit // all that values are, replaced or not
}

type edit struct {
	start, end int
	with       []byte
}

func (e *edits) replace(n *payload.Node, with []byte) {
	e.list = append(e.list, edit{n.Start, n.End, with})
}

// without returns what is left if no value is there.
func (e *edits) without() []byte {
	empty := edits{raw: e.raw, list: slices.Clone(e.values)}
	return empty.end()
}

// end applies the replacements. Where two overlap, as those of an element with
// elements within its text, the one that begins first is made, or was asked for first.
func (e *edits) end() []byte {
	slices.SortStableFunc(e.list, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var out []byte
	at := 0
	for _, x := range e.list {
		if x.start < at {
			continue
		}
		out = append(append(out, e.raw[at:x.start]...), x.with...)
		at = x.end
	}
	return append(out, e.raw[at:]...)
}
