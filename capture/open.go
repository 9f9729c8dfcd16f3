package capture

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// readBuffer is the size of the window on the file. Packets that fit into it are
// not copied.
const readBuffer = 128 << 10

// Reader reads a recording. It is not safe for concurrent use.
type Reader struct {
	in     recording
	close  []io.Closer
	record Record
	err    error
}

// recording is a recording of some format.
type recording interface {
	// next fills in the next record, or returns io.EOF, after the last.
	next(*Record) error
	stats() Stats
}

// Open opens a recording; path "-" is standard input. What kind of file it is
// shows in its content, not its name. The error is of the operating system, or a
// [FormatError].
func Open(path string) (*Reader, error) {
	if path == "-" {
		return OpenReader(os.Stdin, "standard input")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, &FormatError{path, "a directory"}
	}
	r, err := OpenReader(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.close = append(r.close, f)
	return r, nil
}

// OpenReader reads a recording from in, which stays the caller's to close. The
// name is for messages.
func OpenReader(in io.Reader, name string) (*Reader, error) {
	src := bufio.NewReaderSize(in, readBuffer)
	r := &Reader{}
	zipped := false
	if b, _ := src.Peek(3); len(b) == 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 {
		zipped = true
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, &FormatError{name, fmt.Sprintf("gzip, but its header is damaged (%v)", err)}
		}
		src = bufio.NewReaderSize(z, readBuffer)
	}
	f := &file{r: src, name: name, gzip: zipped}
	if l, ok := in.(Live); ok && !zipped {
		f.live = l
	}
	// Four bytes tell a capture: more may not be there yet, in a pipe.
	head, err := src.Peek(4)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) && !torn(err) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(head) == 4 {
		switch m := binary.LittleEndian.Uint32(head); m {
		case magicSection:
			if isOwn(src) {
				r.in = newOwn(f)
				return r, nil
			}
			r.in = newPackets(newPcapng(f))
			return r, nil
		case magicMicro, magicNano, swapped(magicMicro), swapped(magicNano):
			p, err := newPcap(f)
			if err != nil {
				return nil, err
			}
			r.in = newPackets(p)
			return r, nil
		}
	}
	if text, ok := fromUTF16(head, src); ok {
		f.r = bufio.NewReaderSize(text, readBuffer)
	}
	if head, err = f.sniff(r); r.in != nil {
		return r, nil
	}
	what := "empty"
	if len(head) > 0 {
		what = looksLike(head)
	} else if torn(err) {
		what = fmt.Sprintf("gzip, but damaged before its first byte (%v)", err)
	}
	if zipped && len(head) > 0 {
		what = "gzip of " + what
	}
	return nil, &FormatError{name, what}
}

// torn reports whether the error says that compressed data is damaged or cut
// short, rather than that reading failed.
func torn(err error) bool {
	var flateErr flate.CorruptInputError
	return errors.As(err, &flateErr) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Next returns the next record, or io.EOF after the last. The record and its
// bytes hold until the next call; its Conn holds for good. A damaged capture is
// read up to the damage: then comes a [CorruptError].
func (r *Reader) Next() (*Record, error) {
	if r.err == nil {
		r.record = Record{}
		r.err = r.in.next(&r.record)
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.record, nil
}

// Place returns the place of the record that Next returned last: the offset, in
// bytes from the start of the file, of the block of its (first) packet. It is -1
// before the first record, and for every file but an uncompressed pcapng file that
// msnproxy has written. [Places] reads records by their place.
//
// A connection whose announcement is missing from the file has, for its Opened
// record, the place of the record behind it.
func (r *Reader) Place() int64 {
	o, ok := r.in.(*own)
	if !ok || o.p.f.gzip {
		return -1
	}
	return o.place
}

// Placed reports whether records have places.
func (r *Reader) Placed() bool {
	o, ok := r.in.(*own)
	return ok && !o.p.f.gzip
}

// Stats tells what was passed over up to now.
func (r *Reader) Stats() Stats { return r.in.stats() }

// Close lets go of the file.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.close {
		errs = append(errs, c.Close())
	}
	r.close = nil
	if r.err == nil {
		r.err = os.ErrClosed
	}
	return errors.Join(errs...)
}
