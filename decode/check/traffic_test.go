package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The files in testdata/traffic are recordings of real clients with real servers,
// frame by frame: microseconds, connection, then C or S and the bytes, or open
// with both addresses and whether it is in mid-stream, or close. What is found in
// them was looked up rule by rule, and each finding is true.
func TestTraffic(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "traffic", "*.txt"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			lines := readTraffic(t, file)
			s := newStage(t)
			s.tracker.Passwords = nil
			playTraffic(s, lines)
			var b strings.Builder
			for _, l := range s.found {
				fmt.Fprintln(&b, l)
			}
			golden(t, strings.TrimSuffix(file, ".txt")+".findings", b.String())
		})
	}
}

// event is one line of a file.
type event struct {
	at   time.Time
	conn uint32
	what string // C, S, open, close
	raw  []byte
	ends [2]string
	mid  bool
}

func readTraffic(t *testing.T, file string) (events []event) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var us int64
		var e event
		if _, err := fmt.Sscan(line, &us, &e.conn, &e.what); err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		e.at = time.Unix(0, 0).Add(time.Duration(us) * time.Microsecond)
		rest := strings.SplitN(line, " ", 4)
		switch e.what {
		case "open":
			if _, err := fmt.Sscan(rest[3], &e.ends[0], &e.ends[1], &e.mid); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		case "C", "S":
			text, err := strconv.Unquote(rest[3])
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			e.raw = []byte(text)
		}
		events = append(events, e)
	}
	return events
}

func playTraffic(s *stage, events []event) {
	for _, e := range events {
		s.at = e.at
		switch e.what {
		case "open":
			s.conns[e.conn] = s.tracker.Open(e.conn, e.ends[0], e.ends[1], e.at)
			s.checker.Opened(s.conns[e.conn], e.mid)
		case "close":
			s.line(e.conn, "close")
		default:
			s.bytes(e.conn, e.what[0], string(e.raw))
		}
	}
	s.found = append(s.found, s.checker.Finish(s.at)...)
}
