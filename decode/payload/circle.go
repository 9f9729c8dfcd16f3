package payload

import (
	"bytes"
	"html"
	"strings"
)

// What is published about circles and group chats (MSNP18 and later): who is in one, by a
// body of XML, <circle><roster><id>IM</id><user><id>1:bob@example.com</id></user>...; who
// is no more, by a Uri without a body, /circle/roster(IM)/user(1:bob@example.com).

// maxRoster is how many of a roster are read.
const maxRoster = 256

// Roster is what a publication tells of who is in a circle.
type Roster struct {
	// Members are addresses, as they stand in the body or in the Uri.
	Members []string
	// Full: there are no others. Else it tells what has changed.
	Full bool
	// Name is what the circle is called, where it says that.
	Name string
}

// Roster returns what a routed payload tells of who is in a circle; nil if it is about
// something else.
func (p *Payload) Roster() *Roster {
	uri := p.value("Uri")
	if p.Kind != MIME || !isCircleURI(uri) && !isCircleType(p.ContentType) || p.MessageType != "" {
		return nil
	}
	r := &Roster{Full: strings.EqualFold(p.value("NotifType"), "Full"), Name: elementText(p.Body, "MFN")}
	if i, j := rosterUser(uri); j > i {
		r.Members = append(r.Members, uri[i:j])
	}
	for id := range rosterIDs(p.Body) {
		if len(r.Members) < maxRoster {
			r.Members = append(r.Members, id)
		}
	}
	r.Full = r.Full && len(p.Body) > 0
	return r
}

func isCircleURI(uri string) bool {
	const circle = "/circle"
	return len(uri) >= len(circle) && strings.EqualFold(uri[:len(circle)], circle) && (len(uri) == len(circle) || uri[len(circle)] == '/')
}

func isCircleType(t string) bool {
	return strings.HasPrefix(t, "application/circles") || strings.HasPrefix(t, "application/multiparty")
}

// rosterUser returns where an account stands in a Uri such as
// /circle/roster(IM)/user(1:bob@example.com).
func rosterUser(uri string) (start, end int) {
	const user = "user("
	i := strings.LastIndex(strings.ToLower(uri), user)
	if i < 0 {
		return 0, 0
	}
	start = i + len(user)
	j := strings.IndexByte(uri[start:], ')')
	if j < 0 {
		return 0, 0
	}
	return start, start + j
}

// rosterIDs yields the ids of the users in a roster. It looks at the text alone: to take
// XML apart costs too much for a line in a list.
func rosterIDs(b []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for {
			at, ok := element(b, "user")
			if !ok {
				return
			}
			b = b[at:]
			own := b
			if next, ok := element(b, "user"); ok {
				own = b[:next]
			}
			if id := elementText(own, "id"); id != "" && !yield(id) {
				return
			}
		}
	}
}

// element returns where the first start tag of that name ends in b.
func element(b []byte, name string) (end int, ok bool) {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			return 0, false
		}
		at += i + 1
		rest := b[at:]
		if len(rest) <= len(name) || !bytes.EqualFold(rest[:len(name)], []byte(name)) {
			continue
		}
		if c := rest[len(name)]; c != '>' && c != ' ' && c != '\r' && c != '\n' && c != '\t' {
			continue
		}
		j := bytes.IndexByte(rest, '>')
		if j < 0 {
			return 0, false
		}
		return at + j + 1, true
	}
}

// elementText returns the text of the first element of that name, which holds no other.
func elementText(b []byte, name string) string {
	at, ok := element(b, name)
	if !ok {
		return ""
	}
	text, _, ok := bytes.Cut(b[at:], []byte{'<'})
	if !ok {
		return ""
	}
	return html.UnescapeString(strings.TrimSpace(valid(text)))
}

// rosterWords says whom a roster names.
func (r *Roster) rosterWords() string {
	const most = 8
	s := "circle"
	if r.Name != "" {
		s += " " + quote(r.Name)
	}
	switch n := len(r.Members); {
	case n == 0 && r.Full:
		return s + ": nobody is in it"
	case n == 0:
		return s
	case n > most:
		return s + ": " + names(r.Members[:most]) + " and others"
	}
	return s + ": " + names(r.Members)
}
