package chat

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
)

var update = flag.Bool("update", false, "write the goldens anew")

// chats makes the chats of a recording, in order: what a caller does.
func chats(t testing.TB, path string) []*Builder {
	t.Helper()
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	tr := decode.NewTracker()
	of := make(map[*decode.Conversation]*Builder)
	var list []*Builder
	for row := 0; ; {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch r.Kind {
		case capture.Opened:
			tr.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
		case capture.Closed:
			if c := tr.Connection(r.Conn.ID); c != nil {
				for _, b := range list {
					b.Closed(row, c, r.Time)
				}
			}
			tr.Close(r.Conn.ID)
		case capture.Data:
			row++
			m := tr.Frame(r.Conn.ID, r.From, &r.Frame, r.Time)
			if v := m.Conn.Conversation; v != nil {
				if of[v] == nil {
					of[v] = New()
					list = append(list, of[v])
				}
				of[v].Message(row, m)
			} else if m.Role == decode.FTP || m.Direct != nil || m.Name() == "RNG" {
				for _, b := range list {
					b.Message(row, m)
				}
			}
		}
	}
}

// The goldens are the program's own output, and were read.
func TestRealCaptures(t *testing.T) {
	for _, name := range []string{"escargot-amsn082-msnp7.pcap", "escargot-twisted-msnp7.pcap",
		"goserver-amsn052-msnp2-ds-ns-sb.pcap", "javaserver-amsn082-msnp7.pcap"} {
		t.Run(name, func(t *testing.T) {
			list := chats(t, filepath.Join("..", "..", "..", "..", "capture", "testdata", name))
			for i, b := range list {
				golden(t, fmt.Sprintf("%s.%d", name, i+1), b)
			}
		})
	}
}

// The demo's recording is of "msnproxy demo --record".
func TestDemo(t *testing.T) {
	list := chats(t, filepath.Join("testdata", "demo.pcapng"))
	if len(list) != 1 {
		t.Fatalf("%d chats", len(list))
	}
	golden(t, "demo", list[0])
}

// With both ends recorded, everything said is known to have arrived.
func TestDelivery(t *testing.T) {
	for _, name := range []string{"escargot-amsn082-msnp7.pcap", "escargot-twisted-msnp7.pcap", "javaserver-amsn082-msnp7.pcap"} {
		list := chats(t, filepath.Join("..", "..", "..", "..", "capture", "testdata", name))
		said := 0
		for _, l := range list[0].Lines() {
			if l.Kind == Said {
				said++
				if d := l.Delivery; len(d.Seen) != 1 || d.Seen[0].Who == l.Who || d.Seen[0].After <= 0 ||
					d.State != Sent && (d.State != Delivered || d.Latency <= 0) {
					t.Errorf("%s: %.40q: %+v", name, l.Text, d)
				}
			}
			if (l.Kind == Typing) != l.Superseded {
				t.Errorf("%s: %v %.40q: superseded: %v", name, l.Kind, l.Text, l.Superseded)
			}
		}
		if said < 5 {
			t.Errorf("%s: %d said", name, said)
		}
	}
}

func golden(t *testing.T, name string, b *Builder) {
	t.Helper()
	var text, md bytes.Buffer
	if err := errors.Join(b.WriteText(&text, time.UTC), b.WriteMarkdown(&md, time.UTC)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		path string
		got  []byte
	}{{name + ".txt", text.Bytes()}, {name + ".md", md.Bytes()}} {
		path := filepath.Join("testdata", f.path)
		if *update {
			if err := os.WriteFile(path, f.got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.got)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
