package service

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"msnproxy/decode/http1"
)

// tell is told of a secret: what it is, its value decoded, and where it stands.
type tell func(k Kind, v string, start, end int)

func maskHead(h *http1.Message, standIn func(Kind, string) string) (changes []http1.Change) {
	mask := func(k Kind, v string, start, end int) {
		if start >= end {
			return
		}
		if to := standIn(k, v); to != string(h.Raw[start:end]) {
			changes = append(changes, http1.Change{Place: http1.Place{Start: start, End: end}, To: []byte(to)})
		}
	}
	at := func(p http1.Place) tell {
		return func(k Kind, v string, s, e int) { mask(k, v, p.Start+s, p.Start+e) }
	}
	if h.Request {
		p := h.TargetPlace()
		inAddress(h.Text(p), maxNested, at(p))
	}
	for i := range h.Headers {
		v := h.Headers[i].Value
		text := h.Text(v)
		switch name := strings.ToLower(string(h.Text(h.Headers[i].Name))); {
		case name == "cookie", name == "cookie2":
			inCookie(text, at(v))
			continue
		case name == "set-cookie", name == "set-cookie2":
			inSetCookie(text, at(v))
			continue
		case name == "authorization", name == "proxy-authorization":
			inAuthorization(text, at(v))
			if !bytes.HasPrefix(text, []byte("Passport")) {
				continue
			}
		case strings.HasPrefix(name, "content-") && name != "content-location", name == "transfer-encoding", name == "trailer":
			continue
		case secretHeader.MatchString(name):
			mask(Token, string(text), v.Start, v.End)
			continue
		}
		for j := range secrets {
			if p := &secrets[j]; p.Where[0] == ':' {
				eachInHeader(h, i, p.Where, func(start, end int) { mask(p.Kind, decoded(p.Kind, h.Raw[start:end]), start, end) })
			}
		}
		inAddress(text, maxNested, at(v))
	}
	return apart(changes)
}

// secretHeader matches the names of headers that are secrets as a whole.
var secretHeader = regexp.MustCompile(`cookie|password|passwd|token|secret|ticket|api-?key|^x-.*auth`)

func decoded(k Kind, b []byte) string {
	if t, err := url.PathUnescape(string(b)); err == nil && k == Password {
		return t
	}
	return string(b)
}

// inCookie tells of the values in a Cookie, and of what has no name in it.
func inCookie(b []byte, to tell) {
	for at := 0; at < len(b); {
		end := len(b)
		if i := bytes.IndexByte(b[at:], ';'); i >= 0 {
			end = at + i
		}
		start := at + bytes.IndexByte(b[at:end], '=') + 1
		trimmed(b, start, end, Cookie, to)
		at = end + 1
	}
}

// trimmed tells of a value without the blanks around it.
func trimmed(b []byte, start, end int, k Kind, to tell) {
	for start < end && blank(b[start]) {
		start++
	}
	for end > start && blank(b[end-1]) {
		end--
	}
	if start < end {
		to(k, string(b[start:end]), start, end)
	}
}

var (
	// cookieWord matches what a part of a Set-Cookie may be beside the cookie.
	cookieWord = regexp.MustCompile(`(?i)^\s*(?:expires|path|domain|max-age|version|samesite|comment|priority|port)\s*=|^\s*(?:secure|httponly|discard|partitioned)?\s*$`)
	// another matches what begins another cookie in the same header.
	another = regexp.MustCompile(`,[^=;,]*=`)
)

// inSetCookie tells of the values in a Set-Cookie, which may be several that were joined.
func inSetCookie(b []byte, to tell) {
	for at, first := 0, true; at < len(b); first = false {
		end := len(b)
		if i := bytes.IndexByte(b[at:], ';'); i >= 0 {
			end = at + i
		}
		part := b[at:end]
		switch more := another.FindIndex(part); {
		case first || !cookieWord.Match(part):
			trimmed(b, at+bytes.IndexByte(part, '=')+1, end, Cookie, to)
		case more != nil:
			trimmed(b, at+more[1], end, Cookie, to)
		}
		at = end + 1
	}
}

var (
	pwdKey = regexp.MustCompile(`(?i)(?:^|[\s,;])pwd\s*=\s*`)
	// behindPwd matches what may follow a password, which may hold any of ",; ".
	behindPwd = regexp.MustCompile(`(?i)[\s,;]+(?:orgverb|orgurl|sign-in|lc|id|tw|fs|ru|ct|kpp|kv|ver|tpf|cb|cbid|ns|elapsed-time|from-pp|t|p|pwd)\s*=`)
)

// inAuthorization tells of the password of Passport1.4, and of all that others show.
func inAuthorization(b []byte, to tell) {
	if !bytes.HasPrefix(b, []byte("Passport")) {
		trimmed(b, bytes.IndexByte(b, ' ')+1, len(b), Password, to)
		return
	}
	for at := 0; ; {
		m := pwdKey.FindIndex(b[at:])
		if m == nil {
			return
		}
		start, end := at+m[1], len(b)
		if e := behindPwd.FindIndex(b[start:]); e != nil {
			end = start + e[0]
		}
		at = end
		if q := byteAt(b, start); (q == '\'' || q == '"') && end-start > 1 && b[end-1] == q {
			start, end = start+1, end-1
		}
		if start < end {
			to(Password, decoded(Password, b[start:end]), start, end)
		}
	}
}

// userinfo matches who asks for an address, behind which the host stands.
var userinfo = regexp.MustCompile(`://([^/?#@\s"'<>]*)@`)

// inAddress tells of the secrets in an address, or in a text that has one in it: in the
// query, in what follows a #, and who asks. In its values it looks nested times more.
func inAddress(b []byte, nested int, to tell) {
	i := bytes.IndexAny(b, "?#")
	if i < 0 && bytes.IndexByte(b, '@') < 0 {
		return
	}
	for _, m := range userinfo.FindAllSubmatchIndex(b, -1) {
		start := m[2] + bytes.IndexByte(b[m[2]:m[3]], ':') + 1
		if start < m[3] {
			to(Password, decoded(Password, b[start:m[3]]), start, m[3])
		}
	}
	if i < 0 {
		return
	}
	at := i + 1
	eachPair(b[at:], '&', func(name string, s, e int) {
		inPair(name, b[at+s:at+e], nested, func(k Kind, v string, start, end int) { to(k, v, at+s+start, at+s+end) })
	})
}

// inPair tells of the secrets in the value of a query or of a form, in which it looks nested
// times more.
func inPair(name string, b []byte, nested int, to tell) {
	if k := secretName(name); k != Word {
		if len(b) > 0 {
			to(k, unescape(b), 0, len(b))
		}
		return
	}
	// A value may be an address itself, and some part with other signs.
	for at := 0; at < len(b); {
		i := bytes.IndexAny(b[at:], ";?#,")
		if i < 0 {
			break
		}
		at += i + 1
		part := b[at:]
		if j := bytes.IndexAny(part, ";?#,"); j >= 0 {
			part = part[:j]
		}
		name, _, found := bytes.Cut(part, []byte{'='})
		if k := secretName(unescape(name)); found && k != Word {
			if start := at + len(name) + 1; start < len(b) {
				to(k, unescape(b[start:]), start, len(b))
			}
			return
		}
	}
	if nested == 0 || !bytes.ContainsAny(b, "%<") {
		return
	}
	hit := false
	inner := func(_ Kind, v string, _, _ int) { hit = hit || !IsMasked(v) }
	text := []byte(unescape(b))
	inAddress(text, nested-1, inner)
	inPair("", text, nested-1, inner)
	inMarkup(text, nested-1, inner)
	if hit {
		to(Token, string(text), 0, len(b))
	}
}

// secretName returns the kind of what has that name in a query or a form; [Word]: no
// secret.
func secretName(name string) Kind {
	name = strings.TrimPrefix(strings.TrimSpace(name), "amp;")
	for i := range secrets {
		if p := &secrets[i]; p.Where[0] == '?' && strings.EqualFold(p.Where[1:], name) {
			return p.Kind
		}
	}
	return Word
}
