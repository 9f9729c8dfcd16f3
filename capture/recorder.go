package capture

import (
	"io"
	"os"
	"sync"
	"time"
)

const (
	// StallBound is how long one write to the disk may last: then the links that wait
	// for it go on, and what passes until it returns is dropped and counted.
	StallBound = time.Second
	// liveQueue is how many bytes wait for the disk in live mode.
	liveQueue = 16 << 20
	// liveRest is how long they are gathered, so that one write takes many records.
	liveRest = 20 * time.Millisecond
	// batchBytes is how many bytes go to the disk with one write, or a record more.
	batchBytes = 256 << 10
)

// RecorderOptions say where and how to record.
type RecorderOptions struct {
	// Path is the file; with rotation its name is the beginning of the files' names.
	// It must not exist.
	Path string
	// Live never holds traffic back: what the disk does not take in time is dropped
	// and counted. Otherwise (lossless) Commit returns when the kernel has taken what
	// was put.
	Live bool
	// RotateSize and RotateAfter begin a new file after so many bytes or so long.
	// Zero: never.
	RotateSize  int64
	RotateAfter time.Duration
	// Keep is how many files of a rotation stay, the newest. Zero: all.
	Keep int
	// Compress packs files with gzip when they are finished, meanwhile.
	Compress bool
	// Report is told, in order and by a goroutine of its own, what is wrong with the
	// recording, and when it is right again. Nil: nobody is told.
	Report func(error)
	// Comment stands in the head of each file: lines of text, 65,535 bytes at most.
	Comment string

	create func(path string) (recordFile, error) // for tests
	remove func(path string) error               // for tests
}

// recordFile is what is needed of a file. It is written at its end.
type recordFile interface {
	io.WriteCloser
	Stat() (os.FileInfo, error)
	Truncate(size int64) error
}

// Recorder writes records to files as they happen. It may be used from many
// goroutines at a time.
//
// A link puts what one read brought, and commits it before it sends the bytes on. The
// records of all links are encoded into one batch; whoever commits first hands that
// to the kernel with one write, while the others fill the next batch and wait for
// that to be written, in the order in which they came. So a program that dies loses
// nothing that a peer has got, and nobody waits for more than two writes.
//
// When a file can't be written (full disk), what passes is counted for each
// connection, and recording goes on in the same file as soon as that is possible.
type Recorder struct {
	o     RecorderOptions
	say   reporter
	shelf shelf

	mu    sync.Mutex
	w     *Writer // encodes; it is ahead of the file
	head  int64   // bytes of the file that w began, up to its first record
	since time.Time

	queue   []*batch // to be written, in order; the last one may be filling
	queued  int      // bytes of them
	last    uint64   // number of the last batch
	written uint64   // number of the last batch that was written
	spare   []*batch
	turnOf  []*batch // memory of who leads

	writing bool // somebody leads: writes the queue's first batch, or is about to
	began   time.Time
	waiters []*waiter
	idle    []*waiter
	orphans uint64 // batches up to here have nobody who waits for them

	out      output     // the leader's
	file     recordFile // what the last leader left
	path     string
	fileSize int64
	half     bool
	size     int64  // of all files
	moved    string // why the file is no longer to be written, to begin another

	gap     gap
	dropped int64 // since the file was begun
	total   int64 // in all
	closed  bool

	watch  *time.Timer // looks for writes that last too long; nil: nothing is written
	flush  *time.Timer // live: the queue is written when it fires
	armed  bool        // it will
	rushed bool        // live: the queue is about to be written, at once
	retry  *time.Timer
	look   *time.Timer
}

// NewRecorder creates the file. The error says what the matter is with it.
func NewRecorder(o RecorderOptions) (*Recorder, error) {
	if o.create == nil {
		o.create = createFile
	}
	if o.remove == nil {
		o.remove = os.Remove
	}
	r := &Recorder{o: o}
	r.say.to = o.Report
	r.shelf = shelf{keep: o.Keep, compress: o.Compress, open: 1, remove: o.remove, say: &r.say}
	r.shelf.quiet.L = &r.shelf.mu
	r.out = output{o: &r.o, shelf: &r.shelf}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(time.Now())
	if _, err := r.out.write(r.queue[0]); err != nil {
		r.out.abandon()
		return nil, err
	}
	r.took()
	r.look = time.AfterFunc(lookAfter, r.lookAround)
	return r, nil
}

// Put takes records of one link, in order, and keeps nothing of them but Conn. They
// are recorded when Commit has returned for the ticket.
func (r *Recorder) Put(records []Record) (ticket uint64) {
	ticket, _ = r.put(records)
	return ticket
}

// put says also how many were dropped.
func (r *Recorder) put(records []Record) (ticket uint64, dropped int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.total
	if r.closed {
		r.drop(int64(len(records)))
		return 0, r.total - before
	}
	if r.moved != "" && !r.gap.open() {
		r.turn(time.Now())
	}
	for i := range records {
		switch {
		case r.gap.open():
			r.drop(r.gap.miss(&records[i]))
		case r.o.Live && r.queued > liveQueue:
			r.gap.begin(gapBehind, "writing was too slow")
			r.drop(r.gap.miss(&records[i]))
			r.say.once(&r.gap.said, "recording to %s: writing is slower than the traffic; what is too much for %d MiB of memory is dropped and counted", r.path, liveQueue>>20)
		default:
			r.encode(&records[i])
		}
	}
	if r.o.Live && len(r.queue) > 0 && !r.gap.full() {
		r.rouse()
	}
	return r.last, r.total - before
}

// Commit returns when what was put with the ticket is with the kernel: after that it
// outlives the program. It does not wait in live mode, nor while the disk takes
// nothing.
func (r *Recorder) Commit(ticket uint64) {
	if r.o.Live {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settled(ticket) || r.writing && !r.wait(ticket) {
		return
	}
	r.lead(ticket)
}

// Record puts one record and commits it. It reports whether it was taken.
func (r *Recorder) Record(rec *Record) bool {
	ticket, dropped := r.put([]Record{*rec})
	r.Commit(ticket)
	return dropped == 0
}

// encode appends a record to the batch that is filling. mu is held.
func (r *Recorder) encode(rec *Record) {
	if r.due() {
		r.turn(time.Now())
	}
	b := r.filling()
	r.into(b, func(w *Writer) { w.append(rec) })
	b.ends = append(b.ends, len(b.buf))
}

// into lets the writer append to a batch. mu is held.
func (r *Recorder) into(b *batch, f func(*Writer)) {
	before := len(b.buf)
	r.w.buf = b.buf
	f(r.w)
	b.buf, r.w.buf = r.w.buf, nil
	r.w.bytes += int64(len(b.buf) - before)
	r.queued += len(b.buf) - before
}

// due reports whether a new file is due. A head with many open connections does not
// count: it would fill small files.
func (r *Recorder) due() bool {
	return r.o.RotateSize > 0 && r.w.Size() >= max(r.o.RotateSize, 2*r.head) ||
		r.o.RotateAfter > 0 && time.Since(r.since) >= r.o.RotateAfter
}

// turn ends the file and begins the next. mu is held.
func (r *Recorder) turn(now time.Time) {
	if r.moved == "" {
		b := r.filling()
		r.into(b, func(w *Writer) { w.end(r.dropped) })
	}
	r.begin(now)
	r.moved = ""
}

// begin puts the head of a new file into a batch of its own, with the connections
// that are open already. mu is held.
func (r *Recorder) begin(now time.Time) {
	old := r.w
	b := r.fresh()
	b.begins, b.abandons, b.at = true, r.moved != "", now
	r.w = newWriter(r.o.Comment)
	b.buf = append(b.buf, r.w.buf...)
	r.w.bytes, r.queued = int64(len(b.buf)), r.queued+len(b.buf)
	if old != nil {
		r.into(b, func(w *Writer) { w.carry(old, now) })
	}
	r.head, r.since, r.dropped = r.w.Size(), now, 0
}

// drop counts records that are not recorded. mu is held.
func (r *Recorder) drop(n int64) {
	r.dropped += n
	r.total += n
}

// Path returns the name of the file that is being written.
func (r *Recorder) Path() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.path
}

// Dropped returns how many records were not recorded.
func (r *Recorder) Dropped() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// Size returns the bytes recorded, in all files.
func (r *Recorder) Size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size
}
