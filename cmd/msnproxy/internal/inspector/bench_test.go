package inspector

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
)

// largeRows is how many rows the benchmarks have at least.
const largeRows = 200_000

// large makes an inspector on the demo's traffic, over and over: as many accounts
// and conversations as there are rounds.
func large(b *testing.B, done bool) *bench {
	b.Helper()
	k := openBench(b, "", 200, 60, Options{})
	k.ins.o.Live = false
	path := find(b, "demo")
	shift := time.Duration(0)
	for round := uint32(0); k.x.Len() < largeRows; round++ {
		in, err := capture.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		conns := make(map[*capture.Conn]*capture.Conn)
		for {
			r, err := in.Next()
			if err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			own := *r
			if r.Conn != nil {
				if conns[r.Conn] == nil {
					c := *r.Conn
					c.ID += round * 8
					conns[r.Conn] = &c
				}
				own.Conn = conns[r.Conn]
			}
			own.Time = own.Time.Add(shift)
			if err := k.x.Add(&own); err != nil {
				b.Fatal(err)
			}
		}
		in.Close()
		shift += time.Minute
	}
	if done {
		k.x.Finish()
	}
	k.ins.follow = false
	k.settle()
	return k
}

// BenchmarkDraw draws the whole screen of each view, with many rows.
func BenchmarkDraw(b *testing.B) {
	k := large(b, true)
	for v := range views {
		b.Run(strings.ToLower(viewNames[v]), func(b *testing.B) {
			k.key(fmt.Sprint(int(v) + 1))
			k.ins.selectRow(k.ins.rows.Near(k.x.Len() / 2))
			k.settle()
			for b.Loop() {
				k.ins.Draw(k.screen)
			}
		})
	}
}

// BenchmarkDrawLive draws the screen while records come: one for each time.
func BenchmarkDrawLive(b *testing.B) {
	k := large(b, false)
	in, err := capture.Open(find(b, "demo"))
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	r, err := in.Next()
	if err == nil {
		r, err = in.Next()
	}
	if err != nil {
		b.Fatal(err)
	}
	k.ins.follow = true
	for b.Loop() {
		k.now = k.now.Add(drawEvery)
		if err := k.x.Add(r); err != nil {
			b.Fatal(err)
		}
		k.ins.Draw(k.screen)
	}
}

// BenchmarkKey takes a key and draws the screen.
func BenchmarkKey(b *testing.B) {
	k := large(b, true)
	for v := range views {
		k.key(fmt.Sprint(int(v) + 1))
		k.ins.selectRow(k.ins.rows.Near(k.x.Len() / 2))
		k.settle()
		for _, keys := range []string{"j k", "PgDn PgUp", "G g", "z z", "c c"} {
			b.Run(strings.ToLower(viewNames[v])+"/"+strings.ReplaceAll(keys, " ", ","), func(b *testing.B) {
				names := strings.Fields(keys)
				for i := 0; b.Loop(); i++ {
					ev, _ := keyEvent(names[i%2])
					k.ins.Key(ev)
					k.draw()
				}
				b.StopTimer()
				k.settle()
			})
		}
	}
}

// BenchmarkFilter applies a filter to all rows.
func BenchmarkFilter(b *testing.B) {
	k := large(b, true)
	for _, expr := range []string{`verb == "MSG"`, `text contains "Gr"`} {
		b.Run(expr, func(b *testing.B) {
			for b.Loop() {
				k.ins.applyFilter(expr)
				k.draw()
				k.ins.rows.Wait()
				k.ins.applyFilter("")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(k.x.Len()), "ns/row")
		})
	}
}
