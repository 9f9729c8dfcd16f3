package objects

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // decoders
	_ "image/jpeg" // of what
	_ "image/png"  // people show each other
)

// Bounds on pictures that are shown: of a side in pixels, and of the file.
const (
	MaxSide    = 1024
	MaxPicture = 8 << 20
)

// Decode makes a picture of a PNG, JPEG or GIF file, of that its first image. Its size
// is looked at before anything is decoded.
func Decode(content []byte) (image.Image, error) {
	if len(content) > MaxPicture {
		return nil, fmt.Errorf("the picture has %d bytes, and %d are the most that is shown", len(content), MaxPicture)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("this can't be shown as a picture: %w", err)
	}
	if size.Width > MaxSide || size.Height > MaxSide || size.Width < 1 || size.Height < 1 {
		return nil, fmt.Errorf("the picture has %d x %d pixels, and %d x %d are the most that is shown", size.Width, size.Height, MaxSide, MaxSide)
	}
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("the picture is broken: %w", err)
	}
	return img, nil
}

// RGB is a colour.
type RGB struct{ R, G, B uint8 }

// Bright reports whether it is nearer to white than to black.
func (c RGB) Bright() bool { return 299*int(c.R)+587*int(c.G)+114*int(c.B) >= 127500 }

// Blocks is a picture for a terminal: a cell is two pixels, one above the other.
type Blocks struct {
	W, H int // in cells
	at   []RGB
}

// Cell returns the pixels of a cell.
func (b *Blocks) Cell(x, y int) (top, bottom RGB) { return b.at[2*y*b.W+x], b.at[(2*y+1)*b.W+x] }

// Fit makes a picture fit into so many columns and rows, and keeps its shape. What is
// transparent shows behind. It is made no more than eight times as large.
func Fit(img image.Image, columns, rows int, behind RGB) *Blocks {
	const most = 8
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w < 1 || h < 1 || columns < 1 || rows < 1 {
		return &Blocks{}
	}
	width, height := min(columns, w*most), min(2*rows, h*most)
	if width*h > height*w {
		width = max(height*w/h, 1)
	} else {
		height = max(width*h/w, 1)
	}
	out := &Blocks{W: width, H: (height + 1) / 2}
	out.at = make([]RGB, width*2*out.H)
	for i := range out.at {
		out.at[i] = behind
	}
	for y := range height {
		for x := range width {
			out.at[y*width+x] = mean(img, b, x*w/width, max((x+1)*w/width, x*w/width+1), y*h/height, max((y+1)*h/height, y*h/height+1), behind)
		}
	}
	return out
}

// mean is the colour of a piece of a picture.
func mean(img image.Image, b image.Rectangle, x0, x1, y0, y1 int, behind RGB) RGB {
	var r, g, bl, n int
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			a := int(c.A)
			r += (int(c.R)*a + int(behind.R)*(255-a)) / 255
			g += (int(c.G)*a + int(behind.G)*(255-a)) / 255
			bl += (int(c.B)*a + int(behind.B)*(255-a)) / 255
			n++
		}
	}
	return RGB{uint8(r / n), uint8(g / n), uint8(bl / n)}
}
