package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// translated returns a packet of IPv4 as it is behind a translation of addresses.
func translated(t *testing.T, b []byte, client, server string) []byte {
	b = bytes.Clone(b)
	k := newWire(t).talk(client, server)
	src, dst := k.client, k.server
	if b[20] == 0x07 && b[21] == 0x47 { // from port 1863
		src, dst = dst, src
	}
	copy(b[12:], src.Addr().AsSlice())
	copy(b[16:], dst.Addr().AsSlice())
	b[20], b[21] = byte(src.Port()>>8), byte(src.Port())
	b[22], b[23] = byte(dst.Port()>>8), byte(dst.Port())
	b[8]-- // TTL
	return b
}

// However a connection begins and ends, and whatever packet one of its two captures
// lacks, it is told once.
func TestTwinsBegin(t *testing.T) {
	const reply = "MSG 2 N 49\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhi"
	talks := map[string]func(k *talk){
		"a sign-in": func(k *talk) {
			k.C(ver)
			k.S(ver)
			k.C(inf)
			k.S(infMD5)
			k.C(usr)
			k.S("USR 3 MD5 S 123.456\r\n")
		},
		"a caller": func(k *talk) {
			k.C("USR 1 alice@example.com 17262740.1050826919\r\n")
			k.S("USR 1 OK alice@example.com Alice\r\n")
			k.C("CAL 2 bob@example.com\r\n")
			k.S("CAL 2 RINGING 11752013\r\n")
			k.S("JOI bob@example.com Bob\r\n")
			k.C(reply)
		},
		"who is called": func(k *talk) {
			k.C("ANS 1 bob@example.com 849102291.520491113 11752013\r\n")
			k.S("IRO 1 1 1 alice@example.com Alice\r\n")
			k.S("ANS 1 OK\r\n")
			k.S(msg)
			k.C(reply)
		},
		"a line in two": func(k *talk) {
			k.C("ANS 1 bob@example.com 8491")
			k.C("02291.520491113 11752013\r\n")
			k.S("IRO 1 1 1 alice@example.com Alice\r\nANS 1 OK\r\n")
		},
		"the server first": func(k *talk) {
			k.S("CHL 0 15570131571988941333\r\n")
			k.C("QRY 8 msmsgs@msnmsgr.com 32\r\n8f2f5a91b72102cd28355e9fc9000d6e")
			k.S("QRY 8\r\n")
		},
		"an error first":   func(k *talk) { k.S("911 1\r\n"); k.C("OUT\r\n"); k.S("OUT OTH\r\n") },
		"the middle":       func(k *talk) { k.S("lo there, how are you?"); k.C(reply); k.S(msg); k.S(msg) },
		"a ping":           func(k *talk) { k.C("PNG\r\n"); k.S("QNG 50\r\n") },
		"one line":         func(k *talk) { k.C(ver) },
		"one side's lines": func(k *talk) { k.S("NLN NLN alice@example.com Alice\r\n"); k.S("FLN bob@example.com\r\n") },
	}
	try := func(name, opening, end, behind, lacks string, lag time.Duration) {
		w := newWire(t)
		k := w.talk(aliceAt, nsAt)
		k.c, k.s = 0x7ffffff0, 0xf0000000
		k.open()
		switch opening {
		case "no SYN":
			w.packets = w.packets[2:]
		case "SYN of the server only":
			w.packets = w.packets[1:]
		case "data":
			w.packets = nil
		}
		talks[name](k)
		switch end {
		case "FIN":
			k.end()
		case "RST":
			k.rst(decode.Server)
		}
		once := slices.Clone(w.packets)
		client, server := "203.0.113.5:61001", nsAt
		switch behind {
		case "destination":
			client, server = aliceAt, "203.0.113.9:1863"
		case "both":
			server = "203.0.113.9:11863"
		case "address":
			client = "203.0.113.5:1055"
		}
		w.packets = nil
		for i, p := range once {
			p.time = once[0].time.Add(time.Duration(i) * 20 * time.Millisecond)
			w.packets = append(w.packets, p)
			if lacks == "first" && i == 0 || lacks == "last" && i == len(once)-1 || lacks == "last two" && i >= len(once)-2 {
				continue
			}
			w.packets = append(w.packets, wirePacket{p.time.Add(lag), translated(t, p.data, client, server)})
		}
		slices.SortStableFunc(w.packets, func(a, b wirePacket) int { return a.time.Compare(b.time) })
		got, r, err := readAll(t, w.pcap())
		if s := r.Stats(); err != nil || s.MSNP != 1 {
			t.Errorf("%s, captured from %s, ended by %s, translated %s, lacks %s, %v later: %v, %v\n%v", name, opening, end, behind, lacks, lag, s, err, got)
		}
	}
	openings, ends := []string{"SYN", "no SYN", "SYN of the server only", "data"}, []string{"FIN", "RST", "nothing"}
	behinds, lackings := []string{"source", "destination", "both", "address"}, []string{"nothing", "first", "last", "last two"}
	lags := []time.Duration{300 * time.Microsecond, 0, 3 * time.Millisecond, 90 * time.Millisecond, -300 * time.Microsecond}
	i := 0
	for name := range talks {
		for _, opening := range openings {
			for _, end := range ends {
				for _, lacks := range lackings {
					if opening == "data" && lacks == "last two" && (name == "one line" || end == "nothing") || name == "one line" && opening == "data" {
						continue // nothing is left
					}
					i++
					try(name, opening, end, behinds[i/3%len(behinds)], lacks, lags[i%len(lags)])
				}
			}
		}
	}
}

// Real captures as a router has them, each packet before and behind its translation,
// say the same.
func TestTwinsOfRealCaptures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pcap")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		once, s := findings(t, b)
		for _, lag := range []time.Duration{300 * time.Microsecond, -300 * time.Microsecond, 5 * time.Millisecond} {
			w := newWire(t)
			link := w.behindNAT(b, lag)
			twice, s2 := findings(t, w.pcap(link))
			if s.MSNP != s2.MSNP {
				t.Errorf("%s, %v later: %v", name, lag, s2)
			}
			if d := cmp.Diff(once, twice); d != "" {
				t.Errorf("%s, %v later (-once +twice):\n%s", name, lag, d)
			}
		}
	}
}

// behindNAT puts the packets of a capture on the wire twice, the second time from
// other clients.
func (w *wire) behindNAT(b []byte, lag time.Duration) (link layers.LinkType) {
	r, err := OpenReader(bytes.NewReader(b), "x")
	if err != nil {
		w.t.Fatal(err)
	}
	var p packet
	for src := r.in.(*packets).src; src.next(&p) == nil; link = p.link {
		w.packets = append(w.packets, wirePacket{p.time, bytes.Clone(p.data)})
		d := bytes.Clone(p.data)
		ip := d
		if p.link == layers.LinkTypeEthernet {
			ip = d[14:]
		}
		if len(ip) >= 24 && ip[0]>>4 == 4 {
			at, port := 12, 20
			if ip[20] == 7 && ip[21] == 0x47 { // from the server
				at, port = 16, 22
			}
			ip[at] ^= 0x55
			ip[port] ^= 0x33
			w.packets = append(w.packets, wirePacket{p.time.Add(lag), d})
		}
	}
	slices.SortStableFunc(w.packets, func(a, b wirePacket) int { return a.time.Compare(b.time) })
	return link
}

// findings returns the messages of a recording with what was found.
func findings(t *testing.T, b []byte) (list []string, s Stats) {
	r, err := OpenReader(bytes.NewReader(b), "x")
	if err != nil {
		t.Fatal(err)
	}
	f := NewFollower(FollowOptions{Check: true})
	for {
		rec, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		if rec.Kind == Data {
			list = append(list, fmt.Sprintf("%v %q", rec.From, rec.Frame.Raw))
		}
		for _, l := range f.Findings(f.Record(rec)) {
			list = append(list, fmt.Sprint(l.Rule, " ", l.Number))
		}
	}
	for _, l := range f.Finish() {
		list = append(list, fmt.Sprint(l.Rule, " ", l.Number))
	}
	return list, r.Stats()
}

// What only one of the captures has is not lost with it.
func TestTwinsCompleteEachOther(t *testing.T) {
	for _, lag := range []time.Duration{300 * time.Microsecond, -300 * time.Microsecond} {
		w := newWire(t)
		k := w.talk(aliceAt, nsAt)
		k.c, k.s = 0x7ffffff0, 0xf0000000
		k.open()
		k.C(ver)
		k.S(ver)
		k.C(inf)
		once := slices.Clone(w.packets)
		w.packets = nil
		for i, p := range once {
			if i < len(once)-1 {
				w.packets = append(w.packets, p)
			}
			w.packets = append(w.packets, wirePacket{p.time.Add(lag), translated(t, p.data, "203.0.113.5:61001", nsAt)})
		}
		slices.SortStableFunc(w.packets, func(a, b wirePacket) int { return a.time.Compare(b.time) })
		got, r, err := readAll(t, w.pcap())
		if s := r.Stats(); err != nil || s.MSNP != 1 || s.Twins != 1 {
			t.Errorf("%v, %v", s, err)
		}
		var lines []string
		for _, e := range got {
			if e.Kind == Data {
				lines = append(lines, e.Text)
			}
		}
		if !slices.Equal(lines, []string{ver, ver, inf}) {
			t.Errorf("%v later: %q", lag, lines)
		}
	}
}

// Connections that begin alike are no twins if the numbers are what every packet made
// by hand has, or differ: what they have in common is too little.
func TestNoTwins(t *testing.T) {
	for _, tt := range []struct {
		name string
		c, s uint32 // sequence numbers of one
		c2   uint32 // and of the other's client
		a, b string // what the clients say
		msnp int
	}{
		{"low numbers, few bytes", 1000, 5000, 1000, "PNG\r\n", "PNG\r\n", 2},
		{"numbers just too low", 1<<20 - 2, 1 << 30, 1<<20 - 2, "PNG\r\n", "PNG\r\n", 2},
		{"numbers just high enough", 1<<20 - 1, 1 << 30, 1<<20 - 1, "PNG\r\n", "PNG\r\n", 1},
		{"other numbers", 1 << 30, 1 << 30, 1<<30 + 1, "PNG\r\n", "PNG\r\n", 2},
		{"other bytes", 1 << 30, 1 << 30, 1 << 30, "PNG\r\n", "OUT\r\n", 2},
		{"other bytes at the end", 1 << 30, 1 << 30, 1 << 30, ver + usr, ver + strings.Replace(usr, "alice", "bobby", 1), 2},
	} {
		w := newWire(t)
		k, l := w.talk(aliceAt, nsAt), w.talk(bobAt, nsAt)
		k.c, k.s, l.c, l.s = tt.c, tt.s, tt.c2, tt.s
		k.open()
		l.open()
		k.C(tt.a)
		l.C(tt.b)
		k.S("QNG 50\r\n")
		l.S("QNG 50\r\n")
		_, r, err := readAll(t, w.pcap())
		if s := r.Stats(); err != nil || s.MSNP != tt.msnp {
			t.Errorf("%s: %v, %v", tt.name, s, err)
		}
	}
}

// Of connections that were captured together those are no twins that are farther
// apart in time or number than packets are lost.
func TestTwinsAreNear(t *testing.T) {
	const high = 1 << 30
	at := func(began, seen time.Duration, c, s uint32, client uint16) *flow {
		begun := time.Unix(1e9, 0)
		f := &flow{open: &open{}, verdict: isMSNP, began: begun.Add(began), seen: begun.Add(seen), begins: &beginning{}}
		f.key.port = [2]uint16{client, 1863}
		f.key.addr[0][0] = byte(client)
		f.streams[0].start(c)
		f.streams[1].start(s)
		return f
	}
	for _, tt := range []struct {
		name string
		o, f *flow
		twin bool
	}{
		{"64 KiB", at(0, 0, high, high, 1), at(0, 0, high+64<<10, high, 2), true},
		{"a byte more", at(0, 0, high, high, 1), at(0, 0, high+64<<10+1, high, 2), false},
		{"seen a quarter of a second before", at(0, 0, high, high, 1), at(250*time.Millisecond, time.Second, high, high, 2), true},
		{"a moment more", at(0, 0, high, high, 1), at(250*time.Millisecond+1, time.Second, high, high, 2), false},
		{"low, two seconds later", at(0, time.Minute, 1, 1, 1), at(2*time.Second, time.Minute, 1, 1, 2), true},
		{"low, a moment more", at(0, time.Minute, 1, 1, 1), at(2*time.Second+1, time.Minute, 1, 1, 2), false},
		{"low, two seconds earlier", at(2*time.Second, time.Minute, 1, 1, 1), at(0, time.Minute, 1, 1, 2), true},
		{"low, a moment more before", at(2*time.Second+1, time.Minute, 1, 1, 1), at(0, time.Minute, 1, 1, 2), false},
		{"high, whenever", at(0, time.Minute, high, high, 1), at(3*time.Second, time.Minute, high, high, 2), true},
	} {
		p := &packets{recent: []*flow{tt.o}}
		if got := p.findTwin(tt.f, 0) != nil; got != tt.twin {
			t.Errorf("%s: twin %v", tt.name, got)
		}
	}
}
