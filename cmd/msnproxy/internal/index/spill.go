package index

import (
	"os"
	"sync"
)

// spillBuffer is how much of a spill's tail is in memory.
const spillBuffer = 32 << 10

// spill keeps texts on disk: of findings there may be more than memory should
// hold. One goroutine puts, any may get.
type spill struct {
	dir string

	mu   sync.Mutex
	file spillFile // what was written stays as it is
	end  int64     // of what is in the file
	tail []byte
	err  error
}

// spillFile is what is needed of a file.
type spillFile interface {
	ReadAt(b []byte, off int64) (int, error)
	WriteAt(b []byte, off int64) (int, error)
	Name() string
	Close() error
}

// put keeps a text and returns its place, or -1 where the disk does not take it.
func (s *spill) put(text string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && len(s.tail)+len(text) > spillBuffer {
		s.flush()
	}
	if s.err != nil {
		return -1
	}
	at := s.end + int64(len(s.tail))
	s.tail = append(s.tail, text...)
	return at
}

// flush writes the tail to the file. mu is held.
func (s *spill) flush() {
	if s.file == nil {
		f, err := temporary(s.dir, "msnproxy-findings-*")
		if s.err = err; err != nil {
			return
		}
		s.file = f
	}
	n, err := s.file.WriteAt(s.tail, s.end)
	if s.err = err; err == nil {
		s.end += int64(n)
		s.tail = s.tail[:0]
	}
}

// get returns the text of n bytes at a place.
func (s *spill) get(at int64, n int) string {
	if at < 0 {
		return "(the text could not be kept: the disk for temporary files is full or gone)"
	}
	s.mu.Lock()
	if from := int(at - s.end); from >= 0 {
		defer s.mu.Unlock()
		return string(s.tail[from : from+n])
	}
	file := s.file
	s.mu.Unlock()
	b := make([]byte, n)
	if _, err := file.ReadAt(b, at); err != nil {
		return "(" + err.Error() + ")"
	}
	return string(b)
}

// close lets go of the file. What is put from then on is not kept.
func (s *spill) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil && s.err != os.ErrClosed {
		s.file.Close()
		os.Remove(s.file.Name())
	}
	s.err = os.ErrClosed
}

// temporary creates a file that is gone when the program is, where the system
// allows that.
func temporary(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // fails where open files can't be removed; close does it then
	return f, nil
}
