package capture

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// skew makes the clock of one direction late, and merges the two again by time.
func (w *wire) skew(from string, by time.Duration) {
	for i := range w.packets {
		var s segment
		newDissector().dissect(&packet{link: layers.LinkTypeRaw, data: w.packets[i].data}, &s)
		if s.key.address(s.from) == from {
			w.packets[i].time = w.packets[i].time.Add(by)
		}
	}
	slices.SortStableFunc(w.packets, func(a, b wirePacket) int { return a.time.Compare(b.time) })
}

// Two captures with other clocks, merged: nothing is lost, the order is that of the
// conversation, and the difference is told from 100 ms on.
func TestClocksDiffer(t *testing.T) {
	for _, by := range []time.Duration{0, 90 * time.Millisecond, 110 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second, time.Minute, time.Hour} {
		for _, late := range []string{aliceAt, nsAt} {
			w := newWire(t)
			k := w.dial(aliceAt, nsAt)
			var expected []told
			for _, line := range []string{ver, inf, usr, "SYN 4 0\r\n", "CHG 5 NLN\r\n"} {
				k.C(line)
				k.S(line)
				expected = append(expected, c(line), s(line))
				w.now = w.now.Add(7 * time.Second)
			}
			k.end()
			w.skew(late, by)
			got, r, err := readAll(t, w.pcap())
			if err != nil {
				t.Fatal(err)
			}
			remarks := 0
			got = slices.DeleteFunc(got, func(e told) bool {
				if e.Kind == Remark {
					remarks++
					if who := map[string]string{aliceAt: "client", nsAt: "server"}[late]; !strings.Contains(e.Text, "what the "+who+" sent is that much late") {
						t.Errorf("%v late by %v: %s", late, by, e.Text)
					}
				}
				return e.Kind == Remark || e.Kind == Opened || e.Kind == Closed || e.Kind == HalfClosed
			})
			want(t, got, expected...)
			if told := by >= clockRemark; remarks > 1 || told != (remarks == 1) {
				t.Errorf("%v late by %v: %d remarks", late, by, remarks)
			}
			if s := r.Stats(); s.TooLate != 0 || s.Connections != 1 {
				t.Errorf("%v late by %v: %v", late, by, s)
			}
		}
	}
}

// The client's first segment is lost: that is told before what answers it.
func TestFirstSegmentLost(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.c += uint32(len(ver))
	k.S(ver)
	for range 4 {
		k.C(inf)
		k.S(infMD5)
		w.now = w.now.Add(time.Second)
	}
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got[:5], begins(), told{1, Lost, decode.Client, "18 bytes", 0}, s(ver), c(inf), s(infMD5))
}

// Every packet is cut: the lines stand in their order, and the cut is told once.
func TestCutEverywhere(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver)
	k.C(usr)
	k.S(usr)
	for i := range w.packets {
		w.packets[i].data = w.packets[i].data[:min(len(w.packets[i].data), 50)]
	}
	got, r, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	lost := func(from decode.Sender, n string) told { return told{1, Lost, from, n, 0} }
	want(t, got, begins(), told{1, Remark, 0, cutText(50), 0},
		c(ver[:10]+" (incomplete)"), lost(decode.Client, "8 bytes"), s(ver[:10]+" (incomplete)"), lost(decode.Server, "8 bytes"),
		told{1, Data, decode.Client, got[6].Text, 0}, lost(decode.Client, "21 bytes"), told{1, Data, decode.Server, got[8].Text, 0}, lost(decode.Server, "21 bytes"))
	if s := r.Stats(); s.Cut != 4 || s.CutAt != 50 || s.CutBytes != 58 || !strings.Contains(s.String(), "4 packets cut at 50 bytes (capture whole packets: tcpdump -s 0)") {
		t.Error(s)
	}
}

// Two machines have one address: their connections are two, whether they were
// captured at two places or at one.
func TestSameAddresses(t *testing.T) {
	for _, places := range []int{1, 2} {
		w := newWire(t)
		at := byte(7)
		if places == 2 {
			w.wrap = func(ip []byte, v6 bool) []byte { return join(macs, []byte{0x81, 0, 0, at}, etherType(v6), ip) }
		} else {
			w.wrap = ethernet
		}
		a, b := w.talk(aliceAt, nsAt), w.talk(aliceAt, nsAt)
		b.c, b.s = 900000, 800000
		on := func(vlan byte, do func()) { at = vlan; do() }
		on(7, a.open)
		on(8, b.open)
		for range 3 {
			on(7, func() { a.C(ver); a.S(ver) })
			on(8, func() { b.C(inf); b.S(infMD5) })
		}
		on(7, a.end)
		on(8, b.end)
		got, r, err := readAll(t, w.pcap(layers.LinkTypeEthernet))
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, e := range got {
			n[e.Kind.String()+" "+string(rune('0'+e.Conn))]++
		}
		if s := r.Stats(); s.MSNP != 2 || n["data 1"] != 6 || n["data 2"] != 6 || n["lost 1"]+n["lost 2"] != 0 || n["remark 2"] != 1 {
			t.Errorf("%d places: %v, %v", places, s, n)
		}
	}
}

// A connection that is seen at two places is one.
func TestMirrored(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.S(ver)
	k.end()
	var twice []wirePacket
	for _, p := range w.packets {
		for vlan := range byte(2) {
			twice = append(twice, wirePacket{p.time, join(macs, []byte{0x81, 0, 0, vlan}, etherType(false), p.data)})
		}
	}
	w.packets = twice
	got, _, err := readAll(t, w.pcap(layers.LinkTypeEthernet))
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), s(ver), ends(decode.Client))
}

// A connection before and behind NAT is told once; two of one machine, and two that
// say other things, are two.
func TestTranslated(t *testing.T) {
	for _, tt := range []struct {
		name, client, server string
		says                 string
		msnp, twins          int
	}{
		{"source", "203.0.113.5:61001", nsAt, usr, 1, 1},
		{"destination", aliceAt, "203.0.113.9:1863", usr, 1, 1},
		{"another port of one machine", "192.0.2.1:1056", nsAt, usr, 2, 0},
		{"another account", bobAt, nsAt, strings.Replace(usr, "alice", "bobby", 1), 2, 0},
	} {
		w := newWire(t)
		a, b := w.talk(aliceAt, nsAt), w.talk(tt.client, tt.server)
		a.open()
		b.open()
		for _, k := range []*talk{a, b} {
			k.C(ver)
		}
		for _, k := range []*talk{a, b} {
			k.S(ver)
		}
		a.C(usr)
		b.C(tt.says)
		a.S(usr)
		b.S(tt.says)
		a.end()
		b.end()
		_, r, err := readAll(t, w.pcap())
		if s := r.Stats(); err != nil || s.MSNP != tt.msnp || s.Twins != tt.twins || s.Connections != 2 {
			t.Errorf("%s: %v, %v", tt.name, s, err)
		}
	}
}

// Keys come one a segment: as many bytes as are looked at, whatever the segments.
func TestOneKeyASegment(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	for _, b := range []byte(ver) {
		k.C(string(b))
	}
	k.S(ver)
	got, _, err := readAll(t, w.pcap())
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), s(ver))
}

// Where the recording ends in the middle of a payload the payload is cut, where the
// connection does it is too short.
func TestEndInPayload(t *testing.T) {
	for _, closed := range []bool{false, true} {
		w := newWire(t)
		k := w.dial(aliceAt, nsAt)
		k.C(ver)
		k.S(ver)
		k.C("MSG 3 N 20\r\nMIME-Version")
		if closed {
			k.end()
		}
		in, err := OpenReader(bytes.NewReader(w.pcap()), "x")
		if err != nil {
			t.Fatal(err)
		}
		f := NewFollower(FollowOptions{Check: true})
		var rules []string
		for {
			r, err := in.Next()
			if err != nil {
				break
			}
			for _, l := range f.Findings(f.Record(r)) {
				if strings.HasPrefix(l.Rule, "frame.") {
					rules = append(rules, l.Rule)
				}
			}
		}
		for _, l := range f.Finish() {
			if strings.HasPrefix(l.Rule, "frame.") {
				rules = append(rules, l.Rule)
			}
		}
		if wrong := slices.Contains(rules, "frame.length"); wrong != closed {
			t.Errorf("closed %v: %v", closed, rules)
		}
	}
}
