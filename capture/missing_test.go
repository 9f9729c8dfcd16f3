package capture

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

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
	want(t, got, begins(), c(ver), s(ver), told{1, Lost, decode.Client, "7 bytes", 0}, s(infMD5),
		c(usr), s("USR 3 MD5 S x\r\n"), c("OUT\r\n"), ends(decode.Client))
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
	want(t, got, begins(), c(ver), c(msg[:40]+" (incomplete)"),
		told{1, Lost, decode.Client, count(int64(len(msg)-40), "byte"), 0}, c(inf), s(ver), told{1, Closed, decode.Server, "reset", 0})
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
	want(t, got, begins(), c(ver), told{1, Remark, 0, cutText(97), 0}, s(msg[:len(msg)-20]+" (incomplete)"),
		told{1, Lost, decode.Server, "20 bytes", 0}, c(inf), s(infMD5), ends(decode.Client))
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
			want(t, got, begins(), c(ver), c(inf), c(usr), told{1, Lost, decode.Server, "30 bytes", 0}, ends(decode.Client)) // with the FIN
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
