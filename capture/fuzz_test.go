package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// Any file is read, or refused with an error that says where.
func FuzzCapture(f *testing.F) {
	for _, b := range smallFiles(f) {
		f.Add(b)
	}
	w := newWire(f)
	w.wrap = ethernet
	k := w.talk("[2001:db8::1]:1055", "[2001:db8::2]:1863")
	k.S(msg[20:])
	k.c += 20
	k.C(inf)
	k.S(infMD5)
	k.rst(decode.Client)
	f.Add(w.pcap(layers.LinkTypeEthernet))
	f.Add(w.pcapng(binary.BigEndian, layers.LinkTypeEthernet))
	f.Add(zip(w.pcap(layers.LinkTypeEthernet)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		r, err := OpenReader(bytes.NewReader(b), "fuzz")
		if err != nil {
			checkError(t, err)
			return
		}
		checkRecords(t, r)
		if err := r.Close(); err != nil {
			checkError(t, err)
		}
	})
}

func checkError(t *testing.T, err error) {
	var corrupt *CorruptError
	var format *FormatError
	var line *TranscriptError
	if !errors.As(err, &corrupt) && !errors.As(err, &format) && !errors.As(err, &line) {
		t.Fatalf("an error of no known kind: %v", err)
	}
}

// checkRecords reads a recording and checks what holds for any.
func checkRecords(t *testing.T, r *Reader) {
	conns := make(map[*Conn]bool)
	last := uint32(0)
	for n := 0; n < 1<<20; n++ {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			checkError(t, err)
			return
		}
		open, known := conns[rec.Conn]
		switch {
		case rec.Conn == nil:
			if rec.Kind != Remark {
				t.Fatalf("%v of no connection", rec.Kind)
			}
			continue
		case rec.Kind == Opened:
			if last++; known || rec.Conn.ID != last {
				t.Fatalf("connection %d after %d", rec.Conn.ID, last-1)
			}
			conns[rec.Conn] = true
		case !known || !open && rec.Kind != Remark && r.Stats().Format != "transcript":
			t.Fatalf("%v of connection %d, which is not open", rec.Kind, rec.Conn.ID)
		case rec.Kind == Data:
			if rec.From != decode.Client && rec.From != decode.Server || len(rec.Frame.Raw) == 0 {
				t.Fatalf("%+v", rec)
			}
			if rec.Frame.LineLen+rec.Frame.EOL > len(rec.Frame.Raw) {
				t.Fatalf("%+v", rec.Frame)
			}
		case rec.Kind == Closed:
			conns[rec.Conn] = false
		case rec.Kind == Lost && rec.Lost == 0 && r.Stats().Format != "transcript":
			t.Fatalf("nothing lost")
		}
	}
	t.Fatal("no end")
}

// Segments of a link in any order: what comes out is in place, and once.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 5, 10, 5, 5, 5})
	f.Add([]byte{20, 10, 0, 255, 19, 3, 200, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		data := make([]byte, 512)
		for i := range data {
			data[i] = byte(i * 7)
		}
		const begin = 0xffffff80
		var s stream
		s.start(begin)
		at := 0
		take := func(b []byte) {
			if !bytes.Equal(b, data[at:at+len(b)]) {
				t.Fatalf("other bytes at %d", at)
			}
			at += len(b)
		}
		for ; len(ops) >= 2; ops = ops[2:] {
			from := int(ops[0])
			to := from + int(ops[1])
			take(s.add(begin+uint32(from), data[from:to], 0, time.Time{}))
			for b, ok := s.pop(); ok; b, ok = s.pop() {
				take(b.data)
			}
		}
		for n, _ := s.missing(0); n > 0; n, _ = s.missing(0) {
			s.giveUp(n)
			at += n
			for b, ok := s.pop(); ok; b, ok = s.pop() {
				take(b.data)
			}
		}
		if s.memory != 0 || len(s.held) != 0 {
			t.Fatalf("%d bytes held for ever", s.memory)
		}
	})
}

// A transcript is read, or refused with the line; what was read and is written
// reads the same.
func FuzzTranscript(f *testing.F) {
	page, err := os.ReadFile("testdata/msnp6-sign-in.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(page))
	f.Add("C: MSG 5 N 6\nab\ncd\nC= OUT\nC? \\xff\nC+ \\x00\nS# \\x00\\x01\\x00a\nS: \n")
	f.Add("Client opens a connection to a:1\nC: INF 2\nClient has a connection\nS: INF 2 MD5\nConnection 1\n12 bytes of the client are missing\nServer resets the connection\nThe connection ends\nC: OUT\n# x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 64<<10 || !isTranscript([]byte(text)) || strings.ContainsRune(text, 0) {
			return // with NULs it may be UTF-16
		}
		records, err := transcriptRecords(t, text)
		if err != nil {
			checkError(t, err)
		}
		written := writeTranscript(t, records)
		if !isTranscript([]byte(written)) || slices.ContainsFunc(records, func(r Record) bool { return r.Frame.Missing < 0 }) {
			return // more payload than is announced is written as it would be on a wire
		}
		again, err := transcriptRecords(t, written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		sameFrames(t, records, again, written)
	})
}

// Whatever frames a link is cut into, their transcript reads back to them.
func FuzzTranscriptFrames(f *testing.F) {
	for _, b := range frameBytes {
		f.Add([]byte(b), []byte(ver))
	}
	f.Fuzz(func(t *testing.T, client, server []byte) {
		if len(client)+len(server) > 64<<10 {
			return
		}
		conn := &Conn{ID: 1}
		records := []Record{{Kind: Opened, Conn: conn}}
		for from, b := range map[decode.Sender][]byte{decode.Client: client, decode.Server: server} {
			var framer decode.Framer
			records = append(records, framesOf(conn, from, &framer, b)...)
			for fr := (decode.Frame{}); framer.Flush(&fr); {
				records = append(records, Record{Kind: Data, Conn: conn, From: from, Frame: fr.Clone()})
			}
		}
		if len(records) == 1 {
			return
		}
		text := writeTranscript(t, records)
		for i, ch := range []byte(text) {
			if ch < ' ' && ch != '\n' && ch != '\t' || ch == 0x7f {
				t.Fatalf("byte %d of the transcript is %#x", i, ch)
			}
		}
		again, err := transcriptRecords(t, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		sameFrames(t, records, again, text)
	})
}
