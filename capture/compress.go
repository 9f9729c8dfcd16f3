package capture

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// compressFile makes path.gz of a file and removes it. Whenever it is
// interrupted, one of the two is whole.
func compressFile(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	half := path + ".gz.part"
	out, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	err = errors.Join(err, z.Close(), out.Sync(), out.Close())
	if err == nil {
		// Link fails if the name is taken; nothing is ever overwritten.
		err = os.Link(half, path+".gz")
	}
	if err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return errors.Join(os.Remove(half), os.Remove(path))
}
