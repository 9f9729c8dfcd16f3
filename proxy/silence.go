package proxy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// silencePatience is how long a server may say nothing before that is remarked on.
const silencePatience = 5 * time.Second

// silence waits for the first bytes of a connection.
type silence struct {
	mu     sync.Mutex // held while it is remarked on
	timer  *time.Timer
	client bool // has said something
	over   bool
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
		s.over = true
		s.timer.Stop()
	}
}

func (s *silence) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *silence) remark(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	r := capture.Record{Time: time.Now(), Kind: capture.Remark, From: decode.Client,
		Text: fmt.Sprintf("neither the client nor the server has said anything for %v; in MSNP the client begins", silencePatience)}
	if s.client {
		r.From = decode.Server
		r.Text = fmt.Sprintf("the server %s has said nothing for %v since the client began: is it a server of MSNP, and does it answer without the proxy?", c.rec.Server, silencePatience)
	}
	c.say(r)
}

// maxKnownLine bounds what is kept of a link's first line.
const maxKnownLine = 512

// begun keeps what leftEarly needs of a link's first two frames.
func (l *link) begun(fr *decode.Frame) {
	if l.seen++; l.seen == 1 && fr.Kind == decode.Command {
		line := fr.Line()
		l.opening = string(line[:min(len(line), maxKnownLine)])
	}
}

// leftEarly says why a client may have gone that said VER and nothing more; "": it
// said more, or something else. Both links have ended.
func (c *conn) leftEarly() string {
	asked, reply := strings.Fields(c.up.opening), strings.Fields(c.down.opening)
	if c.up.seen != 1 || len(asked) < 2 || asked[0] != "VER" {
		return ""
	}
	const left = "the client left after VER: "
	switch {
	case c.down.seen == 0:
		return left + "the server had not answered"
	case len(reply) < 3 || reply[0] != "VER":
		return left + fmt.Sprintf("the answer was %q", c.down.opening)
	case reply[2] == "0":
		return left + "the server takes none of the dialects that it offered"
	}
	offered := func(dialect string) bool {
		return slices.ContainsFunc(asked[2:], func(o string) bool { return strings.EqualFold(o, dialect) })
	}
	answered := slices.ContainsFunc(reply[2:], isCVR0)
	for _, d := range reply[2:] {
		if !isCVR0(d) && !offered(d) {
			return left + fmt.Sprintf("the server answered with %s, which it did not offer", d)
		}
	}
	if slices.ContainsFunc(asked[2:], isCVR0) && !answered {
		return left + "the answer lacks CVR0, which it offered; aMSN up to 0.94 and others go without a word then"
	}
	return left + "the answer is one that it offered, so the reason is its own"
}

// isCVR0 knows the spelling with a letter O, too, which some clients have.
func isCVR0(word string) bool {
	return strings.EqualFold(word, "CVR0") || strings.EqualFold(word, "CVRO")
}
