package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// BenchmarkGate relays small messages without a gate, through one where nothing is armed,
// through one with a rule on another verb, and through one with a rule on this verb that
// matches nothing, in turns, each with an observer that follows. It reports the median of
// a round trip and the CPU of a message as ratios to that without a gate; those of a rule
// on another verb also to that where nothing is armed.
func BenchmarkGate(b *testing.B) {
	upstream := echo(b)
	gates := []*gate.Gate{
		nil,
		gate.New(gate.Options{}),
		stages(b, `verb == "XFR" && from == "server"`, "drop"),
		stages(b, `verb == "MSG" && text == "nothing says that"`, "drop"),
	}
	ends := make([]net.Conn, len(gates))
	for i, g := range gates {
		p, err := New(Config{Upstream: upstream, Listen: "127.0.0.1:0", Gate: g, Observer: &tracking{tracker: decode.NewTracker()}})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Listen(); err != nil {
			b.Fatal(err)
		}
		go func() { _ = p.Serve(context.Background()) }()
		b.Cleanup(p.Close)
		if ends[i], err = net.Dial("tcp", p.Addr().String()); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { ends[i].Close() })
	}
	const times = 400
	cpu := make([]time.Duration, len(gates))
	trips := make([][]time.Duration, len(gates))
	buf := make([]byte, len(message))
	for i := 0; b.Loop(); i++ {
		mode := i % len(gates)
		before := cpuTime()
		for range times {
			start := time.Now()
			if _, err := ends[mode].Write(message); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(ends[mode], buf); err != nil || !bytes.Equal(buf, message) {
				b.Fatal(err)
			}
			trips[mode] = append(trips[mode], time.Since(start))
		}
		time.Sleep(10 * time.Millisecond) // what observers and the desk do later counts, too
		cpu[mode] += cpuTime() - before
	}
	if len(trips[len(gates)-1]) == 0 {
		return
	}
	each := func(i int) (p50, used float64) {
		slices.Sort(trips[i])
		return float64(trips[i][len(trips[i])/2]), float64(cpu[i]) / float64(len(trips[i]))
	}
	p50, used := each(0)
	unarmed50, unarmed := each(1)
	other50, other := each(2)
	this50, this := each(3)
	b.ReportMetric(unarmed50/p50, "p50-unarmed/none")
	b.ReportMetric(unarmed/used, "cpu-unarmed/none")
	b.ReportMetric(other50/unarmed50, "p50-other-verb/unarmed")
	b.ReportMetric(other/unarmed, "cpu-other-verb/unarmed")
	b.ReportMetric(this50/p50, "p50-this-verb/none")
	b.ReportMetric(this/used, "cpu-this-verb/none")
}
