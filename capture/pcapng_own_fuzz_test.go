package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"msnproxy/decode"
)

// readThrough reads whatever it is given to its end, and checks what holds for all.
func readThrough(t *testing.T, b []byte) {
	r, err := OpenReader(bytes.NewReader(b), "test")
	if err != nil {
		return
	}
	for n := 0; ; n++ {
		rec, err := r.Next()
		if err != nil {
			var corrupt *CorruptError
			var line *TranscriptError
			if !errors.Is(err, io.EOF) && !errors.As(err, &corrupt) && !errors.As(err, &line) {
				t.Fatalf("%v", err)
			}
			return
		}
		if n > len(b) {
			t.Fatal("more records than bytes")
		}
		if rec.Kind == Data && (len(rec.Frame.Raw) == 0 || len(rec.Frame.Raw) > len(b)) {
			t.Fatalf("a frame of %d bytes in a file of %d", len(rec.Frame.Raw), len(b))
		}
		if rec.Kind == Data {
			var m decode.Message
			m.Decode(&rec.Frame, rec.From, 0, 0)
			m.Summary()
		}
		if rec.Conn == nil && rec.Kind != Remark {
			t.Fatalf("%v without a connection", rec.Kind)
		}
	}
}

func FuzzOwn(f *testing.F) {
	b := writePcapng(f, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:8])
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add(writePcapng(f, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[8:19]))
	f.Add(bytes.ReplaceAll(b, []byte(`"open"`), []byte(`"size"`)))
	f.Fuzz(func(t *testing.T, b []byte) { readThrough(t, b) })
}

func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{
		`{"v":1,"conn":1,"event":"opened","client":"a:1","server":"b:2"}` + "\n" + `{"v":1,"conn":1,"from":"client","verb":"PNG","raw":"UE5HDQo="}` + "\n" + `{"v":1,"conn":1,"event":"lost","from":"server","bytes":-1}`,
		`{"v":1,"conn":1,"from":"server","kind":"block","raw":"AAUAYQ==","sent":null}`,
		`{"v":1,"event":"remark","text":"x"}` + "\n\n" + `{"v":2}`,
		`{"v":1,"conn":1,"event":"held","from":"client","offset":3,"raw":"UE5HDQo="}` + "\n" + `{"v":1,"conn":1,"from":"client","offset":3,"raw":"UE5HDQo=","sent":null,"changed_by":["x"],"held_ms":1.000001}`,
		`{"v":1,"conn":1,"from":"server","verb":"QNG"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { readThrough(t, b) })
}

// Lines that are none of ours say which they are.
func TestJSONLinesErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"v":1,"conn":1,"from":"server","verb":"QNG"}`:          "line 1: a message without its bytes",
		`{"v":1,"event":"remark","text":"x"}` + "\n" + `{"v":2}`: "line 2: version 2",
		`{"v":1,"event":"remark"}` + "\n" + `{"v":`:              "line 2: no JSON",
		`{"v":1,"event":"opened"}`:                               "without a connection",
		`{"v":1,"verb":"PNG","raw":"UE5HDQo="}`:                  "without a connection or a sender",
	} {
		_, err := readWritten(t, []byte(text))
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A recording that rotates by time.
func TestRecorderRotateAfter(t *testing.T) {
	dir := t.TempDir()
	r, err := NewRecorder(RecorderOptions{Path: dir + "/x.pcapng", RotateAfter: 1})
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: "10.0.0.9:1000", Server: "10.0.0.5:1863"}
	for n := range 5 {
		r.Record(record(conn, n))
	}
	r.Close()
	names, err := os.ReadDir(dir)
	if err != nil || len(names) < 4 {
		t.Errorf("%d files, %v", len(names), err)
	}
}
