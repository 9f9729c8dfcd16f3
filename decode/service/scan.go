package service

import (
	"bytes"
	"html"
	"strings"
)

// element is one that is open while XML is read: its name without a prefix.
type element struct {
	name  string
	first bool // no element has been seen in it
}

// maxDepth bounds how deep elements are followed. What is deeper has the path of the
// deepest that is.
const maxDepth = 64

// scanner walks through XML once and never gives up: what is broken is passed over, so
// that nothing behind it is missed.
type scanner struct {
	b    []byte
	open []element
	over int  // elements open beyond maxDepth
	deep bool // there were any
	end  int  // where an end tag is, or none up to the end: so that each byte is searched once
	// value is told of each text and each attribute value, with its place in b. The name of
	// an attribute begins with @; it is "" for text. Names of namespaces are left out.
	value func(s *scanner, attribute string, start, end int)
	// start is told of each element that begins.
	start func(s *scanner, name string)
	// whole reports whether an element is one value, whatever markup is in it but for end
	// tags. It is asked behind each start tag.
	whole func(s *scanner) bool
	// comment is told of each comment.
	comment func(s *scanner, start, end int)
}

func (s *scanner) run() {
	for at := 0; at < len(s.b); {
		i := bytes.IndexByte(s.b[at:], '<')
		if i < 0 {
			i = len(s.b) - at
		}
		s.text(at, at+i)
		if at += i; at < len(s.b) {
			at = s.markup(at)
		}
	}
}

// text tells of a text without the blanks around it, unless there is nothing else.
func (s *scanner) text(start, end int) {
	for start < end && blank(s.b[start]) {
		start++
	}
	for end > start && blank(s.b[end-1]) {
		end--
	}
	if start < end && s.value != nil && len(s.open) > 0 {
		s.value(s, "", start, end)
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// markup reads what begins with < at at, and returns where it ends.
func (s *scanner) markup(at int) int {
	rest := s.b[at:]
	for _, m := range []struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"}} {
		if !bytes.HasPrefix(rest, []byte(m.begin)) {
			continue
		}
		from, to, next := at+len(m.begin), len(s.b), len(s.b)
		if i := bytes.Index(s.b[from:], []byte(m.end)); i >= 0 {
			to, next = from+i, from+i+len(m.end)
		}
		switch {
		case m.begin == "<![CDATA[":
			s.text(from, to)
		case m.begin == "<!--" && s.comment != nil:
			s.comment(s, from, to)
		}
		return next
	}
	if len(rest) > 1 && rest[1] == '/' {
		end := at + tagEnd(rest)
		s.close(local(nameIn(s.b[at+2 : end])))
		return s.behind(end)
	}
	name := nameIn(rest[1:])
	if len(name) == 0 { // a bare <
		return at + 1
	}
	end := at + tagEnd(rest)
	empty := end > at && s.b[end-1] == '/'
	s.push(local(name))
	s.attributes(at+1+len(name), end)
	if empty {
		s.pop()
		return s.behind(end)
	}
	at = s.behind(end)
	if s.whole != nil && s.whole(s) {
		at = s.all(at, local(name))
	}
	return at
}

// all tells of what is in an element as of one text, from at to its end tag, which has to
// be the first that comes, and returns where that is. Where there is no markup in it, or
// more end tags, it returns at.
func (s *scanner) all(at int, name string) int {
	if s.end < at {
		s.end = len(s.b)
		if i := bytes.Index(s.b[at:], []byte("</")); i >= 0 {
			s.end = at + i
		}
	}
	n := s.end - at
	if s.end == len(s.b) || !strings.EqualFold(local(nameIn(s.b[at+n+2:])), name) {
		return at
	}
	text := s.b[at : at+n]
	if i := bytes.IndexByte(text, '<'); i < 0 || bytes.HasPrefix(bytes.TrimSpace(text), []byte("<![CDATA[")) && bytes.Count(text, []byte("<")) == 1 {
		return at
	}
	s.text(at, at+n)
	return at + n
}

// behind is where to go on after a tag that ends at end: behind its >, or at the < that cuts
// it short.
func (s *scanner) behind(end int) int {
	if end < len(s.b) && s.b[end] == '<' {
		return end
	}
	return min(end+1, len(s.b))
}

// tagEnd returns where the > is that ends a tag; one in quotes is none. Without one the tag
// ends at the next <, or with the bytes.
func tagEnd(b []byte) int {
	quote := byte(0)
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			if bytes.IndexByte(b[i+1:], c) >= 0 {
				quote = c
			}
		case c == '>' || c == '<' && i > 0:
			return i
		}
	}
	return len(b)
}

func nameIn(b []byte) []byte {
	for i, c := range b {
		if blank(c) || c == '/' || c == '>' || c == '<' || c == '=' || c == '"' || c == '\'' {
			return b[:i]
		}
	}
	return b
}

func local(name []byte) string {
	return string(name[bytes.IndexByte(name, ':')+1:])
}

func (s *scanner) push(name string) {
	if s.start != nil {
		s.start(s, name)
	}
	if len(s.open) > 0 {
		s.open[len(s.open)-1].first = false
	}
	if len(s.open) >= maxDepth {
		s.over++
		s.deep = true
		return
	}
	s.open = append(s.open, element{name, true})
}

func (s *scanner) pop() {
	if s.over > 0 {
		s.over--
	} else if len(s.open) > 0 {
		s.open = s.open[:len(s.open)-1]
	}
}

// close ends the innermost element of that name, and those within it. An end tag that has
// no beginning is passed over.
func (s *scanner) close(name string) {
	if s.over > 0 {
		s.over--
		return
	}
	for i := len(s.open) - 1; i >= 0; i-- {
		if strings.EqualFold(s.open[i].name, name) {
			s.open = s.open[:i]
			return
		}
	}
}

// attributes tells of the attributes in b from start to end.
func (s *scanner) attributes(start, end int) {
	for at := start; at < end; {
		eq := bytes.IndexByte(s.b[at:end], '=')
		if eq < 0 {
			return
		}
		name := bytes.TrimSpace(s.b[at : at+eq])
		if i := bytes.LastIndexAny(name, " \t\r\n"); i >= 0 {
			name = name[i+1:]
		}
		from := at + eq + 1
		for from < end && blank(s.b[from]) {
			from++
		}
		if from >= end {
			return
		}
		to, next := from, 0
		if q := s.b[from]; q == '"' || q == '\'' {
			from++
			if i := bytes.IndexByte(s.b[from:end], q); i >= 0 {
				to = from + i
			} else {
				to = end
			}
			next = to + 1
		} else {
			for to < end && !blank(s.b[to]) {
				to++
			}
			next = to
		}
		if s.value != nil && from < to && len(name) > 0 && !bytes.HasPrefix(name, []byte("xmlns")) {
			s.value(s, "@"+local(name), from, to)
		}
		at = next
	}
}

// in reports whether the path of open elements, and the attribute if there is one, ends
// with the words of where, whatever their case.
func (s *scanner) in(where []string, attribute string) bool {
	n := len(where)
	if attribute != "" {
		if !strings.EqualFold(where[n-1], attribute) {
			return false
		}
		n--
	}
	if n > len(s.open) {
		return false
	}
	for i := range n {
		if !strings.EqualFold(s.open[len(s.open)-n+i].name, where[i]) {
			return false
		}
	}
	return true
}

// Walk tells of each text and each attribute of a body that is XML, in order: the names of
// the elements that it is in, without prefixes, an attribute's with an @ last; its place in
// the body; and the param that has its name for the action, nil if none has. The path holds
// until tell returns.
func (c *Call) Walk(tell func(path []string, start, end int, p *Param)) {
	params := c.Action.Answer
	if c.HTTP.Request {
		params = c.Action.Ask
	}
	known := append(finders(params), faultFinders...)
	var names []string
	s := scanner{b: c.Body, value: func(s *scanner, attribute string, start, end int) {
		names = names[:0]
		for _, e := range s.open {
			names = append(names, e.name)
		}
		if attribute != "" {
			names = append(names, attribute)
		}
		for i := range known {
			if s.in(known[i].path, attribute) {
				tell(names, start, end, known[i].param)
				return
			}
		}
		tell(names, start, end, nil)
	}}
	if bytes.IndexByte(c.Body, '<') >= 0 {
		s.run()
	}
}

// plain is what a text of XML stands for.
func plain(b []byte) string {
	s := strings.ToValidUTF8(string(b), "\ufffd")
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}
