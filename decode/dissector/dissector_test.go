package dissector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, v := range decode.Verbs() {
		if !strings.Contains(b.String(), `["`+v.Name+`"] = {meaning`) {
			t.Errorf("no %s", v.Name)
		}
	}
	if strings.Contains(b.String(), strings.TrimSpace(tableMark)) {
		t.Error("the table has no place")
	}
	for _, want := range []string{
		`["QRY"] = {meaning = "answers a challenge", payload = 4, namespaced = false, forms = {` + "\n" +
			`    {client = true, server = false, mime = false, meaning = "answers a challenge", params = {{name = "trid", pattern = "^%d+$"}, `,
		`    {client = false, server = true, mime = false, meaning = "the answer is right", params = {{name = "trid", pattern = "^%d+$"}, }},`,
		`    {client = true, server = false, mime = true, meaning = "a message to everybody in the conversation", params = {`,
		`["TFR"] = {meaning = "asks for the file", payload = 0, namespaced = false, forms = {` + "\n    {client = true, server = true, mime = false, ",
		`{name = "privacy", only = {["AL"] = true, ["BL"] = true, }}`,
		`{name = "text", rest = true}, }},`,
		`["911"] = "authentication failed",`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if err := Write(full{}); err == nil || err.Error() != "the disk is full" {
		t.Errorf("a disk that is full: %v", err)
	}
	if got := quote("a \"b\" \\ c\nd"); got != `"a \"b\" \\ c d"` {
		t.Error(got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// tshark runs tshark with the dissector, and returns its output.
func tshark(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	lua := filepath.Join(t.TempDir(), "msnp.lua")
	f, err := os.Create(lua)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var errs strings.Builder
	cmd := exec.Command(path, append([]string{"-X", "lua_script:" + lua, "-n"}, args...)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || strings.Contains(errs.String(), "Lua") || strings.Contains(errs.String(), "lua") {
		t.Fatalf("tshark: %v %s", err, errs.String())
	}
	if strings.Contains(string(out), "Lua Error") {
		t.Fatalf("%s", out)
	}
	return string(out)
}

// frames are what our own framer makes of both sides.
func frames(b []byte) (list []decode.Frame) {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(b)
	for f.Next(&fr) {
		list = append(list, fr.Clone())
	}
	return list
}

// conversation are lines of a server with payloads of all sorts.
func conversation() []byte {
	var b bytes.Buffer
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			f := &v.Forms[i]
			if f.From&decode.Server == 0 || v.Blocks || f.Roles == decode.FTP {
				continue
			}
			b.WriteString(f.Example)
			if !strings.Contains(f.Example, "\r\n") {
				b.WriteString("\r\n")
			}
		}
	}
	b.WriteString("911 2 CON 7\r\nexpired911 7\r\n217 User not online\r\n241 12 5\r\n<ml/>")
	return b.Bytes()
}

// pcap writes segments of a server on port 1863 as a capture.
func pcap(t *testing.T, segments [][]byte, port uint16) string {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0)
	seq := uint32(1)
	for i, s := range segments {
		p := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 5, 10, 0, 0, 9}
		binary.BigEndian.PutUint16(p[2:], uint16(40+len(s)))
		p = binary.BigEndian.AppendUint16(p, port)
		p = binary.BigEndian.AppendUint16(p, 40000)
		p = binary.BigEndian.AppendUint32(p, seq)
		p = append(p, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0)
		p = append(p, s...)
		seq += uint32(len(s))
		b = binary.LittleEndian.AppendUint32(b, uint32(1000+i))
		b = append(b, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	path := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func verbsOf(out string) []string {
	return strings.FieldsFunc(out, func(r rune) bool { return r == ',' || r == '\n' || r == '\t' })
}

// Whatever the segments, the verbs and parameters are those of our own decoder.
func TestSegments(t *testing.T) {
	b := conversation()
	var verbs []string
	names := map[string]bool{}
	params := 0
	for _, fr := range frames(b) {
		verbs = append(verbs, string(fr.Verb()))
		var m decode.Message
		m.Decode(&fr, decode.Server, 0, 0)
		params += m.Len()
		for _, f := range m.Fields() {
			names[f.Name] = true
		}
	}
	for _, size := range []int{1, 7, 100, 1400, len(b)} {
		var segments [][]byte
		for rest := b; len(rest) > 0; {
			n := min(size, len(rest))
			segments = append(segments, rest[:n])
			rest = rest[n:]
		}
		file := pcap(t, segments, 1863)
		got := verbsOf(tshark(t, "-r", file, "-T", "fields", "-e", "msnp.verb"))
		if fmt.Sprint(got) != fmt.Sprint(verbs) {
			t.Errorf("segments of %d bytes: %d verbs, want %d\n%v\n%v", size, len(got), len(verbs), got, verbs)
		}
		if size == len(b) {
			n := 0
			for _, line := range strings.Split(tshark(t, "-r", file, "-O", "msnp"), "\n") {
				name, _, ok := strings.Cut(strings.TrimPrefix(line, "    "), ": ")
				if ok && strings.HasPrefix(line, "    ") && (names[name] || name == "Further parameter") {
					n++
				}
			}
			if n != params {
				t.Errorf("%d parameters, want %d", n, params)
			}
		}
	}
}

// On another port the dissector finds MSNP by looking.
func TestHeuristic(t *testing.T) {
	out := tshark(t, "-r", pcap(t, [][]byte{[]byte("NLN BSY bob@example.com Bob\r\n"), []byte("FLN bob@example.com\r\n")}, 2000), "-T", "fields", "-e", "msnp.verb", "-e", "msnp.handle")
	if out != "NLN\tbob@example.com\nFLN\tbob@example.com\n" {
		t.Errorf("%q", out)
	}
	out = tshark(t, "-r", pcap(t, [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n")}, 2000), "-T", "fields", "-e", "msnp.verb")
	if strings.TrimSpace(out) != "" {
		t.Errorf("%q", out)
	}
}

// Parameters that are told apart by what stands before them have their names, whichever
// are missing, and the value is what stands behind that.
func TestPrefixes(t *testing.T) {
	lines := "LST N=bob@example.com F=Bob C=1111 11 1 aaaa\r\nLST N=eve@example.com 8 1\r\nADC 0 RL N=bob@example.com F=Bob\r\nADC 5 FL C=1111 aaaa\r\nLST C=1111 F=Bob N=bob@example.com 11 1\r\n"
	out := tshark(t, "-r", pcap(t, [][]byte{[]byte(lines)}, 1863), "-O", "msnp")
	var got []string
	for line := range strings.SplitSeq(out, "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "handle", "friendly", "guid", "bits", "network", "groups", "group", "Further parameter":
			if ok {
				got = append(got, name+"="+value)
			}
		}
	}
	want := []string{"handle=bob@example.com", "friendly=Bob", "guid=1111", "bits=11", "network=1", "groups=aaaa",
		"handle=eve@example.com", "bits=8", "network=1",
		"handle=bob@example.com", "friendly=Bob", "guid=1111", "group=aaaa",
		"guid=1111", "friendly=Bob", "handle=bob@example.com", "bits=11", "network=1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Addresses are taken apart, routed payloads to the third block, XML to its values; also
// such as stands escaped in another, or percent-encoded in the line.
func TestPayloads(t *testing.T) {
	const point = "{11111111-2222-3333-4444-555555555555}"
	with := func(line, body string) []byte { return fmt.Appendf(nil, "%s %d\r\n%s", line, len(body), body) }
	head := "Routing: 1.0\r\nTo: 1:ann@example.com\r\nFrom: 1:bob@example.com;epid=" + point + ";via=9:c@live.com\r\n\r\nReliability: 1.0\r\nStream: 0\r\n\r\n"
	segments := [][]byte{
		[]byte("NLN NLN 1:bob@example.com;via=9:c@live.com;" + point + " Bob 0:0 %3Cmsnobj%20Creator%3D%22bob%40example.com%22/%3E\r\n"),
		with("SDG 0", head+"Messaging: 2.0\r\nMessage-Type: Text\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhi"),
		with("NFY PUT", head+"Notification: 1.0\r\nUri: /user\r\n\r\n<user><s n=\"PE\"><UserTileLocation>&lt;msnobj Size=&quot;9&quot;/&gt;</UserTileLocation></s></user>"),
		with("MSG Hotmail Hotmail", "Content-Type: text/x-msmsgsoimnotification\r\n\r\nMail-Data: <MD><M><E>eve@example.com</E></M></MD>\r\n"),
		with("UBX 1:bob@example.com", "<Data><PSM>x &amp; y</PSM></Data>"),
	}
	file := pcap(t, segments, 1863)
	for i, want := range []string{
		"bob@example.com|9:c@live.com|" + point + "||msnobj@Creator: bob@example.com|",
		"ann@example.com,bob@example.com|9:c@live.com|" + point + "|Routing: 1.0,To: 1:ann@example.com,From: 1:bob@example.com;epid=" + point + ";via=9:c@live.com," +
			"Reliability: 1.0,Stream: 0,Messaging: 2.0,Message-Type: Text,Content-Type: text/plain; charset=UTF-8||hi",
		"", "Hotmail||||E: eve@example.com|", "bob@example.com||||PSM: x & y|",
	} {
		out := strings.TrimRight(tshark(t, "-r", file, "-Y", fmt.Sprintf("frame.number == %d", i+1), "-T", "fields", "-E", "separator=|",
			"-e", "msnp.handle", "-e", "msnp.via", "-e", "msnp.endpoint", "-e", "msnp.header", "-e", "msnp.node", "-e", "msnp.payload_text"), "\n")
		fields := strings.SplitN(out, "|", 6)
		if i == 2 {
			if fields[4] != `s@n: PE,UserTileLocation: <msnobj Size="9"/>,msnobj@Size: 9` {
				t.Errorf("%q", fields[4])
			}
			continue
		}
		if i > 2 {
			fields[3], fields[5] = "", ""
		}
		if got := strings.Join(fields, "|"); got != want {
			t.Errorf("packet %d:\n%s\nwant\n%s", i+1, got, want)
		}
	}
}

// The real captures: as many commands as our own reader finds.
func TestRealCaptures(t *testing.T) {
	for file, want := range map[string]int{"escargot-amsn082-msnp7.pcap": 123, "javaserver-amsn082-msnp7.pcap": 120, "goserver-amsn052-msnp2-ds-ns-sb.pcap": 88} {
		got := verbsOf(tshark(t, "-r", filepath.Join("..", "..", "capture", "testdata", file), "-Y", "tcp.port in {1863, 1864}", "-T", "fields", "-e", "msnp.verb"))
		if len(got) != want {
			t.Errorf("%s: %d commands, want %d", file, len(got), want)
		}
	}
}

// The Info column says what happens, and text is UTF-8.
func TestInfo(t *testing.T) {
	said := func(text string) string {
		body := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n" + text
		return fmt.Sprintf("MSG bob@example.com Bob%%20M%%C3%%BCller %d\r\n%s", len(body), body)
	}
	long := strings.Repeat("é", 31) // the sixtieth byte is the end of one
	many := strings.Repeat("FLN bob@example.com\r\n", 6)
	segments := []string{said("schöne Grüße"), said(long), said("x" + long), "NLN BSY bob@example.com B\xc3\xb6b\r\nQNG 41\r\n", many,
		"MSG bob@example.com Bob 35\r\nContent-Type: text/x-clientcaps\r\n\r\n"}
	want := []string{
		`S: MSG bob@example.com Bob Müller 77 "schöne Grüße"`,
		`S: MSG bob@example.com Bob Müller 124 "` + strings.Repeat("é", 30) + `…"`,
		`S: MSG bob@example.com Bob Müller 125 "x` + strings.Repeat("é", 29) + `…"`,
		`S: NLN BSY bob@example.com Böb | S: QNG 41`,
		strings.Repeat(`S: FLN bob@example.com | `, 4) + `and 2 more`,
		`S: MSG bob@example.com Bob 35 (text/x-clientcaps)`,
	}
	var raw [][]byte
	for _, s := range segments {
		raw = append(raw, []byte(s))
	}
	file := pcap(t, raw, 1863)
	got := strings.Split(strings.TrimSpace(tshark(t, "-r", file, "-T", "fields", "-e", "_ws.col.Info")), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := tshark(t, "-r", file, "-Y", "frame.number == 1", "-T", "fields", "-e", "msnp.payload_text"); text != "schöne Grüße\n" {
		t.Errorf("%q", text)
	}
	if name := tshark(t, "-r", file, "-Y", "frame.number == 4", "-T", "fields", "-e", "msnp.friendly"); name != "Böb\n" {
		t.Errorf("%q", name)
	}
}
