package show

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/decode/filter"
	"msnproxy/decode/stage"
)

// Format is how messages are written.
type Format string

// The formats.
const (
	Text       Format = "text"
	JSON       Format = "json"
	Transcript Format = "transcript"
)

// Options say what is printed, and how.
type Options struct {
	Format Format
	// Detail, for text: 0 one line a message; 1 also connections, sessions and
	// findings; 2 also every field; 3 also every byte.
	Detail int
	// Color switches colours on.
	Color bool
	// Filter picks messages and ends of connections; nil: all. With a filter it is not
	// shown how connections begin.
	Filter *filter.Filter
	// Passwords of accounts, in lower case, for the verdict on MD5 sign-ins.
	Passwords map[string]string
	// Live traffic: what the proxy has to say is shown, filter or not.
	Live bool
	// Check applies the rules of package check, too, rather than only those that
	// need one frame. A filter that asks for findings has them applied in any case.
	Check bool
	// Raw adds the bytes of each frame to JSON, so that it can be read back.
	Raw bool
	// Each, for JSON, is called for each object rather than that it is written, and without
	// regard to Filter.
	Each func(l JSONLine)
	// Location is the time zone of times; nil: local time.
	Location *time.Location
}

// Printer turns records into output. It is the one way from a record to the
// screen, for recordings and for live traffic alike. It is not safe for
// concurrent use.
type Printer struct {
	Options
	out        *bufio.Writer
	follow     *capture.Follower
	signIns    stage.Book
	found      decode.Message // stands for one that findings are on
	remark     string         // the last one
	palette    palette
	transcript *capture.TranscriptWriter
	buf        []byte
	lines      []Line
	summary    []byte
	day        int
	seen       map[uint32]told
	stats      Stats
	filterErr  error
}

// told is what was said of a connection last.
type told struct {
	session      *decode.Session
	conversation *decode.Conversation
	sessionID    string // of the conversation
}

// Stats counts what went through a printer.
type Stats struct {
	Connections, Messages, Sessions, Conversations int
	// Opaque counts bytes that are no MSNP, Lost those known to be missing.
	Opaque, Lost int64
	// Findings counts by severity.
	Findings [decode.Error + 1]int
	// Shown counts the messages that the filter let through.
	Shown int
}

// New returns a printer that writes to w.
func New(w io.Writer, o Options) *Printer {
	o.Check = o.Check || o.Filter.AsksFindings()
	p := &Printer{Options: o, out: bufio.NewWriterSize(w, 64<<10),
		follow: capture.NewFollower(capture.FollowOptions{Passwords: o.Passwords, Check: o.Check}),
		seen:   make(map[uint32]told), palette: newPalette(o.Color)}
	if p.Location == nil {
		p.Location = time.Local
	}
	if o.Format == Transcript {
		p.transcript = capture.NewTranscriptWriter(p.out)
	}
	return p
}

// Know adds passwords of accounts, in lower case, to those of the options.
func (p *Printer) Know(passwords map[string]string) {
	known := make(map[string]string)
	maps.Copy(known, p.Passwords)
	maps.Copy(known, passwords)
	p.Passwords = known
	p.follow.Know(known)
}

// Foresee tells what [capture.Look] has found in the same recording: findings that
// come late are then printed with their messages, and a filter knows of them. It is to
// be called before there are records.
func (p *Printer) Foresee(h capture.Hindsight) { p.follow.Foresee(h) }

// Stats returns the counts so far.
func (p *Printer) Stats() Stats { return p.stats }

// SignIns returns how far each sign-in came; see [stage.Book].
func (p *Printer) SignIns() []*decode.SignIn { return p.signIns.SignIns() }

// Flush hands what is buffered to the writer.
func (p *Printer) Flush() error { return p.out.Flush() }

// FilterError returns the first error of the filter on a message, if there was
// one: such messages are not shown.
func (p *Printer) FilterError() error { return p.filterErr }

// Record prints a record. The error is the writer's.
func (p *Printer) Record(r *capture.Record) error {
	e := p.follow.Record(r)
	if e.New {
		p.stats.Connections++
		p.signIns.See(e.Conn)
	}
	if r.Kind == capture.Closed && e.Conn != nil {
		p.signIns.Closed(e.Conn)
	}
	undecided := p.undecided(e.Undecided)
	switch {
	case e.Became:
		return errors.Join(undecided, p.told(e), p.transcribed(r))
	case r.Kind == capture.Became:
		return errors.Join(undecided, p.transcribed(r))
	case r.Kind == capture.Data:
		return errors.Join(undecided, p.message(e))
	}
	if r.Kind == capture.Lost {
		p.stats.Lost += max(r.Lost, 0)
	}
	err := errors.Join(undecided, p.event(e), p.findings(e.Located))
	if r.Kind == capture.Closed && r.Conn != nil {
		delete(p.seen, r.Conn.ID)
	}
	return err
}

// Finish prints what there is to say at the end of a recording, and hands what
// is buffered to the writer.
func (p *Printer) Finish() error {
	return errors.Join(p.undecided(p.follow.Held()), p.findings(p.follow.Finish()), p.Flush())
}

// undecided prints messages that were held, and of which no more is recorded.
func (p *Printer) undecided(list []capture.Event) error {
	var all error
	for i := range list {
		all = errors.Join(all, p.told(&list[i]))
	}
	return all
}

// told prints a message that was held when it came, and counts what is found on it.
func (p *Printer) told(e *capture.Event) error {
	p.count(e.Message)
	if p.Format == Transcript {
		return nil // it stands where it came
	}
	return p.show(e)
}

// transcribed writes what became of a frame into a transcript.
func (p *Printer) transcribed(r *capture.Record) error {
	if p.Format != Transcript || p.Filter != nil {
		return nil
	}
	return p.transcript.WriteRecord(r)
}

// held prints that a message came, and waits: in a transcript it stands here.
func (p *Printer) held(m *decode.Message, r *capture.Record) error {
	if !p.wants(m) {
		return nil
	}
	switch {
	case p.Format == Transcript:
		p.stats.Shown++
		return p.transcript.WriteRecord(r)
	case p.Format == JSON:
		p.buf = appendHeld(p.buf[:0], m, r, p.Raw)
		if p.each(m, r, true) {
			return nil
		}
	default:
		p.buf = p.appendHeld(p.buf[:0], m)
	}
	_, err := p.out.Write(p.buf)
	return err
}

// findings counts and prints findings on earlier messages and on connections.
func (p *Printer) findings(list []check.Located) error {
	if len(list) == 0 {
		return nil
	}
	p.buf = p.buf[:0]
	for i := range list {
		l := &list[i]
		p.stats.Findings[l.Severity]++
		switch {
		case p.Filter != nil && !p.wantsFinding(l):
		case p.Format == JSON:
			p.buf = appendFindingEvent(p.buf, l)
			if p.Each != nil {
				p.eachFinding(l)
				p.buf = p.buf[:0]
			}
		case p.Format == Text && p.Detail > 0:
			p.buf = p.appendLocated(p.buf, l)
		}
	}
	_, err := p.out.Write(p.buf)
	return err
}

// message prints a message if it is wanted, and what it brings to light.
func (p *Printer) message(e *capture.Event) error {
	m, r := e.Message, e.Record
	p.stats.Messages++
	if r.Frame.Kind == decode.Opaque {
		p.stats.Opaque += int64(len(r.Frame.Raw))
	}
	if r.Fate == capture.Held {
		return errors.Join(p.held(m, r), p.findings(e.Located))
	}
	p.count(m)
	return p.show(e)
}

// show prints a message if it is wanted, and what it brings to light.
func (p *Printer) show(e *capture.Event) error {
	m, r := e.Message, e.Record
	if !p.wants(m) {
		return p.findings(e.Located)
	}
	p.stats.Shown++
	err := p.Message(m, r)
	if len(e.Located) > 0 {
		err = errors.Join(err, p.findings(e.Located))
	}
	return err
}

// wants asks the filter, if there is one.
func (p *Printer) wants(m *decode.Message) bool {
	if p.Filter == nil {
		return true
	}
	ok, err := p.Filter.Match(m)
	if err != nil && p.filterErr == nil {
		p.filterErr = err
	}
	return ok
}

// wantsFinding asks a filter for a finding that comes when its message is gone: such
// that ask for nothing else find it, if they ask for findings.
func (p *Printer) wantsFinding(l *check.Located) bool {
	if !p.Filter.AsksFindings() {
		return false
	}
	p.stand(l)
	ok, err := p.Filter.Match(&p.found)
	return ok && err == nil
}

// stand makes a message that stands for the one that a finding is on.
func (p *Printer) stand(l *check.Located) {
	c := p.follow.Connection(l.Conn)
	if c == nil {
		c = &decode.Connection{ID: l.Conn}
	}
	p.found.Occur(decode.NoOccurrence, 0, c, l.Time)
	p.found.Number, p.found.From, p.found.Findings = l.Number, l.From, append(p.found.Findings, l.Finding)
}

// Message prints a message that somebody else keeps track of, with what stands in
// it of its connection, its number and its findings. Nothing is counted or checked.
// The error is the writer's.
func (p *Printer) Message(m *decode.Message, r *capture.Record) error {
	switch p.Format {
	case JSON:
		p.buf = appendMessage(p.buf[:0], m, r, p.Raw)
		if p.each(m, r, false) {
			return nil
		}
	case Transcript:
		return p.transcript.WriteRecord(r)
	default:
		p.buf = p.appendText(p.buf[:0], m, r)
	}
	_, err := p.out.Write(p.buf)
	return err
}

// Located prints findings that somebody else has made, as those of the rules that
// need more than one frame are printed. The error is the writer's.
func (p *Printer) Located(list []check.Located) error { return p.findings(list) }

// count adds a message to the counts.
func (p *Printer) count(m *decode.Message) {
	if !p.Check && (p.Detail > 0 || p.Format != Text) { // the rules judge it themselves
		m.JudgePayload()
	}
	for _, f := range m.Findings {
		p.stats.Findings[f.Severity]++
	}
	if s := m.Conn.Session; s != nil {
		p.stats.Sessions = max(p.stats.Sessions, s.Number)
	}
	if v := m.Conversation(); v != nil {
		p.stats.Conversations = max(p.stats.Conversations, v.Number)
	}
}

// event prints a record that is no frame.
func (p *Printer) event(e *capture.Event) error {
	r := e.Record
	if r.Folded && p.Format != JSON && (p.Format == Transcript || p.Detail < 3) {
		return nil
	}
	if p.Format == Transcript {
		return p.transcript.WriteRecord(r)
	}
	wanted := e.Message != nil && p.Filter != nil && p.wants(e.Message)
	if p.Filter != nil && !wanted && !(p.Live && r.Kind == capture.Remark) {
		return nil
	}
	if p.Format == JSON {
		p.buf = appendEvent(p.buf[:0], r)
		if p.each(e.Message, r, false) {
			return nil
		}
	} else if p.Detail > 0 || wanted && p.Filter.Uses("ended", "by", "kind", "severity", "findings") || r.Kind == capture.Lost || r.Kind == capture.Remark {
		p.buf = p.appendEvent(p.buf[:0], r)
	} else {
		return nil
	}
	_, err := p.out.Write(p.buf)
	return err
}
