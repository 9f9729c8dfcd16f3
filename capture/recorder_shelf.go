package capture

import (
	"errors"
	"io"
	"os"
	"sync"
)

// maxUnpacked is how many files wait to be packed; more stay as they are.
const maxUnpacked = 256

// shelf is the finished files of a recording. A goroutine, which is there when there
// is something to do, closes them, lets the oldest go and packs the others, so that
// recording need not wait for that.
type shelf struct {
	keep     int
	compress bool
	remove   func(path string) error
	say      *reporter

	mu    sync.Mutex
	quiet sync.Cond // the goroutine has ended
	files []*finished
	open  int // files besides these: the one being recorded
	busy  bool
	told  bool // that packing can't keep up
}

// finished is a file of the shelf.
type finished struct {
	file io.Closer // nil: closed
	path string
	ours bool // it is what was recorded, and nobody else's
	pack bool // to be packed
}

// put takes a file that is finished, to close it. ours says whether it is to be
// packed and let go in its time, too.
func (s *shelf) put(file io.Closer, path string, ours bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &finished{file: file, path: path, ours: ours, pack: s.compress && ours}
	if f.pack {
		waiting := 0
		for _, other := range s.files {
			if other.pack {
				waiting++
			}
		}
		if waiting >= maxUnpacked {
			f.pack = false
			s.say.once(&s.told, "recording: %s stays unpacked, as others will: files come faster than they can be packed", path)
		}
	}
	s.files = append(s.files, f)
	if !s.busy {
		s.busy = true
		go s.work()
	}
}

// noMore says that no file is being recorded any more.
func (s *shelf) noMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = 0
}

// close waits until everything is done.
func (s *shelf) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy {
		s.quiet.Wait()
	}
}

// work does what is to be done.
func (s *shelf) work() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.step() {
	}
	s.busy = false
	s.quiet.Broadcast()
}

// step does one thing, and reports whether there was one. mu is held, but not
// meanwhile.
func (s *shelf) step() bool {
	for i, f := range s.files {
		if f.file != nil {
			file := f.file
			f.file = nil
			if !f.ours {
				s.files = append(s.files[:i:i], s.files[i+1:]...)
			}
			s.mu.Unlock()
			if err := file.Close(); err != nil {
				s.say.errorf("recording to %s: closing the file: %w", f.path, cause(err))
			}
			s.mu.Lock()
			return true
		}
	}
	if f := s.surplus(); f != nil {
		s.drop(f)
		return true
	}
	for _, f := range s.files {
		if f.pack {
			f.pack = false
			s.mu.Unlock()
			err := compressFile(f.path, func() bool { return s.overtaken(f) })
			if err != nil && !errors.Is(err, errOvertaken) {
				s.say.errorf("recording: compressing %s: %w; it stays as it is", f.path, err)
			}
			s.mu.Lock()
			return true
		}
	}
	return false
}

// surplus returns the oldest file if there are too many. mu is held.
func (s *shelf) surplus() *finished {
	if s.keep > 0 && len(s.files) > 0 && len(s.files)+s.open > s.keep {
		return s.files[0]
	}
	return nil
}

// drop removes the oldest file, packed or not. mu is held, but not meanwhile.
func (s *shelf) drop(f *finished) {
	s.files = s.files[1:]
	s.mu.Unlock()
	defer s.mu.Lock()
	if f.file != nil {
		_ = f.file.Close() // nobody will read it
	}
	for _, name := range []string{f.path, f.path + ".gz"} {
		if err := s.remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.say.errorf("recording: the oldest file can't be removed: %w", err)
		}
	}
}

// overtaken lets surplus files go while one is packed. It reports whether that one is
// surplus itself.
func (s *shelf) overtaken(packed *finished) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch f := s.surplus(); f {
		case nil:
			return false
		case packed:
			return true
		default:
			s.drop(f)
		}
	}
}
