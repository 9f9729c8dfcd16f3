package service

import (
	"bytes"
	"html"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"msnproxy/decode/http1"
)

// judgement is what can be said about a body.
type judgement uint8

const (
	opaque   judgement = iota // nobody can tell where secrets are in it
	readable                  // XML, or a form
	harmless                  // there is no place for any
)

// maxNested bounds how often markup is looked for within the texts of markup.
const maxNested = 3

// maxWord is the longest word that a text may have and still hold no token.
const maxWord = 40

var (
	leftOut = regexp.MustCompile(`^\[[0-9]+ bytes [^<>&={}]{0,300} left out[^<>&={}]{0,300}\]$`)
	// letters are the charsets in which the signs of XML and forms are those of ASCII.
	letters = regexp.MustCompile(`(?i)^(?:utf-?8|(?:us-)?ascii|iso-?8859-[0-9]+|latin-?1|windows-125[0-9])$`)
	// declared finds the charset that XML names itself.
	declared = regexp.MustCompile(`^<\?xml[^>]*\sencoding\s*=\s*["']([^"'>]*)`)
	webPage  = regexp.MustCompile(`(?i)^(?:<!doctype\s+html|<html[\s>])`)
)

// judge says whether secrets in a body can be found. The body is without chunks and
// decompressed.
func judge(h *http1.Message, body []byte) judgement {
	kind, params, err := mime.ParseMediaType(h.Value("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(h.Value("Content-Type")), ";")
		kind, params = strings.TrimSpace(kind), nil
	}
	form := isForm(h)
	switch {
	case kind == "application/x-msn-messenger", leftOut.Match(body):
		return readable
	case isPicture(kind, body), !form && plainWords(body):
		return harmless
	case bytes.IndexByte(body, 0) >= 0 || bytes.Contains(body, []byte("<!ENTITY")):
		return opaque
	case params["charset"] != "" && !letters.MatchString(params["charset"]), err != nil && kind != "" && strings.Contains(h.Value("Content-Type"), "charset"):
		return opaque
	case form:
		return readable
	case kind == "" && h.Request && !isMarkup(body) && bytes.IndexByte(body, '=') > 0 && !bytes.ContainsAny(body, "\r\n<{:\" ") && utf8.Valid(body):
		return readable // a form that does not say so
	case kind != "" && !strings.HasSuffix(kind, "xml"), !isMarkup(body):
		return opaque
	}
	body = unmarked(body)
	if m := declared.FindSubmatch(body); m != nil && !letters.Match(m[1]) || webPage.Match(body) || strings.Contains(kind, "xhtml") {
		return opaque
	}
	return readable
}

// unmarked returns a text without the mark of UTF-8 and the blanks that it begins with.
func unmarked(b []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
}

func isMarkup(b []byte) bool { return bytes.HasPrefix(unmarked(b), []byte("<")) }

// isPicture reports whether a body is of a kind that holds no text, and looks like that.
func isPicture(kind string, b []byte) bool {
	group, _, _ := strings.Cut(kind, "/")
	switch {
	case strings.Contains(kind, "xml"):
		return false
	case group == "image", group == "audio", group == "video":
	case kind == "application/octet-stream" && !bytes.HasPrefix(b, []byte("\x1f\x8b")):
	default:
		return false
	}
	// Text in UTF-16 has a zero in every other byte.
	half := bytes.Count(b, []byte{0})*3 > len(b) && len(b) > 3 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff || b[1] == 0 && b[3] == 0)
	return !half && (!utf8.Valid(b) || bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }))
}

// plainWords reports whether a text is words, none of them a value of something, or long
// enough to be a token.
func plainWords(b []byte) bool {
	if len(b) > 1<<10 || !utf8.Valid(b) || bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\r' && r != '\n' || strings.ContainsRune("=:<>&%{}\"\\+", r)
	}) {
		return false
	}
	for w := range strings.FieldsSeq(string(b)) {
		if len(w) > maxWord {
			return false
		}
	}
	return true
}

var (
	// secretElement matches names of elements and attributes whose values are secrets, if
	// nobody knows what they are.
	secretElement = regexp.MustCompile(`(?i)(?:password|passwd|pwd|token|ticket|secret)$`)
	// repeated matches a secret in a text that repeats what was asked.
	repeated = regexp.MustCompile(`(?i)(?:passw(?:or)?d|pwd|token|ticket|secret|cookie|authorization|mspauth)['"]?\s*[=:]`)
)

// secret returns the kind of what the element, or the attribute, is that is being read;
// [Word]: no secret.
func (s *scanner) secret(attribute string) Kind {
	for i := range secretFinders {
		if f := &secretFinders[i]; s.in(f.path, attribute) {
			return f.param.Kind
		}
	}
	name := strings.TrimPrefix(attribute, "@")
	if attribute == "" && len(s.open) > 0 {
		name = s.open[len(s.open)-1].name
	}
	switch {
	case strings.EqualFold(name, "pass"), strings.EqualFold(name, "pw"):
		return Password
	case name != "" && strings.IndexByte("dDnNtT", name[len(name)-1]) >= 0 && secretElement.MatchString(name):
		if strings.HasSuffix(strings.ToLower(name), "d") {
			return Password
		}
		return Token
	}
	return Word
}

// inMarkup tells of the secrets in XML. In its texts markup is looked for nested times
// more: one that has any is a secret as a whole.
func inMarkup(b []byte, nested int, to tell) (deep bool) {
	value := func(s *scanner, attribute string, start, end int) {
		text := plain(b[start:end])
		k := s.secret(attribute)
		switch {
		case k != Word:
			to(k, text, start, end)
		case nested > 0 && (hides(text, nested-1) || s.faulty() && repeated.MatchString(text)):
			to(Secret, text, start, end)
		default:
			inAddress(b[start:end], nested, func(k Kind, v string, f, e int) { to(k, v, start+f, start+e) })
		}
	}
	s := scanner{b: b, value: value,
		whole: func(s *scanner) bool { return s.secret("") != Word },
		comment: func(s *scanner, start, end int) {
			text := string(bytes.TrimSpace(b[start:end]))
			k := Word
			if len(s.open) > 0 {
				k = s.secret("")
			}
			if text != "" && (k != Word || hides(text, nested-1) || repeated.MatchString(text)) {
				to(Secret, text, start, end)
			}
		},
	}
	s.run()
	return s.deep
}

// faulty reports whether what is read is part of a refusal, which may repeat what was asked.
func (s *scanner) faulty() bool {
	for _, e := range s.open {
		if strings.EqualFold(e.name, "Fault") {
			return true
		}
	}
	return false
}

// hides reports whether a text is markup that has secrets in it.
func hides(text string, nested int) bool {
	if nested < 0 || strings.IndexByte(text, '<') < 0 && !strings.Contains(text, "&lt;") {
		return false
	}
	hit := false
	deep := inMarkup([]byte(text), nested, func(_ Kind, v string, _, _ int) { hit = hit || !IsMasked(v) })
	return hit || deep || strings.Contains(text, "&lt;") && hides(html.UnescapeString(text), nested-1)
}
