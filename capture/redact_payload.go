package capture

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"msnproxy/decode"
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
		return bytes.Clone(raw)
	case payload.Opaque, payload.Note:
		if r.all {
			return r.words(raw)
		}
		return bytes.Clone(raw)
	}
	e := edits{raw: raw}
	r.nodes(&e, p.Nodes)
	out := e.end()
	if !r.all || p.Kind != payload.MIME {
		return out
	}
	return r.body(out, p)
}

// body redacts the body of a MIME message where its nodes do not tell what it is.
func (r *Redactor) body(raw []byte, p *payload.Payload) []byte {
	if len(p.Body) == 0 || hasKeys(p) {
		return raw
	}
	at := len(raw) - len(p.Body) // the nodes are before it: the header block
	out := bytes.Clone(raw[:at])
	if p.Text == "" {
		body := bytes.Clone(raw[at:])
		blot(body)
		return append(out, body...)
	}
	return append(out, r.words(raw[at:])...)
}

// hasKeys reports whether the body is made of keys and values, which are nodes.
func hasKeys(p *payload.Payload) bool {
	n := len(p.Nodes)
	return n > 0 && p.Nodes[n-1].End > 0 && p.Text == "" && p.Nodes[n-1].Start > lastHeader(p)
}

// lastHeader returns where the header block ends.
func lastHeader(p *payload.Payload) int { return p.Len() - len(p.Body) }

// nodes collects what is to be replaced in the values of nodes.
func (r *Redactor) nodes(e *edits, nodes []payload.Node) {
	for i := range nodes {
		n := &nodes[i]
		if value := e.raw[n.Start:n.End]; len(value) > 0 {
			switch {
			case payload.Secret(n.Name):
				e.replace(n, r.mask(value))
			case r.all && !kept[strings.ToLower(n.Name)] && bytes.IndexByte(value, '<') < 0:
				e.replace(n, r.words(value))
			case r.all && bytes.IndexByte(value, '<') >= 0:
				e.replace(n, r.between(value))
			}
		}
		r.nodes(e, n.Children)
	}
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

// kept are headers, keys and attributes that tell nothing of a person.
var kept = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(`mime-version content-type x-mms-im-format fn ef co cs pf rl chunks chunk
		invitation-command application-guid cancel-code launch-application request-data sender-connect connectivity
		session-protocol application-name type arg1 arg2 arg3 inbox-unread folders-unread message-delta src-folder
		dest-folder logintime emailenabled lang_preference kid flags abchmigrated mpopenabled
		@ver @id @siteid @pri @lang @agent @icon @l @t @type ml d c s service`) {
		m[name] = true
	}
	return m
}()

// edits are replacements in a payload.
type edits struct {
	raw  []byte
	list []edit
}

type edit struct {
	start, end int
	with       []byte
}

func (e *edits) replace(n *payload.Node, with []byte) {
	e.list = append(e.list, edit{n.Start, n.End, with})
}

// end applies the replacements. Where two overlap, as those of an element with
// elements within its text, the one that begins first is made.
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
