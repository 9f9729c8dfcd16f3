package capture

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"msnproxy/decode/payload"
)

// routed redacts a payload that says itself where it goes (SDG, PUT, DEL and NFY, MSNP18
// and later): its header blocks, and its body, whose length stands in them.
func (r *Redactor) routed(p *payload.Payload, raw []byte) []byte {
	nodes, _ := p.Unfold()
	at := lastHeader(p)
	body := r.routedBody(p, raw, nodes)
	e := edits{raw: raw[:at]}
	counts, length := p.Recount(len(body) - len(raw) + at)
	for i := range nodes {
		n := &nodes[i]
		switch {
		case inBody(n, at):
		case counts != nil && n.Start == counts.Start:
			e.replace(n, length)
		case strings.EqualFold(n.Name, "Uri") && r.all && n.End > n.Start:
			e.replace(n, r.uri(n.Value))
		default:
			r.nodes(&e, nodes[i:i+1], "")
		}
	}
	r.lines(&e, 0, at)
	return append(e.end(), body...)
}

// uri redacts what a publication is about: /circle/roster(IM)/user(1:bob@example.com).
func (r *Redactor) uri(v string) []byte {
	if m := rosterUser.FindStringSubmatch(v); m != nil {
		return []byte(m[1] + string(r.handle([]byte(m[2]))) + m[3])
	}
	if _, ok := payload.Public("uri", v); ok {
		return []byte(v)
	}
	return r.words([]byte(v))
}

var rosterUser = regexp.MustCompile(`^(/circle/roster\(IM\)/user\()([^()]+)(\))$`)

// routedBody redacts the body of a routed payload.
func (r *Redactor) routedBody(p *payload.Payload, raw []byte, nodes []payload.Node) []byte {
	at := lastHeader(p)
	body := bytes.Clone(raw[at:])
	if len(body) == 0 {
		return body
	}
	e := edits{raw: raw[at:]}
	for i := range nodes {
		if n := nodes[i : i+1]; inBody(&n[0], at) {
			r.nodes(&e, moved(n, at), "")
		}
	}
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return r.document(&e)
	case hasKeys(p):
		r.lines(&e, 0, len(e.raw))
		return e.end()
	case !r.all && noText(body):
		return r.tickets(e.blotted())
	case !r.all:
		return r.tickets(e.end())
	case p.Text == "":
		blot(body)
		return body
	case holdsEmoticons(p):
		return r.emoticons(body)
	}
	return r.loose(body)
}

// inBody reports whether a node, or what is in it, stands in the body.
func inBody(n *payload.Node, at int) bool {
	if n.End > n.Start {
		return n.Start >= at
	}
	return slices.ContainsFunc(n.Children, func(c payload.Node) bool { return inBody(&c, at) })
}

// moved returns nodes with places that count from the body.
func moved(nodes []payload.Node, at int) []payload.Node {
	out := make([]payload.Node, len(nodes))
	for i, n := range nodes {
		n.Start, n.End = max(n.Start-at, 0), max(n.End-at, 0)
		n.Children = moved(n.Children, at)
		out[i] = n
	}
	return out
}

// document applies replacements to XML. With All nothing must stay that is neither a
// value, of which it is known what it is, nor a tag: such a document is redacted between
// its tags, and its attributes go.
func (r *Redactor) document(e *edits) []byte {
	if r.all && !onlyTags.Match(e.without()) {
		return r.between(e.raw)
	}
	return e.end()
}

// blotted is what end returns, of the length that there was: in packets that tell it.
func (e *edits) blotted() []byte {
	out := bytes.Clone(e.raw)
	for _, x := range e.list {
		blot(out[x.start:x.end])
	}
	return out
}

// onlyTags is XML without any text, its attributes empty.
var onlyTags = regexp.MustCompile(`^(\s|</?[A-Za-z0-9:_.-]+(\s+[A-Za-z0-9:_.-]+=(""|''))*\s*/?>)*$`)
