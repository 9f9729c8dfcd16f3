package index

import (
	"errors"
	"io"
	"os"

	"msnproxy/capture"
)

// Source opens the bytes of all rows that are there now as a recording: the one
// that was loaded, or the spool. The file is that of the recording, for reading by
// place; it stays the index's.
func (x *Index) Source() (in *capture.Reader, file io.ReaderAt, err error) {
	x.mu.RLock()
	file, name, spool := x.file, x.fileName, x.spool
	x.mu.RUnlock()
	var size int64
	switch f := file.(type) {
	case nil:
		if spool == nil {
			return nil, nil, errors.New("nothing has come yet")
		}
		file, name, size = spool, "what has come", spool.Size()
	case interface{ Stat() (os.FileInfo, error) }:
		info, err := f.Stat()
		if err != nil {
			return nil, nil, err
		}
		size = info.Size()
	case interface{ Size() int64 }:
		size = f.Size()
	}
	part := io.NewSectionReader(file, 0, size)
	in, err = capture.OpenReader(part, name)
	return in, part, err
}
