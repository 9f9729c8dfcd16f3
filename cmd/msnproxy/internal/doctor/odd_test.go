package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// ver answers VER, and nothing else; %t stands for the TrID.
func ver(answer string) func(string) string {
	return func(line string) string {
		if !strings.HasPrefix(line, "VER") {
			return ""
		}
		return strings.ReplaceAll(answer, "%t", trid(line))
	}
}

// A server that answers VER, and not as it should, does not keep silent: what it said is shown.
func TestOddAnswers(t *testing.T) {
	binary := strings.Repeat("\x00\x01\x02\x03", 40) + "\n" + strings.Repeat("\xfe", 99)
	for _, tt := range []struct{ name, answer, text, does string }{
		{"no end", strings.Repeat("A", 5<<20), `with a line of more than 8192 bytes, which no client reads: it begins with "` + strings.Repeat("A", 48) + `..."`, "log"},
		{"a long line", "VER %t " + strings.Repeat("MSNP8 ", 20000) + "\r\n", `with a line of more than 8192 bytes, which no client reads: it begins with "VER 1 MSNP8`, "log"},
		{"not offered", "VER %t MSNP99\r\n", `answers VER with "MSNP99", which was not offered`, "dialects"},
		{"an escape sequence", "VER %t \x1b[31mMSNP8\r\n", "answers VER with \"\x1b[31mMSNP8\", which was not offered", "dialects"},
		{"binary", binary, "with what is no MSNP: 260 bytes, which begin with \"\x00\x01", "port"},
		{"binary without a line", "\x00\x01\x7f", "with what is no MSNP: 3 bytes", "port"},
		{"blank, and NUL", "\r\n\r\n\x00\x00\x00", "with what is no MSNP: 7 bytes, which begin with \"\r\n\r\n\x00\x00\x00\"", "port"},
		{"another TrID", "VER 99 MSNP8\r\n", `answers VER with "VER 99 MSNP8", which has not the TrID of the request (1)`, "repeat the TrID"},
		{"a part of a line", "VER 1 M", `answers VER with "VER 1 M" and no line end within 5s`, "--timeout"},
		{"a part, and it hangs up", "VER 1 Mclose", `answers VER with "VER 1 M" and no line end, and closes the connection`, "CR LF"},
		{"OUT", "OUT SSD\r\n", "answers VER with OUT (", "its log"},
		{"OUT, and it hangs up", "OUT SSD\r\nclose", "), and closes the connection", "its log"},
		{"another command", "XFR %t NS 192.0.2.1:1864 0 192.0.2.1:1863\r\n", `does not answer VER, but says "XFR 1 NS 192.0.2.1:1864`, "log"},
		{"a command of its own", "CHL 0 123\r\n", `does not answer VER, but says "CHL 0 123"`, "log"},
		{"nothing", "", "keeps silent instead of answering VER", "log"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, worst := examine(t, world{upstream: ver(tt.answer)}, nil)
			bad := firstBad(lines)
			if worst != stage.Bad || bad.What != "VER" || !strings.Contains(bad.Text, tt.text) || !strings.Contains(bad.Do, tt.does) || len(bad.Text) > 250 {
				t.Errorf("%v, %q: %q, do %q; want %q, do %q", worst, bad.What, bad.Text, bad.Do, tt.text, tt.does)
			}
			if l := find(lines, "dialects"); strings.Contains(l.Text, "declines") {
				t.Errorf("dialects: %q", l.Text)
			}
			for _, l := range lines {
				if l.What == "VER" && l.Level == stage.Fine {
					t.Errorf("ok: %q", l.Text)
				}
			}
		})
	}
}

// What answers many dialects well, and one oddly, does not close the connection there.
func TestOddAlone(t *testing.T) {
	serve := server7("MSNP7 MSNP9", nil)
	lines, _ := examine(t, world{upstream: func(line string) string {
		if strings.HasPrefix(line, "VER") && strings.Contains(line, " MSNP9 CVR0") && !strings.Contains(line, "MSNP7") {
			return "VER 99 MSNP9\r\n"
		}
		return serve(line)
	}}, nil)
	if l := find(lines, "dialects"); !strings.HasPrefix(l.Text, "speaks MSNP7; ") || !strings.Contains(l.Text, "says something else at MSNP9") || strings.Contains(l.Text, "closes") || strings.Contains(l.Text, "not answer") {
		t.Errorf("%q", l.Text)
	}
}

// Later requests are answered oddly as well.
func TestOddLater(t *testing.T) {
	serve := world{upstream: server7("MSNP7", map[string]string{"USR": "USR 77 MD5 S 1\r\n"})}
	const want = `the server answers USR with "USR 77 MD5 S 1", which has not the TrID of the request (3)`
	lines, _ := examine(t, serve, nil)
	if l := find(lines, "sign-in MSNP7"); l.Level != stage.Bad || !strings.HasPrefix(l.Text, want) || !strings.Contains(l.Do, "TrID") {
		t.Errorf("%v: %q", l.Level, l)
	}
	then := ""
	examine(t, serve, func(o *Options) {
		Matrix(context.Background(), *o, func(tr Try) {
			if tr.Dialect == 7 {
				then = tr.Then
			}
		})
	})
	if !strings.HasPrefix(then, want) {
		t.Errorf("matrix: %q", then)
	}
}

// A line may be as long as clients read, and what is shown is bounded.
func TestOddBounds(t *testing.T) {
	for n, want := range map[int]bool{decode.DefaultMaxLine: false, decode.DefaultMaxLine + 1: true} {
		for _, end := range []string{"", "\n"} {
			w := &walk{r: &report{Options: &Options{Wait: time.Second}}, tracker: decode.NewTracker(), heard: heard{act: decode.ActVersion}}
			w.c = w.tracker.Open(1, "a:1", "b:1", time.Time{})
			w.heard.read([]byte(strings.Repeat("A", n-1)))
			w.heard.read([]byte("A" + end))
			w.heard.read([]byte("BC\n"[:len(end)]))
			if text, _ := w.odd(); strings.Contains(text, "more than") != want || len(w.heard.begin) != mostShown {
				t.Errorf("%d bytes, %q: %q", n, end, text)
			}
		}
	}
	for n, want := range map[int]string{48: `"` + strings.Repeat("A", 48) + `"`, 49: `"` + strings.Repeat("A", 48) + `..."`} {
		if got := shown(strings.Repeat("A", n)); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for s, want := range map[string]bool{" ~": true, "\x1f": false, "\x7f": false} {
		if printable([]byte(s)) != want {
			t.Errorf("%q", s)
		}
	}
}
