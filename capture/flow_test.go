package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// The same addresses and ports again: another connection, whether or not the end
// of the first was seen.
func TestPortReuse(t *testing.T) {
	for _, end := range []func(k *talk){
		func(k *talk) { k.end() },
		func(k *talk) { k.rst(decode.Client) },
		func(k *talk) {},
	} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		k.C(ver)
		end(k)
		k.c, k.s = 777777, 999999
		k.open()
		k.C(inf)
		k.S(infMD5)
		k.end()
		got, r, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 7 || got[2].Kind != Closed {
			t.Fatalf("%v", got)
		}
		want(t, got[3:], told{2, Opened, 0, opened, 0}, told{2, Data, decode.Client, inf, 0},
			told{2, Data, decode.Server, infMD5, 0}, told{2, Closed, decode.Client, "", 0})
		if s := r.Stats(); s.Connections != 2 || s.MSNP != 2 {
			t.Errorf("%v", s)
		}
	}
}

func TestReset(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S("VER 1 MS")
	// A reset from nowhere is not believed.
	k.send(decode.Server, layers.TCP{RST: true, Seq: k.s + 1<<28}, "")
	k.rst(decode.Server)
	k.rst(decode.Server)
	k.C(inf) // was on its way
	got, r, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), c(inf), s("VER 1 MS (incomplete)"), told{1, Closed, decode.Server, "reset", 0})
	if at := got[len(got)-1].At; at != 6 {
		t.Errorf("reset after %d ms, not 6", at)
	}
	if n := r.Stats().Late; n != 0 {
		t.Errorf("%d late segments", n)
	}
	// Long after, it is over.
	w.now = w.now.Add(time.Second)
	k.C(usr)
	got, r, err = readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), c(inf), s("VER 1 MS (incomplete)"), told{1, Closed, decode.Server, "reset", 0})
	if n := r.Stats().Late; n != 1 {
		t.Errorf("%d late segments, not 1", n)
	}
}

// Connections are numbered and told in the order of their packets.
func TestOrder(t *testing.T) {
	w := newWire(t)
	a, b, x := w.talk(aliceAt, nsAt), w.talk(bobAt, nsAt), w.talk("192.0.2.3:3000", "198.51.100.9:80")
	x.open() // says nothing for a while
	a.open()
	b.open()
	b.C(ver)
	a.C(inf)
	b.S(ver)
	x.C("GET / HTTP/1.0\r\n\r\n")
	x.S("HTTP/1.0 200 OK\r\n\r\n")
	a.S(infMD5)
	got, r, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), told{2, Opened, 0, bobAt + " " + nsAt, 0}, told{2, Data, decode.Client, ver, 0},
		c(inf), told{2, Data, decode.Server, ver, 0}, s(infMD5))
	if !slices.IsSortedFunc(got, func(a, b told) int { return a.At - b.At }) {
		t.Errorf("out of order: %v", got)
	}
	if got, want := r.Stats().String(), "pcap: 15 packets, 3 TCP connections, 2 of MSNP, 1 of HTTP"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A connection that says nothing for long does not hold up the others, and is
// told with its own times when it speaks.
func TestSilentConnection(t *testing.T) {
	w := newWire(t)
	a := w.dial(aliceAt, nsAt)
	b := w.dial(bobAt, nsAt)
	for range 5 {
		b.C("PNG\r\n")
		w.now = w.now.Add(time.Second)
		b.S("QNG 30\r\n")
	}
	a.C(ver)
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 13 || got[0].Text != bobAt+" "+nsAt || got[11].Text != opened || got[12].Text != ver {
		t.Errorf("%v", got)
	}
	if got[11].At > got[0].At {
		t.Errorf("the time of the silent connection's first packet is lost: %v", got)
	}
}

func TestNoMSNP(t *testing.T) {
	w := newWire(t)
	for i, first := range [][2]string{
		{"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 40000)},
		{"", "220 mail.example.com ESMTP\r\n"},
		{"", "+OK POP3 ready\r\n"},
		{"", "SSH-2.0-OpenSSH_3.9\r\n"},
		{"\x16\x03\x01\x00\xa0\x01", "\x16\x03\x01\x00\x4a\x02"},
		{"", ""},
		{"USER alice\r\n", "331 Password required\r\n"},
		{strings.Repeat("\x00", 70000), ""},
	} {
		k := w.dial(fmt.Sprintf("192.0.2.1:%d", 3000+i), "198.51.100.1:1863")
		for from, text := range map[decode.Sender]string{decode.Client: first[0], decode.Server: first[1]} {
			for ; text != ""; text = text[min(1400, len(text)):] {
				k.say(from, text[:min(1400, len(text))])
			}
		}
		if i%2 == 0 {
			k.end()
		}
	}
	w.ip([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 53, 0, 53, 0, 8, 0, 0}, false)
	got, r, err := readAll(t, w.pcap())
	if err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, want := r.Stats().String(), "8 TCP connections, none of which is MSNP: 1 of HTTP, 1 of POP3, 1 of TLS, 1 of login, 1 of binary, 1 of SMTP, 1 of SSH; 1 without a byte of data; 1 packet without TCP"; !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// MSNP is found on any port, and behind what is said to a proxy.
func TestFoundAnywhere(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, "198.51.100.1:80")
	k.C("CONNECT 198.51.100.2:1863 HTTP/1.0\r\n\r\n")
	k.S("HTTP/1.0 200 Connection established\r\n\r\n")
	k.C(ver)
	k.S(ver)
	k.end()
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got[0].Text != aliceAt+" 198.51.100.2:1863" {
		t.Fatal(got)
	}
	want(t, got[len(got)-3:], c(ver), s(ver), ends(decode.Client))

	w = newWire(t)
	k = w.dial(aliceAt, "192.0.2.9:6891")
	k.C("VER MSNFTP\r\n")
	k.S("VER MSNFTP\r\n")
	k.C("USR bob@example.com 1234\r\n")
	k.S("FIL 3\r\n")
	k.C("TFR\r\n")
	k.S("\x00\x03\x00abc\x01\x00\x00")
	got, _, err = readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got[1:], c("VER MSNFTP\r\n"), s("VER MSNFTP\r\n"), c("USR bob@example.com 1234\r\n"), s("FIL 3\r\n"), c("TFR\r\n"),
		s("block \x00\x03\x00abc"), s("block \x01\x00\x00"))
}

// What is held for connections that never end is bounded.
func TestTooManyConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("makes many packets")
	}
	w := newWire(t)
	k := w.talk(aliceAt, nsAt)
	k.C("PNG\r\n")
	p := w.packets[0]
	var b bytes.Buffer
	b.Write(w.pcap())
	const extra = 100
	for i := 1; i < maxFlows+extra; i++ {
		d := bytes.Clone(p.data)
		d[12], d[13], d[14], d[15] = 10, byte(i>>16), byte(i>>8), byte(i) // of the client's address
		w.packets = []wirePacket{{p.time, d}}
		b.Write(w.pcap()[pcapHeader:])
	}
	got, r, err := readAll(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Stats(); s.MSNP != maxFlows+extra {
		t.Errorf("%v", s)
	}
	closed := 0
	for _, e := range got {
		if e.Kind == Closed {
			closed++
		}
	}
	if closed != extra {
		t.Errorf("%d connections given up, not %d", closed, extra)
	}
}

// Whatever waits for what never comes, it is not more than a Reader may hold.
func TestHostileWaiting(t *testing.T) {
	for name, say := range map[string]func(k *talk){
		"payloads that are not finished": func(k *talk) { k.C("MSG 5 N 1000000\r\nabc"); k.C("def") },
		"bytes behind a hole": func(k *talk) {
			k.C(ver)
			k.c += 10
			for range 15 {
				k.C(strings.Repeat("x", 60000))
			}
		},
		"bytes behind a hole of what is not known": func(k *talk) {
			k.c += 10
			for range 15 {
				k.C(strings.Repeat("x", 60000))
			}
		},
	} {
		w := newWire(t)
		for i := range 8 {
			say(w.dial(fmt.Sprintf("192.0.2.1:%d", 2000+i), nsAt))
		}
		var p *packets
		most := 0
		in := watchedReader{bytes.NewReader(w.pcap()), func() {
			if p != nil {
				most = max(most, p.memory+p.queue.parked+p.queue.memory)
			}
		}}
		r, err := OpenReader(in, name)
		if err != nil {
			t.Fatal(err)
		}
		p = r.in.(*packets)
		for p.limit = 4 << 20; err == nil; {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) || most > 6<<20 || most < 2<<20 {
			t.Errorf("%s: up to %d bytes, %v", name, most, err)
		}
		if p.memory+p.queue.parked+p.queue.memory != 0 {
			t.Errorf("%s: %d bytes left", name, p.memory)
		}
	}
}

// watchedReader tells when it is read from, which is seldom.
type watchedReader struct {
	io.Reader
	read func()
}

func (r watchedReader) Read(b []byte) (int, error) {
	r.read()
	return r.Reader.Read(b[:min(len(b), 4096)])
}
