package decode

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Opening is what the first bytes of a link are.
type Opening struct {
	// Name is what is spoken, in short: "TLS", "SOCKS5", "MSNP"; "text" or
	// "binary" where it has no name.
	Name string
	// Text says what the bytes are, to follow "this is": "a hello of TLS 1.2 for
	// ns.example.com". It holds nothing that must be escaped.
	Text string
	// Advice is what to do about it, a sentence without its full stop; empty where
	// there is nothing to do.
	Advice string
	// Target is where a request to a proxy wants to go, "host:port", or the host that
	// a TLS hello names; empty where it names none.
	Target string
	// Roles is what a server can be for that a client speaks to like that, or that
	// speaks like that; 0: not known, or no MSNP.
	Roles Role
	// Partial: more bytes may tell more of the same, as the target.
	Partial bool
	// Answer: it is what a server of HTTP says.
	Answer bool
}

// MSNP reports whether the link begins as one of MSNP or MSNFTP does. Nothing else
// may be changed on its way.
func (o Opening) MSNP() bool { return o.Name == nameMSNP || o.Name == nameFTP }

// Direct reports whether it is a direct connection between two clients (P2P), which
// package p2p reads.
func (o Opening) Direct() bool { return o.Name == nameDirect }

// Gateway reports whether it is HTTP with MSN's gateway, which carries MSNP.
func (o Opening) Gateway() bool { return o.Name == nameGateway }

// String returns the text and the advice.
func (o Opening) String() string {
	if o.Advice == "" {
		return o.Text
	}
	return o.Text + "; " + o.Advice
}

const (
	nameMSNP    = "MSNP"
	nameFTP     = "MSNFTP"
	nameDirect  = "MSNP2P"
	nameText    = "text"
	nameGateway = "HTTP gateway"
	nameBinary  = "binary"
)

// MaxOpening is how many of a link's first bytes are worth looking at: a TLS hello
// takes some 2 KB.
const MaxOpening = 4 << 10

// ReadOpening says what b is, the first bytes of a link that from sends (0: either
// may be the sender). ok is false while more bytes are needed to say. ended says
// that no more will come: then ok is true, unless there is no byte at all. A first
// line that is whole is always enough.
func ReadOpening(b []byte, from Sender, ended bool) (o Opening, ok bool) {
	if len(b) == 0 {
		return Opening{}, false
	}
	if from == 0 {
		from = Either
	}
	ended = ended || len(b) >= MaxOpening
	more := false
	for _, read := range openings {
		o, guess := read(b, from)
		switch guess {
		case Yes:
			o.Partial = o.Partial && !ended
			return o, true
		case Maybe:
			more = true
		}
	}
	if more && !ended {
		return Opening{}, false
	}
	return nameless(b), true
}

// openings are asked in turn. Each says No, or that it needs more bytes, or what the
// bytes are. What one has said Yes to no other may.
var openings = []func(b []byte, from Sender) (Opening, Guess){
	marked, tlsHello, ssl2, socks5, socks4, proxyHeader, httpRequest, httpAnswer, msnp, greeting, telnet, utf16,
}

// nameless says what little can be said of bytes that nobody knows.
func nameless(b []byte) Opening {
	b = b[:min(len(b), MaxOpening)]
	if v := lookup(b); v != nil && len(b) > 4 && b[3] == ' ' && bytes.IndexByte(b, '\n') < 0 {
		return Opening{Name: nameMSNP, Text: "MSNP, a line without its end"}
	}
	for i, c := range b {
		control := c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f
		if r, n := utf8.DecodeRune(b[i:]); control || c >= utf8.RuneSelf && utf8.RuneStart(c) && r == utf8.RuneError && n == 1 && utf8.FullRune(b[i:]) {
			return Opening{Name: nameBinary, Text: "binary data of a kind that msnproxy does not know", Advice: "see what listens there, and which port the client was given"}
		}
	}
	return Opening{Name: nameText, Text: "text: " + quoted(firstLine(b)), Advice: "a command of MSNP is three capital letters or digits, a blank, and its parameters"}
}

// msnp recognises a first line of MSNP or MSNFTP: one that fits the table, or
// nearly, or an unknown verb with a TrID.
func msnp(b []byte, from Sender) (Opening, Guess) {
	// Some servers send empty lines, where others know better.
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	if len(b) == 0 {
		return Opening{}, Maybe
	}
	if startsLine(b) != partial {
		return Opening{}, No
	}
	if !bytes.Contains(b, []byte{'\n'}) {
		return Opening{}, Maybe
	}
	line := firstLine(b)
	fr := Frame{Raw: line, LineLen: len(line)}
	if !firstCommand(&fr) {
		return Opening{}, No
	}
	var m Message
	m.Decode(&fr, from, 0, 0)
	if m.Form != nil && m.Form.Roles == FTP && m.Fits() {
		return Opening{Name: nameFTP, Text: "MSNFTP, a file from client to client"}, Yes
	}
	o := Opening{Name: nameMSNP, Text: "MSNP"}
	if m.Fits() {
		o.Roles = m.Form.Roles
	}
	return o, Yes
}

// utf16 recognises text with two bytes a letter, as PowerShell and old editors save
// it, if it begins with a letter of ASCII.
func utf16(b []byte, _ Sender) (Opening, Guess) {
	o := Opening{Name: "UTF-16", Text: "UTF-16 text, two bytes a letter", Advice: adviceUTF8}
	switch prefix(b, "\xfe\xff") {
	case Yes:
		return o, Yes
	case Maybe:
		return o, Maybe
	}
	text, g := b, prefix(b, "\xff\xfe")
	switch {
	case g == Maybe:
		return o, Maybe
	case g == Yes:
		text = b[2:]
	}
	for i, c := range text[:min(len(text), 4)] {
		if i%2 == 0 && (c < ' ' || c > '~') || i%2 == 1 && c != 0 {
			return o, No
		}
	}
	if len(text) < 4 {
		return o, Maybe
	}
	return o, Yes
}

// firstCommand reports whether a line can be the first of a link of MSNP.
func firstCommand(fr *Frame) bool {
	line := fr.Line()
	tokens := fr.AppendTokens(nil, true)
	counted := len(tokens) > 1 && isNumber(line[tokens[1].Start:tokens[1].End])
	v := lookup(line)
	if v == nil {
		// A greeting of SMTP or FTP begins with a number, too, and goes on in words.
		return counted && (!isDigit(line[0]) || len(tokens) == 2 || allDigits(line[tokens[2].Start:]))
	}
	if counted {
		return true
	}
	form, cost, _ := v.choose(Either, 0, 0, line, tokens)
	return form != nil && cost <= costKind
}

// firstLine returns the first line of b without its end.
func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// maxQuoted bounds what is shown of a foreign line.
const maxQuoted = 60

// asked and userinfo are those parts of an address that secrets stand in.
var (
	asked    = regexp.MustCompile(`[?#][^ ]*=[^ ]*`)
	userinfo = regexp.MustCompile(`://[^/ ?#]*@`)
)

// quoted shows bytes from the wire in quotation marks: what is not printable ASCII
// as a dot, and of addresses neither a query nor whose they are, as secrets may be in
// these.
func quoted(b []byte) string {
	b = asked.ReplaceAll(userinfo.ReplaceAll(b, []byte("://...@")), []byte("?..."))
	if len(b) > maxQuoted {
		return `"` + plain(b[:maxQuoted]) + `..."`
	}
	return `"` + plain(b) + `"`
}

func plain(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '.'
		}
		return r
	}, string(b))
}

// prefix says how far b agrees with what something begins with.
func prefix(b []byte, with string) Guess {
	switch n := min(len(b), len(with)); {
	case string(b[:n]) != with[:n]:
		return No
	case n < len(with):
		return Maybe
	}
	return Yes
}
