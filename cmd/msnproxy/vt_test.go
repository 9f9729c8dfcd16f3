package main

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// vt is as much of a terminal as is needed to see what the program shows: it places
// text and clears, and ignores colours. The whole output is kept, too.
type vt struct {
	mu    sync.Mutex
	all   []byte
	rest  []byte // of a sequence that is not whole yet
	alt   bool
	x, y  int
	cells map[[2]int]string
	text  strings.Builder // what is written outside of the alternate screen
}

// Write implements io.Writer.
func (v *vt) Write(b []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, b...)
	v.rest = append(v.rest, b...)
	for {
		n := v.step(v.rest)
		if n == 0 {
			return len(b), nil
		}
		v.rest = v.rest[n:]
	}
}

// step takes one character or sequence, and returns its length; 0: it is not whole.
func (v *vt) step(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0] == '\x1b':
		return v.escape(b)
	case b[0] == '\b':
		v.x--
		return 1
	case b[0] < ' ':
		if !v.alt {
			v.text.WriteByte(b[0])
		}
		return 1
	case !utf8.FullRune(b):
		return 0
	}
	r, n := utf8.DecodeRune(b)
	if !v.alt {
		v.text.WriteRune(r)
		return n
	}
	if w := uniseg.StringWidth(string(r)); w > 0 {
		v.cells[[2]int{v.y, v.x}] = string(r)
		for i := 1; i < w; i++ {
			v.cells[[2]int{v.y, v.x + i}] = ""
		}
		v.x += w
	}
	return n
}

func (v *vt) escape(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	switch b[1] {
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == '\a' || b[i] == '\\' {
				return i + 1
			}
		}
		return 0
	case '(', ')':
		return 3
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= '@' && b[i] <= '~' {
				v.control(string(b[2:i]), b[i])
				return i + 1
			}
		}
		return 0
	}
	return 2
}

func (v *vt) control(args string, final byte) {
	switch {
	case final == 'H':
		row, col, _ := strings.Cut(args, ";")
		y, _ := strconv.Atoi(row)
		x, _ := strconv.Atoi(col)
		v.y, v.x = max(y, 1)-1, max(x, 1)-1
	case final == 'J':
		v.cells = make(map[[2]int]string)
	case args == "?1049" && final == 'h':
		v.alt, v.cells = true, make(map[[2]int]string)
	case args == "?1049" && final == 'l':
		v.alt = false
		v.text.Reset()
	}
}

// seen is what a person sees: the screen, or what was printed since it was left.
func (v *vt) seen() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.alt {
		return v.text.String()
	}
	var b strings.Builder
	for y := range 60 {
		for x := range 200 {
			c, ok := v.cells[[2]int{y, x}]
			if !ok {
				c = " "
			}
			b.WriteString(c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// output is everything that was written.
func (v *vt) output() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return string(v.all)
}

func TestVT(t *testing.T) {
	v := &vt{}
	for _, b := range []string{"before\x1b[?10", "49h\x1b]2;title\x1b\\\x1b[H\x1b[2J\x1b[31mred\x1b(B\x1b[2;4", "Hü\xe2", "\x98\x95x\x1b[1;2HE"} {
		if _, err := v.Write([]byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(v.seen(), "\n")
	if got := strings.TrimRight(lines[0], " "); got != "rEd" {
		t.Errorf("%q", got)
	}
	if got := strings.TrimRight(lines[1], " "); got != "   ü☕x" {
		t.Errorf("%q", got)
	}
	_, _ = v.Write([]byte("\x1b[?1049lafter\r\n"))
	if got := v.seen(); got != "after\r\n" {
		t.Errorf("%q", got)
	}
}
