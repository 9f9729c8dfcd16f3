package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// counts is what a recording holds. Commands are those that the command table
// knows.
type counts struct {
	Conns, Closed, Half      int
	Commands, Blanks, Blocks int
	Other                    int // lost, opaque, incomplete, unknown
	Client, Server           int // bytes
}

func countAll(t *testing.T, path string) counts {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var n counts
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		switch fr := &rec.Frame; rec.Kind {
		case Opened:
			n.Conns++
		case HalfClosed:
			n.Half++
		case Closed:
			n.Closed++
		case Data:
			if rec.From == decode.Client {
				n.Client += len(fr.Raw)
			} else {
				n.Server += len(fr.Raw)
			}
			switch {
			case fr.Kind == decode.Command && fr.Complete() && decode.LookupVerb(string(fr.Verb())) != nil:
				n.Commands++
			case fr.Kind == decode.Blank:
				n.Blanks++
			case fr.Kind == decode.Block && fr.Complete():
				n.Blocks++
			default:
				t.Logf("%s: connection %d, %s: %q", path, rec.Conn.ID, rec.From, fr.Raw)
				n.Other++
			}
		default:
			n.Other++
		}
	}
}

// The recordings of real clients and servers: every command by its name, no byte
// over. The numbers of bytes are tshark's.
func TestRealCaptures(t *testing.T) {
	expected := map[string]counts{
		"escargot-amsn082-msnp7.pcap":          {6, 6, 0, 129, 0, 5, 0, 3471, 14161},
		"escargot-twisted-msnp7.pcap":          {5, 5, 0, 128, 0, 3, 0, 3836, 10633},
		"goserver-amsn052-msnp2-ds-ns-sb.pcap": {6, 6, 1, 88, 0, 0, 0, 787, 1583},
		"javaserver-amsn082-msnp7.pcap":        {5, 4, 2, 120, 14, 0, 0, 2907, 4033},
	}
	got := make(map[string]counts)
	for name := range expected {
		got[name] = countAll(t, filepath.Join("testdata", name))
	}
	if d := cmp.Diff(expected, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// What the transcript of a recording says is the same frames.
func TestRealCapturesAsTranscript(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.pcap")
	if err != nil || len(paths) != 4 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		frames := func(r *Reader) map[uint32][]byte {
			all := make(map[uint32][]byte)
			for {
				rec, err := r.Next()
				if errors.Is(err, io.EOF) {
					return all
				}
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if rec.Kind == Data {
					all[rec.Conn.ID] = append(all[rec.Conn.ID], rec.From.Letter()...)
					all[rec.Conn.ID] = append(all[rec.Conn.ID], rec.Frame.Raw...)
				}
			}
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		tw := NewTranscriptWriter(&text)
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err := errors.Join(err, tw.WriteRecord(rec)); err != nil {
				t.Fatal(err)
			}
		}
		if r, err = Open(path); err != nil {
			t.Fatal(err)
		}
		again, err := OpenReader(&text, path+".txt")
		if err != nil {
			t.Fatal(err)
		}
		a, b := frames(r), frames(again)
		if !maps.EqualFunc(a, b, bytes.Equal) {
			t.Errorf("%s: another conversation than its transcript", path)
		}
	}
}

// The recordings with packets repeated and out of order: the same bytes of each
// link, in the same order.
func TestRealCapturesShuffled(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.pcap")
	random := rand.New(rand.NewPCG(7, 8))
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		expected := linkBytes(t, b)
		for round := range 30 {
			var records [][]byte
			at := starts(b)
			for i := range len(at) - 1 {
				records = append(records, b[at[i]:at[i+1]])
			}
			for range len(records) / 4 {
				i := random.IntN(len(records))
				j := min(i+1+random.IntN(3), len(records)-1)
				if random.IntN(2) == 0 {
					records = slices.Insert(records, j, records[i])
				} else if !opensConnection(records[i:j+1]) && soon(records[i:j+1]) {
					records[i], records[j] = records[j], records[i]
				}
			}
			got := linkBytes(t, append(bytes.Clone(b[:pcapHeader]), bytes.Join(records, nil)...))
			if d := cmp.Diff(expected, got); d != "" {
				t.Fatalf("%s, round %d (-want +got):\n%s", path, round, d)
			}
		}
	}
}

// opensConnection reports whether there is a SYN in the packets, which are
// Ethernet with IPv4: what comes before it may be of another connection.
func opensConnection(records [][]byte) bool {
	return slices.ContainsFunc(records, func(b []byte) bool { return b[packetHeader+14+20+13]&2 != 0 })
}

// soon reports whether the packets came within a tenth of a second: so much a
// capture may shuffle them.
func soon(records [][]byte) bool {
	var first, last int64
	for i, b := range records {
		at := int64(binary.LittleEndian.Uint32(b))*1e6 + int64(binary.LittleEndian.Uint32(b[4:]))
		if i == 0 {
			first, last = at, at
		}
		first, last = min(first, at), max(last, at)
	}
	return last-first < 1e5
}

// linkBytes returns all bytes of each link, by what its record calls the ends.
func linkBytes(t *testing.T, b []byte) map[string]string {
	r, err := OpenReader(bytes.NewReader(b), "real")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		at := rec.From.String() + " " + rec.Conn.Client + " " + rec.Conn.Server
		switch rec.Kind {
		case Data:
			all[at] += string(rec.Frame.Raw)
		case Lost:
			all[at] += "(lost)"
		}
	}
}
