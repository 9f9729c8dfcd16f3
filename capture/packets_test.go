package capture

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

func TestConversation(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver + "\r\n")
	k.C(inf + usr)
	k.S(infMD5[:4])
	k.S(infMD5[4:])
	k.C("OUT")
	k.fin(decode.Client)
	k.S("OUT OTH\r\n")
	k.fin(decode.Server)
	got, r, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	expected := []told{
		{1, Opened, 0, opened, 0},
		{1, Data, decode.Client, ver, 3},
		{1, Data, decode.Server, ver, 4},
		{1, Data, decode.Server, "blank \r\n", 4},
		{1, Data, decode.Client, inf, 5},
		{1, Data, decode.Client, usr, 5},
		{1, Data, decode.Server, infMD5, 7},
		{1, Data, decode.Server, "OUT OTH\r\n", 10},
		{1, Data, decode.Client, "OUT (incomplete)", 8},
		{1, Closed, decode.Client, "", 11},
	}
	if !slices.Equal(got, expected) {
		t.Errorf("got  %v\nwant %v", got, expected)
	}
	if got, want := r.Stats().String(), "pcap: 12 packets, 1 TCP connection, 1 of MSNP"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever the segments, the frames are the same.
func TestSplitAtEveryByte(t *testing.T) {
	stream := ver + inf + msg + "\r\nOUT\r\n"
	for _, size := range []int{1, 2, 3, 7, 50} {
		for at := 1; at < len(stream); at++ {
			w := newWire(t)
			k := w.dial(aliceAt, nsAt)
			if size == 1 { // two segments
				k.C(stream[:at])
				k.C(stream[at:])
			} else { // from at on, many
				k.C(stream[:at])
				for rest := stream[at:]; rest != ""; rest = rest[min(size, len(rest)):] {
					k.C(rest[:min(size, len(rest))])
				}
			}
			k.end()
			got, _, err := readAll(t, w.pcap())
			if err != nil {
				t.Fatal(err)
			}
			want(t, got, begins(), c(ver), c(inf), c(msg), c("blank \r\n"), c("OUT\r\n"), ends(decode.Client))
			if t.Failed() {
				t.Fatalf("segments of %d from %d on", size, at)
			}
		}
	}
}

// Packets that come twice, too late, or overlap are what a network does; nothing
// of it shows.
func TestShuffled(t *testing.T) {
	parts := []string{ver, inf, usr, msg[:30], msg[30:], "OUT\r\n"}
	make := func() *wire {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		for _, p := range parts {
			k.C(p)
		}
		k.end()
		return w
	}
	expected := []told{begins(), c(ver), c(inf), c(usr), c(msg), c("OUT\r\n"), ends(decode.Client)}
	n := len(make().packets)
	for i := range n {
		for j := range n {
			w := make()
			p := w.packets[i]
			name := fmt.Sprintf("packet %d again behind %d", i, j)
			if w.packets = slices.Insert(w.packets, j, p); j > i {
				got, _, err := readAll(t, w.pcap())
				if err != nil {
					t.Fatal(err)
				}
				if want(t, got, expected...); t.Failed() {
					t.Fatal(name)
				}
			}
			// A data packet, or the FIN behind it, that comes later or earlier. The
			// last but one is the server's: what has it done with says that all
			// before was received.
			if first, last := 3, n-3; i >= first && i <= last && j >= first && j <= last {
				w := make()
				w.packets = slices.Delete(w.packets, i, i+1)
				w.packets = slices.Insert(w.packets, j, p)
				got, _, err := readAll(t, w.pcap())
				if err != nil {
					t.Fatal(err)
				}
				if want(t, got, expected...); t.Failed() {
					t.Fatalf("packet %d moved to %d", i, j)
				}
			}
		}
	}
}

// The three packets that open a connection may be out of order, too.
func TestShuffledOpening(t *testing.T) {
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		p := slices.Clone(w.packets)
		for i, j := range order {
			w.packets[i] = p[j]
		}
		k.C(ver)
		k.S(ver)
		k.end()
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		if want(t, got, begins(), c(ver), s(ver), ends(decode.Client)); t.Failed() {
			t.Fatal(order)
		}
	}
}

func TestOverlap(t *testing.T) {
	stream := ver + inf + usr
	for from := 0; from < len(stream); from += 3 {
		for to := from + 1; to <= len(stream); to += 5 {
			w := newWire(t)
			k := w.dial(aliceAt, nsAt)
			k.send(decode.Client, layers.TCP{ACK: true, Seq: k.c, Ack: k.s}, stream[:20])
			k.send(decode.Client, layers.TCP{ACK: true, Seq: k.c + uint32(from), Ack: k.s}, stream[from:to])
			k.C(stream)
			k.end()
			got, _, err := readAll(t, w.pcap())
			if err != nil {
				t.Fatal(err)
			}
			if want(t, got, begins(), c(ver), c(inf), c(usr), ends(decode.Client)); t.Failed() {
				t.Fatal(from, to)
			}
		}
	}
}

// A frame's time is that of the packet that completed it, also where an earlier
// one came late.
func TestTimeOfLateBytes(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.c += uint32(len(inf))
	k.C(usr)
	k.send(decode.Client, layers.TCP{ACK: true, Seq: k.c - uint32(len(inf+usr)), Ack: k.s}, inf)
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	expected := []told{{1, Opened, 0, opened, 0}, {1, Data, decode.Client, ver, 3}, {1, Data, decode.Client, inf, 5}, {1, Data, decode.Client, usr, 5}}
	if !slices.Equal(got, expected) {
		t.Errorf("got  %v\nwant %v", got, expected)
	}
}

func TestSequenceWrap(t *testing.T) {
	for start := uint32(0xffffffff) - 60; start != 20; start++ {
		w := newWire(t)
		k := w.talk(aliceAt, nsAt)
		k.c, k.s = start, start+7
		k.open()
		k.C(ver)
		k.S(ver)
		early := k.c
		k.c += uint32(len(inf))
		k.C(usr)
		k.send(decode.Client, layers.TCP{ACK: true, Seq: early, Ack: k.s}, inf)
		k.end()
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		if want(t, got, begins(), c(ver), s(ver), c(inf), c(usr), ends(decode.Client)); t.Failed() {
			t.Fatalf("from %#x", start)
		}
	}
}

func TestKeepAlive(t *testing.T) {
	for _, garbage := range []string{"", "\x00"} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		keepAlive := func() {
			k.send(decode.Client, layers.TCP{ACK: true, Seq: k.c - 1, Ack: k.s}, garbage)
			k.send(decode.Server, layers.TCP{ACK: true, Seq: k.s, Ack: k.c}, "")
		}
		keepAlive()
		k.C(ver)
		keepAlive()
		k.S(ver)
		keepAlive()
		k.end()
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, begins(), c(ver), s(ver), ends(decode.Client))

		// The recording starts between two of them.
		w.packets = w.packets[6:]
		got, _, err = readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, told{1, Opened, 0, opened + " mid-stream", 0}, s(ver), ends(decode.Client))
	}
}

// What the capture has lost and the other end has acknowledged is said to be
// lost, not long after; the frames around it are there.
func TestLost(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver)
	k.c += uint32(len(inf)) // the capture has not got this
	k.S(infMD5)
	k.C(usr)
	k.S("USR 3 MD5 S x\r\n")
	w.now = w.now.Add(time.Second)
	k.C("OUT\r\n")
	k.end()
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), s(ver), s(infMD5), s("USR 3 MD5 S x\r\n"),
		told{1, Lost, decode.Client, "7 bytes", 0}, c(usr), c("OUT\r\n"), ends(decode.Client))
}

// The end of a command is lost: what there is of it comes out first.
func TestLostInCommand(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.C(msg[:40])
	k.c += uint32(len(msg) - 40)
	k.C(inf)
	k.S(ver)
	k.rst(decode.Server)
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), s(ver), c(msg[:40]+" (incomplete)"),
		told{1, Lost, decode.Client, count(int64(len(msg)-40), "byte"), 0}, c(inf), told{1, Closed, decode.Server, "reset", 0})
}

// A capture with a small snap length has the beginning of packets only.
func TestSnapLength(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(msg)
	last := &w.packets[len(w.packets)-1]
	last.data = last.data[:len(last.data)-20]
	k.C(inf)
	k.S(infMD5)
	k.end()
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), c(inf), s(msg[:len(msg)-20]+" (incomplete)"),
		told{1, Lost, decode.Server, "20 bytes", 0}, s(infMD5), ends(decode.Client))
}

// Bytes that no one has acknowledged may still come, but not for ever.
func TestLostUnacknowledged(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	before := k.c
	k.c += uint32(len(inf))
	k.C(usr)
	for range 5 {
		w.now = w.now.Add(5 * time.Second)
		k.send(decode.Server, layers.TCP{ACK: true, Seq: k.s, Ack: before}, "")
	}
	k.send(decode.Client, layers.TCP{ACK: true, Seq: before, Ack: k.s}, inf) // there it is
	k.c += uint32(len(inf))
	k.C("OUT\r\n")
	w.now = w.now.Add(2 * patience)
	k.send(decode.Server, layers.TCP{ACK: true, Seq: k.s, Ack: k.c - 12}, "")
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), c(inf), c(usr), told{1, Lost, decode.Client, "7 bytes", 0}, c("OUT\r\n"))
}

// One direction only: the other end's acknowledgments tell how much is missing.
func TestOneSided(t *testing.T) {
	make := func() *wire {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		k.C(ver)
		k.S(ver)
		k.C(inf)
		k.S(infMD5)
		k.C(usr)
		k.end()
		return w
	}
	for _, side := range []string{aliceAt, nsAt} {
		w := make()
		w.packets = slices.DeleteFunc(w.packets, func(p wirePacket) bool {
			var s segment
			newDissector().dissect(&packet{link: layers.LinkTypeRaw, data: p.data}, &s)
			return s.key.address(s.from) != side
		})
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		if side == aliceAt {
			want(t, got, begins(), c(ver), c(inf), c(usr), told{1, Lost, decode.Server, "29 bytes", 0}, ends(decode.Client))
		} else {
			want(t, got, begins(), s(ver), s(infMD5), told{1, Lost, decode.Client, "57 bytes", 0}, ends(decode.Server)) // with the FIN
		}
	}
}

// From the middle: what the ports and the lines say tells who the client is.
func TestMidStream(t *testing.T) {
	tests := []struct {
		client, server string
		say            func(k *talk)
		want           []told
	}{
		{aliceAt, nsAt, func(k *talk) { k.S("QNG 50\r\n") }, []told{s("QNG 50\r\n")}},
		{aliceAt, nsAt, func(k *talk) { k.C("OUT\r\n"); k.S(infMD5) }, []told{c("OUT\r\n"), s(infMD5)}},
		// The port of the client is the one of a server.
		{"192.0.2.1:1863", "198.51.100.1:4000", func(k *talk) { k.C("MSG 5 N 49\r\n" + msg[28:]) }, []told{c("MSG 5 N 49\r\n" + msg[28:])}},
		{"192.0.2.1:1863", "198.51.100.1:4000", func(k *talk) { k.S(msg) }, []told{s(msg)}},
		{"192.0.2.1:1863", "198.51.100.1:4000", func(k *talk) { k.C("INF 2\r\n"); k.S(infMD5) }, []told{c("INF 2\r\n"), s(infMD5)}},
		// In the middle of a payload.
		{aliceAt, nsAt, func(k *talk) { k.S(msg[40:] + "QNG 50\r\n"); k.C("PNG\r\n") },
			[]told{s("opaque " + msg[40:] + " (incomplete)"), s("QNG 50\r\n"), c("PNG\r\n")}},
	}
	for i, tt := range tests {
		w := newWire(t)
		tt.say(w.talk(tt.client, tt.server))
		got, _, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, append([]told{{1, Opened, 0, tt.client + " " + tt.server + " mid-stream", 0}}, tt.want...)...)
		if t.Failed() {
			t.Fatal(i)
		}
	}
}

// A long payload comes first: the connection is found to be MSNP when the first
// command begins a segment, and nothing of what came before is lost.
func TestMidStreamInPayload(t *testing.T) {
	w := newWire(t)
	k := w.talk(aliceAt, nsAt)
	long := strings.Repeat("not MSNP at all\r\n", 80)
	for range 20 {
		k.S(long)
		k.ack(decode.Client)
	}
	k.C("PNG\r\n")
	k.S("QNG 40\r\n")
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	var opaque int
	for _, e := range got {
		if text, ok := strings.CutPrefix(e.Text, "opaque "); ok {
			opaque += len(strings.TrimSuffix(text, " (incomplete)"))
		}
	}
	if opaque != 20*len(long) {
		t.Errorf("%d opaque bytes, not %d", opaque, 20*len(long))
	}
	want(t, got[len(got)-2:], c("PNG\r\n"), s("QNG 40\r\n"))
}

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
	want(t, got, begins(), c(ver), s("VER 1 MS (incomplete)"), told{1, Closed, decode.Server, "reset", 0})
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
	if got, want := r.Stats().String(), "pcap: 15 packets, 3 TCP connections, 2 of MSNP"; got != want {
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
	if got, want := r.Stats().String(), "8 TCP connections, none of which is MSNP; 1 without a byte of data; 1 packet without TCP"; !strings.Contains(got, want) {
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
	if len(got) < 4 || got[0].Text != aliceAt+" 198.51.100.1:80" {
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

// IP fragments are put together.
func TestFragments(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.C(msg)
	whole := w.packets[len(w.packets)-1]
	w.packets = w.packets[:len(w.packets)-1]
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
		parts := fragment(whole.data, 40)
		w := &wire{t: t, now: w.now, packets: slices.Clone(w.packets)}
		for _, i := range order {
			w.packets = append(w.packets, wirePacket{whole.time, parts[i]})
		}
		got, r, err := readAll(t, w.pcap())
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, begins(), c(ver), c(msg))
		if s := r.Stats(); s.Fragments != 2 || s.Defragmented != 1 {
			t.Errorf("%v", s)
		}
	}
}

// fragment cuts an IPv4 packet into fragments with up to n bytes of payload.
func fragment(ip []byte, n int) [][]byte {
	var parts [][]byte
	for at := 20; at < len(ip); at += n {
		end := min(at+n, len(ip))
		p := join(ip[:20], ip[at:end])
		p[2], p[3] = byte(len(p)>>8), byte(len(p))
		offset := (at - 20) / 8
		p[6], p[7] = byte(offset>>8), byte(offset)
		if end < len(ip) {
			p[6] |= 0x20
		}
		parts = append(parts, p)
	}
	return parts
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
