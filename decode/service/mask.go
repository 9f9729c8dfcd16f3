package service

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

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
	for _, name := range []string{"password", "passwd", "pwd", "pass", "pw"} {
		list = append(list, Param{Where: "?" + name, Kind: Password})
	}
	for _, name := range []string{"t", "p", "token", "ticket", "auth", "creds", "access_token", "id_token", "refresh_token", "secret", "client_secret"} {
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
// where there is something to mask. One that cannot be read, or not to its end, or of which
// nobody can tell where secrets are in it, is left out, with a text in its stead. A secret
// that the masker has seen is masked wherever it comes again. What is no message of HTTP/1,
// and what holds nothing to mask, is returned as it is, without a copy.
func Mask(raw []byte, m *Masker) []byte {
	return m.again(MaskWith(raw, func(k Kind, v string) string {
		to := m.standIn(k, v)
		m.keep(v, to)
		return to
	}))
}

// MaskWith is [Mask] with stand-ins of the caller's: standIn is given what kind of a secret
// it is, and the value decoded. Secrets are masked only where it can be told that they are
// some.
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
	how := judge(h, body)
	if how == opaque {
		return fmt.Appendf(nil, "[%d bytes that are no XML and no form are left out, as secrets may be in them]", len(sent)), true
	}
	list, deep := secretsIn(h, body)
	if deep {
		return fmt.Appendf(nil, "[%d bytes that are nested too deep are left out, as secrets may be in them]", len(sent)), true
	}
	plain := make([]http1.Change, 0, len(list))
	for _, c := range list {
		if to := standIn(c.Kind, c.Text); string(body[c.Start:c.End]) != to {
			plain = append(plain, http1.Change{Place: c.Place, To: []byte(to)})
		}
	}
	if plain = apart(plain); len(plain) > 0 {
		return http1.Splice(body, plain), true
	}
	// What stands beside the chunks is nobody's business.
	return body, h.Value("Transfer-Encoding") != "" && besideChunks(sent)
}

// besideChunks reports whether chunks have more than their lengths and what is in them.
func besideChunks(b []byte) bool {
	for {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		switch {
		case err != nil || size < 0:
			return true
		case size == 0:
			return len(bytes.TrimSpace(rest)) > 0
		case int(size) > len(rest):
			return true
		}
		_, b, _ = bytes.Cut(rest[size:], []byte("\n"))
	}
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
func Secrets(h *http1.Message, body []byte) []Hidden {
	list, _ := secretsIn(h, body)
	return list
}

// secretsIn is [Secrets]; deep: there is XML that is nested deeper than it is looked at.
func secretsIn(h *http1.Message, body []byte) (list []Hidden, deep bool) {
	add := func(k Kind, text string, start, end int) {
		list = append(list, Hidden{http1.Change{Place: http1.Place{Start: start, End: end}}, k, text})
	}
	if isForm(h) || h.Request && h.Value("Content-Type") == "" && !isMarkup(body) {
		eachPair(body, '&', func(name string, start, end int) {
			inPair(name, body[start:end], maxNested, func(k Kind, v string, s, e int) { add(k, v, start+s, start+e) })
		})
	}
	if bytes.IndexByte(body, '<') >= 0 {
		deep = inMarkup(body, maxNested, add)
	}
	return list, deep
}
