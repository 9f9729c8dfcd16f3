package capture

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/http1"
	"msnproxy/decode/service"
)

// webSecret stands for a ticket, the same for all its spellings, so that the web services
// and the sign-in on the notification server still belong together.
func (r *Redactor) webSecret(b []byte) []byte {
	if id := service.TokenID(string(b)); id != "" {
		return r.secret([]byte("ticket " + id))
	}
	return r.secret(b)
}

// webStandIn stands for a secret of a web service.
func (r *Redactor) webStandIn(k service.Kind, v string) string {
	switch {
	case strings.HasPrefix(v, standInMark):
		return v
	case k == service.Token || k == service.Cookie:
		return string(r.webSecret([]byte(v)))
	}
	return string(r.secret([]byte(v)))
}

// standInMark begins what stands for a secret.
const standInMark = "REDACTED"

// web returns a message of HTTP without what is to go.
func (r *Redactor) web(fr *decode.Frame) decode.Frame {
	raw := service.MaskWith(fr.Raw, r.webStandIn)
	if r.all {
		raw = r.webAll(raw)
	}
	var f decode.Framer
	out := reframe(&f, decode.Web.String(), raw)
	out.Raw = bytes.Clone(out.Raw)
	out.Offset, out.Resync, out.Gap = fr.Offset, fr.Resync, fr.Gap
	return out
}

// publicHeaders are those whose values tell nothing of anybody.
var publicHeaders = map[string]bool{"content-type": true, "content-length": true, "transfer-encoding": true, "content-encoding": true,
	"soapaction": true, "connection": true, "proxy-connection": true, "accept": true, "accept-encoding": true, "cache-control": true, "expect": true,
	"pragma": true, "date": true, "keep-alive": true, "vary": true, "expires": true}

var (
	// publicValue is a word or a number of a service's own.
	publicValue = regexp.MustCompile(`^[A-Za-z0-9_.$:;|-]{1,40}$`)
	// publicTarget is the address of a token, or of a service.
	publicTarget = regexp.MustCompile(`(?i)^(https?://)?([a-z0-9-]{1,32}\.){1,4}(hotmail|msn|passport|live)\.(com|net)(/[a-z0-9./_-]{0,60})?(\?id=[0-9]+)?$`)
	passports    = regexp.MustCompile(`^Passport1\.4 `)
)

// webAll redacts all that is not known to be public. Secrets are gone already.
func (r *Redactor) webAll(raw []byte) []byte {
	m, ok := http1.Parse(raw)
	if !ok {
		return r.blotted(raw)
	}
	call, ok := service.Read(raw, nil)
	if !ok {
		if call, ok = service.ReadOther(raw); !ok {
			return r.blotted(raw)
		}
	}
	head := r.webHead(m, call)
	if len(call.Body) == 0 {
		return m.WithHead(head...)
	}
	var body []http1.Change
	if bytes.IndexByte(call.Body, '<') < 0 {
		return m.WithBody(r.words(call.Body), head...)
	}
	call.Walk(func(path []string, start, end int, p *service.Param) {
		text := html.UnescapeString(string(call.Body[start:end]))
		if to := r.webValue(text, p); to != text {
			body = append(body, http1.Change{Place: http1.Place{Start: start, End: end}, To: []byte(html.EscapeString(to))})
		}
	})
	return m.WithBody(http1.Splice(call.Body, body), head...)
}

func (r *Redactor) blotted(raw []byte) []byte {
	out := bytes.Clone(raw)
	blot(out)
	return out
}

// webValue stands for a value of which p says what it is; nil: nobody knows.
func (r *Redactor) webValue(v string, p *service.Param) string {
	kind := service.Person
	if p != nil {
		kind = p.Kind
	}
	switch {
	case strings.HasPrefix(v, standInMark), v == "true", v == "false", decode.PublicWord([]byte(v)), publicTarget.MatchString(v):
		return v
	case kind == service.LockKey, p != nil && p.Name == "challenge":
		return v
	case kind == service.Account:
		return string(r.handle([]byte(v)))
	case kind == service.Host:
		return r.webHost(v)
	case kind == service.URL:
		return string(r.url([]byte(v)))
	case p != nil && kind != service.Person && kind != service.ID && publicValue.MatchString(v) && !telephone.MatchString(v):
		return v
	}
	return string(r.words([]byte(v)))
}

// webHost stands for a host, which a path may follow.
func (r *Redactor) webHost(v string) string {
	scheme, rest := "", v
	if i := strings.Index(v, "://"); i >= 0 {
		scheme, rest = v[:i+3], v[i+3:]
	}
	host, path, found := strings.Cut(rest, "/")
	if found {
		path = "/" + path
	}
	path, _, _ = strings.Cut(path, "?")
	return scheme + r.address(host) + r.webPath(path)
}

// webPath keeps those parts of a path that say nothing of anybody.
func (r *Redactor) webPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if part != "" && !publicPart.MatchString(part) {
			parts[i] = string(r.word([]byte(part)))
		}
	}
	return strings.Join(parts, "/")
}

// webHead redacts the head of a message.
func (r *Redactor) webHead(m *http1.Message, call *service.Call) (changes []http1.Change) {
	put := func(p http1.Place, to string) {
		if p.Start < p.End && to != string(m.Text(p)) {
			changes = append(changes, http1.Change{Place: p, To: []byte(to)})
		}
	}
	if m.Request {
		put(m.TargetPlace(), r.webTarget(m.Target, call))
	}
	for i := range m.Headers {
		h := &m.Headers[i]
		v := string(m.Text(h.Value))
		switch name := strings.ToLower(string(m.Text(h.Name))); {
		case publicHeaders[name]:
		case name == "host":
			put(h.Value, r.address(v))
		case name == "location":
			put(h.Value, r.webHost(v))
		case name == "passporturls", passports.MatchString(v):
			put(h.Value, r.webPairs(v))
		case name == "cookie" || name == "set-cookie" || name == "authorization":
		default:
			put(h.Value, string(r.words([]byte(v))))
		}
	}
	return changes
}

// webTarget redacts the target of a request: hosts, and all values behind a question mark.
func (r *Redactor) webTarget(v string, call *service.Call) string {
	target, query, asks := strings.Cut(v, "?")
	if call.Action == service.Other() || strings.Contains(target, "://") || strings.Contains(target, "/usertile/") {
		if strings.HasPrefix(target, "/") {
			target = r.webPath(target)
		} else {
			target = r.webHost(target)
		}
	}
	if !asks {
		return target
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		if value != "" && !strings.HasPrefix(value, standInMark) && !decode.PublicWord([]byte(value)) {
			pairs[i] = name + "=" + string(r.word([]byte(value)))
		}
	}
	return target + "?" + strings.Join(pairs, "&")
}

// publicPart is a part of a path that says nothing of anybody.
var publicPart = regexp.MustCompile(`(?i)^(storage|usertile|static|abservice|rsi|oimws|storageservice|ppsecure|rdr|config|[a-z0-9]{1,24}\.(srf|asmx|asp|html?|dll))$`)

// webPairs redacts a header of Passport: name=value, parted by commas.
func (r *Redactor) webPairs(v string) string {
	parts := strings.Split(v, ",")
	for i, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		switch bare := strings.Trim(value, "'\""); {
		case strings.HasPrefix(bare, standInMark), decode.PublicWord([]byte(bare)), bare == "success", bare == "failed":
		case strings.Contains(value, "@") || strings.Contains(value, "%40"):
			parts[i] = name + "=" + string(r.handle([]byte(value)))
		case strings.Contains(value, ".") && !strings.Contains(value, " "):
			parts[i] = name + "=" + r.webHost(value)
		case publicValue.MatchString(value):
		default:
			parts[i] = name + "=" + string(r.word([]byte(value)))
		}
	}
	return strings.Join(parts, ",")
}
