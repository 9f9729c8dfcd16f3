package valve

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"latency 200ms": "", "latency 200ms±50ms": "", "latency 200ms ± 50ms": "latency 200ms±50ms", "latency 1s+-1s": "latency 1s±1s", "latency 1s +/- 500ms": "latency 1s±500ms",
		"bandwidth 5kB/s": "", "bandwidth 300B/s": "", "bandwidth 1.5MB/s": "bandwidth 1500kB/s", "bandwidth 33.6kbit/s": "bandwidth 4200B/s", "bandwidth 1 KiB/s": "bandwidth 1024B/s",
		"bandwidth 8bit/s": "bandwidth 1B/s", "bandwidth 1MiB/s": "bandwidth 1048576B/s", "bandwidth 1000MB/s": "", "bandwidth 2Mbit/s": "bandwidth 250kB/s",
		"slice 1": "", "slice 10 every 5ms": "", "coalesce 50ms": "", "stall": "", "stall for 10s": "", "limit 1": "", "corrupt 1/10000": "", "corrupt 1 / 1": "corrupt 1/1",
		"cut at 1": "", "cut line": "", "cut crlf": "", "cut payload": "", "half-close": "", " cut   at  3 ": "cut at 3",
	} {
		f, err := Parse(in)
		if want == "" {
			want = in
		}
		if err != nil || f.String() != want {
			t.Errorf("%s: %v, %v, want %s", in, f, err, want)
		}
		if again, err := Parse(f.String()); err != nil || again != f {
			t.Errorf("%s: %v, %v the second time", in, again, err)
		}
	}
	for in, want := range map[string]string{
		"": "a fault is missing: one of latency, bandwidth", "wormhole": `no fault of the bytes is called "wormhole"; there are latency`,
		"latency": "latency takes a time", "latency 0s": `and not "0s"`, "latency 1s±0s": "takes a time", "latency 1s±1001ms": "at most the first", "latency 200": "as in 200ms",
		"bandwidth": "bytes or bits a second", "bandwidth 5": "as in 5kB/s", "bandwidth 0.4B/s": "from 1B/s", "bandwidth 1001MB/s": "to 1000MB/s", "bandwidth NaNB/s": "as in", "bandwidth -5B/s": "as in",
		"slice": "the bytes of a write", "slice 0": "from 1 on", "slice 1 every": "every 2ms", "slice 1 every 0s": "every 2ms", "slice 1 all 2ms": "every 2ms", "slice 1 2": "and not \"1 2\"",
		"coalesce": "as in 50ms", "coalesce 5": "as in 50ms", "stall 10s": "as in for 10s", "stall for 0s": "as in for 10s", "limit": "from 1 on", "limit 0": "from 1 on", "limit -1": "from 1 on",
		"corrupt": "as in 1/10000", "corrupt 2/1": "1/10000", "corrupt 0/1": "1/10000", "corrupt 1": "1/10000", "cut": "line, crlf, payload", "cut at": "cut takes at", "cut at 0": "cut takes at", "cut word": "cut takes at",
		"half-close now": "half-close takes nothing",
	} {
		if _, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
	for _, name := range Names() {
		if does, follows := Explain(name); does == "" || follows == "" {
			t.Errorf("%s is not explained", name)
		}
	}
	if does, follows := Explain(""); does+follows != "" {
		t.Errorf("nothing is explained: %s, %s", does, follows)
	}
	if n := Names(); len(n) != 9 || n[0] != "latency" || n[8] != "half-close" {
		t.Error(n)
	}
}

func always(string) bool { return true }

func asked(t *testing.T, faults ...string) (list []Asked) {
	t.Helper()
	for _, s := range faults {
		f, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Asked{f, "fault " + f.Kind.String()})
	}
	return list
}

var start = time.Date(2003, 1, 2, 3, 4, 5, 0, time.UTC)

func nowhere([]byte) bool { return false }

// About so many bytes become others, the same with the same seed; the message itself, and
// what redirects, are left alone.
func TestCorrupt(t *testing.T) {
	plain := bytes.Repeat([]byte("0123456789"), 10_000)
	run := func(seed int64, fault string) ([]byte, *Plan) {
		b := bytes.Clone(plain)
		p := NewWay(seed, "x", always).Plan(b, start, start, nowhere, asked(t, fault))
		if !bytes.Equal(b, plain) {
			t.Fatal("the message was written over")
		}
		return p.Bytes, p
	}
	differ := func(a, b []byte) (n int) {
		for i := range a {
			if a[i] != b[i] {
				n++
			}
		}
		return n
	}
	for fault, want := range map[string]float64{"corrupt 1/100": 1000, "corrupt 1/1": 100_000, "corrupt 3/4": 75_000, "corrupt 1/10000": 10} {
		b, p := run(7, fault)
		if n := float64(differ(b, plain)); math.Abs(n-want) > 4*math.Sqrt(want) || len(b) != len(plain) {
			t.Errorf("%s: %v bytes, not about %v", fault, n, want)
		}
		if len(p.By) != 1 {
			t.Errorf("%s: by %q", fault, p.By)
		}
	}
	a, _ := run(7, "corrupt 1/100")
	b, _ := run(7, "corrupt 1/100")
	c, _ := run(8, "corrupt 1/100")
	if !bytes.Equal(a, b) || bytes.Equal(a, c) {
		t.Error("the seed does not decide")
	}
	w := NewWay(7, "x", always)
	if p := w.Plan([]byte("ACK 1\r\n"), start, start, nowhere, asked(t, "corrupt 1/1000000")); len(p.By) > 0 || string(p.Bytes) != "ACK 1\r\n" {
		t.Errorf("not hit, and %q by %q", p.Bytes, p.By)
	}
	for name, redirect := range map[string]func(b []byte) bool{
		"a redirect":   func(b []byte) bool { return string(b) == "XFR 1\r\n" },
		"become one":   func(b []byte) bool { return string(b) != "XFR 1\r\n" },
		"one and then": func([]byte) bool { return true },
	} {
		if p := w.Plan([]byte("XFR 1\r\n"), start, start, redirect, asked(t, "corrupt 1/1")); len(p.By) > 0 || string(p.Bytes) != "XFR 1\r\n" {
			t.Errorf("%s: %q by %q", name, p.Bytes, p.By)
		}
	}
}

// Places of cuts, at their bounds.
func TestCutPlaces(t *testing.T) {
	for _, tt := range []struct {
		fault, b string
		want     int
	}{
		{"cut at 1", "ab", 1}, {"cut at 2", "ab", 0}, {"cut at 3", "ab", 0}, {"cut line", "a\r\n", 0}, {"cut line", "ab\r\n", 1}, {"cut line", "abcd\n", 2}, {"cut line", "abcd", 2},
		{"cut crlf", "\r\n", 1}, {"cut crlf", "\n", 0}, {"cut crlf", "a\n", 0}, {"cut crlf", "a\r", 0}, {"cut crlf", "ab\r\nc\r\n", 3},
		{"cut payload", "ab\r\n", 0}, {"cut payload", "ab\r\nc", 0}, {"cut payload", "ab\r\ncd", 5}, {"cut payload", "ab\ncdef", 5}, {"cut payload", "abcd", 0},
	} {
		p := NewWay(7, "x", always).Plan([]byte(tt.b), start, start, nowhere, asked(t, tt.fault))
		n := len(p.Bytes)
		if d := p.Wait(start); d != 0 {
			t.Errorf("%s of %q waits %v", tt.fault, tt.b, d)
		}
		if got := len(p.Take(start)); tt.want > 0 && got != tt.want || tt.want == 0 && got != n {
			t.Errorf("%s of %q: %d bytes go first, want %d", tt.fault, tt.b, got, tt.want)
		}
		if hit := len(p.By) > 0; hit != (tt.want > 0) || p.Divided() != hit || p.Done() == hit {
			t.Errorf("%s of %q: %+v", tt.fault, tt.b, p)
		}
	}
}

// The jitter stays within its bounds and uses them; another way has other dice.
func TestJitter(t *testing.T) {
	waits := func(name string) (list []time.Duration) {
		w := NewWay(7, name, always)
		for range 500 {
			p := w.Plan([]byte("a"), start, start, nowhere, asked(t, "latency 20ms±10ms"))
			d := p.Wait(start)
			if d < 10*time.Millisecond || d > 30*time.Millisecond {
				t.Fatalf("%v", d)
			}
			if p.Wait(start.Add(d-1)) != 1 || p.Wait(start.Add(d)) != 0 {
				t.Fatal("not on time")
			}
			list = append(list, d)
		}
		return list
	}
	a, b := waits("a"), waits("b")
	least, most, same := a[0], a[0], 0
	for i := range a {
		least, most = min(least, a[i]), max(most, a[i])
		if a[i] == b[i] {
			same++
		}
	}
	if least > 12*time.Millisecond || most < 28*time.Millisecond || same > 10 {
		t.Errorf("from %v to %v, %d the same", least, most, same)
	}
}

// What is not in force lets everything pass, from the beginning or from then on.
func TestNotInForce(t *testing.T) {
	on := true
	w := NewWay(7, "x", func(string) bool { return on })
	p := w.Plan([]byte("0123456789"), start, start, nowhere, asked(t, "slice 2 every 1s", "latency 1s", "stall", "bandwidth 1B/s"))
	if d := p.Wait(start.Add(time.Hour)); d >= 0 {
		t.Errorf("stalled for %v", d)
	}
	on = false
	if d := p.Wait(start); d != 0 {
		t.Errorf("waits %v", d)
	}
	if b := p.Take(start); string(b) != "0123456789" || !p.Done() {
		t.Errorf("%q", b)
	}
	for _, f := range []string{"latency 1s", "bandwidth 1B/s", "slice 1", "coalesce 1s", "stall for 1s", "limit 1", "corrupt 1/1", "cut at 1", "half-close"} {
		p := w.Plan([]byte("ab"), start, start, nowhere, asked(t, f))
		if len(p.By) > 0 || p.Waits || p.End != NoEnd || p.Glues() || p.Wait(start) != 0 || string(p.Take(start)) != "ab" {
			t.Errorf("%s: %+v", f, p)
		}
	}
}
