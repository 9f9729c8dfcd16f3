package index

import (
	"os"
)

// spillBuffer is how much of a spill's tail is in memory.
const spillBuffer = 32 << 10

// spill keeps texts on disk: of findings there may be more than memory should
// hold. It is guarded by the index's lock.
type spill struct {
	dir  string
	file *os.File
	end  int64 // of what is in the file
	tail []byte
	err  error
}

// put keeps a text and returns its place, or -1 where the disk does not take it.
func (s *spill) put(text string) int64 {
	if s.err != nil {
		return -1
	}
	if len(s.tail)+len(text) > spillBuffer {
		s.flush()
	}
	at := s.end + int64(len(s.tail))
	s.tail = append(s.tail, text...)
	return at
}

func (s *spill) flush() {
	if s.file == nil {
		if s.file, s.err = temporary(s.dir, "msnproxy-findings-*"); s.err != nil {
			return
		}
	}
	var n int
	n, s.err = s.file.WriteAt(s.tail, s.end)
	if s.err == nil {
		s.end += int64(n)
		s.tail = s.tail[:0]
	}
}

// get returns the text of n bytes at a place.
func (s *spill) get(at int64, n int) string {
	if at < 0 {
		return "(the disk is full: the text could not be kept)"
	}
	if at >= s.end {
		from := int(at - s.end)
		if from+n > len(s.tail) {
			return ""
		}
		return string(s.tail[from : from+n])
	}
	b := make([]byte, n)
	if _, err := s.file.ReadAt(b, at); err != nil {
		return "(" + err.Error() + ")"
	}
	return string(b)
}

func (s *spill) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
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
