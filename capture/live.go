package capture

import (
	"encoding/binary"
	"io"
	"time"
)

// Live is an input that is written while it is read, as a pipe is. What a capture holds
// back until more packets come is then given up when time passes, whether they come or
// not.
type Live interface {
	io.Reader
	// Await waits until Read has something to give, or an error. It reports false if
	// there is nothing for as long as that.
	Await(atMost time.Duration) bool
}

const (
	// liveTick is how long is waited for packets before time passes without them.
	liveTick = 250 * time.Millisecond
	// How long a live input waits for a side of which there is no packet, for bytes
	// of it, and for bytes that may be sent again.
	unseenPatienceLive = time.Second
	alonePatienceLive  = time.Second
	patienceLive       = 3 * time.Second
	// A capture is live, too, if its packets are no older than that.
	fresh = time.Minute
)

// awaited is a source of packets that may have to be waited for.
type awaited interface {
	// live reports whether it may.
	live() bool
	// await waits for the next packet, or the end. It reports false if it takes too
	// long. The packet before it is let go.
	await(atMost time.Duration) bool
}

// arrives waits for the next packet. It reports false if none has come for a while and
// something is held back that time may release.
func (p *packets) arrives() bool {
	src, ok := p.src.(awaited)
	if !ok || !src.live() || len(p.watched) == 0 && p.queue.empty() || src.await(liveTick) {
		return true
	}
	p.live, p.queue.live = true, true
	p.now = p.now.Add(liveTick)
	p.watch()
	return false
}

// isLive looks whether a packet shows that the capture is being made.
func (p *packets) isLive(pkt *packet) {
	if src, ok := p.src.(awaited); ok && !p.live && src.live() {
		p.live = time.Since(pkt.time).Abs() < fresh
		p.queue.live = p.live
	}
}

// await waits until the file has a whole record in its window, whose length size tells
// by its first bytes.
func (f *file) await(atMost time.Duration, fixed int, size func(head []byte) int) bool {
	f.done()
	for {
		have := f.r.Buffered()
		head, _ := f.r.Peek(min(have, fixed))
		if len(head) == fixed {
			if n := size(head); have >= n || n > f.r.Size() {
				return true
			}
		}
		if !f.live.Await(atMost) {
			return false
		}
		if f.r.Peek(have + 1); f.r.Buffered() == have {
			return true // it is over
		}
	}
}

func (p *pcap) live() bool { return p.f.live != nil }

func (p *pcap) await(atMost time.Duration) bool {
	return p.f.await(atMost, packetHeader, func(h []byte) int { return packetHeader + int(min(p.order.Uint32(h[8:]), maxRecord)) })
}

func (p *pcapng) live() bool { return p.f.live != nil }

func (p *pcapng) await(atMost time.Duration) bool {
	return p.f.await(atMost, blockOverhead, func(h []byte) int {
		if p.order.Uint32(h) == magicSection && binary.LittleEndian.Uint32(h[8:]) != byteOrderMagic {
			return int(min(binary.BigEndian.Uint32(h[4:]), maxRecord))
		}
		return int(min(p.order.Uint32(h[4:]), maxRecord))
	})
}
