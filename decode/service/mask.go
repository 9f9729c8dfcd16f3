package service

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"msnproxy/decode/http1"
)

// secrets are the values that let somebody in, of whatever message: those of the table,
// and what others have by the same names.
var secrets = func() []Param {
	list := []Param{
		{Where: "UsernameToken/Password", Kind: Password},
		{Where: "Password", Kind: Password},
		{Where: "BinarySecurityToken", Kind: Token},
		{Where: "CipherValue", Kind: Token},
		{Where: "BinarySecret", Kind: Secret},
		{Where: "TicketToken", Kind: Token},
		{Where: "SecurityToken", Kind: Token},
		{Where: "browserCookie", Kind: Cookie},
		{Where: "browserCookies", Kind: Cookie},
		{Where: "PassportTicket", Kind: Token},
		{Where: "SignatureValue", Kind: Token},
		{Where: ":Authentication-Info/from-PP", Kind: Token},
		{Where: ":Authorization/from-PP", Kind: Token},
		{Where: ":Authorization/t", Kind: Token},
	}
	for _, name := range []string{"password", "passwd", "pwd", "pass"} {
		list = append(list, Param{Where: "?" + name, Kind: Password})
	}
	for _, name := range []string{"t", "p", "token", "ticket", "auth", "creds", "access_token"} {
		list = append(list, Param{Where: "?" + name, Kind: Token})
	}
	for _, a := range table {
		for _, p := range slices.Concat(a.Ask, a.Answer) {
			if p.Kind.Secret() && !slices.ContainsFunc(list, func(q Param) bool { return q.Where == p.Where }) {
				list = append(list, p)
			}
		}
	}
	return list
}()

var secretFinders = finders(secrets)

// Mask returns a whole message with what lets somebody in replaced by stand-ins, and the
// length of the body counted anew. A token or a key becomes "masked-" and its [TokenID],
// so that messages that carry the same one are still known to; a password becomes one that
// nobody can guess it from. A body that is in chunks or compressed becomes one that is not,
// where there is something to mask. One that cannot be read, or not to its end, is left
// out, with a text in its stead. What is no message of HTTP/1, and what holds nothing to
// mask, is returned as it is, without a copy.
func Mask(raw []byte, m *Masker) []byte { return MaskWith(raw, m.standIn) }

// MaskWith is [Mask] with stand-ins of the caller's: standIn is given what kind of a secret
// it is, and the value decoded.
func MaskWith(raw []byte, standIn func(k Kind, v string) string) []byte {
	h, ok := http1.Parse(raw)
	if !ok {
		return raw
	}
	head := maskHead(h, standIn)
	body, changed := maskBody(h, standIn)
	switch {
	case changed:
		return h.WithBody(body, head...)
	case len(head) > 0:
		return h.WithHead(head...)
	}
	return raw
}

func maskHead(h *http1.Message, standIn func(Kind, string) string) (changes []http1.Change) {
	mask := func(k Kind, v string, start, end int) {
		if to := standIn(k, v); start < end && to != string(h.Raw[start:end]) {
			changes = append(changes, http1.Change{Place: http1.Place{Start: start, End: end}, To: []byte(to)})
		}
	}
	for i := range secrets {
		p := &secrets[i]
		if strings.HasPrefix(p.Where, ":Cookie") {
			continue // all of them are masked below
		}
		eachInHead(h, p.Where, func(start, end int) {
			v := string(h.Raw[start:end])
			if p.Where[0] == '?' {
				v = unescape(h.Raw[start:end])
			} else if t, err := url.PathUnescape(v); err == nil && p.Kind == Password {
				v = t
			}
			mask(p.Kind, v, start, end)
		})
	}
	for i := range h.Headers {
		v := h.Headers[i].Value
		switch text := h.Text(v); strings.ToLower(string(h.Text(h.Headers[i].Name))) {
		case "cookie":
			eachPair(text, ';', func(_ string, s, e int) { mask(Cookie, string(text[s:e]), v.Start+s, v.Start+e) })
		case "set-cookie":
			first, _, _ := bytes.Cut(text, []byte{';'})
			if j := bytes.IndexByte(first, '='); j >= 0 {
				mask(Cookie, string(first[j+1:]), v.Start+j+1, v.Start+len(first))
			}
		case "authorization", "proxy-authorization":
			if !bytes.HasPrefix(text, []byte("Passport")) {
				at := bytes.IndexByte(text, ' ') + 1
				mask(Password, string(text[at:]), v.Start+at, v.End)
			}
		case "location", "content-location", "referer":
			at := bytes.IndexByte(text, '?') + 1
			if at == 0 {
				break
			}
			eachPair(text[at:], '&', func(name string, s, e int) {
				for i := range secrets {
					if p := &secrets[i]; p.Where[0] == '?' && strings.EqualFold(p.Where[1:], name) {
						mask(p.Kind, unescape(text[at+s:at+e]), v.Start+at+s, v.Start+at+e)
						return
					}
				}
			})
		}
	}
	return apart(changes)
}

// apart drops the changes whose places others have already.
func apart(changes []http1.Change) []http1.Change {
	slices.SortStableFunc(changes, func(a, b http1.Change) int { return a.Start - b.Start })
	at := -1
	return slices.DeleteFunc(changes, func(c http1.Change) bool {
		if c.Start < at {
			return true
		}
		at = c.End
		return false
	})
}

func maskBody(h *http1.Message, standIn func(Kind, string) string) (body []byte, changed bool) {
	sent := h.Sent()
	if len(sent) == 0 {
		return nil, false
	}
	body, err := h.Body(MaxBody)
	if err != nil {
		return fmt.Appendf(nil, "[%d bytes are left out: %v, so that what is secret in them can't be masked]", len(sent), err), true
	}
	changes := Secrets(h, body)
	for i := range changes {
		c := &changes[i]
		changes[i].Change.To = []byte(standIn(c.Kind, c.Text))
	}
	plain := make([]http1.Change, 0, len(changes))
	for _, c := range changes {
		if string(body[c.Start:c.End]) != string(c.To) {
			plain = append(plain, c.Change)
		}
	}
	if plain = apart(plain); len(plain) == 0 {
		return nil, false
	}
	return http1.Splice(body, plain), true
}

// Hidden is a secret in a body: where it stands, and what it is.
type Hidden struct {
	http1.Change
	Kind Kind
	// Text is the value decoded.
	Text string
}

// Secrets returns the secrets in the body of a message, which is given without chunks and
// decompressed. Places are in that.
func Secrets(h *http1.Message, body []byte) (list []Hidden) {
	add := func(k Kind, text string, start, end int) {
		list = append(list, Hidden{http1.Change{Place: http1.Place{Start: start, End: end}}, k, text})
	}
	if bytes.IndexByte(body, '<') >= 0 {
		s := scanner{b: body, value: func(s *scanner, attribute string, start, end int) {
			for i := range secretFinders {
				if f := &secretFinders[i]; s.in(f.path, attribute) {
					add(f.param.Kind, plain(body[start:end]), start, end)
					return
				}
			}
		}}
		s.run()
	}
	if isForm(h) || h.Request && len(list) == 0 && h.Value("Content-Type") == "" && bytes.IndexByte(body, '<') < 0 {
		eachPair(body, '&', func(name string, start, end int) {
			for i := range secrets {
				if p := &secrets[i]; p.Where[0] == '?' && strings.EqualFold(p.Where[1:], name) && start < end {
					add(p.Kind, unescape(body[start:end]), start, end)
					return
				}
			}
		})
	}
	return list
}
