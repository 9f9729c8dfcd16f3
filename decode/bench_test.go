package decode

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"msnproxy/decode/payload"
)

// chatStream is some minutes of a switchboard, as a server sends them: typing,
// text, presence. About 1 MB.
func chatStream() []byte {
	const typing = "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: alice@example.com\r\n\r\n\r\n"
	const text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=MS%20Sans%20Serif; EF=; CO=0; CS=0; PF=0\r\n\r\n"
	var b bytes.Buffer
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, "MSG alice@example.com Alice%%20Liddell %d\r\n%s", len(typing), typing)
		body := fmt.Sprintf("%sHello Bob, this is line %d of what I have to say to you today.", text, i)
		fmt.Fprintf(&b, "MSG alice@example.com Alice%%20Liddell %d\r\n%s", len(body), body)
		if i%10 == 0 {
			b.WriteString("ACK 5\r\nJOI carol@example.com Carol\r\nBYE carol@example.com\r\n")
		}
	}
	return b.Bytes()
}

// walk is the bare minimum that any framer must do: find each line end and skip
// each payload, whose length is known beforehand.
func walk(b []byte, skips []int) int {
	n := 0
	for _, skip := range skips {
		i := bytes.IndexByte(b, '\n')
		b = b[i+1+skip:]
		n++
	}
	return n
}

// BenchmarkFraming reports, as "ratio", the framer's rate by that of a bare
// IndexByte walk over the same stream in the same run: 0.5 or more is wanted.
func BenchmarkFraming(b *testing.B) {
	stream := chatStream()
	var skips []int
	for _, fr := range cut(&Framer{}, stream) {
		skips = append(skips, len(fr.Payload()))
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var bare, framed time.Duration
	frames := 0
	for b.Loop() {
		start := time.Now()
		walk(stream, skips)
		mid := time.Now()
		var f Framer
		var fr Frame
		f.Feed(stream)
		for f.Next(&fr) {
			frames++
		}
		framed += time.Since(mid)
		bare += mid.Sub(start)
	}
	b.ReportMetric(float64(bare)/float64(framed), "ratio")
	b.ReportMetric(float64(framed.Nanoseconds())/float64(frames), "ns/frame")
}

// BenchmarkDecoding is framing, naming every field and walking the MIME headers:
// 1 GB/s or more is wanted.
func BenchmarkDecoding(b *testing.B) {
	stream := chatStream()
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var m Message
	fields, headers := 0, 0
	for b.Loop() {
		var f Framer
		var fr Frame
		f.Feed(stream)
		for f.Next(&fr) {
			m.Decode(&fr, Server, SB, 7)
			fields += m.Len()
			if p := fr.Payload(); len(p) > 0 {
				payload.Walk(p, func(name, value []byte) bool {
					headers++
					return true
				})
			}
		}
	}
}

// BenchmarkTracking adds session tracking and the summary.
func BenchmarkTracking(b *testing.B) {
	stream := chatStream()
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		tr := NewTracker()
		var f Framer
		var fr Frame
		f.Feed(stream)
		for f.Next(&fr) {
			m := tr.Frame(1, Server, &fr, time.Time{})
			buf = m.AppendSummary(buf[:0])
		}
	}
}
