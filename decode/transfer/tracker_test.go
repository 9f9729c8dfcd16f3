package transfer_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// follow feeds a recording to a tracker, and returns it with all content.
func follow(t testing.TB, file string) (*transfer.Tracker, map[int]*bytes.Buffer) {
	t.Helper()
	in, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	content := make(map[int]*bytes.Buffer)
	k := &transfer.Tracker{MSNFTP: true, Sink: func(x *transfer.Transfer) io.Writer {
		content[x.Number] = new(bytes.Buffer)
		return content[x.Number]
	}}
	f := capture.NewFollower(capture.FollowOptions{})
	var last time.Time
	for {
		r, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := f.Record(r); e.Message != nil {
			k.Message(e.Message)
		}
		if r.Time.After(last) {
			last = r.Time
		}
		if r.Kind == capture.Closed {
			k.Closed(r.Conn.ID)
		}
	}
	k.Finish(last)
	return k, content
}

func lines(k *transfer.Tracker) string {
	var sb strings.Builder
	for _, t := range k.Transfers() {
		name, _ := t.Type()
		fmt.Fprintf(&sb, "%d %s %q %d of %d, %s to %s by %s: %s", t.Number, t.Kind, t.Name, t.Received(), t.Size, t.From, t.To, t.Inviter, t.State)
		for _, s := range []string{t.By, t.Reason, t.Path, t.Hash.String(), t.Seal.String(), name, strings.Join(t.Addresses, " ")} {
			sb.WriteString("; " + s)
		}
		fmt.Fprintf(&sb, "; bye %v unseen %v\n", t.Bye, t.Unseen)
	}
	return sb.String()
}

// Transfers of real clients, and of a recording with both versions.
func TestRecordings(t *testing.T) {
	for file, want := range map[string]string{
		"cmd/msnproxy/testdata/cases/protocol/p2p-v1-v2-chunks.txt": `1 display picture "" 2560 of 2560, bob@example.com to ann@example.com by ann@example.com: complete; ; ; switchboard; right; ; data; ; bye true unseen false
2 file "report.pdf" 1202 of 9000, ann@example.com to bob@example.com by ann@example.com: incomplete; ; the recording ends; the rest may have gone by a direct connection, which is not in it; switchboard; ; ; text; 10.0.0.1:1863; bye false unseen false
3 display picture "" 1202 of 2560, bob@example.com to ann@example.com by ann@example.com: incomplete; ; the recording ends; switchboard; ; ; data; ; bye false unseen false
`,
		// Before P2P: files by MSNFTP.
		"capture/testdata/escargot-amsn082-msnp7.pcap": `1 file "f.bin" 9000 of 9000, alice@example.com to bob@example.com by alice@example.com: complete; ; ; MSNFTP; ; ; data; 127.0.0.1:6891; bye true unseen false
`,
		"capture/testdata/escargot-twisted-msnp7.pcap": `1 file "photo 1.bin" 5120 of 5120, alice@example.com to bob@example.com by alice@example.com: complete; ; ; MSNFTP; ; ; data; 127.0.0.1:6891; bye true unseen false
`,
		"capture/testdata/javaserver-amsn082-msnp7.pcap": `1 file "f.bin" 0 of 9000, alice@example.com to bob@example.com by alice@example.com: offered; ; ; ; ; ; data; ; bye false unseen false
`,
		// Two clients, both recorded: the answer comes in another conversation than the offer.
		"capture/testdata/escargot17-pecan-msnp12-p2p.pcapng": `1 file "send.bin" 20000 of 20000, alice@example.com to bob@example.com by alice@example.com: complete; ; ; switchboard; ; ; data; ; bye false unseen false
`,
	} {
		k, content := follow(t, filepath.Join("..", "..", filepath.FromSlash(file)))
		if diff := cmp.Diff(want, lines(k)); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
		for _, x := range k.Transfers() {
			if content[x.Number] == nil && x.Received() == 0 {
				continue
			}
			if got := content[x.Number].Len(); uint64(got) != x.Received() {
				t.Errorf("%s: %d bytes of content, %d received", file, got, x.Received())
			}
			if sum := sha1.Sum(content[x.Number].Bytes()); x.State == transfer.Complete && base64.StdEncoding.EncodeToString(sum[:]) != x.SHA1 {
				t.Errorf("%s: the content of %d is not what it should be", file, x.Number)
			}
		}
	}
}

// A capture by another program has the direct connection beside the switchboard's.
func TestCapturedDirect(t *testing.T) {
	data := picture(30_000)
	var in bytes.Buffer
	w, err := capture.NewPcapWriter(&in)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	offsets := map[string]int64{}
	put := func(c *capture.Conn, kind capture.Kind, from decode.Sender, raw []byte) {
		t.Helper()
		at = at.Add(time.Millisecond)
		key := fmt.Sprint(c.ID, from)
		r := capture.Record{Kind: kind, Time: at, Conn: c, From: from, Frame: decode.Frame{Kind: decode.Opaque, Raw: raw, Offset: offsets[key]}}
		offsets[key] += int64(len(raw))
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	sb := &capture.Conn{ID: 1, Client: "192.0.2.1:1050", Server: "192.0.2.9:1863"}
	put(sb, capture.Opened, 0, nil)
	say := func(from decode.Sender, line string, body []byte) {
		put(sb, capture.Data, from, append([]byte(line+"\r\n"), body...))
	}
	say(decode.Client, "USR 1 alice@example.com 1.2", nil)
	say(decode.Server, "USR 1 OK alice@example.com Alice", nil)
	say(decode.Server, "JOI bob@example.com Bob", nil)
	context := make([]byte, 574)
	context[4], context[16], context[20] = 2, 1, 'a'
	binary.LittleEndian.PutUint64(context[8:], uint64(len(data)))
	for i, b := range [][]byte{
		slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{C}", "sessionreqbody", "EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: 7\r\nAppID: 2\r\nContext: "+base64.StdEncoding.EncodeToString(context)+"\r\n"),
		slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{C}", "transreqbody", "Bridges: TCPv1\r\n"),
	} {
		body := []byte(msg(bob, v1(0, uint32(10+i), 0, 0, len(b), b, 0)))
		say(decode.Client, fmt.Sprintf("MSG %d D %d", i+2, len(body)), body)
	}
	yes := slp("MSNSLP/1.0 200 OK", alice, bob, "{C}", "transrespbody", "Bridge: TCPv1\r\nListening: true\r\nNonce: {04030201-0605-0807-090A-0B0C0D0E0F10}\r\nIPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 4000\r\n")
	body := []byte(msg(alice, v1(0, 50, 0, 0, len(yes), yes, 0)))
	say(decode.Server, fmt.Sprintf("MSG bob@example.com Bob %d", len(body)), body)
	direct := &capture.Conn{ID: 2, Client: "192.0.2.1:1051", Server: "192.0.2.7:4000"}
	put(direct, capture.Opened, 0, nil)
	frame := func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...) }
	put(direct, capture.Data, decode.Client, []byte(p2p.Greeting))
	nonce := v1(0, 1, p2p.FlagHandshake, 0, 0, nil, -1)
	copy(nonce[32:], "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
	put(direct, capture.Data, decode.Client, frame(nonce))
	put(direct, capture.Data, decode.Server, frame(nonce))
	for i := 0; i < len(data); i += 1352 {
		put(direct, capture.Data, decode.Client, frame(v1(7, 60, p2p.FlagFile, i, len(data), data[i:min(len(data), i+1352)], -1)))
	}
	put(direct, capture.Data, decode.Server, frame(v1(0, 70, p2p.FlagAck, 0, len(data), nil, -1)))
	put(direct, capture.Closed, decode.Client, nil)
	file := filepath.Join(t.TempDir(), "direct.pcap")
	if err := os.WriteFile(file, in.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	k, content := follow(t, file)
	want := fmt.Sprintf("1 file \"a\" %d of %[1]d, alice@example.com to bob@example.com by alice@example.com: complete; ; ; direct; ; ; PNG picture; 192.0.2.7:4000; bye false unseen false\n", len(data))
	if diff := cmp.Diff(want, lines(k)); diff != "" {
		t.Fatal(diff)
	}
	if !bytes.Equal(content[1].Bytes(), data) {
		t.Error("the content is another")
	}
}
