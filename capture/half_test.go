package capture

import (
	"bufio"
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// One end's FIN is told of when the other goes on: when it says something, or does
// not close for as long as packets may be on their way.
func TestHalfClose(t *testing.T) {
	tests := []struct {
		name string
		talk func(k *talk, wait func(time.Duration))
		want []told
	}{
		{"at once", func(k *talk, wait func(time.Duration)) { k.end() },
			[]told{begins(), c(ver), ends(decode.Client)}},
		{"a moment before it is another matter", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Client)
			wait(ackedPatience - 2*time.Millisecond) // a packet takes one
			k.fin(decode.Server)
		}, []told{begins(), c(ver), ends(decode.Client)}},
		{"when it is another matter", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Server)
			wait(ackedPatience - time.Millisecond)
			k.fin(decode.Client)
		}, []told{begins(), c(ver), half(decode.Server), ends(decode.Server)}},
		{"goes on", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Client)
			k.S(infMD5)
			wait(time.Hour)
			k.S("OUT OTH\r\n")
			k.fin(decode.Server)
		}, []told{begins(), c(ver), half(decode.Client), s(infMD5), s("OUT OTH\r\n"), ends(decode.Client)}},
		{"says again what it said before", func(k *talk, wait func(time.Duration)) {
			k.S(infMD5)
			k.fin(decode.Client)
			k.s -= uint32(len(infMD5))
			k.S(infMD5)
			k.fin(decode.Server)
		}, []told{begins(), c(ver), s(infMD5), ends(decode.Client)}},
		{"reset a moment before", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Client)
			wait(ackedPatience - 2*time.Millisecond)
			k.rst(decode.Server)
			wait(time.Hour)
			k.w.dial(bobAt, nsAt)
		}, []told{begins(), c(ver), {1, Closed, decode.Server, "reset", 0}}},
		{"reset later", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Client)
			wait(ackedPatience - time.Millisecond)
			k.rst(decode.Server)
			wait(time.Hour)
			k.w.dial(bobAt, nsAt)
		}, []told{begins(), c(ver), half(decode.Client), {1, Closed, decode.Server, "reset", 0}}},
		{"an incomplete line first", func(k *talk, wait func(time.Duration)) {
			k.C("OUT")
			k.fin(decode.Client)
			k.S(infMD5)
			k.fin(decode.Server)
		}, []told{begins(), c(ver), c("OUT (incomplete)"), half(decode.Client), s(infMD5), ends(decode.Client)}},
		{"the recording ends", func(k *talk, wait func(time.Duration)) {
			k.fin(decode.Client)
		}, []told{begins(), c(ver), half(decode.Client)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t)
			k := w.dial(aliceAt, nsAt)
			k.C(ver)
			tt.talk(k, func(d time.Duration) { w.now = w.now.Add(d) })
			got, _, err := readAll(t, w.pcap())
			if err != nil {
				t.Fatal(err)
			}
			want(t, got, tt.want...)
		})
	}
}

// It is told with the time of the FIN, however late.
func TestHalfCloseTime(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.fin(decode.Client)
	w.now = w.now.Add(time.Hour)
	k.S(infMD5)
	got, _, err := readAll(t, w.pcap())
	if err != nil || len(got) != 4 {
		t.Fatal(got, err)
	}
	if got[2].Kind != HalfClosed || got[2].At != 4 {
		t.Errorf("%v", got[2])
	}
}

// The FIN stands in the file where it was, once, and the end of the connection is
// the other's.
func TestHalfCloseWritten(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, "")
	if err != nil {
		t.Fatal(err)
	}
	conn := &Conn{ID: 1, Client: aliceAt, Server: nsAt}
	at := time.Unix(1, 0).UTC()
	record := func(w *Writer, kind Kind, from decode.Sender) {
		t.Helper()
		r := Record{Time: at, Conn: conn, Kind: kind, From: from}
		if kind == Data {
			r.Frame = decode.Frame{Raw: []byte(infMD5), LineLen: len(infMD5) - 2, EOL: 2}
		}
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
	}
	record(w, Opened, 0)
	record(w, Data, decode.Server)
	record(w, HalfClosed, decode.Client)
	record(w, Data, decode.Server)

	// A new file begins: who reads that alone must know it, too.
	var next bytes.Buffer
	rotated, err := NewWriter(&next, "")
	if err != nil {
		t.Fatal(err)
	}
	rotated.carry(w, at)
	if err := rotated.flush(); err != nil {
		t.Fatal(err)
	}
	record(rotated, Data, decode.Server)
	record(rotated, Closed, decode.Client)
	for _, file := range []struct {
		b    []byte
		want []string
	}{
		{b.Bytes(), []string{"C SYN", "S SYN", "C", "S 11", "C FIN", "S", "S 11"}},
		{next.Bytes(), []string{"C", "C FIN", "S", "S 11", "S FIN", "C"}},
	} {
		if got := segments(t, file.b); !cmp.Equal(got, file.want) {
			t.Errorf("packets %q, want %q", got, file.want)
		}
	}
	list, err := readWritten(t, next.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var kinds []Kind
	for _, r := range list {
		kinds = append(kinds, r.Kind)
	}
	if d := cmp.Diff([]Kind{Opened, HalfClosed, Data, Closed}, kinds); d != "" {
		t.Errorf("the second file (-want +got):\n%s", d)
	}
}

// segments names the packets of a file, and sees to it that each begins where its
// side's last ended.
func segments(t *testing.T, b []byte) (names []string) {
	t.Helper()
	p := newPcapng(&file{r: bufio.NewReader(bytes.NewReader(b))})
	next := make(map[uint16]uint32)
	var pkt packet
	for p.next(&pkt) == nil {
		var tcp layers.TCP
		ends, data, ok := parseSegment(pkt.data)
		if !ok || tcp.DecodeFromBytes(pkt.data[ip4Header:], gopacket.NilDecodeFeedback) != nil {
			t.Fatalf("no TCP: %x", pkt.data)
		}
		name, port := "S", ends.from.Port()
		if ends.to.Port() == 1863 {
			name = "C"
		}
		if want, ok := next[port]; ok && tcp.Seq != want {
			t.Errorf("%s at %d, not %d", name, tcp.Seq, want)
		}
		next[port] = tcp.Seq + uint32(len(data))
		switch {
		case tcp.SYN:
			name += " SYN"
			next[port]++
		case tcp.FIN:
			name += " FIN"
			next[port]++
		case len(data) > 0:
			name += " 11"
		}
		names = append(names, name)
	}
	return names
}
