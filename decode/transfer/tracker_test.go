package transfer_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
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
	k := &transfer.Tracker{Sink: func(x *transfer.Transfer) io.Writer {
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
2 file "report.pdf" 1202 of 9000, ann@example.com to bob@example.com by ann@example.com: incomplete; ; the recording ends; switchboard; ; ; text; 10.0.0.1:1863; bye false unseen false
3 display picture "" 1202 of 2560, bob@example.com to ann@example.com by ann@example.com: incomplete; ; the recording ends; switchboard; ; ; data; ; bye false unseen false
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
			if got := content[x.Number].Len(); uint64(got) != x.Received() {
				t.Errorf("%s: %d bytes of content, %d received", file, got, x.Received())
			}
			if sum := sha1.Sum(content[x.Number].Bytes()); x.State == transfer.Complete && base64.StdEncoding.EncodeToString(sum[:]) != x.SHA1 {
				t.Errorf("%s: the content of %d is not what it should be", file, x.Number)
			}
		}
	}
}
