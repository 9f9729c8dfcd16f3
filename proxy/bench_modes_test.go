package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"msnproxy/capture"
)

// BenchmarkRecordModes relays without a recording, with a lossless one and a live one,
// in turns, and reports what a message costs in CPU and time, of both directions and
// with the peers. live must be less than lossless.
func BenchmarkRecordModes(b *testing.B) {
	b.Run("pingpong", func(b *testing.B) { modes(b, 1, 1, 100) })
	b.Run("bulk", func(b *testing.B) { modes(b, 20, 200, 1) })
}

// modes lets so many connections send messages, so many at a time, and wait until all
// have come back; each turn so often.
func modes(b *testing.B, conns, messages, times int) {
	upstream := echo(b)
	var ends [3][]net.Conn
	var recorders [3]*capture.Recorder
	for i := range ends {
		cfg := Config{Upstream: upstream, Listen: "127.0.0.1:0"}
		if i > 0 {
			r, err := capture.NewRecorder(capture.RecorderOptions{Path: filepath.Join(b.TempDir(), "x.pcapng"), Live: i == 2})
			if err != nil {
				b.Fatal(err)
			}
			cfg.Recorder, recorders[i] = r, r
		}
		p, err := New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Listen(); err != nil {
			b.Fatal(err)
		}
		go func() { _ = p.Serve(context.Background()) }()
		b.Cleanup(p.Close)
		for range conns {
			c, err := net.Dial("tcp", p.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { c.Close() })
			ends[i] = append(ends[i], c)
		}
	}
	out := bytes.Repeat(message, messages)
	var cpu, wall [3]time.Duration
	sent := 0
	for i := 0; b.Loop(); i++ {
		mode := i % 3
		before, start := cpuTime(), time.Now()
		var all sync.WaitGroup
		for _, c := range ends[mode] {
			all.Go(func() {
				buf := make([]byte, len(out))
				for range times {
					if _, err := c.Write(out); err != nil {
						b.Error(err)
						return
					}
					if _, err := io.ReadFull(c, buf); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		wall[mode] += time.Since(start)
		if mode == 2 {
			time.Sleep(25 * time.Millisecond) // what live mode does later counts, too
		}
		cpu[mode] += cpuTime() - before
		sent += 2 * conns * messages * times
	}
	each := float64(sent) / 3
	if each == 0 {
		return
	}
	for i, name := range []string{"none", "lossless", "live"} {
		b.ReportMetric(float64(cpu[i].Nanoseconds())/each, "cpu-ns/msg-"+name)
		b.ReportMetric(float64(wall[i].Nanoseconds())/each, "ns/msg-"+name)
	}
	for _, r := range recorders[1:] {
		if r.Close(); r.Dropped() > 0 {
			b.Errorf("%d records dropped", r.Dropped())
		}
	}
	b.ReportMetric(float64(cpu[2])/float64(cpu[1]), "cpu-live/lossless")
	b.ReportMetric(float64(wall[2])/float64(wall[1]), "time-live/lossless")
}
