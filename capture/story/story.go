// Package story tells a recording as sessions: who signs in, over which
// connections, what is asked and what answers, what comes unasked. Facts are in
// memory, some 140 bytes a message; bytes stay on disk, in the recording itself or
// in a spool, and are read when somebody asks.
package story

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// Story is a recording. It does not change once it is read, so that many may use
// it at once; each needs a [Reader] of its own for the bytes.
type Story struct {
	// Name is that of the file.
	Name string
	// Sessions are the sign-ins in the order in which they began.
	Sessions []*Session
	// Conns are all connections in the order in which they were opened, those that
	// belong to no session among them.
	Conns []*Conn
	// Messages is how many there are, with those that a proxy made, which are not
	// among those of a connection.
	Messages int
	// Damage is why the recording was not read to its end; nil: it was.
	Damage error

	peers    map[*Message]*Peer // of those that carry P2P
	spool    *capture.Spool
	findings capture.Hindsight // all of them, if rules were applied
	start    time.Time         // of the first message
	close    io.Closer
	bytes    func() *capture.Places
}

// Session is one account's sign-in.
type Session struct {
	// Number counts sessions from 1.
	Number  int
	Account string
	// Dialect is that of its newest DS or NS connection: 0 if not known.
	Dialect int
	// Conns are its connections to DS, NS and switchboards, in order of opening.
	Conns []*Conn
}

// Conn is one TCP connection, as far as it is known at its end.
type Conn struct {
	ID   uint32
	Role decode.Role
	// Dialect of a switchboard is that of its session: 0 if not known.
	Dialect int
	Account string
	// Client and Server are "host:port"; empty if not known.
	Client, Server string
	// Session is nil if the connection belongs to none.
	Session *Session
	// Conversation is the number of the chat that a switchboard connection belongs
	// to: 0 for others. SessionID is the server's name for it, "" if not known.
	Conversation int
	SessionID    string
	Participants []string
	// Talks are the chats that a notification server's connection has part in (MSNP14 and
	// later).
	Talks []*decode.Conversation
	// SignedIn tells that the server has let the account in.
	SignedIn bool
	// Came is the redirect (XFR, RNG) that sent the client here; nil if none is known.
	Came *Message
	// Opened and Closed are zero where the recording does not say.
	Opened, Closed time.Time
	// MidStream: the recording starts after the connection did.
	MidStream bool
	// Ended: its end is in the recording. End is who was done first, 0 if that is
	// not known; Reset: by RST or an error.
	Ended bool
	End   decode.Sender
	Reset bool
	// Messages are those of both ends as they were received, in order of time. What
	// a proxy made and sent is not among them.
	Messages []*Message
	// Record is the connection in the recording.
	Record *capture.Conn

	facts *decode.Connection
	gap   decode.Sender // whose bytes are missing before their next message
}

// Message is what is known of a message without a look at its bytes.
type Message struct {
	Conn *Conn
	// Number counts the frames of the recording from 1, as other commands do.
	Number int64
	// Name is the verb, the code of an error or the action of a web service; "" for others.
	Name string
	// Request is what it answers; nil: nothing, or that is not known.
	Request *Message
	// Replies are the messages that answer it, in order.
	Replies []*Message
	// Time is zero where the recording does not say.
	Time time.Time

	place, offset int64
	// Index is its place in Conn.Messages, Size the bytes of its frame.
	Index, Size int32
	TrID        uint32
	HasTrID     bool
	From        decode.Sender
	Kind        decode.FrameKind
	Noise       decode.Noise
	// Fate says whether a proxy withheld it.
	Fate capture.Fate
	// Gap: bytes of its sender are missing before it. Missing: some of its own.
	Gap, Missing bool
	// WantsReply: it is a request that is answered also when all is well.
	WantsReply bool

	role      decode.Role
	dialect   uint8
	challenge uint8 // challenge.Result + 1
	signIn    decode.SignInVerdict
	sso       decode.SignInVerdict
}

// Latency is the time since the request; 0 if there is none, or no times are known.
func (m *Message) Latency() time.Duration {
	if m.Request == nil || m.Time.IsZero() || m.Request.Time.IsZero() {
		return 0
	}
	return max(0, m.Time.Sub(m.Request.Time))
}

// Options say how a recording is read.
type Options struct {
	// Passwords of accounts, in lower case, for the verdict on MD5 sign-ins.
	Passwords map[string]string
	// SpoolDir is where bytes go that can't be read again from the recording; "":
	// where temporary files go.
	SpoolDir string
	// Check applies the rules, so that decoded messages have their findings.
	Check bool
	// Stop, when it is closed, ends reading with ErrStopped; nil: nothing does.
	Stop <-chan struct{}
}

// ErrStopped says that reading ended because Options.Stop was closed.
var ErrStopped = capture.ErrStopped

// Open reads a recording of any format that capture reads: a file, a directory, the
// files that a pattern stands for; "-" is standard input.
// What stands before a damage is a story, too: see Story.Damage. The error is of the
// file, of the spool, or says that there is no message in it.
func Open(path string, o Options) (*Story, error) {
	names, err := capture.Expand(path)
	if err != nil {
		return nil, err
	}
	if len(names) > 1 {
		in, err := capture.OpenAll(nil, names...)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return Read(in, nil, path, o)
	}
	path = names[0]
	if path == "-" {
		in, err := capture.Open(path)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return Read(in, nil, "standard input", o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := capture.Open(path)
	if err != nil {
		f.Close()
		return nil, err
	}
	defer in.Close()
	s, err := Read(in, f, path, o)
	if err != nil {
		f.Close()
		return nil, err
	}
	s.close = f
	return s, nil
}

// Read reads a story from a recording. file is where its bytes can be read again,
// and stays the caller's to close, after the story; with nil, or where in gives no
// places, they go to a spool. The name is for messages.
func Read(in *capture.Reader, file io.ReaderAt, name string, o Options) (*Story, error) {
	t := newTeller(name, o)
	err := t.read(in, file)
	s := t.story
	if err == nil && s.Messages == 0 {
		if err = in.Stats().NoMSNP(name); err == nil {
			err = fmt.Errorf("%s: no message in it, only the ends of connections", name)
		}
		if s.Damage != nil {
			err = s.Damage
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	t.finish()
	return s, nil
}

// Close lets go of the bytes.
func (s *Story) Close() error {
	var errs []error
	if s.spool != nil {
		errs = append(errs, s.spool.Close())
	}
	if s.close != nil {
		errs = append(errs, s.close.Close())
		s.close = nil
	}
	return errors.Join(errs...)
}

// Reader reads the bytes of messages. It is not safe for concurrent use.
type Reader struct {
	story   *Story
	places  *capture.Places
	m       decode.Message
	conn    decode.Connection
	session decode.Session
	chat    decode.Conversation
	verdict challenge.Verdict
}

// NewReader returns a reader of the story's bytes.
func (s *Story) NewReader() *Reader { return &Reader{story: s, places: s.bytes()} }

// Decode reads a message of the reader's story, and decodes it with the role and
// the dialect that were known when it came. Both results hold until the next call.
// The message's Conn is as it was known at its end, with its session and conversation.
func (r *Reader) Decode(m *Message) (*decode.Message, *capture.Record, error) {
	rec, err := r.places.Record(m.place)
	if err != nil {
		return nil, nil, fmt.Errorf("reading message %d again: %w", m.Number, err)
	}
	c := m.Conn
	rec.Conn, rec.From, rec.Frame.Offset = c.Record, m.From, m.offset
	d := &r.m
	if m.Kind == decode.Opaque {
		// On a direct connection what a file holds may look like a command.
		rec.Frame = decode.Frame{Kind: decode.Opaque, Offset: m.offset, Raw: rec.Frame.Raw, Gap: rec.Frame.Gap}
	}
	d.Decode(&rec.Frame, m.From, m.role, int(m.dialect))
	r.conn = decode.Connection{ID: c.ID, Client: c.Client, Server: c.Server, Role: c.Role,
		Dialect: c.Dialect, Account: c.Account, Opened: c.Opened}
	if n := c.Session; n != nil {
		r.session = decode.Session{Number: n.Number, Account: n.Account, Dialect: n.Dialect}
		r.conn.Session = &r.session
	}
	if c.Conversation > 0 {
		r.chat = decode.Conversation{Number: c.Conversation, SessionID: c.SessionID, Participants: c.Participants}
		r.conn.Conversation = &r.chat
	}
	r.conn.Talks = c.Talks
	d.Number, d.Time, d.Conn, d.Noise, d.SignIn, d.Fate = m.Number, m.Time, &r.conn, m.Noise, m.signIn, m.Fate
	d.SSO = m.sso
	d.Start, d.Findings = r.story.start, append(d.Findings, r.story.findings[m.Number]...)
	if q := m.Request; q != nil {
		d.ReplyTo, d.ReplyVerb, d.Latency, d.FirstReply = q.Number, q.Name, m.Latency(), q.Replies[0] == m
		d.AnswerTo(q.Name)
	}
	if m.challenge > 0 {
		r.verdict = challenge.Verdict{Result: challenge.Result(m.challenge - 1)}
		d.Challenge = &r.verdict
	}
	return d, rec, nil
}
