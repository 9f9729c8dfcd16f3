package decode

import (
	"strings"
	"time"
)

// Stage is how far a sign-in has come. Each stands for something that was seen, and what
// proves it is told by the table of stages below.
type Stage uint8

// The stages, in the order in which a sign-in goes through them. Not every dialect has all.
const (
	StageNone       Stage = iota
	StageCame             // there is a connection (TCP)
	StageOffered          // the client has offered dialects
	StageAgreed           // the server has chosen one
	StageIntroduced       // the server has answered who the client is, or which packages it knows
	StageNamed            // the client has said whose account it is
	StageSentOn           // the server has sent it to another one
	StageFollowed         // it has come there
	StageChallenged       // the server wants an answer, or a ticket
	StageTicket           // a web service has issued one (MSNP8 and later)
	StageProven           // the client has given it
	StageAdmitted         // the server has let it in
	StageListed           // the lists of contacts are there
	StageOnline           // its status is known
	StageTalking          // a switchboard has let it in (to MSNP20)

	// Stages is how many there are.
	Stages
)

// Refusal is an error reply in a sign-in.
type Refusal struct {
	// Code is that of the reply, Verb the command that it answers: "" if that is not known.
	Code, Verb string
	// Number is the message's.
	Number int64
}

// Request is one that waits for its reply.
type Request struct {
	Verb   string
	Number int64
}

// End is how a connection ended.
type End struct {
	How Occurrence
	// By is who ended it, 0 if that is not known.
	By Sender
	// Text says why, where who relayed or recorded it knew.
	Text string
	At   time.Time
}

// maxWaiting is how many requests without a reply are remembered of a sign-in: clients send
// the first three at once.
const maxWaiting = 4

// SignIn is how far a client came, from its first connection on, and what came then: over
// all connections of a session but for switchboards, of which it only matters that there
// was one.
type SignIn struct {
	// Reached is the farthest stage, Number the message that proves it (0: none), At when.
	Reached Stage
	Number  int64
	At      time.Time
	// Dialect is what was agreed on, Account who wants in: 0 and "" if not known.
	Dialect int
	Account string
	// Client and Server are the ends of the newest connection.
	Client, Server string
	// Conn is its number, First that of the first one, Conns how many there were.
	Conn, First uint32
	Conns       int
	// Session is the session's number: 0 as long as nobody has said who signs in.
	Session int

	// MidStream: it began before it was seen. Main: there was more than a switchboard.
	MidStream, Main bool
	// CheckOnly: the client asked for a newer version of itself, and no more (CVR0).
	CheckOnly bool
	// Declined: the server knows none of the dialects that the client offers.
	Declined bool
	// Error is the newest error reply on the way in.
	Error Refusal
	// Foreign is what the first bytes are that are no MSNP, ForeignFrom who sent them.
	Foreign     *Opening
	ForeignFrom Sender
	// SentTo is where the client was sent and did not come to yet.
	SentTo string
	// Out is the server's OUT with its reason, in words; Left: the client said OUT.
	Out  string
	Left bool
	// End is the end of the newest connection: How is NoOccurrence while it is open.
	End End
	// Last is when the newest message came, or the connection.
	Last time.Time

	seen    uint32 // stages, a bit for each
	waiting [maxWaiting]Request
	waits   int
	changes uint32
}

// Has reports whether the stage was seen.
func (s *SignIn) Has(stage Stage) bool { return s.seen&(1<<stage) != 0 }

// Waiting are the requests of the newest connection that have no reply, the oldest first. It
// is not told any more of who is online.
func (s *SignIn) Waiting() []Request { return s.waiting[:s.waits] }

// Open reports whether the newest connection is open.
func (s *SignIn) Open() bool { return s.End.How == NoOccurrence }

// Changes counts what has become known: it is another number where there is more to say.
func (s *SignIn) Changes() uint32 { return s.changes }

// stageProof tells that a stage is reached.
type stageProof struct {
	from  Sender
	act   Act
	stage Stage
	// with are parameters of which the line must have one, or nil; without is one that it
	// must not have.
	with    []string
	without string
	// room: it is said on a switchboard; else anywhere but there.
	room bool
	// reply: only an answer counts.
	reply bool
	// first is the first dialect in which it proves that.
	first int
}

// proofs is the table of what proves which stage. StageCame needs none, StageFollowed is
// proven by where the connection was sent from, StageTicket by a web service.
var proofs = []stageProof{
	{from: Client, act: ActVersion, stage: StageOffered},
	{from: Server, act: ActVersion, stage: StageAgreed},
	{from: Server, act: ActProgram, stage: StageIntroduced},
	{from: Server, act: ActPackages, stage: StageIntroduced},
	{from: Client, act: ActSignIn, stage: StageNamed, with: []string{"handle"}},
	{from: Server, act: ActRedirect, stage: StageSentOn},
	{from: Server, act: ActSignIn, stage: StageChallenged, with: []string{"challenge", "policy"}, without: "handle"},
	{from: Client, act: ActSignIn, stage: StageProven, with: []string{"response", "password", "ticket"}},
	{from: Server, act: ActSignIn, stage: StageAdmitted, with: []string{"handle"}},
	{from: Server, act: ActSynchronise, stage: StageListed},
	{from: Server, act: ActLists, stage: StageListed, reply: true},
	{from: Server, act: ActStatus, stage: StageOnline},
	{from: Server, act: ActRoute, stage: StageOnline, reply: true, first: 21},
	{from: Server, act: ActSignIn, stage: StageTalking, with: []string{"handle"}, room: true},
	{from: Server, act: ActAnswer, stage: StageTalking, room: true},
}

// proofsOf are the rows of an act.
var proofsOf [Acts][]*stageProof

func init() {
	for i := range proofs {
		p := &proofs[i]
		proofsOf[p.act] = append(proofsOf[p.act], p)
	}
}

// holds reports whether the message proves it.
func (p *stageProof) holds(m *Message) bool {
	switch {
	case p.from != m.From, p.room != (m.Role == SB), p.reply && m.ReplyTo == 0, m.Dialect < p.first,
		p.without != "" && m.Raw(p.without) != nil:
		return false
	case p.stage == StageAgreed:
		return speaks(m.chosen())
	case p.stage == StageSentOn:
		r, ok := m.Redirect()
		return ok && r.Kind == RedirectNS
	case p.with == nil:
		return true
	}
	for _, name := range p.with {
		if m.Raw(name) != nil {
			return true
		}
	}
	return false
}

// speaks reports whether a word of VER names a dialect, and not the version check.
func speaks(word string) bool { return strings.HasPrefix(strings.ToUpper(word), "MSNP") }

// chosen is the dialect that the server's answer to the offer names first: "" if it has
// none in common.
func (m *Message) chosen() string {
	for i := range m.Len() {
		if f := m.Field(i); f.Name == "dialects" {
			if s := string(f.Raw); s != "0" {
				return s
			}
			return ""
		}
	}
	return ""
}
