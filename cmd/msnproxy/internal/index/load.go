package index

import (
	"errors"
	"io"

	"msnproxy/capture"
)

// Finish says what there is to say at the end of a recording.
func (x *Index) Finish() {
	x.mu.Lock()
	x.book.Finish()
	x.located(x.follow.Finish())
	x.handed.tracker.Finish(x.last)
	x.handed.version++
	x.done = true
	// What it remembers of open connections is not needed any more.
	x.follow = capture.NewFollower(capture.FollowOptions{})
	for _, c := range x.byID {
		c.live = nil
	}
	x.mu.Unlock()
	x.notify()
}

// Load adds all records of a recording; file is where its bytes are, nil if they
// can't be read again. It returns when all are read or stop is closed. An error is
// of the recording, or says that bytes could not be kept; what was read before is
// there.
func (x *Index) Load(in *capture.Reader, file io.ReaderAt, name string, stop <-chan struct{}) error {
	var kept error
	for n := 0; ; n++ {
		if n%256 == 0 {
			select {
			case <-stop:
				return nil
			default:
			}
		}
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			x.Finish()
			return kept
		}
		if err != nil {
			x.Finish()
			return errors.Join(err, kept)
		}
		place := in.Place()
		if place < 0 || file == nil {
			if err := x.Add(r); err != nil && kept == nil {
				kept = err // the rows are there all the same
			}
			continue
		}
		x.locked(func() {
			if x.source == nil {
				x.file, x.fileName = file, name
				x.source = func() *capture.Places { return capture.NewPlaces(file, name) }
			}
			x.add(r, place)
		})
		if n%64 == 0 {
			x.notify()
		}
	}
}

// Close removes what is on disk.
func (x *Index) Close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.spool != nil {
		x.spool.Close()
	}
	x.findings.texts.close()
}
