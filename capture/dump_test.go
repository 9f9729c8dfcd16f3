package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Packets in hex digits and as text are read as the capture that they were.
func TestDumps(t *testing.T) {
	var want []string
	for _, line := range openAll(t, "testdata/escargot-amsn082-msnp7.pcap") {
		if strings.Contains(line, " data ") {
			want = append(want, line)
		}
	}
	for name, least := range map[string]int{"td-X.txt": 3, "td-xx.txt": 3, "td-A.txt": 5, "tshark-x.txt": 2} {
		b, err := os.ReadFile(filepath.Join("testdata/dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{b, bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))} {
			r, err := OpenReader(bytes.NewReader(text), name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			n := 0
			for _, line := range readWhole(t, r) {
				if !strings.Contains(line, " data ") {
					continue
				}
				if n < least && line != want[n] {
					t.Errorf("%s: %s\nwant %s", name, line, want[n])
				}
				n++
			}
			if n < least {
				t.Errorf("%s: %d messages", name, n)
			}
		}
	}
}

func TestTailOf(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"E..VER 1\n\n", 7, "VER 1\r\n"}, {"E..ab\n", 2, "ab"}, {"ab\n", 9, "ab"}, {"E..a\nb\n", 4, "a\r\nb"}, {"E..a\nb\n", 0, ""},
	} {
		if got := string(tailOf([]byte(tt.text), tt.n)); got != tt.want {
			t.Errorf("%q, %d: %q", tt.text, tt.n, got)
		}
	}
}

func FuzzDump(f *testing.F) {
	files, _ := filepath.Glob("testdata/dumps/*.txt")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := OpenReader(bytes.NewReader(text), "it"); err == nil {
			for err == nil {
				_, err = r.Next()
			}
		}
	})
}
