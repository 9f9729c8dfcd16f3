package index

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"msnproxy/capture"
	"msnproxy/decode"
)

// A screen that has ended leaves its last drawing waiting: see BenchmarkLive.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("msnproxy/cmd/msnproxy/internal/inspector.(*Inspector).refresh.func1"))
}

// samples are the recordings of real clients and servers, a transcript and the
// demo's recording.
func samples(tb testing.TB) []string {
	tb.Helper()
	paths, err := filepath.Glob("../../../../capture/testdata/*.pcap")
	if err != nil || len(paths) != 4 {
		tb.Fatal(paths, err)
	}
	return append(paths, "../../../../capture/testdata/msnp6-sign-in.txt", "../chat/testdata/demo.pcapng")
}

// readAll returns the records of a recording.
func readAll(tb testing.TB, in io.Reader, name string) (list []*capture.Record) {
	tb.Helper()
	r, err := capture.OpenReader(in, name)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, clone(rec))
	}
}

func clone(r *capture.Record) *capture.Record {
	k := *r
	k.Frame = r.Frame.Clone()
	k.Sent = bytes.Clone(r.Sent)
	return &k
}

// written returns the records as a recording of ours.
func written(tb testing.TB, list []*capture.Record) []byte {
	tb.Helper()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, "")
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range list {
		if err := w.WriteRecord(r); err != nil {
			tb.Fatal(err)
		}
	}
	return file.Bytes()
}

// opened returns the index of a recording.
func opened(tb testing.TB, file []byte, name string) *Index {
	tb.Helper()
	x := New(Options{SpoolDir: tb.TempDir()})
	tb.Cleanup(x.Close)
	in, err := capture.OpenReader(bytes.NewReader(file), name)
	if err != nil {
		tb.Fatal(err)
	}
	defer in.Close()
	if err := x.Load(in, bytes.NewReader(file), name, nil); err != nil {
		tb.Fatal(err)
	}
	return x
}

// traffic makes records as of many people who sign in, are there and talk: for
// each of them a notification server's connection and, one after another, those of
// conversations.
type traffic struct {
	random *rand.Rand
	people []*person
	conns  uint32
	now    time.Time
	life   int // messages of a conversation
	queue  []*capture.Record
}

type person struct {
	name   string
	ns, sb *party
	trid   int
}

// party is one connection of a person.
type party struct {
	conn   *capture.Conn
	offset [2]int64
	said   int
	with   string
}

// newTraffic makes traffic of n people, with so many messages in a conversation.
func newTraffic(n, life int, seed uint64) *traffic {
	t := &traffic{random: rand.New(rand.NewPCG(seed, 1)), life: life, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	for i := range n {
		t.people = append(t.people, &person{name: fmt.Sprintf("user%d@example.com", i)})
	}
	return t
}

// next returns the next record. It holds until the next call.
func (t *traffic) next() *capture.Record {
	for len(t.queue) == 0 {
		t.more(t.people[t.random.IntN(len(t.people))])
	}
	r := t.queue[0]
	t.queue = t.queue[1:]
	return r
}

func (t *traffic) open(server string) *party {
	t.conns++
	c := &capture.Conn{ID: t.conns, Client: fmt.Sprintf("10.0.%d.%d:%d", t.conns>>8&255, t.conns&255, 1024+t.conns%60000), Server: server}
	t.put(&capture.Record{Kind: capture.Opened, Conn: c})
	return &party{conn: c}
}

func (t *traffic) put(r *capture.Record) {
	t.now = t.now.Add(time.Duration(t.random.IntN(2_000_000)))
	r.Time = t.now
	t.queue = append(t.queue, r)
}

func (t *traffic) say(p *party, from decode.Sender, format string, args ...any) {
	t.sayWith(p, from, "", format, args...)
}

func (t *traffic) sayWith(p *party, from decode.Sender, payload, format string, args ...any) {
	line := fmt.Appendf(nil, format, args...)
	if payload != "" {
		line = fmt.Appendf(line, " %d", len(payload))
	}
	fr := decode.Frame{LineLen: len(line), EOL: 2, Offset: p.offset[from-1]}
	fr.Raw = append(append(line, '\r', '\n'), payload...)
	p.offset[from-1] += int64(len(fr.Raw))
	p.said++
	t.put(&capture.Record{Kind: capture.Data, Conn: p.conn, From: from, Frame: fr})
}

// more has a person do something.
func (t *traffic) more(p *person) {
	const c, s = decode.Client, decode.Server
	if p.ns == nil {
		t.signIn(p)
		return
	}
	other := t.people[t.random.IntN(len(t.people))].name
	p.trid++
	switch n := t.random.IntN(100); {
	case n < 14:
		t.say(p.ns, c, "PNG")
		t.say(p.ns, s, "QNG")
	case n < 30:
		t.say(p.ns, s, "NLN %s %s %s", []string{"NLN", "BSY", "AWY"}[t.random.IntN(3)], other, "Some%20Body")
	case n < 32:
		t.say(p.ns, s, "FLN %s", other)
	case n < 34 && t.random.IntN(3) == 0: // a stranger, now and then
		t.sayWith(p.ns, s, "", "ZZZ %d", p.trid)
	case n < 34:
		t.say(p.ns, c, "ADD %d FL %s %s", p.trid, other, other)
		t.say(p.ns, s, "215 %d", p.trid)
	case p.sb == nil:
		t.converse(p, other)
	case p.sb.said > t.life:
		t.say(p.sb, s, "BYE %s", p.sb.with)
		t.say(p.sb, c, "OUT")
		t.put(&capture.Record{Kind: capture.Closed, Conn: p.sb.conn, From: c})
		p.sb = nil
	case n < 60:
		typing := "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: " + p.sb.with + "\r\n\r\n\r\n"
		t.sayWith(p.sb, s, typing, "MSG %s Some%%20Body", p.sb.with)
	case n < 80:
		t.sayWith(p.sb, s, t.text(), "MSG %s Some%%20Body", p.sb.with)
	default:
		t.sayWith(p.sb, c, t.text(), "MSG %d A", p.trid)
		t.say(p.sb, s, "ACK %d", p.trid)
	}
}

func (t *traffic) text() string {
	return fmt.Sprintf("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22\r\n\r\nThis is line %d of what I say", t.random.IntN(1_000_000))
}

func (t *traffic) signIn(p *person) {
	const c, s = decode.Client, decode.Server
	p.ns = t.open("10.1.0.1:1863")
	t.say(p.ns, c, "VER 1 MSNP7 MSNP6 CVR0")
	t.say(p.ns, s, "VER 1 MSNP7 MSNP6 CVR0")
	t.say(p.ns, c, "INF 2")
	t.say(p.ns, s, "INF 2 MD5")
	t.say(p.ns, c, "USR 3 MD5 I %s", p.name)
	t.say(p.ns, s, "USR 3 MD5 S 989048851.1851137130")
	t.say(p.ns, c, "USR 4 MD5 S 0212eaad0876afb8505859ca75d21a78")
	t.say(p.ns, s, "USR 4 OK %s Some%%20Name", p.name)
	t.say(p.ns, c, "SYN 5 0")
	t.say(p.ns, s, "SYN 5 0")
	t.say(p.ns, c, "CHG 6 NLN")
	t.say(p.ns, s, "CHG 6 NLN")
	p.trid = 6
}

func (t *traffic) converse(p *person, other string) {
	const c, s = decode.Client, decode.Server
	cookie := t.random.Uint32()
	t.say(p.ns, c, "XFR %d SB", p.trid)
	t.say(p.ns, s, "XFR %d SB 10.1.0.2:1863 CKI %d", p.trid, cookie)
	p.sb = t.open("10.1.0.2:1863")
	p.sb.with = other
	t.say(p.sb, c, "USR 1 %s %d", p.name, cookie)
	t.say(p.sb, s, "USR 1 OK %s Some%%20Name", p.name)
	t.say(p.sb, c, "CAL 2 %s", other)
	t.say(p.sb, s, "CAL 2 RINGING %d", cookie)
	t.say(p.sb, s, "JOI %s Some%%20Body", other)
	p.trid = max(p.trid, 2)
}

// records returns n records of traffic.
func (t *traffic) records(n int) []*capture.Record {
	list := make([]*capture.Record, n)
	for i := range list {
		list[i] = t.next()
	}
	return list
}

// trafficFile writes a recording of about n messages, and returns its path.
func trafficFile(tb testing.TB, n, people, life int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "traffic.pcapng")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	buf := new(bytes.Buffer)
	w, err := capture.NewWriter(buf, "")
	t := newTraffic(people, life, 1)
	for messages := 0; messages < n && err == nil; {
		r := t.next()
		if r.Kind == capture.Data {
			messages++
		}
		err = w.WriteRecord(r)
		if buf.Len() > 1<<20 {
			_, werr := buf.WriteTo(f)
			err = errors.Join(err, werr)
		}
	}
	if _, werr := buf.WriteTo(f); errors.Join(err, werr) != nil {
		tb.Fatal(err, werr)
	}
	return path
}

// Traffic returns records for tests outside of the package.
func Traffic(people, life, n int) []*capture.Record { return newTraffic(people, life, 1).records(n) }
