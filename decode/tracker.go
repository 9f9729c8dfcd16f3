package decode

import (
	"strings"
	"time"

	"msnproxy/decode/p2p"
	"msnproxy/decode/recent"
)

// Tracker follows connections, sessions and conversations. It is fed with the
// frames of all connections in order of time, and knows of each connection its
// role, dialect and account, of each request its replies, of each challenge the
// verdict. It does no I/O, and lets go of what has ended, so that its memory is
// that of what is open.
//
// A Tracker is not safe for concurrent use.
type Tracker struct {
	// Passwords are the passwords of accounts, in lower case, for the verdict on
	// an MD5 sign-in. Nil: none are known.
	Passwords map[string]string

	conns         map[uint32]*Connection
	sessions      directory
	cookies       recent.Map[admission]
	conversations map[string]*Conversation
	calls         map[call]map[*Conversation]string // whose id is not known yet, with the caller

	grants   recent.Map[token]    // by the id of the token
	issuedTo recent.Map[struct{}] // accounts at their hosts that got tokens
	lockKeys recent.Map[string]   // challenges for offline messages, by account
	hosts    recent.Map[*Session] // who signed in by ticket from a host; nil: several
	webs     []*Connection        // to web services, of nobody yet; the newest last

	news   recent.Map[[]*news]
	mails  recent.Map[*mail] // of conversations of notification servers
	strays []stray

	messages    int64
	start       time.Time // of the first message
	lastSession int
	lastConvers int
	msg         Message
}

// Connection is what is known of one TCP connection.
type Connection struct {
	ID uint32
	// Client and Server are the two ends, "host:port"; empty if not known.
	Client, Server string
	// Role is what the server is for, as far as that is known yet.
	Role Role
	// Dialect is the number of the dialect that was agreed on: 7 is MSNP7. 0: not
	// known. A switchboard's is that of the session that it belongs to.
	Dialect int
	// Account is who signs in, or tries to: "" as long as that is not known.
	Account string
	// EndPoint is which of the account's programs this is, "{GUID}" (MSNP16 and
	// later): "" if it does not say.
	EndPoint string
	// SignedIn tells that the server has let the account in.
	SignedIn bool
	// Session is the sign-in that the connection belongs to: nil if not known.
	Session *Session
	// Conversation is the chat of a switchboard connection: nil for others.
	Conversation *Conversation
	// Talks are the chats that a notification server's connection has part in (MSNP14 and
	// later), in order of appearance; see [Message.Conversation].
	Talks []*Conversation
	// Opened is when the connection was first seen.
	Opened time.Time
	// Via is the address that the client connected to, where that is a proxy, and then known.
	Via string
	// Direct: it is a direct connection between two clients (P2P).
	Direct bool
	// Came is the number of the redirect (XFR, RNG) that sent the client here: 0 if
	// none is known.
	Came int64
	// SignIn is how far the client came, on this connection and on others of its session.
	SignIn *SignIn

	late          bool  // its conversation had begun before it was seen
	let           int64 // number of the message that let the account in
	firm, against int   // how much speaks for the role, and against it
	requests      requests
	challenges    []posed
	salt          string // of the sign-in challenge
	nonce         string // of a sign-in by ticket and key
	web           *webSide
	said          said
	begun         [2]begun // of the client, of the server
	joiner        *p2p.Joiner
	sides         *[2]p2p.Direct // of a direct connection, or of what may be one
	parsed        [2]parsed      // by the client, by the server
	lastTalk      [2]talkEnds    // of the client, of the server
	closed        bool
}

// Session is one account's sign-in: its connections to DS, NS and SBs.
type Session struct {
	// Number counts sessions from 1.
	Number  int
	Account string
	// EndPoint is which of the account's programs it is, "{GUID}" (MSNP16 and later): ""
	// if that is not known. An account may have a session for each.
	EndPoint string
	// Dialect is that of its newest DS or NS connection.
	Dialect int
	// ClientHost is the client's address without the port.
	ClientHost string
	// SignIn is how far it came.
	SignIn *SignIn

	open       int       // connections that are open
	redirected string    // address of the NS that the client was sent to
	at         time.Time // when
	by         int64     // number of the message that sent it
	entry      entry     // in the directory
	away       [4]entry  // there, too, while it is redirected
}

// Conversation is one chat: all switchboard connections of one session id, or what
// notification servers pass on between two accounts, or in a circle.
type Conversation struct {
	// Number counts conversations from 1.
	Number int
	// SessionID is the switchboard's name for it; "" until CAL, RNG or ANS told.
	SessionID string
	// Key is what messages of notification servers that belong to it have in common; "" on
	// a switchboard.
	Key string
	// Circle is the account of the circle or group chat (MSNP18 and later) that it is of,
	// Name what that is called; "" for others, or where nothing tells.
	Circle, Name string
	// Participants are the handles seen in it, in order of appearance.
	Participants []string

	key     string
	members []*Connection
	calls   []call // while the session id is not known
	mail    mail
}

// NewTracker returns a tracker that knows nothing yet.
func NewTracker() *Tracker {
	return &Tracker{
		conns:         make(map[uint32]*Connection),
		cookies:       recent.Map[admission]{Max: admissionsKept},
		grants:        recent.Map[token]{Max: grantsKept},
		issuedTo:      recent.Map[struct{}]{Max: grantsKept},
		lockKeys:      recent.Map[string]{Max: grantsKept},
		hosts:         recent.Map[*Session]{Max: grantsKept},
		news:          recent.Map[[]*news]{Max: mostNews},
		mails:         recent.Map[*mail]{Max: mostMails},
		conversations: make(map[string]*Conversation),
	}
}

// Start returns the time of the first message; zero if that is not known.
func (t *Tracker) Start() time.Time { return t.start }

// Open tells of a new connection. client and server are "host:port", or empty
// if they are not known.
func (t *Tracker) Open(id uint32, client, server string, at time.Time) *Connection {
	c := &Connection{ID: id, Client: client, Server: server, Opened: at}
	c.begins(at)
	t.conns[id] = c
	return c
}

// Connection returns an open connection, or nil.
func (t *Tracker) Connection(id uint32) *Connection { return t.conns[id] }

// Close tells that a connection is at its end. What only it needed is let go.
func (t *Tracker) Close(id uint32) {
	c := t.conns[id]
	if c == nil {
		return
	}
	delete(t.conns, id)
	c.closed = true
	c.said = nil
	if s := c.Session; s != nil {
		t.leave(s)
	}
	t.depart(c)
	t.silent(c)
}

// Frame takes the next frame, of the connection id (which Open has announced, or
// is announced hereby), and returns what it means. The message holds until the
// next call. On a direct connection between two clients fr is made opaque, whatever it
// was taken for.
func (t *Tracker) Frame(id uint32, from Sender, fr *Frame, at time.Time) *Message {
	return t.Relayed(id, from, fr, at, Relay{})
}

// Relay says what a proxy made of a frame.
type Relay struct {
	Fate Fate
	// Sent is what was sent on instead of the frame; nil stands for the same bytes.
	Sent []byte
	// ChangedBy and HeldFor are as in [Message].
	ChangedBy []string
	HeldFor   time.Duration
	// Verdict is what was found out by secrets that are not recorded; see [SSOVerdict].
	Verdict string
	// Number is the message's; 0: that behind the one before.
	Number int64
}

// Relayed is [Tracker.Frame] for what a proxy has not passed on as it was. Each frame
// counts once. What a frame changes is what its receiver got: nothing, where it was
// withheld, and nothing yet where it is held; see [Tracker.Became]. Only who a client is
// holds by its own word. With an injected frame no fault is found.
func (t *Tracker) Relayed(id uint32, from Sender, fr *Frame, at time.Time, how Relay) *Message {
	fate := how.Fate
	c := t.conns[id]
	if c == nil {
		c = t.Open(id, "", "", at)
	}
	if t.messages++; how.Number > 0 {
		t.messages = how.Number
	}
	if t.start.IsZero() {
		t.start = at
	}
	m := &t.msg
	if fr.Missing > 0 || fr.Resync {
		c.missed(from)
	}
	if c.Direct {
		// What a file holds may look like a command.
		*fr = Frame{Kind: Opaque, Offset: fr.Offset, Raw: fr.Raw, Gap: fr.Gap}
	}
	if fr.Kind == Web {
		c.decodeWeb(m, fr, from)
	} else {
		m.Decode(fr, from, c.Role, c.Dialect)
	}
	if c.learnRole(m) {
		t.noSwitchboard(c)
		m.Decode(fr, from, c.Role, c.Dialect)
	}
	m.mine = true
	m.Number, m.Time, m.Conn, m.Start = t.messages, at, c, t.start
	m.Relay(how)
	if fate != Injected {
		if m.Opening = c.begin(m); c.between(m) {
			m.Opening = &Opening{Name: nameDirect, Text: textDirect}
		} else if m.Opening != nil {
			m.Findings = append(m.Findings, c.foreignFinding(m))
		} else {
			m.Findings = m.frameFindings(m.Findings)
		}
	}
	m.Noise = c.noise(m)
	if m.Noise == NoNoise {
		c.join(m)
	}
	c.strange(m)
	if m.Call != nil {
		t.web(m)
	}
	if !m.tracked() {
		return m
	}
	t.answers(m)
	if who := names[m.Verb.Act]; who != nil && m.From == Client {
		who(t, c, m)
	}
	if m.From == Server && fate == Held {
		t.deliver(m) // whose copy it is that the server says
	}
	if try := judges[m.Verb.Act]; try != nil && m.From == Client {
		try(t, c, m)
	}
	m.told(how.Verdict)
	if m.Challenge != nil {
		m.Findings = challengeFindings(m.Findings, m.Challenge, m.text("product"), c.Dialect)
	}
	if fate != Held {
		t.arrived(m, true)
	}
	if fate == Injected {
		m.Findings = m.Findings[:0]
	}
	return m
}

// Became tells what became of a message that was Held, and of which m is the copy that
// [Message.Keep] made: when it came the tracker learned what its sender says by it, now
// it learns what its receiver has got, and when, by how.HeldFor. A message that is held
// and told of at once comes out as by [Tracker.Relayed].
func (t *Tracker) Became(m *Message, how Relay) {
	c := m.Conn
	m.Relay(how)
	if how.Fate == Held || c.closed {
		return
	}
	if m.Form != nil && m.Form.Noise == Repeated {
		m.Noise = c.noise(m) // now somebody has heard it
	}
	if m.Noise == NoNoise {
		c.join(m)
	}
	if m.tracked() {
		t.arrived(m, m.From == Client)
	}
}

// Relay notes what was made of the message, where no tracker does.
func (m *Message) Relay(how Relay) {
	m.Fate, m.sent, m.ChangedBy, m.HeldFor, m.arrival = how.Fate, how.Sent, how.ChangedBy, how.HeldFor, nil
}

// tracked reports whether the message is one that the tracker learns from.
func (m *Message) tracked() bool {
	return m.Frame.Kind == Command && m.Form != nil && (m.Frame.EOL != 0 || m.Verb.Unended)
}

// arrived learns from what has come to the other end. deliver: whose copy it is, or of what
// others get copies, is not known yet.
func (t *Tracker) arrived(m *Message, deliver bool) {
	c := m.Conn
	t.asks(m)
	if m.posed > 0 && m.Fate != Withheld {
		c.challenges = append(c.challenges[:0], c.challenges[min(m.posed, len(c.challenges)):]...)
	}
	if tell := follows[m.Verb.Act]; tell != nil && (m.From == Server || names[m.Verb.Act] == nil) && m.Arrived() != nil {
		tell(t, c, m)
	}
	t.introduce(c, m)
	t.talks(c, m)
	t.proceed(m)
	if deliver {
		t.deliver(m)
	}
}

// follows say what else a message tells than that its request is answered: of those
// acts that change what is known. judges work out a verdict on what a client says; they
// also look at what never reached the server. names say who a client is, by its own word,
// which holds whatever became of that.
var follows, judges, names [Acts]func(*Tracker, *Connection, *Message)

func init() {
	follows = [Acts]func(*Tracker, *Connection, *Message){
		ActVersion:   (*Tracker).version,
		ActProgram:   (*Tracker).client,
		ActSignIn:    (*Tracker).user,
		ActRedirect:  (*Tracker).redirect,
		ActInvite:    (*Tracker).redirect,
		ActAnswer:    (*Tracker).answer,
		ActCall:      (*Tracker).call,
		ActJoin:      (*Tracker).joins,
		ActSay:       (*Tracker).speaks,
		ActLeave:     (*Tracker).speaks,
		ActChallenge: (*Tracker).challenged,
	}
	names = [Acts]func(*Tracker, *Connection, *Message){
		ActVersion: (*Tracker).version,
		ActProgram: (*Tracker).client,
		ActSignIn:  (*Tracker).user,
		ActAnswer:  (*Tracker).answer,
	}
	judges = [Acts]func(*Tracker, *Connection, *Message){
		ActSignIn: (*Tracker).judgeSignIn,
		ActProof:  (*Tracker).answered,
	}
}

// version learns the dialect: the first that the server's VER names.
func (t *Tracker) version(c *Connection, m *Message) {
	if m.From == Client {
		t.arrive(c, m)
		return
	}
	for i := range m.Len() {
		if f := m.Field(i); f.Name == "dialects" {
			if n, ok := strings.CutPrefix(strings.ToUpper(string(f.Raw)), "MSNP"); ok {
				if d, ok := decimal([]byte(n)); ok && d < 100 {
					c.Dialect = int(d)
					if c.Session != nil {
						c.Session.Dialect = c.Dialect
					}
				}
			}
			return
		}
	}
}

// text returns the raw value of a parameter as a string.
func (m *Message) text(name string) string { return string(m.Raw(name)) }
