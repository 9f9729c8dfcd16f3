package capture

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

type growing struct{ b []byte }

func (g *growing) ReadAt(b []byte, at int64) (int, error) { return bytes.NewReader(g.b).ReadAt(b, at) }

// A walk goes on where the file has grown.
func TestPlacesGrows(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	list := readPlaces(t, b)
	half := list[len(list)/2].place
	file := &growing{b: b[:half]}
	p := NewPlaces(file, "x")
	n := 0
	for range 2 {
		for {
			_, _, err := p.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		file.b = b
	}
	if n != len(list) {
		t.Errorf("%d records of %d", n, len(list))
	}
}

// A block that was not whole is read from its beginning when it is.
func TestPlacesAgain(t *testing.T) {
	b := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863"))
	for _, r := range readPlaces(t, b) {
		if len(r.Frame.Raw) < 4*placeWindow {
			continue
		}
		for _, have := range []int64{0, 10, placeWindow + 100, 3 * placeWindow} {
			file := &growing{b: b[:r.place+have]}
			p := NewPlaces(file, "x")
			if rec, err := p.Record(r.place); err == nil {
				t.Errorf("%d bytes of it: %+v", have, rec)
			}
			file.b = b
			if rec, err := p.Record(r.place); err != nil || differs(&r, rec) != "" {
				t.Errorf("%d bytes of it, and then all: %v", have, err)
			}
		}
	}
}
