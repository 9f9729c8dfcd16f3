package payload

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Walk calls f for each header of a MIME message, in order, with the name as it
// was sent and the value without the blanks around it, until f returns false. It
// returns the body, nil if there is no empty line before one. Name and value are
// windows into b; nothing is allocated.
func Walk(b []byte, f func(name, value []byte) bool) (body []byte) {
	for {
		line, rest := b, []byte(nil)
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, rest = b[:i], b[i+1:]
		}
		b = rest
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) == 0 {
			return b
		}
		name, value := line, []byte(nil)
		if i := bytes.IndexByte(line, ':'); i >= 0 {
			name, value = line[:i], line[i+1:]
			for len(value) > 0 && (value[0] == ' ' || value[0] == '\t') {
				value = value[1:]
			}
			for n := len(value); n > 0 && (value[n-1] == ' ' || value[n-1] == '\t'); n-- {
				value = value[:n-1]
			}
		}
		if !f(name, value) {
			return nil
		}
	}
}

// Header returns the value of the first header of that name, whatever its case,
// as a window into b.
func Header(b []byte, name string) (value []byte, ok bool) {
	Walk(b, func(n, v []byte) bool {
		if len(n) == len(name) && strings.EqualFold(string(n), name) {
			value, ok = v, true
		}
		return !ok
	})
	return value, ok
}

// secretHeaders let somebody in who knows them (profile, MSNP3 and later).
var secretHeaders = []string{"MSPAuth", "MSPProf", "MSPSecAuth", "sid", "kv", "MSNSLP-Nonce", "AuthCookie", "Ticket", "TicketToken", "Password",
	"Authorization", "Cookie", "Set-Cookie", "BinarySecret", "wsse:Password", "wst:BinarySecret", "wsse:BinarySecurityToken"}

// Secret reports whether the value of the header or key of that name is secret.
func Secret(name string) bool {
	if name == "" {
		return false
	}
	for _, s := range secretHeaders {
		// Where the first letters differ the words do: a look that costs next to nothing.
		if (s[0]|0x20 == name[0]|0x20 || name[0] >= utf8.RuneSelf) && strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// block decodes the "Name: value" lines from start to an empty line or the end,
// and returns them with the place after that.
func (p *Payload) block(start int) (nodes []Node, next int) { return p.blockIn(start, len(p.raw)) }

// blockIn is block for lines that end before stop.
func (p *Payload) blockIn(start, stop int) (nodes []Node, next int) {
	b := p.raw[:stop]
	for {
		end, after := len(b), len(b)
		if i := bytes.IndexByte(b[start:], '\n'); i >= 0 {
			end, after = start+i, start+i+1
		}
		line := bytes.TrimSuffix(b[start:end], []byte{'\r'})
		if len(line) == 0 {
			return nodes, after
		}
		if p.count++; p.count > maxNodes {
			p.problem("more than %d headers: the rest is left out", maxNodes)
			return nodes, len(b)
		}
		if nodes == nil && len(p.room) > 0 {
			nodes, p.room = p.room[:0:8], nil
		}
		nodes = append(nodes, p.headerLine(start, start+len(line)))
		start = after
	}
}

// headerLine makes a node of the line from start to end.
func (p *Payload) headerLine(start, end int) Node {
	i := bytes.IndexByte(p.raw[start:end], ':')
	if i < 0 {
		n := Node{Name: p.cut(start, end), Start: end, End: end}
		p.problem("a line without a colon: %s", quote(n.Name))
		return n
	}
	from, to := p.trim(start+i+1, end)
	return Node{Name: p.cut(start, start+i), Value: p.cut(from, to), Start: from, End: to}
}

// trim moves start and end past the blanks around what stands there.
func (p *Payload) trim(start, end int) (int, int) {
	for start < end && (p.raw[start] == ' ' || p.raw[start] == '\t') {
		start++
	}
	for end > start && (p.raw[end-1] == ' ' || p.raw[end-1] == '\t') {
		end--
	}
	return start, end
}

// mime decodes the header block and, by the content type, the body.
func (p *Payload) mime() {
	if Routed(p.raw) {
		p.routed()
		return
	}
	var at int
	p.Nodes, at = p.block(0)
	p.Body = p.raw[at:]
	if n := p.Find("Content-Type"); n != nil {
		p.contentType(n)
	}
	for i := range p.Nodes {
		p.header(&p.Nodes[i])
	}
	p.ReadAs = p.ContentType
	if d, ok := decoders[p.ContentType]; ok {
		d(p, at)
	} else {
		p.other(at)
	}
	if p.Summary == "" {
		p.Summary = fmt.Sprintf("%s, %d bytes", orWord(p.ContentType, "no content type"), len(p.Body))
	}
}

func orWord(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// contentType takes "type; charset=x" apart; the blank after the semicolon may be
// missing.
func (p *Payload) contentType(n *Node) {
	kind, params, _ := strings.Cut(n.Value, ";")
	p.ContentType = strings.ToLower(strings.TrimSpace(kind))
	for params != "" {
		var param string
		param, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") {
			p.Charset = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
}

// header says what a header means.
func (p *Payload) header(n *Node) {
	switch {
	case strings.EqualFold(n.Name, "X-MMS-IM-Format"):
		n.Children = p.imFormat(n)
	case strings.EqualFold(n.Name, "TypingUser"), strings.EqualFold(n.Name, "RecordingUser"):
		n.Meaning = "who is at it"
	case strings.EqualFold(n.Name, "Roster"):
		n.Meaning = "switchboard session and address"
	}
}

// decoders are the content types that are known, in lower case. They are given
// the place where the body starts.
var decoders = map[string]func(*Payload, int){
	"text/plain":                            (*Payload).plain,
	"text/x-msmsgscontrol":                  (*Payload).control,
	PeerType:                                (*Payload).peerToPeer,
	"text/x-mms-emoticon":                   (*Payload).customPictures,
	"text/x-mms-animemoticon":               (*Payload).customPictures,
	"text/x-msmsgsinvite":                   (*Payload).invitation,
	profileType:                             (*Payload).profile,
	"application/x-msmsgsemailnotification": (*Payload).mail,
	"text/x-msmsgsinitialemailnotification": (*Payload).mail,
	"text/x-msmsgsemailnotification":        (*Payload).mail,
	"text/x-msmsgsactivemailnotification":   (*Payload).mail,
	systemTypes[0]:                          (*Payload).system,
	systemTypes[1]:                          (*Payload).system,
	"text/x-clientcaps":                     (*Payload).keys,
	"text/x-clientinfo":                     (*Payload).keys,
	"text/x-msnmsgr-datacast":               (*Payload).datacast,
	mailboxType:                             (*Payload).mailData,
	oimType:                                 (*Payload).mailData,
	"text/html":                             (*Payload).plain,
	"text/search-query":                     (*Payload).plain,
}

// profileType is the content type of what a client is told of its account: headers only.
const profileType = "text/x-msmsgsprofile"

// systemTypes are those of messages by which the service itself tells a client what to
// do.
var systemTypes = [...]string{"application/x-msmsgssystemmessage", "text/x-msmsgssystemmessage"}

// System reports whether a MIME message is one by which the service itself tells a
// client what to do, by its content type.
func System(message []byte) bool {
	value, _ := Header(message, "Content-Type")
	kind, _, _ := bytes.Cut(value, []byte{';'})
	kind = bytes.TrimSpace(kind)
	for _, t := range systemTypes {
		if strings.EqualFold(t, string(kind)) {
			return true
		}
	}
	return false
}

// keys decodes a body of "Name: value" lines.
func (p *Payload) keys(at int) {
	nodes, _ := p.block(at)
	p.Nodes = append(p.Nodes, nodes...)
}

// other shows the body of a type that is not known: as text if it is.
func (p *Payload) other(at int) {
	if text := p.raw[at:]; len(text) > 0 && printable(text) {
		p.text(at, p.Charset)
	}
}

// printable reports whether b is text, as far as its control characters tell.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// control: somebody is typing (MSNP2).
func (p *Payload) control(int) {
	switch {
	case p.value("TypingUser") != "":
		p.Summary = "is typing"
	case p.value("RecordingUser") != "":
		p.Summary = "is recording"
	default:
		p.problem("neither TypingUser nor RecordingUser")
	}
}

// TypingUser returns who is typing, or "".
func (p *Payload) TypingUser() string { return p.value("TypingUser") }

// datacast: nudges and the like (MSNP11).
func (p *Payload) datacast(at int) {
	p.keys(at)
	if n := p.Find("ID"); n != nil {
		n.Meaning = datacastKinds[n.Value]
	}
	p.Summary = datacastKinds[p.Datacast()]
	if p.Summary == datacastKinds["4"] {
		if data := p.value("Data"); data != "" {
			p.Summary += " " + quote(data)
		}
	}
}

// Datacast returns which kind of datacast it is: 1 nudge, 2 wink, 3 voice clip, 4 action;
// "" if it does not say.
func (p *Payload) Datacast() string {
	return orWord(p.value("ID"), datacastTypes[strings.ToLower(p.MessageType)])
}

// datacastKinds are the kinds of datacasts by their numbers, datacastTypes the numbers by
// the message types of SDG that say the same.
var (
	datacastKinds = map[string]string{"1": "nudge", "2": "wink", "3": "voice clip", "4": "action"}
	datacastTypes = map[string]string{"nudge": "1", "wink": "2", "voiceclip": "3", "action": "4"}
)

// profile: headers only, sent after the sign-in (MSNP2).
func (p *Payload) profile(at int) {
	p.Summary = "profile"
	if who := p.value("preferredEmail"); who != "" {
		p.Summary += " of " + who
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		switch strings.ToLower(n.Name) {
		case "logintime":
			n.Meaning = unixTime(n.Value)
		case "clientport":
			n.Meaning = swappedPort(n.Value)
		case "lang_preference":
			n.Meaning = "LCID, decimal"
		case "memberidhigh":
			n.Meaning = unsignedHex(n.Value)
		case "memberidlow":
			n.Meaning = unsignedHex(n.Value)
			if cid := accountNumber(p.value("MemberIdHigh"), n.Value); cid != "" {
				n.Meaning += ", " + cid
			}
		case "emailenabled", "kid", "abchmigrated", "mpopenabled":
			n.Meaning = map[string]string{"0": "no", "1": "yes"}[n.Value]
		case "mspauth":
			n.Meaning = "ticket: a secret"
		}
	}
	if len(p.raw[at:]) > 0 {
		p.problem("%d bytes after the headers of a profile", len(p.raw[at:]))
	}
}

// system: the server goes down soon (MSNP2).
func (p *Payload) system(at int) {
	p.keys(at)
	switch kind, arg := p.value("Type"), p.value("Arg1"); {
	case kind == "1":
		p.Summary = "server goes down in " + orWord(arg, "some") + " minutes"
		p.Find("Type").Meaning = "server goes down"
		if n := p.Find("Arg1"); n != nil {
			n.Meaning = "minutes"
		}
	default:
		p.Summary = "system message of type " + orWord(kind, "(none)")
	}
}
