package check

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"msnproxy/decode"
)

// chat is some minutes of a switchboard, as a server sends them.
func chat() []byte {
	var b bytes.Buffer
	b.WriteString("USR 1 OK bob@example.com Bob\r\nJOI alice@example.com Alice\r\n")
	for i := 0; b.Len() < 1<<20; i++ {
		b.WriteString(wire("MSG alice@example.com Alice%20Liddell #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: alice@example.com|||"))
		b.WriteString(wire(fmt.Sprintf("MSG alice@example.com Alice%%20Liddell #|MIME-Version: 1.0|Content-Type: text/plain; charset=UTF-8|X-MMS-IM-Format: FN=MS%%20Sans%%20Serif; EF=; CO=0; CS=0; PF=0||Hello Bob, this is line %d of what I have to say.", i)))
		b.WriteString("NLN BSY carol@example.com Carol\r\n")
	}
	return b.Bytes()
}

// BenchmarkChecker reports, as "ratio", how long tracking and checking takes by
// tracking alone, in the same run.
func BenchmarkChecker(b *testing.B) {
	stream := chat()
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	pass := func(check bool) (frames int, took time.Duration) {
		start := time.Now()
		tracker, checker := decode.NewTracker(), New()
		checker.Opened(tracker.Open(1, "", "", start), false)
		var f decode.Framer
		f.Feed(stream)
		var fr decode.Frame
		for ; f.Next(&fr); frames++ {
			m := tracker.Frame(1, decode.Server, &fr, start)
			if check {
				checker.Message(m)
			}
		}
		return frames, time.Since(start)
	}
	var frames int
	var bare, checked time.Duration
	for b.Loop() {
		_, d := pass(false)
		bare += d
		n, d := pass(true)
		checked += d
		frames += n
	}
	b.ReportMetric(float64(checked)/float64(bare), "ratio")
	b.ReportMetric(float64(frames)/checked.Seconds()/1e6, "Mframes/s")
}
