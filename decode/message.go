package decode

import (
	"bytes"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/decode/address"
	"msnproxy/decode/challenge"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
	"msnproxy/decode/service"
)

// Message is a frame understood: names for its parameters, its payload decoded.
// Everything beyond the choice of the table's row is worked out when somebody
// asks. A Message holds as long as its frame's bytes.
//
// Strings that it returns are valid UTF-8, but may hold control characters and
// anything else that was on the wire: escape them before they reach a terminal.
type Message struct {
	// Frame is what it was made from.
	Frame *Frame
	From  Sender
	// Role and Dialect are what is known of the connection: 0 if nothing.
	Role    Role
	Dialect int
	// Verb is the table's entry for the verb: nil if it is not known or the frame
	// is no command.
	Verb *Verb
	// Form is the row that the line fits best: nil if the verb is not known, or
	// not from this sender.
	Form *Form

	// What session tracking adds; without a [Tracker] all of it is zero.

	// Call is the request to a web service, or the answer to one, that a frame of HTTP is;
	// nil for all others. Its verb is the action, its parameters are the values that the
	// service's row has names for, whatever their place: [Message.Field] has them in the
	// order in which they were sent.
	Call *service.Call

	// Number counts the frames of all connections from 1, in order of time.
	Number int64
	Time   time.Time
	// Start is the time of the first message of all, as far as that is known.
	Start time.Time
	Conn  *Connection
	// ReplyTo is the number of the message that this one answers, ReplyVerb its
	// verb, Latency the time between the two.
	ReplyTo   int64
	ReplyVerb string
	Latency   time.Duration
	// FirstReply: no other message has answered that one before.
	FirstReply bool
	// Delivery tells of which message of another client this one is the copy. Ahead are
	// the copies of this one that stand before it in the recording.
	Delivery Delivery
	Ahead    []Early
	// Challenge is the verdict on the answer to a challenge (QRY).
	Challenge *challenge.Verdict
	// SignIn is the verdict on the answer to an MD5 sign-in challenge (USR).
	SignIn SignInVerdict
	// SSO is the verdict on the answer to the nonce of a sign-in by ticket and key (USR), where
	// the key is known; Token is what is known of the ticket.
	SSO   SignInVerdict
	Token TokenInfo
	// Brought are connections that this message shows to belong to the session of its own:
	// those to web services before the sign-in. Some may be at their end.
	Brought []*Connection
	// Opening says what bytes are that are no MSNP, on a link that began with such; it
	// is empty where that is not known, nil for all other messages.
	Opening *Opening
	// Noise says why the message may be folded away.
	Noise Noise
	// Fate is what a proxy made of it. ChangedBy says who it was that changed, withheld or
	// injected it, in order (`rule "lost acks"`, `operator`), HeldFor how long it stood in
	// the proxy.
	Fate      Fate
	ChangedBy []string
	HeldFor   time.Duration
	// Occurrence: this is no message, but stands for what happened to the connection
	// by the doing of By. See [Message.Occur].
	Occurrence Occurrence
	By         Sender
	// Joined is a message of MSNSLP (P2P) that came in several packets, of which this is
	// what lacked of it; nil for all other messages.
	Joined []byte
	// Direct is set on what one client sends another on a direct connection (P2P): how
	// things stood on its side before this message.
	Direct *p2p.Direct
	// Findings is what is not as the protocol says.
	Findings []Finding

	tokens   []Token
	cost     int
	absent   absent
	shuffled bool // the tokens are in the order of the table, the line is not
	spaced   bool // blanks where none belong
	judged   bool // the payload has been looked at
	payload  *payload.Payload
	mine     bool          // the tracker's own: nobody else asks its connection meanwhile
	sent     []byte        // instead of the frame; nil: the same bytes
	arrival  *Message      // made of them
	talk     *Conversation // that it belongs to on a notification server,
	talked   bool          // if the tracker has looked
	posed    int           // how many challenges it answers
	accepted int8          // an answer: 1 right, -1 wrong, as computed here; in words by what:
	side     string
	typing   string // summary of the payload, if the tracker saw that it is typing
}

// Field is one parameter of a message.
type Field struct {
	// Name is the parameter's name in the table, or "extra" and a number for one
	// that the table does not have.
	Name string
	// Param is the table's entry: nil for one it does not have.
	Param *Param
	// Token is the place of the value in the frame: what stands before it in the same
	// token, as the "N=" of a contact, is not part of it.
	Token Token
	// Raw is the value as it stands on the wire. It holds as long as the frame.
	Raw []byte
	// Cut: the recording cuts the line here, and what the value lacks is not known.
	Cut bool

	text    string // the value, where it is decoded already
	decoded bool
}

// Decode makes m the message of a frame. Role and dialect may be 0; they decide
// only where one line could be read in two ways.
func (m *Message) Decode(fr *Frame, from Sender, role Role, dialect int) {
	m.reset()
	m.Frame, m.From, m.Role, m.Dialect = fr, from, role, dialect
	if fr.Kind == Web {
		m.readWeb(nil)
	}
	if fr.Kind != Command {
		return
	}
	line := fr.Line()
	if m.Verb = verbOf(line); m.Verb != nil {
		m.tokenise(m.Verb)
		return
	}
	m.tokens = fr.AppendTokens(m.tokens, false)
}

// reset empties m, but keeps what has room.
func (m *Message) reset() {
	tokens, found := m.tokens[:0], m.Findings[:0]
	*m = Message{}
	m.tokens, m.Findings = tokens, found
}

// Name returns the verb as a string: three letters, or the digits of an error;
// "" for a frame that is no command. That of a message of a web service is its action.
func (m *Message) Name() string {
	if m.Call != nil {
		return m.Call.Name
	}
	if m.Verb != nil && m.Verb != errorVerb {
		return m.Verb.Name
	}
	return string(m.Frame.Verb())
}

// Error returns the code of an error reply, or "".
func (m *Message) Error() string {
	if m.Verb != errorVerb {
		return ""
	}
	return string(m.Frame.Verb())
}

// Torn reports whether this is a command whose end is missing, and that tells nothing
// for that reason: some verbs are said without one.
func (m *Message) Torn() bool {
	return m.Frame.Kind == Command && !m.Frame.Complete() && (m.Verb == nil || !m.Verb.Unended)
}

// Refuses reports whether the message says that something was not done: an error
// reply, NAK, a fault of a web service or a status of HTTP from 400 on.
func (m *Message) Refuses() bool {
	return m.Verb == errorVerb || m.Form != nil && m.Form.Refuses || m.Call != nil && m.webRefuses() != ""
}

// param returns the parameter that token i (1 is the first) stands for.
func (m *Message) param(i int) *Param {
	if m.Form == nil {
		return nil
	}
	params := m.Form.Params
	if i = m.absent.place(i-1) + 1; i <= len(params) {
		return &params[i-1]
	}
	if n := len(params); n > 0 && params[n-1].Repeat {
		return &params[n-1]
	}
	return nil
}

// Len returns the number of parameters on the line, the verb not included.
func (m *Message) Len() int { return max(0, len(m.tokens)-1) }

// extra returns how many parameters the line has more than its row.
func (m *Message) extra() int {
	if m.Form.repeat || m.Call != nil {
		return 0
	}
	return max(0, m.Len()+bits.OnesCount32(uint32(m.absent))-len(m.Form.Params))
}

// Field returns parameter i, counted from 0 in the order of the table. [Message.InLine]
// has them in that of the line.
func (m *Message) Field(i int) Field {
	if m.Call != nil {
		return m.webField(i)
	}
	t := m.tokens[i+1]
	f := Field{Param: m.param(i + 1), Cut: m.torn(i)}
	if f.Param != nil {
		f.Name, t = f.Param.Name, f.Param.value(m.Frame.Raw, t)
	} else {
		f.Name = "extra" + strconv.Itoa(i+1)
		if m.Form != nil {
			f.Name = "extra" + strconv.Itoa(m.absent.place(i)+1-len(m.Form.Params))
		}
	}
	f.Token, f.Raw = t, m.Frame.Raw[t.Start:t.End]
	return f
}

// Arg returns token i of the line as it stands on the wire, the verb not counted: with
// what stands before the value of the parameter. It is nil where the line has no such token.
func (m *Message) Arg(i int) []byte {
	if i < 0 || i+1 >= len(m.tokens) {
		return nil
	}
	if m.Call != nil {
		return m.webField(i).Raw
	}
	t := m.tokens[i+1]
	return m.Frame.Raw[t.Start:t.End]
}

// Fields returns the parameters in order. Of one that is repeated each value is
// a field of its own, all with the same name.
func (m *Message) Fields() []Field {
	fields := make([]Field, m.Len())
	for i := range fields {
		fields[i] = m.Field(i)
	}
	return fields
}

// Raw returns the first value of the named parameter as it stands on the wire,
// or nil if the line has none. The bytes hold as long as the frame.
func (m *Message) Raw(name string) []byte {
	if m.Form == nil {
		return nil
	}
	if m.Call != nil {
		return m.webRaw(name)
	}
	for i := range m.Form.Params {
		if p := &m.Form.Params[i]; p.Name == name {
			if m.absent != 0 {
				if m.absent.holds(i) {
					return nil
				}
				i = m.absent.argument(i)
			}
			if i+1 < len(m.tokens) {
				t := p.value(m.Frame.Raw, m.tokens[i+1])
				return m.Frame.Raw[t.Start:t.End]
			}
			return nil
		}
	}
	return nil
}

// Value returns the decoded value of the named parameter, all of them parted by
// blanks if it is repeated, and whether the line has it.
func (m *Message) Value(name string) (string, bool) {
	if m.Form == nil {
		return "", false
	}
	if m.Call != nil {
		return m.webValue(name)
	}
	for i := range m.Form.Params {
		p := &m.Form.Params[i]
		if p.Name != name {
			continue
		}
		if m.absent.holds(i) {
			return "", false
		}
		if i = m.absent.argument(i); i >= m.Len() {
			return "", false
		}
		s := m.Field(i).Value()
		if p.Repeat {
			for i++; i < m.Len(); i++ {
				s += " " + m.Field(i).Value()
			}
		}
		return s, true
	}
	return "", false
}

// TrID returns the transaction id of the line, and whether it has one.
func (m *Message) TrID() (uint32, bool) {
	if m.Form == nil || !m.Form.numbered || m.absent.holds(0) || len(m.tokens) < 2 {
		return 0, false
	}
	t := m.tokens[1]
	n, ok := decimal(m.Frame.Raw[t.Start:t.End])
	if !ok || n > 1<<32-1 {
		return 0, false
	}
	return uint32(n), true
}

// Fits reports whether the line is what the table says, for this sender, role
// and dialect.
func (m *Message) Fits() bool { return m.Form != nil && m.cost == 0 }

// Spaced reports whether the line has blanks where the protocol has none: in a
// row, or before the line end.
func (m *Message) Spaced() bool { return m.spaced }

// Payload returns the payload decoded, or nil if the message has none.
// What came on a direct connection between two clients (P2P) counts as payload.
func (m *Message) Payload() *payload.Payload {
	if m.payload == nil && m.Direct != nil {
		m.payload = payload.Direct(m.Direct, m.Frame.Raw, m.Frame.Offset)
	}
	if m.payload == nil && m.Frame.Kind == Web {
		m.payload = m.webPayload()
	}
	if m.payload == nil && m.Frame.Kind == Command && len(m.Frame.Payload()) > 0 {
		m.payload = payload.Decode(m.payloadKind(), m.Frame.Payload())
	}
	return m.payload
}

// payloadKind is what the table says the payload is.
func (m *Message) payloadKind() payload.Kind {
	if m.Form != nil && m.Form.Payload != "" {
		return payload.Kind(m.Form.Payload).Of(m.Frame.Payload())
	}
	return payload.Opaque
}

// Value returns the value decoded as its kind says: percent escapes undone, of an
// address the account, and in any case valid UTF-8.
func (f Field) Value() string {
	if f.decoded {
		return f.text
	}
	if f.Param != nil && f.Param.Kind == addresses {
		return validText(address.Bare(f.Raw))
	}
	if f.Param != nil && f.Param.Kind.Encoded {
		return Unescape(f.Raw)
	}
	return validText(f.Raw)
}

// Means says in words what the value means, or nothing.
func (f Field) Means() string {
	if f.Param == nil || f.Param.Kind.means == nil || f.Cut {
		return ""
	}
	return f.Param.Kind.means(string(f.Raw))
}

// Unescape undoes percent-encoding. It never fails: a % that is no escape stays,
// as servers exist that send names with it; bytes that are no UTF-8 become
// U+FFFD.
func Unescape(b []byte) string {
	if bytes.IndexByte(b, '%') < 0 {
		return validText(b)
	}
	var sb strings.Builder
	sb.Grow(len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			if hi, lo := unhex(b[i+1]), unhex(b[i+2]); hi >= 0 && lo >= 0 {
				sb.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		sb.WriteByte(b[i])
	}
	return strings.ToValidUTF8(sb.String(), string(utf8.RuneError))
}

func validText(b []byte) string {
	return strings.ToValidUTF8(string(b), string(utf8.RuneError))
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
