package capture

import "time"

// closeWait is how long Close waits for one write to the disk.
const closeWait = 5 * time.Second

// Close ends the recording, and waits for what is to be written and compressed. If the
// disk takes nothing for some seconds that is reported and not waited for.
func (r *Recorder) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	for _, t := range []*time.Timer{r.watch, r.flush, r.retry, r.look} {
		if t != nil {
			t.Stop()
		}
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lastLead()
		r.finish()
	}()
	if r.waitFor(done) {
		r.shelf.close()
	}
	r.say.close()
}

// waitFor waits until the end is written, but not for a write that does not return.
func (r *Recorder) waitFor(done <-chan struct{}) bool {
	look := time.NewTicker(closeWait)
	defer look.Stop()
	for {
		select {
		case <-done:
			return true
		case <-look.C:
		}
		r.mu.Lock()
		hangs := !r.began.IsZero() && time.Since(r.began) >= closeWait
		if hangs {
			r.say.errorf("recording to %s: the disk takes nothing; %d bytes that wait for it and the end of the file are not written", r.path, r.queued)
		}
		r.mu.Unlock()
		if hangs {
			return false
		}
	}
}

// lastLead makes the caller lead, when all who wait have had their turn. mu is held.
func (r *Recorder) lastLead() {
	if !r.writing {
		r.writing = true
		return
	}
	w := r.newWaiter()
	w.closer = true
	r.waiters = append(r.waiters, w)
	r.mu.Unlock()
	<-w.turn
	r.mu.Lock()
}

// finish writes what waits and the end of the file, and closes that. The caller leads.
// mu is held.
func (r *Recorder) finish() {
	if why, _ := changed(r.file, r.path, r.fileSize); why != "" && r.moved == "" {
		r.moved = why
		r.say.errorf("recording: %s %s; its end is not written", r.path, why)
	}
	if r.gap.full() {
		r.goOn()
	}
	r.writeAll()
	if r.gap.open() && !r.gap.full() {
		r.resume()
	}
	if r.moved == "" && !r.gap.full() {
		r.into(r.filling(), func(w *Writer) { w.end(r.dropped) })
	}
	r.writeAll()
	for _, b := range r.queue {
		r.drop(int64(len(b.ends)))
	}
	r.queue, r.queued = nil, 0
	r.shelf.noMore()
	r.shelf.put(r.out.file, r.out.path, r.moved == "")
}

// writeAll writes the queue, if the disk takes it. The caller leads. mu is held.
func (r *Recorder) writeAll() {
	for len(r.queue) > 0 && !r.gap.full() && r.writeFirst() {
	}
}
