package capture

import (
	"encoding/binary"
	"net/netip"
)

// The flags of a TCP header.
const (
	tcpFIN = 0x01
	tcpSYN = 0x02
	tcpRST = 0x04
	tcpPSH = 0x08
	tcpACK = 0x10
)

const (
	ip4Header = 20
	ip6Header = 40
	tcpHeader = 20
	udpHeader = 8
	// tcpScale is the window scale that the made-up handshakes agree on, so that
	// no reader takes what is in flight for too much: a window of 1 GiB.
	tcpScale = 14
	// maxSegment is the most that one made-up packet carries.
	maxSegment = 65535 - ip6Header - tcpHeader
)

// madeSegment is a TCP segment to be made.
type madeSegment struct {
	from, to netip.AddrPort // of one family
	seq, ack uint32
	flags    byte
	data     []byte
}

// appendSegment appends the segment as an IP packet with right checksums.
func appendSegment(dst []byte, s *madeSegment) []byte {
	options := 0
	if s.flags&tcpSYN != 0 {
		options = 8 // MSS, window scale, padding
	}
	dst, start := appendIP(dst, s.from.Addr(), s.to.Addr(), 6, tcpHeader+options+len(s.data))
	dst = binary.BigEndian.AppendUint16(dst, s.from.Port())
	dst = binary.BigEndian.AppendUint16(dst, s.to.Port())
	dst = binary.BigEndian.AppendUint32(dst, s.seq)
	dst = binary.BigEndian.AppendUint32(dst, s.ack)
	dst = append(dst, byte(tcpHeader+options)<<2, s.flags, 0xff, 0xff, 0, 0, 0, 0)
	if options > 0 {
		dst = append(dst, 2, 4, 0xff, 0xd7, 1, 3, 3, tcpScale)
	}
	dst = append(dst, s.data...)
	sum := pseudoSum(s.from.Addr(), s.to.Addr(), 6, len(dst)-start)
	binary.BigEndian.PutUint16(dst[start+16:], fold(sum+sumOf(dst[start:])))
	return dst
}

// appendDatagram appends a UDP datagram with no data, from and to the discard
// port: the place for remarks on the recording as a whole.
func appendDatagram(dst []byte) []byte {
	local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	dst, start := appendIP(dst, local, local, 17, udpHeader)
	dst = append(dst, 0, 9, 0, 9, 0, udpHeader, 0, 0)
	sum := fold(pseudoSum(local, local, 17, udpHeader) + sumOf(dst[start:]))
	binary.BigEndian.PutUint16(dst[start+6:], sum)
	return dst
}

// appendIP appends an IP header for so many bytes, and returns where they begin.
func appendIP(dst []byte, from, to netip.Addr, protocol byte, n int) (out []byte, start int) {
	at := len(dst)
	if from.Is4() {
		f, t := from.As4(), to.As4()
		dst = append(dst, 0x45, 0, byte((ip4Header+n)>>8), byte(ip4Header+n), 0, 0, 0x40, 0, 64, protocol, 0, 0)
		dst = append(append(dst, f[:]...), t[:]...)
		binary.BigEndian.PutUint16(dst[at+10:], fold(sumOf(dst[at:])))
		return dst, len(dst)
	}
	f, t := from.As16(), to.As16()
	dst = append(dst, 0x60, 0, 0, 0, byte(n>>8), byte(n), protocol, 64)
	dst = append(append(dst, f[:]...), t[:]...)
	return dst, len(dst)
}

func pseudoSum(from, to netip.Addr, protocol byte, n int) uint64 {
	f, t := from.AsSlice(), to.AsSlice()
	return sumOf(f) + sumOf(t) + uint64(protocol) + uint64(n)
}

// sumOf adds up the 16-bit words of b, high byte first. As the sum is folded in
// the end, four bytes at a time give the same.
func sumOf(b []byte) (sum uint64) {
	for ; len(b) >= 16; b = b[16:] {
		sum += uint64(binary.BigEndian.Uint32(b)) + uint64(binary.BigEndian.Uint32(b[4:])) +
			uint64(binary.BigEndian.Uint32(b[8:])) + uint64(binary.BigEndian.Uint32(b[12:]))
	}
	for ; len(b) >= 2; b = b[2:] {
		sum += uint64(b[0])<<8 | uint64(b[1])
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

// fold makes a checksum of a sum.
func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
