package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// maxRecord is the largest packet record or block that is believed, as in
// Wireshark. Anything larger is damage.
const maxRecord = 16 << 20

// packet is one packet of a capture. Its data holds until the next one is read.
type packet struct {
	time time.Time // zero: unknown
	link layers.LinkType
	data []byte
	// iface is the interface that it was captured on, counted through all sections.
	iface uint32
	// comment is the first comment on the packet, if comments are asked for.
	comment []byte
	// inbound: its flags say so, if comments are asked for.
	inbound bool
}

// packetSource gives the packets of a capture one by one; the errors are io.EOF,
// a [CorruptError], or of the file.
//
// pcapgo has readers, too. They are not used here: they do not say where damage
// is, one block with an impossible length costs them every packet after it, and
// they check neither the second length of a block nor that an option ends inside
// its block (gopacket 1.7.7).
type packetSource interface {
	next(*packet) error
	format() string
}

// file is a window on a capture file, with the place of what is in it.
type file struct {
	r    *bufio.Reader
	name string
	gzip bool
	live Live // nil: nothing is to be waited for
	// at is the offset of the record or block that is looked at.
	at int64
	// taken is its length, once it was taken.
	taken int64
	read  bool // it was too large for the window, and is in big
	big   []byte
}

// peek returns the first n bytes of the record at hand, without taking them. If
// the file ends before them the error is io.EOF when not one byte is there, else
// a CorruptError that names what was cut short.
func (f *file) peek(n int, what string) ([]byte, error) {
	b, err := f.r.Peek(n)
	if err == nil {
		return b, nil
	}
	if errors.Is(err, io.EOF) && len(b) == 0 {
		return nil, io.EOF
	}
	return nil, f.short(err, len(b), n, what)
}

// short makes an error of a record that ends too early.
func (f *file) short(err error, have, want int, what string) error {
	switch {
	case errors.Is(err, io.EOF):
		return f.corrupt("%s cut short: %d of %d bytes", what, have, want)
	case torn(err):
		return f.corrupt("the compressed data ends or is damaged here (%v)", err)
	}
	return fmt.Errorf("%s: reading at byte %d: %w", f.name, f.at, err)
}

// take returns the first n bytes of the record at hand, all there is of it. They
// hold until the next take or peek.
func (f *file) take(n int, what string) ([]byte, error) {
	if n <= f.r.Size() {
		b, err := f.peek(n, what)
		if err == nil {
			f.taken = int64(n)
		}
		return b, err
	}
	// The length is the file's word: believe it as the bytes come.
	f.big = f.big[:0]
	for len(f.big) < n {
		step := min(n-len(f.big), readBuffer)
		have := len(f.big)
		f.big = append(f.big, make([]byte, step)...)
		m, err := io.ReadFull(f.r, f.big[have:])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		if err != nil {
			return nil, f.short(err, have+m, n, what)
		}
	}
	f.taken, f.read = int64(n), true
	return f.big, nil
}

// done goes past the record that was taken.
func (f *file) done() {
	if !f.read {
		f.r.Discard(int(f.taken)) // it was peeked, so it is there
	}
	f.at += f.taken
	f.taken, f.read = 0, false
}

func (f *file) corrupt(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if f.r != nil && !f.read && f.at > 0 {
		b, _ := f.r.Peek(min(f.r.Buffered(), sniffed))
		if len(b) == 0 {
			b = f.big // the rest of the file went there
		}
		what += spoiledHint(b)
	}
	return &CorruptError{Path: f.name, Offset: f.at, What: what, Gzip: f.gzip}
}

// resolution is the unit of an interface's timestamps: 10 to the power of -n
// seconds, or 2 to the power of -n if the highest bit is set (pcapng,
// if_tsresol).
type resolution uint8

func (r resolution) valid() bool {
	if r&0x80 != 0 {
		return r&0x7f < 64
	}
	return r < 20
}

// split parts a timestamp into seconds and nanoseconds.
func (r resolution) split(ts uint64) (sec int64, nsec int64) {
	if n := uint(r & 0x7f); r&0x80 != 0 {
		hi, lo := bits.Mul64(ts&(1<<n-1), 1e9)
		nsec := lo >> n
		if n > 0 {
			nsec |= hi << (64 - n)
		}
		return int64(ts >> n), int64(nsec)
	}
	unit := uint64(1)
	for range r {
		unit *= 10
	}
	rest := ts % unit
	for ; r < 9; r++ {
		rest *= 10
	}
	for ; r > 9; r-- {
		rest /= 10
	}
	return int64(ts / unit), int64(rest)
}
