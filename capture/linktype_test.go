package capture

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

func etherType(v6 bool) []byte {
	if v6 {
		return []byte{0x86, 0xdd}
	}
	return []byte{8, 0}
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

var macs = []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}

func ethernet(ip []byte, v6 bool) []byte {
	// A trailer, as short frames have: it is no part of the packet.
	return join(macs, etherType(v6), ip, []byte("pad"))
}

func family(order binary.ByteOrder, v6Family uint32) func([]byte, bool) []byte {
	return func(ip []byte, v6 bool) []byte {
		var f [4]byte
		order.PutUint32(f[:], 2)
		if v6 {
			order.PutUint32(f[:], v6Family)
		}
		return join(f[:], ip)
	}
}

func pppProtocol(v6 bool) []byte {
	if v6 {
		return []byte{0, 0x57}
	}
	return []byte{0, 0x21}
}

func TestLinkTypes(t *testing.T) {
	tests := []struct {
		name string
		link layers.LinkType
		wrap func(ip []byte, v6 bool) []byte
		only int // IP version
	}{
		{"ethernet", layers.LinkTypeEthernet, ethernet, 0},
		{"VLAN", layers.LinkTypeEthernet, func(ip []byte, v6 bool) []byte {
			return join(macs, []byte{0x81, 0, 0, 7}, etherType(v6), ip)
		}, 0},
		{"two VLANs", layers.LinkTypeEthernet, func(ip []byte, v6 bool) []byte {
			return join(macs, []byte{0x88, 0xa8, 0, 9, 0x81, 0, 0, 7}, etherType(v6), ip)
		}, 0},
		{"PPPoE", layers.LinkTypeEthernet, func(ip []byte, v6 bool) []byte {
			n := len(ip) + 2
			return join(macs, []byte{0x88, 0x64, 0x11, 0, 0, 1, byte(n >> 8), byte(n)}, pppProtocol(v6), ip)
		}, 0},
		{"PPPoE in a VLAN", layers.LinkTypeEthernet, func(ip []byte, v6 bool) []byte {
			n := len(ip) + 2
			return join(macs, []byte{0x81, 0, 0, 7, 0x88, 0x64, 0x11, 0, 0, 1, byte(n >> 8), byte(n)}, pppProtocol(v6), ip)
		}, 0},
		{"PPP", layers.LinkTypePPP, func(ip []byte, v6 bool) []byte { return join([]byte{0xff, 3}, pppProtocol(v6), ip) }, 0},
		{"PPP compressed", layers.LinkTypePPP, func(ip []byte, v6 bool) []byte { return join(pppProtocol(v6)[1:], ip) }, 0},
		{"null little-endian", layers.LinkTypeNull, family(binary.LittleEndian, 30), 0},
		{"null big-endian", layers.LinkTypeNull, family(binary.BigEndian, 28), 0},
		{"null Windows", layers.LinkTypeNull, family(binary.LittleEndian, 23), 0},
		{"loop", layers.LinkTypeLoop, family(binary.BigEndian, 24), 0},
		{"raw", layers.LinkTypeRaw, nil, 0},
		{"raw 12", linkRawBSD, nil, 0},
		{"raw 14", linkRawOpenBSD, nil, 0},
		{"IPv4", layers.LinkTypeIPv4, nil, 4},
		{"IPv6", layers.LinkTypeIPv6, nil, 6},
		{"SLL", layers.LinkTypeLinuxSLL, func(ip []byte, v6 bool) []byte {
			return join([]byte{0, 0, 0, 1, 0, 6}, macs[:6], []byte{0, 0}, etherType(v6), ip)
		}, 0},
		{"SLL2", layers.LinkTypeLinuxSLL2, func(ip []byte, v6 bool) []byte {
			return join(etherType(v6), []byte{0, 0, 0, 0, 0, 2, 0, 1, 0, 6}, macs[:6], []byte{0, 0}, ip)
		}, 0},
	}
	ends4 := [2]string{aliceAt, nsAt}
	ends6 := [2]string{"[2001:db8::1]:1055", "[2001:db8::2]:1863"}
	for _, tt := range tests {
		for version, at := range map[int][2]string{4: ends4, 6: ends6} {
			if tt.only != 0 && tt.only != version {
				continue
			}
			t.Run(fmt.Sprintf("%s/IPv%d", tt.name, version), func(t *testing.T) {
				w := newWire(t)
				w.wrap = tt.wrap
				k := w.dial(at[0], at[1])
				k.C(ver)
				k.S(ver)
				k.C(msg)
				k.end()
				expected := []told{{1, Opened, 0, at[0] + " " + at[1], 0}, c(ver), s(ver), c(msg), ends(decode.Client)}
				for name, file := range map[string][]byte{
					"pcap":                       w.pcapAs(binary.LittleEndian, magicNano, tt.link),
					"pcap, big-endian, micro":    w.pcapAs(binary.BigEndian, magicMicro, tt.link),
					"pcapng":                     w.pcapng(binary.LittleEndian, tt.link),
					"pcapng, big-endian section": w.pcapng(binary.BigEndian, tt.link),
				} {
					got, r, err := readAll(t, file)
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					want(t, got, expected...)
					if s := r.Stats(); s.NotTCP != 0 || s.Packets != 9 {
						t.Errorf("%s: %v", name, s)
					}
				}
			})
		}
	}
}

func TestUnknownLinkType(t *testing.T) {
	w := newWire(t)
	w.dial(aliceAt, nsAt).C(ver)
	got, r, err := readAll(t, w.pcap(layers.LinkTypeLinuxUSB))
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, want := r.Stats().String(), "pcap: 4 packets, 0 TCP connections; 4 packets of link type USB (220), which is not understood"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Everything about a packet may be cut short or senseless.
func TestSenselessPackets(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	k.C(ver)
	whole := w.packets[len(w.packets)-1]
	for n := range whole.data {
		w.packets = append(w.packets, wirePacket{whole.time, whole.data[:n]})
		bad := append([]byte(nil), whole.data...)
		bad[n] ^= 0xff
		w.packets = append(w.packets, wirePacket{whole.time, bad})
	}
	k.S(ver)
	for _, link := range []layers.LinkType{0, 1, 9, 12, 14, 101, 108, 113, 228, 229, 276} {
		if _, _, err := readAll(t, w.pcap(link)); err != nil {
			t.Errorf("link type %d: %v", link, err)
		}
	}
	got, _, _ := readAll(t, w.pcap())
	found := 0
	for _, e := range got {
		if e.From == decode.Server && e.Text == ver {
			found++
		}
	}
	if found == 0 {
		t.Errorf("the server's word is lost among senseless packets: %v", got)
	}
}
