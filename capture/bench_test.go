package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// busyWire makes a capture of many connections that talk in turn.
func busyWire(b testing.TB, conns, rounds int) []byte {
	w := newWire(b)
	w.wrap = ethernet
	talks := make([]*talk, conns)
	for i := range talks {
		talks[i] = w.dial(fmt.Sprintf("10.0.%d.%d:%d", i>>8, i&255, 1025+i), "198.51.100.1:1863")
		talks[i].C(ver)
	}
	for n := range rounds {
		for _, k := range talks {
			k.C("PNG\r\n")
			k.S(fmt.Sprintf("QNG %d\r\n", n))
			k.S("NLN NLN bob@example.com Bob%20Example\r\n" + msg)
			k.ack(decode.Client)
		}
	}
	for _, k := range talks {
		k.end()
	}
	return w.pcap(layers.LinkTypeEthernet)
}

// BenchmarkRead reads a capture of small packets. heap-MB is what the heap has
// grown to, beside the file, which lies in memory.
func BenchmarkRead(b *testing.B) {
	file := busyWire(b, 64, 100)
	packets := 0
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		packets = drain(b, bytes.NewReader(file))
	}
	b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpackets/s")
}

// BenchmarkMemory reads a long capture that is made as it is read, and reports
// the most that the heap held.
func BenchmarkMemory(b *testing.B) {
	round := busyWire(b, 200, 20)
	for b.Loop() {
		b.SetBytes(int64(len(round)) * 20)
		var most uint64
		in := &again{file: round, times: 20, each: func() {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}}
		drain(b, in)
		b.ReportMetric(float64(most-uint64(len(round)))/1e6, "heap-MB")
	}
}

func drain(b testing.TB, in io.Reader) int {
	r, err := OpenReader(in, "bench.pcap")
	if err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return int(r.Stats().Packets)
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// again is a capture whose packets come several times, each time from other
// clients.
type again struct {
	file  []byte
	at    int
	times int
	each  func()
}

func (a *again) Read(p []byte) (int, error) {
	if a.at == len(a.file) {
		if a.times--; a.times == 0 {
			return 0, io.EOF
		}
		a.each()
		a.at = pcapHeader
		for at := pcapHeader; at < len(a.file); {
			ip := a.file[at+packetHeader+14:]
			for _, address := range [][]byte{ip[12:16], ip[16:20]} {
				if address[0] == 10 {
					address[1]++
				}
			}
			at += packetHeader + int(binary.LittleEndian.Uint32(a.file[at+8:]))
		}
	}
	n := copy(p, a.file[a.at:])
	a.at += n
	return n, nil
}
