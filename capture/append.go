package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Appender adds annotations to a recording. It is not safe for concurrent use, but
// the file may be read meanwhile.
type Appender struct {
	file appendFile
	path string
	w    *Writer
	err  error
}

// appendFile is what is needed of a file.
type appendFile interface {
	io.WriteCloser
	Stat() (os.FileInfo, error)
	Truncate(int64) error
}

// Append opens a finished recording, to add annotations. It refuses what is no
// uncompressed pcapng file of msnproxy, what ends in the middle of a block, and what
// is being recorded, or annotated by another program, right now: the error says
// what to do.
func Append(path string) (*Appender, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("adding to %s: %w", path, cause(err))
	}
	if err := mayAppend(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("adding to %s: %w", path, err)
	}
	a := &Appender{file: f, path: path}
	a.w = &Writer{w: f} // annotations are of no connection
	return a, nil
}

// mayAppend says why nothing can be added to a file.
func mayAppend(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return cause(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no file on a disk")
	}
	if lockFile(f) {
		return errors.New("it is being recorded right now, or another program adds to it; wait until that is done")
	}
	head := bufio.NewReaderSize(io.NewSectionReader(f, 0, info.Size()), readBuffer)
	if b, _ := head.Peek(2); len(b) == 2 && b[0] == 0x1f && b[1] == 0x8b {
		return errors.New("it is compressed; unpack it first (gunzip)")
	}
	if !isOwn(head) {
		return errors.New("it is no recording of msnproxy, which alone have a place for comments; make one of it first (msnproxy convert IN OUT.pcapng)")
	}
	return soundEnd(f, info.Size())
}

// The last blocks of a file that are looked at.
const (
	endBlocks = 8
	endBytes  = 256 << 10
)

// soundEnd makes sure that a file ends with a block that is whole, as what is
// added behind half of one could not be read. It goes backwards, by the lengths at
// the ends of blocks: a walk from the beginning would read all of the file, as
// blocks are smaller than the pages it is read by. Bytes in the middle of a block
// may look like a length, but not like several blocks in a row. Damage in the
// middle of the file is not found; Reader says that.
func soundEnd(f io.ReaderAt, size int64) error {
	m := &mender{in: f, size: size, order: binary.LittleEndian, ng: true, ifaces: 1}
	end := size
	for i := 0; i < endBlocks && end > 0 && size-end < endBytes; i++ {
		n, err := lastBlock(m, end)
		if err != nil {
			return fmt.Errorf("reading its end at byte %d: %w", end, cause(err))
		}
		if n == 0 {
			return fmt.Errorf("its end is damaged: no block ends at byte %d of %d; mend it first (msnproxy repair)", end, size)
		}
		end -= int64(n)
	}
	return nil
}

// lastBlock returns the length of the block that ends at an offset, 0 if there is
// none that makes sense.
func lastBlock(m *mender, end int64) (int, error) {
	if end < blockOverhead {
		return 0, nil
	}
	b, err := m.peek(end-4, 4)
	if err != nil || len(b) < 4 {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n < blockOverhead || n > end || n%4 != 0 || n > maxRecord {
		return 0, nil
	}
	m.at = end - n
	if known, err := m.mayBegin(); err != nil || !known {
		return 0, err
	}
	got, err := m.block(m.at)
	if int64(got) != n {
		return 0, err
	}
	return got, err
}

// Put adds an annotation: a Remark with About. The block goes to the file with one
// write. When that fails, what went to the file of it is taken back, and nothing is
// taken any more.
func (a *Appender) Put(rec *Record) error {
	if a.err != nil {
		return a.err
	}
	switch {
	case rec.Kind != Remark || rec.About == nil:
		return fmt.Errorf("adding to %s: a record of kind %s is no annotation", a.path, rec.Kind)
	case rec.About.Mark != "" && !isMark(rec.About.Mark):
		return fmt.Errorf("adding to %s: a mark is one letter, not %q", a.path, rec.About.Mark)
	case len(rec.Text) > maxText:
		return fmt.Errorf("adding to %s: a comment of %d bytes is too long; %d are possible", a.path, len(rec.Text), maxText)
	}
	info, err := a.file.Stat()
	if err == nil {
		err = a.w.WriteRecord(rec)
	}
	if err == nil {
		return nil
	}
	a.err = fmt.Errorf("adding to %s failed: %w", a.path, cause(err))
	if info != nil {
		if err := a.file.Truncate(info.Size()); err != nil {
			a.err = fmt.Errorf("%w; its end may be damaged (msnproxy repair mends it)", a.err)
		}
	}
	return a.err
}

// Close lets go of the file.
func (a *Appender) Close() error {
	if a.err == nil {
		a.err = fmt.Errorf("adding to %s: %w", a.path, os.ErrClosed)
	}
	return a.file.Close()
}
