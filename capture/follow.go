package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lookEvery is how often a file that is followed is looked at for more.
const lookEvery = 100 * time.Millisecond

// Follow opens a file that grows, and goes on with it until the context is done: then
// comes io.EOF, behind what there is. A file that does not exist yet or is empty is
// waited for. A file that is truncated, replaced, or deleted and made again begins
// anew; behind a file of a rotation comes the next one of its series, also packed. The
// path may be that of the recording whose files are rotated.
//
// Before it waits for more it calls idle, by the goroutine that called Next; nil: nobody
// is called.
func Follow(ctx context.Context, path string, idle func()) *Reader {
	if idle == nil {
		idle = func() {}
	}
	return &Reader{in: &following{joiner: newJoiner(), ctx: ctx, path: path, idle: idle}}
}

// following is a recording that grows, over the files in which it does.
type following struct {
	*joiner
	ctx   context.Context
	path  string // as it was given, or of the file of a series
	idle  func()
	file  int // how many files were begun
	tail  *tail
	in    *Reader
	at    time.Time
	count Stats
	lost  string // what was wrong with the last file
}

func (f *following) next(rec *Record) error {
	for {
		if f.lost != "" {
			*rec = Record{Kind: Remark, Text: f.lost}
			f.lost = ""
			return nil
		}
		if f.in == nil {
			if err := f.begin(); err != nil {
				return err
			}
			continue
		}
		got, err := f.in.Next()
		if err != nil {
			f.finish(err)
			continue
		}
		*rec = *got
		if rec.Time.After(f.at) {
			f.at = rec.Time
		}
		if f.take(f.file, rec, f.at) {
			return nil
		}
	}
}

// begin opens the file that is to be read, when there is one with something in it.
func (f *following) begin() error {
	for {
		if f.ctx.Err() != nil {
			return io.EOF
		}
		if f.tail == nil {
			name := f.path
			if _, err := os.Stat(name); err != nil {
				if first, ok := firstOf(f.path); ok {
					name = first
				}
			}
			file, err := os.Open(name)
			switch {
			case errors.Is(err, os.ErrNotExist):
				f.wait()
				continue
			case err != nil:
				return err
			}
			f.path = name
			f.tail = &tail{f: f, file: file, name: name}
			f.file++
		}
		in, err := OpenReader(f.tail, f.path)
		if err == nil {
			f.in = in
			return nil
		}
		var format *FormatError
		if empty := f.tail.at == 0; !errors.As(err, &format) || !empty && !f.tail.over {
			return err
		} else if !empty {
			f.lost = err.Error()
		}
		f.turn()
		if f.lost != "" {
			return nil
		}
	}
}

// finish ends the reading of a file.
func (f *following) finish(err error) {
	if !errors.Is(err, io.EOF) && f.ctx.Err() == nil {
		f.lost = fmt.Sprintf("%v; going on with what comes next", err)
	}
	f.count.add(f.in.Stats())
	f.in = nil
	if !f.tail.over && f.ctx.Err() == nil {
		// Damaged: nothing more can be read of it.
		f.tail.skip()
	}
	f.turn()
}

// turn goes on with the file behind the one that is over.
func (f *following) turn() {
	if f.tail.next != "" {
		f.path = f.tail.next
	}
	f.tail.file.Close()
	f.ended(f.file)
	if f.tail.next == "" {
		// Another recording, that has nothing to do with this one.
		last := f.lastID
		f.joiner, f.at = newJoiner(), time.Time{}
		f.lastID = last
	}
	f.tail = nil
}

func (f *following) wait() {
	f.idle()
	t := time.NewTimer(lookEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.ctx.Done():
	}
}

func (f *following) stats() Stats {
	s := f.count
	if f.in != nil {
		s.add(f.in.Stats())
	}
	return s
}

// tail reads a file that grows. It is at its end when another one takes its place.
type tail struct {
	f    *following
	file *os.File
	name string
	at   int64
	over bool
	next string // what comes behind it; "": a file of the same name
}

// Read implements io.Reader.
func (t *tail) Read(b []byte) (int, error) {
	for last := false; ; {
		n, err := t.file.Read(b)
		if n > 0 {
			t.at += int64(n)
			return n, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if last || t.f.ctx.Err() != nil {
			t.over = t.over || last
			return 0, io.EOF
		}
		if last = t.replaced(); last {
			if t.truncated() {
				t.over = true
				return 0, io.EOF
			}
			t.f.wait()
			continue // what was written before that
		}
		t.f.wait()
	}
}

// Await implements [Live].
func (t *tail) Await(atMost time.Duration) bool {
	for end := time.Now().Add(atMost); ; t.f.wait() {
		own, err := t.file.Stat()
		if err != nil || own.Size() > t.at || t.f.ctx.Err() != nil || t.replaced() {
			return true
		}
		if !time.Now().Before(end) {
			return false
		}
	}
}

// skip waits until another file takes the place of this one.
func (t *tail) skip() {
	for t.f.ctx.Err() == nil && !t.replaced() {
		t.f.wait()
	}
	t.over = true
}

func (t *tail) truncated() bool {
	own, err := t.file.Stat()
	return err == nil && own.Size() < t.at
}

// replaced reports whether the file is over, and finds what comes behind it.
func (t *tail) replaced() bool {
	if t.truncated() {
		return true
	}
	if next, ok := nextOf(t.name); ok {
		t.next = next
		return true
	}
	own, err := t.file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(t.name)
	return err == nil && !os.SameFile(own, now)
}

// rotated are the names of a recording's files: its own, a number, a time.
var rotated = regexp.MustCompile(`^(.*)_(\d{5,})_(\d{14})(\.[^.]*)?$`)

// series returns the files of a rotation by number: of those that are there packed and
// not, the one that is not.
func series(base, ext string) map[int]string {
	files := make(map[int]string)
	list, _ := filepath.Glob(globEscape(base) + "_*")
	slices.Sort(list)
	for _, name := range list {
		plain, packed := strings.CutSuffix(name, ".gz")
		m := rotated.FindStringSubmatch(plain)
		if m == nil || m[1] != base || m[4] != ext {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		if _, known := files[n]; !known || !packed {
			files[n] = name
		}
	}
	return files
}

// globEscape makes a pattern that fits a name only.
func globEscape(name string) string {
	if filepath.Separator == '\\' {
		return name
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

// firstOf returns the first file of the recording that is rotated under this name.
func firstOf(path string) (string, bool) {
	ext := filepath.Ext(path)
	return least(series(strings.TrimSuffix(path, ext), ext), -1)
}

// nextOf returns the file behind one of a series.
func nextOf(name string) (string, bool) {
	m := rotated.FindStringSubmatch(strings.TrimSuffix(name, ".gz"))
	if m == nil {
		return "", false
	}
	n, _ := strconv.Atoi(m[2])
	return least(series(m[1], m[4]), n)
}

// least returns the file with the least number above n.
func least(files map[int]string, n int) (string, bool) {
	best := -1
	for i := range files {
		if i > n && (best < 0 || i < best) {
			best = i
		}
	}
	return files[best], best >= 0
}
