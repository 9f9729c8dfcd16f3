package capture

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

func be16(n int) []byte { return []byte{byte(n >> 8), byte(n)} }
func be32(n uint32) []byte {
	return binary.BigEndian.AppendUint32(nil, n)
}
func le16(n int) []byte { return []byte{byte(n), byte(n >> 8)} }
func le32(n uint32) []byte {
	return binary.LittleEndian.AppendUint32(nil, n)
}

// outer makes an IPv4 packet of a protocol around b.
func outer(protocol byte, b []byte) []byte {
	head := join([]byte{0x45, 0}, be16(20+len(b)), []byte{0, 1, 0, 0, 64, protocol, 0, 0}, []byte{198, 51, 100, 7}, []byte{198, 51, 100, 8})
	sum := fold(sumOf(head))
	head[10], head[11] = byte(sum>>8), byte(sum)
	return join(head, b)
}

// datagramTo makes an IPv4 packet with a UDP datagram to a port.
func datagramTo(port int, b []byte) []byte {
	return outer(17, join(be16(40000), be16(port), be16(8+len(b)), []byte{0, 0}, b))
}

// frame is a whole Ethernet frame of an IP packet.
func frame(ip []byte, v6 bool) []byte {
	b := ethernet(ip, v6)
	return b[:len(b)-3]
}

func snap(ip []byte, v6 bool) []byte {
	return join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, etherType(v6), ip)
}

// wifi is a data frame: frame control, header of so many bytes in all, body.
func wifi(control, flags byte, header int, body []byte) []byte {
	h := make([]byte, header)
	h[0], h[1] = control, flags
	return join(h, body, []byte("FCS!"))
}

var qosData byte = 0x88

func aggregate(packets ...[]byte) []byte {
	var b []byte
	for _, p := range packets {
		b = append(b, join(macs, be16(len(p)), p)...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// esp wraps without encryption: padding, its length, the next header, a check value.
func esp(next byte, b []byte, icv int) []byte {
	pad := []byte{1, 2, 3}[:(6-len(b)%4)%4]
	return join(be32(0x100), be32(1), b, pad, []byte{byte(len(pad)), next}, make([]byte, icv))
}

func inner(v6 bool) byte {
	if v6 {
		return 41
	}
	return 4
}

// wrappings are ways that a packet may be wrapped. foreign ones tshark wants to be
// told of.
var wrappings = []struct {
	name    string
	link    layers.LinkType
	wrap    func(ip []byte, v6 bool) []byte
	foreign bool
}{
	{"VLAN 0x9100", 1, func(ip []byte, v6 bool) []byte {
		return join(macs, []byte{0x91, 0, 0, 9, 0x81, 0, 0, 7}, etherType(v6), ip)
	}, false},
	{"802.3 SNAP", 1, func(ip []byte, v6 bool) []byte {
		return join(macs, be16(8+len(ip)), snap(ip, v6), []byte("trailer"))
	}, false},
	{"MPLS", 1, func(ip []byte, v6 bool) []byte {
		return join(macs, []byte{0x88, 0x47}, be32(17<<12|64), be32(18<<12|0x100|64), ip)
	}, false},
	{"Ethernet in MPLS", 1, func(ip []byte, v6 bool) []byte {
		return join(macs, []byte{0x88, 0x47}, be32(17<<12|0x100|64), be32(0), frame(ip, v6))
	}, true},
	{"GRE", 101, func(ip []byte, v6 bool) []byte { return outer(47, join(be16(0), etherType(v6), ip)) }, false},
	{"GRE, all options", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0xb000), etherType(v6), be32(0), be32(77), be32(5), ip))
	}, true},
	{"NVGRE", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0x2000), be16(0x6558), be32(0x1234567), frame(ip, v6)))
	}, false},
	{"ERSPAN I", 101, func(ip []byte, v6 bool) []byte { return outer(47, join(be16(0), be16(0x88be), frame(ip, v6))) }, false},
	{"ERSPAN II", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0x1000), be16(0x88be), be32(9), be16(0x1001), be16(5), be32(0), frame(ip, v6)))
	}, false},
	{"ERSPAN III", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0x1000), be16(0x22eb), be32(9), be16(0x2001), be16(5), be32(0), be16(0), be16(0), frame(ip, v6)))
	}, false},
	{"ERSPAN III with a subheader", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0x1000), be16(0x22eb), be32(9), be16(0x2001), be16(5), be32(0), be16(0), be16(1), make([]byte, 8), frame(ip, v6)))
	}, true},
	{"PPTP", 101, func(ip []byte, v6 bool) []byte {
		ppp := join([]byte{0xff, 3}, pppProtocol(v6), ip)
		return outer(47, join(be16(0x3081), be16(0x880b), be16(len(ppp)), be16(3), be32(1), be32(2), ppp))
	}, false},
	{"VXLAN", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(4789, join(be32(0x08000000), be32(42<<8), frame(ip, v6)))
	}, false},
	{"VXLAN on another port", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(14789, join(be32(0x08000000), be32(42<<8), frame(ip, v6)))
	}, true},
	{"VXLAN-GPE", 101, func(ip []byte, v6 bool) []byte {
		n := uint32(1)
		if v6 {
			n = 2
		}
		return datagramTo(4790, join(be32(0x0c000000|n), be32(42<<8), ip))
	}, false},
	{"GENEVE", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(6081, join([]byte{2, 0}, be16(0x6558), be32(42<<8), make([]byte, 4), be32(0), frame(ip, v6)))
	}, true},
	{"GTP-U", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(2152, join([]byte{0x30, 255}, be16(len(ip)), be32(99), ip))
	}, false},
	{"GTP-U with an extension", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(2152, join([]byte{0x34, 255}, be16(8+len(ip)), be32(99), []byte{0, 0, 0, 0x85, 1, 0, 9, 0}, ip))
	}, false},
	{"Teredo", 101, func(ip []byte, v6 bool) []byte {
		if !v6 {
			return ip
		}
		return datagramTo(3544, join([]byte{0, 1, 0, 0}, make([]byte, 9), []byte{0, 0}, make([]byte, 6), ip))
	}, false},
	{"TZSP", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(37008, join([]byte{1, 0, 0, 1, 0, 10, 1, 5, 1}, frame(ip, v6)))
	}, false},
	{"L2TP", 101, func(ip []byte, v6 bool) []byte {
		ppp := join([]byte{0xff, 3}, pppProtocol(v6), ip)
		return datagramTo(1701, join(be16(0x4802), be16(12+len(ppp)), be32(7<<16|8), be32(0), ppp))
	}, false},
	{"L2TPv3", 101, func(ip []byte, v6 bool) []byte { return outer(115, join(be32(7), be32(0), frame(ip, v6))) }, true},
	{"IP in IP", 101, func(ip []byte, v6 bool) []byte { return outer(inner(v6), ip) }, false},
	{"EtherIP", 101, func(ip []byte, v6 bool) []byte { return outer(97, join(be16(0x3000), frame(ip, v6))) }, false},
	{"AH", 101, func(ip []byte, v6 bool) []byte {
		return outer(51, join([]byte{inner(v6), 4, 0, 0}, be32(1), be32(1), make([]byte, 12), ip))
	}, false},
	{"ESP without encryption", 101, func(ip []byte, v6 bool) []byte { return outer(50, esp(inner(v6), ip, 12)) }, true},
	{"UDP 4500, without encryption", 101, func(ip []byte, v6 bool) []byte { return datagramTo(4500, esp(inner(v6), ip, 16)) }, true},
	{"GUE", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(6080, join([]byte{0, inner(v6), 0, 0}, ip))
	}, true},
	{"CAPWAP", 101, func(ip []byte, v6 bool) []byte {
		return datagramTo(5247, join([]byte{0, 2 << 3, 0, 0}, be32(0), frame(ip, v6)))
	}, true},
	{"three tunnels", 101, func(ip []byte, v6 bool) []byte {
		return outer(47, join(be16(0), be16(0x800), datagramTo(4789, join(be32(0x08000000), be32(1<<8), frame(outer(inner(v6), ip), false)))))
	}, false},
	{"802.11", 105, func(ip []byte, v6 bool) []byte { return wifi(0x08, 1, 24, snap(ip, v6)) }, false},
	{"802.11 QoS", 105, func(ip []byte, v6 bool) []byte { return wifi(qosData, 2, 26, snap(ip, v6)) }, false},
	{"802.11 four addresses", 105, func(ip []byte, v6 bool) []byte { return wifi(0x08, 3, 30, snap(ip, v6)) }, false},
	{"802.11 HT control", 105, func(ip []byte, v6 bool) []byte { return wifi(qosData, 0x81, 30, snap(ip, v6)) }, false},
	{"802.11 A-MSDU", 105, func(ip []byte, v6 bool) []byte {
		b := wifi(qosData, 1, 26, aggregate(snap([]byte{0}, true), snap(ip, v6)))
		b[24] |= 0x80
		return b
	}, true},
	{"radiotap", 127, func(ip []byte, v6 bool) []byte {
		return join([]byte{0, 0, 25, 0}, le32(0x80000003), le32(0), make([]byte, 4), make([]byte, 8), []byte{0x10}, wifi(0x08, 1, 24, snap(ip, v6)))
	}, false},
	{"radiotap, padded", 127, func(ip []byte, v6 bool) []byte {
		w := wifi(qosData, 1, 26, join([]byte{0, 0}, snap(ip, v6)))
		return join([]byte{0, 0, 9, 0}, le32(2), []byte{0x30}, w)
	}, false},
	{"prism", 119, func(ip []byte, v6 bool) []byte {
		return join(le32(0x44), le32(144), make([]byte, 136), wifi(0x08, 1, 24, snap(ip, v6)))
	}, false},
	{"AVS", 163, func(ip []byte, v6 bool) []byte {
		return join(be32(0x80211001), be32(64), make([]byte, 56), wifi(0x08, 1, 24, snap(ip, v6)))
	}, false},
	{"PPI", 192, func(ip []byte, v6 bool) []byte {
		return join([]byte{0, 0}, le16(8), le32(105), wifi(0x08, 1, 24, snap(ip, v6)))
	}, false},
	{"PPP-HDLC", 50, func(ip []byte, v6 bool) []byte { return join([]byte{0xff, 3}, pppProtocol(v6), ip) }, false},
	{"Cisco HDLC", 104, func(ip []byte, v6 bool) []byte { return join([]byte{0x0f, 0}, etherType(v6), ip) }, false},
	{"Frame Relay", 107, func(ip []byte, v6 bool) []byte {
		nlpid := byte(0xcc)
		if v6 {
			nlpid = 0x8e
		}
		return join([]byte{0x18, 0x41, 3, nlpid}, ip)
	}, false},
	{"PKTAP", 258, func(ip []byte, v6 bool) []byte {
		return join(le32(108), le32(1), le32(1), make([]byte, 96), frame(ip, v6))
	}, true},
	{"nflog", 239, func(ip []byte, v6 bool) []byte {
		family := byte(2)
		if v6 {
			family = 10
		}
		return join([]byte{family, 0, 0, 1}, le16(8), le16(1), make([]byte, 4), le16(4+len(ip)), le16(9), ip)
	}, false},
	{"Token Ring", 6, func(ip []byte, v6 bool) []byte {
		return join([]byte{0x10, 0x40}, macs[:6], []byte{0x82, 0, 0, 0, 0, 2}, []byte{2, 0}, snap(ip, v6))
	}, false},
	{"FDDI", 10, func(ip []byte, v6 bool) []byte { return join([]byte{0x50}, macs, snap(ip, v6)) }, false},
	{"pflog", 117, func(ip []byte, v6 bool) []byte {
		h := make([]byte, 64)
		h[0], h[1] = 61, 2
		if v6 {
			h[1] = 24
		}
		return join(h, ip)
	}, false},
}

// Whatever a packet is wrapped in, the connection is found; and if it is cut anywhere,
// nothing worse happens than that it is not.
func TestWrappings(t *testing.T) {
	ends4 := [2]string{aliceAt, nsAt}
	ends6 := [2]string{"[2001:0:5::1]:1055", "[2001:0:5::2]:1863"}
	for _, tt := range wrappings {
		for version, at := range map[string][2]string{"IPv4": ends4, "IPv6": ends6} {
			t.Run(tt.name+"/"+version, func(t *testing.T) {
				w := newWire(t)
				w.wrap = tt.wrap
				k := w.dial(at[0], at[1])
				k.C(ver)
				k.S(ver)
				k.C(msg)
				k.end()
				got, r, err := readAll(t, w.pcap(tt.link))
				if err != nil {
					t.Fatal(err)
				}
				want(t, got, told{1, Opened, 0, at[0] + " " + at[1], 0}, c(ver), s(ver), c(msg), ends(decode.Client))
				if s := r.Stats(); s.Cut != 0 || s.Connections != 1 {
					t.Error(s)
				}
				d := newDissector()
				var seg segment
				for _, p := range w.packets {
					for n := range p.data {
						d.dissect(&packet{link: tt.link, data: p.data[:n], time: p.time}, &seg)
						for more := true; more; _, more = d.again(&packet{time: p.time}, &seg) {
						}
					}
				}
			})
		}
	}
}

// tshark understands the packets of TestWrappings the same way.
func TestWrappingsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("tshark is slow")
	}
	order := binary.LittleEndian
	file := section(order)
	var packets []byte
	want := make(map[string]string)
	for i, tt := range wrappings {
		if tt.foreign {
			continue
		}
		w := newWire(t)
		w.wrap = tt.wrap
		port := fmt.Sprint(10000 + i)
		w.talk("[2001:0:5::1]:"+port, "[2001:0:5::2]:1863").C(ver)
		packets = append(packets, enhanced(order, uint32(len(want)), 0, w.packets[0].data)...)
		file = append(file, describe(order, tt.link, 9, 0)...)
		want[port] = tt.name
	}
	path := filepath.Join(t.TempDir(), "wrapped.pcapng")
	if err := os.WriteFile(path, append(file, packets...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", path, "-Y", "tcp.dstport==1863 && tcp.len==18", "-T", "fields", "-e", "tcp.srcport").Output()
	if err != nil {
		t.Fatal(err)
	}
	for port := range strings.FieldsSeq(string(out)) {
		delete(want, port)
	}
	for _, name := range want {
		t.Errorf("%s: tshark sees no MSNP in it", name)
	}
}

// What is not looked into has a name.
func TestNotRead(t *testing.T) {
	ip := func(protocol byte, b []byte) func() (layers.LinkType, []byte) {
		return func() (layers.LinkType, []byte) { return 101, outer(protocol, b) }
	}
	udp := func(port int, b []byte) func() (layers.LinkType, []byte) {
		return func() (layers.LinkType, []byte) { return 101, datagramTo(port, b) }
	}
	noise := make([]byte, 100)
	for i := range noise {
		noise[i] = byte(i*37 + 11)
	}
	deep := []byte{0x45}
	for range maxWrappings + 1 {
		deep = outer(4, deep)
	}
	tests := []struct {
		want string
		make func() (layers.LinkType, []byte)
	}{
		{"ESP (IPsec): encrypted", ip(50, noise)},
		{"UDP 4500, ESP (IPsec): encrypted", udp(4500, noise)},
		{"WireGuard (UDP)", udp(51820, noise)},
		{"WireGuard (UDP)", udp(4444, join(le32(4), noise[:92]))},
		{"OpenVPN (UDP 1194)", udp(1194, noise)},
		{"QUIC (UDP)", udp(443, noise)},
		{"QUIC (UDP)", udp(5555, join([]byte{0xc3, 0, 0, 0, 1}, noise))},
		{"DTLS (UDP)", udp(5556, join([]byte{22, 0xfe, 0xfd}, noise))},
		{"IPComp", ip(108, noise)},
		{"MACsec", func() (layers.LinkType, []byte) { return 1, join(macs, []byte{0x88, 0xe5}, noise) }},
		{"802.11, encrypted", func() (layers.LinkType, []byte) { return 105, wifi(qosData, 0x41, 26, noise) }},
		{"802.11, fragments", func() (layers.LinkType, []byte) { return 105, wifi(8, 5, 24, snap(noise, false)) }},
		{"802.11, damaged", func() (layers.LinkType, []byte) {
			return 127, join([]byte{0, 0, 9, 0}, le32(2), []byte{0x50}, wifi(8, 1, 24, snap(noise, false)))
		}},
		{"PPP, compressed or encrypted", func() (layers.LinkType, []byte) { return 9, join([]byte{0xff, 3, 0, 0xfd}, noise) }},
		{"wrapped too often", func() (layers.LinkType, []byte) { return 101, deep }},
	}
	for _, tt := range tests {
		w := newWire(t)
		link, b := tt.make()
		w.packets = append(w.packets, wirePacket{w.now, b})
		_, r, err := readAll(t, w.pcap(link))
		if s := r.Stats(); err != nil || s.NotTCP != 0 || !strings.Contains(s.String(), "1 packet of "+tt.want) {
			t.Errorf("%s: %v, %v", tt.want, s, err)
		}
	}
}

// As many wrappings as may be are taken off.
func TestMostWrappings(t *testing.T) {
	for _, tt := range []struct {
		n    int
		read bool
	}{{maxWrappings - 3, true}, {maxWrappings - 2, false}} {
		w := newWire(t)
		w.wrap = func(ip []byte, v6 bool) []byte {
			for range tt.n {
				ip = outer(4, ip)
			}
			return ip
		}
		w.dial(aliceAt, nsAt).C(ver)
		_, r, _ := readAll(t, w.pcap())
		if s := r.Stats(); (s.MSNP == 1) != tt.read {
			t.Errorf("%d wrappings: %v", tt.n, s)
		}
	}
}

// Two packets in one frame of 802.11.
func TestAggregate(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	k.C(inf)
	n := len(w.packets)
	two := wifi(qosData, 1, 26, aggregate(snap(w.packets[n-2].data, false), snap(w.packets[n-1].data, false)))
	two[24] |= 0x80
	for i := range w.packets {
		w.packets[i].data = wifi(8, 1, 24, snap(w.packets[i].data, false))
	}
	w.packets = append(w.packets[:n-2], wirePacket{w.now, two})
	got, _, err := readAll(t, w.pcap(105))
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, begins(), c(ver), c(inf))
}

// Any bytes of any link type are dissected without harm.
func FuzzWrapping(f *testing.F) {
	for _, tt := range wrappings {
		w := newWire(f)
		w.wrap = tt.wrap
		w.dial(aliceAt, nsAt).C(ver)
		f.Add(uint16(tt.link), w.packets[len(w.packets)-1].data)
	}
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		d := newDissector()
		var s segment
		pkt := &packet{link: layers.LinkType(link), data: b}
		n := 0
		for what, more := d.dissect(pkt, &s), true; more; what, more = d.again(pkt, &s) {
			if what == aTCP && (s.cut < 0 || len(s.data) > len(b)) {
				t.Fatalf("%d bytes of data and %d cut in a packet of %d", len(s.data), s.cut, len(b))
			}
			if n++; n > len(b)+1 {
				t.Fatal("no end of packets in a frame")
			}
		}
	})
}
