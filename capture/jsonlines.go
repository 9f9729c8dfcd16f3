package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"msnproxy/decode"
)

// maxJSONLine bounds one line: the bytes of the largest frame in Base64, and all
// that is said of them.
const maxJSONLine = 64 << 20

// jsonLines reads JSON lines as msnproxy writes them with the bytes of each frame
// in "raw": see docs/json.md. Names that it does not know are passed over.
type jsonLines struct {
	f      *file
	number int
	conns  map[uint32]*Conn
	offset map[uint32]*[2]int64
	framer decode.Framer
	held   map[heldAt]bool // places of frames that are held
	work   []byte
}

// jsonLine is what is read of a line; everything else can be made from the bytes.
type jsonLine struct {
	V         int
	Time      time.Time
	Conn      uint32
	Event     string
	Verb      string
	Kind      string
	Verdict   string
	From      string
	Client    string
	Server    string
	Via       string
	Way       string
	Asked     string
	Midstream bool
	Folded    bool
	Reset     bool
	Bytes     int64
	Text      string
	Raw       []byte
	Sent      json.RawMessage
	SentRaw   []byte `json:"sent_raw"`
	Injected  bool
	Fate      string
	ChangedBy []string `json:"changed_by"`
	HeldMS    millis   `json:"held_ms"`
	Resync    bool
	Gap       bool
	Line      int
	Omitted   bool
	Offset    *int64
	About     *noteAbout
}

// isJSONLines reports whether head begins with an object of ours.
func isJSONLines(head []byte) bool {
	return bytes.HasPrefix(head, []byte(`{"v":`))
}

func newJSONLines(f *file) *jsonLines {
	return &jsonLines{held: make(map[heldAt]bool), f: f, conns: make(map[uint32]*Conn), offset: make(map[uint32]*[2]int64)}
}

func (j *jsonLines) stats() Stats {
	return Stats{Format: "JSON lines", Connections: len(j.conns), MSNP: len(j.conns)}
}

func (j *jsonLines) fail(format string, args ...any) error {
	return &TranscriptError{Path: j.f.name, Line: j.number, What: fmt.Sprintf(format, args...)}
}

func (j *jsonLines) next(rec *Record) error {
	for {
		line, err := j.readLine()
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var l jsonLine
		if err := json.Unmarshal(line, &l); err != nil {
			return j.fail("no JSON object as msnproxy writes them: %v", err)
		}
		if l.V != 1 {
			return j.fail("version %d of the format is not known here; it reads version 1", l.V)
		}
		if l.Event == "finding" {
			continue // the rules find it again
		}
		if err := j.record(rec, &l); !errors.Is(err, errNothing) {
			return err
		}
	}
}

// readLine reads a line, without its end, into the reader's own memory.
func (j *jsonLines) readLine() ([]byte, error) {
	j.work = j.work[:0]
	j.number++
	for {
		part, err := j.f.r.ReadSlice('\n')
		j.work = append(j.work, part...)
		switch {
		case err == nil:
			return bytes.TrimRight(j.work, "\r\n"), nil
		case errors.Is(err, io.EOF) && len(j.work) > 0:
			return j.work, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, j.fail("%v", err)
		}
		if len(j.work) > maxJSONLine {
			return nil, j.fail("longer than %d bytes", maxJSONLine)
		}
	}
}

func (j *jsonLines) record(rec *Record, l *jsonLine) error {
	*rec = Record{Time: l.Time, Reset: l.Reset, Text: l.Text}
	switch l.From {
	case "client":
		rec.From = decode.Client
	case "server":
		rec.From = decode.Server
	}
	if l.Conn != 0 {
		rec.Conn = j.conn(l)
	}
	switch l.Event {
	case "opened":
		rec.Kind = Opened
	case "half-closed":
		rec.Kind = HalfClosed
		if rec.From == 0 {
			return j.fail("%q without who it was (\"from\")", l.Event)
		}
	case "closed":
		rec.Kind = Closed
		defer delete(j.offset, l.Conn)
	case "lost":
		rec.Kind, rec.Lost = Lost, l.Bytes
		j.at(l.Conn)[index(rec.From)] += max(l.Bytes, 0)
	case "remark":
		rec.Kind, rec.Folded = Remark, l.Folded
		if rec.About = l.About.about(); rec.About != nil {
			rec.Conn = nil
		}
		return nil
	case "":
		rec.Kind = Data
		if rec.Conn != nil && l.Offset != nil && j.takeHeld(heldAt{l.Conn, rec.From, *l.Offset}) {
			return j.became(rec, l)
		}
		return j.frame(rec, l)
	case eventHeld:
		rec.Kind = Data
		if len(l.Raw) == 0 {
			rec.Kind, rec.Conn, rec.Text = Remark, nil, "a message was held"
			return nil
		}
		return j.frame(rec, l)
	default:
		rec.Kind, rec.Text = Remark, l.Event+": "+l.Text
		return nil
	}
	if rec.Conn == nil {
		return j.fail("%q without a connection", l.Event)
	}
	return nil
}

func (j *jsonLines) conn(l *jsonLine) *Conn {
	c := j.conns[l.Conn]
	if c == nil || l.Event == "opened" {
		c = &Conn{ID: l.Conn, Client: l.Client, Server: l.Server, Via: l.Via, MidStream: l.Midstream, Way: l.Way, Asked: l.Asked}
		j.conns[l.Conn] = c
	}
	return c
}

func (j *jsonLines) at(conn uint32) *[2]int64 {
	if j.offset[conn] == nil {
		j.offset[conn] = new([2]int64)
	}
	return j.offset[conn]
}

// frame makes the frame of a message from its bytes.
func (j *jsonLines) frame(rec *Record, l *jsonLine) error {
	switch {
	case rec.Conn == nil || rec.From == 0:
		return j.fail("a message without a connection or a sender")
	case len(l.Raw) == 0:
		return j.fail("a message without its bytes (\"raw\"): only \"msnproxy convert\" writes them")
	}
	rec.Frame, rec.Verdict = reframe(&j.framer, l.Kind, l.Raw), l.Verdict
	fr := &rec.Frame
	link := &j.at(l.Conn)[index(rec.From)]
	if l.Offset != nil {
		*link = *l.Offset
	}
	fr.Offset, fr.Resync, fr.Gap, fr.TextLine, fr.Omitted = *link, l.Resync, l.Gap, l.Line, l.Omitted
	if !l.Injected {
		*link += int64(len(l.Raw))
	}
	if l.Event == eventHeld {
		rec.Fate = Held
		if len(j.held) < maxHeldLines {
			j.held[heldAt{l.Conn, rec.From, fr.Offset}] = true
		}
		return nil
	}
	j.fate(rec, l)
	return nil
}

// fate takes what a proxy made of a message.
func (j *jsonLines) fate(rec *Record, l *jsonLine) {
	rec.Fate, rec.Sent, rec.ChangedBy, rec.HeldFor = fateOf(l.Fate), l.SentRaw, l.ChangedBy, time.Duration(l.HeldMS)
	switch {
	case l.Injected:
		rec.Fate = Injected
	case string(l.Sent) == "null" && l.SentRaw == nil:
		rec.Fate = Withheld
	}
}

// became takes a message that came as held: what stands here is what became of it. One
// of which that is not known has been told.
func (j *jsonLines) became(rec *Record, l *jsonLine) error {
	rec.Kind = Became
	rec.Frame.Offset = *l.Offset
	j.fate(rec, l)
	if rec.Fate == Held {
		return errNothing
	}
	if !rec.Time.IsZero() {
		rec.Time = rec.Time.Add(rec.HeldFor)
	}
	return nil
}

// errNothing says that a line tells nothing new.
var errNothing = errors.New("nothing new")

// eventHeld is the event of a frame that came, and waits.
const eventHeld = "held"

// maxHeldLines is how many frames that are held are remembered at once.
const maxHeldLines = 1 << 16

// takeHeld reports whether a frame in this place came as held, and forgets that.
func (j *jsonLines) takeHeld(at heldAt) bool {
	was := j.held[at]
	delete(j.held, at)
	return was
}
