package compare

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// record is one line of a recording to be changed.
type record struct {
	conn *capture.Conn
	kind capture.Kind
	from decode.Sender
	raw  string
	rec  capture.Record
}

// records returns all records of a recording.
func records(t testing.TB, path string) (list []record) {
	t.Helper()
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for {
		r, err := in.Next()
		if err != nil {
			return list
		}
		one := record{conn: r.Conn, kind: r.Kind, from: r.From, rec: *r}
		one.raw, one.rec.Frame, one.rec.Sent = string(r.Frame.Raw), decode.Frame{}, nil
		if r.Kind != capture.Remark && r.Fate != capture.Injected {
			list = append(list, one)
		}
	}
}

// write makes a story of records.
func write(t testing.TB, list []record) *story.Story {
	t.Helper()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, "test")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(map[uint32]*capture.Conn)
	at := time.Unix(1e9, 0)
	for _, one := range list {
		at = at.Add(time.Millisecond)
		rec := one.rec
		rec.Time, rec.Kind, rec.From = at, one.kind, one.from
		if conns[one.conn.ID] == nil {
			c := *one.conn
			conns[one.conn.ID] = &c
		}
		rec.Conn = conns[one.conn.ID]
		if one.kind == capture.Data {
			line, _, _ := strings.Cut(one.raw, "\r\n")
			rec.Frame = decode.Frame{Raw: []byte(one.raw), LineLen: len(line), EOL: 2}
		}
		if err := w.WriteRecord(&rec); err != nil {
			t.Fatal(err)
		}
	}
	in, err := capture.OpenReader(bytes.NewReader(file.Bytes()), "changed")
	if err != nil {
		t.Fatal(err)
	}
	s, err := story.Read(in, bytes.NewReader(file.Bytes()), "changed", story.Options{})
	if err != nil {
		t.Skip(err) // nothing is left of it
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// edit is a recording on its way to another.
type edit struct {
	t    *testing.T
	list []record
}

// find returns the place of the n-th record (from 1) whose bytes begin so.
func (e *edit) find(begin string, n int) int {
	e.t.Helper()
	for i, r := range e.list {
		if r.kind == capture.Data && strings.HasPrefix(r.raw, begin) {
			if n--; n == 0 {
				return i
			}
		}
	}
	e.t.Fatalf("no record begins with %q", begin)
	return 0
}

func (e *edit) replace(begin string, n int, old, other string) {
	i := e.find(begin, n)
	if !strings.Contains(e.list[i].raw, old) {
		e.t.Fatalf("no %q in %q", old, e.list[i].raw)
	}
	e.list[i].raw = strings.Replace(e.list[i].raw, old, other, 1)
}

func (e *edit) remove(begin string, n int) {
	i := e.find(begin, n)
	e.list = slices.Delete(e.list, i, i+1)
}

func (e *edit) insert(begin string, n int, raw string) {
	i := e.find(begin, n)
	one := e.list[i]
	one.raw, one.from = raw, decode.Server
	e.list = slices.Insert(e.list, i+1, one)
}

func (e *edit) swap(begin string, n int, other string, m int) {
	i, j := e.find(begin, n), e.find(other, m)
	e.list[i], e.list[j] = e.list[j], e.list[i]
}

// everywhere changes all frames, and addresses of connections.
func (e *edit) everywhere(f func(string) string) {
	for i := range e.list {
		if e.list[i].kind == capture.Data {
			e.list[i].raw = f(e.list[i].raw)
		}
		c := *e.list[i].conn
		c.Server = f(c.Server)
		e.list[i].conn = &c
	}
}

// One deliberate change of the demo's recording each, and what is said of it; what
// the changes undo is the other way round.
func TestChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(*edit)
		want   []string
	}{
		{"nothing", func(*edit) {}, nil},
		{"status of ILN", func(e *edit) { e.replace("ILN", 1, "NLN", "BSY") }, []string{"NS different ILN status: -NLN +BSY"}},
		{"ACK is missing", func(e *edit) { e.remove("ACK", 1) }, []string{"SB missing ACK"}},
		{"NLN too many", func(e *edit) { e.insert("NLN", 1, e.list[e.find("NLN", 1)].raw) }, []string{"NS extra NLN"}},
		{"error instead", func(e *edit) { e.replace("URL 17", 2, e.list[e.find("URL 17", 2)].raw, "500 17\r\n") }, []string{"NS different URL verb: -URL +500"}},
		{"redirect type", func(e *edit) { e.replace("XFR 22 SB 1", 1, "SB", "NS") }, []string{"NS different XFR word: -SB +NS package: -CKI cookie: -64387137.1795537740.79044 kind: +CKI hop: +64387137.1795537740.79044"}},
		{"text", func(e *edit) { e.replace("LST 8 FL", 1, "Bob", "Rob") }, []string{"NS different LST friendly: -Bob +Rob"}},
		{"list items swapped", func(e *edit) { e.swap("LST 8 AL", 1, "LST 8 BL", 1) }, nil},
		{"PRP items swapped", func(e *edit) { e.swap("PRP 8", 1, "PRP 8", 2) }, nil},
		{"replies swapped", func(e *edit) { e.swap("GTC 8", 1, "BLP 8", 1) }, []string{"NS reordered GTC"}},
		{"requests swapped", func(e *edit) {
			i := e.find("URL 17", 1)
			copy(e.list[i:], []record{e.list[i+2], e.list[i+3], e.list[i], e.list[i+1]})
		}, []string{"NS reordered URL"}},
		{"what bob says swapped", func(e *edit) {
			e.swap("MSG bob@example.com", 2, "MSG bob@example.com", 4)
		}, []string{"SB reordered MSG"}},
		{"what is independent swapped", func(e *edit) {
			e.swap("NOT", 1, "NLN", 1)
			e.swap("RNG", 1, "PRP 21", 2)
			e.swap("FLN", 1, "ADG 18", 2)
		}, nil},
		{"presence of one contact swapped", func(e *edit) {
			e.swap("NLN NLN bob", 2, "FLN bob", 2)
		}, []string{"NS reordered NLN"}},
		{"TrIDs renamed", func(e *edit) {
			trid := regexp.MustCompile(`^([A-Z]{3}) ([1-9][0-9]?)( |\r)`)
			e.everywhere(func(s string) string {
				if strings.HasPrefix(s, "BYE") {
					return s
				}
				return trid.ReplaceAllString(s, "$1 7$2$3")
			})
		}, nil},
		{"an answer with another TrID", func(e *edit) { e.replace("REA 24", 2, "24", "42") }, []string{"NS missing REA", "NS extra REA"}},
		{"another challenge, rightly answered", func(e *edit) {
			e.replace("CHL", 1, "37883572441980762759", "15570131571988941333")
			e.replace("QRY 10", 1, "146a8af035c5337cb5430e92f198d308", "8f2f5a91b72102cd28355e9fc9000d6e")
		}, nil},
		{"profile", func(e *edit) {
			e.replace("MSG Hotmail", 1, "LoginTime: 1795537740", "LoginTime: 1795537999")
			e.replace("MSG Hotmail", 1, "country: US", "country: DE")
		}, []string{"NS different MSG country: -US +DE"}},
		{"a challenge too many", func(e *edit) { e.insert("CHL", 1, "CHL 0 15570131571988941333\r\n") }, []string{"NS extra CHL"}},
		{"a word too many", func(e *edit) { e.replace("REM 15", 2, "\r\n", " 0 1\r\n") }, []string{"NS different REM group: +0 extra1: +1"}},
		{"keep-alive", func(e *edit) { e.remove("QNG", 1) }, nil},
		{"wrong answer to the challenge", func(e *edit) {
			e.replace("QRY 10", 1, e.list[e.find("QRY 10", 1)].raw[len(e.list[e.find("QRY 10", 1)].raw)-4:], "0000")
		}, []string{"NS different QRY challenge: +the answer is wrong"}},
		{"QRY refused", func(e *edit) { e.replace("QRY 10\r", 1, "QRY", "540") }, []string{"NS different QRY verb: -QRY +540"}},
		{"other ports and hosts", func(e *edit) {
			e.everywhere(func(s string) string {
				return strings.NewReplacer("127.0.0.1:38869", "10.9.9.9:1863", "127.0.0.1:38023", "10.9.9.8:99", "127.0.0.1:40823", "10.1.1.1").Replace(s)
			})
		}, nil},
		{"other cookies", func(e *edit) {
			e.everywhere(func(s string) string {
				return strings.NewReplacer("64387137.1795537740.79044", "A.1", "51542587.1795537740.25897", "B", "48532192", "cafe").Replace(s)
			})
		}, nil},
		{"another cookie than was given out", func(e *edit) { e.replace("USR 1 alice", 1, ".79044", ".79045") },
			[]string{"SB different USR cookie: -64387137.1795537740.79044 +64387137.1795537740.79045 broken"}},
		{"a connection is missing", func(e *edit) {
			e.list = slices.DeleteFunc(e.list, func(r record) bool { return r.conn.ID == 6 })
		}, []string{"connection SB missing"}},
		{"a session is missing", func(e *edit) {
			e.list = slices.DeleteFunc(e.list, func(r record) bool { return r.conn.ID >= 7 })
		}, []string{"session bob@example.com missing"}},
		{"reset", func(e *edit) {
			e.list = slices.DeleteFunc(e.list, func(r record) bool { return r.conn.ID == 5 && r.raw == "OUT\r\n" })
			for i := range e.list {
				if e.list[i].kind == capture.Closed && e.list[i].conn.ID == 5 {
					e.list[i].rec.Reset = true
				}
			}
		}, []string{"SB missing OUT", "SB ended: left, broken off by the server"}},
	}
	original := records(t, demo)
	a := write(t, original)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &edit{t, slices.Clone(original)}
			tt.change(e)
			b := write(t, e.list)
			if diff := cmp.Diff(tt.want, lines(report(t, a, b, Options{}))); diff != "" {
				t.Error(diff)
			}
			if back := report(t, b, a, Options{}); back.Equal() != (tt.want == nil) {
				t.Errorf("the other way: %q", lines(back))
			}
		})
	}
}
