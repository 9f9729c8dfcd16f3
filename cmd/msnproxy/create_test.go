package main

import (
	"path/filepath"
	"testing"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/inspector"
)

// The inspector offers the names that files can be made by, and those are read
// back.
func TestSaveTo(t *testing.T) {
	for _, ending := range inspector.Endings {
		name := filepath.Join(t.TempDir(), "x"+ending)
		out, err := saveTo(name)
		if err != nil {
			t.Errorf("%s: %v", ending, err)
			continue
		}
		from, err := capture.Open("../../capture/testdata/msnp6-sign-in.txt")
		if err != nil {
			t.Fatal(err)
		}
		for r, err := from.Next(); err == nil; r, err = from.Next() {
			if err := out.WriteRecord(r); err != nil {
				t.Errorf("%s: %v", ending, err)
			}
		}
		from.Close()
		if err := out.Close(); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
		in, err := capture.Open(name)
		if err != nil {
			t.Errorf("%s: %v", ending, err)
			continue
		}
		if _, err := in.Next(); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
		in.Close()
		if out, err := saveTo(name); err == nil || out != nil {
			t.Errorf("%s: written again", ending)
		}
	}
}
