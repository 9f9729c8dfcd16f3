package index_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/inspector"
)

// BenchmarkLive adds 10,000 messages a second, as the proxy's observer does, while
// the inspector shows them with a filter on a screen that it follows. It reports,
// in microseconds, the median and the longest wait of the observer in Add, as well
// as the part of the records that was late, by more than 100 ms, for its second.
//
// The longest wait is mostly that of a goroutine for a processor: the machine is
// shared.
func BenchmarkLive(b *testing.B) {
	const rate, seconds = 10_000, 3
	list := index.Traffic(300, 200, rate*seconds)
	for b.Loop() {
		x := index.New(index.Options{SpoolDir: b.TempDir()})
		screen := tcell.NewSimulationScreen("UTF-8")
		ins := inspector.New(inspector.Options{Index: x, Live: true, Title: "bench", Filter: `verb != "NLN"`})
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- ins.RunOn(ctx, screen) }()
		time.Sleep(100 * time.Millisecond)
		screen.SetSize(120, 40)
		waits := make([]time.Duration, 0, len(list))
		start := time.Now()
		late := 0
		for i, r := range list {
			due := time.Duration(i) * time.Second / rate
			if ahead := due - time.Since(start); ahead > time.Millisecond {
				time.Sleep(ahead)
			} else if ahead < -100*time.Millisecond {
				late++
			}
			before := time.Now()
			if err := x.Add(r); err != nil {
				b.Fatal(err)
			}
			waits = append(waits, time.Since(before))
		}
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		x.Close()
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)/2].Nanoseconds())/1000, "median-us")
		b.ReportMetric(float64(waits[len(waits)*999/1000].Nanoseconds())/1000, "p99.9-us")
		b.ReportMetric(float64(waits[len(waits)-1].Nanoseconds())/1000, "longest-us")
		b.ReportMetric(float64(late)/float64(len(list)), "late")
	}
}

// BenchmarkDraw reports what drawing the whole screen takes with 10,000
// connections, live, as everything that may be kept while nothing comes is then
// worked out anew: less than 5 ms are promised.
func BenchmarkDraw(b *testing.B) {
	x := index.New(index.Options{SpoolDir: b.TempDir()})
	defer x.Close()
	for _, r := range index.Traffic(300, 1, 250_000) {
		if err := x.Add(r); err != nil {
			b.Fatal(err)
		}
		if x.Summary().Conns == 10_000 {
			break
		}
	}
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		b.Fatal(err)
	}
	defer screen.Fini()
	screen.SetSize(120, 40)
	for name, keys := range map[string]string{"everything": "", "scoped": "c"} {
		b.Run(name, func(b *testing.B) {
			ins := inspector.New(inspector.Options{Index: x, Live: true, Title: "bench"})
			ins.SetRect(0, 0, 120, 40)
			ins.Draw(screen)
			for _, k := range keys {
				ins.Key(tcell.NewEventKey(tcell.KeyRune, k, 0))
			}
			for b.Loop() {
				ins.Draw(screen)
			}
		})
	}
}
