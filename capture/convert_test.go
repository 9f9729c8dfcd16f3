package capture

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// two writes what two connections of the same addresses say in turn.
func two(t *testing.T, w interface{ WriteRecord(*Record) error }) {
	t.Helper()
	at := time.Unix(1000, 0).UTC()
	a := &Conn{ID: 1, Client: "10.0.2.15:1033", Server: "10.0.0.9:1863"}
	b := &Conn{ID: 2, Client: a.Client, Server: a.Server}
	var offset [2]int64
	long := "MSG bob@example.com Bob 70000\r\n" + strings.Repeat("x", 70000)
	for _, r := range []Record{
		{Kind: Opened, Conn: a}, data(a, decode.Client, "VER 1 MSNP7\r\n"),
		{Kind: Opened, Conn: b}, data(a, decode.Server, "VER 1 MSNP7\r\n"), data(b, decode.Client, "VER 2 MSNP8\r\n"),
		data(a, decode.Server, long), data(b, decode.Server, "VER 2 MSNP8\r\n"),
		{Kind: Remark, Conn: a, Text: "of a"}, {Kind: Lost, Conn: a, From: decode.Client, Lost: 7},
		{Kind: HalfClosed, Conn: a, From: decode.Client}, {Kind: Closed, Conn: b, From: decode.Server},
		data(a, decode.Server, long), {Kind: Closed, Conn: a, From: decode.Client},
	} {
		if r.Kind == Data && r.Conn == a {
			r.Frame.Offset = offset[index(r.From)]
			offset[index(r.From)] += int64(len(r.Frame.Raw))
		}
		r.Time = at
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
}

func data(c *Conn, from decode.Sender, raw string) Record {
	var framer decode.Framer
	return Record{Kind: Data, Conn: c, From: from, Frame: reframe(&framer, "", []byte(raw))}
}

func TestTwoConnectionsOfTheSameAddresses(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, "")
	if err != nil {
		t.Fatal(err)
	}
	two(t, w)
	if err := w.Close(0); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(&b, "x.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		s := string(rune('a'+rec.Conn.ID-1)) + " " + rec.Kind.String()
		if rec.Kind == Data {
			s += " " + string(rec.Frame.Line()[:5])
			if rec.Frame.Missing != 0 {
				s += " cut"
			}
		}
		got = append(got, s)
	}
	want := "a opened;a data VER 1;b opened;a data VER 1;b data VER 2;a data MSG b;b data VER 2;a remark;a lost;a half-closed;b closed;a data MSG b;a closed"
	if s := strings.Join(got, ";"); s != want {
		t.Errorf("read back: %s\nwanted     %s", s, want)
	}
}

// TestNoteNamesNoStranger: a note that names a connection of other addresses is not
// believed, nor one of a connection that is closed.
func TestNoteNamesNoStranger(t *testing.T) {
	c := &ownConn{ends: pair{from: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1863), to: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), 1863)}}
	for _, tt := range []struct {
		ends pair
		want bool
	}{
		{pair{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1863), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), 1863)}, true}, {pair{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), 1863), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1863)}, true},
		{pair{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1863), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 3}), 1863)}, false}, {pair{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 3}), 1863), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), 1863)}, false},
	} {
		if got := c.isOf(tt.ends); got != tt.want {
			t.Errorf("%v: %v", tt.ends, got)
		}
	}
	if (*ownConn)(nil).isOf(pair{}) {
		t.Error("no connection is of no ends")
	}
}

// TestTranscriptTellsFates: what a proxy made of a frame, and what a gap did, is read
// back from a transcript; the words alone are remarks.
func TestTranscriptTellsFates(t *testing.T) {
	c := &Conn{ID: 1, Server: "10.0.0.9:1863"}
	cut := data(c, decode.Client, "MSG 1 N 100\r\nhalf")
	cut.Fate, cut.Frame.Gap = Withheld, true
	made := data(c, decode.Server, "NLN NLN bob@example.com Bob\r\n")
	made.Fate = Injected
	var b bytes.Buffer
	w := NewTranscriptWriter(&b)
	for _, r := range []Record{{Kind: Opened, Conn: c}, made, cut, data(c, decode.Server, "QNG\r\n"),
		{Kind: Remark, Conn: c, Text: markWithheld}, {Kind: Remark, Conn: c, Text: "so"},
		data(c, decode.Client, "OUT\r\n"), {Kind: Remark, Conn: c, Text: markGap}} {
		if err := w.WriteRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	text := b.String()
	r, err := OpenReader(&b, "x.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		switch {
		case rec.Kind == Remark:
			got = append(got, "remark: "+rec.Text)
		case rec.Kind == Data:
			s := string(rec.Frame.Raw[:3])
			if rec.Fate == Injected {
				s += " injected"
			}
			if rec.Fate == Withheld {
				s += " withheld"
			}
			if rec.Frame.Gap {
				s += " gap"
			}
			if rec.From == decode.Server && s == "QNG" && rec.Frame.Offset != 0 {
				s += ": what is injected counts in the link"
			}
			got = append(got, s)
		}
	}
	want := "NLN injected;MSG withheld gap;QNG;remark: " + markWithheld + ";remark: so;OUT;remark: " + markGap
	if s := strings.Join(got, ";"); s != want {
		t.Errorf("read back: %s\nwanted     %s\nof\n%s", s, want, text)
	}
}
