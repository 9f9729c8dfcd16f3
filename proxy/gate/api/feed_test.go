package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

func put(f *Feed, from, to int) {
	f.Do(func() {
		for n := from; n <= to; n++ {
			f.Put(Event{Number: int64(n), Line: fmt.Appendf(nil, "%d\n", n)})
		}
	})
}

// next reads what there is.
func next(t *testing.T, r *Reader) (lines []string, missed int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	for {
		got, m, ok := r.Next(ctx)
		for _, l := range got {
			lines = append(lines, strings.TrimSpace(string(l)))
		}
		missed += m
		if !ok {
			return lines, missed
		}
	}
}

// A reader gets all in order. One that is too slow misses the oldest, and is told how many.
func TestFeed(t *testing.T) {
	f := NewFeed()
	put(f, 1, 3)
	r, slow := f.Read(nil), f.Read(nil)
	put(f, 4, 600)
	if got, missed := next(t, r); len(got) != 597 || got[0] != "4" || got[596] != "600" || missed != 0 {
		t.Errorf("%d lines from %v, %d missed", len(got), got[:1], missed)
	}
	put(f, 601, 3+16384)
	if got, missed := next(t, slow); len(got) != 16384 || missed != 0 {
		t.Errorf("%d lines, %d missed: none is while 16384 are kept", len(got), missed)
	}
	put(f, 4+16384, 3+2*16384+1)
	if got, missed := next(t, slow); len(got) != 16384 || missed != 1 || f.dropped != 1 {
		t.Errorf("%d lines, %d missed, %d in all", len(got), missed, f.dropped)
	}
}

// What came too fast to become events is told to all readers, in its place, and counted.
func TestFeedMissed(t *testing.T) {
	f := NewFeed()
	none, err := filter.Compile(`verb == "NLN"`)
	if err != nil {
		t.Fatal(err)
	}
	all, some := f.Read(nil), f.Read(func(e *Event) bool { return e.wanted(none) })
	put(f, 1, 1)
	for _, n := range []int64{0, 3, 3, 5} {
		f.Do(func() { f.Missed(n) })
	}
	put(f, 2, 2)
	line := `{"v":1,"event":"dropped","events":%d,"text":"so many messages came faster than they can be told"}`
	three, two := fmt.Sprintf(line, 3), fmt.Sprintf(line, 2)
	if got, missed := next(t, all); !slices.Equal(got, []string{"1", three, two, "2"}) || missed != 0 {
		t.Errorf("%q, %d missed", got, missed)
	}
	if got, _ := next(t, some); !slices.Equal(got, []string{three, two}) {
		t.Errorf("with a filter: %q", got)
	}
	if f.dropped != 5 {
		t.Errorf("%d are counted", f.dropped)
	}
}

func TestFeedFrom(t *testing.T) {
	f := NewFeed()
	put(f, 1, 10)
	for _, tt := range []struct{ from, want int }{{0, 10}, {1, 10}, {4, 7}, {10, 1}, {11, 0}} {
		r := f.Read(nil)
		first := r.From(int64(tt.from))
		if got, _ := next(t, r); len(got) != tt.want || first != 0 {
			t.Errorf("from %d: %v, first %d", tt.from, got, first)
		}
	}
	put(f, 11, 16384+5)
	for _, tt := range []struct{ from, first int64 }{{1, 6}, {5, 6}, {6, 0}, {7, 0}} {
		if first := f.Read(nil).From(tt.from); first != tt.first {
			t.Errorf("from %d: the first that is kept is %d, want %d", tt.from, first, tt.first)
		}
	}
}

// Bytes are bounded, too, but one event is kept whatever it takes.
func TestFeedBytes(t *testing.T) {
	f := NewFeed()
	f.Do(func() {
		for range 40 {
			f.Put(Event{Line: make([]byte, 1<<20)})
		}
	})
	if n := len(f.events) - f.head; n != 15 || f.bytes > 16<<20 {
		t.Errorf("%d events with %d bytes", n, f.bytes)
	}
	f.Do(func() { f.Put(Event{Line: make([]byte, 17<<20)}) })
	if n := len(f.events) - f.head; n != 1 {
		t.Errorf("%d events", n)
	}
	f.Close()
	put(f, 1, 1)
	if n := len(f.events) - f.head; n != 1 {
		t.Errorf("%d events after the end", n)
	}
}

// Who waits is woken by what comes, and by the end.
func TestFeedWakes(t *testing.T) {
	f := NewFeed()
	r := f.Read(nil)
	got := make(chan string)
	go func() {
		for {
			lines, _, ok := r.Next(context.Background())
			if !ok {
				close(got)
				return
			}
			got <- string(lines[0])
		}
	}()
	put(f, 7, 7)
	if s := <-got; s != "7\n" {
		t.Errorf("%q", s)
	}
	f.Close()
	if _, ok := <-got; ok {
		t.Error("more after the end")
	}
}

// Whatever peers say, the labels of metrics are words of the tables.
func TestMetricsBounded(t *testing.T) {
	f := NewFeed()
	follow := capture.NewFollower(capture.FollowOptions{Check: true})
	conn := &capture.Conn{ID: 1, Client: "198.51.100.9:1", Server: "192.0.2.1:1863"}
	say := func(from decode.Sender, line string) {
		var framer decode.Framer
		framer.Feed([]byte(line))
		var fr decode.Frame
		if !framer.Next(&fr) {
			t.Fatalf("%q is no frame", line)
		}
		r := capture.Record{Time: time.Unix(1, 0), Conn: conn, Kind: capture.Data, From: from, Frame: fr}
		f.Do(func() {
			e := follow.Record(&r)
			f.Put(Event{Number: e.Message.Number, Line: []byte("{}\n"), Message: e.Message, Kind: AMessage})
		})
	}
	say(decode.Client, "VER 1 MSNP7\r\n")
	say(decode.Server, "VER 1 MSNP7\r\n")
	for i := range 3000 {
		say(decode.Client, fmt.Sprintf("%c%c%c 1 alice%d@example.com\r\n", 'A'+i%26, 'A'+i/26%26, 'Z'-i/676, i))
	}
	for i := range 999 {
		say(decode.Server, fmt.Sprintf("%03d %d\r\n", i+1, i))
	}
	f.metrics.count(&Event{Kind: AHeld, Message: f.find(1).Message})
	f.metrics.count(&Event{Kind: ADecision, Message: f.find(1).Message})
	var x exposition
	f.metrics.write(&x)
	s := x.String()
	if strings.Contains(s, "example.com") || strings.Count(s, "msnproxy_messages_total{") > 2*len(decode.Verbs())+6 {
		t.Errorf("%s", s)
	}
	for _, want := range []string{`msnproxy_messages_total{verb="VER",from="client"} 1`, `msnproxy_messages_total{verb="(unknown)",from="client"} `,
		`msnproxy_messages_total{verb="(error)",from="server"} 999`, `msnproxy_errors_total{code="200"} 1`, `msnproxy_errors_total{code="(unknown)"} `,
		`msnproxy_reply_seconds_bucket{le="0.001"} `, "# TYPE msnproxy_reply_seconds histogram\n"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s in\n%s", want, s)
		}
	}
	if n := strings.Count(s, "msnproxy_errors_total{"); n > len(decode.ErrorCodes())+1 {
		t.Errorf("%d codes", n)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for _, d := range []time.Duration{time.Millisecond, time.Millisecond + 1, time.Minute, time.Minute + 1} {
		h.add(d)
	}
	var x exposition
	x.histogram("h", "x", &h)
	for _, want := range []string{`h_bucket{le="0.001"} 1`, `h_bucket{le="0.0025"} 2`, `h_bucket{le="30"} 2`, `h_bucket{le="60"} 3`, `h_bucket{le="+Inf"} 4`, "h_count 4", "h_sum 120.002"} {
		if !strings.Contains(x.String(), "msnproxy_"+want) {
			t.Errorf("no %s in\n%s", want, x.String())
		}
	}
	x.Reset()
	x.sample("l", 1, "rule", "a\"b\\c\nd")
	if got := x.String(); got != "msnproxy_l{rule=\"a\\\"b\\\\c\\nd\"} 1\n" {
		t.Errorf("%s", got)
	}
}
