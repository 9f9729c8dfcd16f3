package p2p

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"slices"
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
	left int // behind rest: bytes that Brief left out
	at   int64
	lost bool
	seen progress
}

// progress is how far one side has come.
type progress uint8

const (
	nothing progress = iota
	greeted
	let // in, or whatever stood in the place of the nonce
)

// DirectFrame is one frame of a direct connection. What it points to holds until the
// next call of Next or Feed.
type DirectFrame struct {
	// At is where its length stands, in bytes from the first that was fed.
	At int64
	// Raw is what stood behind the length: nothing in a frame that only keeps the
	// connection open. Packet is it taken apart; nil for the greeting, the nonce alone,
	// and what is no packet.
	Raw    []byte
	Packet *Packet
	// Greeting: this is the first frame of the side that connects, "foo".
	Greeting bool
	// Nonce is what lets the side in, {GUID}, if the frame is that. Missing: something
	// else stands where it should.
	Nonce   string
	Missing bool
	// Err says why it is no packet: nothing behind it can be read.
	Err error
}

// Feed takes the next bytes.
func (d *Direct) Feed(b []byte) {
	if d.lost {
		return
	}
	if d.left > 0 {
		d.rest = append(d.rest, make([]byte, d.left)...)
		d.left = 0
	}
	d.rest = append(d.rest, b...)
}

// Lost reports whether what came is no direct connection, or no more. Nothing comes of
// it any longer.
func (d *Direct) Lost() bool { return d.lost }

// Gap tells that bytes are missing: the next frame can't be found.
func (d *Direct) Gap() { d.lost, d.rest, d.left = true, nil, 0 }

// lengthSize is how long the length before each frame is.
const lengthSize = 4

// Begun says how many bytes have come of the frame that is to come next, with its
// length, and how many it will have; 0: that is not known yet.
func (d *Direct) Begun() (have, want int) {
	have = len(d.rest) + d.left
	if len(d.rest) >= lengthSize {
		want = lengthSize + int(binary.LittleEndian.Uint32(d.rest))
	}
	return have, want
}

// Fed is where the next byte stands, in bytes from the first that was fed.
func (d *Direct) Fed() int64 { return d.at + int64(len(d.rest)+d.left) }

// Size is how many bytes it keeps.
func (d *Direct) Size() int { return len(d.rest) }

// Fork returns a Direct that goes on from here by itself. It copies nothing until it is
// fed.
func (d *Direct) Fork() *Direct {
	c := *d
	c.rest = slices.Clip(d.rest)
	return &c
}

// most that Brief keeps of a frame: all headers are within.
const maxBrief = 320

// Brief is Fork with memory of its own, without the data of what has begun, if that is
// content: zeros will be in its place.
func (d *Direct) Brief() *Direct {
	c := *d
	if len(d.rest) <= maxBrief || session(d.rest[lengthSize:]) == 0 {
		c.rest = slices.Clone(d.rest)
		return &c
	}
	c.rest, c.left = slices.Clone(d.rest[:maxBrief]), d.left+len(d.rest)-maxBrief
	return &c
}

// session returns the session of a packet that has only begun: 0 if it may be that of
// MSNSLP.
func session(b []byte) uint32 {
	v1 := binary.LittleEndian.Uint32(b)
	if h := int(b[0]); h%4 == 0 && h >= 8 && binary.BigEndian.Uint32(b[h+4:]) == 0 {
		return 0
	}
	return v1
}

// Next returns the next frame; false if more bytes are needed, or it is lost.
func (d *Direct) Next() (f DirectFrame, ok bool) {
	if d.lost || len(d.rest) < lengthSize {
		return f, false
	}
	f.At = d.at
	n := binary.LittleEndian.Uint32(d.rest)
	if n > maxDirect {
		f.Err = fmt.Errorf("a packet of %d bytes is announced, and none has more than %d", n, maxDirect)
		d.Gap()
		return f, true
	}
	if uint32(len(d.rest)-lengthSize) < n {
		return f, false
	}
	f.Raw = d.rest[lengthSize : lengthSize+int(n)]
	d.rest = d.rest[lengthSize+int(n):]
	d.at += lengthSize + int64(n)
	if n == 0 {
		return f, true // keeps the connection open
	}
	was := d.seen
	d.seen = let
	switch {
	case was == nothing && bytes.Equal(f.Raw, []byte(Greeting[lengthSize:])):
		f.Greeting, d.seen = true, greeted
		return f, true
	case was < let && n == 16:
		f.Nonce = guid(f.Raw)
		return f, true
	}
	p, err := Parse(f.Raw)
	if err != nil {
		f.Err = err
		d.Gap()
		return f, true
	}
	if f.Packet = &p; p.Nonce != nil {
		f.Nonce = guid(p.Nonce)
	}
	f.Missing = was < let && f.Nonce == ""
	return f, true
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
