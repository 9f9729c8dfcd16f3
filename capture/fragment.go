package capture

import (
	"bytes"
	"time"

	"github.com/gopacket/gopacket/ip4defrag"
	"github.com/gopacket/gopacket/layers"
)

const (
	// maxPieces is what the IPv4 fragments that wait for the rest of their
	// datagrams may take, in bytes; when it is exceeded all are given up.
	maxPieces = 2 << 20
	// pieceOverhead is what a waiting fragment takes beyond its bytes.
	pieceOverhead = 512
	// pieceLife is how long they wait, in the recording's time. RFC 791 says 15
	// seconds at least, Linux does 30.
	pieceLife = 30 * time.Second
)

// fragments puts IPv4 datagrams together. Fragments of IPv6 are only counted:
// TCP does not send them.
type fragments struct {
	defrag *ip4defrag.IPv4Defragmenter
	held   map[datagram]heldPieces
	total  int       // bytes of memory in held
	swept  time.Time // when old ones were looked for last
	whole  int64     // datagrams completed
}

// heldPieces is what of a datagram waits.
type heldPieces struct {
	memory int
	seen   time.Time
}

// datagram is what fragments that belong together have in common.
type datagram struct {
	src, dst [4]byte
	id       uint16
}

// defragment takes the fragment in d.ip4. If that completes a datagram, it returns
// what that carries.
func (d *dissector) defragment(at time.Time) ([]byte, layers.IPProtocol) {
	f := &d.pieces
	if f.defrag == nil || f.total > maxPieces || at.Sub(f.swept) > pieceLife {
		f.sweep(at)
	}
	if int(d.ip4.Length) > len(d.ip4.Contents)+len(d.ip4.Payload) {
		return nil, 0 // cut short by the capture
	}
	// The defragmenter keeps what it is given, and reckons with the header's
	// lengths.
	ip := layers.IPv4{
		Version: 4, IHL: 5, Length: uint16(min(20+len(d.ip4.Payload), 0xffff)), Id: d.ip4.Id,
		Flags: d.ip4.Flags, FragOffset: d.ip4.FragOffset, Protocol: d.ip4.Protocol,
		SrcIP: bytes.Clone(d.ip4.SrcIP), DstIP: bytes.Clone(d.ip4.DstIP),
	}
	ip.Payload = bytes.Clone(d.ip4.Payload)
	key := datagram{[4]byte(ip.SrcIP), [4]byte(ip.DstIP), ip.Id}
	whole, err := f.defrag.DefragIPv4WithTimestamp(&ip, at)
	if err != nil || whole != nil {
		f.total -= f.held[key].memory
		delete(f.held, key)
	} else {
		n := len(ip.Payload) + pieceOverhead
		f.held[key] = heldPieces{f.held[key].memory + n, at}
		f.total += n
	}
	if err != nil || whole == nil {
		return nil, 0
	}
	f.whole++
	return whole.Payload, whole.Protocol
}

// sweep gives up the fragments that wait for too long, or all if they are too
// many.
func (f *fragments) sweep(now time.Time) {
	if f.defrag == nil || f.total > maxPieces {
		f.defrag, f.held, f.total = ip4defrag.NewIPv4Defragmenter(), make(map[datagram]heldPieces), 0
	}
	f.defrag.DiscardOlderThan(f.swept)
	for key, h := range f.held {
		if h.seen.Before(f.swept) {
			f.total -= h.memory
			delete(f.held, key)
		}
	}
	f.swept = now
}
