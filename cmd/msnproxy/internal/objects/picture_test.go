package objects

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func filled(w, h int, c color.Color) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.Black})
	return img
}

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodePicture(t *testing.T) {
	red := color.RGBA{0xff, 0, 0, 0xff}
	var j, g bytes.Buffer
	jpeg.Encode(&j, filled(5, 7, red), nil)
	gif.Encode(&g, filled(5, 7, red), nil)
	for name, b := range map[string][]byte{"png": encoded(t, filled(5, 7, red)), "jpeg": j.Bytes(), "gif": g.Bytes()} {
		if img, err := Decode(b); err != nil || img.Bounds().Dx() != 5 || img.Bounds().Dy() != 7 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []struct {
		w, h int
		ok   bool
	}{{1024, 1, true}, {1025, 1, false}, {1, 1024, true}, {1, 1025, false}} {
		if _, err := Decode(encoded(t, filled(size.w, size.h, red))); (err == nil) != size.ok || err != nil && !strings.Contains(err.Error(), "1024 x 1024 are the most") {
			t.Errorf("%d x %d: %v", size.w, size.h, err)
		}
	}
	for in, want := range map[string]string{"": "can't be shown", "BM": "can't be shown", string(encoded(t, filled(9, 9, red))[:60]): "is broken", strings.Repeat("x", 8<<20+1): "8388608 are the most"} {
		if _, err := Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", in, err, want)
		}
	}
}

// A picture that says it is huge is not decoded: its size is looked at before. (Where an
// int has 32 bits, the library refuses larger ones by itself.)
func TestDecodeBomb(t *testing.T) {
	b := encoded(t, filled(1, 1, color.White))
	binary.BigEndian.PutUint32(b[16:], 16000)
	binary.BigEndian.PutUint32(b[20:], 16000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	if allocated := testing.AllocsPerRun(1, func() {
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), "16000 x 16000") {
			t.Error(err)
		}
	}); allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestFit(t *testing.T) {
	white := RGB{0xff, 0xff, 0xff}
	for _, tt := range []struct{ w, h, columns, rows, wantW, wantH int }{
		{100, 100, 80, 20, 40, 20}, {200, 100, 80, 40, 80, 20}, {100, 200, 80, 20, 20, 20},
		{2, 2, 80, 40, 16, 8}, {1, 1000, 80, 10, 1, 10}, {1000, 1, 80, 10, 80, 1}, {5, 5, 0, 4, 0, 0}, {3, 3, 3, 9, 3, 2},
	} {
		b := Fit(filled(tt.w, tt.h, color.Black), tt.columns, tt.rows, white)
		if b.W != tt.wantW || b.H != tt.wantH {
			t.Errorf("%+v: %d x %d", tt, b.W, b.H)
		}
	}
	// Two by two: red, green, blue, see-through, each a quarter.
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	img.Set(0, 0, color.NRGBA{0xff, 0, 0, 0xff})
	img.Set(1, 0, color.NRGBA{0, 0xff, 0, 0xff})
	img.Set(0, 1, color.NRGBA{0, 0, 0xff, 0xff})
	b := Fit(img, 2, 1, white)
	if top, bottom := b.Cell(0, 0); top != (RGB{0xff, 0, 0}) || bottom != (RGB{0, 0, 0xff}) {
		t.Errorf("%v %v", top, bottom)
	}
	if top, bottom := b.Cell(1, 0); top != (RGB{0, 0xff, 0}) || bottom != white {
		t.Errorf("%v %v", top, bottom)
	}
	one := Fit(img, 1, 1, white) // the mean of each row
	if top, _ := one.Cell(0, 0); top != (RGB{159, 127, 127}) && top.R < 100 {
		t.Errorf("%v", top)
	}
	// A picture of odd height ends in what is behind it.
	odd := Fit(filled(3, 3, color.Black), 3, 9, RGB{1, 2, 3})
	if top, bottom := odd.Cell(0, 1); top != (RGB{}) || bottom != (RGB{1, 2, 3}) {
		t.Errorf("%v %v", top, bottom)
	}
	if !white.Bright() || (RGB{}).Bright() || (RGB{0, 0, 0xff}).Bright() || !(RGB{0, 0xff, 0}).Bright() {
		t.Error("brightness")
	}
}
