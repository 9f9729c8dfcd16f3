package story

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
)

var demo = filepath.Join("..", "..", "cmd", "msnproxy", "internal", "chat", "testdata", "demo.pcapng")

func testdata(name string) string { return filepath.Join("..", "testdata", name) }

func recordings() []string {
	return []string{demo, testdata("msnp6-sign-in.txt"), testdata("escargot-amsn082-msnp7.pcap"), testdata("escargot-twisted-msnp7.pcap"),
		testdata("goserver-amsn052-msnp2-ds-ns-sb.pcap"), testdata("javaserver-amsn082-msnp7.pcap")}
}

func open(t testing.TB, path string) *Story {
	t.Helper()
	s, err := Open(path, Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// tell writes a story in a few lines: a connection each, with what it came by, and
// how many messages it has and answers.
func tell(s *Story) string {
	var b strings.Builder
	for _, n := range s.Sessions {
		fmt.Fprintf(&b, "session %d: %s, MSNP%d, %d connections\n", n.Number, n.Account, n.Dialect, len(n.Conns))
	}
	for _, c := range s.Conns {
		fmt.Fprintf(&b, "#%d %s MSNP%d %s", c.ID, c.Role, c.Dialect, c.Account)
		if c.Session != nil {
			fmt.Fprintf(&b, " session %d", c.Session.Number)
		}
		if c.Conversation > 0 {
			fmt.Fprintf(&b, " conversation %d", c.Conversation)
		}
		if m := c.Came; m != nil {
			fmt.Fprintf(&b, " by %s in %d of #%d", m.Name, m.Number, m.Conn.ID)
		}
		answers := 0
		for _, m := range c.Messages {
			if m.Request != nil {
				answers++
			}
		}
		fmt.Fprintf(&b, ": %d messages, %d answers", len(c.Messages), answers)
		if c.Ended {
			fmt.Fprintf(&b, ", ended by %s", c.End)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestDemo(t *testing.T) {
	got := tell(open(t, demo))
	for _, want := range []string{
		"session 1: alice@example.com, MSNP7, 3 connections\nsession 2: bob@example.com, MSNP7, 3 connections\n",
		"#1 DS MSNP7 alice@example.com session 1: 6 messages, 3 answers, ended by server\n",
		"#2 NS MSNP7 alice@example.com session 1 by XFR in 6 of #1: ",
		"#5 SB MSNP7 alice@example.com session 1 conversation 1 by XFR in 118 of #2: ",
		"#6 SB MSNP7 bob@example.com session 2 conversation 1 by RNG in 123 of #4: ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// Every message of every recording is read again as it was: by place and by spool,
// with the fields that it had when it came.
func TestDecode(t *testing.T) {
	for _, path := range recordings() {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := open(t, path)
			in, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			byNumber := make(map[int64]*Message)
			for _, c := range s.Conns {
				for i, m := range c.Messages {
					byNumber[m.Number] = m
					if m.Conn != c || int(m.Index) != i {
						t.Errorf("message %d does not know its place", m.Number)
					}
				}
			}
			if len(byNumber) != s.Messages {
				t.Errorf("%d messages, said to be %d", len(byNumber), s.Messages)
			}
			r, tracker, number := s.NewReader(), decode.NewTracker(), int64(0)
			for {
				rec, err := in.Next()
				if err != nil {
					break
				}
				switch rec.Kind {
				case capture.Opened:
					tracker.Open(rec.Conn.ID, rec.Conn.Client, rec.Conn.Server, rec.Time)
				case capture.Closed:
					tracker.Close(rec.Conn.ID)
				case capture.Data:
					number++
					if rec.Fate == capture.Injected {
						continue
					}
					want := tracker.Frame(rec.Conn.ID, rec.From, &rec.Frame, rec.Time)
					m := byNumber[number]
					if m == nil {
						t.Fatalf("no message %d", number)
					}
					got, record, err := r.Decode(m)
					if err != nil {
						t.Fatal(err)
					}
					if record.Frame.Kind == decode.Command && m.Name != want.Name() || got.Summary() != want.Summary() || got.ReplyVerb != want.ReplyVerb && !(m.Request != nil && m.Request.Number > m.Number) || got.Latency != want.Latency {
						t.Errorf("message %d is %s %s, want %s %s", number, m.Name, got.Summary(), want.Name(), want.Summary())
					}
					if diff := cmp.Diff(rec.Frame, record.Frame); diff != "" || record.From != rec.From || record.Conn.ID != rec.Conn.ID {
						t.Errorf("message %d: %s", number, diff)
					}
				}
			}
		})
	}
}

// What a proxy has sent on is not what the server said.
func TestAsReceived(t *testing.T) {
	s := open(t, demo)
	r := s.NewReader()
	came := s.Conns[1].Came
	m, _, err := r.Decode(came)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Raw("address")); got != s.Conns[1].Server {
		t.Errorf("the redirect leads to %s, the connection to %s", got, s.Conns[1].Server)
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Message{}); n > 160 {
		t.Errorf("a message is %d bytes", n)
	}
}

// transcript writes a transcript to a file.
func transcript(t testing.TB, text string) string {
	path := filepath.Join(t.TempDir(), "t.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMemory(t *testing.T) {
	const pairs = 20000
	path := transcript(t, "C: VER 1 MSNP7\nS: VER 1 MSNP7\n"+strings.Repeat("C: URL 2 INBOX\nS: URL 2 /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2\n", pairs))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := open(t, path)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if per := (after.HeapAlloc - before.HeapAlloc) / (2 * pairs); per > 220 {
		t.Errorf("%d bytes a message", per)
	}
	runtime.KeepAlive(s)
}

func TestDamage(t *testing.T) {
	whole, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.pcapng")
	broken := append(bytes.Clone(whole[:len(whole)/2]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	var corrupt *capture.CorruptError
	if !errors.As(s.Damage, &corrupt) || s.Messages < 50 {
		t.Errorf("%d messages, then %v", s.Messages, s.Damage)
	}
	if _, err := Open(transcript(t, "nothing"), Options{}); err == nil {
		t.Error("what is no recording is a story")
	}
	stop := make(chan struct{})
	close(stop)
	if _, err := Open(demo, Options{Stop: stop}); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped: %v", err)
	}
}

// Bytes that are missing are noted on the next message of their sender.
func TestGap(t *testing.T) {
	var raw bytes.Buffer
	w, err := capture.NewWriter(&raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	conn := &capture.Conn{ID: 1, Client: "10.0.0.9:1030", Server: "10.0.0.1:1863"}
	say := func(from decode.Sender, line string) {
		f := decode.Frame{Raw: []byte(line + "\r\n"), LineLen: len(line), EOL: 2}
		if err := w.WriteRecord(&capture.Record{Conn: conn, Kind: capture.Data, From: from, Frame: f}); err != nil {
			t.Fatal(err)
		}
	}
	say(decode.Client, "PNG")
	if err := w.WriteRecord(&capture.Record{Conn: conn, Kind: capture.Lost, From: decode.Server, Lost: 7}); err != nil {
		t.Fatal(err)
	}
	say(decode.Client, "PNG")
	say(decode.Server, "QNG")
	say(decode.Server, "QNG")
	in, err := capture.OpenReader(&raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(in, nil, "test", Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var gaps []bool
	for _, m := range s.Conns[0].Messages {
		gaps = append(gaps, m.Gap)
	}
	if diff := cmp.Diff([]bool{false, false, true, false}, gaps); diff != "" {
		t.Error(diff)
	}
}

// An answer that a capture has before its request is its answer all the same.
func TestEarly(t *testing.T) {
	s := open(t, testdata("goserver-amsn052-msnp2-ds-ns-sb.pcap"))
	for _, c := range s.Conns {
		for _, m := range c.Messages {
			if m.Name == "CAL" && m.From == decode.Server && (m.Request == nil || m.Request.Number != m.Number+1 || m.Request.Replies[0] != m) {
				t.Errorf("%+v", m)
			}
		}
	}
}
