package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// everyKind is a recording with every kind of record and note in it.
func everyKind(client, server string) []Record {
	offset := map[string]int64{"2 server": 777} // it was open before
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	tick := func() time.Time { at = at.Add(time.Millisecond + 1); return at }
	c1 := &Conn{ID: 1, Client: client, Server: server, Via: "127.0.0.1:1863"}
	c2 := &Conn{ID: 2, Client: client + "1", Server: server, MidStream: true}
	var list []Record
	data := func(c *Conn, from decode.Sender, raw string) *Record {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		if !f.Next(&fr) && !f.Flush(&fr) {
			panic(raw)
		}
		key := fmt.Sprintf("%d %v", c.ID, from)
		fr.Offset = offset[key]
		offset[key] += int64(len(raw))
		list = append(list, Record{Time: tick(), Conn: c, Kind: Data, From: from, Frame: fr})
		return &list[len(list)-1]
	}
	list = append(list, Record{Time: tick(), Kind: Remark, Text: "all of it: é \"quoted\""})
	list = append(list, Record{Time: tick(), Conn: c1, Kind: Opened})
	data(c1, decode.Client, "VER 1 MSNP7\r\n")
	data(c1, decode.Server, "XFR 3 NS 10.0.0.5:1863 0\r\n").Sent = []byte("XFR 3 NS 127.0.0.1:1863 0\r\n")
	list = append(list, Record{Time: tick(), Conn: c2, Kind: Opened, Text: "found open"})
	data(c2, decode.Server, "\r\n")
	data(c2, decode.Server, "NLN BSY a@b A\n").Fate = Withheld
	data(c2, decode.Client, "PNG\r\n").Fate = Injected
	made := data(c2, decode.Server, "CHL 0 1\r\n")
	made.Fate, made.ChangedBy = Injected, []string{"operator", `rule "é\n"`}
	var held []Record
	for _, line := range []string{"CHG 5 AWY\r\n", "CHG 6 BSY\r\n", "CHG 7 NLN\r\n", "CHG 8 NLN\r\n"} {
		r := data(c1, decode.Client, line)
		r.Fate = Held
		held = append(held, *r)
	}
	became := func(n int, r Record) {
		r.Kind, r.Time, r.Conn, r.From, r.Frame.Offset, r.HeldFor = Became, tick(), c1, decode.Client, held[n].Frame.Offset, at.Sub(held[n].Time)
		list = append(list, r)
	}
	became(1, Record{Fate: Withheld, ChangedBy: []string{`rule "lost"`}, Text: "why"})
	became(0, Record{})
	became(2, Record{Sent: []byte("CHG 7 \xff\r\n"), ChangedBy: []string{"addon 2", "operator"}})
	data(c1, decode.Server, "MSG a@b A 70000\r\n"+strings.Repeat("x", 70000))
	data(c1, decode.Server, "MSG a@b A 200000\r\n"+strings.Repeat("y\r\n", 50000)+strings.Repeat("z", 50000))
	opaque := data(c1, decode.Client, "\x00\x01\x1b[31m\xff")
	opaque.Frame.Kind, opaque.Frame.LineLen, opaque.Frame.EOL = decode.Opaque, 0, 0
	data(c1, decode.Client, "ACK 5\r\n").Frame.Resync = true
	list = append(list, Record{Time: tick(), Conn: c1, Kind: Lost, From: decode.Client, Lost: 17})
	offset["1 client"] += 17
	block := data(c1, decode.Client, "\x00\x05\x00abcde")
	block.Frame.Kind, block.Frame.LineLen, block.Frame.EOL = decode.Block, 0, 0
	data(c1, decode.Client, "OUT")
	list = append(list, Record{Time: tick(), Conn: c1, Kind: Lost, From: decode.Server, Lost: -1})
	offset["1 server"] += 4711 // what is found out later
	data(c1, decode.Server, "QNG 41\r\n").Sent = []byte{}
	data(c1, decode.Server, "QNG 42\r\n").Sent = []byte("\xff\x00QNG 42\r\n")
	list = append(list, Record{Time: tick(), Conn: c1, Kind: Remark, From: decode.Server, Text: "refused"})
	list = append(list, Record{Time: tick(), Conn: c1, Kind: HalfClosed, From: decode.Client})
	data(c1, decode.Server, "BYE a@b\r\n")
	list = append(list, Record{Time: tick(), Conn: c1, Kind: Closed, From: decode.Client})
	list = append(list, Record{Time: tick(), Conn: c2, Kind: Closed, From: decode.Server, Reset: true, Text: "broke"})
	c3 := &Conn{ID: 3, Client: client, Server: server}
	list = append(list, Record{Time: tick(), Conn: c3, Kind: Opened}, Record{Time: tick(), Conn: c3, Kind: Closed, Text: "the proxy was closed"})
	// The other end finishes first, and both do before the connection is said to be closed.
	c4 := &Conn{ID: 4, Client: client, Server: server}
	list = append(list, Record{Time: tick(), Conn: c4, Kind: Opened}, Record{Time: tick(), Conn: c4, Kind: HalfClosed, From: decode.Server, Text: "why"})
	data(c4, decode.Client, "OUT\r\n")
	list = append(list, Record{Time: tick(), Conn: c4, Kind: HalfClosed, From: decode.Client}, Record{Time: tick(), Conn: c4, Kind: Closed, From: decode.Server})
	// On connections that are closed, and one that was never there.
	list = append(list, Record{Time: tick(), Kind: Remark, Text: "é \"<why>\"?", About: &About{Conn: 1, From: decode.Server, Offset: 26}})
	list = append(list, Record{Time: tick(), Kind: Remark, About: &About{Conn: 2, From: decode.Client, Offset: 1 << 40, Mark: "a"}})
	list = append(list, Record{Time: tick(), Kind: Remark, About: &About{Conn: 4711}})
	return list
}

func writePcapng(t testing.TB, list []Record) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, "a test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if err := w.WriteRecord(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(3); err != nil {
		t.Fatal(err)
	}
	if w.Size() != int64(b.Len()) {
		t.Errorf("Size is %d, the file has %d", w.Size(), b.Len())
	}
	return b.Bytes()
}

// readAll reads a recording; the frames' bytes are copies.
func readWritten(t testing.TB, b []byte) ([]Record, error) {
	t.Helper()
	r, err := OpenReader(bytes.NewReader(b), "test.pcapng")
	if err != nil {
		return nil, err
	}
	var list []Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		c := *rec
		c.Frame = c.Frame.Clone()
		list = append(list, c)
	}
}

// What was recorded is what is read: time, connection, sender, bytes, notes.
func TestPcapngRoundTrip(t *testing.T) {
	for _, ends := range [][2]string{{"10.0.0.9:1034", "10.0.0.5:1863"}, {"[fd00::9]:1034", "[fd00::5]:1863"},
		{"127.0.0.1:1034", "[2001:db8::1]:1863"}, {"", ""}, {"win98.example:1", "messenger.example.com:1863"}} {
		t.Run(ends[0]+" "+ends[1], func(t *testing.T) {
			want := everyKind(ends[0], ends[1])
			got, err := readWritten(t, writePcapng(t, want))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) })); diff != "" {
				t.Errorf("%.3000s", diff)
			}
		})
	}
}

// A torn tail is read up to the tear, wherever that is.
func TestPcapngTorn(t *testing.T) {
	list := everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:8]
	b := writePcapng(t, list)
	last := 0
	for n := range b {
		got, err := readWritten(t, b[:n])
		if len(got) < last {
			t.Fatalf("%d records of %d bytes, %d of one less", len(got), n, last)
		}
		last = len(got)
		var corrupt *CorruptError
		var format *FormatError
		if err != nil && !errors.As(err, &corrupt) && !errors.As(err, &format) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// Sequence numbers wrap, and stay right.
func TestPcapngWrap(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, "")
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	at := time.Unix(1, 0)
	check := func(r Record) {
		t.Helper()
		r.Time, r.Conn = at, conn
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	check(Record{Kind: Opened})
	c := w.conns[conn]
	c.next = [2]uint32{0xfffffffa, 0xfffffffd}
	c.acked = c.next
	for range 3 {
		check(Record{Kind: Data, From: decode.Client, Frame: decode.Frame{Raw: []byte("PNG\r\n"), LineLen: 3, EOL: 2}})
		check(Record{Kind: Data, From: decode.Server, Frame: decode.Frame{Raw: []byte("QNG\r\n"), LineLen: 3, EOL: 2}})
	}
	if c.next != [2]uint32{9, 12} {
		t.Errorf("sequence numbers %v", c.next)
	}
	if got, err := readWritten(t, b.Bytes()); err != nil || len(got) != 7 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

// Sessions of a gateway that are open over one connection of the client get ports of their
// own in the packets, and keep the real one for readers who know it.
func TestSessionsOfOneConnection(t *testing.T) {
	for port, want := range map[int][]uint16{2000: {2000, 2001, 2000}, 65535: {65535, 1024, 65535}, 0: {0, 1024, 0}} {
		client := fmt.Sprintf("192.0.2.9:%d", port)
		w := newWriter("")
		var conns []*Conn
		for i := range 3 {
			c := &Conn{ID: uint32(i + 1), Client: client, Server: "192.0.2.1:1863", Way: "HTTP gateway"}
			conns = append(conns, c)
			w.append(&Record{Conn: c, Kind: Opened})
			if got := w.conns[c].client.Port(); got != want[i] || w.conns[c].shared {
				t.Errorf("%d: connection %d has the port %d, want %d", port, i, got, want[i])
			}
			if i == 1 { // the first one's port is free again
				w.append(&Record{Conn: conns[0], Kind: Closed, From: decode.Client})
			}
		}
	}
	w := newWriter("")
	for i := range uint32(2) {
		c := &Conn{ID: i + 1, Client: "192.0.2.9:2000", Server: "192.0.2.1:1863"}
		w.append(&Record{Conn: c, Kind: Opened})
		if got := w.conns[c].client.Port(); got != 2000 {
			t.Errorf("a connection that is none of a gateway has the port %d", got)
		}
	}
}

// tshark takes the files: no complaint, right checksums, each message dissected,
// each conversation whole.
func TestPcapngTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil || testing.Short() {
		t.Skip("tshark is not installed, or takes too long")
	}
	for _, ends := range [][2]string{{"10.0.0.9:1034", "10.0.0.5:1863"}, {"[fd00::9]:1034", "[fd00::5]:1863"}} {
		var list []Record
		for _, r := range everyKind(ends[0], ends[1]) {
			if r.Kind != Lost && (r.Frame.Kind == decode.Command || r.Kind != Data) {
				list = append(list, r)
			}
		}
		file := filepath.Join(t.TempDir(), "x.pcapng")
		if err := os.WriteFile(file, writePcapng(t, list), 0o600); err != nil {
			t.Fatal(err)
		}
		run := func(args ...string) string {
			t.Helper()
			var errs strings.Builder
			cmd := exec.Command(tshark, append([]string{"-n", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}, args...)...)
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if text := strings.ReplaceAll(errs.String(), "Running as user \"root\" and group \"root\". This could be dangerous.", ""); err != nil || strings.TrimSpace(text) != "" {
				t.Fatalf("tshark %v: %v %s", args, err, text)
			}
			return string(out)
		}
		if bad := run("-Y", "(_ws.expert.severity >= warning && tcp.flags.reset == 0) || ip.checksum.status == Bad || tcp.checksum.status == Bad || _ws.malformed"); bad != "" {
			t.Errorf("tshark complains:\n%s", bad)
		}
		if got := strings.Count(run("-Y", "tcp.checksum.status == Good", "-T", "fields", "-e", "frame.number"), "\n"); got < len(list) {
			t.Errorf("%d good checksums", got)
		}
		for i, from := range []decode.Sender{decode.Client, decode.Server} {
			var want bytes.Buffer
			for _, r := range list {
				if r.Kind == Data && r.Conn.ID == 1 && r.From == from {
					want.Write(r.Frame.Raw)
				}
			}
			stream := 0
			if got := followed(run("-q", "-z", fmt.Sprintf("follow,tcp,raw,%d", stream)), i == 1); got != fmt.Sprintf("%x", want.Bytes()) {
				t.Errorf("from the %s: followed %d, want %d hex digits", from, len(got), 2*want.Len())
			}
		}
		if n := strings.Count(run("-Y", "msnms"), "\n"); n < 3 {
			t.Errorf("the dissector fires %d times", n)
		}
	}
}

// followed joins the lines of one side of tshark's follow output.
func followed(out string, server bool) string {
	var sb strings.Builder
	for _, line := range strings.Split(out, "\n") {
		tab := strings.HasPrefix(line, "\t")
		hex := strings.TrimSpace(line)
		if hex != "" && strings.Trim(hex, "0123456789abcdef") == "" && tab == server {
			sb.WriteString(hex)
		}
	}
	return sb.String()
}

// BenchmarkWriter is what recording a message costs, but for handing it to the
// kernel: at most a microsecond is wanted.
func BenchmarkWriter(b *testing.B) {
	w, err := NewWriter(io.Discard, "")
	if err != nil {
		b.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	raw := []byte("MSG alice@example.com Alice 133\r\n" + strings.Repeat("x", 133))
	r := Record{Time: time.Now(), Conn: conn, Kind: Data, From: decode.Server, Frame: decode.Frame{Raw: raw, LineLen: 31, EOL: 2}}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteRecord(&r); err != nil {
			b.Fatal(err)
		}
	}
}
