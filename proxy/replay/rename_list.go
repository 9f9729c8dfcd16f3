package replay

import (
	"bytes"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
)

// Lists of contacts (ADL, RML, FQY: MSNP13 and later) write an account in two parts, the
// domain in an element around all who are of it: <d n="example.com"><c n="alice"/></d>.

var (
	domainElement = regexp.MustCompile(`(?s)(<d\s[^>]*>)(.*?)(</d\s*>)`)
	contactTag    = regexp.MustCompile(`<c\s[^>]*>`)
	nameAttribute = regexp.MustCompile(`(\sn\s*=\s*)("[^"]*"|'[^']*')`)
)

// renameList returns a list of contacts with other accounts. rename says what an account
// is called; false: it keeps its name. Who comes to be of another domain gets an element
// for that.
func renameList(raw []byte, rename func(string) (string, bool)) ([]byte, bool) {
	changed := false
	out := domainElement.ReplaceAllFunc(raw, func(b []byte) []byte {
		m := domainElement.FindSubmatch(b)
		domain := attribute(m[1])
		if domain == "" {
			return b
		}
		var out []byte
		current, at := domain, 0
		open := func(d string) { out = append(out, renamedTag(m[1], d)...) }
		tags := contactTag.FindAllIndex(m[2], -1)
		for i, tag := range tags {
			local, of := attribute(m[2][tag[0]:tag[1]]), domain
			if live, ok := rename(local + "@" + domain); ok {
				if l, d, ok := strings.Cut(live, "@"); ok {
					changed, local, of = true, l, d
				}
			}
			if i == 0 {
				current = of
				open(current)
			}
			if of != current {
				out = append(append(out, m[2][at:tag[0]]...), m[3]...)
				current, at = of, tag[0]
				open(current)
			}
			out = append(append(out, m[2][at:tag[0]]...), renamedTag(m[2][tag[0]:tag[1]], local)...)
			at = tag[1]
		}
		if len(tags) == 0 {
			return b
		}
		return append(append(out, m[2][at:]...), m[3]...)
	})
	return out, changed
}

// attribute returns the value of n in a tag.
func attribute(tag []byte) string {
	m := nameAttribute.FindSubmatch(tag)
	if m == nil {
		return ""
	}
	return html.UnescapeString(string(m[2][1 : len(m[2])-1]))
}

// renamedTag returns a tag with another value of n.
func renamedTag(tag []byte, value string) []byte {
	if attribute(tag) == value {
		return tag
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
	at := nameAttribute.FindSubmatchIndex(tag)
	if at == nil {
		return tag
	}
	return append(append(append(bytes.Clone(tag[:at[4]+1]), b.Bytes()...), tag[at[5]-1]), tag[at[5]:]...)
}
