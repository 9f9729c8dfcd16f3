package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// dumpLine is a line of a packet in hex digits, as tcpdump -x, -X, -xx and -XX and
// tshark -x print it.
var dumpLine = regexp.MustCompile(`^[\s>]*(?:0x)?([0-9a-fA-F]{4,8}):? {1,3}\s?((?:[0-9a-fA-F]{2}){1,2}(?: (?:[0-9a-fA-F]{2}){1,2})*)(?:\s{2,}.*)?\s*$`)

// asciiHead is the line before a packet that tcpdump -A prints.
var asciiHead = regexp.MustCompile(`^.*\bIP (\d+\.\d+\.\d+\.\d+)\.(\d+) > (\d+\.\d+\.\d+\.\d+)\.(\d+): Flags \[([^\]]*)\](?:.*?\bseq (\d+)(?::(\d+))?)?(?:.*?\back (\d+))?.*\blength (\d+)`)

// dump gives the packets that a text shows.
type dump struct {
	f      *file
	times  logTime
	ascii  bool
	number int
	line   []byte
	again  bool
	data   []byte
	at     time.Time
}

// dumpOf returns what reads a text that shows packets; nil: it shows none.
func dumpOf(head []byte) func(*file) packetSource {
	lines, ascii := 0, 0
	for i := 0; i < 400 && len(head) > 0; i++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if m := dumpLine.FindSubmatch(line); m != nil && (lines > 0 || zeros(m[1])) {
			lines++
		}
		if asciiHead.Match(line) {
			ascii++
		}
	}
	switch {
	case lines >= 3:
		return func(f *file) packetSource { return &dump{f: f} }
	case ascii >= 2:
		return func(f *file) packetSource { return &dump{f: f, ascii: true} }
	}
	return nil
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "0")) == 0 }

func (d *dump) format() string {
	if d.ascii {
		return "text of tcpdump -A"
	}
	return "hex dump"
}

// read reads a line.
func (d *dump) read() error {
	if d.again {
		d.again = false
		return nil
	}
	d.line = d.line[:0]
	for {
		part, err := d.f.r.ReadSlice('\n')
		d.line = append(d.line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(d.line) < maxTranscriptLine:
			continue
		case errors.Is(err, io.EOF) && len(d.line) > 0:
		case err != nil:
			return err
		}
		d.number++
		d.line = bytes.TrimRight(d.line, "\r\n")
		return nil
	}
}

func (d *dump) next(pkt *packet) error {
	if d.ascii {
		return d.nextASCII(pkt)
	}
	d.data = d.data[:0]
	for {
		err := d.read()
		if err != nil && len(d.data) > 0 {
			return d.give(pkt)
		}
		if err != nil {
			return err
		}
		m := dumpLine.FindSubmatch(d.line)
		if m == nil {
			if len(d.data) > 0 {
				d.again = true
				return d.give(pkt)
			}
			if at := d.times.read(string(d.line)); !at.IsZero() {
				d.at = at
			}
			continue
		}
		at, _ := strconv.ParseUint(string(m[1]), 16, 32)
		if at == 0 && len(d.data) > 0 {
			d.again = true
			return d.give(pkt)
		}
		if at != uint64(len(d.data)) {
			d.data = d.data[:0] // a line is missing
			continue
		}
		b, err := hex.DecodeString(string(bytes.ReplaceAll(m[2], []byte{' '}, nil)))
		if err == nil && len(d.data)+len(b) <= maxRecord {
			d.data = append(d.data, b...)
		}
	}
}

// give gives the packet that was put together.
func (d *dump) give(pkt *packet) error {
	*pkt = packet{time: d.at, link: layers.LinkTypeEthernet, data: d.data}
	if len(d.data) >= ip4Header && d.data[0]>>4 == 4 && d.data[0]&15 >= 5 && int(binary.BigEndian.Uint16(d.data[2:])) <= len(d.data) ||
		len(d.data) >= ip6Header && d.data[0]>>4 == 6 && d.data[6] == 6 {
		pkt.link = linkRaw
	}
	return nil
}

// nextASCII makes a packet of its line and its text. What the text does not show, such as
// bytes that are no letters, is a dot in it.
func (d *dump) nextASCII(pkt *packet) error {
	for {
		if err := d.read(); err != nil {
			return err
		}
		m := asciiHead.FindStringSubmatch(string(d.line))
		if m == nil {
			continue
		}
		d.at = d.times.read(string(d.line))
		number := func(i int) uint32 { n, _ := strconv.ParseUint(m[i], 10, 32); return uint32(n) }
		var text []byte
		for {
			err := d.read()
			if err == nil && asciiHead.Match(d.line) {
				d.again = true
				break
			}
			if err != nil || len(text) > maxRecord {
				break
			}
			text = append(append(text, d.line...), '\n')
		}
		flags := uint8(tcpACK)
		seq := number(6)
		if strings.IndexByte(m[5], 'S') >= 0 {
			continue // its number is absolute, the others are not
		}
		if strings.IndexByte(m[5], 'F') >= 0 {
			flags |= tcpFIN
		}
		if strings.IndexByte(m[5], 'R') >= 0 {
			flags |= tcpRST
		}
		data := tailOf(text, int(number(9)))
		from, err := netip.ParseAddrPort(m[1] + ":" + m[2])
		to, err2 := netip.ParseAddrPort(m[3] + ":" + m[4])
		if err != nil || err2 != nil || len(data) > 60000 {
			continue
		}
		d.data = appendSegment(d.data[:0], &madeSegment{from: from, to: to, seq: seq, ack: number(8), flags: flags, data: data})
		*pkt = packet{time: d.at, link: linkRaw, data: d.data}
		return nil
	}
}

// tailOf returns the last n bytes of what tcpdump has made the text of, which leaves out
// the CRs before LFs, and ends with a line end of its own.
func tailOf(text []byte, n int) []byte {
	text = bytes.TrimSuffix(text, []byte{'\n'})
	at, have := len(text), 0
	for at > 0 && have < n {
		if at--; text[at] == '\n' {
			have++
		}
		have++
	}
	out := bytes.ReplaceAll(text[at:], []byte{'\n'}, []byte("\r\n"))
	return out[max(len(out)-n, 0):]
}
