package capture

import (
	"bytes"
	"net/url"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// command returns the command with its parameters redacted, and another payload.
func (r *Redactor) command(m *decode.Message, body []byte) []byte {
	return m.Splice(nil, func(i int, f decode.Field) ([]byte, bool) { return r.field(m, &f, i), true }, body, true)
}

// field returns the stand-in of the i-th parameter. With All only values stay that
// are known to be public.
func (r *Redactor) field(m *decode.Message, f *decode.Field, i int) []byte {
	raw := f.Raw
	if f.Param == nil {
		switch {
		case m.Form != nil && !r.all, decode.PublicWord(raw), i == 0 && len(raw) < 10 && isDigits(string(raw)):
			return raw // the last: a TrID
		case m.Form == nil && !r.all:
			return r.secret(raw) // nobody knows what it is
		}
		return r.named(raw)
	}
	k := f.Param.Kind
	switch {
	case k.Secret && k.Name == "response":
		return r.hash(raw)
	case k.Secret && guid.Match(raw):
		return r.guid(raw)
	case k.Secret && k.Name == "ticket":
		return r.webSecret(raw)
	case k.Secret:
		return r.secret(raw)
	case !r.all || f.Param.Public(raw):
		return raw
	}
	switch k.Name {
	case "msnobj":
		if object := []byte(decode.Unescape(raw)); payload.IsObject(object) {
			return []byte(escapeAll(string(r.object(object))))
		}
		return []byte("0")
	case "handle", "target":
		return r.handle(raw)
	case "friendly", "groupname":
		return r.name(raw)
	case "address", "host":
		return []byte(r.address(string(raw)))
	case "url":
		return r.url(raw)
	}
	if property := m.Raw("property"); k.Name == "value" && len(property) == 3 && string(property[:2]) == "PH" {
		if number, ok := r.phoneNumber(decode.Unescape(raw)); ok {
			return escape([]byte(number))
		}
	}
	if k.Encoded {
		return escape(r.named([]byte(decode.Unescape(raw))))
	}
	return r.named(raw)
}

// escapeAll percent-encodes as clients do that send descriptions of objects.
func escapeAll(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// keys are what stands before the "=" of a parameter (MSNP10; FND).
var keys = map[string]bool{"N": true, "F": true, "C": true, "fname": true, "lname": true, "city": true, "state": true, "country": true}

// named redacts a value that may be "F=Bob" or "N=bob@example.com" (MSNP10), a
// handle, or any words.
func (r *Redactor) named(raw []byte) []byte {
	name, value, ok := bytes.Cut(raw, []byte("="))
	switch {
	case !ok || !keys[string(name)]:
		return r.words(raw)
	case string(value) == "*":
		return raw
	case string(name) == "N":
		value = r.handle(value)
	case string(name) == "F":
		value = r.name(value)
	default:
		value = r.words(value)
	}
	return append(append(bytes.Clone(name), '='), value...)
}
