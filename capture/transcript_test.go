package capture

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// transcriptRecords reads a transcript whole. Frames are cloned.
func transcriptRecords(t testing.TB, text string) ([]Record, error) {
	t.Helper()
	r, err := OpenReader(strings.NewReader(text), "test.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		cp := *rec
		cp.Frame = rec.Frame.Clone()
		all = append(all, cp)
	}
}

func transcriptTold(t testing.TB, text string) []told {
	t.Helper()
	records, err := transcriptRecords(t, text)
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for i := range records {
		all = append(all, tell(&records[i], records[i].Time))
	}
	return all
}

func writeTranscript(t testing.TB, records []Record) string {
	t.Helper()
	var sb strings.Builder
	w := NewTranscriptWriter(&sb)
	for i := range records {
		if err := w.WriteRecord(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	return sb.String()
}

// The page that the project starts from. It is read whole, and written it reads
// the same.
func TestSignInPage(t *testing.T) {
	page, err := os.ReadFile("testdata/msnp6-sign-in.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"LF":                string(page),
		"CRLF":              strings.ReplaceAll(string(page), "\n", "\r\n"),
		"BOM":               "\xef\xbb\xbf" + string(page),
		"no end of the end": strings.TrimRight(string(page), "\n"),
	} {
		records, err := transcriptRecords(t, text)
		if err != nil {
			t.Fatal(name, err)
		}
		kinds := make(map[Kind]int)
		for i, r := range records {
			kinds[r.Kind]++
			if r.Kind == Data && (!r.Frame.Complete() || r.Frame.Kind != decode.Command || r.Frame.EOL != 2) {
				t.Errorf("%s: %d: %q", name, i, r.Frame.Raw)
			}
		}
		if d := cmp.Diff(map[Kind]int{Opened: 2, Data: 24, HalfClosed: 1, Closed: 2}, kinds); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if r := records[17]; !bytes.HasPrefix(r.Frame.Raw, []byte("MSG Hotmail Hotmail 367\r\nMIME-Version: 1.0\r\n")) || len(r.Frame.Payload()) != 367 {
			t.Errorf("%s: %q", name, r.Frame.Raw)
		}
		if r := records[8]; r.Kind != Opened || r.Conn.ID != 2 || r.Conn.Server != "10.0.0.5:1863" {
			t.Errorf("%s: %+v", name, r)
		}
		if r := records[len(records)-1]; r.Kind != Closed || r.From != decode.Client {
			t.Errorf("%s: the end is %+v", name, r)
		}
		again, err := transcriptRecords(t, writeTranscript(t, records))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(records, again); d != "" {
			t.Errorf("%s, written and read again (-first +then):\n%s", name, d)
		}
	}
}

func TestTranscriptNotation(t *testing.T) {
	tests := []struct {
		name, text string
		want       []told
	}{
		{"plain", "C: VER 1 MSNP7 CVR0\nS: VER 1 MSNP7 CVR0\n", []told{{1, Opened, 0, " ", 0}, c(ver), s(ver)}},
		{"a server before it", "S: XFR 3 NS 10.0.0.5:1863\n", []told{{1, Opened, 0, "  mid-stream", 0}, s("XFR 3 NS 10.0.0.5:1863\r\n")}},
		{"a switchboard", "C: ANS 1 bob@example.com 12.34 567\n", []told{{1, Opened, 0, " ", 0}, c("ANS 1 bob@example.com 12.34 567\r\n")}},
		{"a caller", "C: USR 1 alice@example.com 12.34\n", []told{{1, Opened, 0, " ", 0}, c("USR 1 alice@example.com 12.34\r\n")}},
		{"remarks", "Alice signs in.\n\nC: INF 2\n# and so on\nS: INF 2 MD5\nsee C: INF\n", []told{
			{0, Remark, 0, "Alice signs in.", 0}, {1, Opened, 0, "  mid-stream", 0}, c(inf), {1, Remark, 0, "and so on", 0}, s(infMD5), {1, Remark, 0, "see C: INF", 0}}},
		{"payload joined by CRLF", "C: MSG 5 N 6\nab\ncd\nC: INF 2\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 6\r\nab\r\ncd"), c(inf)}},
		{"payload joined by LF", "C: MSG 5 N 5\nab\ncd\nC: INF 2\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 5\r\nab\ncd"), c(inf)}},
		{"payload that looks like a frame", "C: MSG 5 N 8\nC: INF 2\nC: INF 2\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 8\r\nC: INF 2"), c(inf)}},
		{"empty payload", "C: MSG 5 N 0\nC: INF 2\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 0\r\n"), c(inf)}},
		{"payload of a line end", "C: MSG 5 N 2\n\n\nC: INF 2\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 2\r\n\r\n"), c(inf)}},
		{"the last payload lost its empty line", "C: MSG 5 N 4\nab\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 4\r\nab\r\n")}},
		{"length in bytes", "C: MSG 5 N 4\nåß\n", []told{{1, Opened, 0, "  mid-stream", 0}, c("MSG 5 N 4\r\nåß")}},
		{"trailing blank", "C: INF 2 \n", []told{{1, Opened, 0, "  mid-stream", 0}, c("INF 2 \r\n")}},
		{"no command", "C: hello\n", []told{{1, Opened, 0, " ", 0}, c("opaque hello\r\n (incomplete)")}},
		{"escapes", `S= \r\n` + "\n" + `S= OUT` + "\n" + `C? \xff\x00\\x` + "\n" + `S# \x00\x03\x00abc` + "\n" + `C= MSG 5 N 9\r\n` + "\n" + `C+ ab\t\r\n` + "\nC+ cdé\n", []told{
			{1, Opened, 0, " ", 0}, s("blank \r\n"), s("OUT (incomplete)"), c("opaque \xff\x00\\x (incomplete)"), s("block \x00\x03\x00abc"),
			c("MSG 5 N 9\r\nab\t\r\ncdé")}},
		{"connections", "Client opens a connection to 10.0.0.1:1863\nC: INF 2\nClient opens a connection to 10.0.0.2:1863.\nC: VER 1 MSNP7 CVR0\nConnection 1\nS: INF 2 MD5\nServer disconnects client\nConnection 2\nClient resets the connection\n", []told{
			{1, Opened, 0, " 10.0.0.1:1863", 0}, c(inf), {2, Opened, 0, " 10.0.0.2:1863", 0}, {2, Data, decode.Client, ver, 0},
			s(infMD5), ends(decode.Server), {2, Closed, decode.Client, "reset", 0}}},
		{"both close", "C: OUT\nClient disconnects from server\nS: OUT\nServer disconnects client\nC: INF 2\nServer disconnects client\nClient disconnects from server\n", []told{
			{1, Opened, 0, "  mid-stream", 0}, c("OUT\r\n"), half(decode.Client), s("OUT\r\n"), ends(decode.Client),
			{2, Opened, 0, "  mid-stream", 0}, {2, Data, decode.Client, inf, 0}, {2, Closed, decode.Server, "", 0}}},
		{"finishes, and closes later", "C: OUT\nClient finishes sending\nS: OUT\nServer finishes sending.\nServer disconnects client\n", []told{
			{1, Opened, 0, "  mid-stream", 0}, c("OUT\r\n"), half(decode.Client), s("OUT\r\n"), half(decode.Server), ends(decode.Server)}},
		{"nothing to finish", "Client finishes sending\nC: OUT\nThe connection ends\nServer finishes sending\n", []told{
			{0, Remark, 0, "Client finishes sending", 0}, {1, Opened, 0, "  mid-stream", 0}, c("OUT\r\n"), {1, Closed, 0, "", 0}, {0, Remark, 0, "Server finishes sending", 0}}},
		{"the client goes on elsewhere", "C: OUT\nClient disconnects from server\nC: INF 2\n", []told{
			{1, Opened, 0, "  mid-stream", 0}, c("OUT\r\n"), ends(decode.Client), {2, Opened, 0, "  mid-stream", 0}, {2, Data, decode.Client, inf, 0}}},
		{"missing", "Client has a connection to 10.0.0.1:1863\nC: INF 2\n12 bytes of the client are missing\nBytes of the server are missing\n1 byte of the server is missing\n1 bytes of nobody\nThe connection ends\n", []told{
			{1, Opened, 0, " 10.0.0.1:1863 mid-stream", 0}, c(inf), {1, Lost, decode.Client, "12 bytes", 0}, {1, Lost, decode.Server, "-1 bytes", 0},
			{1, Lost, decode.Server, "1 byte", 0}, {1, Remark, 0, "1 bytes of nobody", 0}, {1, Closed, 0, "", 0}}},
		{"nothing to close", "Server disconnects client\nC: INF 2\n", []told{{0, Remark, 0, "Server disconnects client", 0}, {1, Opened, 0, "  mid-stream", 0}, c(inf)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, transcriptTold(t, tt.text), tt.want...)
			want(t, transcriptTold(t, strings.ReplaceAll(tt.text, "\n", "\r\n")), tt.want...)
		})
	}
}

func TestTranscriptErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"C: INF 2\nConnection 3\n", "line 2: connection 3, but only 1 are opened before"},
		{"C= INF\\q\n", `line 1: the escape \q, which is none`},
		{"C= INF\nC+ \\x1\n", `line 2: a \x without two hex digits`},
		{"C= INF\nC+ \\xg0\n", `line 2: a \x without two hex digits`},
		{"C= INF\\\n", `line 1: a \ at its end`},
		{"C? x\nC? \n", "line 2: a frame without a byte"},
		{"C: INF 2\n" + strings.Repeat("x", maxTranscriptLine+1) + "\n", "line 2: longer than 8388608 bytes"},
	}
	for _, tt := range tests {
		records, err := transcriptRecords(t, tt.text)
		var line *TranscriptError
		if !errors.As(err, &line) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.50q: %v\nwant %s", tt.text, err, tt.want)
		}
		if strings.HasPrefix(tt.text, "C: INF 2\n") && len(records) < 2 {
			t.Errorf("%.50q: what stands before the error is lost", tt.text)
		}
	}
}

// Every beginning of a transcript gives records or a clear error.
func TestTranscriptPrefixes(t *testing.T) {
	page, err := os.ReadFile("testdata/msnp6-sign-in.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n := 4; n < len(page); n++ {
		_, err := transcriptRecords(t, string(page[:n]))
		if line := new(TranscriptError); err != nil && !errors.As(err, &line) {
			t.Fatalf("%d: %v", n, err)
		}
	}
}

// frameBytes are streams that transcripts find hard to hold.
var frameBytes = []string{
	ver, inf, msg, "OUT", "OUT\n", "\r\n", "\n", "MSG 5 N 5\r\nab\ncd", "MSG 5 N 9\r\na\r\nb\nc\rd", "MSG 5 N 3\r\n\r\n\r",
	"MSG 5 N 4\r\n\n\n\n\n", "MSG 5 N 4\r\n\r\n\r\n", "MSG 5 N 5\r\n\x00\x1b[2J", "MSG 5 N 6\n\xe2\x80\xaeabc", "MSG 5 N 0\r\n",
	"MSG 5 N 8\r\nC: OUT\r\n", "MSG 5 N 20\r\nshort", "\x00\x01\x02", "hello\r\n", "XYZ 1 2\r\n", "NLN NLN a@b.c \xff\xfe\r\n",
	"NLN NLN a@b.c \\x41\\\r\n", "NLN NLN a@b.c caf\u00e9\u200d\r\n", "FIL 3\r\n\x00\x03\x00abc\x01\x00\x00", "INF 2 \t\r\n", "INF  2\r\n",
	"MSG 5 N 6\r\na\nbc\nd", "MSG 5 N 4\r\na\nbc", strings.Repeat("x", 200) + "\r\n", "MSG 5 N 300\r\n" + strings.Repeat("é\x01a", 75),
}

// framesOf cuts a stream into records of one link.
func framesOf(conn *Conn, from decode.Sender, framer *decode.Framer, b []byte) []Record {
	var all []Record
	var fr decode.Frame
	for framer.Feed(b); framer.Next(&fr); {
		all = append(all, Record{Conn: conn, Kind: Data, From: from, Frame: fr.Clone()})
	}
	return all
}

// What is written reads back to the same frames, of the same connections.
func TestTranscriptKeepsEverything(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 150 {
		conns := []*Conn{{ID: 1}, {ID: 2, Server: "10.0.0.2:1863", MidStream: true}, {ID: 3, Server: "[::1]:1863"}}
		var records []Record
		var framers [3][2]decode.Framer
		for i := range framers[1] {
			framers[1][i].MidStream = true
		}
		open := 0
		for range 1 + random.IntN(30) {
			if n := random.IntN(len(conns)); n >= open && open < len(conns) {
				records = append(records, Record{Conn: conns[open], Kind: Opened})
				open++
			}
			i, from := random.IntN(open), decode.Client
			if random.IntN(2) == 0 {
				from = decode.Server
			}
			f := &framers[i][index(from)]
			switch random.IntN(12) {
			case 0:
				var fr decode.Frame
				n := int64(random.IntN(5)) - 1
				for f.Gap(n, &fr) {
					records = append(records, Record{Conn: conns[i], Kind: Data, From: from, Frame: fr.Clone()})
				}
				records = append(records, Record{Conn: conns[i], Kind: Lost, From: from, Lost: n})
			case 1:
				records = append(records, Record{Kind: Remark, Conn: conns[i], Text: []string{"C: INF 2", "Connection 1", "", "# x"}[random.IntN(4)]})
			default:
				records = append(records, framesOf(conns[i], from, f, []byte(frameBytes[random.IntN(len(frameBytes))]))...)
			}
		}
		for i := range open {
			for j := range framers[i] {
				var fr decode.Frame
				for framers[i][j].Flush(&fr) {
					records = append(records, Record{Conn: conns[i], Kind: Data, From: []decode.Sender{decode.Client, decode.Server}[j], Frame: fr.Clone()})
				}
			}
			records = append(records, Record{Conn: conns[i], Kind: Closed, From: []decode.Sender{0, decode.Client, decode.Server}[random.IntN(3)]})
		}
		text := writeTranscript(t, records)
		if !isTranscript([]byte(text)) {
			continue // remarks only
		}
		again, err := transcriptRecords(t, text)
		if err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, text)
		}
		sameFrames(t, records, again, text)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		for i := range len(text) {
			if ch := text[i]; ch < ' ' && ch != '\n' && ch != '\t' || ch == 0x7f {
				t.Fatalf("byte %#x in the transcript:\n%q", ch, text)
			}
		}
	}
}

// sameFrames compares the links of two lists of records. Opaque bytes may be cut
// elsewhere.
func sameFrames(t testing.TB, a, b []Record, text string) {
	t.Helper()
	type place struct {
		conn uint32
		from decode.Sender
	}
	type said struct {
		Kind  Kind
		Frame decode.Frame
		Lost  int64
	}
	links := func(records []Record) map[place][]said {
		all := make(map[place][]said)
		for _, r := range records {
			if r.Kind == Data || r.Kind == Lost {
				at := place{r.Conn.ID, r.From}
				// What a gap explains, and what a text says of its own lengths, is not told in a
				// transcript: it is written with lengths that fit.
				r.Frame.Gap, r.Frame.TextLine, r.Frame.Omitted = false, 0, false
				all[at] = append(all[at], said{r.Kind, r.Frame, r.Lost})
			}
		}
		return all
	}
	la, lb := links(a), links(b)
	if len(la) != len(lb) {
		t.Errorf("%d links, not %d\n%s", len(lb), len(la), text)
	}
	for at, frames := range la {
		if d := cmp.Diff(frames, lb[at]); d != "" {
			t.Errorf("connection %d, %s (-written +read):\n%s\n%s", at.conn, at.from, d, text)
		}
	}
}

func TestTranscriptLook(t *testing.T) {
	a, b := &Conn{ID: 1, Server: "10.0.0.1:1863"}, &Conn{ID: 2, Server: "10.0.0.2:1863", Client: "192.0.2.1:1055"}
	frame := func(conn *Conn, from decode.Sender, text string) Record {
		var f decode.Framer
		return framesOf(conn, from, &f, []byte(text))[0]
	}
	changed := frame(a, decode.Server, "XFR 3 NS 10.0.0.2:1863 0\r\n")
	changed.Sent = []byte("XFR 3 NS 127.0.0.1:1863 0\r\n")
	injected := frame(b, decode.Client, "PNG\r\n")
	injected.Fate = Injected
	withheld := frame(b, decode.Server, "QNG 30\r\n")
	withheld.Fate = Withheld
	records := []Record{
		{Kind: Opened, Conn: a}, frame(a, decode.Client, inf), changed, {Kind: Opened, Conn: b}, frame(b, decode.Client, ver),
		frame(a, decode.Server, "MSG 5 N 3\r\n\x1b[m"), {Kind: Closed, Conn: a, From: decode.Server, Reset: true, Text: "connection reset by\npeer"},
		injected, withheld, {Kind: Remark, Text: "the end"},
	}
	expected := `Client opens a connection to 10.0.0.1:1863

C: INF 2
S: XFR 3 NS 10.0.0.2:1863 0

# the proxy sent on: XFR 3 NS 127.0.0.1:1863 0
Client opens a connection to 10.0.0.2:1863

C: VER 1 MSNP7 CVR0

Connection 1

S= MSG 5 N 3\r\n
S+ \x1b[m

# connection reset by\npeer
Server resets the connection
Connection 2
# the proxy made this:

C: PNG

# the proxy withheld this:

S: QNG 30

# the end
`
	if d := cmp.Diff(expected, writeTranscript(t, records)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEscape(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	for _, b := range []string{string(all), "a\u0085b\u200eb\u202e\ufeff\u2028", "\\", "\xc3", "plain é 日本 😀"} {
		e := appendEscaped(nil, []byte(b))
		if !plainText(e) || bytes.ContainsAny(e, "\r\n\t") {
			t.Errorf("%q escaped is %q", b, e)
		}
		if u, err := appendUnescaped(nil, e); err != nil || string(u) != b {
			t.Errorf("%q comes back as %q, %v", b, u, err)
		}
	}
}

// That a connection was opened is written where its first command does not say so.
func TestOpenedIsWritten(t *testing.T) {
	conn := &Conn{ID: 1}
	for line, want := range map[string]string{
		ver:                "C: VER 1 MSNP7 CVR0\n",
		inf:                "Client opens a connection\n\nC: INF 2\n",
		"hello, world\r\n": "C? hello, world\\r\\n\n",
	} {
		fr := reframe(new(decode.Framer), "", []byte(line))
		records := []Record{{Conn: conn, Kind: Opened}, {Conn: conn, Kind: Data, From: decode.Client, Frame: fr}}
		text := writeTranscript(t, records)
		if text != want {
			t.Errorf("%q is written as %q, not %q", line, text, want)
		}
		again, err := transcriptRecords(t, text)
		if err != nil || len(again) != 2 || again[0].Conn.MidStream {
			t.Errorf("%q: %v, %v", text, again, err)
		}
	}
}
