package capture

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// To which connection the commands of a log belong, and where that goes.
func TestLogConnections(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"names", ">> NS: VER 1 MSNP8 CVR0\n<< NS: VER 1 MSNP8\n>> SB: USR 1 alice@example.com 1.2\n<< SB: USR 1 OK alice@example.com Alice\n>> NS: CHG 2 NLN\n", "1 opens |1C VER|1S VER|2 opens |2C USR|2S USR|1C CHG"},
		{"a switchboard", "12:00 >> VER 1 MSNP8 CVR0\n12:00 << VER 1 MSNP8\n12:00 >> XFR 3 SB\n12:00 << XFR 3 SB 192.0.2.7:1863 CKI 1.2\n12:00 >> USR 1 alice@example.com 1.2\n12:00 << USR 1 OK alice@example.com Alice\n12:00 >> CAL 2 bob@example.com\n12:00 >> CHG 5 NLN\n12:00 << CHG 5 NLN\n", "1 opens |1C VER|1S VER|1C XFR|1S XFR|2 opens 192.0.2.7:1863|2C USR|2S USR|2C CAL|1C CHG|1S CHG"},
		{"another server", "12:00 >> VER 1 MSNP8 CVR0\n12:00 << VER 1 MSNP8\n12:00 << XFR 3 NS 192.0.2.8:1863 0 192.0.2.9:1863\n12:00 >> VER 4 MSNP8 CVR0\n12:00 << VER 4 MSNP8\n", "1 opens |1C VER|1S VER|1S XFR|2 opens 192.0.2.8:1863|2C VER|2S VER"},
		{"an invitation", "12:00 >> VER 1 MSNP8 CVR0\n12:00 << VER 1 MSNP8\n12:00 << RNG 77 192.0.2.7:1863 CKI 1.2 bob@example.com Bob\n12:00 >> ANS 1 alice@example.com 1.2 77\n12:00 << ANS 1 OK\n12:00 << NLN NLN bob@example.com Bob\n12:00 >> OUT\n", "1 opens |1C VER|1S VER|1S RNG|2 opens 192.0.2.7:1863|2C ANS|2S ANS|1S NLN|1C OUT"},
		{"a document", ">> VER 1 MSNP8 CVR0\n<< VER 1 MSNP8\n>> XFR 3 SB\n<< XFR 3 SB 192.0.2.7:1863 CKI 1.2\n>> USR 1 alice@example.com 1.2\n<< USR 1 OK alice@example.com Alice\n>> CAL 2 bob@example.com\n", "1 opens |1C VER|1S VER|1C XFR|1S XFR|2 opens 192.0.2.7:1863|2C USR|2S USR|2C CAL"},
		{"two sign-ins", "12:00 >> VER 1 MSNP8 CVR0\n12:00 << VER 1 MSNP8\n12:00 >> VER 1 MSNP8 CVR0\n12:00 << VER 1 MSNP8\n", "1 opens |1C VER|1S VER|2 opens |2C VER|2S VER"},
		{"without a greeting", "12:00 >> CHG 5 NLN\n12:00 << CHG 5 NLN\n12:00 >> CAL 2 bob@example.com\n12:00 << CAL 2 RINGING 7\n12:00 << FLN bob@example.com\n", "1 opens midway|1C CHG|1S CHG|2 opens midway|2C CAL|2S CAL|1S FLN"},
		{"a redirect without a port", "12:00 >> VER 1 MSNP8 CVR0\n12:00 << XFR 3 NS somewhere 0\n12:00 >> VER 4 MSNP8 CVR0\n", "1 opens |1C VER|1S XFR|2 opens |2C VER"},
	} {
		r, err := OpenReader(strings.NewReader(tt.text), "it")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			switch rec.Kind {
			case Data:
				got = append(got, fmt.Sprint(rec.Conn.ID, rec.From.Letter(), " ", string(rec.Frame.Verb())))
			case Opened:
				got = append(got, fmt.Sprint(rec.Conn.ID, " opens ", rec.Conn.Server, map[bool]string{true: "midway"}[rec.Conn.MidStream]))
			}
		}
		if got := strings.Join(got, "|"); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

// What a transcript says of what happens.
func TestTranscriptSays(t *testing.T) {
	one, two, far, late := &Conn{ID: 1}, &Conn{ID: 2}, &Conn{ID: 3, Server: "192.0.2.7:1863"}, &Conn{ID: 4, MidStream: true}
	data := func(c *Conn, from decode.Sender, raw string) Record {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		if !f.Next(&fr) {
			f.Flush(&fr)
		}
		return Record{Conn: c, Kind: Data, From: from, Frame: fr}
	}
	opaque := func(raw string) Record {
		return Record{Conn: one, Kind: Data, From: decode.Client, Frame: decode.Frame{Kind: decode.Opaque, Raw: []byte(raw)}}
	}
	opens := func(c *Conn) Record { return Record{Conn: c, Kind: Opened} }
	what := func(c *Conn, k Kind, from decode.Sender, text string) Record {
		return Record{Conn: c, Kind: k, From: from, Text: text}
	}
	reset := func(from decode.Sender) Record { return Record{Conn: one, Kind: Closed, From: from, Reset: true} }
	const ver = "VER 1 MSNP8 CVR0\r\n"
	for _, tt := range []struct {
		name string
		list []Record
		want string
	}{
		{"a client begins", []Record{opens(one), data(one, decode.Client, ver)}, "C: VER 1 MSNP8 CVR0\n"},
		{"a server begins", []Record{opens(one), data(one, decode.Server, ver)}, "Client opens a connection\n\nS: VER 1 MSNP8 CVR0\n"},
		{"nobody does", []Record{opens(one), what(one, Closed, decode.Client, "")}, "Client opens a connection\nClient disconnects from server\n"},
		{"a remark comes first", []Record{opens(one), what(nil, Remark, 0, "why"), data(one, decode.Client, ver)}, "# why\n\nC: VER 1 MSNP8 CVR0\n"},
		{"another connection comes first", []Record{opens(one), opens(two), data(two, decode.Client, ver), data(one, decode.Client, ver)}, "Client opens a connection\nClient opens a connection\n\nC: VER 1 MSNP8 CVR0\n\nConnection 1\n\nC: VER 1 MSNP8 CVR0\n"},
		{"another one speaks first", []Record{opens(one), data(two, decode.Client, ver)}, "Client opens a connection\nClient opens a connection\n\nC: VER 1 MSNP8 CVR0\n"},
		{"not announced", []Record{data(one, decode.Client, ver), data(two, decode.Client, ver)}, "C: VER 1 MSNP8 CVR0\n\nClient opens a connection\n\nC: VER 1 MSNP8 CVR0\n"},
		{"begun before", []Record{opens(late), data(late, decode.Client, ver)}, "Client has a connection\n\nC: VER 1 MSNP8 CVR0\n"},
		{"far away", []Record{opens(far), data(far, decode.Client, ver), opens(one), data(far, decode.Server, ver)}, "Client opens a connection to 192.0.2.7:1863\n\nC: VER 1 MSNP8 CVR0\n\nClient opens a connection\nConnection 1\n\nS: VER 1 MSNP8 CVR0\n"},
		{"the second has no address", []Record{opens(far), opens(two), data(two, decode.Client, ver)}, "Client opens a connection to 192.0.2.7:1863\nClient opens a connection\n\nC: VER 1 MSNP8 CVR0\n"},
		{"a remark on a connection", []Record{opens(far), opens(late), what(far, Remark, decode.Client, "why")}, "Client opens a connection to 192.0.2.7:1863\nClient has a connection\nConnection 1\n# why\n"},
		{"a remark on none that is known", []Record{opens(far), what(two, Remark, decode.Client, "why")}, "Client opens a connection to 192.0.2.7:1863\n# why\n"},
		{"a remark on none", []Record{opens(far), opens(late), what(nil, Remark, 0, "why"), data(late, decode.Client, ver)}, "Client opens a connection to 192.0.2.7:1863\nClient has a connection\n# why\n\nC: VER 1 MSNP8 CVR0\n"},
		{"half an end", []Record{opens(far), what(far, HalfClosed, decode.Client, "why"), what(far, HalfClosed, decode.Server, "")}, "Client opens a connection to 192.0.2.7:1863\n# why\nClient finishes sending\nServer finishes sending\n"},
		{"an end by the client", []Record{opens(one), data(one, decode.Client, ver), what(one, Closed, decode.Client, "why")}, "C: VER 1 MSNP8 CVR0\n\n# why\nClient disconnects from server\n"},
		{"an end by the server", []Record{opens(one), data(one, decode.Client, ver), what(one, Closed, decode.Server, "")}, "C: VER 1 MSNP8 CVR0\n\nServer disconnects client\n"},
		{"an end by nobody knows whom", []Record{opens(one), data(one, decode.Client, ver), what(one, Closed, 0, "")}, "C: VER 1 MSNP8 CVR0\n\nThe connection ends\n"},
		{"a reset by the client", []Record{opens(one), data(one, decode.Client, ver), reset(decode.Client)}, "C: VER 1 MSNP8 CVR0\n\nClient resets the connection\n"},
		{"a reset by the server", []Record{opens(one), data(one, decode.Client, ver), reset(decode.Server)}, "C: VER 1 MSNP8 CVR0\n\nServer resets the connection\n"},
		{"a reset by nobody knows whom", []Record{opens(one), data(one, decode.Client, ver), reset(0)}, "C: VER 1 MSNP8 CVR0\n\nThe connection ends\n"},
		{"after its end it is another", []Record{opens(one), data(one, decode.Client, ver), what(one, Closed, decode.Client, ""), data(one, decode.Client, ver)}, "C: VER 1 MSNP8 CVR0\n\nClient disconnects from server\nClient opens a connection\n\nC: VER 1 MSNP8 CVR0\n"},
		{"a payload", []Record{opens(one), data(one, decode.Client, "MSG 1 N 7\r\nab\r\ncde"), data(one, decode.Client, "MSG 1 N 6\r\nab\ncde"), data(one, decode.Client, "MSG 1 N 7\r\nab\r\n\r\nc")}, "Client opens a connection\n\nC: MSG 1 N 7\nab\ncde\nC: MSG 1 N 6\nab\ncde\nC: MSG 1 N 7\nab\n\nc\n"},
		{"a payload that is no text", []Record{opens(one), data(one, decode.Client, "MSG 1 N 6\r\nab\ncd\r"), data(one, decode.Client, "MSG 1 N 5\r\nab\x00\r\n"), data(one, decode.Client, "MSG 1 N 6\r\na\r\nb\nc")}, "Client opens a connection\n\nC= MSG 1 N 6\\r\\n\nC+ ab\\n\nC+ cd\\r\nC= MSG 1 N 5\\r\\n\nC+ ab\\x00\\r\\n\nC= MSG 1 N 6\\r\\n\nC+ a\\r\\n\nC+ b\\n\nC+ c\n"},
		{"a payload whose lines could be taken for less", []Record{opens(one), data(one, decode.Client, "MSG 1 N 5\r\na\nb\nc"), data(one, decode.Client, "MSG 1 N 3\r\na\nb"), data(one, decode.Client, "MSG 1 N 4\r\na\nb\n")}, "Client opens a connection\n\nC: MSG 1 N 5\na\nb\nc\nC: MSG 1 N 3\na\nb\nC= MSG 1 N 4\\r\\n\nC+ a\\n\nC+ b\\n\n"},
		{"lines that end otherwise", []Record{opens(one), data(one, decode.Client, "PNG\n"), data(one, decode.Server, "\r\n"), data(one, decode.Server, "\n")}, "C= PNG\\n\nS:\nS= \\n\n"},
		{"72 bytes", []Record{opens(one), opaque(strings.Repeat("x", 72))}, "C? xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"},
		{"73 bytes", []Record{opens(one), opaque(strings.Repeat("x", 73))}, "C? xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nC+ x\n"},
		{"a letter across the 72nd", []Record{opens(one), opaque(strings.Repeat("x", 71) + "é!")}, "C? xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nC+ é!\n"},
		{"lines of bytes", []Record{opens(one), opaque("a\nb\n\nc")}, "C? a\\n\nC+ b\\n\nC+ \\n\nC+ c\n"},
		{"one line of bytes", []Record{opens(one), opaque("\n")}, "C? \\n\n"},
		{"no bytes", []Record{opens(one), opaque("")}, "C? \n"},
	} {
		var b bytes.Buffer
		w := NewTranscriptWriter(&b)
		for i := range tt.list {
			if err := w.WriteRecord(&tt.list[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.String(); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
	// The longest payload that is text.
	for n, plain := range map[int]bool{1048576: true, 1048577: false} {
		var b bytes.Buffer
		w := NewTranscriptWriter(&b)
		r := data(one, decode.Client, "PNG\r\n")
		r.Frame.Raw = append(fmt.Appendf(nil, "MSG 1 N %d\r\n", n), bytes.Repeat([]byte("x"), n)...)
		r.Frame.LineLen, r.Frame.EOL = len(fmt.Sprintf("MSG 1 N %d", n)), 2
		w.WriteRecord(&r)
		if got := strings.Contains(b.String(), "C: MSG"); got != plain {
			t.Errorf("a payload of %d bytes as text: %v", n, got)
		}
	}
}

// What payloads are made of lines that do not have the length that is announced.
func TestBestFit(t *testing.T) {
	for _, tt := range []struct {
		lines string
		n     int
		want  string
		used  int
	}{
		{"abc|def", 8, "abc\r\ndef", 2}, {"abc|def", 7, "abc\ndef", 2}, {"abc|def", 3, "abc", 1}, {"abc|def", 4, "abc\n", 1},
		{"abc||def", 4, "abc\n", 1}, {"abc||def", 99, "abc\r\n\r\ndef", 3}, {"abc||def", 6, "abcdef", 3}, {"abc||def", 7, "abc\r\n\r\n", 2},
		{"abc|||def", 2, "abc", 1}, {"|abc", 9, "\r\nabc", 2}, {"||abc|", 99, "\r\n\r\nabc\r\n", 4},
		{"A: b||cd", 3, "A: b\r\n\r\ncd", 3}, {"A: b||cd||ef", 3, "A: b\r\n\r\ncd", 3}, {"A: b||", 3, "A: b\r\n\r\n", 3}, {"A: b|C: d", 3, "A: b\r\nC: d", 2},
		{"  abc|  def", 99, "abc\r\ndef", 2}, {`abc\r\n|def\r\n`, 99, "abc\r\ndef", 2},
	} {
		var lines [][]byte
		for _, l := range strings.Split(tt.lines, "|") {
			lines = append(lines, []byte(l))
		}
		if got, used := bestFit(lines, tt.n); string(got) != tt.want || used != tt.used {
			t.Errorf("{%q, %d, %q, %d},", tt.lines, tt.n, got, used)
		}
	}
	for _, tt := range []struct{ before, rest, want string }{
		{"ab", "", ""}, {"ab", " c", ""}, {"ab", "%20c", ""}, {"ab", "c", " "}, {"ab", "http://x", " "}, {strings.Repeat("x", 40), "http://x", " "},
		{strings.Repeat("x", 31), "c", " "}, {strings.Repeat("x", 32), "c", ""}, {"a " + strings.Repeat("x", 31), "c", " "}, {"a " + strings.Repeat("x", 32), "c", ""},
		{strings.Repeat("x", 30) + "a@b", "c", " "}, {strings.Repeat("x", 30) + "a/b", "c", " "}, {strings.Repeat("x", 30) + "a:b", "c", " "},
	} {
		if got := joins([]byte(tt.before), []byte(tt.rest)); got != tt.want {
			t.Errorf("between %q and %q: %q", tt.before, tt.rest, got)
		}
	}
}

// What is held of a stream until the bytes before it are here.
func TestStreamHolds(t *testing.T) {
	at := time.Unix(1, 0)
	s := func() *stream {
		var s stream
		s.start(100)
		return &s
	}
	held := s()
	held.add(110, []byte("0123456789"), 2, at)
	for _, tt := range []struct {
		name string
		seq  uint32
		data string
		cut  int
		held int
	}{
		{"a copy", 110, "0123456789", 2, 1}, {"less of it", 110, "012345678", 0, 1}, {"a part", 112, "23", 0, 1}, {"its end", 119, "9", 0, 1},
		{"beyond its end", 119, "9a", 0, 2}, {"more", 110, "0123456789a", 0, 2}, {"less is cut", 110, "0123456789", 1, 1}, {"more is cut", 110, "0123456789", 3, 2},
		{"before", 105, "x", 0, 2}, {"behind", 125, "x", 0, 2},
	} {
		c := *held
		c.held = append([]piece(nil), held.held...)
		c.add(tt.seq, []byte(tt.data), tt.cut, at)
		if len(c.held) != tt.held || c.memory != held.memory+(tt.held-1)*(len(tt.data)+512) {
			t.Errorf("%s: %d are held, in %d bytes", tt.name, len(c.held), c.memory)
		}
		for i := 1; i < len(c.held); i++ {
			if c.held[i].seq < c.held[i-1].seq {
				t.Errorf("%s: out of order", tt.name)
			}
		}
	}
	for _, tt := range []struct {
		seq  uint32
		n    int
		want bool
	}{{100, 0, false}, {100, 20, false}, {110, 10, false}, {110, 11, true}, {120, 1, true}, {119, 1, false}, {121, 1, true}} {
		if got := held.adds(tt.seq, tt.n); got != tt.want {
			t.Errorf("%d bytes at %d go on: %v", tt.n, tt.seq, got)
		}
	}
	if got := s().adds(100, 1); !got || s().adds(99, 1) {
		t.Error("the first byte does not go on")
	}
	for _, tt := range []struct {
		name  string
		ahead int
		ack   int // -1: none
		ended int // -1: not
		held  bool
		want  int
		acked bool
	}{
		{"nothing", 0, -1, -1, false, 0, false}, {"ahead", 7, -1, -1, false, 7, false}, {"held", 0, -1, -1, true, 10, false}, {"held, and nearer", 7, -1, -1, true, 7, false},
		{"held, and farther", 12, -1, -1, true, 10, false}, {"before the end", 0, -1, 9, false, 9, false}, {"acknowledged, one", 0, 1, -1, false, 0, false},
		{"acknowledged, two", 0, 2, -1, false, 2, true}, {"acknowledged, some", 0, 4, -1, true, 4, true}, {"acknowledged, one of some", 0, 1, -1, true, 1, true},
		{"acknowledged, more", 0, 40, -1, true, 10, true}, {"acknowledged, none", 0, 0, -1, true, 10, false}, {"not ahead", -1, -1, -1, true, 10, false}, {"one ahead", 1, -1, -1, true, 1, false},
	} {
		s := s()
		if tt.held {
			s.add(110, []byte("abc"), 0, at)
		}
		if tt.ack >= 0 {
			s.hasAck, s.acked = true, 100+uint32(tt.ack)
		}
		if tt.ended >= 0 {
			s.ended, s.end = true, 100+uint32(tt.ended)
		}
		if n, acked := s.missing(tt.ahead); n != tt.want || acked != tt.acked {
			t.Errorf("%s: %d missing, acknowledged %v", tt.name, n, acked)
		}
	}
}
