package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// spoolBuffer is how many bytes wait before they are written to the file.
const spoolBuffer = 64 << 10

// Spool is a recording in a temporary file: what is put into it can be read by its
// place at once, and is gone when the spool is closed or the program ends.
//
// Put is for one goroutine; everything else may be used from any, meanwhile.
type Spool struct {
	name   string
	w      *Writer
	file   spoolFile
	remove bool // the name is still there

	mu      sync.Mutex
	written int64  // bytes in the file
	buf     []byte // those behind them
	err     error  // why nothing is taken any more
}

// spoolFile is what is needed of a file.
type spoolFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// NewSpool creates a spool in a directory, "" for that of temporary files. The file
// (0600) has no name where the system allows that, so that it is gone whatever
// becomes of the program; elsewhere it is removed by Close.
func NewSpool(dir string) (*Spool, error) {
	f, err := os.CreateTemp(dir, "msnproxy-*.pcapng")
	if err != nil {
		return nil, fmt.Errorf("creating a temporary file for messages: %w", err)
	}
	s := newSpool(f, f.Name())
	s.remove = os.Remove(f.Name()) != nil
	return s, nil
}

func newSpool(f spoolFile, name string) *Spool {
	s := &Spool{file: f, name: name}
	s.w, _ = NewWriter((*spoolEnd)(s), "") // it goes to memory
	return s
}

// Put appends a record and returns its place. It keeps nothing of it but Conn,
// until that is closed. A record of a connection that was not opened has an Opened
// record of its own before it, as in any recording.
//
// When the file does not take what is written (full disk), the error says so, and
// so does every Put from then on. What was put before can still be read.
func (s *Spool) Put(rec *Record) (place int64, err error) {
	s.mu.Lock()
	err = s.err
	full := len(s.buf) >= spoolBuffer
	s.mu.Unlock()
	if err == nil && full {
		err = s.flush()
	}
	if err != nil {
		return -1, err
	}
	if err := s.w.WriteRecord(rec); err != nil {
		return -1, err
	}
	return s.w.place, nil
}

// flush writes what waits to the file. Only Put changes what waits, so that others
// may read it while the disk takes its time.
func (s *Spool) flush() error {
	n, err := s.file.WriteAt(s.buf, s.written)
	if err == nil && n < len(s.buf) {
		err = io.ErrShortWrite
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.err == nil {
			s.err = fmt.Errorf("writing messages to the temporary file %s at byte %d: %w", s.name, s.written, cause(err))
		}
		return s.err
	}
	s.written += int64(n)
	if s.buf = s.buf[:0]; cap(s.buf) > 4*spoolBuffer {
		s.buf = nil // after a large frame
	}
	return nil
}

// spoolEnd is the end of a spool, where the writer writes.
type spoolEnd Spool

func (s *spoolEnd) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.buf, b...)
	return len(b), nil
}

// Places returns a reader of what is in the spool, and of what will be. Each
// goroutine needs one of its own.
func (s *Spool) Places() *Places { return NewPlaces(s, s.name) }

// Size returns how many bytes are in the spool.
func (s *Spool) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written + int64(len(s.buf))
}

// ReadAt reads bytes of the recording, those that wait to be written among them,
// which are in memory: reading writes nothing.
func (s *Spool) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: reading at byte %d: no such place", s.name, off)
	}
	for n < len(b) {
		at := off + int64(n)
		s.mu.Lock()
		written := s.written
		got, end := 0, false
		if at >= written {
			got = copy(b[n:], s.buf[min(at-written, int64(len(s.buf))):])
			end = got < len(b)-n
		}
		closed := errors.Is(s.err, os.ErrClosed)
		s.mu.Unlock()
		if closed {
			return n, fmt.Errorf("%s: reading at byte %d: %w", s.name, at, os.ErrClosed)
		}
		if at < written {
			// What is written stays, so the others need not wait.
			most := min(int64(len(b)-n), written-at)
			if got, err = s.file.ReadAt(b[n:n+int(most)], at); err != nil && int64(got) < most {
				return n + got, err
			}
		}
		if n += got; end {
			return n, io.EOF
		}
	}
	return n, nil
}

// Close lets go of the file. What is in the spool is gone.
func (s *Spool) Close() error {
	s.mu.Lock()
	closed := errors.Is(s.err, os.ErrClosed)
	s.err = fmt.Errorf("the temporary file %s: %w", s.name, os.ErrClosed)
	s.mu.Unlock()
	if closed {
		return nil
	}
	err := s.file.Close()
	if s.remove {
		err = errors.Join(err, os.Remove(s.name))
	}
	return err
}
