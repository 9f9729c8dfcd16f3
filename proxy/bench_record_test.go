package proxy

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"msnproxy/capture"
)

// BenchmarkRelayRecording is BenchmarkRelayPingPong with a recording: it reports
// the median round trip by that of a plain io.Copy relay in the same run; 1.2 or
// less is wanted.
func BenchmarkRelayRecording(b *testing.B) {
	upstream := echo(b)
	plain, err := plainRelay(upstream)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.stop()
	recorder, err := capture.NewRecorder(capture.RecorderOptions{Path: filepath.Join(b.TempDir(), "x.pcapng")})
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(Config{Upstream: upstream, Listen: "127.0.0.1:0", Recorder: recorder})
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.Background()) }()
	var conns [2]net.Conn
	var took [2][]time.Duration
	for i, addr := range []string{plain.addr, p.Addr().String()} {
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			b.Fatal(err)
		}
	}
	buf := make([]byte, len(message))
	for i := 0; b.Loop(); i++ {
		c := i / 100 % 2
		start := time.Now()
		if _, err := conns[c].Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conns[c], buf); err != nil {
			b.Fatal(err)
		}
		took[c] = append(took[c], time.Since(start))
	}
	conns[0].Close()
	conns[1].Close()
	p.Close()
	<-served
	recorder.Close()
	if len(took[1]) < 100 {
		return
	}
	var p50 [2]float64
	for i := range took {
		slices.Sort(took[i])
		p50[i] = float64(took[i][len(took[i])/2].Nanoseconds()) / 1000
	}
	b.ReportMetric(p50[0], "µs-p50-plain")
	b.ReportMetric(p50[1], "µs-p50-recording")
	b.ReportMetric(p50[1]/p50[0], "x-plain")
	if recorder.Dropped() > 0 {
		b.Errorf("%d records dropped", recorder.Dropped())
	}
}
