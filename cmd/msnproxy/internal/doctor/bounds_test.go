package doctor

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"msnproxy/decode/stage"
)

// judged is the worst line that judge tells.
func judged(judge func(r *report)) stage.Level {
	r := &report{Options: &Options{}}
	judge(r)
	return r.worst
}

// Clocks may be 2 minutes apart, and are wrong from an hour on, either way.
func TestClockBounds(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for apart, want := range map[time.Duration]stage.Level{0: stage.Fine, 119 * time.Second: stage.Fine, 120 * time.Second: stage.Doubtful,
		3597 * time.Second: stage.Doubtful, 3600 * time.Second: stage.Bad} {
		for _, d := range []time.Duration{apart, -apart} {
			got := judged(func(r *report) { r.clock("x", now.Add(d).UTC().Format(http.TimeFormat), now) })
			if got != want {
				t.Errorf("%v apart: %v, want %v", d, got, want)
			}
		}
	}
	if got := judged(func(r *report) { r.clock("x", "yesterday", now) }); got != stage.Fine {
		t.Errorf("no date: %v", got)
	}
}

// 1,024 clients take two files each, and the program some besides.
func TestFileBounds(t *testing.T) {
	for limit, want := range map[uint64]stage.Level{2111: stage.Doubtful, 2112: stage.Fine, 0: stage.Doubtful} {
		if got := judged(func(r *report) { r.judgeFiles(limit) }); got != want {
			t.Errorf("%d files: %v, want %v", limit, got, want)
		}
	}
}

// A server that sends clients to itself for ever is followed three times.
func TestRedirectsEnd(t *testing.T) {
	n := 0
	serve := server7("MSNP7", nil)
	lines, _ := examine(t, world{upstream: func(line string) string {
		if strings.HasPrefix(line, "USR") {
			n++
			return "XFR " + trid(line) + " NS 192.0.2.1:1863 0 192.0.2.1:1863\r\n"
		}
		return serve(line)
	}}, nil)
	if n != 4 || firstBad(lines).What != "sign-in MSNP7" {
		t.Errorf("%d times: %q", n, lines)
	}
}

// Numbers of dialects are written as people write them.
func TestRanges(t *testing.T) {
	for want, list := range map[string][]int{"MSNP2": {2}, "MSNP2 to 3": {2, 3}, "MSNP2 to 4, 6, 8 to 9": {2, 3, 4, 6, 8, 9}} {
		if got := ranges(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

// Long times are told in days, from one on.
func TestDays(t *testing.T) {
	for d, want := range map[time.Duration]string{23 * time.Hour: "23h0m0s", 24 * time.Hour: "1 day", 47 * time.Hour: "1 day", 48 * time.Hour: "2 days"} {
		if got := days(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
