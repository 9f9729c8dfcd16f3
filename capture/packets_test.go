package capture

import (
	"fmt"
	"slices"
	"testing"

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
		{1, Data, decode.Client, "OUT (incomplete)", 8},
		{1, HalfClosed, decode.Client, "", 9},
		{1, Data, decode.Server, "OUT OTH\r\n", 10},
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
