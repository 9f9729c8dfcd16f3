package index

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

// facts is all that a row says, by a straight pass or by the index.
type facts struct {
	Kind     capture.Kind
	Time     time.Time
	Conn     uint32 // 0: none
	From     decode.Sender
	Text     string
	Lost     int64
	Reset    bool
	Raw      string
	Frame    decode.Frame // without Raw
	Sent     string
	Fate     capture.Fate
	Number   int64
	Role     decode.Role
	Dialect  int
	Name     string
	Form     *decode.Form
	Fields   [][3]string
	Payload  string
	Summary  string
	ReplyTo  int64
	Reply    string
	Latency  time.Duration
	First    bool
	Verdict  int // challenge.Result; -1: none
	SignIn   decode.SignInVerdict
	Noise    decode.Noise
	Findings []decode.Finding
}

func factsOf(m *decode.Message, r *capture.Record) *facts {
	f := &facts{Kind: r.Kind, Time: r.Time.UTC(), From: r.From, Text: r.Text, Lost: r.Lost, Reset: r.Reset, Verdict: -1}
	if r.Conn != nil {
		f.Conn = r.Conn.ID
	}
	if m == nil {
		return f
	}
	f.Raw, f.Frame, f.Sent, f.Fate = string(r.Frame.Raw), r.Frame, string(r.Sent), r.Fate
	f.Frame.Raw = nil
	f.Number, f.Role, f.Dialect, f.Name, f.Form = m.Number, m.Role, m.Dialect, m.Name(), m.Form
	for _, p := range m.Fields() {
		f.Fields = append(f.Fields, [3]string{p.Name, p.Value(), p.Means()})
	}
	if p := m.Payload(); p != nil {
		f.Payload = p.ContentType + "\n" + p.Text
	}
	f.Summary = m.Summary()
	f.ReplyTo, f.Reply, f.Latency, f.First = m.ReplyTo, m.ReplyVerb, m.Latency, m.FirstReply
	if m.Challenge != nil {
		f.Verdict = int(m.Challenge.Result)
	}
	f.SignIn, f.Noise = m.SignIn, m.Noise
	f.Findings = append(f.Findings, m.Findings...)
	return f
}

// straight is a pass without an index.
type straight struct {
	rows  []*facts
	conns []*decode.Connection // in order of appearance
	sums  [decode.Error + 1]int
	last  map[uint32]int // row of a connection
	row   map[int64]int  // of a message
}

func (s *straight) locate(list []check.Located) {
	for _, l := range list {
		row, ok := s.row[l.Number]
		if !ok {
			row = s.last[l.Conn]
		}
		s.rows[row].Findings = append(s.rows[row].Findings, l.Finding)
		s.sums[l.Severity]++
	}
}

func straightPass(list []*capture.Record) *straight {
	s := &straight{last: make(map[uint32]int), row: make(map[int64]int)}
	tracker, checker := decode.NewTracker(), check.New()
	var last time.Time
	open := func(r *capture.Record) {
		c := tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
		checker.Opened(c, r.Conn.MidStream)
		s.conns = append(s.conns, c)
	}
	for _, r := range list {
		if r.About != nil {
			continue
		}
		if !r.Time.IsZero() {
			last = r.Time
		}
		if r.Conn != nil {
			s.last[r.Conn.ID] = len(s.rows)
		}
		var m *decode.Message
		var earlier []check.Located
		switch r.Kind {
		case capture.Opened:
			open(r)
		case capture.Data:
			if tracker.Connection(r.Conn.ID) == nil {
				open(r)
			}
			m = tracker.Frame(r.Conn.ID, r.From, &r.Frame, r.Time)
			earlier = checker.Apply(m)
			s.row[m.Number] = len(s.rows)
		case capture.Lost:
			earlier = checker.Lost(tracker.Connection(r.Conn.ID), r.From, r.Lost, r.Time)
		case capture.Closed:
			earlier = checker.Ended(tracker.Connection(r.Conn.ID), capture.Occurs(r), r.From, r.Time)
			tracker.Close(r.Conn.ID)
		case capture.HalfClosed:
			checker.HalfClosed(tracker.Connection(r.Conn.ID), r.From)
		}
		s.rows = append(s.rows, factsOf(m, r))
		if m != nil {
			for _, f := range m.Findings {
				s.sums[f.Severity]++
			}
		}
		s.locate(earlier)
	}
	s.locate(checker.Finish(last))
	return s
}

// What the index says of every row is what a straight pass says, whether the bytes
// are in the file or in a spool, and whether rows are read singly or in a walk.
func TestRowsAreAsInAStraightPass(t *testing.T) {
	for _, path := range samples(t) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list := readAll(t, bytes.NewReader(file), path)
		own := written(t, list)
		forms := map[string][]byte{"": file, " written by us": own}
		for how, file := range forms {
			t.Run(filepath.Base(path)+how, func(t *testing.T) {
				want := straightPass(readAll(t, bytes.NewReader(file), path))
				compare(t, want, opened(t, file, path))
			})
		}
	}
}

// Traffic that is made up has more of everything, and several chunks.
func TestTrafficIsAsInAStraightPass(t *testing.T) {
	list := newTraffic(40, 60, 3).records(2*chunkRows + 100)
	compare(t, straightPass(list), opened(t, written(t, list), "traffic"))
}

func compare(t *testing.T, want *straight, x *Index) {
	t.Helper()
	same := cmp.Comparer(func(a, b *decode.Form) bool { return a == b })
	got := make([]*facts, x.Len())
	r := x.NewReader()
	for i := range got {
		m, rec, err := r.Read(i)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		got[i] = factsOf(m, rec)
		if m == nil {
			got[i].Findings = x.FindingsOn(i)
		}
		if found := x.FindingsOn(i); !slices.Equal(found, want.rows[i].Findings) {
			t.Errorf("row %d: findings %v, want %v", i, found, want.rows[i].Findings)
		}
	}
	if d := cmp.Diff(want.rows, got, same); d != "" {
		t.Fatalf("read singly (-straight +index):\n%s", d)
	}
	for name, wanted := range map[string]func(int) bool{"all": nil, "some": func(i int) bool { return i%3 == 0 },
		"few": func(i int) bool { return i%97 == 5 }, "two heaps": func(i int) bool { return i%600 < 150 || i%600 > 400 }} {
		seen := 0
		err := r.Walk(-5, x.Len()+5, wanted, func(i int, m *decode.Message, rec *capture.Record) bool {
			f := factsOf(m, rec)
			if m == nil {
				f.Findings = x.FindingsOn(i)
			}
			if d := cmp.Diff(want.rows[i], f, same); d != "" {
				t.Errorf("a walk over %s, row %d (-straight +index):\n%s", name, i, d)
			}
			seen++
			return seen < 5000
		})
		if err != nil {
			t.Errorf("a walk over %s: %v", name, err)
		}
	}
	compareRows(t, want, x)
	compareConns(t, want, x)
}

// compareRows compares what rows say without their bytes.
func compareRows(t *testing.T, want *straight, x *Index) {
	t.Helper()
	answers := make(map[int64][]int) // by number
	for i, f := range want.rows {
		if f.ReplyTo > 0 {
			answers[f.ReplyTo] = append(answers[f.ReplyTo], i)
		}
	}
	kinds := map[Kind]capture.Kind{Message: capture.Data, Opened: capture.Opened, Closed: capture.Closed, Lost: capture.Lost, HalfClosed: capture.HalfClosed, Remark: capture.Remark}
	number := int64(0)
	for i, f := range want.rows {
		row := x.Row(i)
		if row.Index != i || kinds[row.Kind] != f.Kind || !row.Time.Equal(f.Time) || row.Severity != gravest(f.Findings) || x.Severest(i) != row.Severity {
			t.Errorf("row %d is %+v, want %+v", i, row, f)
		}
		if f.Kind != capture.Data {
			if row.Number != number || row.Verb != "" || x.Exchange(i) != nil {
				t.Errorf("row %d: number %d, exchange %v", i, row.Number, x.Exchange(i))
			}
			continue
		}
		number = f.Number
		if x.RowOf(number) != i {
			t.Errorf("message %d is row %d, want %d", number, x.RowOf(number), i)
		}
		if row.Number != number || row.From != f.From || row.Frame != f.Frame.Kind || row.Offset != f.Frame.Offset || row.Size != len(f.Raw) ||
			row.Reply != f.ReplyTo || row.Latency != f.Latency || row.FirstReply != f.First || row.Noise != f.Noise || row.Fate != f.Fate ||
			row.SentOn != (f.Sent != "") || row.Conn.Facts.ID != f.Conn || row.Answered != (len(answers[number]) > 0) {
			t.Errorf("row %d is %+v, want %+v", i, row, f)
		}
		if row.Verb != f.Name && verbCode(f.Name) != verbOther && verbCode(f.Name) != verbNone {
			t.Errorf("row %d: verb %q, want %q", i, row.Verb, f.Name)
		}
		asked := number
		if f.ReplyTo > 0 {
			asked = f.ReplyTo
		}
		exchange := append([]int{want.row[asked]}, answers[asked]...)
		if len(exchange) == 1 && !row.WantsReply {
			exchange = nil
		}
		if got := x.Exchange(i); !slices.Equal(got, exchange) {
			t.Errorf("row %d: exchange %v, want %v", i, got, exchange)
		}
	}
	for _, n := range []int64{-1, 0, number + 1} {
		if x.RowOf(n) != -1 {
			t.Errorf("there is no message %d", n)
		}
	}
	compareFindings(t, want, x)
}

// compareFindings compares the list of findings.
func compareFindings(t *testing.T, want *straight, x *Index) {
	t.Helper()
	all := x.Findings(0, nil)
	if !slices.IsSortedFunc(all, func(a, b FindingRef) int { return a.Row - b.Row }) || x.FindingCounts() != want.sums {
		t.Errorf("findings out of order, or %v, want %v", x.FindingCounts(), want.sums)
	}
	var flat []Finding
	for i, f := range want.rows {
		for _, d := range f.Findings {
			flat = append(flat, Finding{Row: i, Finding: d})
		}
	}
	for i, ref := range all {
		if i >= len(flat) || x.Finding(ref) != flat[i] || x.Rule(ref) != flat[i].Rule {
			t.Fatalf("finding %d of %d is %v, of %d", i, len(all), x.Finding(ref), len(flat))
		}
	}
	if len(all) != len(flat) {
		t.Errorf("%d findings, want %d", len(all), len(flat))
	}
}

func gravest(list []decode.Finding) (s decode.Severity) {
	for _, f := range list {
		s = max(s, f.Severity)
	}
	return s
}

// connFacts is what is known of a connection in the end.
type connFacts struct {
	ID             uint32
	Client, Server string
	Role           decode.Role
	Dialect        int
	Account        string
	SignedIn       bool
	Session        int
	Owner          string
	Speaks         int
	Conversation   int
	SessionID      string
	Participants   []string
}

func connFactsOf(c *decode.Connection) connFacts {
	f := connFacts{ID: c.ID, Client: c.Client, Server: c.Server, Role: c.Role, Dialect: c.Dialect, Account: c.Account, SignedIn: c.SignedIn}
	if s := c.Session; s != nil {
		f.Session, f.Owner, f.Speaks = s.Number, s.Account, s.Dialect
	}
	if v := c.Conversation; v != nil {
		f.Conversation, f.SessionID, f.Participants = v.Number, v.SessionID, slices.Clone(v.Participants)
	}
	return f
}

func compareConns(t *testing.T, want *straight, x *Index) {
	t.Helper()
	conns := x.Conns()
	if len(conns) != len(want.conns) {
		t.Fatalf("%d connections, want %d", len(conns), len(want.conns))
	}
	open := 0
	for i, c := range conns {
		if d := cmp.Diff(connFactsOf(want.conns[i]), connFactsOf(c.Facts)); d != "" {
			t.Errorf("connection %d (-straight +index):\n%s", c.Index, d)
		}
		sum := ConnState{Conn: c.Conn, First: -1, Closed: c.Closed, ClosedAt: c.ClosedAt, End: c.End, EndText: c.EndText, Reset: c.Reset}
		for row, f := range want.rows {
			if f.Conn != c.Facts.ID {
				continue
			}
			if sum.First < 0 {
				sum.First = row
			}
			sum.Last = row
			for _, d := range f.Findings {
				sum.Findings[d.Severity]++
			}
			switch f.Kind {
			case capture.Data:
				sum.Messages[f.From-1]++
				sum.Bytes[f.From-1] += int64(len(f.Raw))
				if k := x.at(row); k.folds() {
					sum.Folded++
				}
			case capture.Lost:
				sum.LostSize += max(f.Lost, 0)
			case capture.Closed:
				sum.Closed, sum.ClosedAt, sum.End, sum.EndText, sum.Reset = true, f.Time, f.From, f.Text, f.Reset
			}
		}
		if d := cmp.Diff(sum, c, cmp.Comparer(func(a, b *Conn) bool { return a == b })); d != "" {
			t.Errorf("connection %d (-straight +index):\n%s", c.Index, d)
		}
		if !c.Closed {
			open++
		}
		if d := c.Facts.Session; x.Conn(i+1) != c.Conn || d != nil && x.Session(d.Number) != d {
			t.Errorf("connection %d is %+v", i+1, x.Conn(i+1))
		}
		if got := x.ConnState(c.Conn); got.Conn != c.Conn || got.Index != i+1 || got.Record.ID != c.Facts.ID {
			t.Errorf("connection %d is %+v", i+1, got)
		}
	}
	for _, n := range []int{-1, 0, len(conns) + 1} {
		if x.Conn(n) != nil || x.Session(n) != nil {
			t.Errorf("there is no connection or session %d", n)
		}
	}
	s := x.Summary()
	if s.Open != open || s.Conns != len(conns) || s.Rows != len(want.rows) || !s.Done || s.Err != nil || s.Findings != want.sums {
		t.Errorf("summary %+v", s)
	}
}
