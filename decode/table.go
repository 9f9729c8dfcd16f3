package decode

import (
	"bytes"
	"slices"
	"strings"

	"msnproxy/decode/meaning"
)

// Role is what the server of a connection is for. Several may be set where a
// command belongs to several, or while it is not known yet which one it is.
type Role uint8

// The roles of MSNP2-20, MSNFTP, which two clients speak to each other, and the web
// services beside them.
const (
	DS  Role = 1 << iota // dispatch server
	NS                   // notification server
	SB                   // switchboard
	FTP                  // MSNFTP, client to client
	WEB                  // a web service, over HTTP
)

// String names the role: "DS", "NS", "SB", "MSNFTP", "WEB", "DS/NS" while either is
// possible, or "?" while nothing is known.
func (r Role) String() string {
	switch r {
	case DS:
		return "DS"
	case NS:
		return "NS"
	case SB:
		return "SB"
	case FTP:
		return "MSNFTP"
	case WEB:
		return "WEB"
	case DS | NS:
		return "DS/NS"
	}
	return "?"
}

// LastFollowed is the last dialect whose sign-in is followed. Commands that came later,
// those of MSNP24, are framed and named, and no more.
const LastFollowed = 21

// Verb is what the table knows of one verb, whoever sends it.
type Verb struct {
	Name string
	// Meaning is one line for people.
	Meaning string
	// Act is the part that it plays.
	Act Act
	// PayloadFrom is the number of tokens, the verb included, from which on the
	// line's last token is the length of a payload, if it is a number. Zero: the
	// verb never has a payload.
	PayloadFrom int
	// Namespaced: in MSNP24 its line ends in a namespace and the length of a payload,
	// whatever it is in other dialects. Made from the rows.
	Namespaced bool
	// Blocks says that binary blocks follow the line (MSNFTP, FIL).
	Blocks bool
	// Unended: some say it without a line end, as the last word on a connection.
	Unended bool
	// Told: when a client says it, other accounts may be told of it by the server.
	Told bool
	// Adds: it puts somebody on a list.
	Adds bool
	// SignedIn: a notification server takes it only from who is signed in (302).
	SignedIn bool
	// Refusal is the code of the error by which a server says that it cannot do
	// what it is asked; empty: 502, the command is disabled.
	Refusal string
	// Echoes: some form of it is an echo; see [Form.Echo].
	Echoes bool
	// Undocumented: no source says what its parameters mean, or its payload.
	Undocumented bool
	// Outside is the code of the error by which Microsoft's servers answered it where
	// the connection's dialect does not have it (yet, or any more); empty: they closed
	// the connection.
	Outside string
	// Forms are the rows of the table: what the line may look like. Where
	// several fit a line the first one is meant.
	Forms []Form

	prefixes []string // of parameters, in the order of the rows
}

// Form is one row of the table: a verb as one sender sends it.
type Form struct {
	// From is who sends it.
	From Sender
	// Roles are the servers that this form is spoken with.
	Roles Role
	// First and Last are the first and the last dialect that has the form: 2
	// stands for MSNP2. Last 0: it was never removed.
	First, Last int
	// Syntax is the line without the verb; [parseSyntax] tells the notation.
	Syntax string
	// Payload is the kind of the payload, as package payload names it. Empty:
	// none.
	Payload string
	// Reply is the verb that answers where TrIDs do not tell: PNG is answered by
	// QNG, CHL by QRY. "none": there is no answer to a success, or none is known.
	Reply string
	// Noise is what messages of this row are in a list; [Noise] tells when. Typing
	// is seen in the payload, whatever the row.
	Noise Noise
	// Own: the server sends it when it likes; see [Message.Own].
	Own bool
	// Talk: on a notification server it is part of a chat, or tells of one.
	Talk bool
	// Circle is what it tells of who is in a circle, where it is about one: on a notification
	// server it is part of that chat then.
	Circle CircleChange
	// Heard is the verb by which a server lets other clients know what this one has
	// said; empty: they do not hear of it, or not by one message for one.
	Heard string
	// Copy: it is such a message. Made from Heard.
	Copy bool
	// Opens: it is the first line that a client sends on a connection of that role.
	Opens bool
	// Resets: the sign-in begins again on this same connection, and with it what
	// belongs to it.
	Resets bool
	// Interim: it is no answer yet, or one of several; another one follows to the same
	// request.
	Interim bool
	// Echo: it answers a request of the same verb, and says the same: parameters of the
	// same name have the same value, but for what the server adds.
	Echo bool
	// Refuses: it says that something was not done, as an error reply does.
	Refuses bool
	// Meaning is one line for people; empty: the verb's.
	Meaning string
	// Summary is the one-line summary for lists; [Message.Summary] tells the
	// notation.
	Summary string
	// Example is a line, without line end; payload commands carry a length of 0
	// or a payload after "\r\n".
	Example string

	// Params are the parameters in order, made from Syntax.
	Params []Param
	// Verb is the row's verb.
	Verb *Verb

	usage    string
	least    int  // parameters that must be there
	repeat   bool // the last one is
	numbered bool // the first one is a TrID
	keyed    bool // some may be missing in the middle, as prefixes tell them apart
	pieces   []piece
}

// In reports whether the form is of the given dialect (7 stands for MSNP7);
// an unknown dialect, 0, has every form.
func (f *Form) In(dialect int) bool {
	return dialect == 0 || dialect >= f.First && (f.Last == 0 || dialect <= f.Last)
}

// Dialects returns the first and the last dialect in which the sender says the command in
// any form; last 0: it was never removed; first 0: the sender never says it.
func (v *Verb) Dialects(from Sender) (first, last int) {
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&from == 0 {
			continue
		}
		if first == 0 {
			first, last = f.First, f.Last
			continue
		}
		first = min(first, f.First)
		if f.Last == 0 || last == 0 {
			last = 0
		} else {
			last = max(last, f.Last)
		}
	}
	return first, last
}

// Says reports whether the sender says a parameter of that name in any form.
func (v *Verb) Says(from Sender, name string) bool {
	for i := range v.Forms {
		f := &v.Forms[i]
		if f.From&from != 0 && f.Says(name) {
			return true
		}
	}
	return false
}

// Says reports whether the form has a parameter of that name.
func (f *Form) Says(name string) bool {
	return slices.ContainsFunc(f.Params, func(p Param) bool { return p.Name == name })
}

// RefusalOf returns the code of the error by which a server refuses the command
// named: 200, a syntax error, for one that the table does not have.
func RefusalOf(name string) string {
	v := LookupVerb(name)
	switch {
	case v == nil:
		return "200"
	case v.Refusal == "":
		return "502"
	}
	return v.Refusal
}

// Usage returns the form's line in the notation of protocol documents:
// `ADD TrID list handle friendly {group}`.
func (f *Form) Usage() string { return f.usage }

func (f *Form) makeUsage() string {
	var sb strings.Builder
	sb.WriteString(f.Verb.Name)
	for i := range f.Params {
		p := &f.Params[i]
		sb.WriteByte(' ')
		s := p.label()
		if p.Repeat {
			s += "..."
		}
		if p.Optional {
			s = "{" + s + "}"
		}
		sb.WriteString(s)
	}
	return sb.String()
}

// label is the parameter as protocol documents write it.
func (p *Param) label() string {
	switch {
	case len(p.Literals) > 0:
		return strings.Join(p.Literals, "|")
	case p.Name == "trid":
		return "TrID"
	}
	return p.Prefix + p.Name
}

// value returns where the parameter's value stands in a token of the line.
func (p *Param) value(line []byte, t Token) Token {
	if p.Prefix != "" && bytes.HasPrefix(line[t.Start:t.End], []byte(p.Prefix)) {
		t.Start += len(p.Prefix)
	}
	return t
}

// Param is one parameter of a form.
type Param struct {
	// Name is the parameter's name in fields, filters and JSON.
	Name string
	// Kind tells what its values look like and mean.
	Kind *Kind
	// Literals are the only values it has in this form, if there are any.
	Literals []string
	Optional bool
	// Repeat: any number of tokens follow under this name.
	Repeat bool
	// Prefix stands before the value on the line, and tells it apart from others:
	// "N=". It belongs to the token, and not to the value.
	Prefix string
}

// verbs is the command table: see the files whose names begin with rows.
var verbs = compile(signInVerbs, listVerbs, presenceVerbs, serviceVerbs,
	switchboardVerbs, fileTransferVerbs, laterVerbs)

// index finds a verb by its letters: each of them a digit to base 26.
var index = func() *[26 * 26 * 26]*Verb {
	var x [26 * 26 * 26]*Verb
	for _, v := range verbs {
		x[verbIndex([]byte(v.Name))] = v
	}
	return &x
}()

// errorVerb stands for every error reply. Its payload is that of MSNP13 and
// later, and only where the line is "code TrID length".
var errorVerb = &Verb{Name: "error", Meaning: "refuses a request", Forms: errorForms}

// Verbs returns the whole table, ordered by what the commands are about. The
// caller must not change it.
func Verbs() []*Verb { return verbs }

// LookupVerb returns what the table knows of a verb, or nil. Any three digits
// find the row for error replies.
func LookupVerb(name string) *Verb {
	if len(name) != 3 {
		return nil
	}
	if isDigit(name[0]) && isDigit(name[1]) && isDigit(name[2]) {
		return errorVerb
	}
	return lookup([]byte(name))
}

// verbIndex returns the place of the verb that line begins with, or -1.
func verbIndex(line []byte) int {
	if len(line) < 3 {
		return -1
	}
	a, b, c := line[0]-'A', line[1]-'A', line[2]-'A'
	if a > 25 || b > 25 || c > 25 {
		return -1
	}
	return (int(a)*26+int(b))*26 + int(c)
}

// lookup returns the verb that the line begins with, or nil if it is unknown.
func lookup(line []byte) *Verb {
	if i := verbIndex(line); i >= 0 {
		return index[i]
	}
	return nil
}

// verbOf is lookup that finds the rows for error replies, too.
func verbOf(line []byte) *Verb {
	if len(line) > 0 && isDigit(line[0]) {
		return errorVerb
	}
	return lookup(line)
}

// hasPayload reports whether the verb ever has a payload.
func (v *Verb) hasPayload() bool { return v.PayloadFrom > 0 || v.Namespaced }

// namespaced reports whether a line, up to the length at its end, is one of MSNP24: the
// verb, a TrID or none, and a namespace.
func namespaced(line []byte) bool {
	line = bytes.TrimRight(line, " ")
	at := bytes.LastIndexByte(line, ' ') + 1
	return at >= 4 && meaning.Namespaced(string(line[at:])) && (at == 4 || allDigits(line[4:at]) && countTokens(line[4:at]) == 1)
}
