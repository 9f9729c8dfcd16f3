package capture

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"msnproxy/decode"
)

// manyFrames is a recording of so many usual messages.
func manyFrames(b testing.TB, n int) []byte {
	conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	list := []Record{{Time: time.Unix(1, 0), Conn: conn, Kind: Opened}}
	raw := []byte("MSG alice@example.com Alice 120\r\n" + string(make([]byte, 120)))
	for i := range n {
		list = append(list, Record{Time: time.Unix(1, int64(i)), Conn: conn, Kind: Data, From: decode.Server,
			Frame: decode.Frame{Raw: raw, LineLen: 31, EOL: 2, Offset: int64(i) * int64(len(raw))}})
	}
	return writePcapng(b, list)
}

// BenchmarkOwn reads back a recording of ours: what indexing costs. It reports
// frames a second, in millions: 3 are wanted.
func BenchmarkOwn(b *testing.B) {
	file := manyFrames(b, 50_000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	frames := 0
	for b.Loop() {
		r, err := OpenReader(bytes.NewReader(file), "x")
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			frames++
		}
	}
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds()/1e6, "Mframes/s")
}
