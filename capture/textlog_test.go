package capture

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"msnproxy/decode"
)

var update = flag.Bool("update", false, "write testdata/logs/*.want anew")

// logTold says in lines what is read of a text.
func logTold(in io.Reader) string {
	var b strings.Builder
	r, err := OpenReader(in, "it")
	if err != nil {
		return err.Error() + "\n"
	}
	fmt.Fprintln(&b, r.Stats().Format)
	tracker := decode.NewTracker()
	for {
		rec, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(&b, err)
			}
			return b.String()
		}
		at := ""
		if !rec.Time.IsZero() {
			at = rec.Time.Format(" 2006-01-02 15:04:05.000")
		}
		if rec.Conn == nil {
			fmt.Fprintf(&b, "%s: %s\n", rec.Kind, rec.Text)
			continue
		}
		if rec.Kind != Data {
			fmt.Fprintf(&b, "#%d %s%s %s%s\n", rec.Conn.ID, rec.Kind, at, rec.Conn.Server, rec.Text)
			if rec.Kind == Opened {
				tracker.Open(rec.Conn.ID, "", rec.Conn.Server, rec.Time)
			}
			continue
		}
		fmt.Fprintf(&b, "#%d %s: %q%s\n", rec.Conn.ID, rec.From.Letter(), rec.Frame.Raw, at)
		for _, f := range tracker.Frame(rec.Conn.ID, rec.From, &rec.Frame, rec.Time).Findings {
			if strings.HasPrefix(f.Rule, "frame.") {
				fmt.Fprintf(&b, "   %s\n", f)
			}
		}
	}
}

// Logs of clients and documents: what is read of each.
func TestLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/logs/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := logTold(bytes.NewReader(text))
			golden := strings.TrimSuffix(file, ".txt") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v\n%s\nwant\n%s", err, got, want)
			}
			// Through a pipe, byte by byte; whether lines are broken must be known early.
			if !testing.Short() || len(text) < 4<<10 {
				if got := logTold(iotest.OneByteReader(bytes.NewReader(text))); got != string(want) && !brokenLines.Match(text) {
					t.Errorf("byte by byte\n%s\nwant\n%s", got, want)
				}
			}
			if bytes.IndexByte(text, 0) >= 0 || bytes.Contains(text, []byte("\r")) {
				return
			}
			// Line ends, byte order marks and quotes of mails change nothing.
			for name, other := range map[string]string{
				"CRLF": strings.ReplaceAll(string(text), "\n", "\r\n"),
				"BOM":  "\ufeff" + string(text),
			} {
				if got := logTold(strings.NewReader(other)); got != string(want) {
					t.Errorf("%s\n%s\nwant\n%s", name, got, want)
				}
			}
		})
	}
}

// A table of forms in which one exchange is written.
func TestNotations(t *testing.T) {
	tests := []struct{ client, server, name string }{
		{"C: %s", "S: %s", "transcript"},
		{"  C: %s", "  S: %s", "document"},
		{"* C: %s", "* S: %s", "document"},
		{"C> %s", "S> %s", "document"},
		{"C>S: %s", "S>C: %s", "document"},
		{"Client -> Server: %s", "Server -> Client: %s", "document"},
		{"C => S %s", "C <= S %s", "document"},
		{"[C] %s", "[S] %s", ""},
		{"CLIENT: %s", "SERVER: %s", "document"},
		{"==> %s", "<== %s", "document with arrows"},
		{"--> %s", "<-- %s", "document with arrows"},
		{"-> %s", "<- %s", "document with arrows"},
		{">> %s", "<< %s", "document with arrows"},
		{"> %s", "< %s", "document with arrows"},
		{"> >>> %s", "> <<< %s", "document with arrows"},
		{"[12:00:01] Send: %s", "[12:00:02] Recv: %s", "log with a time on each line"},
		{"2008-01-02 12:00:01,100 DEBUG sent %s", "2008-01-02 12:00:01,200 DEBUG received %s", "log with a time on each line"},
		{"12:00:01 AM TX [1234] %s", "12:00:01 AM RX [1234] %s", "log with a time on each line"},
		{"DEBUG:msn.protocol:>>> %s\\r\\n", "DEBUG:msn.protocol:<<< %s\\r\\n", "log of a program"},
		{"(12:00:01) [papyon.msnp.transport] >>> '%s\\r\\n'", "(12:00:01) [papyon.msnp.transport] <<< '%s\\r\\n'", "debug log of papyon (emesene)"},
		{"D [12:00:01] msn: C: NS 012: %s", "D [12:00:01] msn: S: NS 012: %s", "debug log of libpurple (Pidgin)"},
		{"->SB-sock7 %s", "<-sb-sock7 %s", "protocol log of aMSN"},
	}
	for _, tt := range tests {
		text := fmt.Sprintf(tt.client+"\n"+tt.server+"\n"+tt.client+"\n", "VER 1 MSNP8 CVR0", "VER 1 MSNP8", "OUT")
		r, err := OpenReader(strings.NewReader(text), "it")
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := r.Stats().Format; got != tt.name && tt.name != "" {
			t.Errorf("%q: %s; want %s", text, got, tt.name)
		}
		got := ""
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			if rec.Kind == Data {
				got += rec.From.Letter() + string(rec.Frame.Raw)
			}
		}
		if want := "CVER 1 MSNP8 CVR0\r\nSVER 1 MSNP8\r\nCOUT\r\n"; got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestNotALog(t *testing.T) {
	for _, text := range []string{
		"Dear Alice,\n> OUT of office\nI am.\n",
		"In 1999 -> VER was new.\nNobody knew.\nIt was so.\nAnd so on.\nThe end.\n",
		"     1 #1  DS/NS  -        C: VER 1    offers MSNP8 CVR0\n     2 #1  DS/NS  -        S: VER 1    speaks MSNP8\n",
		"if x -> y:\n  call(z)\n",
	} {
		if r, err := OpenReader(strings.NewReader(text), "it"); err == nil {
			t.Errorf("%q is read as %s", text, r.Stats().Format)
		}
	}
}

func TestLogTime(t *testing.T) {
	var l logTime
	for _, tt := range []struct{ text, want string }{
		{"(23:59:59.5) x", "1970-01-02 23:59:59.5"},
		{"(00:00:01)", "1970-01-03 00:00:01"},
		{"12:30:00 AM", "1970-01-03 00:30:00"},
		{"1:30:00 PM", "1970-01-03 13:30:00"},
		{"2009-03-04 05:06:07,25", "2009-03-04 05:06:07.25"},
		{"24:00:00", "0001-01-01 00:00:00"},
		{"12:60:00", "0001-01-01 00:00:00"},
		{"none", "0001-01-01 00:00:00"},
	} {
		if got := l.read(tt.text).Format("2006-01-02 15:04:05.999"); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.text, got, tt.want)
		}
	}
	if got := l.read("2009-03-04T05:06:07+0200").UTC().Hour(); got != 3 {
		t.Errorf("with a zone: hour %d", got)
	}
}

func FuzzLogs(f *testing.F) {
	files, _ := filepath.Glob("testdata/logs/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := OpenReader(bytes.NewReader(text), "it")
		if err != nil {
			return
		}
		for n := 0; ; n++ {
			rec, err := r.Next()
			if err != nil {
				return
			}
			if rec.Kind == Data && (rec.Conn == nil || len(rec.Frame.Raw) == 0) {
				t.Fatal("a frame without bytes or connection")
			}
			if n > 10*len(text)+100 {
				t.Fatal("no end")
			}
		}
	})
}

// A text that comes byte by byte is looked at once, not anew with every line: that took
// minutes for what is here.
func TestTextByteByByte(t *testing.T) {
	const said = ">>> VER 1 MSNP7 CVR0\n<<< VER 1 MSNP7 CVR0\n"
	prose := "a line of prose, as documents have between what was said of VER and other things\n\n"
	text := prose + said + strings.Repeat(prose, 1200) + said
	begun := time.Now()
	r, err := OpenReader(iotest.OneByteReader(strings.NewReader(text)), "x")
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); len(text) < sniffed || took > 10*time.Second {
		t.Errorf("%d bytes took %v", len(text), took)
	}
	n := 0
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if rec.Kind == Data {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d messages", n)
	}
}

// What may hold a command is looked at closely.
func TestHasCommand(t *testing.T) {
	for line, want := range map[string]bool{
		"": false, "VER": true, "C: VER 1": true, "<<<VER 1": true, "u'VER 1 MSNP7": true, "→OUT": true, "OUT\\r\\n": true, "`OUT`": true,
		"911 1": true, "<< 911": true, "199 1": false, "200 1": true, "1911 1": false,
		"MIME-Version: 1.0": false, "OUTER": false, "ABOUT": false, "ZZZ 1": false, "out": false, "VER1": false, "the end, VE": false,
	} {
		if got := hasCommand([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// A command goes on with one of the last 256 connections of a log.
func TestLogSearchesBack(t *testing.T) {
	for n, want := range map[int]bool{256: true, 257: false} {
		tr := &transcript{log: &logReader{said: make(map[*spoken]*talked)}}
		for range n {
			c := &spoken{}
			tr.conns = append(tr.conns, c)
			tr.log.said[c] = &talked{role: decode.SB}
		}
		tr.log.said[tr.conns[0]].role = decode.NS
		if got := tr.logged("", decode.NS) == tr.conns[0]; got != want {
			t.Errorf("of %d connections: %v", n, got)
		}
	}
}
