package proxy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// silencePatience is how long a server may say nothing before that is remarked on.
const silencePatience = 5 * time.Second

// signInFrames is how many of a client's first frames are looked at for requests of the
// sign-in that stay unanswered.
const signInFrames = 8

// silence waits for the first bytes of a connection, and then for the replies to the
// requests of the sign-in.
type silence struct {
	mu     sync.Mutex
	timer  *time.Timer
	client bool   // has said something
	server bool   // likewise
	asked  string // the verb that the server owes an answer to
	owed   atomic.Bool
	over   bool
	told   chan struct{} // closed when what is being remarked on has been told
}

func (s *silence) begin(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(silencePatience, func() { s.remark(c) })
}

// broken notes a side's first bytes.
func (s *silence) broken(by decode.Sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over || s.timer == nil:
	case by == decode.Client:
		s.client = true
		s.timer.Reset(silencePatience)
	default:
		s.server = true
		s.timer.Stop()
	}
}

// ask notes a request of the sign-in. The first one of all is waited for anyway.
func (s *silence) ask(verb string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || !s.server {
		return
	}
	s.asked = verb
	s.owed.Store(true)
	s.timer.Reset(silencePatience)
}

// answer notes that the server goes on.
func (s *silence) answer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != "" {
		s.asked = ""
		s.owed.Store(false)
		s.timer.Stop()
	}
}

// end waits for a remark that is being told, so that none comes after the connection's end.
func (s *silence) end() {
	s.mu.Lock()
	s.over = true
	if s.timer != nil {
		s.timer.Stop()
	}
	told := s.told
	s.mu.Unlock()
	if told != nil {
		<-told
	}
}

// remark tells, with nothing held, of a silence: who reads slowly must not stop the links.
func (s *silence) remark(c *conn) {
	if r, told := s.notice(c); told != nil {
		c.say(r)
		close(told)
	}
}

// notice says what there is to remark on, and what to close when it has been told; nil:
// there is nothing.
func (s *silence) notice(c *conn) (r capture.Record, told chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.server && s.asked == "" {
		return r, nil
	}
	if l := c.up.lane; l != nil && (l.Blocked() || c.down.lane.Blocked()) {
		s.timer.Reset(silencePatience) // what was said is held: nobody is silent
		return r, nil
	}
	if s.client && !s.server && !c.up.reached() {
		s.timer.Reset(silencePatience) // what was said is withheld: there is nothing to answer
		return r, nil
	}
	r = capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Client,
		Text: fmt.Sprintf("neither the client nor the server has said anything for %v; in MSNP the client begins", silencePatience)}
	switch {
	case s.asked != "":
		r.From = decode.Server
		r.Text = fmt.Sprintf("the server %s has not answered %s for %v: it may be waiting for something itself, such as where its accounts are kept; see its log", c.rec.Server, s.asked, silencePatience)
		s.asked = ""
		s.owed.Store(false)
	case s.client:
		r.From = decode.Server
		r.Text = fmt.Sprintf("the server %s has said nothing for %v since the client began", c.rec.Server, silencePatience)
		if with := c.beganWith(); with != "" {
			r.Text += " with " + with
		} else {
			r.Text += ": is it " + c.peer() + ", and does it answer without the proxy?"
		}
	}
	s.told = make(chan struct{})
	return r, s.told
}

// beganWith says what the client began with if that is not known to be MSNP, which a
// remark may not have said yet: more of it may have come.
func (c *conn) beganWith() string {
	if b := c.unclear.Load(); b != nil {
		o, _ := decode.ReadOpening(*b, decode.Client, true)
		return o.String()
	}
	if o := c.foreign.Load(); o != nil {
		return o.Text
	}
	return ""
}

// reached reports whether anything has been sent on: stages may withhold all of it.
func (l *link) reached() bool { return l.lane == nil || l.sent.Load() }

// maxKnownLine bounds what is kept of a link's first line.
const maxKnownLine = 512

// begins reports whether the frame that comes is one for begun.
func (l *link) begins() bool {
	return l.seen < signInFrames || l.from == decode.Server && l.c.silence.owed.Load()
}

// begun keeps what leftEarly needs of a link's first frames, and tells silence of what
// is asked and answered in the sign-in.
func (l *link) begun(fr *decode.Frame) {
	if l.from == decode.Server {
		l.c.silence.answer()
	} else if verb := signInRequest(fr); verb != "" {
		l.c.silence.ask(verb)
	}
	if l.seen++; l.seen == 1 && fr.Kind == decode.Command {
		line := fr.Line()
		l.opening = string(line[:min(len(line), maxKnownLine)])
	}
}

// signInRequest is the verb of a request that a server answers also when nobody has
// signed in; "": it is none.
func signInRequest(fr *decode.Frame) string {
	if fr.Kind != decode.Command {
		return ""
	}
	name, _, _ := strings.Cut(string(fr.Line()), " ")
	v := decode.LookupVerb(name)
	if v == nil || v.SignedIn || v.PayloadFrom > 0 {
		return ""
	}
	for i := range v.Forms {
		if f := &v.Forms[i]; f.From == decode.Client && f.Roles&(decode.DS|decode.NS|decode.SB) != 0 && f.Reply == "" {
			return v.Name
		}
	}
	return ""
}

// wordless says what a server may be that ended the connection before it said
// anything; "": it said something, or did not end it,
// or there was nothing to answer.
func (c *conn) wordless(end capture.Record) string {
	if end.From != decode.Server || c.down.in > 0 || c.up.in == 0 || !c.up.reached() || c.went.valid() && c.p.backs.back(c.went) {
		return ""
	}
	how := "closed"
	if end.Reset {
		how = "reset"
	}
	return fmt.Sprintf("the server %s %s the connection without a word: is it %s, and does it take this address? One that wants TLS does so, too, and a port that is forwarded to where nobody listens", c.rec.Server, how, c.peer())
}

// peer is what the server should be.
func (c *conn) peer() string {
	if w := c.in.wish; w != nil && w.Peer != "" {
		return w.Peer
	}
	return "a server of MSNP"
}

// leftEarly says why a client may have gone that said VER and nothing more; "": it
// said more, or something else, or what it said was withheld. Both links have ended.
func (c *conn) leftEarly() string {
	asked, reply := strings.Fields(c.up.opening), strings.Fields(c.down.opening)
	if c.up.seen != 1 || !c.up.reached() || len(asked) < 2 || decode.ActOf(asked[0]) != decode.ActVersion {
		return ""
	}
	const left = "the client left after VER: "
	switch {
	case c.down.seen == 0:
		return left + "the server had not answered"
	case len(reply) < 3 || reply[0] != asked[0]:
		return left + fmt.Sprintf("the answer was %q", c.down.opening)
	case reply[2] == "0":
		return "" // that is a finding (version.refused)
	}
	names := func(list []string, dialect string) bool {
		return slices.ContainsFunc(list, func(o string) bool { return strings.EqualFold(o, dialect) })
	}
	offered := func(dialect string) bool {
		return names(asked[2:], dialect) && (c.up.instead == "" || names(strings.Fields(c.up.instead), dialect))
	}
	for _, d := range reply[2:] {
		if !decode.IsCVR0(d) && !offered(d) {
			return "" // likewise (version.choice)
		}
	}
	if slices.ContainsFunc(asked[2:], decode.IsCVR0) && !slices.ContainsFunc(reply[2:], decode.IsCVR0) {
		return "" // likewise (version.cvr0-reply)
	}
	return left + "the answer is one that it offered, so the reason is its own"
}
