package capture

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// flowKey names the two ends of a TCP connection, the lower one first.
type flowKey struct {
	addr [2][16]byte // IPv4 as IPv6
	port [2]uint16
}

// side tells the two ends of a flowKey apart.
type side uint8

func (s side) peer() side { return 1 - s }

// address returns one end as "host:port".
func (k *flowKey) address(s side) string {
	return netip.AddrPortFrom(netip.AddrFrom16(k.addr[s]).Unmap(), k.port[s]).String()
}

// segment is one TCP segment.
type segment struct {
	key                flowKey
	from               side
	seq, ack           uint32
	syn, fin, rst, has bool // has: there is an acknowledgment number
	data               []byte
	place              place
	// cut is the number of bytes that the segment has and the capture left out
	// at its end.
	cut int
}

// dissector finds the TCP segment in a packet.
type dissector struct {
	ip4     layers.IPv4
	ip6     layers.IPv6
	skipped layers.IPv6ExtensionSkipper
	tcp     layers.TCP

	pieces fragments

	place     place           // where the packet was captured
	etherType uint16          // of what is next, if linkEtherType says so
	notRead   string          // what the packet is that is not looked into
	known     layers.LinkType // understood, as that of the last packet; LinkTypeNull is
	wifiPad   bool            // the next 802.11 header is padded to four bytes
	more      [][]byte        // packets in the same frame, of linkLLC
}

// linkPPPoverEthernet stands for PPP inside PPPoE; no file has it.
const linkPPPoverEthernet layers.LinkType = 0xffff

func newDissector() *dissector { return &dissector{} }

// found is what a packet turned out to hold.
type found uint8

const (
	noTCP   found = iota
	aTCP          // a segment
	aPiece        // a fragment that was kept, or could not be
	strange       // the link type is not understood
)

// dissect finds the TCP segment of a packet. The segment's bytes are the
// packet's, or hold until the next call. If it finds none, notRead may say why.
func (d *dissector) dissect(pkt *packet, s *segment) found {
	d.place, d.notRead, d.wifiPad, d.more = place(0).in('i', pkt.iface), "", false, d.more[:0]
	if link := pkt.link; link != d.known {
		if linkWrappings[link] == nil && link != layers.LinkTypeIPv4 && link != layers.LinkTypeIPv6 {
			return strange
		}
		d.known = link
	}
	return d.descend(pkt.data, pkt.link, pkt.time, s)
}

// again goes on with the next packet in the same frame. It reports false if there
// is none.
func (d *dissector) again(pkt *packet, s *segment) (found, bool) {
	if len(d.more) == 0 {
		return noTCP, false
	}
	b := d.more[0]
	d.more, d.notRead = d.more[1:], ""
	return d.descend(b, linkLLC, pkt.time, s), true
}

// descend goes through the wrappings of a packet.
func (d *dissector) descend(data []byte, link layers.LinkType, at time.Time, s *segment) found {
	var ip gopacket.LayerType
	for range maxWrappings {
		switch link {
		case linkNone:
			return noTCP
		case linkTCP:
			if ip == 0 {
				return noTCP
			}
			if d.tcp.DecodeFromBytes(data, gopacket.NilDecodeFeedback) != nil {
				if announced, there := d.lengths(ip); announced > there {
					d.notRead = "TCP, cut within its header (capture whole packets: tcpdump -s 0)"
				}
				return noTCP
			}
			d.segment(ip, s)
			return aTCP
		case layers.LinkTypeIPv4, layers.LinkTypeIPv6:
			what := noTCP
			if ip, data, link, what = d.inIP(data, link, at); what != noTCP {
				return what
			}
		default:
			data, link = linkWrappings[link](d, data)
		}
	}
	d.notRead = "wrapped too often: not looked into"
	return noTCP
}

// inIP returns what is inside an IP packet.
func (d *dissector) inIP(b []byte, link layers.LinkType, at time.Time) (ip gopacket.LayerType, inner []byte, inside layers.LinkType, what found) {
	if link == layers.LinkTypeIPv6 {
		protocol, payload, whole := d.inIPv6(b)
		if !whole {
			return ip, nil, linkNone, aPiece
		}
		inner, inside = d.protocol(protocol, payload)
		return layers.LayerTypeIPv6, inner, inside, noTCP
	}
	if d.ip4.DecodeFromBytes(b, gopacket.NilDecodeFeedback) != nil {
		return ip, nil, linkNone, noTCP
	}
	protocol, payload := d.ip4.Protocol, d.ip4.Payload
	if d.ip4.Flags&layers.IPv4MoreFragments != 0 || d.ip4.FragOffset > 0 {
		if payload, protocol = d.defragment(at); payload == nil {
			return ip, nil, linkNone, aPiece
		}
		d.ip4.Length, d.ip4.Contents, d.ip4.Payload = 0, nil, payload
	}
	inner, inside = d.protocol(protocol, payload)
	return layers.LayerTypeIPv4, inner, inside, noTCP
}

// inIPv6 returns what is behind the header of an IPv6 packet and those that follow
// it. whole is false for fragments.
func (d *dissector) inIPv6(b []byte) (protocol layers.IPProtocol, payload []byte, whole bool) {
	d.ip6.HopByHop = nil
	if d.ip6.DecodeFromBytes(b, gopacket.NilDecodeFeedback) != nil {
		return layers.IPProtocolNoNextHeader, nil, true
	}
	protocol, payload = d.ip6.NextHeader, d.ip6.Payload
	if d.ip6.HopByHop != nil {
		protocol = d.ip6.HopByHop.NextHeader
	}
	for range maxWrappings {
		switch protocol {
		case layers.IPProtocolIPv6Fragment:
			return protocol, nil, false
		case layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination, layers.IPProtocolIPv6HopByHop:
			if d.skipped.DecodeFromBytes(payload, gopacket.NilDecodeFeedback) != nil {
				return layers.IPProtocolNoNextHeader, nil, true
			}
			protocol, payload = d.skipped.NextHeader, d.skipped.Payload
		default:
			return protocol, payload, true
		}
	}
	return layers.IPProtocolNoNextHeader, nil, true
}

// segment fills in s from the layers.
func (d *dissector) segment(ip gopacket.LayerType, s *segment) {
	src, dst := d.ip4.SrcIP, d.ip4.DstIP
	if ip != layers.LayerTypeIPv4 {
		src, dst = d.ip6.SrcIP, d.ip6.DstIP
	}
	announced, there := d.lengths(ip)
	t := &d.tcp
	s.seq, s.ack = t.Seq, t.Ack
	s.syn, s.fin, s.rst, s.has = t.SYN, t.FIN, t.RST, t.ACK
	s.data, s.place = t.Payload, d.place
	s.cut = max(0, announced-there)
	s.from = s.key.set(src, dst, uint16(t.SrcPort), uint16(t.DstPort))
}

// lengths returns how long the IP packet says that it is, and how much of it is there.
func (d *dissector) lengths(ip gopacket.LayerType) (announced, there int) {
	if ip == layers.LayerTypeIPv4 {
		return int(d.ip4.Length), len(d.ip4.Contents) + len(d.ip4.Payload)
	}
	announced, there = int(d.ip6.Length), len(d.ip6.Payload)
	if d.ip6.HopByHop != nil {
		there += d.ip6.HopByHop.ActualLength
	}
	return announced, there
}

// set makes the key of a packet from src to dst, and returns which side of it is
// the source.
func (k *flowKey) set(src, dst []byte, srcPort, dstPort uint16) side {
	var a, b [16]byte
	if len(src) == 4 {
		a[10], a[11], b[10], b[11] = 0xff, 0xff, 0xff, 0xff
		copy(a[12:], src)
		copy(b[12:], dst)
	} else {
		copy(a[:], src)
		copy(b[:], dst)
	}
	if c := compare(&a, &b); c < 0 || c == 0 && srcPort <= dstPort {
		k.addr, k.port = [2][16]byte{a, b}, [2]uint16{srcPort, dstPort}
		return 0
	}
	k.addr, k.port = [2][16]byte{b, a}, [2]uint16{dstPort, srcPort}
	return 1
}

func compare(a, b *[16]byte) int {
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

// linkName names a link type for people.
func linkName(t layers.LinkType) string {
	if t < layers.LinkTypeMax {
		if name := t.String(); name != "" && name != "UnknownLinkType" {
			return name + " (" + strconv.Itoa(int(t)) + ")"
		}
	}
	return strconv.Itoa(int(t))
}
