package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// StallBound is how long a link may wait for the recording of another one: past
	// it, records of links that find the file busy are dropped and counted.
	StallBound = time.Second
	// liveQueue is how many bytes wait for the disk in live mode.
	liveQueue = 16 << 20
	// lookAfter is how often it is made sure that the file is still there.
	lookAfter = time.Second
)

// RecorderOptions say where and how to record.
type RecorderOptions struct {
	// Path is the file; with rotation its name is the beginning of the files' names.
	// It must not exist.
	Path string
	// Live never holds traffic back: what the disk does not take in time is dropped
	// and counted. Otherwise (lossless) Record returns when the kernel has taken the
	// record.
	Live bool
	// RotateSize and RotateAfter begin a new file after so many bytes or so long.
	// Zero: never.
	RotateSize  int64
	RotateAfter time.Duration
	// Keep is how many files of a rotation stay, the newest. Zero: all.
	Keep int
	// Compress packs files with gzip when they are finished.
	Compress bool
	// Report is told, once for each trouble and without delay, what is wrong with the
	// recording. It may be called from any goroutine. Nil: nobody is told.
	Report func(error)
	// Comment stands in the head of each file.
	Comment string

	create func(path string) (recordFile, error) // for tests
}

// recordFile is what is needed of a file.
type recordFile interface {
	io.WriteCloser
	Stat() (os.FileInfo, error)
}

// Recorder writes records to files as they happen. It may be used from many
// goroutines at a time.
//
// Each record is handed to the kernel with one write before the next is taken, so
// that a program that dies loses at most the record in hand. When a file can't be
// written any more (full disk) that is reported, recording ends, and Record takes
// and counts what comes.
type Recorder struct {
	o     RecorderOptions
	mu    sync.Mutex // held while a record is written
	file  recordFile
	path  string
	w     *Writer
	since time.Time
	look  time.Time
	n     int      // files begun
	files []string // of a rotation, finished
	dead  bool

	count   sync.Mutex // guards dropped and size
	dropped int64      // since the file was begun
	total   int64      // in all
	size    int64      // of all files
	stalled bool

	queue   *liveRecords
	packing sync.WaitGroup
}

// NewRecorder creates the file. The error says what the matter is with it.
func NewRecorder(o RecorderOptions) (*Recorder, error) {
	r := &Recorder{o: o}
	if r.o.create == nil {
		r.o.create = func(path string) (recordFile, error) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err == nil {
				lockFile(f) // against Append; it is new, so nobody has it
			}
			return f, err
		}
	}
	if err := r.begin(time.Now()); err != nil {
		return nil, err
	}
	if o.Live {
		r.queue = newLiveRecords(r)
	}
	return r, nil
}

// rotating reports whether there is to be more than one file.
func (r *Recorder) rotating() bool { return r.o.RotateSize > 0 || r.o.RotateAfter > 0 }

// name returns the path of the next file: with rotation a number and the time
// stand before the extension, so that names sort.
func (r *Recorder) name(at time.Time) string {
	if !r.rotating() {
		if r.n == 0 {
			return r.o.Path
		}
		// The file was taken away: go on beside it.
		ext := filepath.Ext(r.o.Path)
		return fmt.Sprintf("%s_%d%s", strings.TrimSuffix(r.o.Path, ext), r.n+1, ext)
	}
	ext := filepath.Ext(r.o.Path)
	return fmt.Sprintf("%s_%05d_%s%s", strings.TrimSuffix(r.o.Path, ext), r.n+1, at.Format("20060102150405"), ext)
}

// begin creates the next file. Connections that are open are announced in it.
func (r *Recorder) begin(at time.Time) error {
	path := r.name(at)
	f, err := r.o.create(path)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("recording to %s: the file exists already; recordings are never overwritten", path)
		}
		return fmt.Errorf("recording to %s: %w", path, cause(err))
	}
	w, err := NewWriter(f, r.o.Comment)
	if err == nil && r.w != nil {
		err = w.carry(r.w, at)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("recording to %s: %w", path, cause(err))
	}
	r.file, r.path, r.w, r.since, r.look = f, path, w, at, at
	r.n++
	return nil
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

// Path returns the name of the file that is being written.
func (r *Recorder) Path() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.path
}

// Dropped returns how many records were not recorded.
func (r *Recorder) Dropped() int64 {
	r.count.Lock()
	defer r.count.Unlock()
	return r.total
}

// Size returns the bytes recorded, in all files.
func (r *Recorder) Size() int64 {
	r.count.Lock()
	defer r.count.Unlock()
	return r.size
}

// Record records r. It does not keep anything of it.
func (r *Recorder) Record(rec *Record) {
	if r.queue != nil {
		r.queue.put(rec)
		return
	}
	if !r.lock() {
		r.drop(1)
		return
	}
	defer r.mu.Unlock()
	r.write(rec)
}

// lock waits for the file, but not for ever.
func (r *Recorder) lock() bool {
	if r.mu.TryLock() {
		return true
	}
	for wait, step := time.Duration(0), 20*time.Microsecond; wait < StallBound; wait += step {
		r.count.Lock()
		stalled := r.stalled
		r.count.Unlock()
		if stalled {
			break // others have waited in vain already
		}
		time.Sleep(step)
		if r.mu.TryLock() {
			return true
		}
		step = min(2*step, 10*time.Millisecond)
	}
	r.count.Lock()
	first := !r.stalled
	r.stalled = true
	r.count.Unlock()
	if first {
		r.report(fmt.Errorf("recording: the disk does not take what is written for %v; records are dropped until it does, traffic goes on", StallBound))
	}
	return false
}

// write writes a record, with the file locked.
func (r *Recorder) write(rec *Record) {
	if r.dead {
		r.drop(1)
		return
	}
	r.tend(time.Now())
	if r.dead {
		r.drop(1)
		return
	}
	before := r.w.Size()
	err := r.w.WriteRecord(rec)
	r.count.Lock()
	r.size += r.w.Size() - before
	r.stalled = false
	r.count.Unlock()
	if err != nil {
		r.fail(fmt.Errorf("recording to %s failed: %w; %s is whole up to here, traffic goes on unrecorded", r.path, cause(err), r.path))
		r.drop(1)
	}
}

// tend begins a new file where that is due, or where the old one was taken away.
func (r *Recorder) tend(now time.Time) {
	if r.o.RotateSize > 0 && r.w.Size() >= r.o.RotateSize || r.o.RotateAfter > 0 && now.Sub(r.since) >= r.o.RotateAfter {
		r.turn(now)
		return
	}
	if now.Sub(r.look) < lookAfter {
		return
	}
	r.look = now
	if info, err := r.file.Stat(); err == nil && deleted(info) {
		r.report(fmt.Errorf("recording: %s was deleted; going on in a new file", r.path))
		r.turn(now)
	}
}

// turn ends the file and begins the next.
func (r *Recorder) turn(now time.Time) {
	old, oldPath := r.w, r.path
	r.end()
	if err := r.begin(now); err != nil {
		r.w, r.path = old, oldPath
		r.fail(fmt.Errorf("%w; traffic goes on unrecorded", err))
		return
	}
	r.files = append(r.files, oldPath)
	for r.o.Keep > 0 && len(r.files) >= r.o.Keep {
		r.packing.Wait()
		for _, name := range []string{r.files[0], r.files[0] + ".gz"} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				r.report(fmt.Errorf("recording: the oldest file can't be removed: %w", err))
			}
		}
		r.files = r.files[1:]
	}
	r.pack(oldPath)
}

// end writes the statistics and closes the file.
func (r *Recorder) end() {
	r.count.Lock()
	dropped := r.dropped
	r.dropped = 0
	r.count.Unlock()
	err := r.w.Close(dropped)
	if cerr := r.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		r.report(fmt.Errorf("recording to %s: ending the file: %w", r.path, cause(err)))
	}
}

// pack begins to compress a finished file.
func (r *Recorder) pack(path string) {
	if !r.o.Compress {
		return
	}
	r.packing.Add(1)
	go func() {
		defer r.packing.Done()
		if err := compressFile(path); err != nil {
			r.report(fmt.Errorf("recording: compressing %s: %w; it stays as it is", path, err))
		}
	}()
}

// fail ends recording.
func (r *Recorder) fail(err error) {
	r.dead = true
	r.file.Close()
	r.report(err)
}

func (r *Recorder) report(err error) {
	if r.o.Report != nil {
		r.o.Report(err)
	}
}

func (r *Recorder) drop(n int64) {
	r.count.Lock()
	defer r.count.Unlock()
	r.dropped += n
	r.total += n
}

// Close ends the recording, and waits for what is queued and compressed.
func (r *Recorder) Close() {
	if r.queue != nil {
		r.queue.close()
	}
	r.mu.Lock()
	if !r.dead {
		r.end()
		r.dead = true
		r.pack(r.path)
	}
	r.mu.Unlock()
	r.packing.Wait()
}
