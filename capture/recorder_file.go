package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// lookAfter is how often it is made sure that the file is still what was written.
const lookAfter = 250 * time.Millisecond

// createFile creates a file of a recording.
func createFile(path string) (recordFile, error) {
	// At its end, so that nothing gets between if somebody cuts it.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|appending, 0o600)
	if err != nil {
		return nil, err
	}
	lockFile(f) // against Append; it is new, so nobody has it
	return endFile{f}, nil
}

// endFile is written at its end also after it was cut.
type endFile struct{ *os.File }

func (f endFile) Truncate(size int64) error {
	err := f.File.Truncate(size)
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	return err
}

// output is the files that batches go to. It belongs to who leads.
type output struct {
	o     *RecorderOptions
	shelf *shelf
	file  recordFile
	path  string
	size  int64 // of the file
	grown int64 // bytes written since that was asked for
	n     int   // files begun
	half  bool  // there may be more in the file than size: half a record
}

// rotating reports whether there is to be more than one file.
func (o *RecorderOptions) rotating() bool { return o.RotateSize > 0 || o.RotateAfter > 0 }

// name returns the path of a file: with rotation a number and the time stand before
// the extension, so that names sort. Otherwise there is a second one only if
// something happened to the first, and stands beside that.
func (o *RecorderOptions) name(n int, at time.Time) string {
	ext := filepath.Ext(o.Path)
	base := strings.TrimSuffix(o.Path, ext)
	switch {
	case o.rotating():
		return fmt.Sprintf("%s_%05d_%s%s", base, n, at.Format("20060102150405"), ext)
	case n == 1:
		return o.Path
	}
	return fmt.Sprintf("%s_%d%s", base, n, ext)
}

// write writes a batch. If that fails the file is cut to the last record that is
// whole, and the batch is what is left to write; n is by how much it shrank.
func (f *output) write(b *batch) (n int, err error) {
	if b.begins {
		if err := f.begin(b); err != nil {
			return 0, err
		}
		b.begins = false
	}
	if err := f.mend(); err != nil {
		return 0, f.fault(err)
	}
	n, err = f.file.Write(b.buf)
	if err == nil && n < len(b.buf) {
		err = io.ErrShortWrite
	}
	if err == nil {
		f.add(n)
		return n, nil
	}
	whole := sort.SearchInts(b.ends, n+1) // records that end at n or before
	kept := 0
	if whole > 0 {
		kept = b.ends[whole-1]
	}
	f.half = n > kept
	f.add(kept)
	b.cut(kept, whole)
	if merr := f.mend(); merr != nil {
		err = fmt.Errorf("%w; half a record stays at its end for now (%v)", cause(err), cause(merr))
	}
	return kept, f.fault(err)
}

func (f *output) add(n int) {
	f.size += int64(n)
	f.grown += int64(n)
}

// cut takes what was written off a batch.
func (b *batch) cut(bytes, records int) {
	b.buf = append(b.buf[:0], b.buf[bytes:]...)
	b.ends = append(b.ends[:0], b.ends[records:]...)
	for i := range b.ends {
		b.ends[i] -= bytes
	}
}

// mend cuts half a record off.
func (f *output) mend() error {
	if !f.half {
		return nil
	}
	if err := f.file.Truncate(f.size); err != nil {
		return err
	}
	f.half = false
	return nil
}

func (f *output) fault(err error) error {
	return fmt.Errorf("recording to %s: %w", f.path, cause(err))
}

// begin creates the file for a batch, and puts the one before on the shelf.
func (f *output) begin(b *batch) error {
	for {
		path := f.o.name(f.n+1, b.at)
		file, err := f.o.create(path)
		if errors.Is(err, os.ErrExist) {
			if f.n > 0 {
				f.n++ // it is another's: take the next number
				continue
			}
			return fmt.Errorf("recording to %s: the file exists already; recordings are never overwritten", path)
		}
		if err != nil {
			return fmt.Errorf("recording to %s: %w", path, cause(err))
		}
		if f.file != nil {
			f.shelf.put(f.file, f.path, !b.abandons)
		}
		f.file, f.path, f.size, f.half = file, path, 0, false
		f.n++
		return nil
	}
}

// abandon lets go of a file that could not be begun.
func (f *output) abandon() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}

// cause takes the operation and the path off an error of the file system: they are
// said already.
func cause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// lookAround looks whether the file is still there and what was written. Else the next
// record goes to a new one.
func (r *Recorder) lookAround() {
	r.mu.Lock()
	file, path, size := r.file, r.path, r.fileSize
	quiet := !r.writing && !r.half
	skip := r.moved != "" || r.closed
	r.mu.Unlock()
	var why string
	var grown bool
	if !skip {
		why, grown = changed(file, path, size)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	still := r.file == file && r.moved == ""
	if why != "" && still && (!grown || quiet && !r.writing && r.fileSize == size) {
		r.moved = why
		r.say.errorf("recording: %s %s; what comes goes to a new file beside it", path, why)
	}
	r.look = time.AfterFunc(lookAfter, r.lookAround)
}

// changed says what somebody else did to a file of so many bytes. grown says that it
// is larger: that may have been us meanwhile.
func changed(file recordFile, path string, size int64) (why string, grown bool) {
	info, err := file.Stat()
	if err != nil {
		return "", false // closed meanwhile, or it can't be told
	}
	named, err := os.Stat(path)
	switch {
	case err == nil && !os.SameFile(info, named):
		return "was replaced by another file", false
	case deleted(info):
		return "was deleted", false
	case errors.Is(err, os.ErrNotExist):
		return "was moved away", false
	case info.Size() < size:
		return fmt.Sprintf("was cut from %d to %d bytes by somebody else", size, info.Size()), false
	case info.Size() > size:
		return "is written to by somebody else", true
	}
	return "", false
}
