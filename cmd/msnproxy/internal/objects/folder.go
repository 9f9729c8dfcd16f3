package objects

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"msnproxy/decode/transfer"
)

// Bounds on what one run writes.
const (
	MaxBytes = 4 << 30 // of all files
	MaxFiles = 10_000
	maxOpen  = 64
)

// part is behind the name of a file of which not all has come.
const part = ".part"

// Folder is where the content of transfers is written: files in one directory, none of
// which existed before. As long as not all of a content is there, and for ever if it
// never comes, its file has ".part" behind its name.
type Folder struct {
	root  *os.Root
	dir   string
	bytes int64
	files []*file
	open  []*file // the one that was opened first is the first
	// Limit and Files are MaxBytes and MaxFiles, but for tests.
	Limit int64
	Files int
}

// file is one content.
type file struct {
	in   *Folder
	t    *transfer.Transfer
	name string // without part; "" as long as nothing has come
	out  *os.File
	err  error
}

// Create makes the directory, if it is not there, and opens it. It must be no link. What
// is in it stays as it is.
func Create(dir string) (*Folder, error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the directory for objects: %w", err)
		}
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a link, and objects are written where no link leads: name the directory itself", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no directory", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root, dir: dir, Limit: MaxBytes, Files: MaxFiles}, nil
}

// Sink returns where the content of a transfer goes: see [transfer.Tracker].
func (f *Folder) Sink(t *transfer.Transfer) io.Writer {
	x := &file{in: f, t: t}
	f.files = append(f.files, x)
	return x
}

// Write appends to the content.
func (x *file) Write(b []byte) (int, error) {
	if x.err != nil {
		return 0, x.err
	}
	n, err := x.write(b)
	if err != nil {
		x.err = err
	}
	return n, err
}

func (x *file) write(b []byte) (int, error) {
	f := x.in
	if f.bytes+int64(len(b)) > f.Limit {
		return 0, fmt.Errorf("more than %d bytes in all: the rest is not written", f.Limit)
	}
	if x.name == "" {
		if len(f.files) > f.Files {
			return 0, fmt.Errorf("more than %d files: the rest is not written", f.Files)
		}
		x.name = FileName(x.t, b)
		for _, name := range []string{x.name, x.name + part} {
			if _, err := f.root.Lstat(name); err == nil {
				err := fmt.Errorf("%s is there already in %s, and nothing is overwritten: name another directory", name, f.dir)
				x.name = ""
				return 0, err
			}
		}
		if err := x.opened(os.O_CREATE | os.O_EXCL); err != nil {
			x.name = ""
			return 0, err
		}
	} else if x.out == nil {
		if err := x.opened(os.O_APPEND); err != nil {
			return 0, err
		}
	}
	n, err := x.out.Write(b)
	f.bytes += int64(n)
	return n, err
}

// opened opens the file, and closes another if too many are open.
func (x *file) opened(flag int) (err error) {
	f := x.in
	if len(f.open) >= maxOpen {
		if err := f.open[0].closed(); err != nil {
			return err
		}
	}
	if x.out, err = f.root.OpenFile(x.name+part, os.O_WRONLY|flag, 0o600); err != nil {
		return err
	}
	f.open = append(f.open, x)
	return nil
}

func (x *file) closed() error {
	f := x.in
	if i := slices.Index(f.open, x); i >= 0 {
		f.open = slices.Delete(f.open, i, i+1)
	}
	if x.out == nil {
		return nil
	}
	err := x.out.Close()
	x.out = nil
	return err
}

// Close ends all files: those of which all has come get their names.
func (f *Folder) Close() error {
	var errs []error
	for _, x := range f.files {
		err := x.closed()
		if x.err != nil {
			errs = append(errs, fmt.Errorf("writing transfer %d: %w", x.t.Number, x.err))
		}
		if err == nil && x.err == nil && x.name != "" && x.t.SHA1 != "" {
			err = f.finish(x.name)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, f.root.Close())...)
}

// finish gives a file its name, if that is still free.
func (f *Folder) finish(name string) error {
	if err := f.root.Link(name+part, name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s has come into being in %s meanwhile: the object stays in %s%s", name, f.dir, name, part)
		}
		// A file system without links.
		if _, err := f.root.Lstat(name); err == nil {
			return fmt.Errorf("%s is there already in %s", name, f.dir)
		}
		return f.root.Rename(name+part, name)
	}
	return f.root.Remove(name + part)
}

// Name returns the name of the file that a transfer's content went to, "" if there is
// none.
func (f *Folder) Name(t *transfer.Transfer) string {
	for _, x := range f.files {
		if x.t == t && x.name != "" {
			if t.SHA1 != "" && x.err == nil {
				return x.name
			}
			return x.name + part
		}
	}
	return ""
}
