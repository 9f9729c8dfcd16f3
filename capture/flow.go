package capture

import (
	"bytes"
	"time"

	"msnproxy/decode"
)

// verdict says whether a connection is MSNP.
type verdict uint8

const (
	undecided verdict = iota
	isMSNP            // or MSNFTP, or P2P between two clients
	isOther
)

// flow is a TCP connection in a capture. When it is over, or turns out not to be
// MSNP, its entry stays for a while, without what only an open one needs, so that
// what is sent again is not taken for a new connection.
type flow struct {
	key     flowKey
	verdict verdict
	closed  bool
	sawSYN  [2]bool
	isn     [2]uint32 // sequence number of that side's SYN
	data    bool      // a byte of data was seen
	seen    time.Time // when the last packet was
	began   time.Time // when the first was
	places  places
	client  side
	conn    *Conn      // once it is shown
	begins  *beginning // of what it carries, to compare
	traces  [2]trace   // once open is gone

	*open

	same *flow // another connection with the same ends

	newer, older *flow // in the order of their last packets
}

// open is what an open connection needs.
type open struct {
	streams    [2]stream
	probes     [2]probe
	leads      [2]lead
	probed     int       // bytes looked at without finding out what it is
	known      bool      // which side the client is
	first      side      // that was done,
	anyDone    bool      // by FIN,
	reset      bool      // or by RST,
	resetAt    time.Time // then
	halfDue    bool      // that first is done is to be told, if the other goes on
	halfAt     time.Time // when it was
	watched    bool      // in the list of flows with holes
	overtook   bool      // it is undecided, and others went ahead of it
	parked     []event   // what they overtook
	parkedN    int       // bytes of memory in parked
	links      [2]*link
	waiting    [2][]waiting  // segments that answer what is not here yet
	waits      int           // memory of waiting
	alone      bool          // one side has no packets: it is waited for no longer
	late       time.Duration // how late bytes came after their acknowledgment, at most
	packets    int           // of the connection
	replaces   *flow         // the one before it with the same ends, until it is known to be over
	counted    bool          // as MSNP
	clocksTold bool
	opening    bool  // its first event was given
	twin       *flow // which this may be another capture of
	carrier    *carrier
	preface    preface
}

// release lets go of what only an open connection needs.
func (f *flow) release() {
	if f.open == nil {
		return
	}
	for i := range f.streams {
		f.traces[i] = f.streams[i].trace()
	}
	f.open = nil
}

// trace returns what is known of the sequence numbers of a side.
func (f *flow) trace(s side) trace {
	if f.open == nil {
		return f.traces[s]
	}
	return f.streams[s].trace()
}

// link cuts one direction of a connection that is MSNP into frames.
type link struct {
	framer decode.Framer
	last   time.Time // when its last bytes came
	memory int       // what it is reckoned to hold
}

// probe is the beginning of a link, or of a segment in mid-stream, as long as it
// is not known what it is.
type probe struct{ buf []byte }

const (
	// How much is looked at of a connection before it is taken for something
	// else. In mid-stream it may begin with the rest of a payload.
	maxProbed       = 16 << 10
	maxProbedMiddle = 64 << 10
)

func (f *flow) midStream() bool { return !f.sawSYN[0] && !f.sawSYN[1] }

// look looks at bytes that come next in a link of an undecided connection, for
// something that is MSNP: at the beginning of the link, and of segments later on,
// as the connection may begin with a word to a SOCKS or HTTP proxy, or with
// something that was not captured.
func (f *flow) look(from side, b []byte) {
	f.leads[from].take(f.senderIfKnown(from), b)
	if f.leads[from].said.Direct() || f.leads[from].service || decode.ServiceRequest(b) {
		f.direct(from)
		return
	}
	if f.isGateway(from, b) {
		return
	}
	f.probed += len(b)
	if b = f.asks(from, b); len(b) == 0 {
		return
	}
	pr := &f.probes[from]
	guess := decode.Maybe
	if len(pr.buf) > 0 {
		pr.buf = append(pr.buf, b...)
		guess = decode.Plausible(pr.buf)
	}
	if len(pr.buf) == 0 || guess == decode.No {
		pr.buf = nil
		if guess = decode.Plausible(b); guess == decode.Maybe {
			pr.buf = bytes.Clone(b)
		}
	}
	if guess == decode.Yes {
		f.verdict = isMSNP
		line := b
		if len(pr.buf) > 0 {
			line = pr.buf
		}
		f.findClient(from, line)
		f.probes, f.leads = [2]probe{}, [2]lead{}
		return
	}
	most := maxProbed
	if f.midStream() {
		most = maxProbedMiddle
	}
	if f.probed > most {
		f.verdict = isOther
	}
}

// direct takes a connection for one between two clients, or to a web service: who greets,
// or asks, has connected.
func (f *flow) direct(from side) {
	f.verdict = isMSNP
	if !f.known {
		f.known, f.client = true, from
	}
	f.probes, f.leads = [2]probe{}, [2]lead{}
}

// lookTorn takes what there is of a line whose rest is not in the capture for
// MSNP, if it begins as one.
func (f *flow) lookTorn(from side) {
	b := f.probes[from].buf
	if f.verdict != undecided || decode.Plausible(b) != decode.Maybe || bytes.IndexByte(b, ' ') < 3 {
		return
	}
	f.verdict = isMSNP
	f.findClient(from, b)
	f.probes, f.leads = [2]probe{}, [2]lead{}
}

// findClient works out which side the client is, if no SYN told: by what a line
// that one side sent says, or by the ports.
func (f *flow) findClient(from side, line []byte) {
	if f.known {
		return
	}
	f.known = true
	var framer decode.Framer
	var fr decode.Frame
	framer.Feed(line)
	for framer.Next(&fr) {
		if fr.Kind != decode.Command {
			continue
		}
		var asClient, asServer decode.Message
		asClient.Decode(&fr, decode.Client, 0, 0)
		asServer.Decode(&fr, decode.Server, 0, 0)
		if c, s := asClient.Fits(), asServer.Fits(); c != s {
			f.client = from
			if s {
				f.client = from.peer()
			}
			return
		}
	}
	known0, known1 := serverPort(f.key.port[0]), serverPort(f.key.port[1])
	if known0 == known1 {
		known1 = f.key.port[1] < f.key.port[0]
	}
	f.client = 0
	if !known1 {
		f.client = 1
	}
}

// serverPort reports whether servers of MSNP listen on the port, or those who
// offer a file in MSNFTP.
func serverPort(p uint16) bool { return p == 1863 || p == 1864 || p == 6891 }

// sender says who sends from a side.
func (f *flow) sender(s side) decode.Sender {
	if s == f.client {
		return decode.Client
	}
	return decode.Server
}
