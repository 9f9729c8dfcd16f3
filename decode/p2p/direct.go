package p2p

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"strings"
)

// Greeting is what the side that connects sends first on a direct connection: a length
// and "foo".
const Greeting = "\x04\x00\x00\x00foo\x00"

// maxDirect is how long a frame of a direct connection may be: packets have 1,352
// bytes of data, some clients send 12,000.
const maxDirect = 64 << 10

// Direct takes one side of a direct connection apart: each frame is a length of four
// bytes, low byte first, and a packet without application id. The zero Direct is ready
// for use. It keeps no more than one frame, 64 KiB, and what has come of it.
type Direct struct {
	rest []byte
	lost bool
	seen bool // a frame
}

// DirectFrame is one frame of a direct connection. What it points to holds until the
// next call of Next or Feed.
type DirectFrame struct {
	// Raw is what stood behind the length. Packet is it taken apart; nil for the
	// greeting, the nonce alone, and what is no packet.
	Raw    []byte
	Packet *Packet
	// Greeting: this is the first frame of the side that connects, "foo".
	Greeting bool
	// Nonce is what lets the side in, {GUID}, if the frame is that.
	Nonce string
}

// Feed takes the next bytes.
func (d *Direct) Feed(b []byte) {
	if !d.lost {
		d.rest = append(d.rest, b...)
	}
}

// Lost reports whether what came is no direct connection, or no more. Nothing comes of
// it any longer.
func (d *Direct) Lost() bool { return d.lost }

// Gap tells that bytes are missing: the next frame can't be found.
func (d *Direct) Gap() { d.lost, d.rest = true, nil }

// Next returns the next frame; false if more bytes are needed, or it is lost.
func (d *Direct) Next() (f DirectFrame, ok bool) {
	const length = 4
	for !d.lost && len(d.rest) >= length {
		n := binary.LittleEndian.Uint32(d.rest)
		if n > maxDirect {
			d.Gap()
			break
		}
		if uint32(len(d.rest)-length) < n {
			break
		}
		f.Raw = d.rest[length : length+int(n)]
		d.rest = d.rest[length+int(n):]
		if n == 0 {
			continue // keeps the connection open
		}
		first := !d.seen
		d.seen = true
		switch {
		case first && bytes.Equal(f.Raw, []byte(Greeting[length:])):
			f.Greeting = true
		case n == 16:
			f.Nonce = guid(f.Raw)
		default:
			p, err := Parse(f.Raw)
			if err != nil {
				d.Gap()
				return DirectFrame{}, false
			}
			f.Packet = &p
			if p.Nonce != nil {
				f.Nonce = guid(p.Nonce)
			}
		}
		return f, true
	}
	return DirectFrame{}, false
}

// Admits reports whether the nonce of a direct connection is that of an offer.
func (o *Offer) Admits(nonce string) bool {
	if o.Nonce == "" || nonce == "" {
		return false
	}
	if strings.EqualFold(bareGUID(nonce), bareGUID(o.Nonce)) {
		return true
	}
	return o.Hashed && strings.EqualFold(hashNonce(nonce), bareGUID(o.Nonce))
}

// hashNonce returns what Hashed-Nonce says of a nonce: the first 16 bytes of the SHA-1
// of its bytes, written as a GUID.
func hashNonce(nonce string) string {
	var hex [16]byte
	digits := strings.ReplaceAll(bareGUID(nonce), "-", "")
	if len(digits) != 32 {
		return ""
	}
	for i := range hex {
		hi, lo := strings.IndexByte("0123456789ABCDEF", digits[2*i]), strings.IndexByte("0123456789ABCDEF", digits[2*i+1])
		if hi < 0 || lo < 0 {
			return ""
		}
		hex[i] = byte(hi<<4 | lo)
	}
	// The first three numbers stand with the low byte first.
	for _, r := range [][2]int{{0, 4}, {4, 6}, {6, 8}} {
		for i, j := r[0], r[1]-1; i < j; i, j = i+1, j-1 {
			hex[i], hex[j] = hex[j], hex[i]
		}
	}
	sum := sha1.Sum(hex[:])
	return bareGUID(guid(sum[:16]))
}
