package compare

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/capture/story"
)

func TestAlign(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a, b := make([]uint64, random.IntN(40)), make([]uint64, random.IntN(40))
		for i := range a {
			a[i] = random.Uint64N(9)
		}
		for i := range b {
			b[i] = random.Uint64N(9)
		}
		last := pair{-1, -1}
		for _, p := range align(a, b) {
			if p.a <= last.a || p.b <= last.b || a[p.a] != b[p.b] {
				t.Fatalf("%v %v: %v after %v", a, b, p, last)
			}
			last = p
		}
	}
	long, other := make([]uint64, 200000), make([]uint64, 200000)
	for i := range long {
		long[i], other[i] = uint64(i), uint64(i)
		if i%10 == 0 {
			other[i] = 1 << 40
		}
	}
	if n := len(align(long, other)); n != 180000 {
		t.Errorf("%d of 180000", n)
	}
	long, other = long[:20000], other[:20000]
	for i := range long {
		long[i], other[i] = random.Uint64N(3), random.Uint64N(3)
	}
	if n := len(align(long, other)); n < 12000 {
		t.Errorf("only %d of what is alike", n)
	}
}

// 100,000 messages a side take seconds, whether they are alike or not.
func TestLong(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds")
	}
	long := func(lines int, line func(i int) string) *story.Story {
		path := filepath.Join(t.TempDir(), "long.txt")
		var b strings.Builder
		b.WriteString("C: VER 1 MSNP7\nS: VER 1 MSNP7\n")
		for i := range lines {
			b.WriteString(line(i))
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return open(t, path)
	}
	began := time.Now()
	a := long(50000, func(i int) string { return fmt.Sprintf("C: URL %d INBOX\nS: URL %d /a /b\n", i+2, i+2) })
	b := long(50000, func(i int) string {
		return fmt.Sprintf("C: URL %d %s\nS: URL %d /a /b\n", i+2, []string{"INBOX", "COMPOSE"}[i/7%2], i+2)
	})
	if r := report(t, a, a, Options{}); !r.Equal() {
		t.Errorf("%d differences", r.Differences())
	}
	if r := report(t, a, b, Options{}); r.Differences() < 10000 {
		t.Errorf("%d differences", r.Differences())
	}
	same := long(100000, func(i int) string { return "S: NLN NLN bob@example.com Bob\n" })
	mixed := long(100000, func(i int) string {
		return fmt.Sprintf("S: NLN %s bob@example.com Bob\n", []string{"NLN", "BSY", "AWY"}[i*i%7%3])
	})
	if r := report(t, same, mixed, Options{}); r.Equal() {
		t.Error("no differences")
	}
	if d := time.Since(began); d > 5*time.Minute { // with -race, on a busy machine; else some seconds
		t.Errorf("it took %v", d)
	} else {
		t.Logf("%v", d)
	}
}
