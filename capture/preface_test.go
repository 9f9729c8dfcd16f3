package capture

import (
	"bytes"
	"strings"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/preamble"
)

const proxyAt = "198.51.100.9:1080"

// prefaces are said by client and server in turn, before MSNP.
var prefaces = []struct {
	way, target string
	text        string
	said        []string
}{
	{"SOCKS4", "198.51.100.1:1863", "asked a SOCKS4 proxy for 198.51.100.1:1863", []string{"\x04\x01\x07\x47\xc6\x33\x64\x01alice\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS4a", "ns.example.com:1863", "asked a SOCKS4a proxy for ns.example.com:1863", []string{"\x04\x01\x07\x47\x00\x00\x00\x01\x00ns.example.com\x00", "\x00\x5a\x07\x47\x7f\x00\x00\x01"}},
	{"SOCKS5", "ns.example.com:1863", "asked a SOCKS5 proxy for ns.example.com:1863", []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03\x0ens.example.com\x07\x47", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}},
	{"SOCKS5", "[2001:db8::1]:1863", "asked a SOCKS5 proxy for [2001:db8::1]:1863", []string{"\x05\x02\x00\x02", "\x05\x02", "\x01\x05alice\x06secret", "\x01\x00",
		"\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x07\x47", "\x05\x00\x00\x03\x02ab\x04\x38"}},
	{"CONNECT", "ns.example.com:1863", "asked an HTTP proxy (CONNECT) for ns.example.com:1863", []string{"CONNECT ns.example.com:1863 HTTP/1.1\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n", "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n"}},
	{"CONNECT", "ns.example.com:1863", "asked an HTTP proxy (CONNECT) for ns.example.com:1863", []string{
		"CONNECT ns.example.com:1863 HTTP/1.1\r\n\r\n", "HTTP/1.1 407 no\r\nProxy-Authenticate: Basic\r\nContent-Length: 9\r\n\r\npassword?",
		"CONNECT ns.example.com:1863 HTTP/1.1\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}},
}

// talkOf is a conversation behind a preface that is cut by the function given; join: what
// comes first of MSNP is in one segment with the end of it.
func talkOf(t *testing.T, said []string, cut func(s string) []string, join bool) *wire {
	w := newWire(t)
	k := w.dial(aliceAt, proxyAt)
	from := decode.Client
	for i, s := range said {
		if last := i == len(said)-2; join && last && from == decode.Client {
			s += ver // before the answer
		}
		if last := i == len(said)-1; join && last {
			s += ver
		}
		for _, part := range cut(s) {
			k.say(from, part)
		}
		from = from.Peer()
	}
	if !join {
		k.C(ver)
		k.S(ver)
	}
	k.C(inf)
	k.S(infMD5)
	k.end()
	return w
}

// A preface, cut at any byte or not at all, is told of in a line and left out: offsets,
// messages and findings are those of the connection with the server that was asked for.
func TestPrefaces(t *testing.T) {
	whole := func(s string) []string { return []string{s} }
	for _, p := range prefaces {
		check := func(name string, w *wire) {
			t.Helper()
			list := w.records()
			if len(list) == 0 {
				t.Fatalf("%s %s: nothing", p.way, name)
			}
			rec := list[0]
			if c := rec.Conn; rec.Kind != Opened || c.Server != p.target || c.Asked != p.target || c.Way != p.way || c.Via != proxyAt || c.Client != aliceAt || c.Came() != "by "+p.way+" for "+p.target {
				t.Errorf("%s %s: %+v", p.way, name, c)
			}
			var got []told
			var next [3]int64
			for _, rec := range list[1:] {
				e := tell(&rec, rec.Time)
				got = append(got, e)
				if rec.Kind == Data {
					if rec.Frame.Offset != next[rec.From] {
						t.Errorf("%s %s: %q at %d", p.way, name, e.Text, rec.Frame.Offset)
					}
					next[rec.From] += int64(len(rec.Frame.Raw))
				}
			}
			want(t, got, told{1, Remark, 0, p.text, 0}, c(ver), s(ver), c(inf), s(infMD5), ends(decode.Client))
		}
		check("whole", talkOf(t, p.said, whole, false))
		check("joined", talkOf(t, p.said, whole, true))
		check("byte by byte", talkOf(t, p.said, func(s string) []string { return strings.Split(s, "") }, false))
		for n := range 40 {
			cut := func(s string) []string {
				if n == 0 || n >= len(s) {
					return []string{s}
				}
				return []string{s[:n], s[n:]}
			}
			check("cut", talkOf(t, p.said, cut, false))
			check("cut and joined", talkOf(t, p.said, cut, true))
		}
	}
}

// One direction only: of the client's there is all to know, of the server's that there was
// a proxy.
func TestPrefacesOneWay(t *testing.T) {
	for _, p := range prefaces {
		for _, from := range []decode.Sender{decode.Client, decode.Server} {
			again := from == decode.Server && strings.Contains(p.said[1], "407") // that is not known
			w := talkOf(t, p.said, func(s string) []string { return []string{s} }, false)
			var kept []wirePacket
			for _, pkt := range w.packets {
				if client := string(pkt.data[12:16]) == "\xc0\x00\x02\x01"; client == (from == decode.Client) {
					kept = append(kept, pkt)
				}
			}
			w.packets = kept
			var lines []string
			for _, rec := range w.records() {
				switch {
				case rec.Kind == Opened && (rec.Conn.Way == "" && !again || from == decode.Client && rec.Conn.Server != p.target || from == decode.Server && (rec.Conn.Server != proxyAt || rec.Conn.Asked != "")):
					t.Errorf("%s, %s alone: %+v", p.way, from, rec.Conn)
				case rec.Kind == Data:
					lines = append(lines, string(rec.Frame.Raw))
					if rec.From != from {
						t.Errorf("%s, %s alone: %q from the %s", p.way, from, rec.Frame.Raw, rec.From)
					}
				case rec.Kind == Remark && !strings.HasPrefix(rec.Text, "asked a"):
					t.Error(rec.Text)
				}
			}
			answer := inf
			if from == decode.Server {
				answer = infMD5
			}
			if strings.Join(lines, "") != ver+answer && !again {
				t.Errorf("%s, %s alone: %q", p.way, from, lines)
			}
		}
	}
}

// records reads what is on the wire.
func (w *wire) records() (list []Record) {
	w.t.Helper()
	r, err := OpenReader(bytes.NewReader(w.pcap()), "test.pcap")
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err != nil {
			return list
		}
		kept := *rec
		kept.Frame = rec.Frame.Clone()
		list = append(list, kept)
	}
}

// What is none, or is not granted, is told as it ever was.
func TestNoPrefaces(t *testing.T) {
	// MSNP never came.
	for _, p := range prefaces {
		w := newWire(t)
		k := w.dial(aliceAt, proxyAt)
		k.C(p.said[0])
		k.S(string(preamble.AppendReply5(nil, 5, k.client)))
		k.end()
		if got, r, _ := readAll(t, w.pcap()); len(got) > 0 || r.Stats().MSNP != 0 || len(r.Stats().Foreign) != 1 {
			t.Errorf("%q: %v, %+v", p.said[0], got, r.Stats())
		}
	}
	// What seems to be one, and is followed by something else, is not lost.
	w := newWire(t)
	k := w.dial(aliceAt, proxyAt)
	k.C("\x05\x01\x00\x05\x01\x00\x01\xc6\x33\x64\x01\x07\x47" + ver)
	k.S("\x05")
	k.C(inf)
	k.end()
	got, _, _ := readAll(t, w.pcap())
	if last := got[len(got)-2]; last.From != decode.Server || last.Text != "opaque \x05" && last.Text != "opaque \x05 (incomplete)" {
		t.Errorf("%v", got)
	}
}

// The way is written and read back, in every format that has a place for it.
func TestWayIsKept(t *testing.T) {
	rec := Record{Conn: &Conn{ID: 1, Client: aliceAt, Server: nsAt, Via: proxyAt, Way: "SOCKS5", Asked: "ns.example.com:1863"}, Kind: Opened}
	var file bytes.Buffer
	w, err := NewWriter(&file, "")
	if err != nil {
		t.Fatal(err)
	}
	rec.Time = newWire(t).now
	if err := w.WriteRecord(&rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(file.String(), "via "+proxyAt+", by SOCKS5 for ns.example.com:1863") {
		t.Error("the comment in the recording does not say how the client came")
	}
	line := `{"v":1,"time":"2004-05-06T07:08:09Z","conn":1,"event":"opened","client":"` + aliceAt + `","server":"` + nsAt + `","via":"` + proxyAt + `","way":"SOCKS5","asked":"ns.example.com:1863"}` + "\n"
	for _, recorded := range []string{file.String(), line} {
		r, err := OpenReader(strings.NewReader(recorded), "test")
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Next()
		if err != nil || *got.Conn != *rec.Conn {
			t.Errorf("read back as %+v, %v", got, err)
		}
		hide, err := NewRedactor(true)
		if err != nil {
			t.Fatal(err)
		}
		if c := hide.conn(got.Conn); c.Way != "SOCKS5" || c.Asked == "" || strings.Contains(c.Asked, "example.com") || !strings.HasSuffix(c.Asked, ":1863") {
			t.Errorf("redacted to %+v", c)
		}
		r.Close()
	}
	for _, c := range []struct {
		conn Conn
		want string
	}{
		{*rec.Conn, "by SOCKS5 for ns.example.com:1863"},
		{Conn{Way: "gateway"}, "by gateway"},
		{Conn{Way: "transparent", Asked: "192.0.2.1:1863"}, "redirected here for 192.0.2.1:1863"},
		{Conn{Way: "transparent"}, "redirected here"},
		{Conn{Asked: "x"}, ""},
		{Conn{Way: "CONNECT", Asked: "a\nb\xff"}, "by CONNECT for a.b."},
	} {
		if got := c.conn.Came(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
