package service

import (
	"bytes"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"

	"msnproxy/decode/http1"
)

// The bounds on the secrets that are known again, wherever they stand.
const (
	minSeen = 6    // what is shorter is a word that stands anywhere
	maxSeen = 4096 // so many are kept, in all spellings; the oldest go
	maxLike = 256  // so many of them may begin alike
	maxLong = 4 << 10
	sureLen = 16 // what is shorter has to stand alone
)

// seen are the secrets that a masker has seen. They are in memory only.
type seen struct {
	mu    sync.Mutex
	to    map[string]string
	by    map[[minSeen]byte][]string // by how they begin, the longest first
	first [1 << 16]uint16            // how many have these two bytes first
	order []string
}

func pairOf(s string) int { return int(s[0])<<8 | int(s[1]) }

// keep notes a secret and what stands for it, in all its spellings.
func (m *Masker) keep(v, to string) {
	if masked(v) || len(v) > maxLong {
		return
	}
	list := []string{v}
	// A ticket has two parts; others show only one of them.
	if t, p, ok := strings.Cut(v, "&p="); ok && strings.HasPrefix(t, "t=") {
		list = append(list, t[2:], p)
	}
	m.seen.mu.Lock()
	defer m.seen.mu.Unlock()
	for _, v := range list {
		for _, s := range []string{v, html.EscapeString(v), url.QueryEscape(v), url.PathEscape(v)} {
			m.seen.add(s, to)
		}
	}
}

func (s *seen) add(v, to string) {
	if len(v) < minSeen || s.to[v] != "" || strings.HasPrefix(maskMark, v) || strings.HasPrefix(v, maskMark) {
		return
	}
	if s.to == nil {
		s.to, s.by = map[string]string{}, map[[minSeen]byte][]string{}
	}
	k := [minSeen]byte([]byte(v[:minSeen]))
	if len(s.by[k]) >= maxLike {
		s.drop(slices.IndexFunc(s.order, func(x string) bool { return x[:minSeen] == v[:minSeen] }))
	}
	if len(s.order) >= maxSeen {
		s.drop(0)
	}
	s.order = append(s.order, v)
	s.to[v] = to
	s.first[pairOf(v)]++
	s.by[k] = append(s.by[k], v)
	slices.SortStableFunc(s.by[k], func(a, b string) int { return len(b) - len(a) })
}

func (s *seen) drop(i int) {
	old := s.order[i]
	s.order = slices.Delete(s.order, i, i+1)
	delete(s.to, old)
	s.first[pairOf(old)]--
	k := [minSeen]byte([]byte(old[:minSeen]))
	if s.by[k] = slices.DeleteFunc(s.by[k], func(x string) bool { return x == old }); len(s.by[k]) == 0 {
		delete(s.by, k)
	}
}

// find returns where secrets stand in b, and what stands for them.
func (s *seen) find(b []byte) (list []http1.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.to) == 0 {
		return nil
	}
	for at := 0; at+minSeen <= len(b); at++ {
		if s.first[int(b[at])<<8|int(b[at+1])] == 0 {
			continue
		}
		for _, v := range s.by[[minSeen]byte(b[at:at+minSeen])] {
			if bytes.HasPrefix(b[at:], []byte(v)) && (len(v) >= sureLen || alone(b, at, at+len(v))) {
				list = append(list, http1.Change{Place: http1.Place{Start: at, End: at + len(v)}, To: []byte(s.to[v])})
				at += len(v) - 1
				break
			}
		}
	}
	return list
}

// alone reports whether a short secret is no part of a longer word, and no name in a tag.
func alone(b []byte, start, end int) bool {
	word := func(i int) bool {
		return i >= 0 && i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' || b[i] >= 0x80)
	}
	if word(start-1) && word(start) || word(end-1) && word(end) {
		return false
	}
	for i := start - 1; i >= 0 && i > start-64; i-- {
		switch b[i] {
		case '<':
			return false
		case '>', '"', '\'', ' ', '=', '\n':
			return true
		}
	}
	return true
}

// again masks the secrets that were seen before, wherever they stand in a message but where
// its form is.
func (m *Masker) again(raw []byte) []byte {
	h, ok := http1.Parse(raw)
	if !ok {
		return raw
	}
	var head []http1.Change
	in := func(p http1.Place) {
		for _, c := range m.seen.find(h.Text(p)) {
			c.Start, c.End = c.Start+p.Start, c.End+p.Start
			head = append(head, c)
		}
	}
	if h.Request {
		in(h.TargetPlace())
	}
	for i := range h.Headers {
		switch name := strings.ToLower(string(h.Text(h.Headers[i].Name))); {
		case strings.HasPrefix(name, "content-") && name != "content-location", name == "transfer-encoding", name == "trailer":
		default:
			in(h.Headers[i].Value)
		}
	}
	if len(h.Sent()) > 0 {
		if body, err := h.Body(MaxBody); err == nil {
			if list := m.seen.find(body); len(list) > 0 {
				return h.WithBody(http1.Splice(body, list), head...)
			}
		}
	}
	if len(head) > 0 {
		return h.WithHead(head...)
	}
	return raw
}
