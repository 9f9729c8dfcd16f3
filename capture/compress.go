package capture

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// partSuffix ends the names of files that are being packed. Nothing reads those: the
// file that is packed stays until that is done.
const partSuffix = ".gz.part"

// packBlock is how many bytes are packed between two looks whether that is still
// wanted.
const packBlock = 256 << 10

// errOvertaken says that a file was not packed because it is not to stay.
var errOvertaken = errors.New("the file is not to stay")

// compressFile makes path.gz of a file and removes it. Whenever it is interrupted,
// one of the two is whole. It gives up when cancel says so.
func compressFile(path string, cancel func() bool) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	half := path + partSuffix
	out, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	for err == nil {
		if cancel() {
			err = errOvertaken
			break
		}
		_, err = io.CopyN(z, in, packBlock)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(err, z.Close(), out.Sync(), out.Close())
	if err == nil {
		err = nameFile(half, path+".gz")
	}
	if err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return os.Remove(path)
}

// nameFile renames a file, and never overwrites one.
func nameFile(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, os.ErrExist) {
		return err
	}
	// A file system without links.
	if _, serr := os.Lstat(to); !errors.Is(serr, os.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
